"""Trace and measure calls with OpenTelemetry.

After `AIInferenceInstrumentor().instrument()`, each call of `complete` and `embed`, synchronous or asynchronous,
creates a span and records metrics; a stream's span ends with the stream. This needs the extra `opentelemetry`.

Spans go to OpenTelemetry's tracer provider, whether or not azure-core's own tracing is on. If it is
(`azure.core.settings.settings.tracing_implementation`, or `tracing_enabled`), its spans of HTTP requests become
children of these. Prompts and answers are recorded only if you ask for it.

Metrics are `gen_ai.client.operation.duration`, `gen_ai.client.token.usage`, and of streams
`gen_ai.client.operation.time_to_first_chunk`. `gen_ai.client.operation.time_per_output_chunk` is a measurement for each
update, and each costs more processor time than the update itself, so it is recorded only if you ask for it, too.

OpenTelemetry's SDK takes longer for the three measurements of a plain call than for its span. To have spans only, set
up no meter provider, or pass `meter_provider=opentelemetry.metrics.NoOpMeterProvider()`.
"""

import os
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from azure.core import CaseInsensitiveEnumMeta

from . import _watch
from ._operations.settings import logger

if TYPE_CHECKING:
    from ._telemetry.observer import Observer

__all__ = ["AIInferenceInstrumentor", "TraceType"]

Conventions = Literal["default", "gen_ai_latest_experimental"]
Capture = Literal["NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY", "SPAN_AND_EVENT"]

_LATEST = "gen_ai_latest_experimental"
_CONVENTIONS = ("default", _LATEST)
_CAPTURES = {
    "NO_CONTENT": (False, False),
    "SPAN_ONLY": (True, False),
    "EVENT_ONLY": (False, True),
    "SPAN_AND_EVENT": (True, True),
}
_NOWHERE = _CAPTURES["NO_CONTENT"]
_ON_SPANS = _CAPTURES["SPAN_ONLY"]

_AZURE_SWITCH = "AZURE_TRACING_GEN_AI_CONTENT_RECORDING_ENABLED"
_CAPTURE_SWITCH = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_CONVENTIONS_SWITCH = "OTEL_SEMCONV_STABILITY_OPT_IN"


class TraceType(str, Enum, metaclass=CaseInsensitiveEnumMeta):
    """Kinds of traced operations, as 1.0.0b9 named them."""

    INFERENCE = "Inference"
    """Calls to a model."""


class AIInferenceInstrumentor:
    """Switches tracing and metrics of this library on and off, for the whole process.

    All instrumentors share one state.

    :raises ModuleNotFoundError: OpenTelemetry is not installed.
    """

    def __init__(self) -> None:
        try:
            from ._telemetry import observer
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "tracing needs OpenTelemetry: pip install azure-core-tracing-opentelemetry opentelemetry-api",
                name=error.name,
            ) from error
        self._module = observer

    def instrument(
        self,
        enable_content_recording: bool | None = None,
        *,
        semantic_conventions: Conventions | None = None,
        capture_content: Capture | None = None,
        time_per_output_chunk: bool | None = None,
        tracer_provider: Any | None = None,
        meter_provider: Any | None = None,
        logger_provider: Any | None = None,
    ) -> None:
        """Switch tracing and metrics on. If they are on, change only what you pass, and content recording.

        :param enable_content_recording: Whether to record prompts, answers, and the names and arguments of tools. The
            default is True if the environment variable AZURE_TRACING_GEN_AI_CONTENT_RECORDING_ENABLED is "true".
        :keyword semantic_conventions: "default" for the spans, attributes and events of azure-ai-inference 1.0.0b9, or
            "gen_ai_latest_experimental" for those of OpenTelemetry's conventions v1.41. The default is the latter if
            the environment variable OTEL_SEMCONV_STABILITY_OPT_IN names it.
        :keyword capture_content: Where to record content: "NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY" (one log event for
            each operation) or "SPAN_AND_EVENT". Events exist in the latest conventions only; there, the default is the
            environment variable OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT.
        :keyword time_per_output_chunk: Whether to record the metric of that name: the time from each update of a stream
            to the next. It more than doubles what a long stream costs. The default is False.
        :keyword tracer_provider: An OpenTelemetry `TracerProvider`; the global one by default.
        :keyword meter_provider: A `MeterProvider`; the global one by default.
        :keyword logger_provider: A `LoggerProvider`; the global one by default.
        :raises ValueError: An argument has an unknown value, or two arguments contradict each other.
        :raises TypeError: `enable_content_recording` or `time_per_output_chunk` is not a bool.
        """
        _check_bool("enable_content_recording", enable_content_recording)
        _check_bool("time_per_output_chunk", time_per_output_chunk)
        before = self._current()
        recording = self._module.Recording() if before is None else before.recording
        latest = _is_latest(semantic_conventions, recording.latest if before else None, os.environ)
        span_content, event_content = _capture(enable_content_recording, capture_content, latest, os.environ)
        observer = self._module.Observer(
            self._module.Recording(
                latest,
                span_content,
                event_content,
                tracer_provider or recording.tracer_provider,
                meter_provider or recording.meter_provider,
                logger_provider or recording.logger_provider,
                recording.chunk_times if time_per_output_chunk is None else time_per_output_chunk,
            )
        )
        _watch.current = observer

    def uninstrument(self) -> None:
        """Switch tracing and metrics off. Calls and streams in progress are still traced. Safe to repeat."""
        _watch.current = None

    def is_instrumented(self) -> bool:
        """Return whether tracing and metrics are on."""
        return self._current() is not None

    def is_content_recording_enabled(self) -> bool:
        """Return whether tracing is on and records prompts and answers."""
        observer = self._current()
        return observer is not None and observer.recording.content

    def _current(self) -> "Observer | None":
        observer = _watch.current
        return observer if isinstance(observer, self._module.Observer) else None


