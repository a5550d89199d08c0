"""Decide which redirects are followed. `_transport` and `aio._transport` add the classes that send."""

from typing import Any
from urllib.parse import urljoin, urlsplit

from azure.core.pipeline.policies._redirect import RedirectPolicyBase  # the decisions that both worlds share

from .origins import origin

_BODY_HEADERS = ("Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "extra-parameters")


def redirect_target(url: str, location: str) -> str | None:
    """Return the target of a redirect as an absolute URL.

    :param url: The URL that was called.
    :param location: The response header ``Location``.
    :return: None if it is not an http or https URL, or contains user information, which HTTP libraries would send
        instead of the client's credential, or fail over.
    """
    try:
        target = urljoin(url, location)
        scheme, host, _ = origin(target)
        host.encode("idna")  # a resolver does this first; it fails if a label is empty or too long
    except ValueError:
        return None
    return target if scheme in ("http", "https") and host and "@" not in urlsplit(target).netloc else None


class RedirectDecisions(RedirectPolicyBase):
    """Decides which redirects are followed: not those that would carry a request's body to another origin."""

    def __init__(self, *, disable_redirect_cleanup: bool = False, **kwargs: Any) -> None:
        self._lax = disable_redirect_cleanup
        super().__init__(**kwargs)

    def get_redirect_location(self, response: Any) -> Any:
        """Return the target of a redirect.

        :param response: The pipeline's response.
        :return: An absolute URL, or a false value if there is none to follow.
        """
        location = super().get_redirect_location(response)
        if not location:
            return location
        request = response.http_request
        target = redirect_target(request.url, location)
        if target and getattr(request, "content", None) and not self._lax and origin(target) != origin(request.url):
            return False
        request.headers = request.headers.copy()  # for the next request: removing some must not change the last one's
        return target

    def increment(self, settings: dict[str, Any], response: Any, redirect_location: str) -> bool:
        """Count a redirect, and change the request accordingly.

        303 turns any method into GET (RFC 9110, section 15.4.4), which has no body; azure-core would send the old one.

        :param settings: The call's settings.
        :param response: The pipeline's response; its request is modified.
        :param redirect_location: The target.
        :return: Whether another redirect is allowed.
        """
        goes_on = super().increment(settings, response, redirect_location)
        if response.http_response.status_code == 303:
            request = response.http_request
            request._data = request._files = None  # noqa: SLF001 - azure-core sets them in its constructor alone
            for name in _BODY_HEADERS:
                request.headers.pop(name, None)
        return goes_on
