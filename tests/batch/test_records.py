"""Records as rows, and functions that must not contain a secret."""

import os
from functools import partial
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient as SyncClient
from azure.ai.inference.aio import ChatCompletionsClient, EmbeddingsClient
from azure.ai.inference.batch import BatchResult, BatchRow
from azure.ai.inference.batch._records import RecordRows, check_make_client
from azure.ai.inference.batch._row_calls import RowCalls

pandas: Any = pytest.importorskip("pandas", reason="its missing values")


def messages(record: Any) -> Any:
    return [{"role": "user", "content": record["text"].strip()}]


def row_of(record: Any) -> Any:
    [row] = RecordRows("id", messages, {"temperature": 0}).rows_of([record])
    return row


@pytest.mark.parametrize(("identifier", "custom_id"), [("a", "a"), (7, "7"), (True, "True"), ("é\ud83d", "é\ud83d")])
def test_record_becomes_a_row(identifier: Any, custom_id: str) -> None:
    row = row_of({"id": identifier, "text": "x", "more": {"nested": [1]}})
    assert isinstance(row, BatchRow)
    assert (row.custom_id, row.body["temperature"]) == (custom_id, 0)


@pytest.mark.parametrize("identifier", [None, float("nan"), pandas.NA, pandas.NaT])
def test_record_without_an_id(identifier: Any) -> None:
    result = row_of({"id": identifier, "text": "x"})
    assert isinstance(result, BatchResult)
    assert "its column 'id' is empty" in str(result.error)


@pytest.mark.parametrize(
    ("record", "code", "words"),
    [
        ({"id": 1, "text": None}, "AttributeError", "The function messages raised AttributeError: 'NoneType'"),
        ({"id": 1}, "KeyError", "The function messages raised KeyError: 'text'"),
        ({"id": "", "text": "x"}, "ValueError", "needs a custom_id"),
    ],
)
def test_invalid_record_becomes_a_failed_result(record: Any, code: str, words: str) -> None:
    result = row_of(record)
    assert (result.ok, result.error.code, words in result.error.message) == (False, code, True)


def test_record_without_a_prompt_fails() -> None:
    [result] = RecordRows("id", lambda record: None, {}).rows_of([{"id": 1}])
    assert isinstance(result, BatchResult)
    assert result.error is not None
    assert "messages" in result.error.message


def _with_default(url: str = "x", api_key: str = "abc") -> Any:
    return ChatCompletionsClient(url, api_key)


def _script(source: str, **names: Any) -> Any:
    """Define a function like a script or a notebook does: its globals are pickled with it."""
    there: dict[str, Any] = {"__name__": "__main__", **names}
    exec(source, there)
    return there["make"]


def test_functions_that_contain_a_secret_are_refused() -> None:
    key, credential, address = "abc", AzureKeyCredential("abc"), "x"
    client = EmbeddingsClient("http://localhost", "k")
    usual = "def make(): return Client(os.environ['URL'], os.environ[KEY_VARIABLE])"
    check_make_client(_script(usual, Client=ChatCompletionsClient, os=os, KEY_VARIABLE="PATH"))
    for good in (lambda: address, dict, partial(dict, address), messages, _script("def make(): return url", url="x")):
        check_make_client(good)
    bad: list[Any] = [lambda: key, lambda: credential, lambda: client, _with_default]
    bad += [partial(ChatCompletionsClient, "http://localhost", "abc"), partial(_with_default, api_key="abc")]
    bad += [_script("def make(): return API_KEY", API_KEY="abc")]
    for function in bad:
        with pytest.raises(TypeError, match=r"make_client holds .* Read the key from the environment inside"):
            check_make_client(function)
    with pytest.raises(TypeError, match="make_client must be a function"):
        check_make_client(client)


def test_synchronous_client_is_refused() -> None:
    with pytest.raises(TypeError, match=r"must return an asynchronous client.*it returned azure\.ai\.inference\.ChatC"):
        RowCalls(SyncClient("http://localhost", "k"))
