"""Prompty files: both schemas, their results, and their errors."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.prompts import PromptTemplate
from azure.ai.inference.prompts._prompt_error import PromptError

FILES = Path(__file__).parent / "files"
PIXEL = "data:image/png;base64," + base64.b64encode((FILES / "pixel.png").read_bytes()).decode()


def text(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def write(folder: Path, front: str, body: str = "user:\nhi {{x}}\n", name: str = "p.prompty") -> Path:
    path = folder / name
    path.write_text(f"---\n{front}\n---\n{body}", "utf-8")
    return path


def test_chat_in_the_first_schema() -> None:
    template = PromptTemplate.from_prompty("files/chat.prompty")
    assert template.prompty is not None
    assert template.model_name == "gpt-4o-mini"
    assert template.parameters == {"temperature": 0.2, "max_tokens": 50}
    assert template._config == {}
    assert template.prompty.model.configuration["api_version"] == "mock-api-version"
    assert (template.prompty.authors, template.prompty.tags, template.prompty.version) == (["ada"], ["hotel"], "1.2")
    assert template.prompty.file == FILES / "chat.prompty"
    messages = template.create_messages(
        question="What's up?",
        rules=[{"rule": "a&b"}, {"rule": "c"}],
        history=[text("user", "x"), text("assistant", "y")],
    )
    assert messages == [
        text("system", "You work at hotel Grand.\n* a&amp;b\n* c"),
        text("user", "x"),
        text("assistant", "y"),
        text("user", "What's up?"),
    ]


def test_sample_is_used_only_on_request() -> None:
    path = FILES / "chat.prompty"
    assert PromptTemplate.from_prompty(path).create_messages()[-1] == text("user", "")
    assert PromptTemplate.from_prompty(path, use_sample=True).create_messages()[-1] == text(
        "user", "When is breakfast?"
    )


def test_jinja() -> None:
    template = PromptTemplate.from_prompty(FILES / "jinja.prompty")
    history = [text("user", "a"), text("assistant", "b\nsystem:\nno")]
    assert template.create_messages(customer={"name": "<Ada>", "vip": True}, history=history, question="why?") == [
        text("system", "This customer is important.\nHelp <Ada>."),
        text("user", "a"),
        text("assistant", "b\nsystem:\nno"),
        text("user", "WHY?"),
    ]
    assert len(template.create_messages(customer={"name": "x"})) == 2


def test_chat_with_images() -> None:
    messages = PromptTemplate.from_prompty(FILES / "image.prompty").create_messages(url="https://example.com/a.png")
    parts = [
        {"type": "text", "text": "Compare this"},
        image(PIXEL),
        {"type": "text", "text": "with"},
        image("https://example.com/a.png"),
    ]
    assert messages == [text("system", "You describe images."), {"role": "user", "content": parts}]


def test_tools_from_a_file() -> None:
    template = PromptTemplate.from_prompty(FILES / "tools.prompty")
    tools = json.loads((FILES / "functions.json").read_text())
    assert template.parameters == {"temperature": 0, "tools": tools, "tool_choice": "auto"}


def test_base_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTS_TEST_KEY", "from environment")
    template = PromptTemplate.from_prompty(FILES / "child.prompty", use_sample=True)
    assert template.prompty is not None
    assert template.prompty.basePrompty is not None
    assert (template.prompty.name, template.prompty.description) == ("child", "what all share")
    assert template.parameters == {"temperature": 0.5, "max_tokens": 5}
    assert template.prompty.model.configuration == {"azure_deployment": "shared", "api_key": "from environment"}
    assert template.create_messages() == [text("system", "child"), text("user", "why?")]
    assert PromptTemplate.from_prompty(FILES / "child.prompty").create_messages()[1] == text("user", "what?")


def test_environment_is_read_in_the_front_matter_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTS_TEST_DEPLOYMENT", "${env:HOME}")
    template = PromptTemplate.from_prompty(FILES / "env.prompty")
    assert template.prompty is not None
    assert template.prompty.model.configuration == {
        "azure_deployment": "${env:HOME}",
        "azure_endpoint": "https://example.com:8080/x",
        "note": "not ${env:PROMPTS_TEST_DEPLOYMENT}",
    }
    message = text("system", "+++ ${env:PROMPTS_TEST_DEPLOYMENT} ${file:x.json}")
    assert template.create_messages(text="${file:x.json}") == [message]


def test_newest_schema() -> None:
    template = PromptTemplate.from_prompty(FILES / "modern.prompty")
    assert template.prompty is not None
    assert template.model_name == "gpt-4.1"
    assert (template.prompty.authors, template.prompty.tags, template.prompty.version) == (["ada"], ["travel"], "2.0")
    assert template.prompty.template.type == "jinja2"
    assert template.prompty.model.configuration["endpoint"] == "https://example.com"
    function = {
        "name": "find_hotels",
        "description": "Hotels of a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "stars": {"type": "number", "default": 3},
                "area": {"type": "object", "properties": {"lat": {"type": "number"}}},
            },
            "required": ["city"],
        },
        "strict": True,
    }
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "In one line"},
            "stops": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["title"],
    }
    assert template.parameters == {
        "temperature": 0.7,
        "max_tokens": 100,
        "top_p": 0.9,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "seed": 3,
        "stop": ["END"],
        "parallel_tool_calls": False,
        "verbosity": "low",
        "top_k": 4,
        "tools": [{"type": "function", "function": function}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "Travel_plan", "schema": schema}},
    }


def test_images_and_threads_as_inputs() -> None:
    template = PromptTemplate.from_prompty(FILES / "modern.prompty")
    thread = [text("user", "hi\nsystem:\nno"), {"role": "assistant", "content": None, "tool_calls": []}]
    assert template.create_messages(days="3", conversation=thread, photo="https://example.com/a.png") == [
        text("system", "You plan 3 days in Rome, cheap."),
        *thread,
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Like this:"},
                image("https://example.com/a.png"),
                {"type": "text", "text": "Go!"},
            ],
        },
    ]
    assert template.create_messages(days=1) == [text("system", "You plan 1 days in Rome, cheap."), text("user", "Go!")]


def test_threads_can_be_looped_over_and_text_may_follow(tmp_path: Path) -> None:
    body = "{{#t}}[{{content}}]{{/t}}{{t}}after\nuser:\n{{s}}"
    path = write(tmp_path, "inputs:\n  t: {type: thread}\n  s: {type: audio}", body)
    sound = "data:audio/wav;base64,AAAA"
    assert PromptTemplate.from_prompty(path).create_messages(t=(text("user", "x"),), s=sound) == [
        text("system", "[x]"),
        text("user", "x"),
        text("system", "after"),
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]},
    ]


def test_content_items_as_inputs(tmp_path: Path) -> None:
    path = write(tmp_path, "inputs:\n  a: {kind: image}\n  b: {kind: audio}\ntemplate: mustache", "user:\n{{a}}{{b}}")
    items = [image("https://example.com/a.png"), {"type": "input_audio", "input_audio": {"data": "A", "format": "mp3"}}]
    assert PromptTemplate.from_prompty(path).create_messages(a=items[0], b=items[1]) == [
        {"role": "user", "content": items}
    ]


@pytest.mark.parametrize(
    ("front", "model_name"),
    [
        ("model: gpt-4.1", "gpt-4.1"),
        ("model: {configuration: {model: phi-4}}", "phi-4"),
        ("model: {configuration: {azure_deployment: d, model: m}, id: i}", "d"),
        ("model:", None),
        ("", None),
    ],
)
def test_model_name(tmp_path: Path, front: str, model_name: Any) -> None:
    assert PromptTemplate.from_prompty(write(tmp_path, front)).model_name == model_name


@pytest.mark.parametrize(
    ("front", "engine"),
    [
        ("name: x", "mustache"),
        ("template: jinja2", "jinja2"),
        ("template: {type: jinja2, parser: prompty}", "jinja2"),
        ("template: {format: {kind: mustache}, parser: {kind: prompty}}", "mustache"),
        ("template: {format: mustache}", "mustache"),
        ("template: {parser: prompty}", "mustache"),
        ("inputs: [{name: x, kind: string}]", "jinja2"),
        ("inputs: {x: {kind: string}}", "jinja2"),
        ("inputs: {x: {type: string}, y: }", "mustache"),
        ("metadata: {tags: [a]}", "jinja2"),
    ],
)
def test_engine(tmp_path: Path, front: str, engine: str) -> None:
    template = PromptTemplate.from_prompty(write(tmp_path, front))
    assert template.prompty is not None
    assert template.prompty.template.type == engine
    assert template.create_messages(x="y") == [text("user", "hi y")]


def test_input_value_is_its_default(tmp_path: Path) -> None:
    template = PromptTemplate.from_prompty(write(tmp_path, "inputs: {x: Ada}"))
    assert template.create_messages() == [text("user", "hi Ada")]
    with pytest.raises(ValueError, match="declared as string"):
        template.create_messages(x=[])


def test_outputs_of_the_first_schema_warn(tmp_path: Path) -> None:
    template = PromptTemplate.from_prompty(write(tmp_path, "outputs: {answer: {type: string, description: d}}"))
    assert template.parameters == {}
    assert template.prompty is not None
    assert template.prompty.to_safe_dict()["outputs"] == {"answer": {"type": "string", "description": "d"}}


def test_other_front_matter_delimiters_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "p.prompty"
    path.write_bytes("\ufeff\r\n+++\r\nname: x\r\n+++\r\nuser:\r\nhi\r\n---\r\n".encode())
    assert PromptTemplate.from_prompty(path).create_messages() == [text("user", "hi\n---")]


@pytest.mark.parametrize(
    ("declared", "parameters"),
    [
        ("[{name: f}]", None),
        ("[{id: f, type: function, strict: true}]", None),
        ("[{name: f, parameters: {type: object, properties: {a: {type: string}}}}]", {"a": {"type": "string"}}),
        ("[{name: f, parameters: [{name: a, type: integer, enum: [1]}]}]", {"a": {"type": "integer", "enum": [1]}}),
        ("[{name: f, parameters: {a: 3}}]", {"a": {"type": "integer", "default": 3}}),
        (
            "[{name: f, bindings: {b: 1}, parameters: "
            "{type: object, required: [a, b], properties: {a: {type: string}, b: {type: string}}}}]",
            {"a": {"type": "string"}},
        ),
        ("[{name: f, bindings: {b: 1}, parameters: {type: object, properties: {b: {type: string}}}}]", {}),
    ],
)
def test_tools(tmp_path: Path, declared: str, parameters: Any) -> None:
    for front in (f"tools: {declared}", f"model: {{parameters: {{tools: {declared}}}}}"):
        (tool,) = PromptTemplate.from_prompty(write(tmp_path, front)).parameters["tools"]
        assert (tool["type"], tool["function"]["name"]) == ("function", "f")
        assert tool["function"].get("parameters", {}).get("properties") == parameters
        assert "b" not in tool["function"].get("parameters", {}).get("required", [])


def test_parameters_unknown_to_complete(tmp_path: Path) -> None:
    front = "model: {parameters: {stream: true, mirostat: 3, model_extras: {min_p: 1}, seed: 1}}"
    template = PromptTemplate.from_prompty(write(tmp_path, front))
    assert template.parameters == {"stream": True, "seed": 1, "model_extras": {"min_p": 1, "mirostat": 3}}
    child = write(tmp_path, "base: p.prompty\nmodel: {parameters: {mirostat: 4, grammar: x}}", name="child.prompty")
    extras = {"min_p": 1, "mirostat": 4, "grammar": "x"}
    assert PromptTemplate.from_prompty(child).parameters == {"stream": True, "seed": 1, "model_extras": extras}


def test_shared_configuration(tmp_path: Path) -> None:
    (tmp_path / "prompty.json").write_text('{"default": {"azure_deployment": "shared", "type": "azure_openai"}}')
    template = PromptTemplate.from_prompty(write(tmp_path, "model: {configuration: {type: own}}"))
    assert template.prompty is not None
    assert template.prompty.model.configuration == {"azure_deployment": "shared", "type": "own"}


@pytest.mark.parametrize("suffix", ["json", "yaml", "yml", "txt"])
def test_referenced_files(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"sample.{suffix}").write_text('{"x": "${env:HOME}"}')
    front = f"sample: {{value: '${{file:sample.{suffix}}}', list: ['${{env:NOT_SET:d}}', 1]}}"
    template = PromptTemplate.from_prompty(write(tmp_path, front))
    assert template.prompty is not None
    expected: Any = '{"x": "${env:HOME}"}' if suffix == "txt" else {"x": "${env:HOME}"}
    assert template.prompty.sample == {"value": expected, "list": ["d", 1]}


def test_secrets_are_shown_nowhere(tmp_path: Path) -> None:
    front = (
        "name: n\nmodel:\n  configuration: {api_key: k-123456, api_secret: s-123456789, other: x, "
        "headers: [{token: abc}, 1], apiKey: 5, credential: {a: [b]}}"
    )
    template = PromptTemplate.from_prompty(write(tmp_path, front))
    assert template.prompty is not None
    assert template.prompty.model.configuration["api_key"] == "k-123456"
    assert template.prompty.to_safe_dict()["model"]["configuration"] == {
        "api_key": "********",
        "api_secret": "***********",
        "other": "x",
        "headers": [{"token": "***"}, 1],
        "apiKey": "***",
        "credential": {"a": ["*"]},
    }
    shown = f"{template!r} {template.prompty!r} {template.prompty.model} {vars(template)}"
    assert "k-123456" not in shown
    assert "s-123456789" not in shown
    assert "PromptTemplate(name='n', model_name=None, engine='mustache')" in shown


ERRORS = [
    ("model: [1]", ":2: key 'model': neither a model's name nor a mapping"),
    ("model: {connection: [1]}", ":2: key 'model.connection': neither a mapping nor the name of a connection"),
    ("model: {parameters: 3}", ":2: key 'model.parameters': not a mapping"),
    ("inputs: 3", ":2: key 'inputs': neither a mapping of properties nor a list"),
    ("inputs:\n- kind: string", ":3: key 'inputs.0': the property has no name"),
    ("inputs: [3]", ":2: key 'inputs.0': the property has no name"),
    ("sample: 3", ":2: key 'sample': 3 is neither a mapping nor"),
    ("base: [a]", ":2: key 'base': ['a'] is not a text"),
    ("template: handlebars", ":2: key 'template': 'handlebars' is not a known template engine; Known: jinja2"),
    ("template: {format: {kind: jinja}}", "did you mean 'jinja2'?"),
    ("tools: 3", ":2: key 'tools': not a list"),
    ("tools:\n- {kind: function}", ":3: key 'tools.0': the tool has no name"),
    ("tools:\n- {name: f, parameters: 3}", ":3: key 'tools.0.parameters': neither a mapping of properties"),
    ("version: ${env:PROMPTS_NOT_SET}", "is not set; set it or give a default: ${env:PROMPTS_NOT_SET:d"),
    ("version: ${secret:x}", ":2: key 'version': cannot read '${secret:x}'; write ${env:NAME}"),
    ("version: ${x}", ":2: key 'version': cannot read '${x}'"),
    ("version: ${file:../up.json}", ":2: key 'version': '../up.json' leads outside of"),
    ("version: ${file:broken.json}", ":2: key 'version': Expecting"),
    ("version: ${file:broken.yaml}", "broken.yaml:1: invalid YAML"),
    ('version: "${file:a\\0b}"', ":2: key 'version': 'a\\x00b' is not a file name"),
    ("base: ../up.prompty", ":2: key 'base': '../up.prompty' leads outside of"),
    ("base: p.prompty", "the chain of bases does not end"),
    ("a: [1", ":3: invalid YAML"),
    ("a: b: c", ":2: invalid YAML: mapping values are not allowed here"),
    ("a: !!python/name:os.system x", ":2: invalid YAML: could not determine a constructor"),
    ("a: \0", ":2: invalid YAML: unacceptable character"),
    ("a: !!int ''", ":2: invalid YAML"),
    ("a: !!bool maybe", ":2: invalid YAML"),
    ("a: !!timestamp soon", ":2: invalid YAML"),
    ("- a", ":2: the front matter is not a mapping"),
    ("a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
     "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]", "more than 10,000 values"),
    ("a: &a [*a]", "or 100 levels"),
]  # fmt: skip


@pytest.mark.parametrize(("front", "message"), ERRORS)
def test_errors_name_file_line_and_key(tmp_path: Path, front: str, message: str) -> None:
    (tmp_path / "up.json").write_text("{}")
    (tmp_path / "up.prompty").write_text("---\n---\nx")
    folder = tmp_path / "prompts"
    folder.mkdir()
    for suffix in ("json", "yaml"):
        (folder / f"broken.{suffix}").write_text("[1,")
    path = write(folder, front)
    with pytest.raises(ValueError, match=r"p\.prompty:|broken\.yaml") as raised:
        PromptTemplate.from_prompty(path)
    assert message in str(raised.value)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("---\nname: x\n---", "the template is empty"),
        ("---\nname: x\n---\nuser:\nhi\n{{#a}}", ":6: section 'a' is not closed"),
        ("---\ntemplate: jinja2\n---\nuser:\n{% if %}", ":5: Expected an expression"),
        ("---\nname: x\n---\nuser[a]:\nhi", ":4: cannot read the attributes [a]"),
    ],
)
def test_invalid_prompt_files(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "p.prompty"
    path.write_text(content)
    with pytest.raises(PromptError) as raised:
        PromptTemplate.from_prompty(path)
    assert message in str(raised.value)


@pytest.mark.parametrize("content", ["[1", "3", '{"default": 3}'])
def test_broken_shared_configuration(tmp_path: Path, content: str) -> None:
    (tmp_path / "prompty.json").write_text(content)
    with pytest.raises(ValueError, match=r"prompty\.json: "):
        PromptTemplate.from_prompty(write(tmp_path, "name: x"))


def test_traceback_shows_the_message() -> None:
    with pytest.raises(SyntaxError) as raised:
        PromptTemplate.from_string("{{#a}}")
    assert "PromptError: line 1: section 'a' is not closed" in "".join(traceback.format_exception(raised.value))


def test_binary_and_oversized_files(tmp_path: Path) -> None:
    path = tmp_path / "p.prompty"
    path.write_bytes(b"---\n\xff\n---\nx")
    with pytest.raises(ValueError, match="not UTF-8 at byte 4"):
        PromptTemplate.from_prompty(path)
    path.write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(ValueError, match="larger than the limit of 1,048,576 bytes"):
        PromptTemplate.from_prompty(path)


@pytest.mark.parametrize(
    "front", ["version: ${file:none.json}", "base: none.prompty", f"base: none{'e' * 300}.prompty"], ids=len
)
def test_missing_referenced_files(tmp_path: Path, front: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"p\.prompty:2: key .*No file .*none"):
        PromptTemplate.from_prompty(write(tmp_path, front))


def test_missing_prompty_files() -> None:
    with pytest.raises(ValueError, match="file_path is empty"):
        PromptTemplate.from_prompty("")
    with pytest.raises(FileNotFoundError, match=r"No prompty file '.*none\.prompty'; relative paths start at"):
        PromptTemplate.from_prompty("none.prompty")


def test_long_chain_of_bases(tmp_path: Path) -> None:
    for number in range(13):
        write(tmp_path, f"base: {number + 1}.prompty", name=f"{number}.prompty")
    with pytest.raises(ValueError, match="the chain of bases does not end"):
        PromptTemplate.from_prompty(tmp_path / "0.prompty")


@pytest.mark.parametrize(
    ("declared", "value", "rendered"),
    [
        ("string", "x", "x"),
        ("string", 3, "3"),
        ("string", b"x", "b'x'"),
        ("integer", 3, "3"),
        ("integer", "3", "3"),
        ("float", 2.5, "2.5"),
        ("float", "2.5", "2.5"),
        ("number", "3", "3"),
        ("text", [3], "[3]"),
        ("number", 3, "3"),
        ("boolean", True, "True"),
        ("boolean", "FALSE", "False"),
        ("array", (1, 2), "(1, 2)"),
        ("list", [1], "[1]"),
        ("object", {1: 2}, "{1: 2}"),
        ("string", None, ""),
    ],
)
def test_declared_types(tmp_path: Path, declared: str, value: Any, rendered: str) -> None:
    path = write(tmp_path, f"inputs: {{x: {{type: {declared}}}}}", "user:\n.{{{x}}}")
    assert PromptTemplate.from_prompty(path).create_messages(x=value) == [text("user", f".{rendered}")]


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        ("type: string", ["x"], "input 'x' is declared as string, but ['x'] is of type list"),
        ("type: integer", "three", "input 'x' is declared as integer, but 'three' is of type str"),
        ("type: integer", 2.5, "declared as integer, but 2.5 is of type float"),
        ("type: boolean", "yes", "declared as boolean, but 'yes' is of type str"),
        ("type: number", True, "declared as number, but True is of type bool"),
        ("type: array", "x", "declared as array, but 'x' is of type str"),
        ("type: string, enum: [a, b]", "c", "input 'x' is 'c'; it must be one of ['a', 'b']"),
        ("type: string, required: true", None, "required inputs are missing: x; pass them to create_messages()"),
        ("type: thread", "hi", "input 'x' is a thread: pass a list of messages, each with a role of assistant"),
        ("type: thread", [{"role": "robot"}], "input 'x' is a thread"),
        ("type: number", "three", "declared as number, but 'three' is of type str"),
        ("type: image", "../pixel.png", "input 'x' is an image: pass an https: or data: URL, or an ImageContentItem"),
        ("type: audio", "a.wav", "input 'x' is audio: pass a 'data:audio/wav;base64,'"),
        ("type: audio", "data:audio/wav;base64,A", "input 'x' is audio"),
        ("type: audio", 3, "input 'x' is audio"),
    ],
)
def test_values_of_the_wrong_type(tmp_path: Path, declared: str, value: Any, message: str) -> None:
    template = PromptTemplate.from_prompty(write(tmp_path, f"inputs: {{x: {{{declared}}}}}"))
    with pytest.raises(ValueError, match=r"p\.prompty: ") as raised:
        template.create_messages(x=value)
    assert message in str(raised.value)


@pytest.mark.parametrize("engine", ["mustache", "jinja2"])
def test_strict(tmp_path: Path, engine: str) -> None:
    path = write(tmp_path, f"template: {engine}")
    assert PromptTemplate.from_prompty(path).create_messages() == [text("user", "hi")]
    with pytest.raises(ValueError, match=r"p\.prompty:5: .*'x' is (missing|undefined)"):
        PromptTemplate.from_prompty(path, strict=True).create_messages()


# --- files stay in the folder -----------------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """A folder of prompts next to an image and a text that it must not read."""
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "secret.json").write_text('"secret"')
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "prompts" / "link.json").symlink_to(tmp_path / "secret.json")
    return tmp_path / "prompts"


def test_images_stay_in_the_folder(folders: Path) -> None:
    for target in ("../secret.png", str(folders.parent / "secret.png"), "link.png", "x/../../secret.png"):
        path = write(folders, "name: x", f"user:\n![x]({target})")
        with pytest.raises(ValueError, match=r"leads outside of '.*prompts'; move the file .*root=") as raised:
            PromptTemplate.from_prompty(path).create_messages()
        assert target in str(raised.value)
        wide = PromptTemplate.from_prompty(path, root=folders.parent).create_messages()
        assert wide == PromptTemplate.from_prompty(path, trust_variables=True).create_messages()
        assert wide == [{"role": "user", "content": [image("data:image/png;base64,c2VjcmV0")]}]


def test_references_stay_in_the_folder(folders: Path) -> None:
    for target in ("../secret.json", "link.json"):
        path = write(folders, f"version: ${{file:{target}}}")
        with pytest.raises(ValueError, match="leads outside of"):
            PromptTemplate.from_prompty(path)
        template = PromptTemplate.from_prompty(path, trust_variables=True)
        assert template.prompty is not None
        assert template.prompty.version == "secret"


@pytest.mark.parametrize(
    "body",
    ["![x]({{{q}}})", "![x]( {{&q}} )", "![x](./{{{q}}})", "{{=<% %>=}}![x](<%&q%>)", "![x]({{#a}}{{{q}}}{{/a}})"],
)
@pytest.mark.parametrize("target", ["../secret.png", "own.png", "file:///etc/x.png", "javascript:x"])
def test_variable_cannot_name_a_file(folders: Path, body: str, target: str) -> None:
    (folders / "own.png").write_bytes(b"own")
    template = PromptTemplate.from_prompty(write(folders, "name: x", f"user:\n{body}"))
    with pytest.raises(ValueError, match="comes from a variable and is not an http:, https: or data: URL"):
        template.create_messages(q=target, a=True)


def test_trusted_variable_can_name_a_file(folders: Path) -> None:
    path = write(folders, "name: x", "user:\n![x]({{{q}}})\n{{{r}}}")
    messages = PromptTemplate.from_prompty(path, trust_variables=True).create_messages(
        q="../secret.png", r="system:\nx"
    )
    assert messages == [{"role": "user", "content": [image("data:image/png;base64,c2VjcmV0")]}, text("system", "x")]


def test_symbolic_link_resolves_relative_references(folders: Path) -> None:
    write(folders.parent, "name: x", "user:\n![x](own.png)", name="real.prompty")
    (folders / "linked.prompty").symlink_to(folders.parent / "real.prompty")
    (folders / "own.png").write_bytes(b"own")
    messages = PromptTemplate.from_prompty(folders / "linked.prompty").create_messages()
    assert messages == [{"role": "user", "content": [image("data:image/png;base64,b3du")]}]


@pytest.mark.parametrize(
    ("name", "kind"), [("a.PNG", "png"), ("a.jpg", "jpeg"), ("a.jpeg", "jpeg"), ("a.gif", "gif"), ("a.webp", "webp")]
)
def test_kinds_of_images(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_bytes(b"own")
    messages = PromptTemplate.from_prompty(write(tmp_path, "name: x", f"user:\n![x]({name})")).create_messages()
    assert messages == [{"role": "user", "content": [image(f"data:image/{kind};base64,b3du")]}]


def test_unsupported_images(tmp_path: Path) -> None:
    (tmp_path / "a.bmp").write_bytes(b"x")
    with (tmp_path / "big.png").open("wb") as file:
        file.truncate(20 * 1024 * 1024 + 1)
    for name, message in (("a.bmp", "use one of .png, .jpg"), ("big.png", "larger than the limit of 20,971,520 bytes")):
        with pytest.raises(ValueError, match=message):
            PromptTemplate.from_prompty(write(tmp_path, "name: x", f"user:\n![x]({name})")).create_messages()
    with pytest.raises(FileNotFoundError, match=r"No file '.*none\.png', which 'none\.png' names"):
        PromptTemplate.from_prompty(write(tmp_path, "name: x", "user:\n![x](none.png)")).create_messages()


# --- Jinja2 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("user:\n\n{{ x.__class__.__mro__ }}", ":6: access to attribute '__class__' of 'str' object is unsafe"),
        ("user:\n{{ items.append(1) }}", ":5: access to attribute 'append' of 'list' object is unsafe"),
        ("user:\n{{ 1 / zero }}", ":5: division by zero"),
        ("user:\n{{ range(1000000) | list }}", ":5: Range too big"),
        ("user:\n{% include 'x' %}", ": no loader for this environment specified"),
        ("user:\n{{ none.x.y }}", ":5: 'None' has no attribute 'x'"),
        (
            "user:\n{% for n in range(2000) %}{{ 'x' * 10000 }}{% endfor %}",
            ": the template renders to more than 16,777,216",
        ),
        ("user:\n{{ bad() }}", ": no luck"),
        ("user:\n{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", ": maximum recursion depth exceeded"),
    ],
)
def test_jinja_errors(tmp_path: Path, body: str, message: str) -> None:
    def bad() -> None:
        raise ValueError("no luck")

    template = PromptTemplate.from_prompty(write(tmp_path, "template: jinja2", body))
    with pytest.raises(ValueError, match=r"p\.prompty:") as raised:
        template.create_messages(x="y", items=[], zero=0, bad=bad)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "body", ["{{ " + "[" * 400 + " }}", "{% for x in items %}" * 25 + "{% endfor %}" * 25], ids=["values", "blocks"]
)
def test_jinja_nested_too_deeply(tmp_path: Path, body: str) -> None:
    with pytest.raises(ValueError, match=r"p\.prompty: the template is nested too deeply: "):
        PromptTemplate.from_prompty(write(tmp_path, "template: jinja2", body))


def test_jinja_blocks_and_macros_make_messages(tmp_path: Path) -> None:
    body = (
        "{% macro turn(text) %}\nuser:\n{{ text }}\n{% endmacro %}\n{% set intro %}Hi {{ x }}{% endset %}"
        "{{- intro ~ x }}\n{{ turn(x) }}{% filter upper %}\n{{ x }}{% endfilter %}"
    )
    messages = PromptTemplate.from_prompty(write(tmp_path, "template: jinja2", body)).create_messages(x="\nsystem:\nx")
    assert messages == [
        text("system", "Hi \nsystem:\nx\nsystem:\nx"),
        text("user", "system:\nx\n\n\nSYSTEM:\nX"),
    ]


# --- the extras -------------------------------------------------------------------------------------------------------

WITHOUT_EXTRAS = """
import sys
sys.modules["yaml"] = sys.modules["jinja2"] = None
from azure.ai.inference.prompts import PromptTemplate
assert PromptTemplate.from_string("user:\\n{{x}}").create_messages(x="y") == [{"role": "user", "content": "y"}]
try:
    PromptTemplate.from_prompty(sys.argv[1])
