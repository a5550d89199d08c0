"""Data frames: what Dask and Spark hand to a process. The frame is pandas' where it is there."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.batch import Completions
from azure.ai.inference.emulator import DEFAULT_KEY, Emulator

from .conftest import client_of

pandas: Any = pytest.importorskip("pandas", reason="frames are pandas'")


class Maker:
    """Builds a client of an emulator's address, and can be pickled."""

    def __init__(self, url: str) -> None:
        self.url, self.key = url, DEFAULT_KEY

    def __call__(self) -> Any:
        return client_of(self)


def messages(record: Any) -> Any:
    return [{"role": "user", "content": f"count to {record['n']}"}]


def test_frames_get_columns(endpoint: Emulator, tmp_path: Path) -> None:
    made = Completions(Maker(endpoint.url), id="id", messages=messages, output=tmp_path, requests_per_minute=60_000)
    completions = pickle.loads(pickle.dumps(made))
    frame = pandas.DataFrame({"id": ["a", "b"], "n": [2, 3]})
    done = completions(frame)
    assert list(done["text"]) == ["1 2", "1 2 3"]
    assert list(done["status_code"]) == [200, 200]
    assert done.dtypes.to_dict() == completions.meta(frame).dtypes.to_dict()
    assert [len(part) for part in completions(iter([frame, frame[:1]]))] == [2, 1]
    assert len(endpoint.requests) == 2
    with pytest.raises(TypeError, match="temprature"):
        Completions(Maker(endpoint.url), id="id", messages=messages, temprature=1)  # type: ignore[call-arg]
