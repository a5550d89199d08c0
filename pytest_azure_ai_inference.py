"""Fixtures for testing your own application against a local endpoint.

``inference_endpoint`` is a running emulator, reset before each test. A marker gives one test an emulator with its own
settings::

    @pytest.mark.inference_endpoint(dialect="mistral", token_rate=50)
    def test_slow_answers(inference_endpoint): ...

``inference_environment`` points ``AZURE_AI_CHAT_ENDPOINT``, ``OPENAI_BASE_URL``, ``AZURE_OPENAI_ENDPOINT``,
``ANTHROPIC_BASE_URL``, ``MISTRAL_BASE_URL`` and their keys at it for the length of a test, so that an application which
reads them needs no change. Override ``inference_endpoint_options`` in a ``conftest.py`` to set up the emulator of all
tests. The report of a failed test shows what the application sent and received.

The package is not imported until a test uses a fixture.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from azure.ai.inference.emulator import Emulator

_MARKER = "inference_endpoint"
_USED = pytest.StashKey["Emulator"]()
"""The emulator of a test. Unlike the test's arguments, it is known even if another fixture fails."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    line = f"{_MARKER}(**settings): give the test an inference emulator with settings of its own"
    config.addinivalue_line("markers", line)


@pytest.fixture(scope="session")
def inference_endpoint_options() -> Mapping[str, Any]:
    """Return the keyword arguments of the emulator; none, unless a project overrides this fixture."""
    return {}


@pytest.fixture(scope="session")
def inference_emulator(inference_endpoint_options: Mapping[str, Any]) -> Iterator[Emulator]:
    """Run an emulator for the whole session; tests use ``inference_endpoint``, which is reset."""
    from azure.ai.inference.emulator import Emulator

    with Emulator(**inference_endpoint_options) as emulator:
        yield emulator


@pytest.fixture
def inference_endpoint(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """Return a running emulator with no requests, replies or faults left from another test."""
    from azure.ai.inference.emulator import Emulator

    markers = list(request.node.iter_markers(_MARKER))
    if not markers:
        emulator: Emulator = request.getfixturevalue("inference_emulator")
        emulator.start()  # a test may have stopped it, as services stop
        emulator.reset()
        request.node.stash[_USED] = emulator
        yield emulator
        return
    if any(marker.args for marker in markers):
        raise pytest.UsageError(f"@pytest.mark.{_MARKER} takes keyword arguments only, such as dialect='mistral'")
    options = dict(request.getfixturevalue("inference_endpoint_options"))
    for marker in reversed(markers):  # a test's own override those of its class and module
        options |= marker.kwargs
    with Emulator(**options) as emulator:
        request.node.stash[_USED] = emulator
        yield emulator


@pytest.fixture
def inference_environment(inference_endpoint: Emulator, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Point the environment variables that clients read at the emulator, and return them."""
    variables = inference_endpoint.environment
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the exchanges of a failed test to its report."""
    report = yield
    emulator = item.stash.get(_USED, None)
    if report.failed and emulator is not None:
        from azure.ai.inference.emulator._transcript import write_transcript

        report.sections.append(("inference endpoint", write_transcript(emulator)))
    return report
