"""The journal, the index and `collect`: what is done survives whatever happens to the process."""

import json
import os
import stat
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.batch import BatchResult, chat_row, collect
from azure.ai.inference.batch import _run_journal as journals
from azure.ai.inference.batch._results import wrap_result
from azure.ai.inference.batch._row_index import IndexedRow, RowIndex, RowState, request_bits
from azure.ai.inference.batch._run_journal import Journal, line_of, parts_of

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


def test_an_index_of_many_rows() -> None:
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


def test_what_is_written_is_known_to_the_next(tmp_path: Path) -> None:
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


@pytest.mark.parametrize(("first", "second", "state"), [(200, 429, 4), (429, 200, 4), (429, 400, 3), (400, 429, 2)])
def test_of_two_results_a_success_wins_then_the_newer(tmp_path: Path, first: int, second: int, state: int) -> None:
    path = tmp_path / "out.jsonl"
    written(path, result("a", first, text="1"), result("a", second, text="2")).close(whole=True)
    known = Journal(path).index["a"]
    assert known is not None
    assert known.state == state
    [read] = collect(path)
    assert read.response is not None
    assert read.response.status_code == (200 if state == 4 else second)


@pytest.mark.parametrize("cut", [1, 30, 100, 200])
def test_a_line_that_a_crash_cut_off_is_no_result(tmp_path: Path, cut: int) -> None:
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


def test_what_was_sent_and_has_no_result_is_in_doubt(tmp_path: Path) -> None:
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


def test_a_folder_has_a_part_for_each_process(tmp_path: Path) -> None:
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


def test_another_run_does_not_write_to_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    journal = Journal(path)
    with pytest.raises(BlockingIOError, match="is being written by another run"):
        Journal(path)
    journal.close(whole=True)
    Journal(path).close(whole=True)


@pytest.mark.parametrize("locks", [None, "none"])
def test_where_there_are_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: str | None) -> None:
    class NoLocks:
        LOCK_EX = LOCK_NB = 0

        def flock(self, descriptor: int, operation: int) -> None:
            raise OSError("no locks")

    monkeypatch.setattr(journals, "_fcntl", NoLocks() if locks else None)
    first, second = Journal(tmp_path / "out.jsonl"), Journal(tmp_path / "out.jsonl")
    first.close(whole=True)
    second.close(whole=True)
    assert import_module("fcntl")


def test_a_file_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text("Once upon a time\n")
    with pytest.raises(ValueError, match="is there already, and its first line is no result of a batch: b'Once upon"):
        Journal(path)
    assert path.read_text() == "Once upon a time\n"
    path.write_text("\n\n{}\n[]\n")
    assert Journal(path).torn_lines == 2


def test_results_are_synced_every_so_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    journal = written(tmp_path / "a.jsonl", result("a"), result("b"), sync_every=0)
    assert len(synced) == 2
    journal.close(whole=True)
    assert len(synced) == 4
    written(tmp_path / "b.jsonl", result("a"), result("b"), sync_every=60)
    assert len(synced) == 4


def test_a_disk_that_takes_a_part_of_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "out.jsonl")
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:10]))
    journal.write(result("a"))
    assert json.loads((tmp_path / "out.jsonl").read_text())["custom_id"] == "a"


def test_there_is_nothing_to_collect(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no output of a run"):
        collect(tmp_path / "none.jsonl")
    (tmp_path / "out.jsonl").write_text(f"torn\n{line_of(result('a'))}\n")
    assert [read.custom_id for read in collect(tmp_path / "out.jsonl")] == ["a"]
