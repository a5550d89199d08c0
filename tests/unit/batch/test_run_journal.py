"""The journal, the index and `collect`: what is done survives whatever happens to the process."""

import json
import os
import stat
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.batch import BatchResult, chat_row, collect
from azure.ai.inference.batch import _run_journal as journals
from azure.ai.inference.batch._results import answered, wrap_result
from azure.ai.inference.batch._row_index import IndexedRow, RowIndex, RowState, request_bits
from azure.ai.inference.batch._run_journal import Journal, answered_line, answered_row, line_of, parts_of
from azure.ai.inference.models import ChatCompletions

SHA = "f" * 64


def result(custom_id: str, status: int = 200, sha: str | None = SHA, text: str = "x") -> BatchResult:
    error = None if status == 200 else {"code": str(status), "message": "no"}
    response = {"status_code": status, "request_id": None, "body": {"choices": [{"message": {"content": text}}]}}
    members = {"custom_id": custom_id, "request_sha256": sha, "error": error, "response": response}
    return wrap_result({**members, "attempts": 1, "seconds": 0.1})


def written(path: Path, *results: BatchResult, **options: Any) -> Journal:
    journal = Journal(path, **options)
    for each in results:
        journal.write(each)
    return journal


def test_index_of_many_rows() -> None:
    index = RowIndex()
    for number in range(5000):
        index[f"row {number}"] = IndexedRow(RowState(1 + number % 5), number << 40)
    index["row 7"] = IndexedRow(RowState.SEEN, 3)
    assert len(index) == 5000
    assert index["row 7"] == (RowState.SEEN, 3)
    assert index["row 4999"] == (RowState.SEEN, 4999 << 40)
    assert index["row 5000"] is None
    assert index["\ud800"] is None
    assert RowIndex(100_000)._size == 262_144
    assert request_bits("f" * 64) == 2**61 - 1
    index["row 3"] = IndexedRow(RowState.ANSWERED, 9)
    assert [index.see_answered(index.find("row 3"), request) for request in (8, 9, 9)] == [False, True, False]
    assert index["row 3"] == (RowState.SEEN, 9)


