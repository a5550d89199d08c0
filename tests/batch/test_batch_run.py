"""Runs: each row gets exactly one result, within the quota, and a finished row is never sent again."""

import asyncio
import json
import math
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline.policies import SansIOHTTPPolicy

from azure.ai.inference import BatchClient
from azure.ai.inference import ChatCompletionsClient as SyncClient
from azure.ai.inference.aio import ChatCompletionsClient, EmbeddingsClient, ImageEmbeddingsClient
from azure.ai.inference.batch import (
    BatchResult,
    BatchRow,
    BatchRun,
    Progress,
    _row_run,
    _runner,
    chat_row,
    collect,
    embedding_row,
    read_rows,
)
from azure.ai.inference.emulator import Emulator, Fault, Reply
from azure.ai.inference.exceptions import BatchStoppedError

from .conftest import asked, client_of, rows_of, run_of


def test_each_row_gets_its_result(endpoint: Emulator, tmp_path: Path) -> None:
    run = run_of(endpoint, output=tmp_path / "out.jsonl", max_concurrency=8)
    summary = run.run(rows_of(50))
    assert (summary.rows, summary.answered, summary.failed, summary.requests) == (50, 50, 0, 50)
    assert summary.models == {"m": 50}
    assert summary.usage.completion_tokens == sum(range(1, 51))
    assert run.summary is summary
    for number, result in enumerate(collect(tmp_path / "out.jsonl", order=rows_of(50))):
        assert result.answer.choices[0].message.content.endswith(str(number + 1))
        assert result.response is not None
        assert result.response.request_id
    assert not (tmp_path / "out.jsonl.sent").exists()
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert all(line.startswith('{"custom_id": "r') and '"request_sha256": "' in line for line in lines)


def test_second_run_sends_only_rows_without_a_result(
    endpoint: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_row_run, "SKIPPED_AT_ONCE", 4)
    output = tmp_path / "out.jsonl"
    run_of(endpoint, output=output).run(rows_of(10))
    run = run_of(endpoint, output=output)
    results = list(run.results(rows_of(15)))
    assert {result.custom_id for result in results} == {f"r{number}" for number in range(10, 15)}
    assert (run.summary.rows, run.summary.skipped, run.summary.answered) == (15, 10, 5)
    assert set(asked(endpoint).values()) == {1}
    many = run_of(endpoint, output=output)
    assert many.run(rows_of(10)).skipped == 10


def test_rows_are_read_as_results_are_taken(endpoint: Emulator) -> None:
    taken = 0

    def rows() -> Iterator[BatchRow]:
        nonlocal taken
        for row in rows_of(1000):
            taken += 1
            yield row

    results = run_of(endpoint, max_concurrency=4).results(rows())
    for _ in range(10):
        next(results)
    time.sleep(0.2)
    assert taken <= 10 + 4 * 4 + 4
    results.close()
    assert taken <= 10 + 4 * 4 + 4


@pytest.mark.parametrize("ordered", [True, False])
def test_ordered_results(endpoint: Emulator, ordered: bool) -> None:
    endpoint.fault("503:times=1,wait=0.3")
    run = run_of(endpoint, ordered=ordered, max_concurrency=4, client={"retry_backoff_factor": 0.2})
    ids = [result.custom_id for result in run.results(rows_of(12))]
    assert sorted(ids) == sorted(row.custom_id for row in rows_of(12))
    if ordered:
        assert ids == [row.custom_id for row in rows_of(12)]


def test_embeddings_and_images(endpoint: Emulator) -> None:
    texts = BatchRun(lambda: EmbeddingsClient(f"{endpoint.url}/v1", endpoint.key, model="e", dimensions=4))
    [result] = texts.results([embedding_row("a", input=["x", "y"])])
    assert [len(item.vector) for item in result.embeddings.data] == [4, 4]
    assert result.usage == result.embeddings.usage
    assert texts.summary.usage.prompt_tokens > 0
    images = BatchRun(lambda: ImageEmbeddingsClient(f"{endpoint.url}/v1", endpoint.key, model="e"))
    body = {"input": [{"image": "data:image/png;base64,AAAA"}]}
    [result] = images.results([BatchRow(custom_id="a", url="/v1/images/embeddings", body=body)])
    assert result.ok


