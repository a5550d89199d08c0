"""Report retries, so that nobody wonders why an answer takes so long."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

from .._http.retries import logger
from ._console import Console


class _Notes(logging.Handler):
    """Writes log records as notes.

    :param console: Receives them.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self._console.note(record.getMessage())


@contextmanager
def retry_notes(console: Console) -> Generator[None, None, None]:
    """Write a line for each retry: how long it waits, and why.

    :param console: Receives the lines.
    """
    notes, level = _Notes(console), logger.level
    logger.addHandler(notes)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(notes)
        logger.setLevel(level)
