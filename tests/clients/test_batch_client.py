"""The services' own Batch APIs in both worlds, for three providers: upload, create, wait, read results."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from io import BytesIO
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from azure.ai.inference.batch import BatchFile, BatchJob, chat_row
from azure.ai.inference.batch import _batch_states as states
from azure.ai.inference.batch._batch_states import job_of, result_of_line
from azure.ai.inference.emulator import Emulator

from .conftest import Serve, World
from .raw_server import answer
from .worlds import iterate, settle

PATHS = {"azure": "/openai/v1", "openai": "/v1", "mistral": "/v1"}


class Batches:
    """A batch client of either world, with the interface of the asynchronous one."""

    def __init__(self, world: World, endpoint: Any, provider: str, **options: Any) -> None:
        package: Any = world.package
        url = endpoint if isinstance(endpoint, str) else endpoint.url + PATHS[provider]
        key = "k" if isinstance(endpoint, str) else endpoint.key
        self.real = package.BatchClient(url, key, provider=provider, **options)
        world.adopt(self.real)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*arguments: Any, **options: Any) -> Any:
            return await settle(getattr(self.real, name)(*arguments, **options))

        return call

    async def results(self, *arguments: Any, **options: Any) -> list[Any]:
        return [result async for result in iterate(self.real.results(*arguments, **options))]

    async def list(self, **options: Any) -> list[Any]:
        return [job async for job in iterate(self.real.list(**options))]


def rows(count: int) -> "list[Any]":
    return [
        chat_row(f"r{number}", messages=[{"role": "user", "content": f"count to {number + 1}"}], model="m")
        for number in range(count)
    ]


@pytest.mark.parametrize("provider", PATHS)
async def test_ids_may_be_what_has_them(world: World, provider: str) -> None:
    with Emulator(batch_seconds=0.05) as endpoint:
        client = Batches(world, endpoint, provider)
        file = await client.upload(rows(2))
        job = await client.create(file)
        assert (await client.get_file(file)).id == file.id
        done = await client.wait(job, polling_interval=0.01)
        assert (await client.get(job)).id == (await client.cancel(done)).id == done.id == job.id
        await client.delete_file(file)


@pytest.mark.parametrize("name", ["get", "cancel", "wait", "get_file", "delete_file", "create"])
@pytest.mark.parametrize(
    ("given", "error"),
    [("", ValueError), (" ", ValueError), ("..", ValueError), (None, TypeError), (5, TypeError), ({}, TypeError)],
)
async def test_invalid_ids_are_not_sent(world: World, name: str, given: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"(job_id|file_id|file) must be an id"):
        await getattr(Batches(world, "http://127.0.0.1:9", "openai"), name)(given)


@pytest.mark.parametrize("given", [[], iter([]), BytesIO()], ids=["list", "iterator", "file"])
async def test_nothing_to_upload(world: World, given: Any) -> None:
    with pytest.raises(ValueError, match="no rows to upload"):
        await Batches(world, "http://127.0.0.1:9", "openai").upload(given)


async def test_an_id_is_one_step_of_a_path(world: World) -> None:
    with Emulator() as endpoint:
        with pytest.raises(ResourceNotFoundError):
            await Batches(world, endpoint, "openai").get("../files")
        assert endpoint.requests[0].raw_path.endswith("/batches/..%2Ffiles")


@pytest.mark.parametrize("provider", PATHS)
async def test_rows_are_answered(world: World, provider: str) -> None:
    with Emulator(batch_seconds=0.4) as endpoint:
        client = Batches(world, endpoint, provider)
        file = await client.upload(rows(5), expires_after=timedelta(days=14))
        assert isinstance(file, BatchFile)
        assert file.purpose == "batch"
        job = await client.create(file, metadata={"k": "v"})
        assert isinstance(job, BatchJob)
        assert not job.is_done
        with pytest.raises(ValueError, match="wait for its end, then read its results"):
            await client.results(job.id)
        with pytest.raises(ValueError, match="polling_interval must be a number of seconds, 0 or more, not inf"):
            await client.wait(job.id, polling_interval=float("inf"))
        seen: list[str] = []
        done = await client.wait(job.id, polling_interval=0.01, on_progress=lambda job: seen.append(job.status))
        assert (done.status, done.counts.total, done.counts.completed, done.counts.failed) == ("completed", 5, 5, 0)
        assert (done.error_file_id, done.metadata, seen[-1]) == (None, {"k": "v"}, "completed")
        results = {result.custom_id: result for result in await client.results(done)}
        assert [len(results[f"r{n}"].answer.choices[0].message.content.split()) for n in range(5)] == [1, 2, 3, 4, 5]
        assert [job.id for job in await client.list(metadata={"k": "v"})] == [done.id]
        assert await client.list(metadata={"k": "w"}) == []
        assert (await client.get_file(file.id)).bytes == file.bytes
        await client.delete_file(file.id)
        with pytest.raises(ResourceNotFoundError):
            await client.get_file(file.id)
        with pytest.raises(ResourceNotFoundError):
            await client.get("batch_0")


@pytest.mark.parametrize("provider", PATHS)
@pytest.mark.parametrize(("fault", "ok"), [("expired", 5), ("missing-rows", 8), ("status-0", 8)])
async def test_results_include_missing_rows(world: World, provider: str, fault: str, ok: int) -> None:
    with Emulator(batch_seconds=0.05, batch_faults=[fault]) as endpoint:
        client = Batches(world, endpoint, provider)
        job = await client.create(await client.upload(rows(10)))
        done = await client.wait(job.id, polling_interval=0.01)
        assert done.status == ("expired" if fault == "expired" else "completed")
        results = await client.results(done, rows=rows(10))
        assert len(results) == 10
        assert sum(result.ok for result in results) == ok
        codes = {result.error.code for result in results if not result.ok}
        assert codes == {{"expired": "batch_expired", "missing-rows": "missing", "status-0": "status_0"}[fault]}


async def test_job_is_cancelled(world: World) -> None:
    with Emulator(batch_seconds=5) as endpoint:
        client = Batches(world, endpoint, "openai")
        job = await client.create((await client.upload(rows(2))).id)
        assert (await client.cancel(job.id)).status == "cancelling"
        assert (await client.wait(job.id, polling_interval=0.1)).status == "cancelled"


async def test_job_that_fails_says_why(world: World) -> None:
    with Emulator(batch_seconds=0.05) as endpoint:
        client = Batches(world, endpoint, "azure")
        job = await client.create(await client.upload(io.BytesIO(b"{")))
        done = await client.wait(job.id, polling_interval=0.01)
        assert (done.status, done.errors[0].code, done.errors[0].line) == ("failed", "invalid_json_line", 1)
        assert await client.results(done, rows=["a"]) != []


async def test_full_queue(world: World) -> None:
    with Emulator(batch_seconds=0.05, batch_faults=["token-limit"]) as endpoint:
        client = Batches(world, endpoint, "openai")
        file = await client.upload(rows(1))
        with pytest.raises(HttpResponseError) as caught:
            await client.create(file)
        assert caught.value.error is not None
        assert caught.value.error.code == "token_limit_exceeded"
        await client.create(file, output_expires_after=timedelta(days=20))
        body = endpoint.requests[-1].body
        assert body["output_expires_after"] == {"anchor": "created_at", "seconds": 20 * 86400}


async def test_retried_upload_is_complete(world: World) -> None:
    with Emulator(faults="503;reset") as endpoint:
        client = Batches(world, endpoint, "openai", retry_backoff_factor=0)
        file = await client.upload(rows(100))
        assert file.bytes == len(endpoint.requests[-1].raw) - (len(endpoint.requests[-1].raw) - file.bytes)
        first, *others = [request.raw for request in endpoint.requests]
        assert len(others) == 2
        assert set(others) == {first}


async def test_many_jobs_are_listed_page_by_page(world: World) -> None:
    with Emulator(batch_seconds=0) as endpoint:
        for provider in ("openai", "mistral"):
            client = Batches(world, endpoint, provider)
            file = await client.upload(rows(1))
            made = [(await client.create(file)).id for _ in range(103)]
            assert [job.id for job in await client.list()] == made[::-1]


async def test_mistral_model_and_timeout(world: World) -> None:
    with Emulator() as endpoint:
        client = Batches(world, endpoint, "mistral")
        file = await client.upload(rows(1))
        await client.create(file, model="m", timeout_hours=12)
        assert endpoint.requests[-1].body == {
            "input_files": [file.id],
            "endpoint": "/v1/chat/completions",
            "model": "m",
            "timeout_hours": 12,
        }


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda client: client.upload([*rows(1), *rows(1)]),
            ValueError,
            "Row 2 has the same custom_id as an earlier row: 'r0'",
        ),
        (lambda client: client.upload(["x"]), TypeError, "row 1 must be a BatchRow"),
        (lambda client: client.upload(rows(4)), ValueError, "may have 3 rows and 500 bytes"),
        (lambda client: client.upload(io.BytesIO(b"x" * 501)), ValueError, "may have 3 rows and 500 bytes"),
        (lambda client: client.create("f", timeout_hours=1), ValueError, "timeout_hours is not a setting"),
        (lambda client: client.get("b", tiemout=1), TypeError, "'tiemout'"),
    ],
)
async def test_invalid_arguments_are_refused_before_sending(
    world: World, monkeypatch: pytest.MonkeyPatch, call: Callable[[Any], Any], error: type[Exception], words: str
) -> None:
    monkeypatch.setitem(states.DIALECTS, "openai", states.DIALECTS["openai"]._replace(most_rows=3, most_bytes=500))  # type: ignore[arg-type]
    with pytest.raises(error, match=words):
        await call(Batches(world, "http://127.0.0.1:9/v1", "openai"))


@pytest.mark.parametrize(
    ("url", "provider", "base"),
    [
        ("https://contoso.openai.azure.com", "azure", "https://contoso.openai.azure.com/openai/v1"),
        (
            "https://contoso.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
            "azure",
            "https://contoso.openai.azure.com/openai/v1",
        ),
        ("https://api.openai.com", "openai", "https://api.openai.com/v1"),
        ("https://api.mistral.ai", "mistral", "https://api.mistral.ai/v1"),
    ],
)
async def test_provider_by_endpoint(world: World, url: str, provider: str, base: str) -> None:
    client = world.adopt(world.package.BatchClient(url, "k"))
    assert (client.real._dialect.name, client.real._settings.endpoint.base_url) == (provider, base)
    with pytest.raises(ValueError, match="provider is 'aws'; choose one of 'azure', 'openai', 'mistral'"):
        world.package.BatchClient(url, "k", provider="aws")


async def test_invalid_responses(world: World, serve: Serve) -> None:
    client = Batches(world, serve(answer(200, "nothing")).url, "openai")
    with pytest.raises(HttpResponseError, match="instead of an object"):
        await client.get("b")
    client = Batches(world, serve(answer(404, {"error": {"message": "gone"}})).url, "openai")
    with pytest.raises(ResourceNotFoundError, match="gone"):
        await client.results(job_of({"id": "b", "status": "completed", "output_file_id": "f"}))


async def test_last_line_without_a_line_end(world: World, serve: Serve) -> None:
    client = Batches(
        world, serve(answer(200, {"custom_id": "a", "error": {"code": "x", "message": "y"}})).url, "openai"
    )
    [result] = await client.results(job_of({"id": "b", "status": "completed", "error_file_id": "f"}))
    assert result.error.code == "x"


async def test_lines_that_are_not_results_are_skipped(world: World) -> None:
    with Emulator() as endpoint:
        client = Batches(world, endpoint, "openai")
        file = await client.upload(io.BytesIO(b'\n{}\n{"custom_id": "a"}\n'))
        [result] = await client.results(job_of({"id": "b", "status": "completed", "output_file_id": file.id}))
        assert result.error.code == "missing"


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ({"status": "Validating", "request_counts": {"total": None}, "error_file_id": ""}, ("validating", None, None)),
        ({"status": "canceled", "request_counts": None, "errors": None}, ("cancelled", None, None)),
        ({"status": "SUCCESS", "total_requests": 3, "output_file": "o"}, ("completed", 3, "o")),
        ({}, ("", None, None)),
    ],
)
def test_jobs_are_read_leniently(job: dict[str, Any], told: tuple[Any, ...]) -> None:
    read = job_of(job)
    assert (read.status, read.counts.total, read.output_file_id) == told
    assert read.error_file_id is None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b'{"custom_id": "a", "response": {"status_code": 200, "body": {"choices": []}}, "error": null}', ""),
        (b'{"custom_id": "a", "response": {"status_code": 500, "body": {}}, "error": "bad"}', "error"),
        (b'{"custom_id": "a", "response": null, "error": null}', "missing"),
        (b'{"custom_id": "a", "response": {"status_code": 0}, "error": {"code": "c", "message": "m"}}', "c"),
        (b'{"custom_id": "a", "response": {"status_code": "200", "body": {"choices": []}}}', ""),
        (b'{"custom_id": "a", "response": {"status_code": 400, "body": {"error": {"code": "x"}}}, "error": null}', "x"),
        (b'{"custom_id": "a", "response": {"status_code": 429, "body": "<html>"}, "error": null}', "429"),
        (b'{"custom_id": "a", "response": {"status_code": 200, "body": null}}', "ResponseDecodeError"),
        (b'{"custom_id": "a", "response": {"status_code": 200, "body": []}}', "ResponseDecodeError"),
        (b'{"custom_id": "a", "response": "oops", "error": null}', "missing"),
        (b'{"custom_id": "a", "response": null, "error": ["bad"]}', "error"),
        (b'{"custom_id": "a", "response": null, "error": {"code": null, "message": null}}', "error"),
    ],
)
def test_lines_are_read_leniently(line: bytes, code: str | None) -> None:
    result = result_of_line(line)
    if code is None:
        assert result is None
    else:
        assert result is not None
        assert (result.error.code if result.error else "") == code
        assert json.loads(json.dumps(result))["custom_id"] == "a"


@pytest.mark.parametrize("package", ["azure.ai.inference", "azure.ai.inference.aio"])
def test_unknown_names_raise(package: str) -> None:
    from importlib import import_module

    with pytest.raises(AttributeError, match="has no attribute 'BatchesClient'"):
        import_module(package).BatchesClient  # noqa: B018 - reading raises


async def test_azure_file_processing(world: World, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module(f"{world.package.__name__}._batch_client"), "_FIRST_LOOK", 0.001)
    file = {"object": "file", "id": "file-1", "purpose": "batch", "filename": "rows.jsonl", "bytes": 1}
    seen = [answer(200, {**file, "status": status}) for status in ("uploaded", "pending", "running", "processed")]
    server = serve(*seen, answer(200, {"id": "batch_1", "status": "validating", "input_file_id": "file-1"}))
    job = await Batches(world, f"{server.url}/openai/v1", "azure").create("file-1", model="m")
    assert job.id == "batch_1"
    assert [request.method for request in server.requests] == ["GET"] * 4 + ["POST"]
