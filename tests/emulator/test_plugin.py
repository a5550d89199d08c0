"""The pytest plugin, used as an application's tests would use it."""

import http.client
import re
from pathlib import Path

import pytest

from azure.ai.inference import emulator
from azure.ai.inference.emulator._transcript import transcript_lines, write_transcript

from .conftest import Caller

pytest_plugins = ["pytester"]

APPLICATION = """
import json, urllib.request
import pytest

{options}

def ask(endpoint):
    body = json.dumps({{"messages": [{{"role": "user", "content": "Hello"}}]}}).encode()
    headers = {{"api-key": endpoint.key, "content-type": "application/json"}}
    url = endpoint.url + "/v1/chat/completions"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as response:
        return json.load(response)["choices"][0]["message"]["content"], endpoint.url

seen = []

@pytest.mark.parametrize("number", range(3))
def test_each_test_gets_a_fresh_emulator(inference_endpoint, number):
    assert inference_endpoint.requests == ()
    inference_endpoint.reply(f"reply {{number}}")
    inference_endpoint.reply("left over")
    text, url = ask(inference_endpoint)
    assert text == f"reply {{number}}"
    assert len(inference_endpoint.requests) == 1
    seen.append(url)
    assert len(set(seen)) == 1

def test_settings(inference_endpoint):
    assert inference_endpoint.key == {key!r}
"""

OPTIONS = """
@pytest.fixture(scope="session")
def inference_endpoint_options():
    return {"key": "of my own"}
"""


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a pytest in another folder find the same package."""
    monkeypatch.setenv("PYTHONPATH", str(Path(emulator.__file__).parents[4]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # an installed plugin would be loaded already


PLUGIN = "pytest_azure_ai_inference"
FORMER = "azure.ai.inference.emulator.pytest_plugin"


@pytest.mark.parametrize("plugin", [PLUGIN, FORMER])
@pytest.mark.parametrize(("options", "key"), [("", "local-emulator-key"), (OPTIONS, "of my own")])
def test_fixture(pytester: pytest.Pytester, options: str, key: str, plugin: str) -> None:
    pytester.makepyfile(APPLICATION.format(options=options, key=key))
    result = pytester.runpytest_subprocess("-p", plugin, "-p", "no:cacheprovider", "-W", "error", "-q")
    result.assert_outcomes(passed=4)


def test_plugin_loads_nothing_until_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\n"
        "def test_it():\n"
        f"    assert {PLUGIN!r} in sys.modules\n"
        "    assert not {'azure.core', 'azure.ai.inference', 'aiohttp', 'requests'} & set(sys.modules)\n"
    )
    result = pytester.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", "-p", "no:asyncio")
    result.assert_outcomes(passed=1)


def test_both_names_are_one_plugin(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(f"pytest_plugins = [{FORMER!r}, {PLUGIN!r}]")
    pytester.makepyfile("def test_it(inference_endpoint):\n    assert not inference_endpoint.url\n")
    result = pytester.runpytest_subprocess("-p", PLUGIN, "-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(failed=1)
    assert [line for line in result.outlines if "- inference endpoint -" in line and "Captured" not in line][1:] == []


MARKED = """
import json, os, urllib.request
import pytest

def ask(endpoint, path="/v1/chat/completions", text="Hello"):
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    headers = {"api-key": endpoint.key, "content-type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(endpoint.url + path, body, headers), timeout=10).read()

@pytest.mark.inference_endpoint(dialect="mistral", token_rate=50, key="another key")
def test_with_the_marker(inference_endpoint):
    assert inference_endpoint.key == "another key"
    ask(inference_endpoint)

@pytest.mark.inference_endpoint(requests_kept=1, key="of the class")
class TestMarked:
    @pytest.mark.inference_endpoint(key="inner", latency=0.05)
    @pytest.mark.inference_endpoint(key="innermost")
    def test_marked_again(self, inference_endpoint):
        for _ in range(2):
            ask(inference_endpoint)
        [request] = inference_endpoint.requests
        assert inference_endpoint.key == "innermost"
        assert request.outcome.duration >= 0.05

def test_without_the_marker(inference_endpoint):
    assert inference_endpoint.key == "local-emulator-key"

def test_environment(inference_endpoint, inference_environment):
    assert os.environ["AZURE_AI_CHAT_ENDPOINT"] == inference_endpoint.url
    assert os.environ["OPENAI_BASE_URL"] == inference_endpoint.url + "/v1"
    assert os.environ["AZURE_OPENAI_ENDPOINT"] == os.environ["ANTHROPIC_BASE_URL"] == inference_endpoint.url
    assert os.environ["MISTRAL_API_KEY"] == os.environ["OPENAI_API_KEY"] == inference_endpoint.key
    assert dict(inference_environment).items() <= dict(os.environ).items()

def test_environment_is_restored():
    assert "OPENAI_BASE_URL" not in os.environ

@pytest.mark.inference_endpoint("mistral")
def test_invalid_marker_arguments(inference_endpoint):
    pass

def test_failure_report(inference_endpoint):
    inference_endpoint.reply("Sunny.", last="weather")
    ask(inference_endpoint, text=f"What {inference_endpoint.key}?")
    assert False, "by purpose"

@pytest.fixture
def application(inference_endpoint):
    ask(inference_endpoint, text="Are you there?")
    raise RuntimeError("cannot start")

def test_failure_report_of_a_fixture(application):
    pass

def test_outage(inference_endpoint):
    url = inference_endpoint.url
    inference_endpoint.stop()
    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=5)

