"""Data frames, as Dask and Spark pass them to a process. They are pandas frames if pandas is installed."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.batch import Completions, _shared_worker
from azure.ai.inference.emulator import DEFAULT_KEY, Emulator

from .conftest import client_of

pandas: Any = pytest.importorskip("pandas", reason="frames are pandas'")


class Maker:
    """Builds a client for an emulator; can be pickled."""

    made = 0

    def __init__(self, url: str) -> None:
        self.url, self.key = url, DEFAULT_KEY

    def __call__(self) -> Any:
        Maker.made += 1
        return client_of(self)


def messages(record: Any) -> Any:
    return [{"role": "user", "content": f"count to {record['n']}"}]


def frame(count: int, **more: Any) -> Any:
    return pandas.DataFrame({"id": [f"r{n}" for n in range(count)], "n": list(range(1, count + 1)), **more})


def test_columns_are_added_to_frames(endpoint: Emulator, tmp_path: Path) -> None:
    made = Completions(Maker(endpoint.url), id="id", messages=messages, output=tmp_path, requests_per_minute=60_000)
    completions = pickle.loads(pickle.dumps(made))
    done = completions(frame(2))
    assert list(done["text"]) == ["1", "1 2"]
    assert list(done["status_code"]) == [200, 200]
    assert done.dtypes.to_dict() == completions.meta(frame(2)).dtypes.to_dict()
    assert done.dtypes.to_dict() == completions(frame(2)[:0]).dtypes.to_dict()
    assert [len(part) for part in completions(iter([frame(2), frame(1)]))] == [2, 1]
    assert len(endpoint.requests) == 2


@pytest.mark.slow
def test_one_client_per_process_for_all_threads_and_partitions(
    endpoint: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_shared_worker, "_LINGER", 0.05)
    completions = pickle.dumps(Completions(Maker(endpoint.url), id="id", messages=messages))
    before, threads = Maker.made, threading.active_count()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: pickle.loads(completions)(frame(3)), range(8)))
    assert [list(each["text"]) for each in done] == [["1", "1 2", "1 2 3"]] * 8
    assert Maker.made == before + 1
    while _shared_worker._in_process:
        threading.Event().wait(0.01)
    assert threading.active_count() <= threads + 2  # the timer's thread and the loop's, which are about to end


def test_worker_used_again_is_kept() -> None:
    with _shared_worker.shared_worker("x") as shared:
        _shared_worker._end("x", shared)  # a timer that fired before it could be cancelled
        assert _shared_worker._in_process["x"] is shared  # others in this process may not have ended yet
        with _shared_worker.shared_worker("x") as same:
            assert same is shared
        assert shared.timer is None  # still in use
    shared.timer.cancel()  # type: ignore[union-attr]
    _shared_worker._end("x", shared)
    _shared_worker._end("x", shared)
    assert "x" not in _shared_worker._in_process


def test_each_process_keeps_to_its_share_of_the_quota(endpoint: Emulator) -> None:
    completions = Completions(Maker(endpoint.url), id="id", messages=messages, processes=4, requests_per_minute=6000)
    worker = completions._worker()
    assert worker._runner.pacer.per_minute(0.0, 1.0) == pytest.approx(6000 * 0.97 / 4)


@pytest.mark.parametrize(
    ("columns", "options", "words"),
    [
        ({"text": ["x"]}, {}, "already have a column 'text', and one of that name is added. Rename it, or pass prefix"),
        ({"a_text": ["x"]}, {"prefix": "a_"}, "already have a column 'a_text'"),
        ({}, {"id": "ticket"}, "no column 'ticket', as named by id=; the columns are"),
    ],
)
def test_missing_or_conflicting_columns(endpoint: Emulator, columns: Any, options: Any, words: str) -> None:
    completions = Completions(Maker(endpoint.url), **{"id": "id", "messages": messages, **options})
    for use in (completions, completions.meta):
        with pytest.raises(ValueError, match=words):
            use(frame(1, **columns))
    assert not endpoint.requests


def test_column_prefix(endpoint: Emulator) -> None:
    done = Completions(Maker(endpoint.url), id="id", messages=messages, prefix="a_")(frame(2, text=["x", "y"]))
    assert list(done["text"]) == ["x", "y"]
    assert list(done["a_text"]) == ["1", "1 2"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"temprature": 1}, TypeError, "temprature"),
        ({"processes": 0}, ValueError, "processes must be 1 or more, not 0"),
        ({"max_concurrency": "8"}, TypeError, "max_concurrency must be an int"),
        ({"output": "abfss://labels@store/out/"}, ValueError, "output must be a path, not 'abfss://"),
        ({"output": __file__}, ValueError, "output must be a folder"),
        ({"messages": "Praise? {text}"}, TypeError, "messages must be a function"),
        ({"id": 3}, TypeError, "id must be the name of a column, not int"),
        ({"redo": "all"}, ValueError, "redo is 'all'"),
    ],
)
def test_invalid_arguments(options: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Completions(Maker("http://127.0.0.1:9"), **{"id": "id", "messages": messages, **options})
