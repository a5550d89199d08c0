"""The Batch APIs, tested with the unmodified official clients; and their validation, states and pitfalls."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from mistralai.client import Mistral
from openai import APIStatusError, BadRequestError, NotFoundError, OpenAI

from azure.ai.inference.emulator import Emulator, _batch_files
from azure.ai.inference.emulator._multipart import parse_multipart

from .conftest import Caller


def line(custom_id: str, text: str = "count to 3", **more: Any) -> dict[str, Any]:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body, **more}


def as_file(*lines: Any) -> bytes:
    return "".join(f"{json.dumps(each)}\n" for each in lines).encode()


def until(get: Callable[[], Any], done: Callable[[Any], bool]) -> Any:
    for _ in range(200):
        found = get()
        if done(found):
            return found
        time.sleep(0.01)
    raise AssertionError(found)


ENDED = ("completed", "failed", "expired", "cancelled")


def ran(client: OpenAI, file: bytes, **options: Any) -> Any:
    """Upload a file, and run it to its end."""
    uploaded = client.files.create(file=("in.jsonl", file), purpose="batch")
    until(lambda: client.files.retrieve(uploaded.id), lambda found: found.status == "processed")
    arguments: Any = {"endpoint": "/v1/chat/completions", "completion_window": "24h", **options}
    job = client.batches.create(input_file_id=uploaded.id, **arguments)
    return until(lambda: client.batches.retrieve(job.id), lambda found: found.status in ENDED)


def openai(endpoint: Emulator) -> OpenAI:
    return OpenAI(base_url=f"{endpoint.url}/v1", api_key=endpoint.key)


def lines_of(client: OpenAI, identifier: str | None) -> dict[str, Any]:
    if not identifier:
        return {}
    read = [json.loads(text) for text in client.files.content(identifier).text.splitlines()]
    return {each["custom_id"]: each for each in read}


@pytest.mark.parametrize("path", ["/v1", "/openai/v1"])
def test_openais_client(path: str) -> None:
    with Emulator() as endpoint, OpenAI(base_url=endpoint.url + path, api_key=endpoint.key) as client:
        job = ran(client, as_file(line("a"), line("b", body={"model": "m", "messages": []})), metadata={"k": "v"})
        assert (job.status, job.request_counts.completed, job.request_counts.failed) == ("completed", 1, 1)
        assert job.metadata == {"k": "v"}
        good, bad = lines_of(client, job.output_file_id), lines_of(client, job.error_file_id)
        assert good["a"]["response"]["body"]["choices"][0]["message"]["content"] == "1 2 3"
        assert bad["b"]["response"]["status_code"] == 400
        assert [each.id for each in client.batches.list(limit=1)] == [job.id]
        assert len(list(client.files.list())) == 3
        client.files.delete(job.output_file_id)
        with pytest.raises(NotFoundError):
            client.files.retrieve(job.output_file_id)
        with pytest.raises(NotFoundError):
            client.batches.retrieve("batch_none")


def test_mistrals_client() -> None:
    with Emulator() as endpoint, Mistral(server_url=endpoint.url, api_key=endpoint.key) as client:
        uploaded = client.files.upload(file={"file_name": "in.jsonl", "content": as_file(line("a"))}, purpose="batch")
        jobs = client.batch.jobs
        job = jobs.create(input_files=[uploaded.id], endpoint="/v1/chat/completions", model="m", metadata={"k": "v"})
        assert job.status == "QUEUED"
        done = until(lambda: jobs.get(job_id=job.id), lambda found: found.status not in ("QUEUED", "RUNNING"))
        assert (done.status, done.succeeded_requests, done.total_requests) == ("SUCCESS", 1, 1)
        text = client.files.download(file_id=done.output_file).read().decode()
        assert json.loads(text)["response"]["body"]["choices"][0]["message"]["content"] == "1 2 3"
        assert jobs.get(job_id=job.id, inline=True).outputs[0]["custom_id"] == "a"
        inline = jobs.create(
            requests=[{"custom_id": "q", "body": {"messages": [{"role": "user", "content": "x"}], "seed": 1}}],
            endpoint="/v1/chat/completions",
            model="m",
        )
        bad = until(lambda: jobs.get(job_id=inline.id), lambda found: found.error_file)
        failed = json.loads(client.files.download(file_id=bad.error_file).read())
        assert (failed["error"], failed["response"]["status_code"]) == ("the request failed", 422)
        assert jobs.list(metadata={"k": "v"}).total == 1
        assert jobs.list().total == 2
        assert client.files.list().total == 4
        jobs.delete(job_id=job.id)
        assert jobs.list().total == 1


@pytest.mark.parametrize(
    ("file", "codes"),
    [
        (b"", ["empty_file"]),
        (b"{\n", ["invalid_json_line"]),
        (as_file(line("a"), line("a")), ["duplicate_custom_id"]),
        (as_file(line("a", url="/v1/embeddings")), ["url_mismatch"]),
        (as_file(line("a"), line("b", body={"model": "other"})), ["model_mismatch"]),
        (b"\xef\xbb\xbf" + as_file(line("a")), ["invalid_request"]),
        (
            as_file(*({"custom_id": str(number), "body": {"model": "m"}} for number in range(100_001))),
            ["too_many_tasks"],
        ),
    ],
    ids=["empty", "json", "duplicate", "url", "model", "bom", "many"],
)
def test_invalid_input_files(file: bytes, codes: list[str]) -> None:
    with Emulator() as endpoint, OpenAI(base_url=f"{endpoint.url}/openai/v1", api_key=endpoint.key) as client:
        job = ran(client, file)
        assert job.status == "failed"
        assert [error.code for error in job.errors.data] == codes


def test_mistral_error_messages() -> None:
    with Emulator(batch_seconds=0) as endpoint, Mistral(server_url=endpoint.url, api_key=endpoint.key) as client:
        uploaded = client.files.upload(file={"file_name": "in.jsonl", "content": b"\n{"}, purpose="batch")
        job = client.batch.jobs.create(input_files=[uploaded.id], endpoint="/v1/chat/completions")
        failed = client.batch.jobs.get(job_id=job.id)
        assert (failed.status, failed.errors[0].count) == ("FAILED", 1)


def test_azure_pitfalls() -> None:
    with Emulator(batch_seconds=1) as endpoint:
        caller, base = Caller(endpoint), "/openai/v1"
        form = b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n' + (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'
            + as_file(line("a"))
            + b"\r\n--x--\r\n"
        )
        kind = {"content-type": "multipart/form-data; boundary=x"}
        uploaded = caller.post(f"{base}/files", form, kind)
        assert (uploaded.status, uploaded.body["status"]) == (201, "pending")
        wanted = {"input_file_id": uploaded.body["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        assert "is not processed yet" in caller.post(f"{base}/batches", wanted).body["error"]["message"]
        time.sleep(0.12)
        job = caller.post(f"{base}/batches", wanted).body
        assert (job["status"], job["request_counts"]["total"], job["error_file_id"]) == ("Validating", None, "")
        assert caller.send("GET", f"{base}/batches/{job['id']}", key=False).status == 401


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Missing required parameter: 'endpoint'"),
        ({"endpoint": "/v1/chat/completions"}, "completion_window"),
        ({"endpoint": "/v1/chat/completions", "completion_window": "24h"}, "No such File object"),
    ],
)
def test_invalid_batch_requests(endpoint: Emulator, body: dict[str, Any], words: str) -> None:
    assert words in Caller(endpoint).post("/v1/batches", body).raw.decode()


def test_file_too_large(endpoint: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_batch_files._LARGEST, "openai", 3)  # type: ignore[arg-type]
    with openai(endpoint) as client, pytest.raises(APIStatusError, match="3 are allowed"):
        client.files.create(file=("in.jsonl", b"four"), purpose="batch")


@pytest.mark.parametrize(("body", "words"), [(b"", "'file' is a required property"), (b"purpose", "is not one of")])
def test_invalid_uploads(endpoint: Emulator, body: bytes, words: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n' if body else b""
    kind = {"content-type": "multipart/form-data; boundary=x" if body else "text/plain"}
    assert words in Caller(endpoint).post("/v1/files", part + b"--x--\r\n", kind).raw.decode()


@pytest.mark.parametrize(
    ("fault", "status", "output", "errors"),
    [
        ("expired", "expired", 5, {"batch_expired"}),
        ("missing-rows", "completed", 8, set()),
        ("status-0", "completed", 10, set()),
        ("token-limit-later", "failed", 0, set()),
    ],
)
def test_faults(fault: str, status: str, output: int, errors: set[str]) -> None:
    with (
        Emulator(batch_faults=[fault]) as endpoint,
        OpenAI(base_url=f"{endpoint.url}/v1", api_key=endpoint.key) as client,
    ):
        job = ran(client, as_file(*(line(str(number)) for number in range(10))))
        assert job.status == status
        lines = lines_of(client, job.output_file_id)
        assert len(lines) == output
        assert {each["error"]["code"] for each in lines_of(client, job.error_file_id).values()} == errors
        statuses = {each["response"]["status_code"] for each in lines.values()}
        assert statuses == ({0, 200} if fault == "status-0" else {200} if lines else set())


def test_full_queue() -> None:
    with Emulator(batch_faults=["token-limit"]) as endpoint, openai(endpoint) as client:
        with pytest.raises(BadRequestError, match="Enqueued token limit"):
            ran(client, as_file(line("a")))
        assert ran(client, as_file(line("a"))).status == "completed"


def test_batch_is_cancelled() -> None:
    with Emulator(batch_seconds=2) as endpoint, OpenAI(base_url=f"{endpoint.url}/v1", api_key=endpoint.key) as client:
        uploaded = client.files.create(file=("in.jsonl", as_file(line("a"), line("b"))), purpose="batch")
        job = client.batches.create(input_file_id=uploaded.id, endpoint="/v1/chat/completions", completion_window="24h")
        assert client.batches.cancel(job.id).status == "cancelling"
        done = until(lambda: client.batches.retrieve(job.id), lambda found: found.status == "cancelled")
        assert lines_of(client, done.error_file_id)["b"]["error"]["code"] == "batch_cancelled"
        assert set(lines_of(client, done.output_file_id)) == {"a"}


def test_invalid_multipart_bodies() -> None:
    assert parse_multipart(b"x", "text/plain") == {}
    assert parse_multipart(b"--x\r\nnothing\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x") == {}
