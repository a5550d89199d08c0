"""Decode a streamed chat completion: bytes in, updates out.

`ChatStream` raises nothing. It keeps a fault in `fault`, so that the updates before it can be delivered first.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from azure.core.exceptions import AzureError, DecodeError, IncompleteReadError

from .._errors.advice import advise_not_json, give_advice
from .._errors.build import decode_error, error_from_body, error_in_place_of_answer, incomplete_stream_error
from .._errors.error_origin import origin_of
from .._http.credentials import forget_credentials
from .._json import fast_reader, is_list, is_object, json_or_none, read_json, to_json
from .._nested_models import wrap_as
from ..exceptions import IncompleteStreamError, InferenceError
from ..models._chat import ChatCompletions, CompletionsUsage, completions_of
from ..models._chat_updates import StreamingChatCompletionsUpdate
from ..models._tools import name_calls
from .accumulator import Accumulator
from .repeated_events import RepeatedEvent
from .sse import SSEDecoder
from .think_tags import StreamedThoughts

if TYPE_CHECKING:
    from .._operations.call import Call

_wrap_update = wrap_as(StreamingChatCompletionsUpdate)
_wrap_usage = wrap_as(CompletionsUsage)
_parse: Any = json.JSONDecoder().raw_decode


class ChatStream:
    """Decodes one streamed answer.

    A stream is complete when `[DONE]` has arrived, or when its body has ended and each of its answers has a finish
    reason. A stream of another API, whose events the call's translator reads, is complete after its last event.
    """

    def __init__(self, response: Any = None, call: "Call | None" = None) -> None:
        self.fault: Exception | None = None
        """What is wrong with the stream, to be raised after the last update."""
        self.ended = False
        """Whether the stream has ended."""
        self.why_closed = "it was closed by its reader"
        """Why the stream was closed, if that was before its end."""
        self.usage: CompletionsUsage | None = None
        """Tokens used, once the service has reported them."""
        self._accumulator = Accumulator()
        self._response = response if hasattr(response, "headers") else None
        self._call = call
        self._sse = SSEDecoder()
        self._thoughts = StreamedThoughts()
        self._repeated: RepeatedEvent | None = None
        self._may_repeat = False  # whether events like the last one may follow, and that was not looked into
        self._start: bytes | None = b""
        self._shown = b""
        self._document: list[bytes] | None = None
        self._seen: set[int] = set()
        self._finished: set[int] = set()
        self._translator = None if call is None else call.translator
        self._events = None if self._translator is None else self._translator.Events(int(time.time()))

    def feed(self, chunk: bytes) -> list[StreamingChatCompletionsUpdate]:
        """Decode the next bytes of the body.

        :param chunk: One byte or more.
        :return: The updates completed by these bytes, in order.
        """
        if len(self._shown) < _MOST_SHOWN:
            self._shown += chunk[:_MOST_SHOWN]
        if self._start is not None:
            self._look_at_start(chunk)
        if self._document is not None:
            self._document.append(chunk)
            return []
        return self._take(self._sse.feed(chunk))

    def end(self) -> list[StreamingChatCompletionsUpdate]:
        """Record that the body has ended.

        :return: The updates that were still incomplete.
        """
        if self._document is not None:
            return self._take_document(b"".join(self._document))
        updates = self._take_last()
        if not self.ended:
            self._judge_end()
        return updates

    def break_off(self, error: AzureError) -> list[StreamingChatCompletionsUpdate]:
        """Record that the body cannot be read any further.

        :param error: The reason.
        :return: The updates that were still incomplete.
        """
        updates = [] if self._document is not None else self._take_last()
        if not self.ended and not self._is_unexplained_failure():
            if isinstance(error, IncompleteReadError):
                self._fail(self._incomplete("the connection broke"), error)
            else:
                from .._http.failures import body_failure

                fault = body_failure(error, self._response)
                vars(fault)["partial"] = self._partial()
                self._fail(fault, fault.__cause__)
        return updates

    def close(self) -> None:
        """Remove the credential from the request, which errors and the stream refer to."""
        forget_credentials(self._response)

    def completion(self) -> ChatCompletions:
        """Return everything received so far, combined."""
        completion = self._accumulator.completion()
        name_calls(completion)
        completions = completions_of(completion)
        completions._response_headers = getattr(self._response, "headers", {})  # noqa: SLF001
        return completions

    def closed_early(self) -> IncompleteStreamError:
        """Build the error for reading a stream that was closed before its end."""
        return self._incomplete(self.why_closed)

    def _look_at_start(self, chunk: bytes) -> None:
        """Decide from the first character whether this is an event stream or a document in its place."""
        start = (self._start or b"") + chunk
        first = b"" if _BOM.startswith(start) else start.removeprefix(_BOM).lstrip()[:1]
        self._start = None if first else start
        if first in (b"{", b"[", b"<"):
            self._document = [start[: -len(chunk)]]

    def _take(self, events: Iterable[tuple[str, bytes]]) -> list[StreamingChatCompletionsUpdate]:
        updates: list[StreamingChatCompletionsUpdate] = []
        for kind, data in events:
            if data.startswith(b"[DONE]"):
                self._take_done()
            if self.ended:
                break
            update = None if self._repeated is None or kind != "message" else self._repeated.read(data)
            if update is not None:
                updates.append(self._mark(update))
                continue
            value = self._read(kind, data)
            if value is None:
                continue
            chunks = (value,) if self._events is None else self._translated(kind, value)
            updates.extend(self._mark(_wrap_update(chunk)) for chunk in chunks if self._note(chunk, data))
        return updates

    def _mark(self, update: StreamingChatCompletionsUpdate) -> StreamingChatCompletionsUpdate:
        if not self._thoughts.idle and not self._accumulator.extended_call:
            self._thoughts.mark(update)
        return update

    def _translated(self, kind: str, value: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Translate an event of another API into chunks. Some gateways send chunks there too."""
        if "choices" in value:
            yield value
            return
        events: Any = self._events
        chunks = events.feed(kind, value)
        if not chunks and "type" not in value and error_from_body(value, self._response, event=kind) is not None:
            chunks = [value]  # not an event of the API: the service's refusal, for example, comes as it is
        for chunk in chunks:
            if "error" in chunk or "choices" not in chunk:
                self._fail_with(chunk)
                return
            yield chunk
        self.ended = self.ended or events.ended

    def _take_done(self) -> None:
        """Record `[DONE]`, which ends a stream of chunks; other APIs have a last event of their own."""
        if self._events is None:
            self.ended = True
        else:
            self._judge_end()

    def _take_last(self) -> list[StreamingChatCompletionsUpdate]:
        """Decode the event left open at the end of the body, if it is complete."""
        updates = self._take(self._sse.flush())
        if isinstance(self.fault, DecodeError):
            self.fault, self.ended = None, False
        return updates

    def _read(self, kind: str, data: bytes) -> dict[str, Any] | None:
        """Read the data of an event; an error, or data that cannot be read, ends the stream."""
        try:
            value = fast_reader()(data, _parse_event)
        except (ValueError, RecursionError) as cause:
            text = data.decode("utf-8", "replace")
            if not _is_heartbeat(kind, text):
                error = error_from_body(text, self._response, event=kind)
                self._fail(error or decode_error(data, self._response, what="event"), cause)
            return None
        if value.__class__ is dict and kind == "message" and value.get("choices") is not None and "error" not in value:
            return cast("dict[str, Any]", value)  # clearly a chunk: no need to search it for errors
        return None if value is None else self._judge_event(kind, data, value)

    def _judge_event(self, kind: str, data: bytes, value: Any) -> dict[str, Any] | None:
        """Return an event that may be part of the stream after all; otherwise end the stream with an error."""
        if self._events is not None and value.__class__ is dict and "choices" not in value:
            return cast("dict[str, Any]", value)
        error = error_from_body(value, self._response, event=kind)
        if error is None and value.__class__ is not dict:
            error = decode_error(data, self._response, what="event")
        if error is not None:
            self._fail(error)
        return None if error is not None or kind == "bare" else cast("dict[str, Any]", value)

    def _note(self, value: dict[str, Any], data: bytes) -> bool:
        """Keep track of a chunk, and of what the next event may repeat; return whether it is an update to deliver."""
        if self._accumulator.extend(value):
            if self._may_repeat:
                self._repeated, self._may_repeat = self._accumulator.repeated_event(data, value), False
            return True
        self._repeated, self._may_repeat = None, self._events is None
        choices, usage = value.get("choices"), value.get("usage")
        if choices and not self._note_choices(choices):
            self._fail(decode_error(to_json(value), self._response, what="event"))
            return False
        self._accumulator.add_any(value)
        if usage.__class__ is dict:
            self.usage = _wrap_usage(usage)
        return bool(choices or usage)

    def _note_choices(self, choices: Any) -> bool:
        """Keep track of the choices of a chunk; return whether they are a list of readable objects."""
        if choices.__class__ is not list:
            return False
        for position, choice in enumerate(choices):
            if choice.__class__ is not dict:
                return False
            delta = choice.get("delta")
            if delta.__class__ is not dict and delta is not None:
                return False
            index = choice.get("index")
            index = index if index.__class__ is int else position
            if index not in self._seen:
                self._seen.add(index)
                self._thoughts.idle = False  # this answer may begin with a tag, whatever the others began with
            if choice.get("finish_reason"):
                self._finished.add(index)
        return True

    def _take_lines(self, body: bytes) -> list[StreamingChatCompletionsUpdate]:
        updates = self._take(("message", line) for line in body.splitlines() if line.strip())
        if not self.ended:
            self._judge_end()
        return updates

    def _take_document(self, body: bytes) -> list[StreamingChatCompletionsUpdate]:
        """Decode a body that is not an event stream: a completion, or JSON lines; anything else is an error."""
        try:
            value: Any = read_json(body)
        except (ValueError, RecursionError):
            value = None
            if is_object(json_or_none(body.partition(b"\n")[0])):
                return self._take_lines(body)
        if self._translator is not None and isinstance(value, dict):
            value = self._translator.answer(cast("dict[str, Any]", value), int(time.time()))
        if is_object(value) and value.get("choices"):
            return self._take([("message", to_json(_as_chunk(value)).encode()), ("message", b"[DONE]")])
        self._fail(error_in_place_of_answer(value, self._response) or self._not_a_stream(body))
        return []

    def _is_unexplained_failure(self) -> bool:
        """Return whether an event reported a failure and none gave the reason; the failure is then the fault."""
        for chunk in () if self._events is None else self._events.end():
            self._fail_with(chunk)
        return self.ended

    def _judge_end(self) -> None:
        if self._is_unexplained_failure():
            return
        if self._finished and self._finished >= self._seen:
            self.ended = True
        elif self._seen or (self._start is None and self._shown.lstrip().startswith((b"data:", b":", b"event:"))):
            missing = "neither [DONE] nor a finish reason" if self._events is None else "no last event"
            self._fail(self._incomplete(f"it has {missing}"))
        else:
            self._fail(self._not_a_stream(self._shown))

    def _incomplete(self, why: str) -> IncompleteStreamError:
        return incomplete_stream_error(why, self._response, partial=self._partial())

    def _partial(self) -> ChatCompletions | None:
        """Return the answer so far for an error, with headers that do not show the request's credentials."""
        if not self._seen:
            return None
        partial = self.completion()
        partial._response_headers = origin_of(self._response).headers  # noqa: SLF001
        return partial

    def _not_a_stream(self, body: bytes) -> Exception:
        call = self._call
        advice = advise_not_json(call.endpoint, call.operation) if call else None
        return decode_error(body, self._response, advice=advice)

    def _fail_with(self, value: dict[str, Any]) -> None:
        """End the stream with an error that arrived in it."""
        self._fail(cast("Exception", error_from_body(value, self._response, event="error")))

    def _fail(self, error: Exception, cause: BaseException | None = None) -> None:
        error.__cause__ = cause
        if isinstance(error, InferenceError) and error.partial is None:
            error.partial = self._partial()
        if self._call is not None:
            give_advice(error, self._call.endpoint, self._call.operation, 200)
        self.fault, self.ended = error, True


