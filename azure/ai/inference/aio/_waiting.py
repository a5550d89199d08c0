"""Wait no longer than a deadline."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from .._http.deadline import Deadline

T = TypeVar("T")


async def within(deadline: Deadline | None, work: Awaitable[T]) -> T:
    """Wait for an awaitable until the deadline, then cancel it.

    :param deadline: The deadline of the call, if any.
    :param work: The awaitable.
    :raises ~azure.core.exceptions.ServiceResponseTimeoutError: The deadline has passed.
    """
    if deadline is None:
        return await work
    try:
        return await asyncio.wait_for(work, deadline.remaining)
    except asyncio.TimeoutError as error:
        if deadline.remaining > 0:
            raise  # the awaitable itself timed out, not the deadline
        raise deadline.error() from error
