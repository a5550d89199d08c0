"""Ray: a cluster of three nodes on this machine, dying workers and nodes, and one pacer for all.

Not part of the README's command: Ray takes a gigabyte and twenty seconds. `python tests/scale/environment.py` runs it.
"""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.batch import collect
from azure.ai.inference.emulator import Emulator

ray: Any = pytest.importorskip("ray", reason="Ray has an environment of its own: tests/scale/environment.py")

from ray.cluster_utils import Cluster  # noqa: E402 - behind the skip

from azure.ai.inference.batch import ray as batch_ray  # noqa: E402 - as above
from azure.ai.inference.batch.ray import complete_dataset  # noqa: E402 - as above

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    for _ in range(3):
        made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def client_for(url: str, key: str) -> Any:
    """Return a function that builds a client like a user's: it contains an address, and no secret."""
    os.environ["SCALE_TEST_KEY"] = key
    name = "SCALE_TEST_KEY"

    def make_client() -> ChatCompletionsClient:
        return ChatCompletionsClient(f"{url}/v1", os.environ.get(name, "local-emulator-key"), model="m")

    return make_client


def messages(record: Any) -> Any:
    return [{"role": "user", "content": f"count to {record['n']}"}]


def dataset(rows: int, blocks: int) -> Any:
    return ray.data.from_items([{"id": f"r{n}", "n": n % 40 + 1} for n in range(rows)], override_num_blocks=blocks)


@pytest.mark.parametrize("name", batch_ray.__all__)
def test_public_objects_have_a_public_module(name: str) -> None:
    assert getattr(batch_ray, name).__module__ == "azure.ai.inference.batch.ray"


def asked(endpoint: Emulator) -> Counter[str]:
    return Counter(request.headers.get("x-ms-client-request-id", "") for request in endpoint.requests)


def test_each_record_gets_its_columns(cluster: Any, tmp_path: Path) -> None:
    with Emulator() as endpoint:
        endpoint.fault("400:every=50,message=bad")
        done = complete_dataset(
            dataset(200, 8),
            client_for(endpoint.url, endpoint.key),
            id="id",
            messages=messages,
            output=f"{tmp_path}/out/",
            workers=2,
            temperature=0,
        )
        rows = {row["id"]: row for row in done.take_all()}
        assert len(rows) == 200
        good = [row for row in rows.values() if row["error"] is None]
        assert len(good) == 196
        assert all(len(row["text"].split()) == row["n"] and row["completion_tokens"] == row["n"] for row in good)
        bad = [row for row in rows.values() if row["error"] is not None]
        assert all(row["status_code"] == 400 and row["text"] is None and "bad" in row["error"] for row in bad)
        assert len(list(collect(tmp_path / "out"))) == 200
        before = len(endpoint.requests)
        again = complete_dataset(
            dataset(200, 3),
            client_for(endpoint.url, endpoint.key),
            id="id",
            messages=messages,
            output=f"{tmp_path}/out/",
            workers=2,
            temperature=0,
        ).take_all()
        assert (len(again), len(endpoint.requests) - before) == (200, 0)


def kill_one_worker() -> bool:
    """Kill a worker's process."""
    for folder in Path("/proc").iterdir():
        try:
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if folder.name.isdigit() and b"ray::MapWorker" in line:
            os.kill(int(folder.name), signal.SIGKILL)
            return True
    return False


@pytest.mark.parametrize("death", ["worker", "node"])
def test_killed_worker_or_node_loses_no_rows(cluster: Any, tmp_path: Path, death: str) -> None:
    rows, in_flight = 1500, 16
    died: list[bool] = []
    with Emulator(latency=0.1) as endpoint:
        done = complete_dataset(
            dataset(rows, 30),
            client_for(endpoint.url, endpoint.key),
            id="id",
            messages=messages,
            output=f"{tmp_path}/out/",
            workers=2,
            max_concurrency=in_flight,
            batch_size=25,
            num_cpus=1,
        )

        def kill() -> None:
            while len(endpoint.requests) < 300:
                time.sleep(0.05)
            if death == "worker":
                died.append(kill_one_worker())
            else:
                cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
                died.append(True)

        thread = threading.Thread(target=kill)
        thread.start()
        answered = {row["id"]: row for row in done.take_all()}
        thread.join()
        assert died == [True]
        assert len(answered) == rows
        assert all(row["error"] is None for row in answered.values())
        print(f"{death}: {len(endpoint.requests)} requests for {rows} rows")
        assert rows <= len(endpoint.requests) <= rows + 2 * in_flight


def test_workers_share_the_quota(cluster: Any, tmp_path: Path) -> None:
    with Emulator(requests_per_minute=1200, quota_window=1, refused_count=True) as endpoint:
        done = complete_dataset(
            dataset(400, 16),
            client_for(endpoint.url, endpoint.key),
            id="id",
            messages=messages,
            workers=2,
            batch_size=25,
        )
        began = time.monotonic()
        rows = done.take_all()
        assert all(row["error"] is None for row in rows)
        statuses = Counter(exchange.outcome.status for exchange in endpoint.requests)
        print(f"quota: {statuses} in {time.monotonic() - began:.1f} s")
        assert statuses[429] <= 0.02 * len(rows)


def test_secret_in_the_function_is_refused(cluster: Any) -> None:
    api_key = "very-secret"

    def make_client() -> ChatCompletionsClient:
        return ChatCompletionsClient("http://127.0.0.1/v1", api_key)

    with pytest.raises(TypeError, match="make_client holds 'api_key'"):
        complete_dataset(dataset(1, 1), make_client, id="id", messages=messages)
    with pytest.raises(TypeError, match="temprature"):
        complete_dataset(dataset(1, 1), client_for("http://x", "k"), id="id", messages=messages, temprature=1)  # type: ignore[call-arg]
