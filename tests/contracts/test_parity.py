"""The two shells say the same: the asynchronous one, translated to synchronous, is the synchronous one.

A difference that the tables below do not name fails, on whichever side it is. A table entry that nothing uses fails
too, so the tables stay as short as they are true.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import azure.ai.inference

PACKAGE = Path(azure.ai.inference.__file__).parent

EVERYWHERE = {
    r"\ban `async with`": "a `with`",
    r"\basync (?=def|for|with)": "",
    r"\bawait ": "",
    r"\basynchronous\b": "synchronous",
    r"\bAsync(?=\w*(?:StreamingChatCompletions|EmbeddingBatches|PipelineClient|HttpResponse)\b)": "",
    r"\bAsync(?=\w*(?:Credential|Iterator)\b)": "",
    r"\bStopAsyncIteration\b": "StopIteration",
    r"\b__a(?=(?:enter|exit|iter|next)__)": "__",
    r"\baclose\b": "close",
    r"\bLoopTransport\b": "SyncTransport",
    r"\bfrom \.\.(?=\w)": "from .",
    r"\busable in several event loops one after\s+the other\b": "safe to share between threads",
    r"\bshared between tasks\b": "shared between threads",
    r"(?m)^    close = aclose\n\n": "",
    r"\bAwaitable\[EmbeddingsResult\]": "EmbeddingsResult",
    r"\b(?<=Iterator, )Awaitable, ": "",
    r"\bcancel those under way\b": "wait for those under way",
    r"\bPERF401\b": "PERF402",
    r"(?m)^from \._lock import Lock$": "from threading import Lock",
}
"""What is said differently: a pattern of the asynchronous shell, and what stands there in the synchronous one."""

FILES = ("_client.py", "_base_client.py", "_stream.py", "_embedding_batches.py")


def to_sync(source: str) -> str:
    for pattern, replacement in EVERYWHERE.items():
        source = re.sub(pattern, replacement, source)
    return source


def unwrapped(source: str) -> str:
    """Join lines of prose, which are broken elsewhere where words differ in length."""
    return re.sub(r'(""")(.*?)(""")', lambda match: " ".join(match[0].split()), source, flags=re.S)


def formatted(source: str) -> str:
    """Break and sort code as the linter does, for the same reason; a trailing comma must not keep a line broken."""
    source = re.sub(r",(\s*[)\]}])", r"\1", source)
    for command in (["check", "--select=I", "--fix"], ["format"]):
        run = [ruff(), *command, "--isolated", "--line-length=120", "--quiet", "--stdin-filename=azure/shell.py", "-"]
        source = subprocess.run(run, input=source, capture_output=True, text=True, check=True).stdout
    return source


def ruff() -> str:
    found = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    assert found, "the parity test formats with ruff: pip install -r dev_requirements.txt"
    return found


@pytest.mark.parametrize("name", FILES)
def test_the_shells_are_translations_of_each_other(name: str) -> None:
    translated = formatted(to_sync(unwrapped((PACKAGE / "aio" / name).read_text("utf-8"))))
    assert translated == formatted(unwrapped((PACKAGE / name).read_text("utf-8")))


@pytest.mark.parametrize("pattern", EVERYWHERE)
def test_every_entry_is_needed(pattern: str) -> None:
    assert any(re.search(pattern, (PACKAGE / "aio" / name).read_text("utf-8")) for name in FILES)


@pytest.mark.parametrize(
    "change",
    [
        ("        self._client.close()", "        self._client.close()\n        self._closed = True"),
        ("        return self\n", "        return None\n"),
        ("Close the connections,", "Shut the connections,"),
    ],
)
def test_a_change_on_one_side_is_seen(change: tuple[str, str]) -> None:
    source = (PACKAGE / "_base_client.py").read_text("utf-8")
    changed = source.replace(*change)
    assert changed != source
    assert formatted(unwrapped(changed)) != formatted(unwrapped(source))
