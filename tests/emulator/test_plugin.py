"""The pytest plugin, used as an application's tests would use it."""

from pathlib import Path

import pytest

from azure.ai.inference import emulator

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
def test_fresh(inference_endpoint, number):
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
    """Let a pytest in another folder find the package as this one does."""
    monkeypatch.setenv("PYTHONPATH", str(Path(emulator.__file__).parents[4]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # installed, it would be there already


@pytest.mark.parametrize(("options", "key"), [("", "local-emulator-key"), (OPTIONS, "of my own")])
def test_the_fixture(pytester: pytest.Pytester, options: str, key: str) -> None:
    pytester.makepyfile(APPLICATION.format(options=options, key=key))
    plugin = "azure.ai.inference.emulator.pytest_plugin"
    result = pytester.runpytest_subprocess("-p", plugin, "-p", "no:cacheprovider", "-W", "error", "-q")
    result.assert_outcomes(passed=4)


def test_the_plugin_costs_nothing_until_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import sys\ndef test_it():\n    assert 'aiohttp' not in sys.modules\n")
    result = pytester.runpytest_subprocess("-p", "azure.ai.inference.emulator.pytest_plugin", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
