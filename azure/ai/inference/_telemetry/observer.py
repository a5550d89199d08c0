"""Spans, metrics and events of calls: the only module that uses OpenTelemetry's API.

Loaded only by `AIInferenceInstrumentor`. `attributes` and `content` compute what to record; this module decides when. A
span is open from before the request until the answer has been read, or the stream has ended in any way. It is the
current span while the request is sent, so that HTTP spans become its children.

No failure here reaches the caller: `_safely` runs everything.
"""

import _thread
import json
import logging
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from contextvars import Token
from functools import cache, cached_property, partial
from time import perf_counter, time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from azure.core.settings import settings as azure_settings
from opentelemetry import context, metrics, trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode
from typing_extensions import ParamSpec

from .._operations.call import Call
from .._watch import UNWATCHED, A
from .api_versions import Record, call_with_known, make_recorder, takes
from .attributes import (
    LATEST_SCHEMA,
    SECONDS_BUCKETS,
    SYSTEM,
    TOKEN_BUCKETS,
    Attributes,
    Request,
    api_attributes,
    common_attributes,
    error_class,
    error_type,
    read_body,
    read_request,
    request_attributes,
    response_attributes,
    server_attributes,
    span_name,
    token_counts,
)
from .content import (
    WITHHELD,
    choice_events,
    content_attributes,
    exception_attributes,
    is_quoting,
    message_events,
)

if TYPE_CHECKING:
    from .._watch import StreamWatch, Watch
from .._version import VERSION

P = ParamSpec("P")
R = TypeVar("R")

_SCOPE = "azure.ai.inference"
_DETAILS = "gen_ai.client.inference.operation.details"

logger = logging.getLogger("azure.ai.inference.tracing")


