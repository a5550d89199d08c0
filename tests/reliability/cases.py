"""The table of cases: every fault of a service, a network or the emulator, and its expected outcome."""

from typing import Final

from .case import Case
from .on_answers import on_answers
from .on_streams import on_streams
from .on_the_emulator import on_the_emulator
from .on_the_network import on_the_network

CASES: Final[tuple[Case, ...]] = (*on_streams(), *on_answers(), *on_the_network(), *on_the_emulator())
