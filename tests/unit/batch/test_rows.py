"""Rows: made, checked, read from files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.serialization import NULL

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.batch import BatchRow, chat_row, embedding_row, read_rows
from azure.ai.inference.batch._row_calls import default_body
from azure.ai.inference.batch._rows import check_row, kind_of
from azure.ai.inference.models import UserMessage

HI = [{"role": "user", "content": "Hi"}]


def test_a_chat_row_is_what_complete_would_send() -> None:
    row = chat_row("a", messages=[UserMessage("Hi")], temperature=0, response_format="json_object", top_k=5)
    assert row == {
        "custom_id": "a",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"messages": HI, "response_format": {"type": "json_object"}, "temperature": 0, "top_k": 5},
    }
    assert (row.custom_id, row.body["temperature"]) == ("a", 0)
    assert chat_row("b", messages=HI, stop=NULL, model_extras={"x": 1}).body == {"messages": HI, "stop": None, "x": 1}


def test_an_embedding_row_is_what_embed_would_send() -> None:
    assert embedding_row("a", input="Hi", dimensions=8).body == {"input": ["Hi"], "dimensions": 8}
    assert embedding_row("a", input=["a", "b"]).url == "/v1/embeddings"


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: chat_row("a", messages=HI, temprature=1), TypeError, "Did you mean 'temperature'"),  # type: ignore[call-arg]
        (lambda: chat_row("a", messages=[]), ValueError, "messages must not be empty"),
        (lambda: chat_row("a", messages=HI, api="responses"), ValueError, "Give api= to the client"),
        (lambda: chat_row("", messages=HI), ValueError, "needs a custom_id"),
        (lambda: chat_row(7, messages=HI), ValueError, "it has 7"),  # type: ignore[arg-type]
        (lambda: embedding_row("a", input=[]), ValueError, "input must not be empty"),
        (lambda: embedding_row("a", input="x", size=1), TypeError, "unexpected keyword argument 'size'"),  # type: ignore[call-arg]
        (lambda: check_row("a", "row 3"), TypeError, "row 3 must be a BatchRow"),
        (lambda: check_row({"custom_id": "a", "body": "x"}, "row 3"), TypeError, r"row 3 \('a'\) needs a body"),
        (lambda: check_row({"custom_id": "a", "body": {}, "url": "/v1/images"}, ""), ValueError, "POST '/v1/images'"),
        (lambda: check_row({"custom_id": "a", "body": {}, "method": "GET"}, ""), ValueError, "asks for GET"),
    ],
)
def test_what_is_no_row(make: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_mistrals_rows_have_no_url() -> None:
    assert kind_of(check_row({"custom_id": "a", "body": {"messages": HI}}, "row 1")) == "chat"


def rows_of(path: Path, text: str, **options: Any) -> list[BatchRow]:
    path.write_text(text, encoding="utf-8")
    return list(read_rows(path, **options))


def test_rows_are_read_from_lines(tmp_path: Path) -> None:
    lines = [json.dumps(chat_row(name, messages=HI, temperature=1)) for name in "ab"]
    rows = rows_of(tmp_path / "in.jsonl", "\ufeff" + "\n\n".join(lines), model="m", temperature=0)
    assert [row.custom_id for row in rows] == ["a", "b"]
    assert rows[0].body == {"model": "m", "temperature": 1, "messages": HI}
    assert rows_of(tmp_path / "in.ndjson", lines[0])[0].body == {"messages": HI, "temperature": 1}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("in.csv", 'text,id\n"Good, {really}\n""yes""",7\nBad,8\n'),
        ("in.tsv", 'text\tid\n"Good, {really}\n""yes"""\t7\nBad\t8\n'),
        ("in.jsonl", '{"text": "Good, {really}\\n\\"yes\\"", "id": 7}\n{"text": "Bad", "id": 8}'),
    ],
)
def test_a_table_is_read_with_a_template(tmp_path: Path, name: str, text: str) -> None:
    rows = rows_of(tmp_path / name, text, template="Praise {{or not}}? {text}", id="id", max_tokens=3)
    assert [row.custom_id for row in rows] == ["7", "8"]
    assert rows[0].body == {
        "messages": [{"role": "user", "content": 'Praise {or not}? Good, {really}\n"yes"'}],
        "max_tokens": 3,
    }


