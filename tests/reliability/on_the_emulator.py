"""The emulator's faults: each kind, with each of its options."""

from collections.abc import Iterator
from typing import Final

from .case import SILENT, Case, Emulated, answered, refused


def on_the_emulator() -> Iterator[Case]:
    """Return the cases in order."""
    yield from _statuses()
    yield from _breaks()
    yield from _streams()
    yield from _answers()


COUNT: Final = "1 2 3 4"
"""Its answer to the prompt."""
TIMEOUT: Final = "ResponseTimeoutError"


def _statuses() -> Iterator[Case]:
    group = "Emulator: statuses"
    for status in ("408", "500", "502", "503", "504", "529"):
        yield answered(group, status, Emulated(status), text=COUNT, attempts=2)
    for says, wait in {"retry-after": 1, "date": 2, "retry-after-ms": 1, "x-ms-retry-after-ms": 2}.items():
        fault = f"429:wait={wait},says={says}"
        least = wait - 1 if says == "date" else wait  # it has whole seconds
        yield answered(group, fault, Emulated(fault), text=COUNT, attempts=2, least=least)
    for says in ("x-ratelimit-timeremaining", "message", "nothing"):
        yield answered(group, f"429:says={says}", Emulated(f"429:says={says}"), text=COUNT, attempts=2)
    finals = {"401": "AuthenticationError", "403": "AuthenticationError", "418": "InferenceError"}
    for fault, error in finals.items():
        yield refused(group, fault, Emulated(fault), error, kept={"status": int(fault)})
    yield refused(group, "expired-token", Emulated("expired-token"), "AuthenticationError", kept={"status": 401})
    always, kept = Emulated("503:every=1,message=overloaded"), {"status": 503}
    yield refused(group, "503 without end", always, "InferenceError", says="overloaded", kept=kept, attempts=4)


def _breaks() -> Iterator[Case]:
    group = "Emulator: breaks"
    yield answered(group, "reset (answer)", Emulated("reset"), text=COUNT, attempts=2)
    yield Case(group, "reset (stream)", Emulated("reset"), text=COUNT, attempts=2)
    for fault in ("reset:events=0,every=1", "cut:every=1", "cut:byte=10,every=1"):
        yield refused(group, f"{fault} (answer)", Emulated(fault), "IncompleteResponseError", attempts=4)
    texts = {"reset:events=3": "1 2", "cut": "", "cut:events=0": "", "cut:events=3": "1 2", "cut:byte=600": "1"}
    for fault, text in {**texts, "cut:byte=0": ""}.items():
        kept = {"partial answer": text} if text else {}
        error = "IncompleteStreamError"
        yield Case(group, f"{fault} (stream)", Emulated(fault), text=text, error=error, kept=kept)
    for fault in ("stall:every=1", "slow:seconds=9,every=1"):
        yield refused(group, f"{fault} (answer)", Emulated(fault), TIMEOUT, read_timeout=SILENT)
    for fault, text in {"stall": "", "stall:events=3": "1 2"}.items():
        yield Case(group, f"{fault} (stream)", Emulated(fault), text=text, error=TIMEOUT, read_timeout=SILENT)


def _streams() -> Iterator[Case]:
    group = "Emulator: streams"
    for fault in ("slow", "keep-alive", "keep-alive:seconds=0.02", "stall:seconds=0.1"):
        yield Case(group, fault, Emulated(fault), text=COUNT)
    for says in ("json", "utf-8", "list"):
        fault = f"malformed:says={says},events=3"
        yield Case(group, fault, Emulated(fault), text="1 2", error="ResponseDecodeError")
    for says in ("data", "event", "flat", "line"):
        fault = f"error:says={says},events=3,message=overloaded"
        yield Case(group, fault, Emulated(fault), text="1 2", error="InferenceError", says="overloaded")
    fault = "error:says=finish,events=3"
    yield Case(group, fault, Emulated(fault), text="1 2")


def _answers() -> Iterator[Case]:
    group, error = "Emulator: other answers", "ResponseDecodeError"
    for fault in ("html", "empty"):
        yield refused(group, f"{fault} (answer)", Emulated(fault), error)
    for fault in ("html", "empty"):
        yield Case(group, f"{fault} (stream)", Emulated(fault), text="", error=error)
    for fault in ("html:status=502", "empty:status=503"):
        yield answered(group, fault, Emulated(fault), text=COUNT, attempts=2)
    always, kept = Emulated("html:status=502,every=1"), {"status": 502}
    name = "html:status=502 without end"
    yield refused(group, name, always, "InferenceError", says="Bad Gateway", kept=kept, attempts=4)
    yield refused(group, "redirect", Emulated("redirect"), "InferenceError", kept={"status": 307}, secret=True)
