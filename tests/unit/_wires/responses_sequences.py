"""Streams of the Responses API in the shapes that services were recorded with; the values are our own.

Each file of `responses` has an event a line: its data, the `type` of which is its name too.
"""

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def events(name: str) -> list[Json]:
    """Read a sequence.

    :param name: `text`, as Azure sends it, with a keep-alive and padding, and what the filters found at the end;
        `calls`, with reasoning whose encrypted content comes at the end, an id that changes, a call without deltas;
        `search`, with two summaries, a commentary and a citation, and no items at the end; `refusal`; `length`;
        `failure_explained_after`, Azure's way, and `failure_explained_before`, OpenAI's.
    """
    lines = (Path(__file__).with_name("responses") / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def as_body(sequence: list[Json]) -> bytes:
    """Write a sequence as the body of an event stream."""
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in sequence).encode()
