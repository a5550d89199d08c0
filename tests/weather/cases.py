"""The table of weather: every fault that a service, a network or the emulator can have, and what must come of it."""

from typing import Final

from .case import Case
from .on_answers import on_answers
from .on_streams import on_streams
from .on_the_emulator import on_the_emulator
from .on_the_way import on_the_way

CASES: Final[tuple[Case, ...]] = (*on_streams(), *on_answers(), *on_the_way(), *on_the_emulator())
