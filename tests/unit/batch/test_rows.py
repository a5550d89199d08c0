"""Rows: made, checked, read from files."""

import json
import math
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from azure.core.serialization import NULL

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.batch import BatchRow, chat_row, embedding_row, read_rows
from azure.ai.inference.batch._batch_states import DIALECTS, input_lines
from azure.ai.inference.batch._row_calls import RowCalls, default_body
from azure.ai.inference.batch._rows import check_row, read_row
from azure.ai.inference.models import UserMessage

HI = [{"role": "user", "content": "Hi"}]


def test_chat_row() -> None:
    row = chat_row("a", messages=[UserMessage("Hi")], temperature=0, response_format="json_object", top_k=5)
    assert row == {
        "custom_id": "a",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"messages": HI, "response_format": {"type": "json_object"}, "temperature": 0, "top_k": 5},
    }
    assert (row.custom_id, row.body["temperature"]) == ("a", 0)
    assert chat_row("b", messages=HI, stop=NULL, model_extras={"x": 1}).body == {"messages": HI, "stop": None, "x": 1}


def test_embedding_row() -> None:
    assert embedding_row("a", input="Hi", dimensions=8).body == {"input": ["Hi"], "dimensions": 8}
    assert embedding_row("a", input=["a", "b"]).url == "/v1/embeddings"


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: chat_row("a", messages=HI, temprature=1), TypeError, "Did you mean 'temperature'"),  # type: ignore[call-arg]
        (lambda: chat_row("a", messages=[]), ValueError, "messages must not be empty"),
        (lambda: chat_row("a", messages=HI, api="responses"), ValueError, "Pass api= to the client"),
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
def test_invalid_rows(make: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_mistrals_rows_have_no_url() -> None:
    assert read_row({"custom_id": "a", "body": {"messages": HI}}, "row 1").kind == "chat"
    assert read_row(BatchRow({"custom_id": "a", "body": {"messages": HI}}), "row 1").kind == "chat"


def circle() -> dict[str, Any]:
    body: dict[str, Any] = {}
    body["metadata"] = body
    return body


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"metadata": {1, 2}}, "a value of type set cannot be sent as JSON"),
        (circle(), "maximum recursion depth exceeded"),
        ({"metadata": {"a": 1, 2: 3}}, "'<' not supported"),
    ],
)
def test_a_body_that_is_not_json_names_its_row(body: Any, told: str) -> None:
    calls = RowCalls(ChatCompletionsClient("http://127.0.0.1:9/v1", "k", model="m"))
    with pytest.raises(TypeError, match=rf"The body of the row 'a' cannot be written as JSON: {told}"):
        calls({"custom_id": "a", "body": {"messages": HI, **body}}, 1)


@pytest.mark.parametrize(
    ("setting", "error", "told"),
    [
        (math.nan, ValueError, "body.temperature is nan, which JSON does not have"),
        ({1, 2}, TypeError, "body.temperature: a value of type set cannot be sent as JSON"),
    ],
)
def test_a_line_that_is_not_json_names_its_row(setting: Any, error: type[Exception], told: str) -> None:
    rows = [{"custom_id": "a", "body": {"messages": HI, "temperature": setting}}]
    with pytest.raises(error, match=rf"The row 'a' cannot be written as JSON: {told}"):
        list(input_lines(rows, DIALECTS["openai"]))


def test_a_body_is_hashed_as_it_is_sent() -> None:
    calls = RowCalls(ChatCompletionsClient("http://127.0.0.1:9/v1", "k", model="m"))
    bodies = ({"user": MappingProxyType({"born": date(2026, 1, 2)})}, {"user": {"born": "2026-01-02"}})
    first, second = (calls({"custom_id": "a", "body": {"messages": HI, **body}}, 1) for body in bodies)
    assert first.sha256 == second.sha256


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
def test_table_is_read_with_a_template(tmp_path: Path, name: str, text: str) -> None:
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


