"""Which redirects are followed. `_transport` and `aio._transport` put the classes over it that send."""

from typing import Any
from urllib.parse import urljoin

from azure.core.pipeline.policies._redirect import RedirectPolicyBase  # the decisions that both worlds share

from .origins import origin


def redirect_target(url: str, location: str) -> str | None:
    """Tell where a redirect leads, as an absolute URL; `None` if its location is no URL."""
    try:
        target = urljoin(url, location)
        origin(target)
    except ValueError:
        return None
    return target


class RedirectDecisions(RedirectPolicyBase):
    """Which redirects are followed: not those that would carry a request's body to another origin."""

    def __init__(self, *, disable_redirect_cleanup: bool = False, **kwargs: Any) -> None:
        self._lax = disable_redirect_cleanup
        super().__init__(**kwargs)

    def get_redirect_location(self, response: Any) -> Any:
        """Tell where to go.

        :param response: The pipeline's response.
        :return: An absolute URL, or something false for nowhere.
        """
        location = super().get_redirect_location(response)
        if not location:
            return location
        request = response.http_request
        target = redirect_target(request.url, location)
        if target and getattr(request, "content", None) and not self._lax and origin(target) != origin(request.url):
            return False
        request.headers = request.headers.copy()  # the next request's: some are taken off, but not off the last one's
        return target
