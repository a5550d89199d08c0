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
from ._http.credentials import on_the_wire
from ._http.deadline import CURRENT, Deadline
from ._http.policies import Response, WirePolicies, attempt_options
from ._http.redirects import RedirectDecisions
from ._http.response_headers import forget_wrong_length
from ._http.retries import RetryDecisions
from ._operations.call import cut_off
from .exceptions import RedirectError

_POOL_SIZE = 100


class NoRedirectSession(requests.Session):
    """A session that leaves redirects to the pipeline.

    One that does not follow them looks all the same where they lead: it reads the body, past any deadline, and fails
    over a location that is no URL.
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
        """Make the session, once however many threads ask."""
        if self._process != os.getpid():
            self._leave_to_parent()
        with self._opening:
            if not (self.session or self._has_been_opened):
                self.session = NoRedirectSession()
                self._init_session(self.session)
            super().open()  # type: ignore[no-untyped-call]

    def _leave_to_parent(self) -> None:
        """Begin anew in a process that was forked: on connections of the parent's, the two would swap answers.

        The lock is new because a thread of the parent's may have held it when it forked. A session of the caller's own
        stays; what it does about forks is the caller's.
        """
        self._opening = Lock()
        self._process = os.getpid()
        if getattr(self, "_session_owner", True) and self.session:  # azure-core names no type
            self.session = None  # closes this process's end of the connections; the parent's stay open
            self._has_been_opened = False

    def _init_session(self, session: requests.Session) -> None:
        from ._connections import DeadlineAdapter

        super()._init_session(session)
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in self._protocols:
            once: Any = getattr(session.get_adapter(scheme), "max_retries", 0)
            session.mount(scheme, DeadlineAdapter(pool_connections=4, pool_maxsize=_POOL_SIZE, max_retries=once))


class TransportPolicy(HTTPPolicy[Any, Any]):
    """The last policy: keeps an attempt to the deadline, and reads what the caller does not stream."""

    def send(self, request: Any) -> Response:
        """Send once."""
        context, options = request.context, request.context.options
        streamed = options.get("stream", False)
        deadline: Deadline | None = context.get("deadline")
        context.options = {**options, "stream": True, **attempt_options(request, deadline)}
        known = CURRENT.set(deadline)
        try:
            response: Response | AzureError = self.next.send(on_the_wire(request))
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
            forget_wrong_length(answer.headers)
            body = open_body(internal.raw, deadline)
            if body is not None:
                context["body"] = internal.raw = body
        if not (streamed and answer.status_code == 200):
            read_answer(answer)
        return response


def read_answer(answer: Any) -> None:
    """Read an answer's body; where that fails, a failing status still tells more."""
    failed: AzureError | None = None
    try:
        read_whole(answer)
    except (DecodeError, IncompleteReadError) as error:
        failed = error
    if failed is None or answer.status_code >= 400:
        return
    if isinstance(failed, IncompleteReadError):
        raise cut_off(answer) from failed
    from ._http.failures import body_failure

    raise body_failure(failed, answer)


class TokenPolicy(BearerTokenCredentialPolicy[Any, Any]):
    """azure-core's policy, which asks for one token however many threads wait for it.

    :param credential: Gets tokens.
    :param scopes: What they are for.
    :raises TypeError: The credential is an asynchronous one.
    """

    def __init__(self, credential: Any, *scopes: str, **options: Any) -> None:
        check_synchronous(credential)
        super().__init__(credential, *scopes, **options)
        self._asking = Lock()

    def on_request(self, request: Any) -> None:
        """Set the header.

        :raises TypeError: The credential gave no token.
        """
        set_token(request, self._get_token(*self._scopes) if asks_each_time(self._credential) else self._current())

    def _get_token(self, *scopes: str, **kwargs: Any) -> Any:
        return checked_token(super()._get_token(*scopes, **kwargs))

    def _current(self) -> Any:
        """Return the token that is kept, or a new one; `_token` and `_need_new_token` are azure-core's."""
        token = self._token
        if token is None or self._need_new_token:
            with self._asking:
                if self._token is None or self._need_new_token:
                    self._request_token(*self._scopes)
                token = self._token
        return token

    def authorize_request(self, request: Any, *scopes: str, **kwargs: Any) -> None:
        """Get a token that answers a challenge, and set the header.

        :param request: The pipeline's request.
        :param scopes: What the token is for.
        """
        with self._asking:
            self._request_token(*scopes, **kwargs)
            token = self._token
        set_token(request, token)

    def on_challenge(self, request: Any, response: Any) -> bool:
        """Answer a challenge, unless what it demands cannot be read."""
        try:
            return super().on_challenge(request, response)
        except (binascii.Error, UnicodeDecodeError):
            return False


class ModelRedirectPolicy(RedirectDecisions, RedirectPolicy[Any, Any]):
    """Follows redirects."""

    def send(self, request: Any) -> Response:
        """Send, and send again to where a redirect leads.

        :raises ~azure.ai.inference.exceptions.RedirectError: They do not end.
        """
        try:
            return super().send(request)
        except TooManyRedirectsError as error:  # pyright: ignore[reportUnknownVariableType] - generic for no reason
            history: Any = error.history  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        raise RedirectError(history)


class ModelRetryPolicy(RetryDecisions, RetryPolicy[Any, Any]):
    """Sends again."""

    def sleep(self, settings: dict[str, Any], transport: Any, response: Any = None) -> None:
        """Wait as long as was decided."""
        transport.sleep(settings["delay"])


WIRE_POLICIES = WirePolicies(
    redirect=ModelRedirectPolicy,
    retry=ModelRetryPolicy,
    token=TokenPolicy,
    transport=TransportPolicy,
)
