"""`batch`: a file of rows through a model, from a shell."""

import io
import json
import re
import signal
from pathlib import Path

import pytest

from azure.ai.inference._cli._console import Console
from azure.ai.inference._cli._many_rows import _count, _Meter, progress_line
from azure.ai.inference.batch import Progress, chat_row
from azure.ai.inference.emulator import Emulator

from .conftest import KEY, Run, Terminal

URL = "AZURE_AI_CHAT_ENDPOINT"


def rows_in(path: Path, count: int) -> str:
    lines = [
        json.dumps(chat_row(f"r{number}", messages=[{"role": "user", "content": f"count to {number}"}]))
        for number in range(1, count + 1)
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def answers(path: Path) -> dict[str, int]:
    lines = map(json.loads, path.read_text().splitlines())
    return {
        line["custom_id"]: len(line["response"]["body"]["choices"][0]["message"]["content"].split()) for line in lines
    }


def test_rows_are_answered_and_not_again(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    source, output = rows_in(tmp_path / "in.jsonl", 12), tmp_path / "out.jsonl"
    arguments = ("batch", source, str(output), f"{emulator.url}/v1", "--model", "m", "-o", "temperature=0", "--sort")
    ran = run(*arguments)
    assert (ran.status, ran.out) == (0, "")
    assert "12 rows, 12 answered, 0 failed, 0 skipped" in ran.err
    assert answers(output) == {f"r{number}": number for number in range(1, 13)}
    assert list(answers(output)) == [f"r{number}" for number in range(1, 13)]
    assert emulator.requests[0].body["temperature"] == 0
    again = run(*arguments, "--json", "--price", "1,2")
    told = json.loads(again.out)
    assert (again.status, told["skipped"], told["requests"], told["cost"]) == (0, 12, 0, 0)


def test_a_table_with_a_template(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("n,name\n3,three\n5,five\n")
    output = tmp_path / "out.jsonl"
    words = ("batch", str(tmp_path / "in.csv"), str(output), f"{emulator.url}/v1", "--model", "m")
    ran = run(*words, "--template", "count to {n}", "--id", "name", "--price", "1000000,0")
    assert ran.status == 0
    assert answers(output) == {"three": 3, "five": 5}
    assert "cost " in ran.err


def test_embeddings(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\nx\n")
    words = ("batch", str(tmp_path / "in.csv"), f"{tmp_path}/out/", f"{emulator.url}/v1", "--model", "e")
    assert run(*words, "--embeddings", "--template", "{text}").status == 0
    [part] = (tmp_path / "out").glob("part-*.jsonl")
    assert json.loads(part.read_text())["response"]["body"]["data"]


def test_by_way_of_the_providers_batches(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    source, output = rows_in(tmp_path / "in.jsonl", 5), tmp_path / "out.jsonl"
    words = ("batch", source, str(output), f"{emulator.url}/v1", "--model", "m", "--via", "provider")
    submitted = run(*words, "--detach")
    assert submitted.status == 0
    assert "validating: 5 rows" in submitted.err
    ran = run(*words, "--polling-interval", "0.05", "--sort")
    assert ran.status == 0
    assert answers(output) == {f"r{number}": number for number in range(1, 6)}
    assert run(*words).status == 0
    assert sum(request.path.endswith("/batches") and request.method == "POST" for request in emulator.requests) == 1


def test_failures_are_named(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    source, output = rows_in(tmp_path / "in.jsonl", 4), tmp_path / "out.jsonl"
    emulator.fault("400:every=2,message=not so")
    words = ("batch", source, str(output), f"{emulator.url}/v1", "--model", "m", "--max-concurrency", "1")
    ran = run(*words, "--max-failures", "2")
    assert ran.status == 1
    assert "r2: (400) not so" in ran.err


def test_a_run_that_stops(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    source = rows_in(tmp_path / "in.jsonl", 300)
    words = ("batch", source, str(tmp_path / "out.jsonl"), f"{emulator.url}/v1", "--model", "m")
    emulator.fault("400:every=1")
    ran = run(*words, "--max-failures", "0.5", "--max-concurrency", "2")
    assert ran.status == 1
    assert "100 of 100 rows failed, more than max_failures=0.5 allows" in ran.err
    assert "0 answered, 10" in ran.err


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("{", (), "line 1 of .*in.jsonl is no JSON"),
        ('{"custom_id": "a", "body": {"messages": []}}\n' * 2, (), "as a row before it"),
        (None, (), "There is no file"),
        ("", ("--id", "x", "--sort", "OUT/"), "--sort needs a file"),
        ("", ("--max-concurrency", "0"), "max_concurrency must be 1 or more"),
        ("", ("OUT/no/",), "in.jsonl"),
    ],
)
def test_a_wrong_use(
    run: Run, emulator: Emulator, tmp_path: Path, text: str | None, more: tuple[str, ...], words: str
) -> None:
    if text is not None:
        (tmp_path / "in.jsonl").write_text(text)
    output = "out.jsonl"
    if any(word.startswith("OUT/") for word in more):
        output = "in.jsonl/" if "OUT/no/" in more else "out/"
        more = tuple(word for word in more if not word.startswith("OUT/"))
    arguments = (str(tmp_path / "in.jsonl"), f"{tmp_path}/{output}", f"{emulator.url}/v1", "--model", "m")
    ran = run("batch", *arguments, *more)
    assert ran.status == 2
    assert re.search(words, ran.err)


def test_a_dry_run_sends_nothing(run: Run, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_AI_CHAT_KEY")
    source = rows_in(tmp_path / "in.jsonl", 3)
    words = ("batch", source, str(tmp_path / "out.jsonl"), "https://api.openai.com", "--model", "m", "--dry-run")
    ran = run(*words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("3 rows, 0 with an id seen before, 0 that cannot be sent\nabout ")
    Path(source).write_text(Path(source).read_text() + '{"custom_id": "r1", "body": {"messages": []}}\n')
    quota = ("--requests-per-minute", "2", "--tokens-per-minute", "100000", "--price", "1,2", "-o", "max_tokens=10")
    ran = run(*words, *quota)
    assert ran.status == 1
    assert "4 rows, 1 with an id seen before, 1 that cannot be sent\n  r1: messages must not be empty" in ran.out
    assert "at most 40 of answers\n2.0 minutes at that quota\ncost " in ran.out
    told = json.loads(run(*words, *quota, "--json").out)
    assert (told["rows"], told["minutes"], told["answer_tokens"]) == (4, 2.0, 40)
    (tmp_path / "in.csv").write_text("text\nx\n")
    embeddings = ("batch", str(tmp_path / "in.csv"), "out.jsonl", "https://api.openai.com", "--model", "m", "--dry-run")
    assert run(*embeddings, "--embeddings", "--template", "{text}").status == 0
    assert emulator.requests == ()


def test_ctrl_c_at_a_terminal(tmp_path: Path) -> None:
    with Emulator(key=KEY, latency=0.1) as emulator:
        source = rows_in(tmp_path / "in.jsonl", 300)
        words = ("batch", source, str(tmp_path / "out.jsonl"), f"{emulator.url}/v1", "--model", "m")
        terminal = Terminal(*words, "--max-concurrency", "2", environment={"AZURE_AI_CHAT_KEY": KEY})
        terminal.expect("of 300 done, 0 failed")
        terminal.interrupt()
        terminal.expect("waiting for those under way")
        terminal.expect("answered, 0 failed")
        assert terminal.process.wait(20) == 130
        assert len((tmp_path / "out.jsonl").read_text().splitlines()) == len(emulator.requests)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_was_in_doubt_is_named(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl.sent").write_text('{"custom_id": "r1", "sent_at": "x"}\n')
    source = rows_in(tmp_path / "in.jsonl", 2)
    ran = run("batch", source, str(tmp_path / "out.jsonl"), f"{emulator.url}/v1", "--model", "m")
    assert "in doubt, perhaps paid for twice: r1" in ran.err


def test_progress_elsewhere_than_at_a_terminal_is_lines(tmp_path: Path) -> None:
    console = Console(io.StringIO(), io.StringIO())
    meter = _Meter(console, _count(str(tmp_path / "in.parquet")))
    meter.show(Progress(1, 1, 0, 5, 0, None, 1.0))
    meter._pause = 0
    meter.show(Progress(2, 2, 0, 5, 0, None, 1.0))
    meter.end()
    assert console.err.getvalue() == "2 done, 0 failed | 2.0 rows/s | 5 tokens | 0 refused\n"  # type: ignore[attr-defined]


def test_how_far_a_run_is() -> None:
    progress = Progress(1500, 1400, 10, 99_000, 3, 582.0, 7.0)
    assert progress_line(progress, 10_000) == (
        "1,400 of 10,000 done, 10 failed | 200.0 rows/s, 0:00:43 left | 99,000 tokens | 3 refused, 582 requests/min"
    )
    nothing = Progress(0, 0, 0, 0, 0, None, 0.0)
    assert progress_line(nothing, None) == "0 done, 0 failed | 0.0 rows/s | 0 tokens | 0 refused"
