"""A program that runs rows and is meant to be killed: URL KEY OUTPUT ROWS [results]."""

import signal
import sys

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.batch import BatchRun
from tests.batch.conftest import rows_of


def main(url: str, key: str, output: str, rows: str, face: str = "run") -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background process starts without a SIGINT handler
    run = BatchRun(
        lambda: ChatCompletionsClient(f"{url}/v1", key, model="m"),
        output=output,
        max_concurrency=16,
        on_progress=lambda progress: print(progress.done, flush=True),
    )
    try:
        if face == "run":
            run.run(rows_of(int(rows)))
        else:
            for _ in run.results(rows_of(int(rows))):
                pass
    finally:
        print(f"in doubt: {' '.join(run.summary.in_doubt)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
