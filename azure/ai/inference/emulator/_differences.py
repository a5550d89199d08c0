"""Describe where two requests differ, for the error of a cassette without a matching response."""

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from ._values import is_list, is_object

_MISSING: Final = object()
_SHOWN: Final = 60
_LISTED: Final = 8


def differences(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Return where ``asked`` differs from ``recorded``, such as ``body.model: recorded "a", asked "b"``."""
    return [
        f"{path.removeprefix('.')}: recorded {_show(old)}, asked {_show(new)}"
        for path, old, new in _differing(recorded, asked, "")
    ]


def explain(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Return the first differences as one line."""
    found = differences(recorded, asked)
    more = f"; and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    return "; ".join(found[:_LISTED]) + more


def _differing(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if is_object(old) and is_object(new):
        for name in {**old, **new}:
            yield from _differing(old.get(name, _MISSING), new.get(name, _MISSING), f"{path}.{name}")
    elif is_list(old) and is_list(new):
        for index, (old_item, new_item) in enumerate(zip_longest(old, new, fillvalue=_MISSING)):
            yield from _differing(old_item, new_item, f"{path}[{index}]")
    elif old != new or type(old) is not type(new):
        yield path, old, new


def _show(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