def _check_bool(name: str, value: Any) -> None:
    if value is not None and not isinstance(value, bool):
        raise TypeError(f"{name} must be True, False or None, not {value!r}.")


def _is_latest(argument: str | None, before: bool | None, environ: Mapping[str, str]) -> bool:
    """Choose the conventions: the argument's, else the current ones, else the environment's."""
    if argument is not None:
        if argument not in _CONVENTIONS:
            raise ValueError(f"semantic_conventions={argument!r} is unknown. Use one of {', '.join(_CONVENTIONS)}.")
        return argument == _LATEST
    if before is not None:
        return before
    return _LATEST in [name.strip() for name in environ.get(_CONVENTIONS_SWITCH, "").split(",")]


def _capture(enable: bool | None, capture: str | None, latest: bool, environ: Mapping[str, str]) -> tuple[bool, bool]:
    """Return whether content goes on spans, and whether it goes into events."""
    if capture is not None:
        return _given_capture(enable, capture, latest)
    if enable is False:
        return _NOWHERE
    said = _capture_of(environ) if latest else None
    if enable:
        return said if said and any(said) else _ON_SPANS
    return _capture_by_azure_switch(environ) if said is None else said


def _capture_by_azure_switch(environ: Mapping[str, str]) -> tuple[bool, bool]:
    return _ON_SPANS if environ.get(_AZURE_SWITCH, "").strip().lower() == "true" else _NOWHERE


def _given_capture(enable: bool | None, capture: str, latest: bool) -> tuple[bool, bool]:
    places = _CAPTURES.get(capture)
    if places is None:
        raise ValueError(f"capture_content={capture!r} is unknown. Use one of {', '.join(_CAPTURES)}.")
    if enable is not None and enable != any(places):
        raise ValueError(
            f"enable_content_recording={enable} and capture_content={capture!r} contradict each other. Pass only one."
        )
    if places[1] and not latest:
        raise ValueError(
            f"capture_content={capture!r} records events, which only the latest conventions have. Also pass "
            f"semantic_conventions={_LATEST!r}, or record on spans: 'SPAN_ONLY'."
        )
    return places


def _capture_of(environ: Mapping[str, str]) -> tuple[bool, bool] | None:
    """Read the environment variable of the latest conventions. "true" and "false" are its older values."""
    said = environ.get(_CAPTURE_SWITCH, "").strip().upper()
    if not said:
        return None
    if said in ("TRUE", "FALSE"):
        return _ON_SPANS if said == "TRUE" else _NOWHERE
    if said not in _CAPTURES:
        logger.warning("%s is unknown; no content is recorded. Set one of %s.", _CAPTURE_SWITCH, ", ".join(_CAPTURES))
    return _CAPTURES.get(said, _NOWHERE)