def test_parquet_is_read_with_pyarrow(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is an option of read_rows, and large")
    parquet = pytest.importorskip("pyarrow.parquet", reason="as above")
    parquet.write_table(pyarrow.table({"id": ["a", "b"], "text": ["x", None]}), tmp_path / "in.parquet")
    rows = list(read_rows(tmp_path / "in.parquet", template="> {text}", id="id"))
    assert [(row.custom_id, row.body["messages"][0]["content"]) for row in rows] == [("a", "> x"), ("b", "> ")]


def test_ids_of_a_table(tmp_path: Path) -> None:
    assert [row.custom_id for row in rows_of(tmp_path / "a.csv", "text\nx\ny\n", template="{text}")] == [
        "row-1",
        "row-2",
    ]
    assert rows_of(tmp_path / "b.csv", "text,custom_id\nx,q\n", template="{text}")[0].custom_id == "q"


def test_a_table_of_texts_to_embed(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.csv", "text\nx\n", template="{text}", url="/v1/embeddings", dimensions=3)
    assert rows[0] == {
        "custom_id": "row-1",
        "method": "POST",
        "url": "/v1/embeddings",
        "body": {"input": ["x"], "dimensions": 3},
    }


def test_long_fields(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.csv", f"text\n{'x' * 200_000}\n", template="{text}")
    assert len(rows[0].body["messages"][0]["content"]) == 200_000


@pytest.mark.parametrize(
    ("name", "text", "options", "error", "words"),
    [
        ("in.txt", "", {}, ValueError, r"in.txt ends in '.txt'; rows are read from .jsonl"),
        ("in.csv", "a\n1\n", {}, ValueError, "is a table: give template="),
        (
            "in.csv",
            "a\n1\n",
            {"template": "{b}"},
            ValueError,
            "record 1 .line 2. of .* has no column 'b'.*; it has 'a'",
        ),
        ("in.csv", "a\n1\n", {"template": "{a}", "id": "n"}, ValueError, "has no column 'n', which has the ids"),
        ("in.csv", "a\n1,2\n", {"template": "{a}"}, ValueError, "line 2 of .* more fields"),
        ("in.csv", "a\n1\n", {"template": "{a"}, ValueError, "The template is no text with columns in braces"),
        ("in.csv", "a\n1\n", {"template": "same"}, ValueError, "names no column"),
        ("in.jsonl", "{}\n{", {}, ValueError, "line 1 of .*in.jsonl needs a custom_id"),
        ("in.jsonl", "{", {}, ValueError, "line 1 of .*in.jsonl is no JSON"),
        ("in.jsonl", "[1]", {}, ValueError, "line 1 of .*in.jsonl is no JSON object"),
        ("in.jsonl", "{}", {"temprature": 1}, TypeError, "Did you mean 'temperature'"),
    ],
)
def test_what_is_no_file_of_rows(
    tmp_path: Path, name: str, text: str, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        rows_of(tmp_path / name, text, **options)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no file"):
        read_rows(tmp_path / "in.jsonl")


def test_pyarrow_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    (tmp_path / "in.parquet").touch()
    with pytest.raises(ImportError, match="needs pyarrow: pip install pyarrow"):
        list(read_rows(tmp_path / "in.parquet", template="{a}"))


def test_the_api_of_a_client_is_no_member_of_a_body() -> None:
    client = ChatCompletionsClient("http://localhost/v1", "key", api="responses", temperature=0)
    assert default_body(client) == {"temperature": 0}
