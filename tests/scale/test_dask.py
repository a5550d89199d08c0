"""Dask: `Completions` in `map_partitions`, in processes of a local cluster."""

import os
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.batch import Completions, collect
from azure.ai.inference.emulator import Emulator

dask: Any = pytest.importorskip("dask.dataframe", reason="Dask has an environment of its own, tests/scale")
pandas: Any = pytest.importorskip("pandas", reason="as above")

from distributed import Client, LocalCluster  # noqa: E402 - behind the skip

pytestmark = pytest.mark.filterwarnings("default")


def messages(record: Any) -> Any:
    return [{"role": "user", "content": f"count to {record['n']}"}]


def test_partitions_of_a_dask_data_frame(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"id": [f"r{n}" for n in range(200)], "n": [n % 40 + 1 for n in range(200)]})
    with Emulator() as endpoint, LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        url, name = f"{endpoint.url}/v1", "SCALE_TEST_KEY"

        def make_client() -> ChatCompletionsClient:
            return ChatCompletionsClient(url, os.environ.get(name, "local-emulator-key"), model="m")

        completions = Completions(make_client, id="id", messages=messages, output=tmp_path / "out", processes=2)
        with Client(cluster):
            parts = dask.from_pandas(frame, npartitions=8)
            for _ in range(2):
                done = parts.map_partitions(completions, meta=completions.meta(parts._meta)).compute()
                assert [len(text.split()) for text in done["text"]] == list(done["n"])
                assert done["error"].isna().all()
                assert len(endpoint.requests) == 200
    assert len(list(collect(tmp_path / "out"))) == 200
