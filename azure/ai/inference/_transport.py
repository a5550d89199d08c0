"""The synchronous wire: azure-core's requests transport, and the policies that sleep and send.

Loaded when the first client is built, because it loads requests.
"""

import binascii
import os
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Any

import requests
from azure.core.exceptions import AzureError, DecodeError, IncompleteReadError, TooManyRedirectsError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HTTPPolicy, RedirectPolicy, RetryPolicy
from azure.core.pipeline.transport._requests_basic import RequestsTransport  # the public name is untyped

from ._body import BLOCK_SIZE, open_body, read_whole
from ._http.access_tokens import asks_each_time, check_synchronous, checked_token, set_token
from ._http.credentials import copy_for_transport
from ._http.deadline import CURRENT, Deadline
from ._http.policies import Response, WirePolicies, attempt_options
from ._http.redirects import RedirectDecisions
from ._http.response_content import remove_invalid_length
from ._http.retries import RetryDecisions

_POOL_SIZE = 100


class NoRedirectSession(requests.Session):
    """A session that leaves redirects to the pipeline.

    Even a session that does not follow redirects looks where they lead: it reads the body, ignoring any deadline, and
    fails if the location is not a URL.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return no redirect."""
        return None


class SyncTransport(RequestsTransport):
    """azure-core's transport, with a pool that suits many threads, and without cookies."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            **{"connection_data_block_size": BLOCK_SIZE, **kwargs}
        )
        self._opening = Lock()
        self._process = os.getpid()

    def open(self) -> None:
        """Create the session, once however many threads ask."""
        if self._process != os.getpid():
            self._leave_to_parent()
        with self._opening:
            if not (self.session or self._has_been_opened):  # as azure-core's `open` asks, here under a lock
                self.session = NoRedirectSession()
                self._init_session(self.session)
            super().open()  # type: ignore[no-untyped-call]

    def _leave_to_parent(self) -> None:
        """Start over in a forked process: on the parent's connections, the two would swap responses.

        The lock is replaced because a thread of the parent may have held it during the fork. A session that belongs to
        the caller stays; forks are then the caller's concern.
        """
        self._opening = Lock()
        self._process = os.getpid()
        if getattr(self, "_session_owner", True) and self.session:  # untyped in azure-core
            self.session = None  # closes this process's end of the connections; the parent's stay open
            self._has_been_opened = False

    # azure-core's private hook: a session has no public place for its adapters, which hold pool and deadline.
    def _init_session(self, session: requests.Session) -> None:
        from ._connections import DeadlineAdapter

        super()._init_session(session)
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in self._protocols:
            once: Any = getattr(session.get_adapter(scheme), "max_retries", 0)
            session.mount(scheme, DeadlineAdapter(pool_connections=4, pool_maxsize=_POOL_SIZE, max_retries=once))


class TransportPolicy(HTTPPolicy[Any, Any]):
    """The last policy: keeps an attempt within the deadline, and reads responses that the caller does not stream."""

    def send(self, request: Any) -> Response:
        """Send once."""
        context, options = request.context, request.context.options
        streamed = options.get("stream", False)
        deadline: Deadline | None = context.get("deadline")
        context.options = {**options, "stream": True, **attempt_options(request, deadline)}
        known = CURRENT.set(deadline)
        try:
            response: Response | AzureError = self.next.send(copy_for_transport(request))
        except AzureError as error:
            response = error
        finally:
            CURRENT.reset(known)
            context.options = options
        if isinstance(response, AzureError):
            from ._http.failures import failure_of

            raise failure_of(response, request, deadline)
        answer = response.http_response
        internal = getattr(answer, "internal_response", None)
        if isinstance(internal, requests.Response):
            remove_invalid_length(answer.headers)
            body = open_body(internal.raw, deadline)
            if body is not None:
                context["body"] = internal.raw = body
        if not (streamed and answer.status_code == 200):
            read_answer(answer)
        return response


def read_answer(answer: Any) -> None:
    """Read the body of a response; if that fails but the status is an error, the status is more useful."""
    failed: AzureError | None = None
    try:
        read_whole(answer)
    except (DecodeError, IncompleteReadError) as error:
        failed = error
    if failed is None or answer.status_code >= 400:
        return
    if isinstance(failed, IncompleteReadError):
        from ._operations.call import cut_off

        raise cut_off(answer) from failed
    from ._http.failures import body_failure

    raise body_failure(failed, answer)


class TokenPolicy(BearerTokenCredentialPolicy[Any, Any]):
    """azure-core's policy. However many threads wait, it requests one token.

    :param credential: The source of tokens.
    :param scopes: The scopes of the tokens.
    :raises TypeError: The credential is asynchronous.
    """

    def __init__(self, credential: Any, *scopes: str, **options: Any) -> None:
        check_synchronous(credential)
        super().__init__(credential, *scopes, **options)
        self._asking = Lock()

    def on_request(self, request: Any) -> None:
        """Set the header.

        :raises TypeError: The credential returned no token.
        """
        set_token(request, self._get_token(*self._scopes) if asks_each_time(self._credential) else self._current())

    def _get_token(self, *scopes: str, **kwargs: Any) -> Any:
        return checked_token(super()._get_token(*scopes, **kwargs))

    def _current(self) -> Any:
        """Return the cached token, or a new one; `_token` and `_need_new_token` are azure-core's."""
        token = self._token
        if token is None or self._need_new_token:
            with self._asking:
                if self._token is None or self._need_new_token:
                    self._request_token(*self._scopes)
                token = self._token
        return token

    def authorize_request(self, request: Any, *scopes: str, **kwargs: Any) -> None:
        """Get a token for a challenge, and set the header.

        :param request: The pipeline's request.
        :param scopes: The scopes of the token.
        """
        with self._asking:
            self._request_token(*scopes, **kwargs)
            token = self._token
        set_token(request, token)

    def on_challenge(self, request: Any, response: Any) -> bool:
        """Answer a challenge, unless its claims cannot be read."""
        try:
            return super().on_challenge(request, response)
        except (binascii.Error, UnicodeDecodeError):
            return False


class ModelRedirectPolicy(RedirectDecisions, RedirectPolicy[Any, Any]):
    """Follows redirects."""

    def send(self, request: Any) -> Response:
        """Send a request, and follow its redirects.

        :raises ~azure.ai.inference.exceptions.RedirectError: There are too many.
        """
        try:
            return super().send(request)
        except TooManyRedirectsError as error:  # pyright: ignore[reportUnknownVariableType] - generic for no reason
            history: Any = error.history  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        from .exceptions import RedirectError

        raise RedirectError(history)


class ModelRetryPolicy(RetryDecisions, RetryPolicy[Any, Any]):
    """Retries requests."""

    def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:
        """Sleep before the next attempt."""
        transport.sleep(settings["delay"])


WIRE_POLICIES = WirePolicies(
    redirect=ModelRedirectPolicy,
    retry=ModelRetryPolicy,
    token=TokenPolicy,
    transport=TransportPolicy,
)