def _safely(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
    """Run a piece of telemetry; if it fails, log that without the caller noticing."""
    try:
        return function(*args, **kwargs)
    except Exception:  # failures of telemetry are not the caller's concern
        logger.warning("Telemetry of a call failed; the call itself continues.", exc_info=True)
        return None


class Recording(NamedTuple):
    """What to record, and where."""

    latest: bool = False
    """Whether to follow the latest conventions instead of those of azure-ai-inference 1.0.0b9."""
    span_content: bool = False
    """Whether prompts and answers are recorded on spans."""
    event_content: bool = False
    """Whether prompts and answers are recorded in log events; only in the latest conventions."""
    tracer_provider: Any = None
    meter_provider: Any = None
    logger_provider: Any = None
    chunk_times: bool = False
    """The time from each update of a stream to the next: a measurement of the SDK costs more than an update does."""

    @property
    def content(self) -> bool:
        """Whether prompts and answers are recorded at all."""
        return self.span_content or self.event_content


class Observer:
    """Observes calls.

    :param recording: What to record.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        schema = LATEST_SCHEMA if recording.latest else None
        tracer = _safely(
            call_with_known, trace.get_tracer, _SCOPE, VERSION, recording.tracer_provider, schema_url=schema
        )
        self.tracer = tracer or trace.NoOpTracer()
        meter = _safely(
            call_with_known, metrics.get_meter, _SCOPE, VERSION, recording.meter_provider, schema_url=schema
        )
        self.duration = _seconds(meter, "duration", "Duration of an operation, a stream's to its end")
        self.first_chunk = _seconds(meter, "time_to_first_chunk", "Time from the request to a stream's first update")
        self.per_chunk = (
            _seconds(meter, "time_per_output_chunk", "Time between one update of a stream and the next")
            if recording.chunk_times
            else None
        )
        self.tokens = _recorder(
            meter, "gen_ai.client.token.usage", "{token}", "Tokens used by an operation", TOKEN_BUCKETS
        )
        if recording.event_content and not _has_events():
            logger.warning("Events are not recorded: they need opentelemetry-api 1.36 or later.")

    def __call__(self, call: Call) -> "Watch":
        """Start to observe a call.

        :param call: The call, before it is sent.
        """
        return _safely(_CallWatch, self, call) or UNWATCHED

    def start_span(self, call: Call, request: Request) -> Span:
        """Start the span of a call, or return one that records nothing if tracing is off for this call.

        :param call: The call.
        :param request: Its request.
        """
        options: Mapping[str, Any] = call.options.get("tracing_options") or {}
        enabled = options.get("enabled")
        if enabled is False or (enabled is None and _is_switched_off()):
            return INVALID_SPAN
        latest = self.recording.latest
        attributes = request_attributes(request, latest=latest) | dict(options.get("attributes") or {})
        return self.tracer.start_span(span_name(request, latest=latest), kind=SpanKind.CLIENT, attributes=attributes)

    def emit_details(self, span: Span, attributes: Mapping[str, Any]) -> None:
        """Emit the event with the details of an operation.

        :param span: The operation's span.
        :param attributes: Its attributes.
        """
        if not _has_events():
            return
        from opentelemetry import _logs

        events = _logs.get_logger(_SCOPE, VERSION, self.recording.logger_provider, LATEST_SCHEMA)
        now = time_ns()
        events.emit(
            _logs.LogRecord(
                timestamp=now,
                observed_timestamp=now,
                context=trace.set_span_in_context(span),
                severity_number=_logs.SeverityNumber.INFO,
                event_name=_DETAILS,
                attributes=dict(attributes),
            )
        )


def _seconds(meter: metrics.Meter | None, name: str, description: str) -> Record:
    return _recorder(meter, f"gen_ai.client.operation.{name}", "s", description, SECONDS_BUCKETS)


def _recorder(meter: metrics.Meter | None, name: str, unit: str, description: str, buckets: Any) -> Record:
    made = None if meter is None else _safely(make_recorder, meter, name, unit, description, buckets)
    return made or _record_nothing


def _record_nothing(amount: float, attributes: Any, context: Any = None) -> None: ...


@cache
def _has_events() -> bool:
    """Return whether the installed API supports events, which are log records with a name."""
    try:
        from opentelemetry import _logs
    except ImportError:
        return False
    return takes(_logs.LogRecord, "event_name") and takes(_logs.LogRecord, "context")


def _is_switched_off() -> bool:
    """Return whether azure-core's tracing was explicitly switched off, rather than never switched on."""
    settings: Any = azure_settings  # azure-core's types are incomplete
    is_said = settings.tracing_implementation() is not None or "AZURE_TRACING_ENABLED" in os.environ
    return is_said and not settings.tracing_enabled()


class _CallWatch:
    """Observes a call."""

    def __init__(self, observer: Observer, call: Call) -> None:
        self._observer = observer
        self._recording = observer.recording
        self._call = call
        self._request = read_request(call)
        self._span = observer.start_span(call, self._request)
        self._where = trace.set_span_in_context(self._span)
        self._started = perf_counter()
        self._event_time = 0
        self._token: Token[context.Context] | None = None
        self._answer: Mapping[str, Any] | None = None
        self._streams = False
        self._ended = False

    def __enter__(self) -> "Watch":
        _safely(self._enter)
        return self

    @cached_property
    def _body(self) -> Mapping[str, Any]:
        return read_body(self._call)

    def _enter(self) -> None:
        if self._span is INVALID_SPAN:
            return
        self._token = context.attach(self._where)
        if self._span.is_recording() and self._recording.span_content and not self._recording.latest:
            for name, content in message_events(self._body):
                self._add_event(name, content)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _safely(context.detach, self._token)
        if exc_value is not None or not self._streams:
            self.end(exc_value)

    def resent(self, call: Call) -> None:
        """Record which API is called now."""
        if self._recording.latest:
            self._request = self._request._replace(wire=call.sent and call.sent.wire)
            _safely(self._span.set_attributes, api_attributes(self._request))

    def answered(self, answer: A) -> A:
        """Keep the answer, to read it when the span ends."""
        self._answer = cast("Mapping[str, Any]", answer)
        return answer

    def streaming(self, completion: Callable[[], Any]) -> "StreamWatch | None":
        """Leave the span open until the stream ends it."""
        self._streams = True
        return _StreamWatch(self, completion, _Arrivals(self._started, self._observer.per_chunk))

    def end(
        self,
        error: BaseException | None,
        completion: Callable[[], Any] | None = None,
        arrivals: "_Arrivals | None" = None,
    ) -> None:
        """Record everything known, and end the span. Only the first call counts.

        :param error: The error, if any.
        :param completion: Combines a stream's answer.
        :param arrivals: The arrival times of a stream's updates.
        """
        if self._ended:
            return
        self._ended = True
        seconds = perf_counter() - self._started
        if completion is not None:
            self._answer = _safely(completion)
        if self._answer is not None:
            self._answer = _safely(dict, self._answer)  # a model would wrap whatever is read here
        _safely(self._describe, error, arrivals)
        if self._recording.event_content:
            _safely(self._emit_details, error)
        _safely(self._span.end)
        _safely(self._measure, seconds, error, arrivals)

    def _add_choice_events(self, answer: Mapping[str, Any], *, streamed: bool) -> None:
        for content in choice_events(answer, content=self._recording.span_content, streamed=streamed):
            self._add_event("gen_ai.choice", content)

    def _describe(self, error: BaseException | None, arrivals: "_Arrivals | None") -> None:
        """Describe the result of the call on the span."""
        latest, span = self._recording.latest, self._span
        if not span.is_recording():
            return
        if error is not None:
            self._describe_error(error)
        if self._answer is not None:
            span.set_attributes(response_attributes(self._answer, latest=latest))
            if not latest and self._request.operation == "chat":
                self._add_choice_events(self._answer, streamed=arrivals is not None)
        if latest:
            self._describe_by_latest(arrivals)

    def _describe_by_latest(self, arrivals: "_Arrivals | None") -> None:
        if arrivals is not None and arrivals.first is not None:
            self._span.set_attribute("gen_ai.response.time_to_first_chunk", arrivals.first)
        if self._recording.span_content:
            recorded = content_attributes(self._body, self._answer)
            self._span.set_attributes({name: _compact(value) for name, value in recorded.items()})

    def _describe_error(self, error: BaseException) -> None:
        latest, withheld = self._recording.latest, self._is_secret(error)
        self._span.set_attribute("error.type", error_type(error, latest=latest))
        self._span.set_status(StatusCode.ERROR, WITHHELD if withheld else str(error))
        recorded = exception_attributes(error, kind=error_class(error, latest=latest), withheld=withheld)
        self._span.add_event("exception", recorded)

    def _is_secret(self, error: BaseException) -> bool:
        if self._recording.span_content:
            return False
        body, answer = self._body, self._answer or {}
        return is_quoting(error, body.get("messages"), body.get("input"), answer.get("choices"))

    def _emit_details(self, error: BaseException | None) -> None:
        if self._request.operation != "chat" or self._span is INVALID_SPAN:
            return
        answer = self._answer or {}
        attributes = request_attributes(self._request, latest=True) | response_attributes(answer, latest=True)
        if error is not None:
            attributes["error.type"] = error_type(error, latest=True)
        self._observer.emit_details(self._span, attributes | content_attributes(self._body, self._answer))

    def _measure(self, seconds: float, error: BaseException | None, arrivals: "_Arrivals | None") -> None:
        """Record the metrics."""
        observer, latest, answer = self._observer, self._recording.latest, self._answer or {}
        attributes = self.metric_attributes(lambda: answer)
        failed = {} if error is None else {"error.type": error_type(error, latest=latest)}
        observer.duration(seconds, attributes | failed, self._where)
        for kind, count in token_counts(answer.get("usage")):
            observer.tokens(count, {**attributes, "gen_ai.token.type": kind}, self._where)
        if arrivals is not None and arrivals.first is not None:
            observer.first_chunk(arrivals.first, attributes, self._where)

    def metric_attributes(self, answer: Callable[[], Mapping[str, Any]]) -> Attributes:
        """Return the attributes shared by all metrics of the call.

        :param answer: Returns the answer so far.
        """
        request, model = self._request, answer().get("model")
        recorded = common_attributes(request, latest=self._recording.latest)
        recorded.update(server_attributes(request.endpoint.base_url))
        if isinstance(model, str):
            recorded["gen_ai.response.model"] = model
        return recorded

    def _add_event(self, name: str, content: str) -> None:
        """Add an event at least a microsecond after the one before, because some backends sort by time."""
        self._event_time = max(time_ns(), self._event_time + 1000)
        attributes = {"gen_ai.system": SYSTEM, "gen_ai.event.content": content}
        self._span.add_event(name, attributes, self._event_time)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class _Arrivals:
    """The arrival times of a stream's updates: of the first one, and if enabled, the intervals between the others.

    :param started: When the request was sent.
    :param record: Records the time from one update to the next, at once, not all of them at the end.
    """

    def __init__(self, started: float, record: Record | None) -> None:
        self.first: float | None = None
        """Seconds from the request to the first update."""
        self.all_known = False
        """Whether further updates are not counted."""
        self._record = record
        self._attributes: Attributes = {}
        self._started = self._last = started

    def add(self, count: int, attributes: Callable[[], Attributes]) -> None:
        """Record updates; those that arrived together get equal shares of the time.

        :param count: The number of updates.
        :param attributes: Returns the metric's attributes; called once, at the first update.
        """
        now, record = perf_counter(), self._record
        seconds, self._last = (now - self._last) / count, now
        is_first = self.first is None
        if is_first:
            self.first, self.all_known = now - self._started, record is None
        if record is None:
            return
        if is_first:
            seconds, count, self._attributes = 0.0, count - 1, attributes()
        for _ in range(count):
            record(seconds, self._attributes)


class _StreamWatch:
    """Observes one stream. Only the stream refers to it, so it is freed together with the stream."""

    def __init__(self, call: _CallWatch, completion: Callable[[], Any], arrivals: _Arrivals) -> None:
        self._arrivals = arrivals
        self._attributes = partial(call.metric_attributes, completion)
        # The objects needed to end the span are referenced from outside, so they outlive the stream.
        self._forgotten = weakref.finalize(self, _end_elsewhere, call, completion, self._arrivals)

    def arrived(self, count: int) -> None:
        """Record that bytes arrived, and how many updates they completed."""
        if count and not self._arrivals.all_known:
            _safely(self._arrivals.add, count, self._attributes)

    def ended(self, error: BaseException | None) -> None:
        """End the span."""
        detached = self._forgotten.detach()
        if detached is not None:
            call, completion, arrivals = detached[2]
            call.end(error, completion, arrivals)


def _end_elsewhere(call: _CallWatch, completion: Callable[[], Any], arrivals: _Arrivals) -> None:
    """End the span of a stream that was never closed.

    The garbage collector may interrupt code that holds a lock of OpenTelemetry's SDK, and ending the span there would
    deadlock; hence a thread, but not a `threading.Thread`, which takes locks too. At interpreter exit none can start.
    """
    if threading.main_thread().is_alive():
        _thread.start_new_thread(call.end, (None, completion, arrivals))
    else:
        call.end(None, completion, arrivals)
