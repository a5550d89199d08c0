"""The journal: the output of a run, from which the next run learns what is done.

Each result is a line, appended with one write to an unbuffered descriptor, so it survives a crash of the process. The
file is synced every second, so a crash of the machine loses the last second at most. Ids are written to a second file
before their rows are sent: those without a result are in doubt after a crash. In a folder each process writes its own
file, so none of them has to lock.
"""

import errno
import json
import os
import re
import socket
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

from .._json import is_object
from ._results import BatchResult, is_transient, request_id_of, wrap_result
from ._row_index import RowIndex, RowState, request_bits

_fcntl: Any = import_module("fcntl") if os.name == "posix" else None
"""For locking. Without it, nothing prevents a second run from writing to the same output."""

SENT = ".sent"
"""The suffix of the file that records what was sent."""

_HEAD = re.compile(
    rb'\{"custom_id": "([^"\\]*(?:\\.[^"\\]*)*)", "request_sha256": "([0-9a-f]{16})[0-9a-f]{48}", "error": null, '
)
_TAIL = b', "attempts": '
"""Follows the answer, within the last 80 bytes of a line."""
_START = b'{"custom_id"'
_LINE_LENGTH = 400
"""A guess at the bytes in a line, for the initial size of the index."""


def parts_of(output: Path) -> list[Path]:
    """Return the files with results: the output itself, or the files in it if it is a folder."""
    if output.is_dir():
        return sorted(path for path in output.glob("*.jsonl") if path.is_file())
    return [output] if output.is_file() else []


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Read the lines of a file, without their ends, with the byte offset of each."""
    place = 0
    with path.open("rb") as file:
        for line in file:
            yield place, line.rstrip(b"\r\n")
            place += len(line)


def result_of(line: bytes) -> BatchResult | None:
    """Read a line as a result; return `None` if a crash cut it off."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return wrap_result(value) if is_object(value) and isinstance(value.get("custom_id"), str) else None


def answered_row(line: bytes) -> tuple[str, int] | None:
    """Read the id and the bits of the request of an answered row from the ends of its line, without reading the rest.

    :param line: The line, with or without its end.
    :return: Both; `None` if the line is something else, or must be read as a whole.
    """
    head = _HEAD.match(line)
    if head is None or line.rfind(_TAIL, -80) < 0 or not line.rstrip().endswith(b"}"):
        return None
    custom_id, digest = head.groups()
    return json.loads(b'"%b"' % custom_id) if b"\\" in custom_id else custom_id.decode(), request_bits(digest)


def _is_cut_start(line: bytes) -> bool:
    """Return whether a crash may have left only this of a line; that of a machine may leave zeros."""
    return not line.isspace() and _START.startswith(line.rstrip(b"\0\r\n"))