def test_after_the_outage(inference_endpoint):
    ask(inference_endpoint)

@pytest.mark.inference_endpoint
def test_failure_report_without_requests(inference_endpoint):
    assert False, "by purpose"
"""


def test_marker_the_environment_and_the_report(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    pytester.makepyfile(MARKED)
    options = ("-p", PLUGIN, "-p", "no:cacheprovider", "-W", "error", "--strict-markers")
    result = pytester.runpytest_subprocess(*options)
    result.assert_outcomes(passed=7, failed=2, errors=2)
    result.stdout.fnmatch_lines(["*takes keyword arguments only, such as dialect='mistral'*"])
    result.stdout.fnmatch_lines(["*RuntimeError: cannot start", "*- inference endpoint -*", "* body: *Are you there?*"])
    result.stdout.fnmatch_lines(
        [
            "*- inference endpoint -*",
            "1. POST /v1/chat/completions -> 200 in * ms",
            "   body: {*What [*][*][*]?*}",
            "   answer: the emulator's own; nearest: reply 1 (last='weather'): the last message is 'What [*][*][*]?'",
            "error: request 1 has a credential in the body",
            "no requests arrived",
        ]
    )
    assert "local-emulator-key" not in "\n".join(result.outlines[-12:])
    pytester.runpytest_subprocess(*options, "--markers").stdout.fnmatch_lines(["@pytest.mark.inference_endpoint(*"])


def test_transcript() -> None:
    with emulator.Emulator(faults="429;cut:events=2;reset") as endpoint:
        caller = Caller(endpoint)
        caller.chat("Hello")
        endpoint.requests[0].outcome.wait()
        with pytest.raises(http.client.IncompleteRead):
            caller.chat("Hello", stream=True)
        with pytest.raises(OSError):
            caller.chat("Hello")
        for _ in range(18):
            caller.send("GET", "/v1/models")
        caller.post("/v1/chat/completions", b"no json \xff")
        caller.post("/v1/chat/completions", b"x" * 1000)
        text = re.sub(r"\d+ ms|\d\.\d\d s", "...", write_transcript(endpoint))
    lines = text.splitlines()
    assert lines[0] == "(3 earlier requests)"
    assert "23. POST /v1/chat/completions -> 400 in ..." in lines


def test_transcript_of_one_request() -> None:
    outcome = emulator.Outcome(id=7, status=200, streamed=True, events_sent=3, left_after=3, waited=0.5, attempt=2)
    request = emulator.RecordedRequest("POST", "/x", outcome=outcome)
    [head, answer] = transcript_lines(request)
    assert re.sub(r"\d+ ms", "...", head) == (
        "7. POST /x -> 200 in ..., 3 events, the caller left, still being answered, attempt 2 after 0.50 s"
    )
    assert answer == "   answer: the emulator's own"
    outcome.fault, outcome.cut, outcome.matched = emulator.Fault("cut"), True, "reply 1"
    assert "cut" in next(iter(transcript_lines(request)))
    assert list(transcript_lines(request))[-1] == "   answer: fault cut on reply 1"
    outcome.fault, outcome.source = emulator.Fault("429"), "fault"
    assert list(transcript_lines(request))[-1] == "   answer: fault 429"