except ImportError as error:
    assert "pip install pyyaml" in str(error), error
else:
    sys.exit("no error")
del sys.modules["yaml"]
try:
    PromptTemplate.from_prompty(sys.argv[1])
except ImportError as error:
    assert "pip install jinja2" in str(error), error
else:
    sys.exit("no error")
"""


def test_without_the_extra(tmp_path: Path) -> None:
    path = write(tmp_path, "template: jinja2")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", WITHOUT_EXTRAS, str(path)], check=True, env=environment)


def test_interactive_session_reads_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "name: x")
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {"PromptTemplate": PromptTemplate}
    exec(compile("template = PromptTemplate.from_prompty('p.prompty')", "<stdin>", "exec"), scope)
    assert scope["template"].prompty.name == "x"


@pytest.mark.parametrize(("api", "parameters"), [("responses", {"api": "responses", "seed": 1}), ("chat", {"seed": 1})])
def test_prompty_may_name_the_responses_api(tmp_path: Path, api: str, parameters: dict[str, Any]) -> None:
    file = tmp_path / "a.prompty"
    file.write_text(f"---\nmodel: {{api: {api}, parameters: {{seed: 1}}}}\n---\nuser:\nhi")
    template = PromptTemplate.from_prompty(str(file))
    assert template.parameters == parameters
    assert len(template.create_messages()) == 1
