"""The asynchronous wire: azure-core's aiohttp transport for any event loop, and the policies that sleep and send.

Loaded when the first client is built, because it loads aiohttp.
"""

import asyncio
import binascii
import io
import os
import ssl
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Any, cast

import aiohttp
from azure.core.configuration import ConnectionConfiguration
from azure.core.exceptions import (
    AzureError,
    DecodeError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
    TooManyRedirectsError,
)
from azure.core.pipeline.policies import (
    AsyncBearerTokenCredentialPolicy,
    AsyncHTTPPolicy,
    AsyncRedirectPolicy,
    AsyncRetryPolicy,
)
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.pipeline.transport._aiohttp import AioHttpTransport  # the public name is untyped
from typing_extensions import Self

from .._http.access_tokens import asks_each_time, checked_token, set_token
from .._http.credentials import copy_for_transport
from .._http.deadline import Deadline
from .._http.policies import Response, WirePolicies, attempt_options
from .._http.proxies import why_unusable
from .._http.redirects import RedirectDecisions
from .._http.response_content import remove_invalid_length
from .._http.retries import RetryDecisions
from ._body import open_body, read_whole
from ._connections import Connector, make_trust
from ._lock import Lock
from ._waiting import within

_TRUST_OPTIONS = ("connection_verify", "connection_cert")
_LARGE_BODY = 2**20
"""In bytes; above this, aiohttp warns about bodies passed as bytes."""
_LONGEST_LINE = 65536
"""Size limit of a response's head in bytes: that of the standard library, and so of the synchronous client."""


class _LoopTransport(AioHttpTransport):
    """azure-core's transport, except that large bodies are passed to aiohttp in a form that does not block the loop."""

    # azure-core's private method, the one place between a request's content and aiohttp.
    def _get_request_data(self, request: Any) -> Any:
        data: Any = super()._get_request_data(request)  # type: ignore[no-untyped-call]
        if isinstance(data, str) and len(data) > _LARGE_BODY:
            data = data.encode()
        return io.BytesIO(data) if isinstance(data, bytes) and len(data) > _LARGE_BODY else cast("Any", data)


class _Session:
    """azure-core's transport for one event loop, closed when the loop or the client ends, even without `close`.

    An event loop finishes the asynchronous generators that were started in it, before it closes and when they are
    garbage collected.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        session = options.get("session") or aiohttp.ClientSession(
            connector=Connector(options),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )
        trusted: dict[str, Any] = {"connection_verify": True, "connection_cert": None}
        settled: dict[str, Any] = {**options, **trusted, "session": session}
        self.transport: Any = _LoopTransport(**settled)
        self._end = _close_at_the_end(self.transport)

    async def open(self) -> None:
        """Start the generator that the loop will finish."""
        await anext(self._end)

    async def close(self) -> None:
        """Close the connections."""
        await self._end.aclose()


async def _close_at_the_end(transport: Any) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await transport.close()
        await asyncio.sleep(0)  # sockets close one iteration of the loop later, and this may be its last


class LoopTransport(AsyncHttpTransport[Any, Any]):
    """azure-core's aiohttp transport, with a session for each event loop in which the client is used."""

    def __init__(self, **options: Any) -> None:
        self.connection_config = ConnectionConfiguration(**options)
        self._options = options
        self._sessions: dict[asyncio.AbstractEventLoop, _Session] = {}
        self._process = os.getpid()
        self._closed = False
        self._trusts: dict[Any, ssl.SSLContext | bool] = {}

    async def open(self) -> None:
        """Open a session for the running event loop, if it has none.

        :raises ValueError: The client was closed.
        """
        if self._closed:
            raise ValueError(
                "The client was closed, by `await client.close()` or at the end of its `async with` block."
            )
        if self._process != os.getpid():
            self._leave_to_parent()
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            for ended in [other for other in self._sessions if other.is_closed()]:
                del self._sessions[ended]
            session = self._sessions[loop] = _Session(self._options)
            await session.open()

    def _leave_to_parent(self) -> None:
        """Start over in a forked process: on the parent's connections, the two would swap responses.

        Open sessions are kept, since closing them would remove the parent's sockets from the selector that both share.
        """
        self._inherited = self._sessions
        self._sessions = {}
        self._process = os.getpid()

    async def close(self) -> None:
        """Close the running loop's session; the sessions of other loops close with their loops."""
        self._closed = True
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        self._sessions.clear()
        if session is not None:
            await session.close()

    async def send(self, request: Any, **options: Any) -> Any:
        """Send once.

        :param request: The request.
        :return: The response.
        :raises ~azure.ai.inference.exceptions.ProxyError: aiohttp would take a proxy of this kind for an https proxy.
        :raises ~azure.core.exceptions.ServiceRequestError: There is no connection.
        :raises ~azure.core.exceptions.ServiceResponseError: There is no response.
        """
        unusable = why_unusable(request.url, options.get("proxies"), asynchronous=True)
        if unusable is not None:
            from ..exceptions import ProxyError

            raise ProxyError(unusable)
        await self.open()
        trusted = {name: options.pop(name) for name in _TRUST_OPTIONS if name in options}
        if trusted:
            options["ssl"] = self._trust(**trusted)
        try:
            return await self._sessions[asyncio.get_running_loop()].transport.send(request, **options)
        except ServiceRequestError as error:
            cause = error.inner_exception
            broke = isinstance(cause, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError))
            if not broke or isinstance(cause, aiohttp.ClientConnectorError):
                raise
            # The request had been sent by then: azure-core's synchronous transport raises a response error too.
            raise ServiceResponseError(error.message, error=cause) from error

    def _trust(self, connection_verify: Any = True, connection_cert: Any = None) -> ssl.SSLContext | bool:
        """Return what to trust in one call. aiohttp reads True as "what the session trusts", which may be anyone."""
        wanted = (connection_verify, connection_cert)
        if wanted not in self._trusts:
            made = make_trust(*wanted)
            self._trusts[wanted] = ssl.create_default_context() if made is True else made
        return self._trusts[wanted]

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()


