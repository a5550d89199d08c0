"""Settings for all tests."""

import contextlib
import gc

with contextlib.suppress(ImportError):  # the environment of tests/scale has no hypothesis
    from hypothesis import HealthCheck, settings

    # The same examples in each run, however slow the machine is.
    settings.register_profile(
        "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("steady")

gc.disable()  # during collection, which creates millions of objects and no garbage


def pytest_collection_finish() -> None:
    """Exclude the collected tests from garbage collection, because some tests call `gc.collect` often."""
    gc.enable()
    gc.freeze()
