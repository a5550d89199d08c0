"""Generate the synchronous shell from the asynchronous one.

`aio/` is written by hand. This script translates the files that differ only in their words, so that the two worlds
cannot drift; transport, body and connections differ by nature and are written twice. Run it after a change in `aio/`:

    python scripts/generate_sync.py            # write the synchronous files
    python scripts/generate_sync.py --check    # write nothing; exit with 1 if a file is out of date
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "azure/ai/inference"
FILES = ("_client.py", "_base_client.py", "_stream.py", "_embedding_batches.py", "_batch_client.py")

WORDS = {
    r"\ban `async with`": "a `with`",
    r"\basync (?=def|for|with)": "",
    r"\bawait ": "",
    r"(?m)^\n    close = aclose\n": "",
    r"\bAwaitable\[(EmbeddingsResult)\]": r"\1",
    r", Awaitable, ": ", ",
    r"\bcancel those in flight\b": "wait for those in flight",
    r"\bPERF401\b": "PERF402",
    r"\basynchronous(ly)?\b": r"synchronous\1",
    r"\bbetween tasks, and usable in several event loops, one after another\b": "between threads",
    r"\b(share|shared) between tasks\b": r"\1 between threads",
    r"\bAsync(?=\w*(?:StreamingChatCompletions|ManyCompletions|EmbeddingBatches|PipelineClient|HttpResponse)\b)": "",
    r"\bAsync(?=\w*(?:Credential|Iterator|Generator)\b)": "",
    r"\bStopAsyncIteration\b": "StopIteration",
    r"\b__a(?=(?:enter|exit|iter|next)__)": "__",
    r"\banext\(": "next(",
    r"\baclose\b": "close",
    r"\bLoopTransport\b": "SyncTransport",
    r"\bazure\.ai\.inference\.aio\b": "azure.ai.inference",
    r"\bfrom \.\.": "from .",
}
"""The differences: patterns in the asynchronous shell, and their replacements in the synchronous one."""


def translate(source: str, name: str) -> str:
    """Return the synchronous form of a file of `aio/`.

    :param source: The asynchronous file.
    :param name: Its name, for the remark at the head.
    """
    for pattern, word in WORDS.items():
        source = re.sub(pattern, word, source)
    head = f"# Generated from aio/{name} by scripts/generate_sync.py. Edit that file, then run the script.\n"
    return _formatted(head + source, name)


def _formatted(source: str, name: str) -> str:
    """Sort the imports and break the lines as ruff does, since the words differ in length."""
    # A trailing comma would keep a line broken. One within a line has a meaning: `(one,)`, `{number:,}`.
    source = re.sub(r",(\s*\n\s*[)\]}])", r"\1", source)
    settings = ["--isolated", "--line-length=120", "--quiet", "--stdin-filename=azure/shell.py", "-"]
    for command in (["check", "--select=I", "--fix"], ["format"]):
        run = subprocess.run([_ruff(), *command, *settings], input=source, capture_output=True, encoding="utf-8")
        if run.returncode:
            sys.exit(f"{name} cannot be formatted: {run.stderr}")
        source = run.stdout
    return source


def _ruff() -> str:
    found = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if found is None:
        sys.exit("The script formats with ruff: pip install -r dev_requirements.txt")
    return found


def stale(package: Path) -> Iterator[tuple[Path, str]]:
    """Find the synchronous files that differ from what the asynchronous ones generate.

    :param package: The folder of `azure.ai.inference`.
    :return: Each such file, and what it should contain.
    """
    for name in FILES:
        path = package / name
        due = translate((package / "aio" / name).read_text("utf-8"), name)
        if not path.exists() or path.read_text("utf-8") != due:
            yield path, due


def main() -> int:
    """Write the synchronous files, or check them."""
    parser = argparse.ArgumentParser(description="Generate the synchronous shell from the asynchronous one.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is out of date")
    parser.add_argument("--package", type=Path, default=PACKAGE, help="the folder of azure.ai.inference")
    arguments = parser.parse_args()
    outdated = list(stale(arguments.package))
    for path, due in outdated:
        if arguments.check:
            print(f"{path} is not what {path.parent / 'aio' / path.name} says: run scripts/generate_sync.py")
        else:
            path.write_text(due, "utf-8")
            print(f"Wrote {path}")
    return 1 if arguments.check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
