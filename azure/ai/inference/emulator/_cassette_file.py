"""The file of a cassette: one JSON document that grows by an exchange at a time and can be read after each.

A new exchange is written over the closing brackets, which follow it again: what stands before is not touched, so a long
recording costs no more for its last exchange than for its first.
"""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ._values import as_list, as_object, escape_surrogates

VERSION: Final = 2
_HEAD: Final = f'{{"version": {VERSION}, "exchanges": [\n'.encode()
_TAIL: Final = b"\n]}\n"
_LOGGER: Final = logging.getLogger("azure.ai.inference.emulator")

Exchange = dict[str, Any]


def read_cassette(path: Path) -> list[Exchange]:
    """Return the exchanges of a file.

    :raises ValueError: if the file is no cassette, naming what is wrong.
    :raises FileNotFoundError: if there is none.
    """
    text = path.read_text("utf-8")
    try:
        found = as_object(json.loads(text))
    except (ValueError, RecursionError) as error:
        if not text.encode().startswith(_HEAD):
            raise ValueError(f"{path} is no cassette: {error}") from error
        exchanges = list(_whole_exchanges(text[len(_HEAD) :]))
        _LOGGER.warning("%s breaks off; its first %s exchanges are whole and are used", path, len(exchanges))
        found = {"version": VERSION, "exchanges": exchanges}
    if found.get("version") not in (1, VERSION):
        raise ValueError(f"{path} is no cassette of version 1 or {VERSION}; record it again")
    exchanges = as_list(found.get("exchanges"))
    for number, exchange in enumerate(exchanges, 1):
        _check_exchange(exchange, f"exchange {number} of {path}")
        if found["version"] == 1:
            # Version 1 had paths decoded.
            exchange["request"]["path"] = quote(exchange["request"]["path"], safe="/:@!$&'()*+,;=~%")
    return exchanges


def _whole_exchanges(text: str) -> Iterator[Any]:
    """Yield what was written before the recorder was killed in the middle of an exchange."""
    decoder, at = json.JSONDecoder(), 0
    while True:
        try:
            exchange, at = decoder.raw_decode(text, at)
        except ValueError:
            return
        yield exchange
        at += len(",\n")


def _check_exchange(exchange: Any, where: str) -> None:
    request, response = as_object(as_object(exchange).get("request")), as_object(as_object(exchange).get("response"))
    missing = [name for name in ("method", "path", "query", "body") if name not in request]
    missing += [name for name in ("status", "headers") if name not in response]
    missing += [] if "body" in response or "stream" in response else ["body"]
    if missing:
        raise ValueError(f"{where} has no {', '.join(missing)}; record it again")


class CassetteWriter:
    """Appends exchanges to a file.

    :param path: the file.
    :param kept: exchanges that the file starts with. A file of another version is written anew with them.
    """

    def __init__(self, path: Path, kept: list[Exchange]) -> None:
        self._path = path
        self._kept = kept
        self._begun = False

    def append(self, exchange: Exchange) -> None:
        """Add an exchange.

        :raises OSError: if the file cannot be written.
        """
        if not self._begun:
            self._begin()
            self._begun = True
        with self._path.open("r+b") as file:
            file.seek(-len(_HEAD + _TAIL), os.SEEK_END)
            separator = b"" if file.read(len(_HEAD)) == _HEAD else b",\n"
            file.write(separator + _encode(exchange) + _TAIL)

    def _begin(self) -> None:
        """Write the file that is appended to, unless it is there."""
        if self._kept and _can_grow(self._path):
            return
        new = self._path.with_name(self._path.name + ".new")
        new.write_bytes(_HEAD + b",\n".join(map(_encode, self._kept)) + _TAIL)
        new.replace(self._path)


def _can_grow(path: Path) -> bool:
    content = path.read_bytes()
    return content.startswith(_HEAD) and content.endswith(_TAIL)


def _encode(exchange: Exchange) -> bytes:
    return escape_surrogates(json.dumps(exchange, indent=1, ensure_ascii=False)).encode()
