"""Iterating over an asynchronous iterator in a thread that Ctrl-C may interrupt."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from azure.ai.inference.batch._loop_thread import LoopThread, iterate


async def numbers() -> AsyncGenerator[int, None]:
    for number in range(4):
        yield number


def test_running_work_is_cancelled_at_the_end() -> None:
    with LoopThread() as thread:
        endless = thread.start(asyncio.sleep(3600))
    assert endless.cancelled()


def test_ctrl_c_waits_for_work_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = LoopThread.wait
    waits: list[Any] = []

    def interrupted(self: LoopThread, future: Any) -> Any:
        waits.append(future)
        if len(waits) == 2:
            raise KeyboardInterrupt
        return wait(self, future)

    monkeypatch.setattr(LoopThread, "wait", interrupted)
    stopped: list[bool] = []
    results = iterate(numbers(), lambda: stopped.append(True))
    assert next(results) == 0
    with pytest.raises(KeyboardInterrupt):
        next(results)
    assert stopped == [True]
    assert len(waits) > 4, "the others were waited for"


@pytest.mark.parametrize("closed", [False, True])
def test_second_ctrl_c_aborts(monkeypatch: pytest.MonkeyPatch, closed: bool) -> None:
    wait = LoopThread.wait
    waits: list[Any] = []
    stopped = asyncio.Event()

    def interrupted(self: LoopThread, future: Any) -> Any:
        waits.append(future)
        if len(waits) == 1:
            raise KeyboardInterrupt
        return wait(self, future)

    monkeypatch.setattr(LoopThread, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt), LoopThread() as thread:
        thread.complete(stopped.wait(), lambda: thread.loop.call_soon_threadsafe(stopped.set), lambda: closed)
    assert waits[0].cancelled() is closed
