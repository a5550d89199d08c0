"""Waiting no longer than a deadline."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from .._http.deadline import Deadline

T = TypeVar("T")


async def within(deadline: Deadline | None, work: Awaitable[T]) -> T:
    """Wait for something until the deadline, and cancel it then.

    :param deadline: The call's, if it has one.
    :param work: What to wait for.
    :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline is over.
    """
    if deadline is None:
        return await work
    try:
        return await asyncio.wait_for(work, deadline.remaining)
    except asyncio.TimeoutError as error:
        if deadline.remaining > 0:
            raise  # it was not the deadline that was over, but what was waited for that said so
        raise deadline.error() from error
