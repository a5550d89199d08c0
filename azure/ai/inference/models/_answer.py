"""The part of an answer that is not JSON: the headers of its response.

They are kept as the transport's own object, in an attribute that is not a member of the JSON, and read on first access.
An answer whose headers nobody reads costs nothing extra.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azure.core.utils import case_insensitive_dict

from .._model import Model
from .._model_fields import computed

if TYPE_CHECKING:
    from .._http.response_headers import RateLimits


class Answer(Model):
    """An answer of the service, with the headers of its response."""

    __module__ = "azure.ai.inference.models"

    @computed
    def _response_headers(self) -> Mapping[str, str]:
        """Return no headers: the code that makes an answer from a response assigns the response's."""
        return {}

    @computed
    def headers(self) -> Mapping[str, str]:
        """Return the response's HTTP headers, case-insensitive; empty if the answer did not come over HTTP."""
        return case_insensitive_dict(self._response_headers)

    @computed
    def request_id(self) -> str | None:
        """Return the id that the service gave the request, to quote in a support case; `None` if it gave none."""
        from .._http.response_headers import request_id

        return request_id(self._response_headers)

    @computed
    def rate_limits(self) -> "RateLimits":
        """Return what is left of the request and token quotas; fields that the service does not report are `None`."""
        from .._http.response_headers import rate_limits

        return rate_limits(self._response_headers)

    @computed
    def region(self) -> str | None:
        """Return the Azure region that answered; `None` if the service does not report it."""
        from .._http.response_headers import region

        return region(self._response_headers)

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies and pickles keep besides the members. A transport's own headers may not be copyable."""
        state = dict(vars(self))
        if "_response_headers" in state:
            state["_response_headers"] = {str(name): str(value) for name, value in self._response_headers.items()}
        return state