def test_table_ids(tmp_path: Path) -> None:
    assert [row.custom_id for row in rows_of(tmp_path / "a.csv", "text\nx\ny\n", template="{text}")] == [
        "row-1",
        "row-2",
    ]
    assert rows_of(tmp_path / "b.csv", "text,custom_id\nx,q\n", template="{text}")[0].custom_id == "q"


def test_table_of_texts_to_embed(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.csv", "text\nx\n", template="{text}", url="/v1/embeddings", dimensions=3)
    assert rows[0] == {
        "custom_id": "row-1",
        "method": "POST",
        "url": "/v1/embeddings",
        "body": {"input": ["x"], "dimensions": 3},
    }


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('{"a": [1, true, null, "\u00e9"]}', '{"a": [1, true, null, "\u00e9"]}'),
        ('["x"]', '["x"]'),
        ("null", ""),
        ("NaN", ""),
        ("2.5", "2.5"),
        ('"x"', "x"),
    ],
)
def test_template_cell(tmp_path: Path, cell: str, text: str) -> None:
    [row] = rows_of(tmp_path / "a.jsonl", f'{{"cell": {cell}}}\n', template="<{cell}>")
    assert row.body["messages"][0]["content"] == f"<{text}>"


def test_unnamed_columns_are_ignored(tmp_path: Path) -> None:
    assert len(rows_of(tmp_path / "a.csv", "text,,\nx,,\n", template="{text}")) == 1


def test_long_fields(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "a.csv", f"text\n{'x' * 200_000}\n", template="{text}")
    assert len(rows[0].body["messages"][0]["content"]) == 200_000


