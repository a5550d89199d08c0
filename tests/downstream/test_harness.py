"""The foundation of the framework tests: checks fail when they should, and every framework is documented."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .environments import ROOT
from .frameworks import FRAMEWORKS, HERE, Framework

PROGRAM = """
from checks import Checks
from azure.ai.inference import ChatCompletionsClient

class Sound(Checks):
    def test_passes(self):
        client = ChatCompletionsClient(self.url, self.key)
        client.complete(messages=[{"role": "user", "content": "hi"}])
        self.assertEqual(self.asked["messages"][0]["content"], "hi")

    def test_fails(self):
        print("printed")
        self.assertEqual(1, 2)

    async def test_raises(self):
        ChatCompletionsClient(self.url, "another").complete(messages=[{"role": "user", "content": "hi"}])

    def test_leaves_the_machine(self):
        import socket
        socket.create_connection(("example.com", 443))

class Broken(Checks):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("no server")

    def test_never_runs(self):
        pass
"""
GUIDE = (ROOT / "docs" / "migration_from_azure_ai_inference.md").read_text("utf-8")
every_framework = pytest.mark.parametrize("one", FRAMEWORKS, ids=lambda one: one.name)


def test_results_reported_by_checks(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, str(HERE / "run.py"), str(tmp_path / "program.py")]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    package, *lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert package["version"]
    found = {line["check"]: line for line in lines}
    outcomes = {name: line["passed"] for name, line in found.items()}
    refused = {"test_fails": False, "test_raises": False, "test_leaves_the_machine": False, None: False}
    assert outcomes == {"test_passes": True, **refused}
    assert "1 != 2" in found["test_fails"]["problem"]
    assert "printed" in found["test_fails"]["output"]
    assert "401" in found["test_raises"]["problem"]
    assert "is not this machine" in found["test_leaves_the_machine"]["problem"]
    assert "no server" in found[None]["problem"]


@every_framework
def test_lock_contains_the_requirements(one: Framework) -> None:
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)$", one.lock.read_text(), re.M))
    assert "azure-ai-inference" not in locked
    for requirement in one.requirements:
        name, _, release = re.sub(r"\[.*\]", "", requirement).partition("==")
        name = re.split(r"[<>]", name)[0]
        assert name in locked
        assert locked[name] == (release or locked[name])


@every_framework
def test_migration_guide_names_the_release(one: Framework) -> None:
    name, _, release = re.sub(r"\[.*\]", "", one.requirements[0]).partition("==")
    assert f"| {name} | {release} |" in GUIDE


@every_framework
def test_check_names_are_unique(one: Framework) -> None:
    assert len(one.checks) > 5
    assert len(set(one.checks)) == len(one.checks)
