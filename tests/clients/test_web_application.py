"""The README's web application: when its caller leaves or times out, the stream from the model is closed."""

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from azure.ai.inference import aio
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import UserMessage

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
[RECIPE] = [block for block in re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S) if "FastAPI(" in block]


@pytest.fixture(name="model")
def serve_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator() as endpoint:
        monkeypatch.setenv("AZURE_AI_CHAT_ENDPOINT", f"{endpoint.url}/openai/v1")
        monkeypatch.setenv("AZURE_AI_CHAT_KEY", endpoint.key)
        monkeypatch.setenv("AZURE_AI_CHAT_MODEL", "gpt-4.1-mini")
        yield endpoint


@contextmanager
def application(recipe: str) -> Iterator[http.client.HTTPConnection]:
    """Run the application in a thread, and return a connection to it."""
    names: dict[str, Any] = {"aio": aio, "UserMessage": UserMessage}
    exec(compile(recipe, "README.md", "exec", dont_inherit=True), names)
    settings = uvicorn.Config(names["app"], port=0, log_level="critical", ws="none", timeout_graceful_shutdown=5)
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        connection = http.client.HTTPConnection(*server.servers[0].sockets[0].getsockname()[:2], timeout=10)
        try:
            yield connection
        finally:
            connection.close()
    finally:
        server.should_exit = True
        thread.join(10)
    assert not thread.is_alive()


def wait_until(done: Callable[[], object]) -> None:
    ends = time.monotonic() + 10
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.005)


def test_answer_is_forwarded(model: Emulator) -> None:
    model.reply("It is sunny.")
    with application(RECIPE) as browser:
        browser.request("GET", "/chat?question=Hello")
        assert browser.getresponse().read() == b"It is sunny."
    assert not model.requests[0].outcome.caller_left


def test_disconnected_browser_closes_the_stream(model: Emulator) -> None:
    model.reply("It is sunny and warm in Rome today.")
    model.fault("stall:events=3")
    with application(RECIPE) as browser:
        browser.request("GET", "/chat?question=Hello")
        answer = browser.getresponse()
        assert answer.read(2)
        assert not model.requests[0].outcome.caller_left
        answer.close()
        browser.close()
        wait_until(lambda: model.requests[0].outcome.caller_left)


def test_deadline_for_a_silent_model(model: Emulator) -> None:
    model.reply("It is sunny and warm in Rome today.")
    model.fault("stall:events=3")
    with application(RECIPE.replace("timeout=60", "timeout=0.3")) as browser:
        browser.request("GET", "/chat?question=Hello")
        with pytest.raises(http.client.IncompleteRead):
            browser.getresponse().read()
        wait_until(lambda: model.requests[0].outcome.caller_left)
