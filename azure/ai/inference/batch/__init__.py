"""Send many rows to a model: a million requests, within a quota, overnight, in a process that may die.

A row is a request with an id, in the format of OpenAI's Batch API. :class:`BatchRun` sends rows as fast as the quota
allows, and writes a result for each to a file that is also the journal: run it again, and it continues where it
stopped::

    from azure.ai.inference.aio import ChatCompletionsClient
    from azure.ai.inference.batch import BatchRun, chat_row

    rows = (chat_row(name, messages=[{"role": "user", "content": text}]) for name, text in reviews)
    run = BatchRun(lambda: ChatCompletionsClient(endpoint, key, model="gpt-4.1-mini"), output="out.jsonl")
    print(run.run(rows))

An error is the result of its row. An error that every row would meet, such as a wrong key, stops the run at once.
"""

from ._batch_run import BatchRun
from ._batch_states import BatchCounts, BatchFile, BatchJob, BatchJobError
from ._collected import collect
from ._frames import Completions
from ._results import BatchResponse, BatchResult, BatchRowError
from ._rows import BatchRow, chat_row, embedding_row
from ._summary import Progress, RunUsage, Summary
from ._tables import read_rows

__all__ = [
    "BatchCounts",
    "BatchFile",
    "BatchJob",
    "BatchJobError",
    "BatchResponse",
    "BatchResult",
    "BatchRow",
    "BatchRowError",
    "BatchRun",
    "Completions",
    "Progress",
    "RunUsage",
    "Summary",
    "chat_row",
    "collect",
    "embedding_row",
    "read_rows",
]

for _shown in (
    *(BatchCounts, BatchFile, BatchJob, BatchJobError, BatchResponse, BatchResult, BatchRow, BatchRowError, BatchRun),
    *(Completions, Progress, RunUsage, Summary),
):
    _shown.__module__ = __name__  # for pickles and `repr`, which must not change when files move
for _function in (chat_row, collect, embedding_row, read_rows):
    _function.__module__ = __name__
