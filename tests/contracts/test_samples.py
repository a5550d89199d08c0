"""Every sample runs in its own process, with warnings as errors, without a key and without a network."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"

OUTPUT = {
    "sample_chat_completions.py": r"5,280 feet.*\n\d+ tokens by \S+",
    "sample_chat_completions_from_raw_request.py": r"(There are 5,280 feet.*\n){3}",
    "sample_chat_completions_streaming.py": r"exercise every day.*\n\d+ tokens",
    "sample_chat_completions_streaming_with_tools.py": r"The model called 1 function\(s\)\n.*CD123",
    "sample_chat_completions_with_audio.py": r"1 audio clip.*What do you hear",
    "sample_chat_completions_with_claude.py": r"It thought: The user.*\nIt answers: .*14 degrees.*\n\d+ tokens",
    "sample_chat_completions_with_defaults.py": r"quasar.*\n.*\.\.\. \(cut at 5 tokens\)\n.*quasar",
    "sample_chat_completions_with_entra_id.py": r"5,280 feet",
    "sample_chat_completions_with_history.py": r"Paris(.*\n)+The conversation has 7 messages",
    "sample_chat_completions_with_image.py": r"1 image.*What is in this image",
    "sample_chat_completions_with_json_schema.py": r'\{\n  "title": "\w+',
    "sample_chat_completions_with_model_extras.py": r'"top_k": 80, "safe_mode": true.*\n.*unexpected',
    "sample_chat_completions_assembled_stream.py": r"1 2 3 (.*\n)The answer has 50 characters.*\n\d+ tokens",
    "sample_chat_completions_with_mistral.py": r"sky.*\n1 2 3 4 5",
    "sample_chat_completions_with_other_apis.py": r"gpt-5-codex: .*14 degrees in Rome.*\nclaude-sonnet-5: .*14 degrees",
    "sample_chat_completions_with_rate_limits.py": r"Request \S+, .*\n59 of 60 (.*\n)+Refused with status 400",
    "sample_chat_completions_with_reasoning.py": r"It thought: The user.*\nIt answers: 17 times 3 = 51\n.*= 51",
    "sample_chat_completions_with_types_and_tools_async.py": r"The tool says: 14 degrees in Rome\nCoat: \w+, because",
    "sample_chat_completions_with_structured_output.py": r"\w+\n\w+, .*\n1\. .* \(\d+ minutes\)",
    "sample_chat_completions_with_tools.py": r'The tool returned \{"flight": "CD123".*\n.*CD123',
    "sample_chat_completions_with_tools_by_hand.py": r"The model calls next_flight with .*Rome.*\n.*CD123",
    "sample_conversation.py": r"emulator answers(.*\n)+model: Your name is Ada\.\n(.*\n)+model: 1 2 3 4 5",
    "sample_azure_openai.py": r"(There are 5,280 feet.*\n)+2 embeddings of 256 numbers",
    "sample_embeddings.py": r"The painters of France: \d+ numbers(.*\n)+\d+ tokens by \S+",
    "sample_complete_many.py": r"How many feet are in 50 miles\? .*\n50 answered, \d+ tokens",
    "sample_many_rows.py": r"3 rows, 3 answered, 0 failed, 0 skipped.*\n3 rows, 0 answered, 0 failed, 3 skipped.*\nr1 ",
    "sample_provider_batches.py": r"validating 5 rows\n.*5 answered, 0 failed.*\nmiles-1 ",
    "sample_embeddings_base64.py": r"base64: came as str, reads as \d+ numbers of type 'f'",
    "sample_embeddings_batches.py": r"1000/1000\n?.*\n?.*\d+ numbers, \d+ tokens",
    "sample_embeddings_numpy.py": r"0\.\d+ Claude Monet painted water lilies",
    "sample_embeddings_with_entra_id.py": r"a text: \d+ numbers\nan image: \d+ numbers",
    "sample_endpoints.py": r"<ChatCompletionsClient https://contoso.services.ai.azure.com/openai/v1>\n(.*\n)+.*/models>",
    "sample_get_model_info.py": r"\S+, chat-completion, by \S+",
    "sample_image_embeddings.py": r"\d+ numbers each; .*: 0\.\d+",
    "sample_load_client.py": r"ChatCompletionsClient for \S+\n.*5,280 feet",
    "sample_prompt_from_prompty.py": r"system: 'You work at the Grand Hotel(.*\n)+You said: \"When is breakfast",
    "sample_prompt_from_string.py": r"(.*\n)+assistant: You can leave your luggage(.*\n)+You said",
    "sample_send_request.py": r"^\S+$",
    "sample_test_an_application.py": r"3 passed",
    "sample_tracing_azure_monitor.py": r"5,280 feet.*\nLook for operation [0-9a-f]{32} in Application Insights",
    "sample_tracing_console.py": r'"gen_ai.usage.output_tokens": \d+(.*\n)+.*"name": "my own work"',
    "sample_tracing_content_recording.py": r"is off:(.*\n)+.*is on:(.*\n)+.*output.messages: .*5,280",
    "sample_tracing_metrics.py": r"operation.duration : 4 values(.*\n)+.*time_to_first_chunk : 2 values",
    "sample_chat_completions_async.py": r"5,280 feet.*\n.*quasar.*\n.*Faust",
    "sample_chat_completions_streaming_async.py": r"\bsea\b",
    "sample_chat_completions_streaming_with_tools_async.py": r"The model called 1 function\(s\)\n.*14 degrees in Rome",
    "sample_chat_completions_with_entra_id_async.py": r"5,280 feet",
    "sample_azure_openai_async.py": r"(There are 5,280 feet.*\n)+2 embeddings of 256 numbers",
    "sample_embeddings_async.py": r"0\.\d+ Claude Monet painted water lilies",
    "sample_embeddings_batches_async.py": r"1000 of 1000\n1000 embeddings, \d+ tokens by \S+",
    "sample_embeddings_with_entra_id_async.py": r"a text: \d+ numbers\nan image: \d+ numbers",
    "sample_image_embeddings_async.py": r"image 0: \d+ numbers\nimage 1: \d+ numbers",
    "sample_load_client_async.py": r"ChatCompletionsClient for \S+\n.*5,280 feet",
    "sample_load_test_async.py": r"20 streams, \d{3,} updates",
    "sample_prompt_image_async.py": r"user: \[\{'type': 'text'(.*\n)+I received 1 image",
}
"""The relevant part of what each sample prints."""


def samples() -> list[Path]:
    return sorted([*SAMPLES.glob("*.py"), *SAMPLES.glob("async_samples/*.py")])


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a sample: no endpoint, no key, and dead proxies except for this machine."""
    dead = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    local = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PYTHONPATH": str(ROOT), "STREAMS": "20"}
    left_out = ("AZURE_", "PYTEST_", "COVERAGE_")  # measuring coverage takes half as long again, and covers nothing new
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, **dead, **local, **extra}


