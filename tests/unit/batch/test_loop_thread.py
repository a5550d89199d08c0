"""An asynchronous iterator, iterated over by a thread that Ctrl-C may interrupt."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from azure.ai.inference.batch._loop_thread import LoopThread, iterate


async def numbers() -> AsyncGenerator[int, None]:
    for number in range(4):
        yield number


def test_ctrl_c_waits_for_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
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
