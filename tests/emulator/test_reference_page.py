"""The emulator's reference page is accurate: its tests pass, its files load, its commands exist."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.emulator.__main__ import _parser
from azure.ai.inference.emulator._control_operations import OPERATIONS
from azure.ai.inference.emulator._fault import parse_faults
from azure.ai.inference.emulator._script import load_script
from azure.ai.inference.models import UserMessage

from .conftest import LOCAL, Caller

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "emulator.md"
TEXT = PAGE.read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S)


def functions() -> list[str]:
    return re.findall(r"def (test_\w+)", "".join(blocks("python")))


@pytest.mark.parametrize("name", functions())
def test_documented_tests_pass(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {"ChatCompletionsClient": ChatCompletionsClient, "UserMessage": UserMessage}
    exec("\n".join(blocks("python")), names)
    marks = {mark.name: mark.kwargs for mark in getattr(names[name], "pytestmark", [])}
    arguments = re.search(rf"def {name}\((.*?)\)", TEXT)
    assert arguments
    with Emulator(**marks.get("inference_endpoint", {})) as endpoint:
        given: dict[str, Any] = {"inference_endpoint": endpoint}
        if "inference_environment" in arguments[1]:
            given["inference_environment"] = endpoint.environment
            for variable, value in endpoint.environment.items():
                monkeypatch.setenv(variable, value)
        names[name](**given)


def test_documented_script_loads(tmp_path: Path) -> None:
    [script] = blocks("yaml")
    path = tmp_path / "script.yaml"
    path.write_text(script, "utf-8")
    assert len(load_script(path)) == 6
    with Emulator(script=path) as endpoint:
        caller = Caller(endpoint)
        assert caller.chat("x").text == "Hello from a script"
        assert caller.chat("The weather?").text == "It is sunny in Oslo."
        assert caller.chat("x", path=LOCAL, user="blue-7", temperature=0).text == "For the blue team."
        assert caller.chat("Coffee, please").status == 418


def test_documented_cassette_plays(tmp_path: Path) -> None:
    [cassette] = blocks("json")
    path = tmp_path / "tape.json"
    path.write_text(cassette, "utf-8")
    with Emulator(cassette=path) as endpoint:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        got = Caller(endpoint).post(LOCAL, body)
        assert [chunk["choices"][0]["delta"] for chunk in got.chunks] == [{"content": "Hello"}, {}]
        assert Caller(endpoint).send("GET", "/v1/models").body == {"object": "list", "data": []}


def test_documented_environment_variables() -> None:
    with Emulator() as endpoint:
        known = endpoint.environment
        shown = re.findall(r"(\w+)=(\S+)", "".join(line for line in blocks("bash") if "export" in line))
        assert len(shown) == 10
        for name, value in shown:
            assert known[name] == value.replace("http://127.0.0.1:8484", endpoint.url)


def test_documented_commands() -> None:
    commands = [line for block in blocks("bash") for line in block.splitlines() if line.startswith("python -m")]
    assert len(commands) == 3
    for command in commands:
        _parser("emulator").parse_args(shlex.split(command)[3:])


def test_documented_faults() -> None:
    [table] = re.findall(r"^\| Fault \|.*?\n\n", TEXT, re.M | re.S)
    faults = re.findall(r"^\| `(.+?)` \|", table, re.M)
    assert len(faults) == 8
    for fault in faults:
        assert parse_faults(fault)


def test_documented_control_operations() -> None:
    [table] = re.findall(r"^\| Operation, .*?\n\n", TEXT, re.M | re.S)
    shown = set(re.findall(r"(/[a-z{}/]+)", " ".join(row.split("|")[1] for row in table.strip().splitlines())))
    known = {operation.path.removesuffix("/{id}") for operation in OPERATIONS} - {"/session"}
    assert known <= shown | {"/faults", "/replies"}
    assert shown - {"/_emulator"} <= {operation.path for operation in OPERATIONS}


def test_pictures_exist() -> None:
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', TEXT)
    assert len(pictures) == 2
    for picture in pictures:
        assert (PAGE.parent / picture).stat().st_size < 200_000
    assert json.loads(blocks("json")[0])["version"] == 2
