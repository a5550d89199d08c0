"""Show progress: a bar at a terminal, a line from time to time elsewhere."""

import time

from ._console import Console

_ON_A_TERMINAL = 0.2
"""Seconds between two reports at a terminal."""

_BAR_WIDTH = 20


class Meter:
    """Shows the progress of work that takes more than a moment.

    :param console: Receives it.
    :param total: The approximate amount of work; `None` if unknown.
    :keyword pause: Seconds between two lines if there is no terminal.
    :keyword quiet: Whether to show nothing.
    """

    def __init__(self, console: Console, total: int | None, *, pause: float, quiet: bool = False) -> None:
        self._console, self._total, self._quiet = console, total, quiet
        self._is_terminal = console.err.isatty()
        self._pause = _ON_A_TERMINAL if self._is_terminal else pause
        self._shown_at = time.monotonic()

    def show(self, done: int, text: str) -> None:
        """Show the progress, unless it was shown a moment ago.

        :param done: The amount of work done.
        :param text: The text to show with it.
        """
        now = time.monotonic()
        if self._quiet or done == self._total or now - self._shown_at < self._pause:
            return
        self._shown_at = now
        drawn = f"{bar(done, self._total)} " if self._is_terminal and self._total else ""
        self._console.status(f"{drawn}{text}")

    def end(self) -> None:
        """Erase the bar."""
        self._console.end_status()


def bar(done: int, total: int) -> str:
    """Draw a bar.

    :param done: The amount of work done.
    :param total: The amount of work; if the estimate was too low, the bar is full.
    """
    share = min(1.0, done / total)
    return f"[{'#' * int(share * _BAR_WIDTH):-<{_BAR_WIDTH}}] {share:4.0%}"


def time_left(done: int, total: int, seconds: float) -> str:
    """Estimate the remaining time, as hours, minutes and seconds.

    :param done: The amount of work done, more than 0.
    :param total: The amount of work.
    :param seconds: The time taken so far.
    """
    left = max(0, round((total - done) * seconds / done))
    return f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"
