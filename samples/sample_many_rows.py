"""Label the rows of a table. Run it again to resume: rows that have an answer are not sent again.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_many_rows.py
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.batch import BatchRun, Progress, collect, read_rows
from azure.ai.inference.emulator import Emulator

TABLE = 'review,text\nr1,"Splendid, would come again"\nr2,Dreadful\nr3,It rained\n'


def show(progress: Progress) -> None:
    """Print the progress."""
    print(f"{progress.done} of {progress.rows} done, {progress.failed} failed, {progress.tokens} tokens")


def main(endpoint: str, key: str, model: str | None) -> None:
    """Ask about each review, then read the results in the order of the table."""
    with TemporaryDirectory() as folder:  # keep yours: a later run continues from the output
        table, output = Path(folder) / "reviews.csv", Path(folder) / "out.jsonl"
        table.write_text(TABLE)
        run = BatchRun(lambda: ChatCompletionsClient(endpoint, key, model=model), output=output, on_progress=show)
        for _ in range(2):  # the second time, nothing is left to send
            print(run.run(read_rows(table, template="Is this praise? {text}", id="review", temperature=0)))
        for result in collect(output, order=["r1", "r2", "r3"]):
            print(result.custom_id, result.answer.choices[0].message.content if result.ok else result.error)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
