"""Take the screenshots of the emulator's page for README and docs: ``python tests/emulator/picture.py``.

Needs Chromium and selenium; pngquant, if installed, reduces the files to a third.
"""

import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from tests.emulator.browser import Browser
from tests.emulator.conftest import DEPLOYMENT, LOCAL, Caller

DOCS = Path(__file__).parents[2] / "docs"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
    },
}
CONVERSATION: list[Any] = [
    {"role": "system", "content": "You are a travel agent. Check the weather before you recommend anything."},
    {"role": "user", "content": "I have one day in Oslo tomorrow. What should I do?"},
    {
        "role": "assistant",
        "tool_calls": [
            {
                "id": "call_7f2a",
                "type": "function",
                "function": {"name": "get_weather", "arguments": '{"city": "Oslo", "days": 1}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_7f2a", "content": '{"sky": "clear", "high": 21, "wind": 3}'},
]
ADVICE = (
    "Oslo will be clear and 21 degrees tomorrow, so a light jacket is enough for the evening. Take the ferry to "
    "Hovedøya in the morning, when it is quiet, and walk the ramparts of Akershus after lunch. If you have an hour "
    "left, the roof of the opera is open to everyone"
)
THOUGHTS = "The tool reports clear skies and a high of 21 °C. The user wants a plan, so weather first, then two places."


def serve(endpoint: Emulator) -> None:
    """Send the requests of an application in trouble."""
    caller = Caller(endpoint)
    endpoint.reply(Reply(None, tool_calls=[ToolCall("get_weather", {"city": "Oslo", "days": 1})]), last="Oslo")
    caller.chat(*CONVERSATION[:2], path=LOCAL, model="gpt-4o", tools=[TOOL])
    caller.post("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["Fjords of Norway"]})
    endpoint.fault("cut:events=6")
    with suppress(Exception):
        caller.chat("Which museums are open on Mondays?", path=LOCAL, model="gpt-4o", stream=True)
    caller.chat("Plan three days in Bergen", path=LOCAL, model="gpt-4o", temperature=9)
    caller.chat("Where can I rent a bicycle?", path=DEPLOYMENT)
    endpoint.fault("429:times=2,wait=0.4")
    for wait in (0.45, 0.42, 0.2):
        caller.chat("Summarize the reviews of these hotels", path=LOCAL, model="gpt-4o", stream=True)
        time.sleep(wait)
    endpoint.reply(Reply(ADVICE, reasoning=THOUGHTS), last="clear")


def stream(endpoint: Emulator) -> None:
    """Request a stream that is in progress while the screenshot is taken."""
    caller = Caller(endpoint)
    with suppress(Exception):
        caller.chat(*CONVERSATION, path=LOCAL, model="gpt-4o", tools=[TOOL], stream=True)


def draw(browser: Browser, scheme: str) -> None:
    """Take one screenshot."""
    with Emulator(ui=True) as endpoint:
        serve(endpoint)
        endpoint._session.adjust(endpoint._session.live_settings.changed({"token_rate": 24}))
        thread = threading.Thread(target=stream, args=(endpoint,), daemon=True)
        thread.start()
        browser.size(1280, 820, scheme, scale=1.5)
        browser.open(endpoint.ui_url)
        newest = "#rows [data-tone='open']"
        browser.wait(lambda: browser.count(newest))
        browser.run(f"document.querySelector({newest!r}).closest('.row').click()")
        browser.wait_for("ramparts", "#detail")
        path = DOCS / f"emulator-{scheme}.png"
        browser.driver.save_screenshot(str(path))
    if shutil.which("pngquant"):
        subprocess.run(["pngquant", "--force", "--strip", "--speed", "1", "--output", path, "64", path], check=True)


if __name__ == "__main__":
    window = Browser()
    try:
        for one in ("light", "dark"):
            draw(window, one)
    finally:
        window.close()
