"""Prompty files of other tools: each kind loads, and unsupported parts cause warnings."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.prompts import PromptTemplate

Messages = list[dict[str, Any]]


def text(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}


def load(folder: Path, content: str, **options: Any) -> tuple[PromptTemplate, list[str]]:
    """Load a file, and list the warnings."""
    path = folder / "p.prompty"
    path.write_text(content, "utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        template = PromptTemplate.from_prompty(path, **options)
    assert len(caught) <= 1
    assert all(warning.filename == __file__ for warning in caught)
    return template, [line for warning in caught for line in str(warning.message).split("\n")]


HELLO = "system:\nBe kind.\nuser:\n{{q}}\n"
SAID = [text("system", "Be kind."), text("user", "hi")]

LOADS: dict[str, tuple[str, Messages]] = {
    "text alone": ("You are kind to {{q}}.\n", [text("system", "You are kind to hi.")]),
    "text alone, with roles": (HELLO, SAID),
    "text alone, with a rule in it": ("Be kind.\n---\n{{q}}", [text("system", "Be kind.\n---\nhi")]),
    "empty front matter": (f"---\n---\n{HELLO}", SAID),
    "blank lines before": (f"\n \n---\nname: x\n---\n{HELLO}", SAID),
    "plus signs": (f"+++\nname: x\n+++\n{HELLO}", SAID),
    "closed by plus signs": (f"---\nname: x\n+++\n{HELLO}", SAID),
    "closed by dashes": (f"+++\nname: x\n---\n{HELLO}", SAID),
    "indented delimiters": (f"  ---\nname: x\n  ---  \n{HELLO}", SAID),
    "closed by an indented delimiter": (f"---\nname: x\n ---\n{HELLO}", SAID),
    "indented as a whole": (
        "    ---\n    model:\n      id: m\n    ---\n    system:\n    Be\n      kind.\n    user:\n    {{q}}\n",
        [text("system", "Be\n  kind."), text("user", "hi")],
    ),
    "dashes in a text of the front matter": (
        f"---\ndescription: |\n  a\n  ---\n  b\nname: x\n---\n{HELLO}",
        SAID,
    ),
    "rules in the body": (f"---\nname: x\n---\n{HELLO}\n---\nmore", [SAID[0], text("user", "hi\n\n---\nmore")]),
    "delimiters with blanks, CRLF": (f"--- \r\nname: x\r\n---\t\r\n{HELLO}", SAID),
    "no line end after the front matter": ("---\nname: x\n---\n{{q}}", [text("system", "hi")]),
    "empty messages": (
        "---\nname: x\n---\nsystem:\n\nuser:\n{{q}}\nassistant:\nuser:\n\n \nassistant:\n",
        [text("system", ""), text("user", "hi"), text("assistant", ""), text("user", "")],
    ),
    "a nonce": ('---\nname: x\n---\nsystem[nonce="1f"]:\nBe kind.\nuser[nonce=1f, name=\'ada\']:\n{{q}}',
                [SAID[0], {"role": "user", "name": "ada", "content": "hi"}]),
    "attributes": (
        '---\nname: x\n---\nuser[name="{{q}}"]:\na\ntool[name="f", tool_call_id="c"]:\n1\nassistant[prefix=true]:\nb',
        [
            {"role": "user", "name": "hi", "content": "a"},
            {"role": "tool", "name": "f", "tool_call_id": "c", "content": "1"},
            {"role": "assistant", "prefix": True, "content": "b"},
        ],
    ),
    "all of the answer": (f"---\nmodel: {{api: chat, response: all}}\n---\n{HELLO}", SAID),
    "a connection by name": (f"---\nmodel: {{api: chat, connection: mine}}\n---\n{HELLO}", SAID),
    "a configuration by name": (f"---\nmodel: {{configuration: mine}}\n---\n{HELLO}", SAID),
    "an agent": (f"---\nid: a1\nkind: prompt\nmodel: {{api: agent, id: m}}\n---\n{HELLO}", SAID),
    "inputs of kind file": (f"---\ninputs: [{{name: q, kind: file}}]\n---\n{HELLO}", SAID),
    "inputs under properties": (
        "---\ninputs:\n  properties:\n  - {name: p, kind: string, default: ada}\n---\nuser:\n{{p}} {{q}}",
        [text("user", "ada hi")],
    ),
    "an input schema": (
        "---\ninputSchema:\n  properties: {p: {kind: string, default: ada}}\n---\nuser:\n{{p}} {{q}}",
        [text("user", "ada hi")],
    ),
    "inputs as a JSON schema": (
        "---\ninputs: {type: object, properties: {q: {type: string}}, required: [q]}\n---\nuser:\n{{q}}",
        [text("user", "hi")],
    ),
    "an input called properties": (
        "---\ninputs: {properties: {type: string, default: d}}\n---\nuser:\n{{properties}} {{q}}",
        [text("user", "d hi")],
    ),
    "inputs that are values": ("---\ninputs: {name: Ada, n: 3, l: [1]}\n---\nuser:\n{{name}}{{n}} {{q}}",
                               [text("user", "Ada3 hi")]),
    "options in the service's words": (f"---\nmodel: {{options: {{max_tokens: 5, topP: 1}}}}\n---\n{HELLO}", SAID),
}  # fmt: skip


@pytest.mark.parametrize("name", LOADS)
def test_files_of_every_kind(name: str, tmp_path: Path) -> None:
    content, expected = LOADS[name]
    template, remarks = load(tmp_path, content)
    assert remarks == []
    assert template.create_messages(q="hi") == expected
    for newline in ("\r\n", "\r"):
        (tmp_path / "p.prompty").write_bytes(content.replace("\r\n", "\n").replace("\n", newline).encode())
        assert PromptTemplate.from_prompty(tmp_path / "p.prompty").create_messages(q="hi") == expected


@pytest.mark.parametrize(
    ("front", "remarks"),
    [
        ("nmae: x", [":2: key 'nmae': unknown, so it has no effect; did you mean 'name'?"]),
        (
            "testSamples: [{a: 1}]\nmodel:\n  apii: chat\n  id: m",
            [":2: key 'testSamples': unknown", ":4: key 'model.apii': unknown, so it has no effect"],
        ),
        ("inputs:\n  q: {type: string, typo: 3}", [":3: key 'inputs.q.typo': unknown"]),
        ("inputs:\n- {name: q, kind: strng}", [":3: key 'inputs.q.kind': 'strng' is unknown, so its values"]),
        ("inputs: {q: {kind: custom}}", [":2: key 'inputs.q.kind': 'custom' is unknown, so its values"]),
        ("outputs: {a: {type: string, weight: 3}}", [":2: key 'outputs.a.weight': unknown"]),
        ("template: {type: mustache, engine: x}", [":2: key 'template.engine': unknown"]),
        ("template: {type: mustache, parser: xml}", [":2: key 'template.parser': 'xml' is unknown, so it is treated"]),
        ("model: {api: chatt}", [":2: key 'model.api': 'chatt' is unknown, so it is treated as 'chat'"]),
        ("model: {id: m, options: {topp: 1}}", [":2: key 'model.options.topp': unknown, so it has no effect"]),
        ("tools: [{name: f, parametres: {}}]", [":2: key 'tools.0.parametres': unknown, so it has no effect"]),
        ("tools: [web_search]", [":2: key 'tools.0': chat completions can call functions only, so this tool"]),
    ],
)  # fmt: skip
def test_unknown_keys_warn(front: str, remarks: list[str], tmp_path: Path) -> None:
    template, found = load(tmp_path, f"---\n{front}\n---\nuser:\n{{{{q}}}}")
    assert template.create_messages(q="hi") == [text("user", "hi")]
    assert len(found) == len(remarks)
    for remark, said in zip(remarks, found, strict=True):
        assert remark in said
        assert said.startswith(str(tmp_path / "p.prompty"))


def test_unknown_keys_are_kept(tmp_path: Path) -> None:
    (tmp_path / "base.prompty").write_text("---\nown: 0\nteam: x\nmodel: {vendor: a}\n---\nx")
    front = (
        "base: base.prompty\nown: {a: 1}\nmodel: {api: chat, routing: fast, response: all}\n"
        "inputs: {q: {type: string, colour: red}}\ntemplate: {type: mustache, engine: x}"
    )
    template, _ = load(tmp_path, f"---\n{front}\n---\n{HELLO}")
    prompty = template.prompty
    assert prompty is not None
    assert prompty.extra == {"own": {"a": 1}, "team": "x"}
    assert prompty.model.extra == {"vendor": "a", "routing": "fast"}
    assert prompty.model.response == "all"
    assert prompty.inputs["q"].extra == {"colour": "red"}
    assert prompty.template.extra == {"engine": "x"}
    assert template.parameters == {}


def test_values_instead_of_declarations(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(
        json.dumps({"customer": {"id": 1, "name": "Ada"}, "items": [{"id": "a"}], "q": {"description": "d"}})
    )
    template, remarks = load(
        tmp_path, "---\ninputs: ${FILE:data.json}\n---\nuser:\n{{customer.name}}{{#items}}{{id}}{{/items}}{{q}}"
    )
    assert template.create_messages(q="!") == [text("user", "Adaa!")]
    assert len(remarks) == 1
    assert "key 'inputs.customer.id': unknown" in remarks[0]


@pytest.mark.parametrize("kind", ["env", "ENV", "Env"])
def test_references_in_any_case(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTY_TEST_NAME", "deployed")
    front = f"model: '${{{kind}:PROMPTY_TEST_NAME}}'\nversion: ${{{kind}:NOT_SET:2}}"
    template, remarks = load(tmp_path, f"---\n{front}\n---\n{HELLO}")
    assert (template.model_name, remarks) == ("deployed", [])
    assert template.prompty is not None
    assert template.prompty.version == "2"


@pytest.mark.parametrize("reference", ["sample.json", "./sample.yaml", "${file:sample.json}", "${FILE:sample.JSON}"])
def test_sample_file(reference: str, tmp_path: Path) -> None:
    for name in ("sample.json", "sample.JSON", "sample.yaml"):
        (tmp_path / name).write_text('{"q": "hi"}')
    template, remarks = load(tmp_path, f"---\nsample: {reference}\n---\n{HELLO}", use_sample=True)
    assert (template.create_messages(), remarks) == (SAID, [])


def test_missing_sample_file(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(FileNotFoundError, match=r"p\.prompty:2: key 'sample': No file .*none\.json"):
        load(tmp_path, f"---\nsample: none.json\n---\n{HELLO}")
    with pytest.raises(ValueError, match=r"p\.prompty:2: key 'sample': \[1\] is neither a mapping nor a JSON or"):
        load(tmp_path, f"---\nsample: list.json\n---\n{HELLO}")
    with pytest.raises(ValueError, match="leads outside of"):
        load(tmp_path, f"---\nsample: ../sample.json\n---\n{HELLO}")


def test_connection_by_name_is_kept(tmp_path: Path) -> None:
    for key in ("connection", "configuration"):
        template, _ = load(tmp_path, f"---\nmodel: {{{key}: mine}}\n---\n{HELLO}")
        assert template.prompty is not None
        assert template.prompty.model.configuration == {"connection": "mine"}


FUNCTION = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}
DECLARED = "{name: f, kind: function, description: d, parameters: [{name: a, kind: string}, {name: b, kind: file}]"
OTHERS = """
- {name: s, kind: mcp, serverName: x, connection: {kind: reference}}
- {id: o, type: openapi, options: {schema: x}}
- {id: fs, type: file_search}
- {name: p, kind: prompty, path: ./x.prompty, parameters: [{name: a, kind: string}]}
- {name: c, kind: my_provider, connection: {kind: key}}
"""


def test_tools_of_all_kinds(tmp_path: Path) -> None:
    bindings = "[{name: b, input: document}]"
    template, remarks = load(tmp_path, f"---\ntools:{OTHERS}- {DECLARED}, bindings: {bindings}}}\n---\n{HELLO}")
    assert template.parameters == {"tools": [{"type": "function", "function": FUNCTION}]}
    assert template.prompty is not None
    kinds = ["mcp", "openapi", "file_search", "prompty", "my_provider"]
    assert [tool.get("kind", tool.get("type")) for tool in template.prompty.tools] == [*kinds, "function"]
    assert template.prompty.tools[0]["serverName"] == "x"
    assert len(remarks) == len(kinds)
    assert all(repr(kind) in remark for kind, remark in zip(kinds, remarks, strict=True))


def test_unsupported_tools_are_left_out(tmp_path: Path) -> None:
    for place in ("tools:{}", "model: {{parameters: {{tools: [{{kind: mcp}}]}}}}\nx: {{}}"):
        template, _ = load(tmp_path, f"---\n{place.format(OTHERS)}\n---\n{HELLO}")
        assert "tools" not in template.parameters
        assert template.prompty is not None
        assert template.prompty.tools


@pytest.mark.parametrize("bindings", ["{b: {input: document}}", "[{name: b, input: document}]", "[b]"])
def test_tools_by_name(bindings: str, tmp_path: Path) -> None:
    named = DECLARED.replace("name: f, ", "", 1)
    template, remarks = load(tmp_path, f"---\ntools:\n  f: {named}, bindings: {bindings}}}\n  g: mcp\n---\n{HELLO}")
    assert template.parameters == {"tools": [{"type": "function", "function": FUNCTION}]}
    assert template.prompty is not None
    assert [tool["name"] if isinstance(tool, dict) else tool for tool in template.prompty.tools] == ["f", "mcp"]
    assert len(remarks) == 1
    assert ":4: key 'tools.g'" in remarks[0]


def test_kinds_without_a_json_type_are_unconstrained(tmp_path: Path) -> None:
    front = "metadata: {}\noutputs:\n  properties: {a: {kind: file, description: d}, b: {kind: string, required: true}}"
    template, remarks = load(tmp_path, f"---\nname: x\n{front}\n---\n{HELLO}")
    schema = template.parameters["response_format"]["json_schema"]["schema"]
    assert schema == {
        "type": "object",
        "properties": {"a": {"description": "d"}, "b": {"type": "string"}},
        "required": ["b"],
    }
    assert remarks == []
    again, _ = load(tmp_path, f"---\nname: x\n{front.replace('outputs', 'outputSchema')}\n---\n{HELLO}")
    assert again.parameters == template.parameters


def test_files_as_content(tmp_path: Path) -> None:
    template, _ = load(tmp_path, "---\ninputs: [{name: q, kind: file}]\n---\nuser:\nRead {{q}}")
    part = {"type": "file", "file": {"file_id": "f"}}
    (message,) = template.create_messages(q=part)
    assert message["content"] == [{"type": "text", "text": "Read"}, part]
    assert template.create_messages(q="a.pdf") == [text("user", "Read a.pdf")]
    assert template.create_messages() == [text("user", "Read")]


def test_unknown_role_attribute_is_left_out(tmp_path: Path) -> None:
    template, remarks = load(tmp_path, "---\nname: x\n---\nuser[mood=good, name=ada]:\n{{q}}")
    assert template.create_messages(q="hi") == [{"role": "user", "name": "ada", "content": "hi"}]
    assert remarks == [
        f"{tmp_path / 'p.prompty'}:4: messages have no attribute 'mood', so it is left out; "
        "a role may have name, tool_call_id, prefix"
    ]
    with pytest.warns(UserWarning, match="^line 2: messages have no attribute 'mood'"):
        PromptTemplate.from_string("a\nuser[mood=good]:\nb")


JINJA = [
    ("{% for m in history %}\n{{ m.role }}:\n{{ m.content }}\n{% endfor %}", "{% for m in history %}"),
    ("{%- if q %}a{% endif %}", "{%- if q %}"),
    ("{% set x = 1 %}", "{% set x = 1 %}"),
    ("{{ q | upper }}", "{{ q | upper }}"),
    ("{{q|default('x')}}", "{{q|default('x')}}"),
]
MUSTACHE = ["{{q}} | {{q}}", "{{! a | b }}", "{{#q}}|{{/q}}", "100 {%", "{% %}", "{{{q}}}|", "{ % if %}", "a|b}}"]


@pytest.mark.parametrize(("body", "found"), JINJA)
def test_undeclared_jinja(body: str, found: str, tmp_path: Path) -> None:
    _, remarks = load(tmp_path, f"---\nname: x\n---\nuser:\n\n{body}\n")
    assert len(remarks) == 1
    assert remarks[0].startswith(f"{tmp_path / 'p.prompty'}:6: {found!r} is Jinja2, but the template")
    assert remarks[0].endswith("is rendered as mustache: add `template: jinja2` to the front matter")
    with pytest.warns(UserWarning, match=r"^line 2: .* is Jinja2.*put the template into a prompty file that says"):
        PromptTemplate.from_string(f"a\n{body}")
    _, remarks = load(tmp_path, f"---\ntemplate: jinja2\n---\nuser:\n\n{body}\n")
    assert remarks == []


@pytest.mark.parametrize("body", MUSTACHE)
def test_mustache_and_text_are_not_mistaken_for_jinja(body: str, tmp_path: Path) -> None:
    assert load(tmp_path, f"---\nname: x\n---\nuser:\n{body}\n")[1] == []


def test_errors_mention_undeclared_jinja(tmp_path: Path) -> None:
    template, _ = load(tmp_path, f"---\nname: x\n---\n{JINJA[0][0]}")
    with pytest.raises(
        ValueError, match=r"is used as a role has the value ''.*; '\{% for m in history %\}' is Jinja2, but"
    ):
        template.create_messages(history=[])


@pytest.mark.parametrize("content", ["---\nname: x\nuser:\nhi", "+++\nhi", "\n---"])
def test_unclosed_front_matter(content: str, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"p\.prompty:[12]: the front matter is not closed; write a line '---' between"
    ):
        load(tmp_path, content)
