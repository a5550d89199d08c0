"""Shared by the tests of runs: an emulator that counts requests, and rows to send to it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.batch import BatchRow, BatchRun, chat_row
from azure.ai.inference.emulator import Emulator


@pytest.fixture(scope="module")
def shared() -> Iterator[Emulator]:
    with Emulator() as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(shared: Emulator) -> Emulator:
    shared.reset()
    return shared


def rows_of(count: int, first: int = 0) -> list[BatchRow]:
    """Return rows whose answers are their own numbers."""
    return [
        chat_row(f"r{number}", messages=[{"role": "user", "content": f"count to {number + 1}"}])
        for number in range(first, first + count)
    ]


def client_of(endpoint: Any, **options: Any) -> ChatCompletionsClient:
    return ChatCompletionsClient(f"{endpoint.url}/v1", endpoint.key, **{"model": "m", **options})


def run_of(endpoint: Any, *, client: dict[str, Any] | None = None, **options: Any) -> BatchRun:
    return BatchRun(lambda: client_of(endpoint, **(client or {})), **options)


def asked(endpoint: Emulator) -> Counter[str]:
    """Return how often each row was requested, by its text."""
    return Counter(request.body["messages"][-1]["content"] for request in endpoint.requests)
