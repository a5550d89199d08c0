"""The settings that can be changed while an emulator runs: latency, token rate, a pause, quotas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final


@dataclass(frozen=True)
class LiveSettings:
    """The speed of answers, and their quotas.

    :param latency: Seconds before each answer.
    :param token_rate: Tokens per second in streams. None: as fast as they are read.
    :param paused: Whether responses are held back.
    :param requests_per_minute: A quota. None: unlimited.
    :param tokens_per_minute: A quota for the tokens of prompts and answers. None: unlimited.
    """

    latency: float = 0.0
    token_rate: float | None = None
    paused: bool = False
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    def changed(self, members: Mapping[str, Any]) -> LiveSettings:
        """Return these settings with some of them changed.

        :raises ValueError: For an unknown setting or an invalid value.
        """
        for name, value in members.items():
            if name not in _NAMES:
                raise ValueError(f"there is no setting {name!r}; choose {', '.join(_NAMES)}")
            _check(name, value)
        return replace(self, **members)


_NAMES: Final = tuple(field.name for field in fields(LiveSettings))
_WHOLE: Final = ("requests_per_minute", "tokens_per_minute")


def _check(name: str, value: Any) -> None:
    if name == "paused":
        if not isinstance(value, bool):
            raise ValueError(f"paused is {value!r}; choose true or false")
        return
    if value is None and name != "latency":
        return
    kind = int if name in _WHOLE else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}; choose a {'whole ' if name in _WHOLE else ''}number")
    if value < (1 if name in _WHOLE else 0) or (name == "token_rate" and value == 0):
        raise ValueError(f"{name} is {value!r}; choose {'0 or more' if name == 'latency' else 'a number above 0'}")