def test_row_settings_override_client_settings(endpoint: Emulator) -> None:
    row = chat_row("a", messages=[{"role": "user", "content": "Hi"}], temperature=0.5, top_logprobs=None)
    row.body |= {"unheard_of": 1, "stream": True, "stream_options": {"include_usage": True}, "stop": None}
    run = run_of(endpoint, client={"temperature": 1, "response_format": "text", "model_extras": {"own": 2}})
    [result] = run.results([row])
    sent = endpoint.requests[0].body
    assert {name: value for name, value in sent.items() if name != "messages"} == {
        "model": "m",
        "response_format": {"type": "text"},
        "stop": None,
        "temperature": 0.5,
        "own": 2,
        "unheard_of": 1,
    }
    assert result.error is not None  # the emulator, which plays OpenAI, does not know them


# ---------------------------------------------------------------- one run at a time


async def _first_result(run: BatchRun) -> None:
    async for _ in run.results_async(rows_of(1)):
        return


SECOND: dict[str, Callable[[BatchRun, Any], Any]] = {
    "run": lambda run, batches: run.run(rows_of(1)),
    "results": lambda run, batches: next(run.results(rows_of(1))),
    "results_async": lambda run, batches: asyncio.run(_first_result(run)),
    "submit": lambda run, batches: run.submit(rows_of(1), batches),
    "fetch": lambda run, batches: run.fetch(batches),
    "jobs": lambda run, batches: run.jobs(batches),
    "cancel": lambda run, batches: run.cancel(batches),
}


@pytest.mark.parametrize("second", SECOND)
def test_second_run_meanwhile_is_refused(endpoint: Emulator, tmp_path: Path, second: str) -> None:
    run = run_of(endpoint, output=tmp_path / "out.jsonl", max_concurrency=1)
    results = run.results(rows_of(3))
    first = next(results)
    with BatchClient(f"{endpoint.url}/v1", endpoint.key) as batches:
        with pytest.raises(RuntimeError, match=r"This BatchRun is running already\. Wait for it, .* output of its own"):
            SECOND[second](run, batches)
        assert [first.custom_id, *(result.custom_id for result in results)] == ["r0", "r1", "r2"]
        assert run.summary.answered == len(endpoint.requests) == 3
    assert run.run(rows_of(3)).skipped == 3


def test_one_of_two_threads_runs(endpoint: Emulator) -> None:
    run = run_of(endpoint)
    barrier = threading.Barrier(2)

    def begin() -> int | str:
        barrier.wait()
        try:
            return run.run(rows_of(20)).answered
        except RuntimeError as error:
            return str(error)[:32]

    with ThreadPoolExecutor(2) as pool:
        ended = [future.result() for future in [pool.submit(begin), pool.submit(begin)]]
    assert sorted(map(str, ended)) in (
        ["20", "This BatchRun is running already"],
        ["20", "20"],
    )  # or one after the other
    assert len(endpoint.requests) == 20 * ended.count(20)


# ---------------------------------------------------------------- errors are rows


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [
        (Fault("400", every=2, message="bad"), "400", HttpResponseError),
        (Fault("500", every=2), "InternalServerError", HttpResponseError),
        (Fault("html", every=2), "ResponseDecodeError", HttpResponseError),
        (Fault("403", every=2), "403", ClientAuthenticationError),
        (Fault("reset", every=2), "NoResponseError", ServiceResponseError),
    ],
)
def test_failed_row_gets_an_error_result(
    endpoint: Emulator, tmp_path: Path, fault: Fault, code: str, kind: type[Exception]
) -> None:
    endpoint.fault(fault)
    options: dict[str, Any] = {"max_concurrency": 1, "max_failures": 5, "client": {"retry_total": 0}}
    run = run_of(endpoint, output=tmp_path / "out.jsonl", **options)
    results = list(run.results(rows_of(3)))
    assert [result.ok for result in results] == [True, False, True]
    for result in (results[1], *collect(tmp_path / "out.jsonl", order=["r1"])):
        assert result.error is not None
        assert result.error.code == code
        with pytest.raises(kind):
            result.raise_for_error()
    assert run.summary.errors == {code: 1}