@pytest.mark.parametrize(
    ("name", "text", "options", "error", "words"),
    [
        ("in.txt", "", {}, ValueError, r"in.txt ends in '.txt'; rows can be read from .jsonl"),
        ("rows", "", {}, ValueError, r"rows has no ending that says what it holds; rows can be read from .jsonl"),
        ("in.csv", "a\n1\n", {}, ValueError, "is a table: pass template="),
        ("in.jsonl", "{}", {"id": "n"}, ValueError, "id='n' is a column of a table, which needs template="),
        ("in.csv", "a;b\n1;2\n", {"template": "{a}"}, ValueError, r"it has 'a;b' \(columns must be .* be ';'\)"),
        ("in.tsv", "a,b\n1,2\n", {"template": "{a}"}, ValueError, r"it has 'a,b' \(columns must be .* be ','\)"),
        ("in.csv", "a\tb\n1\t2\n", {"template": "{c}", "id": "a"}, ValueError, r"for the ids; .* be '\\t'\)"),
        ("in.csv", "a\n1\n", {"template": "{a:.2f}"}, ValueError, "no column 'a:.2f', which .*; it has 'a'"),
        ("in.csv", "a\n1\n", {"template": "{a!r}"}, ValueError, "no column 'a!r', which"),
        (
            "in.csv",
            "a\n1\n",
            {"template": "{b}"},
            ValueError,
            "record 1 .line 2. of .* has no column 'b'.*; it has 'a'",
        ),
        ("in.csv", "a\n1\n", {"template": "{a}", "id": "n"}, ValueError, "has no column 'n' for the ids"),
        ("in.csv", "a\n1,2\n", {"template": "{a}"}, ValueError, "line 2 of .* more fields"),
        ("in.csv", "a,b,a\n1,2,3\n", {"template": "{b}"}, ValueError, "in.csv has 2 columns named 'a'"),
        (
            "in.csv",
            'a\n"1\n2\n3\n',
            {"template": "{a}"},
            ValueError,
            "in.csv is not valid after line 1: unexpected end of data",
        ),
        (
            "in.tsv",
            'a\tb\n"1"2\t3\n',
            {"template": "{a}"},
            ValueError,
            "in.tsv is not valid after line 1: .* Check its quotes",
        ),
        (
            "in.csv",
            "a,n\n1,\n",
            {"template": "{a}", "id": "n"},
            ValueError,
            r"record 1 \(line 2\) of .* no id: its column",
        ),
        (
            "in.jsonl",
            '{"n":null}',
            {"template": "{n}", "id": "n"},
            ValueError,
            "record 1 .* has no id: its column 'n' is",
        ),
        (
            "in.jsonl",
            '{"n":NaN}',
            {"template": "{n}", "id": "n"},
            ValueError,
            "record 1 .* has no id: its column 'n' is",
        ),
        ("in.jsonl", "[" * 100_000, {}, ValueError, "line 1 of .*in.jsonl is not JSON"),
        ("in.csv", "a\n1\n", {"template": "{{{a"}, ValueError, "The template has a single '{' at character 3"),
        (
            "in.csv",
            "a\n1\n",
            {"template": "{a}}"},
            ValueError,
            "a single '}' at character 4. Write a column as {name}, and double",
        ),
        ("in.csv", "a\n1\n", {"template": "same"}, ValueError, "names no column"),
        ("in.jsonl", "{}\n{", {}, ValueError, "line 1 of .*in.jsonl needs a custom_id"),
        ("in.jsonl", "{", {}, ValueError, "line 1 of .*in.jsonl is not JSON"),
        ("in.jsonl", "[1]", {}, ValueError, "line 1 of .*in.jsonl is not a JSON object"),
        ("in.jsonl", "{}", {"temprature": 1}, TypeError, "Did you mean 'temperature'"),
    ],
)
def test_invalid_files(
    tmp_path: Path, name: str, text: str, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        rows_of(tmp_path / name, text, **options)


def test_everything_between_braces_is_the_name_of_a_column(tmp_path: Path) -> None:
    text = "dc:title,why?,a b,a[0]\nTitle,Because,space,first\n"
    [row] = rows_of(tmp_path / "a.csv", text, template="{{{dc:title}}} {why?} {a b} {a[0]}{{}}")
    assert row.body["messages"][0]["content"] == "{Title} Because space first{}"


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    for path in ("-", tmp_path, tmp_path / "pipe.jsonl", "/dev/null"):
        with pytest.raises(ValueError, match=f"{path} is not a file. Rows are read from .jsonl"):
            read_rows(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no file"):
        read_rows(tmp_path / "in.jsonl")


def test_missing_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    (tmp_path / "in.parquet").touch()
    with pytest.raises(ImportError, match="needs pyarrow: pip install pyarrow"):
        list(read_rows(tmp_path / "in.parquet", template="{a}"))


def test_api_option_is_not_part_of_the_body() -> None:
    client = ChatCompletionsClient("http://localhost/v1", "key", api="responses", temperature=0)
    assert default_body(client) == {"temperature": 0}


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({"max_tokens": 10}, 10),
        ({"max_tokens": 10, "n": 3}, 30),
        ({"max_completion_tokens": 5, "max_tokens": 10}, 5),
        ({"max_completion_tokens": None, "max_tokens": 10, "n": None}, 10),
        ({"max_tokens": "many"}, 0),
        ({"stream": True}, 0),
    ],
)
def test_answer_token_limit(body: dict[str, Any], tokens: float) -> None:
    calls = RowCalls(ChatCompletionsClient("http://127.0.0.1:9/v1", "k", model="m"))
    row = check_row({"custom_id": "a", "body": {"messages": HI, **body}}, "")
    assert calls(row, 1).answer_tokens == tokens
    assert "stream" not in calls.body(row)


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_file_that_is_not_utf_8(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b'"text"\n\xfc\n' if name == "in.csv" else b"\xfc\n")
    line = 2 if name == "in.csv" else 1
    with pytest.raises(ValueError, match=rf"{name} cannot be read: line {line} is not UTF-8: byte 0xfc. Save it as"):
        list(read_rows(tmp_path / name, template="{text}"))
