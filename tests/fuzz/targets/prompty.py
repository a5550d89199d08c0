"""Prompty files: any file and variables give messages or an error that names the file; nothing outside is read.

An audit hook, which cannot be evaded, watches what the interpreter opens, connects to and starts.
"""

import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from azure.ai.inference.prompts import PromptTemplate

from ._inputs import text_of, to_bytes

SEPARATOR = b"\x1e"
_MATTERS = [
    "name: x",
    "template: jinja2",
    "inputs:\n  q:\n    type: string\n    default: d\n  n:\n    type: integer\n    required: true",
    "inputs:\n- {name: q, kind: image}\n- {name: n, kind: thread}",
    "model:\n  api: chat\n  configuration: {key: '${env:UNSET:x}'}\n  parameters:\n    tools: ${file:tools.json}",
    "model: {id: m, options: {temperature: 0.5, additionalProperties: {a: 1}}, apiType: completion}",
    "base: base.prompty\nsample: {q: 1}",
    "base: ../secret.prompty",
    "sample: ${file:../secret.json}",
    "sample: ${file:out/secret.json}",
    "outputs:\n  a: {kind: array, items: {kind: object, properties: {b: 1}}}\nmetadata: {authors: [a]}",
    "tools:\n- {name: f, kind: function, parameters: {x: {kind: string}}}",
    "a: &a [x, x]\nb: &b [*a, *a]\nsample: {q: *b}",
    "? [a]\n: 1",
    "sample: {q: 2024-99-99, n: !!int x, m: !!bool y, t: !!timestamp z, b: !!binary '*'}",
    "sample: !!python/object/apply:os.system [id]",
    "sample: ../secret.json",
    "sample: tools.json\nunknown: {a: 1}\nmodel: {response: all, connection: ../secret.json, x: y}",
    "inputs: {properties: [{name: q, kind: file, x: 1}]}\noutputSchema: {properties: {a: {kind: z}}}",
    "tools: {f: {kind: function, parameters: {properties: {a: 1}}, bindings: [{name: a}]}, g: mcp, h: {kind: openapi}}",
    "version: ${FILE:../secret.json}",
    "version: ${File:base.prompty}",
]
_BODIES = [
    "system:\nBe kind.\nuser:\n{{q}}{{n}}",
    "{% for m in n %}{{ m.role }}:\n{{ m.content }}{% endfor %}user:\n{{ q | upper }}",
    "user:\n![a](image.png) ![b](../secret.png) ![c](out/secret.png) ![d]({{q}})",
    "{{ q.__class__.__mro__ }}{{ ''.format.__globals__ }}",
    "![x](" + "a" * 300 + ".png)",
    "{% include '/etc/passwd' %}",
    "{{#n}}\nuser:\n{{role}}{{content}}\n{{/n}}",
    "system:\n\nuser[nonce='1', x=y, name=\"{{q}}\"]:\n{{q}}\nassistant[prefix=true]:\n",
]
SEEDS = [
    to_bytes(f"---\n{matter}\n---\n{body}\x1e{q}")
    for matter, body, q in zip(_MATTERS, _BODIES * 3, ["x", "../secret.png", "data:,", "system:\nx"] * 6)  # noqa: B905
] + [
    b"---\nsample:\n  x: \x00\n---\nuser:\nx",
    b"---\n!!int x\n---\nuser:\nx",
    b"---\nsample: {q: !!int ''}\n---\nuser:\nx",
    b"---\nsample: {q: !!bool y}\n---\nuser:\nx",
    b"---\nsample: {q: !!timestamp z}\n---\nuser:\nx",
    b"---\nsample: {q: !!float ''}\n---\nuser:\nx",
    b"---\ntemplate: jinja2\n---\n{{ " + b"[" * 400 + b" }}",
    b"---\ntemplate: jinja2\n---\n" + b"{% for x in n %}" * 25 + b"{% endfor %}" * 25,
    b"---\ntemplate: jinja2\n---\n{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    b"\xff",
    b"+++\nname: x\n+++\n{{q}}",
    b"{{q}}",
    b" ---\n name: x\n +++\n {{q}}\n---",
    b"---\nname: x\n  ---\nuser:\n{{q}}",
]
_SMALL = st.lists(
    st.sampled_from([*"{}[]:,-#&*!|>?\n", " ", "a", "q", "model", "inputs", "!!int ", "${env:A}", "${file:", "}"])
)
LIKELY = st.builds(
    lambda matters, body, q: to_bytes("---\n" + "\n".join(matters) + f"\n---\n{body}\x1e{q}"),
    st.lists(st.sampled_from(_MATTERS) | _SMALL.map("".join), max_size=2),
    st.sampled_from(_BODIES) | st.text("{}%#^/qn \n:user![]().", max_size=30),
    st.sampled_from(["x", "../secret.png", "https://h/x.png", "data:audio/wav;base64,AA=="]) | st.text(max_size=12),
)