class Journal:
    """The results of a run and of the runs before it.

    :param output: The file, or the folder.
    :param folder: Whether it is a folder, which is created if necessary.
    :param reads: Whether to read the results of earlier runs.
    :param sync_every: Seconds after which writes are synced to disk; 0 syncs each line.
    :raises ValueError: The file exists and contains something else.
    :raises OSError: It cannot be read or written, or another run is writing to it.
    """

    def __init__(self, output: Path, *, folder: bool = False, sync_every: float = 1.0, reads: bool = True) -> None:
        self.index = RowIndex(sum(path.stat().st_size for path in parts_of(output)) // _LINE_LENGTH)
        self.torn_lines = 0
        """The number of lines that a crash cut off."""
        self._unwritten: list[bytes] = []
        self._sync_every = sync_every
        self._synced_at = time.monotonic()
        path = output
        if folder:
            output.mkdir(parents=True, exist_ok=True)
            path = output / f"part-{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}.jsonl"
        else:
            output.parent.mkdir(parents=True, exist_ok=True)
        self._file = _Appended(path)
        try:
            for part in parts_of(output) if reads else ():
                self._read(part)
            self.in_doubt = self._read_sent(output) if reads else []
            """Ids of rows that were sent before a crash and have no result."""
            self._sent_path = path.with_name(path.name + SENT)
            self._sent = _Appended(self._sent_path)
        except BaseException:
            self._file.close()
            raise

    def _read(self, path: Path) -> None:
        add, is_first = self.index.add, True
        with path.open("rb") as file:
            for line in file:
                answered = answered_row(line)
                if answered is not None:
                    add(answered[0], RowState.ANSWERED, answered[1])
                elif not line.isspace():
                    self._read_whole(path, line, is_first=is_first)
                is_first = is_first and _is_cut_start(line)

    def _read_whole(self, path: Path, line: bytes, *, is_first: bool) -> None:
        """Read a line that is not an answer, or that another writer wrote."""
        result = result_of(line)
        if result is None:
            if is_first and not line.startswith(_START) and not _is_cut_start(line):
                shown = line[:80].decode(errors="replace")
                raise ValueError(f"{path} already exists, and its first line is not a result of a batch: {shown!r}")
            self.torn_lines += 1
            return
        if "response" not in result and "error" not in result:
            raise ValueError(f"{path} contains rows, not their results: is it the input? Write to another file.")
        request = request_bits(result.request_sha256) if result.request_sha256 else 0
        self.index.add(result.custom_id, state_of(result), request)

    def _read_sent(self, output: Path) -> list[str]:
        folder, pattern = (output, f"*{SENT}") if output.is_dir() else (output.parent, output.name + SENT)
        doubtful: dict[str, None] = {}
        for path in [folder / pattern] if "*" not in pattern else sorted(folder.glob(pattern)):
            if path.is_file():
                for _, line in read_lines(path):
                    sent = result_of(line)
                    if sent is not None and self.index[sent.custom_id] is None:
                        doubtful[sent.custom_id] = None
        return list(doubtful)

    def sent(self, *custom_ids: str) -> None:
        """Record that rows are about to be sent."""
        moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        end = f', "sent_at": "{moment}"}}\n'
        self._sent.write("".join([f'{{"custom_id": {json.dumps(name)}{end}' for name in custom_ids]).encode())

    def write(self, *results: BatchResult) -> None:
        """Write results."""
        self.write_lines([line_of(result).encode() for result in results])

    def write_lines(self, lines: Sequence[bytes]) -> None:
        """Write the lines of results. If that fails, `close` retries once.

        :param lines: The lines, without their ends.
        :raises OSError: Some of them could not be written.
        """
        self._unwritten += lines
        self._file.write(b"\n".join((*self._unwritten, b"")))
        self._unwritten.clear()
        now = time.monotonic()
        if now - self._synced_at >= self._sync_every:
            self._file.sync()
            self._synced_at = now

    def sync(self) -> None:
        """Wait until everything written is on disk."""
        self._file.sync()

    def close(self, *, whole: bool) -> None:
        """Sync and close.

        :keyword whole: Whether each row that was sent has a result, so that none is in doubt.
        """
        try:
            if self._unwritten:
                self.write_lines(())
            self._file.sync()
            if not whole:
                with suppress(FileNotFoundError):
                    self._sent.sync()
        finally:
            self._file.close()
            self._sent.close()
        if whole:
            with suppress(OSError):
                self._sent_path.unlink()


def line_of(result: BatchResult) -> str:
    """Format a result as a line, without its end."""
    members = dict(result)
    response: Any = members.get("response")
    if response is not None:
        members["response"] = dict(response)  # a plain dict, which `json` writes in C
    return json.dumps(members)


def answered_line(custom_id: str, sha256: str, answer: Any, body: bytes | None, attempts: int, seconds: float) -> bytes:
    """Format the result of an answered row, as `line_of(answered(...))` does, without building the result.

    :param body: The answer as received, which is copied instead of being serialized again.
    """
    text = None if body is None else _as_line(body)
    head = f'{{"custom_id": {json.dumps(custom_id)}, "request_sha256": {json.dumps(sha256 or None)}, "error": null, '
    response = f'"response": {{"status_code": 200, "request_id": {json.dumps(request_id_of(answer))}, "body": '
    tail = f'}}, "attempts": {attempts}, "seconds": {round(seconds, 4)}}}'
    return b"".join((head.encode(), response.encode(), text or json.dumps(dict(answer)).encode(), tail.encode()))


def _as_line(body: bytes) -> bytes | None:
    """Return a JSON object as one line; `None` if it spans several lines or is not in UTF-8."""
    text = body.strip()
    if not text.startswith(b"{") or b"\n" in text or b"\r" in text or b"\0" in text:
        return None
    try:
        text.decode()
    except UnicodeDecodeError:
        return None
    return text


class _Appended:
    """A file of lines that is only appended to. It may contain personal data, so only its owner may read it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        try:
            self._is_file = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
            self._lock(path)
            end = os.lseek(self._descriptor, 0, os.SEEK_END)
            os.lseek(self._descriptor, max(0, end - 1), os.SEEK_SET)
            # A crash of an earlier run may have cut off a line: the next write starts a new one.
            self._is_torn = bool(end) and os.read(self._descriptor, 1) != b"\n"
            self._is_linked = os.fstat(self._descriptor).st_nlink > 0  # some file systems do not count
        except BaseException:
            os.close(self._descriptor)
            raise

    def _lock(self, path: Path) -> None:
        if _fcntl is None or not self._is_file:  # a device, such as /dev/null, is the same for all runs
            return
        try:
            _fcntl.flock(self._descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(
                f"{path} is being written by another run. Wait for it, or pass a folder as output, where each process "
                "writes its own file."
            ) from None
        except OSError:
            return  # the file system does not support locks

    def write(self, lines: bytes) -> None:
        """Write whole lines at once.

        :raises OSError: They could not be written in full. The next write starts a new line.
        """
        data = b"\n" + lines if self._is_torn else lines
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(self._path)) from None
            self._is_torn = bool(data)

    def sync(self) -> None:
        """Wait until everything written is on disk.

        :raises OSError: It could not be written, or the file has been deleted, and what was written with it.
        """
        if not self._is_file:
            return
        os.fsync(self._descriptor)
        if self._is_linked and not os.fstat(self._descriptor).st_nlink:
            raise FileNotFoundError(
                errno.ENOENT, "The file was deleted while the run was writing to it", str(self._path)
            )

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def state_of(result: BatchResult) -> RowState:
    """Return the state of a row from the result of an earlier run."""
    if result.ok:
        return RowState.ANSWERED
    return RowState.TRANSIENT if is_transient(result) else RowState.FAILED