_BOM = b"\xef\xbb\xbf"
_MOST_SHOWN = 1024
_HEARTBEATS = frozenset(("ping", "pong", "keepalive", "keep-alive", "keep_alive", "heartbeat"))


def _parse_event(data: bytes) -> Any:
    """Return the JSON value of an event's data; `None` if it is empty."""
    text = data.decode().strip()
    if not text:
        return None
    value, end = _parse(text)
    if end != len(text):
        raise ValueError("more than one JSON value")
    return value


def _is_heartbeat(kind: str, text: str) -> bool:
    """Return whether an event that is not JSON only keeps the connection alive, by comment, word or type."""
    said = text.strip().lstrip(":").strip().lower()
    return text.lstrip().startswith(":") or said in _HEARTBEATS or kind in _HEARTBEATS


def _as_chunk(completion: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a completion into the single chunk of an equivalent stream."""
    choices = completion["choices"]
    if not is_list(choices):
        return dict(completion)
    return {**completion, "choices": [_as_delta(choice) if is_object(choice) else choice for choice in choices]}


def _as_delta(choice: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"delta" if name == "message" else name: value for name, value in choice.items()}
    calls = renamed["delta"].get("tool_calls") if is_object(renamed.get("delta")) else None
    if is_list(calls):
        numbered = [{"index": i, **call} if is_object(call) else call for i, call in enumerate(calls)]
        renamed["delta"] = {**renamed["delta"], "tool_calls": numbered}
    return renamed