def test_journal_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.jsonl"
    written(path, result("a"), result('ü"\\'), result("b", 429), result("c", 400), result("d", sha=None)).close(
        whole=True
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    index = Journal(path).index
    assert index["a"] == (RowState.ANSWERED, 2**61 - 1)
    assert index['ü"\\'] == (RowState.ANSWERED, 2**61 - 1)
    assert index["b"] == (RowState.TRANSIENT, 2**61 - 1)
    assert index["c"] == (RowState.FAILED, 2**61 - 1)
    assert index["d"] == (RowState.ANSWERED, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits of files on Windows")
def test_disk_full_temporarily(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "out.jsonl"
    journal = written(path, result("a"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
    try:
        for name in "bc":
            with pytest.raises(OSError, match="File too large"):
                journal.write(result(name))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.write(result("d"))
    journal.close(whole=True)
    assert [read.custom_id for read in collect(path)] == ["a", "b", "c", "d"]
    assert Journal(path).torn_lines == 1
    again = written(tmp_path / "other.jsonl")
    again._unwritten.append(line_of(result("e")).encode())
    again.close(whole=True)
    assert [read.custom_id for read in collect(tmp_path / "other.jsonl")] == ["e"]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b' {"choices": [], "id":  "\xc3\xbc"}\n', True),
        (b'{\n "choices": []}', False),
        (b'{"choices": [], "id": "\xfc"}', False),
        ('{"choices": []}'.encode("utf-16"), False),
        (b'["no object"]', False),
        (None, False),
    ],
)
def test_single_line_answers_are_written_unchanged(body: bytes | None, kept: bool) -> None:
    answer = ChatCompletions({"choices": [], "id": "\xfc"})
    line = answered_line('a"', SHA, answer, body, 2, 0.12345)
    assert json.loads(line) == json.loads(line_of(answered('a"', SHA, answer, 2, 0.12345)))
    assert (body is not None and body.strip() in line) == kept
    assert answered_row(line) == answered_row(line + b"\n") == ('a"', request_bits(SHA))


@pytest.mark.parametrize("end", ["", "\n"])
def test_input_file_is_refused_as_output(tmp_path: Path, end: str) -> None:
    path = tmp_path / "in.jsonl"
    text = json.dumps(chat_row("a", messages=[{"role": "user", "content": "x"}])) + end
    path.write_text(text)
    with pytest.raises(ValueError, match="contains rows, not their results: is it the input"):
        Journal(path)
    assert path.read_text() == text


@pytest.mark.parametrize(("first", "second", "state"), [(200, 429, 4), (429, 200, 4), (429, 400, 3), (400, 429, 2)])
def test_success_then_newer_result_takes_precedence(tmp_path: Path, first: int, second: int, state: int) -> None:
    path = tmp_path / "out.jsonl"
    written(path, result("a", first, text="1"), result("a", second, text="2")).close(whole=True)
    known = Journal(path).index["a"]
    assert known is not None
    assert known.state == state
    [read] = collect(path)
    assert read.response is not None
    assert read.response.status_code == (200 if state == 4 else second)


@pytest.mark.parametrize("cut", [1, 30, 100, 200])
def test_torn_line_is_not_a_result(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "out.jsonl"
    whole = line_of(result("a"))
    path.write_text(f"{line_of(result('z'))}\n{whole[:-cut]}")
    journal = Journal(path)
    assert (journal.torn_lines, journal.index["a"]) == (1, None)
    journal.write(result("a"))
    journal.close(whole=True)
    again = Journal(path)
    assert (again.torn_lines, again.index["a"] is None) == (1, False)
    assert [read.custom_id for read in collect(path)] == ["z", "a"]


def test_sent_rows_without_a_result_are_in_doubt(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    journal = Journal(path)
    for name in "abc":
        journal.sent(name)
    journal.write(result("b"))
    journal.close(whole=False)
    again = Journal(path)
    assert again.in_doubt == ["a", "c"]
    again.write(result("a"))
    again.write(result("c"))
    again.close(whole=True)
    assert not (tmp_path / "out.jsonl.sent").exists()
    assert Journal(path).in_doubt == []


def test_folder_has_a_part_for_each_process(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    first, second = Journal(folder, folder=True), Journal(folder, folder=True)
    first.sent("a")
    first.sent("q")
    first.write(result("a", text="1"))
    second.write(result("b", text="2"))
    second.write(result("a", 500))
    first.close(whole=False)
    second.close(whole=True)
    assert len(parts_of(folder)) == 2
    third = Journal(folder, folder=True)
    assert third.in_doubt == ["q"]
    assert sorted(read.custom_id for read in collect(folder)) == ["a", "b"]
    rows = [chat_row(name, messages=[{"role": "user", "content": "x"}]) for name in "bax"]
    read = list(collect(folder, order=rows))
    assert [each.custom_id for each in read] == ["b", "a", "x"]
    assert [each.ok for each in read] == [True, True, False]
    assert read[2].error is not None
    assert read[2].error.code == "missing"
    assert [each.custom_id for each in collect(folder, order=["a"])] == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no /dev/null on Windows")
def test_a_device_is_neither_locked_nor_synced(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).symlink_to("/dev/null")
    for journal in [written(tmp_path / name, result("x")) for name in ("a", "b")]:
        journal.close(whole=False)


def test_another_run_does_not_write_to_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    journal = Journal(path)
    with pytest.raises(BlockingIOError, match="is being written by another run"):
        Journal(path)
    journal.close(whole=True)
    Journal(path).close(whole=True)


@pytest.mark.parametrize("locks", [None, "none"])
def test_file_systems_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: str | None) -> None:
    class NoLocks:
        LOCK_EX = LOCK_NB = 0

        def flock(self, descriptor: int, operation: int) -> None:
            raise OSError("no locks")

    monkeypatch.setattr(journals, "_fcntl", NoLocks() if locks else None)
    first, second = Journal(tmp_path / "out.jsonl"), Journal(tmp_path / "out.jsonl")
    first.close(whole=True)
    second.close(whole=True)
    assert import_module("fcntl")


def test_foreign_file_is_not_modified(tmp_path: Path) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text("Once upon a time\n")
    with pytest.raises(ValueError, match="already exists, and its first line is not a result of a batch: 'Once upon"):
        Journal(path)
    assert path.read_text() == "Once upon a time\n"
    path.write_text("\n\n{}\n[]\n")
    assert Journal(path).torn_lines == 2
    (tmp_path / "settings.json").write_text('{\n  "a": 1\n}\n')
    with pytest.raises(ValueError, match="already exists"):
        Journal(tmp_path / "settings.json")


@pytest.mark.parametrize("cut", range(1, 30))
@pytest.mark.parametrize("zeros", [0, 20])
def test_torn_first_line(tmp_path: Path, cut: int, zeros: int) -> None:
    path = tmp_path / "out.jsonl"
    written(path, result("a")).close(whole=True)
    path.write_bytes(path.read_bytes()[: cut - 1 if zeros else cut] + b"\0" * zeros)
    written(path, result("a"), result("b")).close(whole=True)
    journal = Journal(path)
    assert (len(journal.index), journal.torn_lines) == (2, 1)


def test_file_deleted_during_run(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    journal = written(path, result("a"))
    path.unlink()
    path.with_name("out.jsonl.sent").unlink()
    with pytest.raises(FileNotFoundError, match=r"deleted while the run was writing to it: .*out.jsonl"):
        journal.sync()
    with pytest.raises(FileNotFoundError, match="deleted while"):
        journal.close(whole=False)


def test_sync_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    journal = written(tmp_path / "a.jsonl", result("a"), result("b"), sync_every=0)
    assert len(synced) == 2
    journal.close(whole=True)
    assert len(synced) == 3
    written(tmp_path / "b.jsonl").close(whole=False)
    assert len(synced) == 5
    written(tmp_path / "b.jsonl", result("a"), result("b"), sync_every=60)
    assert len(synced) == 5


def test_partially_written_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "out.jsonl")
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:10]))
    journal.write(result("a"))
    assert json.loads((tmp_path / "out.jsonl").read_text())["custom_id"] == "a"


def test_collect_without_results(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no output of a run"):
        collect(tmp_path / "none.jsonl")
    (tmp_path / "out.jsonl").write_text(f"torn\n{line_of(result('a'))}\n")
    assert [read.custom_id for read in collect(tmp_path / "out.jsonl")] == ["a"]