def test_invalid_rows_do_not_stop_a_run(endpoint: Emulator, tmp_path: Path) -> None:
    rows = rows_of(40)
    rows[7] = BatchRow(custom_id="bad", body={"messages": []})
    rows[9] = BatchRow(custom_id="worse", body={"messages": "x"})
    summary = run_of(endpoint, output=tmp_path / "out.jsonl").run(rows)
    assert (summary.answered, summary.failed) == (38, 2)
    assert summary.errors == {"ValueError": 1, "TypeError": 1}
    again = run_of(endpoint, output=tmp_path / "out.jsonl").run(rows)
    assert (again.skipped, again.answered, again.failed) == (40, 0, 0)
    rows[7] = chat_row("bad", messages=[{"role": "user", "content": "good"}])
    mended = run_of(endpoint, output=tmp_path / "out.jsonl").run(rows)
    assert (mended.skipped, mended.answered) == (39, 1)


@pytest.mark.parametrize(("redo", "asked_again"), [("transient", {"r1"}), ("failed", {"r1", "r2"}), ("none", set())])
def test_redo_selects_failed_rows_to_resend(
    endpoint: Emulator, tmp_path: Path, redo: Any, asked_again: set[str]
) -> None:
    output = tmp_path / "out.jsonl"
    run = run_of(endpoint, output=output, max_concurrency=1, max_failures=9, client={"retry_total": 0})
    endpoint.reply(Reply(status=503, body={}), last="count to 2")
    endpoint.reply(Reply(status=400, body={}), last="count to 3")
    assert [result.ok for result in run.results(rows_of(3))] == [True, False, False]
    again = run_of(endpoint, output=output, redo=redo)
    assert {result.custom_id for result in again.results(rows_of(3))} == asked_again
    assert [result.custom_id for result in collect(output)] == (
        ["r0"] + [f"r{number}" for number in (1, 2) if f"r{number}" not in asked_again] + sorted(asked_again)
    )


@pytest.mark.parametrize("usage", ["many", 7, [], {"prompt_tokens": "7", "total_tokens": "9"}, {"total_tokens": None}])
def test_malformed_usage_is_not_a_failure(endpoint: Emulator, tmp_path: Path, usage: Any) -> None:
    body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "x"}}], "usage": usage}
    endpoint.reply(Reply(status=200, body=body), times=None)
    summary = run_of(endpoint, output=tmp_path / "out.jsonl").run(rows_of(3))
    assert (summary.answered, summary.usage.total_tokens) == (3, 0)


# ---------------------------------------------------------------- reasons to stop a run


def stopped(run: BatchRun, rows: Any) -> BatchStoppedError:
    with pytest.raises(BatchStoppedError) as caught:
        run.run(rows)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("401", ClientAuthenticationError, "Access token is missing"),
        ("404", HttpResponseError, "404"),
        ("403", ClientAuthenticationError, "Out of call volume quota"),
    ],
)
def test_errors_that_affect_every_row_stop_at_the_first_request(
    endpoint: Emulator, tmp_path: Path, fault: str, kind: type[Exception], words: str
) -> None:
    endpoint.fault(f"{fault}:every=1")
    error = stopped(run_of(endpoint, output=tmp_path / "out.jsonl"), rows_of(1000))
    assert len(endpoint.requests) == 1
    assert isinstance(error.inner_exception, kind)
    assert words in error.message
    assert "the same call continues from there" in error.message
    assert error.summary.answered == 0
    assert (tmp_path / "out.jsonl").read_text() == ""
    assert not (tmp_path / "out.jsonl.sent").exists()
    endpoint.reset()
    assert run_of(endpoint, output=tmp_path / "out.jsonl").run(rows_of(5)).in_doubt == []


