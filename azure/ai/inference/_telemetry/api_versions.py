"""Support whichever release of OpenTelemetry's API is installed, without the features it lacks.

Services pin old releases, and this is only one of the libraries they instrument. An argument that was added later is
left out of a call, and if a failing provider returns no instrument, nothing is recorded.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from opentelemetry import metrics

R = TypeVar("R")

Record = Callable[..., None]
"""Records an amount, its attributes, and the context it was measured in."""


def takes(function: Callable[..., Any], name: str) -> bool:
    """Return whether a function of the installed release has a parameter.

    :param function: The function, or a class for its constructor.
    :param name: The parameter.
    """
    parameters = inspect.signature(function).parameters
    return name in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())


def call_with_known(function: Callable[..., R], *args: Any, **options: Any) -> R:
    """Call a function without the keyword arguments that the installed release lacks.

    :param function: The function.
    """
    return function(*args, **{name: value for name, value in options.items() if takes(function, name)})


def make_recorder(meter: metrics.Meter, name: str, unit: str, description: str, buckets: Any) -> Record:
    """Create a histogram.

    :param meter: Its meter.
    :param name: Its name.
    :param unit: Its unit.
    :param description: What it measures.
    :param buckets: The boundaries of its buckets, which releases before 1.30 do not support.
    :return: Its `record`, which accepts a context with every release.
    """
    made = call_with_known(meter.create_histogram, name, unit, description, explicit_bucket_boundaries_advisory=buckets)
    if takes(made.record, "context"):
        return made.record

    def record(amount: float, attributes: Any, context: Any = None) -> None:
        made.record(amount, attributes)

    return record
