"""What an answer tells besides its JSON.

The headers stay on the object as the transport has them, in an attribute that is no member; they are read when asked
for, so an answer whose headers nobody asks for pays nothing for them, nor for the module that reads them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azure.core.utils import case_insensitive_dict

from .._model import Model
from .._model_fields import computed

if TYPE_CHECKING:
    from .._http.response_headers import RateLimits


class Answer(Model):
    """An answer of the service, with the headers that it came with."""

    @computed
    def _response_headers(self) -> Mapping[str, str]:
        """Give no headers: whoever makes an answer from a response assigns the response's."""
        return {}

    @computed
    def headers(self) -> Mapping[str, str]:
        """Read the answer's HTTP headers, to be looked up in any case; empty if it did not come over HTTP."""
        return case_insensitive_dict(self._response_headers)

    @computed
    def request_id(self) -> str | None:
        """Read the id that the service gave the request, to be quoted in a support case; `None` if it gave none."""
        from .._http.response_headers import request_id

        return request_id(self._response_headers)

    @computed
    def rate_limits(self) -> "RateLimits":
        """Read what is left of the quotas for requests and tokens; `None` in it for what the service does not tell."""
        from .._http.response_headers import rate_limits

        return rate_limits(self._response_headers)

    @computed
    def region(self) -> str | None:
        """Read the Azure region that answered, `None` if the service does not tell."""
        from .._http.response_headers import region

        return region(self._response_headers)

    def __getstate__(self) -> dict[str, Any]:
        """Give what copies and pickles keep besides the members; a transport's own headers may not be copied."""
        state = dict(vars(self))
        if "_response_headers" in state:
            state["_response_headers"] = {str(name): str(value) for name, value in self._response_headers.items()}
        return state