@pytest.mark.parametrize("url", ["/v1/responses", "/v1/chat/completions"])
@pytest.mark.parametrize("api", ["auto", "responses"])
def test_responses_rows_stop_the_run(endpoint: Emulator, tmp_path: Path, url: str, api: str) -> None:
    rows = [BatchRow(custom_id=f"r{number}", url=url, body={"input": "Hi"}) for number in range(5)]
    run = run_of(endpoint, output=tmp_path / "out.jsonl", client={"api": api})
    with pytest.raises(
        ValueError, match=r"'r0' has the form of the Responses API.* api='responses'.* BatchRun\.submit"
    ):
        run.run(rows)
    assert not endpoint.requests
    assert run.summary.failed == 0


def test_responses_rows_with_messages_are_sent(endpoint: Emulator) -> None:
    body = {"messages": [{"role": "user", "content": "Hi"}]}
    [result] = run_of(endpoint, client={"api": "responses"}).results(
        [BatchRow(custom_id="r", url="/v1/responses", body=body)]
    )
    assert result.ok
    assert endpoint.requests[0].path == "/v1/responses"


def test_unknown_host_stops_at_the_first_request() -> None:
    run = BatchRun(lambda: ChatCompletionsClient("http://127.0.0.1:9/v1", "k", retry_total=0))
    never_sent = BatchRow(custom_id="bad", body={"messages": []})
    error = stopped(run, [never_sent, *rows_of(1000)])
    assert (error.summary.failed, error.summary.rows) == (1, 3)
    assert isinstance(error.inner_exception, ServiceRequestError)
    assert "the output" not in error.message


@pytest.mark.parametrize(("most", "rows"), [(3, 4), (0, 1), (0.05, 100)])
def test_too_many_failures_stop_a_run(endpoint: Emulator, most: float, rows: int) -> None:
    endpoint.fault("400:every=1")
    error = stopped(run_of(endpoint, max_failures=most, max_concurrency=1), rows_of(1000))
    assert error.summary.failed == rows
    assert f"{rows} of {rows} rows failed, more than max_failures={most!r} allows: 400 ({rows} times)" in error.message


def test_very_long_retry_after_stops_a_run(endpoint: Emulator, tmp_path: Path) -> None:
    run = run_of(endpoint, output=tmp_path / "out.jsonl", max_concurrency=2)
    results = run.results(rows_of(100))
    next(results)
    endpoint.fault("429:every=1,wait=86400")
    with pytest.raises(BatchStoppedError, match="asks to wait for 86,400 seconds, longer than max_wait"):
        list(results)
    assert run.summary.failed == 0
    endpoint.reset()
    again = run_of(endpoint, output=tmp_path / "out.jsonl").run(rows_of(100))
    assert (again.answered, again.in_doubt) == (100 - run.summary.answered, [])


