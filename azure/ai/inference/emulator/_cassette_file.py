"""The file of a cassette: one JSON document that grows by one exchange at a time and is readable after each.

A new exchange overwrites the closing brackets, which are then written again. Everything before stays untouched, so the
last exchange of a long recording costs no more than the first.
"""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ._cassette_check import check_exchange
from ._values import as_list, as_object, escape_surrogates

VERSION: Final = 2
_HEAD: Final = f'{{"version": {VERSION}, "exchanges": [\n'.encode()
_TAIL: Final = b"\n]}\n"
_LOGGER: Final = logging.getLogger("azure.ai.inference.emulator")

Exchange = dict[str, Any]


def read_cassette(path: Path) -> list[Exchange]:
    """Return the exchanges of a file.

    :raises ValueError: If the file is not a cassette, naming the reason.
    :raises FileNotFoundError: If it does not exist.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a cassette: {error}") from error
    try:
        found = as_object(json.loads(text))
    except (ValueError, RecursionError) as error:
        if not text.encode().startswith(_HEAD):
            raise ValueError(f"{path} is not a cassette: {error}") from error
        exchanges = list(_whole_exchanges(text[len(_HEAD) :]))
        _LOGGER.warning("%s breaks off; its first %s exchanges are complete and are used", path, len(exchanges))
        found = {"version": VERSION, "exchanges": exchanges}
    if found.get("version") not in (1, VERSION):
        raise ValueError(f"{path} is not a cassette of version 1 or {VERSION}; record it again")
    exchanges = as_list(found.get("exchanges"))
    for number, exchange in enumerate(exchanges, 1):
        check_exchange(exchange, f"exchange {number} of {path}")
        if found["version"] == 1:
            # Version 1 stored paths decoded.
            exchange["request"]["path"] = quote(exchange["request"]["path"], safe="/:@!$&'()*+,;=~%")
    return exchanges


def _whole_exchanges(text: str) -> Iterator[Any]:
    """Yield the exchanges that were complete when the recorder was killed."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        try:
            exchange, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield exchange
        at += len(",\n")


class CassetteWriter:
    """Appends exchanges to a file.

    :param path: The file.
    :param kept: Exchanges to start the file with. A file of another version is rewritten with them.
    """

    def __init__(self, path: Path, kept: list[Exchange]) -> None:
        self._path = path.resolve()  # a link stays one
        self._kept = kept
        self._begun = False

    def append(self, exchange: Exchange) -> None:
        """Add an exchange.

        :raises OSError: If the file cannot be written.
        """
        if not self._begun:
            self._begin()
            self._begun = True
        with self._path.open("r+b") as file:
            file.seek(-len(_HEAD + _TAIL), os.SEEK_END)
            separator = b"" if file.read(len(_HEAD)) == _HEAD else b",\n"
            file.write(separator + _encode(exchange) + _TAIL)

    def _begin(self) -> None:
        """Create the file and its folder, unless they exist."""
        if self._kept and _can_grow(self._path):
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(self._path.name + ".new")
        new.write_bytes(_HEAD + b",\n".join(map(_encode, self._kept)) + _TAIL)
        new.replace(self._path)


def _can_grow(path: Path) -> bool:
    content = path.read_bytes()
    return content.startswith(_HEAD) and content.endswith(_TAIL)


def _encode(exchange: Exchange) -> bytes:
    return escape_surrogates(json.dumps(exchange, indent=1, ensure_ascii=False)).encode()
