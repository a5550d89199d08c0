"""`batch`: send a file of rows to a model from a shell."""

import json
import pickle
import re
import signal
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference._cli._arguments import parse
from azure.ai.inference._cli._many_rows import progress_line
from azure.ai.inference._cli._ray_rows import RemoteClient
from azure.ai.inference._cli._words import UsageError
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


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_rows_of_the_responses_api(run: Run, emulator: Emulator, tmp_path: Path, more: tuple[str, ...]) -> None:
    (tmp_path / "in.jsonl").write_text('{"custom_id": "a", "url": "/v1/responses", "body": {"input": "Hi"}}')
    out = str(tmp_path / "out.jsonl")
    ran = run("batch", str(tmp_path / "in.jsonl"), out, f"{emulator.url}/v1", "--model", "m", *more)
    assert ran.status == 2
    assert "-o api=responses; or submit it to the service's own batches, with --via provider." in ran.err
    assert not emulator.requests


def test_socks_proxy(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    url = "http://model.invalid/v1"
    ran = run("batch", rows_in(tmp_path / "in.jsonl", 2), str(tmp_path / "out.jsonl"), url, "--no-key", "--quiet")
    assert ran.status == 1
    words = (
        "batch cannot use the SOCKS proxy socks5://127.0.0.1:9, because aiohttp cannot. Use an http proxy. The results"
    )
    assert words in ran.err


def answers(path: Path) -> dict[str, int]:
    lines = map(json.loads, path.read_text().splitlines())
    return {
        line["custom_id"]: len(line["response"]["body"]["choices"][0]["message"]["content"].split()) for line in lines
    }


def test_second_run_skips_answered_rows(run: Run, emulator: Emulator, tmp_path: Path) -> None:
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


def test_table_with_a_template(run: Run, emulator: Emulator, tmp_path: Path) -> None:
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


def test_via_provider(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    source, output = rows_in(tmp_path / "in.jsonl", 5), tmp_path / "out.jsonl"
    words = ("batch", source, str(output), f"{emulator.url}/v1", "--model", "m", "--via", "provider")
    submitted = run(*words, "--detach")
    assert submitted.status == 0
    assert re.search(r"\b(validating|in_progress|finalizing|completed): 5 rows", submitted.err)
    ran = run(*words, "--polling-interval", "0.05", "--sort")
    assert ran.status == 0
    assert answers(output) == {f"r{number}": number for number in range(1, 6)}
    assert run(*words).status == 0
    assert sum(request.path.endswith("/batches") and request.method == "POST" for request in emulator.requests) == 1


def test_status_and_cancel(run: Run, tmp_path: Path) -> None:
    with Emulator(key=KEY, batch_seconds=5) as endpoint:
        source, output = rows_in(tmp_path / "in.jsonl", 10), tmp_path / "out.jsonl"
        words = ("batch", source, str(output), f"{endpoint.url}/v1", "--model", "m", "--via", "provider")
        assert run(*words, "--status") == (0, "", "")
        assert run(*words, "--detach", "--json").out.count('"status": "validating"') == 1
        [job] = map(json.loads, run(*words, "--status", "--json").out.splitlines())
        assert job["counts"]["total"] == 10
        cancelled = run(*words, "--cancel")
        assert (cancelled.status, f"{job['id']} cancelling: 10 rows" in cancelled.err) == (0, True)
        ran = run(*words, "--polling-interval", "0.05")
        assert (ran.status, "cancelled: 10 rows" in run(*words, "--status").err) == (1, False)
        assert "batch_cancelled" in output.read_text()
        assert sum(request.path.endswith("/batches") and request.method == "POST" for request in endpoint.requests) == 1


@pytest.mark.parametrize("fault", ["missing-rows", "expired"])
def test_finish_live(run: Run, tmp_path: Path, fault: str) -> None:
    with Emulator(key=KEY, batch_seconds=0.1, batch_faults=[fault]) as endpoint:
        source, output = rows_in(tmp_path / "in.jsonl", 10), tmp_path / "out.jsonl"
        words = ("batch", source, str(output), f"{endpoint.url}/v1", "--model", "m-batch", "--via", "provider")
        more = ("--polling-interval", "0.05", "--finish", "live", "--live-model", "m", "--sort", "--json")
        ran = run(*words, *more)
        told = json.loads(ran.out)
        assert ran.status == 0, ran.err
        assert (told["rows"], told["answered"], told["failed"], told["skipped"], told["errors"]) == (10, 10, 0, 0, {})
        assert set(told["models"]) == {"m-batch", "m"}
        assert answers(output) == {f"r{number}": number for number in range(1, 11)}
        assert run(*words, *more).status == 0


def test_job_that_fails_says_why(run: Run, tmp_path: Path) -> None:
    with Emulator(key=KEY, batch_seconds=0.1, batch_faults=["token-limit-later"]) as endpoint:
        source = rows_in(tmp_path / "in.jsonl", 2)
        words = ("batch", source, f"{tmp_path}/out.jsonl", f"{endpoint.url}/v1", "--model", "m", "--via", "provider")
        assert run(*words, "--detach").status == 0
        time.sleep(0.2)
        assert "token_limit_exceeded: " in run(*words, "--status").err
        assert run(*words, "--polling-interval", "0.02").status == 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--status",), "--status is for --via provider"),
        (("--live-model", "m"), "--live-model is for --via provider"),
        (("--via", "provider", "--live-model", "m"), "--live-model is for --finish live"),
        (("--via", "provider", "--status", "--cancel"), "cannot be combined"),
        (("--provider", "azure"), "--provider is for --via provider"),
        (("--polling-interval", "5", "--dry-run"), "--polling-interval is for --via provider"),
        *(
            (("--via", "provider", "--polling-interval", value), "--polling-interval must be a number, 0 or more, not")
            for value in ("nan", "inf")
        ),
        *((("--price", value), "--price must be a number") for value in ("nan,1", "1,inf", "1,", "1,2,3")),
        *((("--via", "provider", "--polling-interval", value), "must be a number") for value in ("soon", "1 s")),
        (("--price", "1"), "--price needs two numbers, for request and answer tokens"),
        (("more",), "batch takes IN, OUT and one endpoint"),
        (("--id", "a"), "--id a is a column of a table, which needs --template"),
        (("--embeddings",), "but --embeddings is given: leave it out"),
        *(
            ((option, value), f"{option} must be a number above 0, not {value}. Leave it out to keep")
            for option in ("--requests-per-minute", "--tokens-per-minute")
            for value in ("inf", "nan", "0.0")
        ),
        (("--max-failures", "1.5"), "--max-failures must be a share from 0.0 to 1.0 or a whole number of rows"),
    ],
)
def test_options_for_another_via(run: Run, emulator: Emulator, tmp_path: Path, more: Any, words: str) -> None:
    source = rows_in(tmp_path / "in.jsonl", 2)
    ran = run("batch", source, f"{tmp_path}/out.jsonl", f"{emulator.url}/v1", "--model", "m", *more)
    assert (ran.status, words in ran.err) == (2, True), ran.err
    assert not emulator.requests


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is here: tests/scale/test_ray_command_line.py")
def test_missing_ray_names_its_extra(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    words = ("batch", rows_in(tmp_path / "in.jsonl", 2), f"{tmp_path}/out/", f"{emulator.url}/v1", "--model", "m")
    ran = run(*words, "--via", "ray", "--workers", "2")
    assert (ran.status, ran.out) == (2, "")
    assert 'batches on Ray need the extra "ray": pip install "ray[data]>=2.60"' in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("output", "more", "words"),
    [
        ("out.jsonl", (), "--via ray needs a folder as output.*end OUT with a slash, such as .*out.jsonl/"),
        ("out/", ("--workers", "0"), "--workers must be 1 or more, not 0"),
        ("out/", ("--workers", "two"), "must be a whole number, not 'two'"),
        ("out/", ("--via", "live", "--workers", "2"), "--workers is for --via ray"),
        ("out/", ("--key-file", "-"), "workers have no standard input"),
        ("out/", ("--header", "api-key=x"), "--header api-key would be sent to the workers as it is"),
        ("out/", ("--sort",), "--sort needs a file"),
        ("out/", ("--max-concurrency", "0"), "--max-concurrency must be 1 or more|extra"),
    ],
)
def test_invalid_arguments_with_ray(
    run: Run, emulator: Emulator, tmp_path: Path, output: str, more: tuple[str, ...], words: str
) -> None:
    source = rows_in(tmp_path / "in.jsonl", 2)
    arguments = ("batch", source, f"{tmp_path}/{output}", f"{emulator.url}/v1", "--model", "m", "--via", "ray")
    ran = run(*arguments, *more, stdin="key")
    assert ran.status == 2
    assert re.search(words, ran.err)
    assert not emulator.requests


