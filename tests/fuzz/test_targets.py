"""The targets, run by hypothesis on likely inputs and on any bytes; see the package's docstring for longer runs."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .targets import TARGETS, Target

settings.register_profile("long", derandomize=False, max_examples=15_000)
PROFILE = settings.get_profile(os.environ.get("FUZZ_PROFILE", "steady"))


@pytest.fixture(params=TARGETS.values(), ids=TARGETS)
def target(request: pytest.FixtureRequest) -> Target:
    chosen: Target = request.param
    return chosen


def test_seeds(target: Target) -> None:
    for seed in target.seeds:
        target.check(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_likely_inputs(name: str) -> None:
    target = TARGETS[name]
    settings(PROFILE)(given(target.likely)(target.check))()


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes(name: str) -> None:
    target = TARGETS[name]
    seeds = st.sampled_from(target.seeds)
    near = st.builds(lambda seed, at, noise: seed[:at] + noise + seed[at:], seeds, st.integers(0, 200), st.binary())
    settings(PROFILE)(given(st.binary() | near)(target.check))()
