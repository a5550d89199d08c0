"""The official batch clients of Azure, OpenAI and Mistral, unmodified, synchronous and asynchronous."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from mistralai.client import Mistral
from openai import AsyncOpenAI, AzureOpenAI, OpenAI

from azure.ai.inference.batch import collect
from azure.ai.inference.emulator import Emulator

from .test_batches import as_file, line, lines_of, ran, until


def azure(endpoint: Emulator) -> Any:
    """Return Azure's client, on the route that an Azure resource has for batches."""
    return AzureOpenAI(base_url=f"{endpoint.url}/openai/v1", api_key=endpoint.key, api_version="2025-04-01-preview")


def openai(endpoint: Emulator) -> Any:
    return OpenAI(base_url=f"{endpoint.url}/v1", api_key=endpoint.key)


CLIENTS = {"azure": azure, "openai": openai}


@pytest.mark.parametrize("make", CLIENTS.values(), ids=CLIENTS)
def test_openais_clients_run_a_batch(make: Callable[[Emulator], Any]) -> None:
    with Emulator(batch_seconds=0.1) as endpoint, make(endpoint) as client:
        file = as_file(line("a"), line("b", body={"model": "m", "messages": []}), line("c", "count to 2"))
        job = ran(client, file, metadata={"night": "1"})
        assert (job.status, job.request_counts.total, job.request_counts.failed) == ("completed", 3, 1)
        answers, errors = lines_of(client, job.output_file_id), lines_of(client, job.error_file_id)
        assert answers["c"]["response"]["body"]["choices"][0]["message"]["content"] == "1 2"
        assert (set(answers), set(errors)) == ({"a", "c"}, {"b"})
        assert [each.id for each in client.batches.list()] == [job.id]


@pytest.mark.parametrize("make", CLIENTS.values(), ids=CLIENTS)
def test_openais_clients_cancel_a_batch(make: Callable[[Emulator], Any]) -> None:
    with Emulator(batch_seconds=1) as endpoint, make(endpoint) as client:
        uploaded = client.files.create(file=("in.jsonl", as_file(line("a"), line("b"))), purpose="batch")
        until(lambda: client.files.retrieve(uploaded.id), lambda found: found.status == "processed")
        job = client.batches.create(input_file_id=uploaded.id, endpoint="/v1/chat/completions", completion_window="24h")
        assert client.batches.cancel(job.id).status == "cancelling"
        done = until(lambda: client.batches.retrieve(job.id), lambda found: found.status == "cancelled")
        assert lines_of(client, done.error_file_id)["b"]["error"]["code"] == "batch_cancelled"


async def test_openais_asynchronous_client() -> None:
    with Emulator(batch_seconds=0.05) as endpoint:
        async with AsyncOpenAI(base_url=f"{endpoint.url}/v1", api_key=endpoint.key) as client:
            uploaded = await client.files.create(file=("in.jsonl", as_file(line("a"))), purpose="batch")
            job = await client.batches.create(
                input_file_id=uploaded.id, endpoint="/v1/chat/completions", completion_window="24h"
            )
            for _ in range(500):
                job = await client.batches.retrieve(job.id)
                if job.status == "completed":
                    break
            assert job.output_file_id is not None
            text = (await client.files.content(job.output_file_id)).text
            assert json.loads(text)["response"]["body"]["choices"][0]["message"]["content"] == "1 2 3"


def test_mistral_client_reads_results_of_a_cancelled_job() -> None:
    with Emulator(batch_seconds=1) as endpoint, Mistral(server_url=endpoint.url, api_key=endpoint.key) as client:
        content = as_file(line("a"), line("b"))
        uploaded = client.files.upload(file={"file_name": "in.jsonl", "content": content}, purpose="batch")
        jobs = client.batch.jobs
        job = jobs.create(input_files=[uploaded.id], endpoint="/v1/chat/completions", model="m")
        assert jobs.cancel(job_id=job.id).status == "CANCELLATION_REQUESTED"
        done = until(lambda: jobs.get(job_id=job.id), lambda found: found.status == "CANCELLED")
        assert done.output_file is not None
        assert [each.id for each in jobs.list(status=["CANCELLED"]).data] == [job.id]


async def test_mistrals_asynchronous_methods() -> None:
    with Emulator(batch_seconds=0.05) as endpoint, Mistral(server_url=endpoint.url, api_key=endpoint.key) as client:
        content = as_file(line("a"), line("b", body={"messages": [{"role": "user", "content": "x"}], "seed": 1}))
        uploaded = await client.files.upload_async(file={"file_name": "in.jsonl", "content": content}, purpose="batch")
        jobs = client.batch.jobs
        job = await jobs.create_async(input_files=[uploaded.id], endpoint="/v1/chat/completions", model="m")
        for _ in range(500):
            done = await jobs.get_async(job_id=job.id)
            if done.status == "SUCCESS":
                break
        assert (done.succeeded_requests, done.failed_requests) == (1, 1)
        failed = json.loads(await (await client.files.download_async(file_id=str(done.error_file))).aread())
        assert failed["custom_id"] == "b"


def test_provider_output_files_are_read_by_collect(tmp_path: Any) -> None:
    with Emulator(batch_seconds=0) as endpoint, openai(endpoint) as client:
        job = ran(client, as_file(*(line(str(number), f"count to {number + 1}") for number in range(5))))
        (tmp_path / "out.jsonl").write_text(client.files.content(job.output_file_id).text)
        results = list(collect(tmp_path / "out.jsonl", order=[str(number) for number in range(5)]))
        assert [result.answer.choices[0].message.text for result in results][4] == "1 2 3 4 5"