def test_insufficient_quota_stops_a_run(endpoint: Emulator) -> None:
    body = {"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}
    endpoint.reply(Reply(status=429, body=body), times=None)
    error = stopped(run_of(endpoint), rows_of(10))
    assert "has no quota left, and waiting does not help" in error.message
    assert len(endpoint.requests) == 1


async def drain(run: BatchRun, rows: Any) -> tuple[list[BatchResult], Exception | None]:
    """Return all results, and the exception raised after them."""
    results = []
    try:
        async for result in run.results_async(rows):
            results.append(result)  # noqa: PERF401 - those before a fault count
    except Exception as error:  # noqa: BLE001 - what comes is what is asked
        return results, error
    return results, None


async def slowly(rows: Iterator[BatchRow]) -> AsyncIterator[BatchRow]:
    for row in rows:
        await asyncio.sleep(0)
        yield row


@pytest.mark.parametrize("where", ["rows", "progress"])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_caller_exceptions_are_raised_after_arrived_results(
    endpoint: Emulator, tmp_path: Path, where: str, asynchronous: bool
) -> None:
    def rows() -> Iterator[BatchRow]:
        yield from rows_of(5)
        if where == "rows":
            raise LookupError("mine")
        yield from rows_of(95, first=5)

    def progress(progress: Progress) -> None:
        if where == "progress" and progress.done == 5:
            raise LookupError("mine")

    run = run_of(endpoint, output=tmp_path / "out.jsonl", on_progress=progress, max_concurrency=2)
    results, error = await drain(run, slowly(rows()) if asynchronous else rows())
    assert isinstance(error, LookupError)
    assert len(results) >= 5
    assert len(results) == len(list(collect(tmp_path / "out.jsonl"))) == len(endpoint.requests)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([*rows_of(3), rows_of(1)[0]], "Row 4 has the same custom_id as an earlier row: 'r0'"),
        ([*rows_of(3), {"custom_id": "x"}], r"row 4 \('x'\) needs a body"),
        ([embedding_row("e", input="x")], "The row 'e' is for /v1/embeddings, which ChatCompletionsClient"),
        (["text"], "row 1 must be a BatchRow"),
    ],
)
def test_invalid_rows_raise(endpoint: Emulator, tmp_path: Path, rows: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        run_of(endpoint, output=tmp_path / "out.jsonl").run(rows)
    assert len(endpoint.requests) == len(list(collect(tmp_path / "out.jsonl")))


# ---------------------------------------------------------------- changed requests under the same id


@pytest.mark.parametrize("change", ["row", "client"])
def test_changed_request_under_the_same_id(endpoint: Emulator, tmp_path: Path, change: str) -> None:
    output = tmp_path / "out.jsonl"
    run_of(endpoint, output=output).run(rows_of(3))
    rows = rows_of(3)
    client = {"temperature": 1} if change == "client" else {}
    if change == "row":
        for row in rows:
            row.body["temperature"] = 1
    with pytest.raises(
        ValueError, match=r"The row 'r0' was answered or submitted, but its request.*on_changed='redo'.*'keep'"
    ):
        run_of(endpoint, output=output, client=client).run(rows)
    kept = run_of(endpoint, output=output, on_changed="keep", client=client).run(rows)
    assert (kept.kept, kept.skipped, kept.answered) == (3, 3, 0)
    assert len(endpoint.requests) == 3
    redone = run_of(endpoint, output=output, on_changed="redo", client=client).run(rows)
    assert (redone.skipped, redone.answered) == (0, 3)
    assert run_of(endpoint, output=output, client=client).run(rows).skipped == 3


# ---------------------------------------------------------------- quotas


@pytest.mark.slow
def test_run_stays_within_the_service_quota(tmp_path: Path) -> None:
    with Emulator(requests_per_minute=3000, quota_window=1, refused_count=True) as endpoint:
        summary = run_of(endpoint, output=tmp_path / "out.jsonl").run(rows_of(120))
        assert (summary.answered, summary.failed) == (120, 0)
        assert summary.refused <= 3
        assert summary.seconds > 1.5


def test_run_stays_within_the_callers_quota(endpoint: Emulator) -> None:
    seen: list[Progress] = []
    summary = run_of(endpoint, requests_per_minute=1200, on_progress=seen.append).run(rows_of(20))
    assert summary.seconds > 0.8
    assert seen[-1].requests_per_minute == pytest.approx(1164)
    assert seen[-1][:3] == (20, 20, 0)
    assert seen[-1].tokens == summary.usage.total_tokens


def test_rate_limited_rows_are_retried(endpoint: Emulator) -> None:
    endpoint.fault("429:times=3,wait=0.05,says=retry-after-ms")
    results = list(run_of(endpoint, max_concurrency=2).results(rows_of(4)))
    assert all(result.ok for result in results)
    assert sum(result.attempts or 0 for result in results) == 7


def test_progress_reports_a_requested_wait(endpoint: Emulator) -> None:
    endpoint.fault("429:times=1,wait=30")
    seen: list[Progress] = []

    def show(progress: Progress) -> None:
        seen.append(progress)
        run.close()

    run = run_of(endpoint, on_progress=show)
    assert run.run(rows_of(1)).answered == 0
    assert [29 < progress.waiting <= 30 for progress in seen] == [True]


def test_max_attempts_limits_retries_of_a_row(endpoint: Emulator) -> None:
    endpoint.fault("429:every=1,wait=0.01,says=retry-after-ms")
    run = run_of(endpoint, max_attempts=3)
    [result] = run.results(rows_of(1))
    assert (result.ok, result.attempts) == (False, 3)
    assert (run.summary.refused, run.summary.requests, run.summary.retries) == (3, 3, 2)


def test_429_without_retry_after_is_retried_after_a_wait(endpoint: Emulator) -> None:
    endpoint.fault("429:says=nothing")
    began = time.monotonic()
    [result] = run_of(endpoint).results(rows_of(1))
    assert result.ok
    assert time.monotonic() - began >= 1


def test_pipeline_retries_other_failures(endpoint: Emulator) -> None:
    endpoint.fault("503;reset")
    run = run_of(endpoint, client={"retry_backoff_factor": 0})
    [result] = run.results(rows_of(1))
    assert (result.ok, result.attempts) == (True, 3)
    assert (run.summary.retries, run.summary.maybe_paid, run.summary.refused) == (2, 1, 0)


# ---------------------------------------------------------------- stopping early


def test_leaving_early_completes_requests_in_flight(tmp_path: Path) -> None:
    with Emulator(latency=0.1) as endpoint:
        run = run_of(endpoint, output=tmp_path / "out.jsonl", max_concurrency=4)
        for _ in run.results(rows_of(100)):
            break
        assert 0 < len(endpoint.requests) < 20
        assert len(list(collect(tmp_path / "out.jsonl"))) == len(endpoint.requests)


@pytest.mark.parametrize("where", ["progress", "thread", "rows"])
def test_close_completes_requests_in_flight(tmp_path: Path, where: str) -> None:
    with Emulator(latency=0.05) as endpoint:
        run = run_of(
            endpoint,
            output=tmp_path / "out.jsonl",
            max_concurrency=4,
            on_progress=lambda _: run.close() if where == "progress" else None,
        )

        def rows() -> Iterator[BatchRow]:
            for row in rows_of(500):
                if where == "rows" and row.custom_id == "r9":
                    run.close()
                yield row

        timer = threading.Timer(0.4, run.close)
        if where == "thread":
            timer.start()
        summary = run.run(rows())
        timer.cancel()
        assert 0 < summary.answered < 500
        assert summary.answered == len(endpoint.requests)
        assert not (tmp_path / "out.jsonl.sent").exists()
        if where != "progress":
            assert run.run(rows_of(10, first=600)).rows == 10


def test_requests_cancelled_after_the_grace_period_are_in_doubt(
    endpoint: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_runner, "_GRACE", 0.1)
    run = run_of(endpoint, output=tmp_path / "out.jsonl")
    endpoint.fault("stall:every=1,seconds=60")
    threading.Timer(0.5, run.close).start()
    assert run.run(rows_of(10)).answered == 0
    endpoint.reset()
    again = run_of(endpoint, output=tmp_path / "out.jsonl").run(rows_of(10))
    assert (again.in_doubt, again.answered) == (["r0"], 10)


@pytest.mark.parametrize("ordered", [True, False])
def test_exception_in_a_hook_ends_the_run(endpoint: Emulator, tmp_path: Path, ordered: bool) -> None:
    def hook(request: Any) -> None:
        if b"count to 2" in request.http_request.content.encode():
            raise LookupError("mine")

    run = run_of(endpoint, output=tmp_path / "out.jsonl", ordered=ordered, client={"per_call_policies": [Hook(hook)]})
    results: list[str] = []
    with pytest.raises(LookupError, match="mine"):
        results.extend(result.custom_id for result in run.results(rows_of(3)))
    assert next(collect(tmp_path / "out.jsonl")).custom_id == "r0"


class Hook(SansIOHTTPPolicy[Any, Any]):
    def __init__(self, function: Callable[[Any], None]) -> None:
        self._function = function

    def on_request(self, request: Any) -> None:
        self._function(request)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no /dev/full on Windows")
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.sent"])
def test_full_disk_ends_the_run_without_losing_answers(endpoint: Emulator, tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    run = run_of(endpoint, output=tmp_path / "out.jsonl", max_concurrency=4)
    results: list[BatchResult] = []
    with pytest.raises(OSError, match="No space left"):
        results.extend(run.results(rows_of(50)))
    assert len(results) == len(endpoint.requests) == run.summary.answered < 10


def test_skipping_rows_yields_to_other_tasks(
    endpoint: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_row_run, "SKIPPED_AT_ONCE", 2)
    output = tmp_path / "out.jsonl"
    run_of(endpoint, output=output).run(rows_of(4))

    async def again() -> tuple[list[BatchResult], Exception | None]:
        return await drain(run_of(endpoint, output=output, max_concurrency=1), slowly(iter(rows_of(7))))

    results, error = asyncio.run(again())
    assert (len(results), error) == (3, None)


def test_close_before_the_first_row(endpoint: Emulator) -> None:
    run = BatchRun(lambda: run.close() or client_of(endpoint))  # type: ignore[func-returns-value]
    assert run.run(rows_of(10)).answered == 0
    run.close()
    assert endpoint.requests == ()


def test_close_ends_waits(endpoint: Emulator) -> None:
    run = run_of(endpoint, max_concurrency=2)
    endpoint.fault("429:every=1,wait=60")
    threading.Timer(0.3, run.close).start()
    began = time.monotonic()
    assert run.run(rows_of(10)).answered == 0
    assert time.monotonic() - began < 10


async def test_close_ends_the_wait_for_rows(endpoint: Emulator) -> None:
    async def rows() -> AsyncIterator[BatchRow]:
        yield rows_of(1)[0]
        await asyncio.sleep(60)

    run = run_of(endpoint)
    async for _ in run.results_async(rows()):
        run.close()


async def test_cancelled_run_completes_requests_in_flight(tmp_path: Path) -> None:
    with Emulator(latency=0.2) as endpoint:
        run = run_of(endpoint, output=tmp_path / "out.jsonl", max_concurrency=4)

        task = asyncio.create_task(drain(run, rows_of(100)))
        await asyncio.sleep(0.7)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(list(collect(tmp_path / "out.jsonl"))) == len(endpoint.requests) > 0


async def test_run_inside_a_running_event_loop(endpoint: Emulator) -> None:
    assert run_of(endpoint).run(rows_of(3)).answered == 3


async def test_asynchronous_rows_and_results(endpoint: Emulator, tmp_path: Path) -> None:
    for expected in (5, 0):
        results, error = await drain(run_of(endpoint, output=tmp_path / "out.jsonl"), slowly(iter(rows_of(5))))
        assert (len(results), error) == (expected, None)


# ---------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"max_concurrency": 0}, ValueError, "max_concurrency must be 1 or more, not 0"),
        ({"max_concurrency": 1.5}, TypeError, "max_concurrency must be an int, not float"),
        ({"max_attempts": True}, TypeError, "max_attempts must be an int, not bool"),
        ({"requests_per_minute": 0}, ValueError, "requests_per_minute must be a number above 0"),
        ({"tokens_per_minute": math.inf}, ValueError, "tokens_per_minute must be a number above 0, not inf"),
        ({"tokens_per_minute": "many"}, TypeError, "tokens_per_minute must be a number, not str"),
        ({"max_wait": -1}, ValueError, "max_wait must be 0 or more, not -1"),
        ({"max_failures": 1.5}, ValueError, "max_failures must be a share from 0.0 to 1.0 or a whole number of rows"),
        ({"output": ""}, ValueError, "output must be a path, not an empty text"),
        ({"on_progress": 5}, TypeError, "on_progress must be a function, not int"),
        ({"redo": "all"}, ValueError, "redo is 'all'; choose one of 'transient', 'failed', 'none'"),
        ({"on_changed": "ignore"}, ValueError, "on_changed is 'ignore'; choose one of 'raise', 'redo', 'keep'"),
    ],
)
def test_invalid_arguments(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        BatchRun(lambda: None, **options)  # type: ignore[arg-type,return-value]


def test_client_instead_of_a_factory_is_refused(endpoint: Emulator) -> None:
    with pytest.raises(TypeError, match="make_client must be a function that builds an asynchronous client"):
        BatchRun(client_of(endpoint))  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [lambda: None, dict, list, lambda: SyncClient("http://127.0.0.1:9", "k")])