CANARY = "canary-0123456789"
# In memory if there is such a folder, because each input is written there.
_MEMORY = "/dev/shm"
_HOLDER = tempfile.TemporaryDirectory(prefix="prompts", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
_OUTSIDE = Path(os.path.realpath(_HOLDER.name))
_ROOT = _OUTSIDE / "root"
_ROOT.mkdir()
for _name in ("secret.json", "secret.png", "secret.prompty"):
    (_OUTSIDE / _name).write_text(f'---\nname: "{CANARY}"\n---\n{CANARY}')
(_ROOT / "out").symlink_to(_OUTSIDE, target_is_directory=True)
(_ROOT / "image.png").write_bytes(b"\x89PNG")
(_ROOT / "tools.json").write_text('[{"type": "function", "function": {"name": "f", "parameters": {}}}]')
(_ROOT / "base.prompty").write_text("---\nname: base\ninputs:\n  q: x\n---\nuser:\n{{q}}")
_FILE = _ROOT / "it.prompty"
_FORBIDDEN = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")
_MODULES = (".py", ".pyc", ".so", ".pyd")
"""Files that the interpreter opens to load modules on first use. For the text of a SyntaxError, it looks for a file
with the name of Jinja2's code."""
_watched: list[str] | None = None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched is None:
        return
    if event in _FORBIDDEN:
        _watched.append(event)
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        path = Path(os.path.realpath(os.fsdecode(arguments[0])))
        is_module = path.suffix in _MODULES or path.parent.name == "__pycache__"  # also while it is being written
        if not path.is_relative_to(_ROOT) and not is_module and path.name != "<template>":
            _watched.append(str(path))


sys.addaudithook(_watch)


def check(data: bytes) -> None:
    global _watched
    content, _, variable = data.partition(SEPARATOR)
    q = text_of(variable)
    if _is_endless(content):
        return
    _FILE.write_bytes(content)
    _watched = watched = []
    try:
        with warnings.catch_warnings(record=True) as remarks:
            warnings.simplefilter("always")
            made = repr((_made(q), [str(remark.message) for remark in remarks]))
    finally:
        _watched = None
    assert not watched, watched
    assert CANARY not in made or CANARY.encode() in data


def _made(q: str) -> Any:
    try:
        prompt = PromptTemplate.from_prompty(_FILE)
        repr(prompt.prompty)
        return prompt.create_messages(q=q, n=[{"role": "user", "content": q}]), prompt.parameters, prompt.model_name
    except FileNotFoundError as error:
        assert str(_ROOT) in str(error)
        return str(error)
    except ValueError as error:
        assert str(_FILE) in str(error)
        return str(error)


def _is_endless(content: bytes) -> bool:
    """Whether a template may intentionally run forever, which is up to its author: powers, and large numbers."""
    return b"**" in content or b"range" in content or b"lipsum" in content or _digits(content) > 3


def _digits(content: bytes) -> int:
    runs = "".join(chr(byte) if chr(byte).isdigit() else " " for byte in content).split()
    return max(map(len, runs), default=0)
