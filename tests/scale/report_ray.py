"""Measure the figures of Ray in the environment of `environment.py`; called by `report.py`.

Prints a JSON list of [what, measured, goal].
"""

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
os.environ["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")))
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import ray  # noqa: E402 - behind the path

from azure.ai.inference.aio import ChatCompletionsClient  # noqa: E402 - as above
from azure.ai.inference.batch import BatchRun  # noqa: E402 - as above
from azure.ai.inference.batch.ray import complete_dataset  # noqa: E402 - as above
from azure.ai.inference.emulator import DEFAULT_KEY  # noqa: E402 - as above
from scale.report import cpu, endpoint, same_rows  # noqa: E402 - as above

Row = tuple[str, str, str]

_LOOK_EVERY = 0.2


def client_for(url: str) -> Callable[[], ChatCompletionsClient]:
    def make_client() -> ChatCompletionsClient:
        return ChatCompletionsClient(f"{url}/v1", os.environ["SCALE_KEY"], model="m")

    return make_client


def messages(record: Any) -> Any:
    return [{"role": "user", "content": "Hi"}]


def answer(url: str, rows: int, output: str | None = None, **options: Any) -> list[Any]:
    """Answer rows with Ray."""
    ds = ray.data.from_items([{"id": f"r{number}"} for number in range(rows)], override_num_blocks=max(8, rows // 250))
    options = {"workers": 2, "max_concurrency": 64, **options}
    done = complete_dataset(ds, client_for(url), id="id", messages=messages, output=output, **options)
    return list(done.take_all())


class Watch:
    """Counts the requests of an endpoint, from the first to the last.

    :param url: The emulator's URL.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.seen: list[tuple[float, Counter[str]]] = []
        """The times at which the counts had changed, and the number of requests with each status."""

    def during(self, work: Callable[[], object]) -> "Watch":
        """Watch the endpoint while a function runs."""
        over = threading.Event()
        thread = threading.Thread(target=self._look, args=(over,))
        thread.start()
        self.began = time.monotonic()
        work()
        over.set()
        thread.join()
        return self

    def _look(self, over: threading.Event) -> None:
        while not over.wait(_LOOK_EVERY):
            with urlopen(f"{self._url}/emulator/stats") as response:
                counts = Counter[str](json.load(response)["statuses"])
            if counts and (not self.seen or self.seen[-1][1] != counts):
                self.seen.append((time.monotonic(), counts))

    @property
    def start(self) -> float:
        """Seconds until the first request."""
        return self.seen[0][0] - self.began

    @property
    def seconds(self) -> float:
        """Seconds from the first to the last."""
        return self.seen[-1][0] - self.seen[0][0]

    @property
    def answered(self) -> int:
        """Number of answers after the first."""
        return self.seen[-1][1]["200"] - self.seen[0][1]["200"]


def answered_per_second(work: Callable[[str], object], *options: str) -> float:
    """Return the rate of requests, after the first."""
    process, url, _ = endpoint(*options)
    try:
        watch = Watch(url).during(lambda: work(url))
    finally:
        process.terminate()
    return watch.answered / watch.seconds


def beside_rays_own() -> list[Row]:
    """Compare rows per second with those of `ray.data.llm`'s HTTP stage: one worker, batches of 64, 0.2 s."""
    ours = answered_per_second(lambda url: answer(url, 2000, workers=1, batch_size=64), "--latency", "0.2")
    theirs = answered_per_second(lambda url: by_rays_http(url, 128), "--latency", "0.2")
    measured = f"{ours / theirs:.0f} times ({ours:.0f} and {theirs:.1f} rows/s)"
    what = "Ray: rows/s over `ray.data.llm`'s HTTP processor, 64 in a batch, a model that takes 0.2 s"
    return [(what, measured, "20 times")]


def by_rays_http(url: str, rows: int) -> None:
    from ray.data.llm import HttpRequestProcessorConfig, build_processor

    config = HttpRequestProcessorConfig(
        url=f"{url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {DEFAULT_KEY}"},
        batch_size=64,
        concurrency=1,
    )
    processor = build_processor(
        config,
        preprocess=lambda row: {"payload": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}},
        postprocess=lambda row: {"answer": str(row["http_response"])},
    )
    processor(ray.data.from_items([{"id": number} for number in range(rows)], override_num_blocks=1)).take_all()