def test_factory_that_returns_no_client_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match=r"make_client must return an asynchronous client.*it returned"):
        BatchRun(make).run(rows_of(1))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("rows.jsonl", "not 'rows.jsonl'. Read a file with read_rows"),
        (Path("rows.jsonl"), "Read a file with read_rows"),
        (b"{}", "not b'{}'"),
        (None, "not NoneType: None"),
        ({"custom_id": "a"}, "not dict: "),
        (5, "not int: 5"),
    ],
)
def test_values_that_are_not_rows(endpoint: Emulator, tmp_path: Path, rows: Any, words: str) -> None:
    run = run_of(endpoint, output=tmp_path / "out.jsonl")
    with BatchClient(f"{endpoint.url}/v1", endpoint.key, provider="openai") as client:
        for act in (
            run.run,
            lambda rows: list(run.results(rows)),
            lambda rows: run.submit(rows, client),
            client.upload,
        ):
            with pytest.raises(TypeError, match=f"rows must be an iterable of rows, .*{re.escape(words)}"):
                act(rows)
    assert endpoint.requests == ()


def test_output_file_with_foreign_content_is_refused(endpoint: Emulator, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("mine\n")
    with pytest.raises(ValueError, match="not a result of a batch"):
        run_of(endpoint, output=tmp_path / "out.jsonl").run(rows_of(1))


def test_folder_as_output(endpoint: Emulator, tmp_path: Path) -> None:
    for first in (0, 5):
        run_of(endpoint, output=f"{tmp_path}/out/").run(rows_of(10, first))
    assert len(list((tmp_path / "out").glob("part-*.jsonl"))) == 2
    assert len(list(collect(tmp_path / "out"))) == 15
    assert run_of(endpoint, output=tmp_path / "out").run(rows_of(15)).skipped == 15


def test_key_is_not_written_to_any_file(endpoint: Emulator, tmp_path: Path) -> None:
    endpoint.fault("500:every=3")
    run_of(endpoint, output=tmp_path / "out.jsonl", client={"retry_total": 0}, max_failures=1.0).run(rows_of(12))
    for path in tmp_path.iterdir():
        assert endpoint.key not in path.read_text()


def test_output_is_readable_by_other_tools(endpoint: Emulator, tmp_path: Path) -> None:
    """The output has the format of OpenAI's Batch API: one JSON object per line."""
    table = tmp_path / "in.csv"
    table.write_text("text\ncount to 3\n")
    run_of(endpoint, output=tmp_path / "out.jsonl").run(read_rows(table, template="{text}"))
    value = json.loads((tmp_path / "out.jsonl").read_text())
    assert set(value) == {"custom_id", "request_sha256", "error", "response", "attempts", "seconds"}
    assert set(value["response"]) == {"status_code", "request_id", "body"}