def test_ray_with_emulator_is_refused(run: Run, tmp_path: Path) -> None:
    words = ("batch", rows_in(tmp_path / "in.jsonl", 1), f"{tmp_path}/out/", "--via", "ray", "--emulator")
    ran = run(*words, "--model", "m")
    assert (ran.status, "--emulator runs in this process" in ran.err) == (2, True)


@pytest.mark.parametrize("more", [(), ("--embeddings",)])
def test_key_is_not_sent_to_workers(monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]) -> None:
    monkeypatch.setenv("AZURE_AI_CHAT_KEY", KEY)
    monkeypatch.setenv("AZURE_AI_EMBEDDINGS_KEY", KEY)
    arguments = parse("ai-inference", "batch", ["in.jsonl", "out/", "https://api.openai.com", "--model", "m", *more])
    sent = pickle.dumps(RemoteClient(arguments))
    assert KEY.encode() not in sent
    client = pickle.loads(sent)()
    assert hasattr(client, "embed") is bool(more)
    monkeypatch.delenv("AZURE_AI_CHAT_KEY")
    monkeypatch.delenv("AZURE_AI_EMBEDDINGS_KEY")
    with pytest.raises(UsageError, match="no key was given"):
        pickle.loads(sent)()


def test_failures_are_listed(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    source, output = rows_in(tmp_path / "in.jsonl", 4), tmp_path / "out.jsonl"
    emulator.fault("400:every=2,message=not so")
    words = ("batch", source, str(output), f"{emulator.url}/v1", "--model", "m", "--max-concurrency", "1")
    ran = run(*words, "--max-failures", "2")
    assert ran.status == 1
    assert "r2: (400) not so" in ran.err
    again = run(*words)  # they are not sent again, and have no answer all the same
    assert again.status == 1
    assert "4 skipped (2 failed)" in again.err
    assert "r2: (400) not so" in again.err
    by_job = run(*words, "--via", "provider")
    assert by_job.status == 1
    assert "4 rows, 0 answered, 0 failed, 4 skipped (2 failed)" in by_job.err
    assert "r2: (400) not so" in by_job.err


def test_sort_keeps_results_of_other_rows(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").symlink_to(tmp_path / "real.jsonl")
    for count, more in ((3, ()), (2, ("--sort",))):
        source = rows_in(tmp_path / "in.jsonl", count)
        words = ("batch", source, str(tmp_path / "out.jsonl"), f"{emulator.url}/v1", "--model", "m")
        assert run(*words, *more).status == 0
    assert list(answers(tmp_path / "out.jsonl")) == ["r1", "r2", "r3"]
    assert (tmp_path / "out.jsonl").is_symlink()


def test_stopped_run(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    source = rows_in(tmp_path / "in.jsonl", 300)
    words = ("batch", source, str(tmp_path / "out.jsonl"), f"{emulator.url}/v1", "--model", "m")
    emulator.fault("400:every=1")
    ran = run(*words, "--max-failures", "0.5", "--max-concurrency", "2")
    assert ran.status == 1
    assert "100 of 100 rows failed, more than --max-failures 0.5 allows" in ran.err
    assert "0 answered, 10" in ran.err


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("{", (), "line 1 of .*in.jsonl is not JSON"),
        ('{"custom_id": "a", "body": {"messages": []}}\n' * 2, (), "has the same custom_id as an earlier row"),
        (None, (), "There is no file"),
        ("", ("--id", "x", "--sort", "OUT/"), "--sort needs a file"),
        ("", ("--sort", "OUT/ "), "--sort needs a file"),
        ("", ("--max-concurrency", "0"), "--max-concurrency must be 1 or more"),
        ("", ("OUT/no/",), "in.jsonl"),
    ],
)
def test_invalid_arguments(
    run: Run, emulator: Emulator, tmp_path: Path, text: str | None, more: tuple[str, ...], words: str
) -> None:
    if text is not None:
        (tmp_path / "in.jsonl").write_text(text)
    output = "out.jsonl"
    if any(word.startswith("OUT/") for word in more):
        output = "in.jsonl/" if "OUT/no/" in more else "." if "OUT/ " in more else "out/"
        more = tuple(word for word in more if not word.startswith("OUT/"))
    arguments = (str(tmp_path / "in.jsonl"), f"{tmp_path}/{output}", f"{emulator.url}/v1", "--model", "m")
    ran = run("batch", *arguments, *more)
    assert ran.status == 2
    assert re.search(words, ran.err)


def test_dry_run_sends_nothing(run: Run, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_AI_CHAT_KEY")
    source = rows_in(tmp_path / "in.jsonl", 3)
    words = ("batch", source, str(tmp_path / "out.jsonl"), "https://api.openai.com", "--model", "m", "--dry-run")
    assert "cost" not in run(*words).out
    ran = run(*words, "--price", "1,2")
    assert (ran.status, ran.err) == (0, "")
    assert re.fullmatch(
        "3 rows, 0 with an id seen before, 0 that cannot be sent\nabout \\d+ tokens in requests\n3 rows do not limit "
        "their answers, which are not counted: -o max_tokens=N limits them\n"
        "cost [\\de.-]+, and the answers of 3 rows\n",
        ran.out,
    ), ran.out
    Path(source).write_text(Path(source).read_text() + '{"custom_id": "r1", "body": {"messages": []}}\n')
    quota = ("--requests-per-minute", "2", "--tokens-per-minute", "100000", "--price", "1,2", "-o", "max_tokens=10")
    ran = run(*words, *quota)
    assert ran.status == 1
    assert "4 rows, 1 with an id seen before, 1 that cannot be sent\n  r1: messages must not be empty" in ran.out
    assert "at most 40 in answers\n2.0 minutes within that quota\ncost " in ran.out
    told = json.loads(run(*words, *quota, "--json").out)
    assert (told["rows"], told["minutes"], told["answer_tokens"]) == (4, 2.0, 40)
    (tmp_path / "in.csv").write_text("text\nx\n")
    embeddings = ("batch", str(tmp_path / "in.csv"), "out.jsonl", "https://api.openai.com", "--model", "m", "--dry-run")
    ran = run(*embeddings, "--embeddings", "--template", "{text}", "--price", "1", "-o", "dimensions=3")
    assert (ran.status, "at most 0 in answers\ncost " in ran.out) == (0, True)
    assert emulator.requests == ()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_completes_requests_in_flight(tmp_path: Path, number: int) -> None:
    with Emulator(key=KEY, latency=0.1) as emulator:
        source = rows_in(tmp_path / "in.jsonl", 300)
        words = ("batch", source, str(tmp_path / "out.jsonl"), f"{emulator.url}/v1", "--model", "m")
        terminal = Terminal(*words, "--max-concurrency", "2", environment={"AZURE_AI_CHAT_KEY": KEY})
        terminal.expect("of 300 done, 0 failed")
        terminal.process.send_signal(number)
        terminal.expect("waiting for those in flight")
        terminal.expect("answered, 0 failed")
        assert terminal.process.wait(20) == 128 + number
        assert len((tmp_path / "out.jsonl").read_text().splitlines()) == len(emulator.requests)


def test_second_ctrl_c(tmp_path: Path) -> None:
    with Emulator(key=KEY, faults="slow:every=1,seconds=20") as emulator:
        source = rows_in(tmp_path / "in.jsonl", 3)
        words = ("batch", source, str(tmp_path / "out.jsonl"), f"{emulator.url}/v1", "--model", "m")
        terminal = Terminal(*words, environment={"AZURE_AI_CHAT_KEY": KEY})
        while not emulator.requests:
            assert terminal.process.poll() is None
        terminal.interrupt()
        terminal.expect("Press Ctrl-C again to stop at once")
        terminal.interrupt()
        assert terminal.process.wait(10) == 130
    assert (tmp_path / "out.jsonl.sent").read_text()


def test_rows_in_doubt_are_listed(run: Run, emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl.sent").write_text('{"custom_id": "r1", "sent_at": "x"}\n')
    source = rows_in(tmp_path / "in.jsonl", 2)
    ran = run("batch", source, str(tmp_path / "out.jsonl"), f"{emulator.url}/v1", "--model", "m")
    assert "in doubt, perhaps paid for twice: r1" in ran.err


def test_progress_line() -> None:
    progress = Progress(1500, 1400, 10, 99_000, 3, 582.0, 7.0)
    assert progress_line(progress, 10_000) == (
        "1,400 of 10,000 done, 10 failed | 200.0 rows/s, 0:00:43 left | 99,000 tokens | 3 refused, 582 requests/min"
    )
    waiting = progress_line(progress._replace(waiting=11.2), None)
    assert waiting.endswith("| 3 refused, 582 requests/min | waiting 12 s (429)")
    nothing = Progress(0, 0, 0, 0, 0, None, 0.0)
    assert progress_line(nothing, None) == "0 done, 0 failed | 0.0 rows/s | 0 tokens | 0 refused"
