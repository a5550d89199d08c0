"""The asynchronous stream of chat updates: reads, feeds, delivers. `ChatStream` decides what the bytes mean."""

from collections import deque
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from azure.core.exceptions import AzureError
from typing_extensions import Self

from .._http.deadline import DRAIN_SECONDS
from .._http.response_headers import RateLimits, rate_limits, region, request_id
from .._operations.call import Call
from .._streaming.chat_stream import ChatStream
from .._watch import UNWATCHED
from ..models._chat import ChatCompletions, CompletionsUsage
from ..models._chat_updates import StreamingChatCompletionsUpdate
from ._body import UnbufferedBody, close_response, reader

T = TypeVar("T")

if TYPE_CHECKING:
    from .._watch import Watch


class AsyncStreamingChatCompletions(AsyncIterator[StreamingChatCompletionsUpdate]):
    """The updates of a streamed chat completion.

    Iterate over it; leaving an `async with` block, or the end of the stream, releases the connection. An update is
    delivered as soon as its bytes arrive. A stream delivers every update that arrived, then completes or raises.
    Reading on after an early close, or after a read that was cancelled, raises. Do not share a stream between tasks.

    :param response: The response to read, or anything with `iter_bytes()` and `close()`.
    :raises ~azure.core.exceptions.HttpResponseError: While iterating: the service sent an error, with its code.
    :raises ~azure.core.exceptions.IncompleteReadError: While iterating: the stream broke off. An
        `~azure.ai.inference.exceptions.IncompleteStreamError`, whose `partial` is the answer so far.
    :raises ~azure.core.exceptions.DecodeError: While iterating: an event is unreadable, or this is not an event stream.
    :raises ~azure.core.exceptions.ServiceResponseTimeoutError: While iterating: the read timeout, or the call's
        `timeout`, has passed.
    """

    __module__ = "azure.ai.inference.models"

    def __init__(
        self, response: Any, *, body: Any = None, call: Call | None = None, watch: "Watch" = UNWATCHED
    ) -> None:
        self._closed = False
        self._response = response
        self._body = body if isinstance(body, UnbufferedBody) else None  # a mock may have any object there
        self._read = reader(response, self._body)
        self._chat = ChatStream(response, call)
        self._watch = watch.streaming(self._chat.completion)
        self._ready: deque[StreamingChatCompletionsUpdate] = deque()

    if TYPE_CHECKING:
        pass  # With `__getattr__`, type checkers would accept any attribute.
    else:

        def __getattr__(self, name: str) -> Any:
            """Raise `AttributeError`, saying where the answer is if the attribute is one of the answer."""
            from .._attribute_hints import missing_in_stream

            raise missing_in_stream(self, name)

    @property
    def usage(self) -> CompletionsUsage | None:
        """Tokens used, once reported: usually in the last update, sometimes only if `stream_options` ask for it."""
        return self._chat.usage

    @property
    def headers(self) -> Mapping[str, str]:
        """The response headers, case-insensitive."""
        headers: Mapping[str, str] = getattr(self._response, "headers", {})
        return headers

    @property
    def request_id(self) -> str | None:
        """The service's id of the request, to quote in a support case."""
        return request_id(self.headers)

    @property
    def rate_limits(self) -> RateLimits:
        """What remains of the quotas for requests and tokens, with `None` for what the service does not report."""
        return rate_limits(self.headers)

    @property
    def region(self) -> str | None:
        """The Azure region that answered; `None` if the service does not report it."""
        return region(self.headers)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamingChatCompletionsUpdate:
        while not self._ready:
            await self._advance()
        return self._ready.popleft()

    async def _advance(self) -> None:
        """Read more, or reach the end."""
        if self._chat.ended and not self._closed:
            await self._finish()
        if self._chat.ended:
            raise StopAsyncIteration
        if self._closed:
            raise self._chat.closed_early()
        try:
            chunk = await self._read()
        except AzureError as error:
            self._ready.extend(self._chat.break_off(error))
        except BaseException as error:
            await self._interrupt(error)
            raise
        else:
            self._ready.extend(self._chat.feed(chunk) if chunk else self._chat.end())
        if self._watch is not None:
            self._watch.arrived(len(self._ready))

    async def _interrupt(self, error: BaseException) -> None:
        """Close the stream after a read that was cancelled or interrupted: the rest of the answer is lost."""
        if self._watch is not None:
            self._watch.ended(error)
        self._chat.why_closed = f"reading it was interrupted by {type(error).__name__}"
        await self.aclose()

    async def _finish(self) -> None:
        """Release the connection, and raise the fault of the stream, if any."""
        if self._chat.fault is None and self._body is not None:
            await self._body.drain(DRAIN_SECONDS)
        await self.aclose()
        if self._chat.fault is not None:
            raise self._chat.fault

    async def get_final_completions(self) -> ChatCompletions:
        """Read the stream to its end, and combine all updates, including those read before.

        :return: What the call would have returned without `stream=True`.
        :raises ~azure.core.exceptions.HttpResponseError: As while iterating; also if the stream was closed early.
        """
        async for _ in self:
            continue
        if self._chat.fault is not None:
            raise self._chat.fault
        return self._chat.completion()

    @overload
    async def parse_as(self, kind: type[T], *, index: int = 0) -> T: ...
    @overload
    async def parse_as(self, kind: Any, *, index: int = 0) -> Any: ...
    async def parse_as(self, kind: Any, *, index: int = 0) -> Any:
        """Read the stream to its end, and return an answer as a value of a type: see `ChatCompletions.parse_as`.

        :param kind: A dataclass, TypedDict, pydantic model, or another type that pydantic's `TypeAdapter` accepts.
        :keyword index: Which of the answers to read, counted from 0, if `n` requested several.
        :return: The value, checked against the type.
        :raises ~azure.core.exceptions.HttpResponseError: As `get_final_completions`.
        :raises ~azure.ai.inference.exceptions.AnswerError: As `ChatCompletions.parse_as`; its class is the reason.
        :raises TypeError: The type has no JSON form, or needs pydantic, which is not installed.
        """
        completions = await self.get_final_completions()
        return completions.parse_as(kind, index=index)

    def text_deltas(self) -> AsyncIterator[str]:
        """Iterate over the pieces of the first answer's text, without reasoning.

        :return: Pieces that are not empty.
        :raises ~azure.core.exceptions.HttpResponseError: As while iterating.
        """
        return _TextDeltas(self)

    async def aclose(self) -> None:
        """Stop reading, and release the connection. Can be called again."""
        if not self._closed:
            self._closed = True
            if self._watch is not None:
                self._watch.ended(self._chat.fault)
            self._chat.close()
            await close_response(self._response)

    def __del__(self) -> None:
        if not self._closed and self._body is not None:
            self._body.abandon()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()


class _TextDeltas(AsyncIterator[str]):
    """The text pieces of a stream's first answer. Not a generator: that would end silently once the stream raised."""

    def __init__(self, updates: AsyncIterator[StreamingChatCompletionsUpdate]) -> None:
        self._updates = updates
        self._ready: deque[str] = deque()

    async def __anext__(self) -> str:
        while not self._ready:
            update = await anext(self._updates)
            for choice in update.choices or ():
                if not choice.index and choice.delta and choice.delta.text:
                    self._ready.append(choice.delta.text)
        return self._ready.popleft()

    def __aiter__(self) -> Self:
        return self