SET_UP_THEIR_PROCESS = re.compile("sample_(tracing|test_an_application)")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The output of the samples that can share a process."""
    folder = tmp_path_factory.mktemp("samples")
    together = [path for path in samples() if not SET_UP_THEIR_PROCESS.match(path.name)]
    program = Path(__file__).with_name("run_samples.py")
    command = [sys.executable, "-W", "error", program, folder / "results.json", *together]
    subprocess.run(command, stdin=subprocess.DEVNULL, cwd=folder, env=environment(), check=True, timeout=300)
    return json.loads((folder / "results.json").read_text("utf-8"))


def run(path: Path, folder: Path, **extra: str) -> "subprocess.CompletedProcess[str]":
    """Run a sample from another folder; one that consists of tests, with pytest."""
    command = [sys.executable, "-W", "error", str(path)]
    if path.name == "sample_test_an_application.py":
        plugin = "azure.ai.inference.emulator.pytest_plugin"
        extra["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # an installed plugin would be loaded already
        command[3:3] = [
            "-m",
            "pytest",
            "-p",
            plugin,
            "-p",
            "no:cacheprovider",
            "-c",
            os.devnull,
            "--rootdir",
            str(folder),
        ]
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        cwd=folder,
        env=environment(**extra),
        check=False,
    )


@pytest.mark.parametrize("path", samples(), ids=lambda path: str(path.name))
def test_sample_runs_and_says_something(path: Path, results: Any, tmp_path: Path) -> None:
    done = results.get(path.name)
    if done is None:
        alone = run(path, tmp_path)
        done = {"status": alone.returncode, "out": alone.stdout, "err": alone.stderr}
    assert (done["status"], done["err"]) == (0, ""), done
    assert re.search(OUTPUT[path.name], done["out"]), done["out"]


def test_sample_uses_the_endpoint_of_the_environment(tmp_path: Path) -> None:
    with Emulator(key="a key") as local:
        said = {"AZURE_AI_CHAT_ENDPOINT": local.url, "AZURE_AI_CHAT_KEY": "a key", "AZURE_AI_CHAT_MODEL": "mine"}
        done = run(SAMPLES / "sample_chat_completions.py", tmp_path, **said)
        assert done.returncode == 0, done.stderr
        assert [request.body["model"] for request in local.requests] == ["mine"]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"AZURE_AI_CHAT_KEY": "another"}, r"No answer from http://127\.0\.0\.1:\d+: \(401\) Auth.*"),
        ({"AZURE_AI_CHAT_KEY": ""}, r"AZURE_AI_CHAT_KEY is not set: it is the key of http://127\.0\.0\.1:\d+\."),
        (
            {"AZURE_AI_CHAT_KEY": "a key", "AZURE_AI_CHAT_ENDPOINT": "https://no-such-host.invalid", "no_proxy": "*"},
            r"No answer from https://no-such-host\.invalid: .*no-such-host\.invalid.*",
        ),
        ({"AZURE_AI_CHAT_KEY": "a key", "AZURE_AI_CHAT_ENDPOINT": "contoso"}, r"No answer from contoso: .*not a URL.*"),
        (
            {"AZURE_AI_CHAT_KEY": "a key", "AZURE_AI_CHAT_ENDPOINT": "https://contoso.openai.azure.com"},
            r"No answer from https://contoso\.openai\.azure\.com: .*model.*",
        ),
    ],
    ids=["wrong key", "no key", "wrong host", "no URL", "no model"],
)
def test_conversation_without_an_answer_ends_with_a_line(said: dict[str, str], line: str, tmp_path: Path) -> None:
    with Emulator(key="a key") as local:
        done = run(SAMPLES / "sample_conversation.py", tmp_path, **{"AZURE_AI_CHAT_ENDPOINT": local.url, **said})
    assert done.returncode == 1
    assert re.fullmatch(f"{line}\n", done.stderr), done.stderr


def test_every_sample_has_expected_output() -> None:
    assert set(OUTPUT) == {path.name for path in samples()}


@pytest.mark.parametrize("path", samples(), ids=lambda path: str(path.name))
def test_sample_says_how_to_run_it(path: Path) -> None:
    text = path.read_text("utf-8")
    assert path.relative_to(ROOT).as_posix() in text
    assert (path.parent.name == "async_samples") == path.name.endswith("_async.py")
