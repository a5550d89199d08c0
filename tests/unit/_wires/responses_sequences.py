"""Streams of the Responses API in recorded formats, with our own values.

Each file of `responses` has one event per line: its data, whose `type` is also its name.
"""

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def events(name: str) -> list[Json]:
    """Load a sequence.

    :param name: `text`, as Azure sends it, with a keep-alive and padding, and filter results at the end; `calls`, with
        reasoning whose encrypted content comes at the end, a changing id, and a call without deltas; `search`, with two
        summaries, a commentary and a citation, and no items at the end; `refusal`; `length`; `failure_explained_after`,
        as Azure does, and `failure_explained_before`, as OpenAI does.
    """
    lines = (Path(__file__).with_name("responses") / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def as_body(sequence: list[Json]) -> bytes:
    """Format a sequence as the body of an event stream."""
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in sequence).encode()