class TransportPolicy(AsyncHTTPPolicy[Any, Any]):
    """The last policy: keeps an attempt within the deadline, and reads responses that the caller does not stream."""

    async def send(self, request: Any) -> Response:
        """Send once."""
        context, options = request.context, request.context.options
        streamed = options.get("stream", False)
        deadline: Deadline | None = context.get("deadline")
        context.options = {**options, "stream": True, **attempt_options(request, deadline)}
        try:
            response: Response | AzureError = await within(deadline, self.next.send(copy_for_transport(request)))
        except AzureError as error:
            response = error
        finally:
            context.options = options
        if isinstance(response, AzureError):
            from .._http.failures import failure_of

            raise failure_of(response, request, deadline)
        answer = response.http_response
        if isinstance(getattr(answer, "internal_response", None), aiohttp.ClientResponse):
            remove_invalid_length(answer.headers)
            context["body"] = open_body(answer, deadline)
            deadline = None  # the body observes it
        if not (streamed and answer.status_code == 200):
            await within(deadline, read_answer(answer))
        return response


async def read_answer(answer: Any) -> None:
    """Read the body of a response; if that fails but the status is an error, the status is more useful."""
    failed: AzureError | None = None
    try:
        await read_whole(answer)
    except (DecodeError, IncompleteReadError) as error:
        failed = error
    if failed is None or answer.status_code >= 400:
        return
    if isinstance(failed, IncompleteReadError):
        from .._operations.call import cut_off

        raise cut_off(answer) from failed
    from .._http.failures import body_failure

    raise body_failure(failed, answer)


class TokenPolicy(AsyncBearerTokenCredentialPolicy[Any, Any]):
    """azure-core's policy, for any event loop. However many tasks wait, it requests one token, within the deadline.

    :param credential: The source of tokens, which may be synchronous.
    :param scopes: The scopes of the tokens.
    """

    def __init__(self, credential: Any, *scopes: str, **options: Any) -> None:
        super().__init__(credential, *scopes, **options)
        self._asking = Lock()  # azure-core's own lock belongs to the loop that used it first

    async def on_request(self, request: Any) -> None:
        """Set the header.

        :raises TypeError: The credential returned no token.
        """
        token: Any = self._token
        if asks_each_time(self._credential):
            token = await within(request.context.get("deadline"), self._get_token(*self._scopes))
        elif token is None or self._need_new_token():
            token = await within(request.context.get("deadline"), self._current())
        set_token(request, token)

    async def _get_token(self, *scopes: str, **kwargs: Any) -> Any:
        return checked_token(await super()._get_token(*scopes, **kwargs))

    async def _current(self) -> Any:
        """Return the cached token, or a new one; `_token` and `_need_new_token` are azure-core's."""
        async with self._asking:
            if self._token is None or self._need_new_token():
                await self._request_token(*self._scopes)
            return self._token

    async def authorize_request(self, request: Any, *scopes: str, **kwargs: Any) -> None:
        """Get a token for a challenge, and set the header.

        :param request: The pipeline's request.
        :param scopes: The scopes of the token.
        """
        set_token(request, await within(request.context.get("deadline"), self._renewed(*scopes, **kwargs)))

    async def _renewed(self, *scopes: str, **kwargs: Any) -> Any:
        async with self._asking:
            await self._request_token(*scopes, **kwargs)
            return self._token

    async def on_challenge(self, request: Any, response: Any) -> bool:
        """Answer a challenge, unless its claims cannot be read."""
        try:
            return await super().on_challenge(request, response)
        except (binascii.Error, UnicodeDecodeError):
            return False


class ModelRedirectPolicy(RedirectDecisions, AsyncRedirectPolicy[Any, Any]):
    """Follows redirects."""

    async def send(self, request: Any) -> Response:
        """Send a request, and follow its redirects.

        :raises ~azure.ai.inference.exceptions.RedirectError: There are too many.
        """
        try:
            return await super().send(request)
        except TooManyRedirectsError as error:  # pyright: ignore[reportUnknownVariableType] - generic for no reason
            history: Any = error.history  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        from ..exceptions import RedirectError

        raise RedirectError(history)


class ModelRetryPolicy(RetryDecisions, AsyncRetryPolicy[Any, Any]):
    """Retries requests."""

    async def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:
        """Sleep before the next attempt."""
        await transport.sleep(settings["delay"])


WIRE_POLICIES = WirePolicies(
    redirect=ModelRedirectPolicy,
    retry=ModelRetryPolicy,
    token=TokenPolicy,
    transport=TransportPolicy,
)
