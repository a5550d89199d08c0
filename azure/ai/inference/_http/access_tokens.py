"""Access tokens: what a credential must give, and where it goes."""

import inspect
from collections.abc import Callable
from typing import Any

from azure.core.credentials import AccessToken


class ProvidedToken:
    """A token credential that asks a function, such as `azure.identity.get_bearer_token_provider` makes.

    It asks for each request: such functions keep a token for as long as it is good, and nobody else knows how long, nor
    whether the next caller should get the same one.

    :param provider: Returns a token, or an awaitable of one to an asynchronous client. It knows the scope itself.
    """

    def __init__(self, provider: Callable[[], Any]) -> None:
        self.provider = provider

    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        """Get a token, or an awaitable of one.

        :param scopes: Not heeded.
        """
        given = self.provider()
        return self._wait(given) if hasattr(given, "__await__") else AccessToken(given, 0)

    async def _wait(self, given: Any) -> AccessToken:
        return AccessToken(await given, 0)


def asks_each_time(credential: Any) -> bool:
    """Whether a credential has to be asked for each request, and what it gives belongs to that request alone.

    :param credential: A credential.
    """
    return isinstance(credential, ProvidedToken)


def check_synchronous(credential: Any) -> None:
    """Refuse an asynchronous credential, which a synchronous client could not wait for.

    :param credential: A credential.
    :raises TypeError: It is asynchronous.
    """
    names = ("provider",) if isinstance(credential, ProvidedToken) else ("get_token", "get_token_info")
    for name in names:
        if inspect.iscoroutinefunction(getattr(credential, name, None)):
            raise _is_asynchronous(credential)


def checked_token(token: Any) -> Any:
    """Check what a credential gave.

    :param token: What it gave.
    :return: The token.
    :raises TypeError: It is no token.
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
        f"The credential gave no access token, but {given}. A credential's get_token() returns an "
        "azure.core.credentials.AccessToken; a function returns the token's text."
    )


def set_token(request: Any, token: Any) -> None:
    """Add a token to a request.

    :param request: The pipeline's request.
    :param token: What the credential gave, checked.
    """
    request.http_request.headers["Authorization"] = f"Bearer {token.token}"


def _is_asynchronous(credential: Any) -> TypeError:
    return TypeError(
        f"The credential ({type(credential).__name__}) is asynchronous, and this client is not. Use a synchronous one, "
        "such as those of azure.identity, or the client of the same name in azure.ai.inference.aio."
    )
