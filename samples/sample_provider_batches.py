"""Send rows through the service's own Batch API, within a day and mostly at half the price.

Set AZURE_AI_BATCH_ENDPOINT, AZURE_AI_BATCH_KEY and AZURE_AI_BATCH_MODEL (at Azure, a Global-Batch deployment).
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_provider_batches.py
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from azure.ai.inference import BatchClient
from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.batch import BatchRun, chat_row, collect
from azure.ai.inference.emulator import Emulator


def main(endpoint: str, key: str, model: str, polling_interval: float) -> None:
    """Submit, wait, and read the results; after a crash, run it again."""
    rows = [
        chat_row(f"miles-{number}", messages=[{"role": "user", "content": f"How many feet are in {number} miles?"}])
        for number in range(1, 6)
    ]
    with TemporaryDirectory() as folder, BatchClient(endpoint, key) as batches:
        output = Path(folder) / "out.jsonl"
        run = BatchRun(lambda: ChatCompletionsClient(endpoint, key, model=model), output=output)
        for job in run.submit(rows, batches):
            print(job.status, job.counts.total, "rows")
        print(run.fetch(batches, polling_interval=polling_interval))
        for result in collect(output, order=rows):
            print(result.custom_id, result.answer.choices[0].message.content if result.ok else result.error)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_BATCH_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_BATCH_KEY"], os.environ["AZURE_AI_BATCH_MODEL"], 60)
    else:
        with Emulator() as local:
            main(f"{local.url}/v1", local.key, "emulator-1", 0.1)
