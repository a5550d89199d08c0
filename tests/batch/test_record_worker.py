"""Records answered in a worker, without an engine: journal parts, what others had answered, columns."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

from azure.ai.inference.aio import EmbeddingsClient
from azure.ai.inference.batch import collect
from azure.ai.inference.batch._pacing import Pacer
from azure.ai.inference.batch._places import Places
from azure.ai.inference.batch._record_worker import COLUMNS, RecordRows, RecordWorker, check_make_client, columns_of
from azure.ai.inference.batch._results import answered
from azure.ai.inference.batch._run_journal import Journal, line_of
from azure.ai.inference.emulator import Emulator, Reply
from azure.ai.inference.models import ChatCompletions

from .conftest import client_of


def messages(record: Mapping[str, Any]) -> Any:
    return [{"role": "user", "content": f"count to {record['n']}"}] if record["n"] else []


def records(count: int, first: int = 1) -> list[dict[str, Any]]:
    return [{"id": number, "n": number} for number in range(first, first + count)]


def worker(endpoint: Emulator, output: Path | None, key: str | None = None, **options: Any) -> RecordWorker:
    client = client_of(endpoint, **({"retry_total": 0} if key is None else {}))
    return RecordWorker(RecordRows("id", messages, options), client, Pacer(), output, 8)


async def test_records_are_answered_in_order(endpoint: Emulator) -> None:
    results = await worker(endpoint, None, temperature=0).answer([*records(5), {"id": "none", "n": 0}])
    assert [result.custom_id for result in results] == ["1", "2", "3", "4", "5", "none"]
    columns = [columns_of(result) for result in results]
    assert [len((row["text"] or "").split()) for row in columns] == [1, 2, 3, 4, 5, 0]
    assert [row["completion_tokens"] for row in columns] == [1, 2, 3, 4, 5, 0]
    assert all(tuple(row) == COLUMNS for row in columns)
    assert columns[5]["error"].startswith("ValueError: messages must not be empty")
    assert (columns[0]["status_code"], columns[5]["status_code"]) == (200, None)
    assert json.loads(columns[0]["body"])["model"] == "m"


async def test_what_another_worker_had_answered_is_not_asked_again(endpoint: Emulator, tmp_path: Path) -> None:
    endpoint.reply(Reply(status=503, body={}), last="count to 2$")
    first = await worker(endpoint, tmp_path).answer(records(4))
    assert [result.ok for result in first] == [True, False, True, True]
    second = worker(endpoint, tmp_path)
    again = await second.answer(records(6))
    assert all(result.ok for result in again)
    assert len(endpoint.requests) == 4 + 3  # the failed one, and two new ones
    assert len(list(collect(tmp_path))) == 6
    changed = await worker(endpoint, tmp_path, temperature=1).answer(records(1))
    assert changed[0].ok
    assert len(endpoint.requests) == 8


async def test_what_every_row_would_meet_ends_the_job(endpoint: Emulator) -> None:
    endpoint.fault("401:every=1")
    with pytest.raises(ClientAuthenticationError):
        await worker(endpoint, None).answer(records(1))
    endpoint.reset()
    good = worker(endpoint, None)
    await good.answer(records(1))
    endpoint.fault("404:every=1")
    assert [result.ok for result in await good.answer(records(1))] == [False]
    endpoint.reset()
    endpoint.fault("400")
    [bad] = await worker(endpoint, None).answer(records(1))
    with pytest.raises(HttpResponseError):
        bad.raise_for_error()


def test_an_index_reads_on_where_it_was(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.refresh()
    assert places.find("a") is None
    part = tmp_path / "part-1.jsonl"
    result = answered("a", "0" * 64, ChatCompletions({"choices": []}), 1, 0.0)
    line = line_of(result)
    part.write_text(f"torn\n{line}\n{line[:40]}")
    places.refresh()
    assert places.find("a") == result
    with part.open("a") as file:
        file.write(
            line[40:] + "\n" + line.replace('"a"', '"b"').replace("null", '{"code": "x", "message": ""}', 1) + "\n"
        )
        file.write(line.replace("null", '{"code": "x", "message": ""}', 1) + "\n")
    places.refresh()
    places.refresh()
    found = places.find("b")
    assert found is not None
    assert not found.ok
    assert places.find("a") == result
    assert columns_of(result)["text"] is None


def test_a_journal_that_only_writes(tmp_path: Path) -> None:
    (tmp_path / "part-1.jsonl").write_text("not one of ours\n")
    journal = Journal(tmp_path, folder=True, reads=False)
    assert (len(journal.index), journal.in_doubt) == (0, [])
    journal.close(whole=True)


def test_functions_that_hold_a_secret() -> None:
    key, credential, client, address = "abc", AzureKeyCredential("abc"), EmbeddingsClient("http://localhost", "k"), "x"
    check_make_client(lambda: address)
    check_make_client(dict)
    for bad in (lambda: key, lambda: credential):
        with pytest.raises(TypeError, match=r"make_client holds .* Read the key from the environment inside"):
            check_make_client(bad)
    with pytest.raises(TypeError, match="make_client must be a function"):
        check_make_client(client)
