"""Fixtures for testing one's own application: ``inference_endpoint`` is a running emulator, fresh for each test.

One server is started for a session of tests and reset before each of them. To set it up, override
``inference_endpoint_options`` in a ``conftest.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ._emulator import Emulator


@pytest.fixture(scope="session")
def inference_endpoint_options() -> Mapping[str, Any]:
    """Give the keyword arguments of :class:`Emulator`; none, unless a project overrides this fixture."""
    return {}


@pytest.fixture(scope="session")
def inference_emulator(inference_endpoint_options: Mapping[str, Any]) -> Iterator[Emulator]:
    """Run an emulator for the whole session; tests want ``inference_endpoint``, which is reset."""
    from ._emulator import Emulator

    with Emulator(**inference_endpoint_options) as emulator:
        yield emulator


@pytest.fixture
def inference_endpoint(inference_emulator: Emulator) -> Emulator:
    """Give a running emulator with no requests, replies or faults left from another test."""
    inference_emulator.reset()
    return inference_emulator