def quota() -> list[Row]:
    """Keep to 1,200 requests per minute, checked each second, with two workers."""
    minutes = float(os.environ.get("QUOTA_MINUTES", "10"))
    process, url, _ = endpoint("--requests-per-minute", "1200", "--quota-window", "1", "--refused-count")
    try:
        watch = Watch(url).during(lambda: answer(url, round(1200 * minutes), batch_size=32))
    finally:
        process.terminate()
    used, with_start = (watch.answered / 20 / seconds for seconds in (watch.seconds, watch.seconds + watch.start))
    counts = watch.seen[-1][1]
    share = f"{used:.1%} from the first request on, {with_start:.1%} with the {watch.start:.0f} s until then"
    return [
        (f"Ray: share of the quota used in {minutes:g} minutes, two workers", share, "95 %"),
        (
            "Ray: requests refused, two workers, windows of a second",
            f"{counts['429'] / counts.total():.2%}",
            "0.5 %",
        ),
    ]


class ProcessorTime:
    """The processor time of this process and its descendants while a `with` block runs, in seconds.

    Workers end during a run, so each process is read again and again.

    :param apart: The process to leave out: the endpoint.
    """

    def __init__(self, apart: int) -> None:
        self._apart = apart
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._before = self._latest = self._read()

    @property
    def seconds(self) -> float:
        """Seconds since the block began, as of the last look."""
        spent = sum(self._latest.values()) - sum(self._before.values())
        return spent / os.sysconf("SC_CLK_TCK")

    def _read(self) -> dict[int, int]:
        parents: dict[int, int] = {}
        ticks: dict[int, int] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            parents[int(stat.parent.name)] = int(fields[1])
            ticks[int(stat.parent.name)] = sum(map(int, fields[11:13]))

        def is_below(process: int) -> bool:
            while process not in (0, os.getpid()):
                process = parents.get(process, 0)
            return process != 0

        return {process: spent for process, spent in ticks.items() if process != self._apart and is_below(process)}

    def _look(self) -> None:
        while not self._over.wait(_LOOK_EVERY):
            self._latest = {**self._latest, **self._read()}

    def __enter__(self) -> "ProcessorTime":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join()
        self._latest = {**self._latest, **self._read()}


def cost_of_a_row(few: int = 2000, many: int = 12_000) -> list[Row]:
    """Compare the processor time of a row with that of our runner alone, both without starting up."""
    process, url, _ = endpoint()

    def run(rows: int) -> float:
        with TemporaryDirectory() as folder:
            return cpu(lambda: BatchRun(client_for(url), output=f"{folder}/out.jsonl").run(same_rows(rows)))

    def by_ray(rows: int) -> float:
        with TemporaryDirectory() as folder, ProcessorTime(process.pid) as spent:
            answer(url, rows, output=f"{folder}/")
        return spent.seconds

    try:
        alone, ray_too = ((kind(many) - kind(few)) / (many - few) * 1000 for kind in (run, by_ray))
    finally:
        process.terminate()
    what = "Ray: processor time of a row over our runner alone, in all its processes, once they run"
    return [(what, f"+ {ray_too - alone:.2f} ms ({ray_too:.2f} and {alone:.2f})", "+ 1.0 ms")]


def main() -> None:
    """Measure, and print."""
    os.environ["SCALE_KEY"] = DEFAULT_KEY
    ray.init("local", num_cpus=4, log_to_driver=False, logging_level="ERROR", include_dashboard=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows: list[Row] = []
    for measure in (cost_of_a_row, beside_rays_own, quota):
        rows += measure()
        sys.stderr.write(f"{rows[-1]}\n")
    sys.stdout.write(f"{json.dumps(rows)}\n")


if __name__ == "__main__":
    main()
