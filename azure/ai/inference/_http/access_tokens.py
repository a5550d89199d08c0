"""Access tokens: what a credential must return, and which header carries it."""

import inspect
from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken


class ProvidedToken:
    """A token credential that wraps a function, such as those made by `azure.identity.get_bearer_token_provider`.

    It calls the function for each request: such functions cache tokens themselves, and only they know
    when a token expires and whether the next caller may get the same one.

    :param provider: Returns a token, or for an asynchronous client an awaitable of one. It knows the scope itself.
    """

    def __init__(self, provider: Callable[[], Any]) -> None:
        self.provider = provider

    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        """Get a token, or an awaitable of one.

        :param scopes: Ignored.
        """
        given = self.provider()
        return self._wait(given) if hasattr(given, "__await__") else AccessToken(given, 0)

    async def _wait(self, given: Any) -> AccessToken:
        return AccessToken(await given, 0)


def asks_each_time(credential: Any) -> bool:
    """Return whether a credential must be asked for each request, and its token belongs to that request alone.

    :param credential: A credential.
    """
    return isinstance(credential, ProvidedToken)


def check_synchronous(credential: Any) -> None:
    """Refuse an asynchronous credential, which a synchronous client cannot await.

    :param credential: A credential.
    :raises TypeError: It is asynchronous.
    """
    names = ("provider",) if isinstance(credential, ProvidedToken) else ("get_token", "get_token_info")
    for name in names:
        if inspect.iscoroutinefunction(getattr(credential, name, None)):
            raise _is_asynchronous(credential)


def checked_token(token: Any) -> Any:
    """Check what a credential returned.

    :param token: The returned value.
    :return: The token.
    :raises TypeError: It is not a token.
    """
    if inspect.isawaitable(token):
        if inspect.iscoroutine(token):
            token.close()
        raise _is_asynchronous(token)
    text: Any = getattr(token, "token", None)
    if isinstance(text, str) and text.strip():
        return token
    given = (
        "an empty text" if isinstance(text, str) else type(text if isinstance(token, AccessToken) else token).__name__
    )
    raise TypeError(
        f"The credential returned no access token, but {given}. A credential's get_token() must return an "
        "azure.core.credentials.AccessToken; a function must return the token's text."
    )


def set_token(request: Any, token: Any) -> None:
    """Add a token to a request.

    :param request: The pipeline's request.
    :param token: The credential's token, checked.
    """
    request.http_request.headers["Authorization"] = f"Bearer {token.token}"


def _is_asynchronous(credential: Any) -> TypeError:
    return TypeError(
        f"The credential ({type(credential).__name__}) is asynchronous, but this client is not. Use a synchronous one, "
        "such as those of azure.identity, or the client of the same name in azure.ai.inference.aio."
    )
