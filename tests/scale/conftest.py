"""Lets the processes of clusters import these tests, whose functions they receive."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _import_path() -> None:
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
