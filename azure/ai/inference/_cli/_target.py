"""Whom to talk to, and as whom: the endpoint, the model and the credential, and where each of them was found.

What the environment has goes together: a key that stands beside an endpoint is for that host only, unless it is named
with ``--key-env``; and a model is taken only along with its endpoint or its key.
"""

import getpass
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

from .._errors.advice import missing_model
from .._http.endpoint import Endpoint, Kind, resolve
from .._http.origins import is_loopback
from .._operations.chat import CHAT_SETTINGS
from .._operations.environment import VARIABLES, Variables, is_set
from .._operations.options import EMBEDDING_SETTINGS
from .._operations.settings import Settings, make_settings
from ._arguments import KEY_FORMS, Arguments, UsageError, split_words

if TYPE_CHECKING:
    from .. import ChatCompletionsClient, EmbeddingsClient

    C = TypeVar("C", ChatCompletionsClient, EmbeddingsClient)

_UNUSED_KEY = "unused"
"""Sent to a server on this machine where no key was given: a client has to have one, and such servers do not look."""

_SHORTEST_SECRET = 6
"""Blanking out what is shorter would hide words, not secrets."""


class Found(NamedTuple):
    """A text, and where it was found."""

    value: str
    source: str


class Target(NamedTuple):
    """An endpoint, and how it is called."""

    pasted: Found
    words: Sequence[str]
    """The words of the command line behind the endpoint."""
    model: Found | None
    settings: Settings
    """What a client makes of the endpoint and the options: the URL, the api-version, the scopes."""
    key: Found | None
    """`None` with Entra ID, and where no key was found."""
    entra_id: bool

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint as it is understood."""
        return self.settings.endpoint

    @property
    def lacks_model(self) -> bool:
        """Whether a request is sure to be refused, for no model is named."""
        return self.endpoint.model_required and self.model is None and not self.settings.model_in_headers


def find_target(arguments: Arguments, environment: Mapping[str, str]) -> Target:
    """Find out whom to talk to.

    :param arguments: The command line.
    :param environment: Environment variables.
    :raises UsageError: No endpoint is given, or it cannot be one; or there is no such key as was named.
    """
    sets = VARIABLES["embeddings" if arguments.for_embeddings else "chat"]
    given = [names for names in sets if is_set(environment, names.endpoint)][:1]
    url, words = split_words(arguments.words, known=bool(given))
    if url is None and not given:
        raise UsageError(f"no endpoint: give its URL, or set {sets[0].endpoint}")
    if url is not None and arguments.emulator:
        raise UsageError("--emulator is an endpoint already: leave the URL out")
    pasted = Found(environment[given[0].endpoint], given[0].endpoint) if url is None else Found(url, "the command line")
    settings = _settings(arguments, pasted.value)
    own = given if url is None else [names for names in sets if _fits(environment, names, settings.endpoint)]
    key = _find_key(arguments, environment, own)
    if key is None and not arguments.entra_id and is_loopback(urlsplit(settings.endpoint.root).hostname or ""):
        key = Found(_UNUSED_KEY, "nowhere (the word 'unused' is sent)")
    sources = {pasted.source, key.source if key else None}
    model = _find_model(arguments, environment, [names for names in own if sources & {names.endpoint, names.key}])
    return Target(pasted, words, model, settings, key, arguments.entra_id)


def _settings(arguments: Arguments, url: str) -> Settings:
    kind: tuple[str, Kind, tuple[str, ...]] = ("ChatCompletionsClient", "chat", CHAT_SETTINGS)
    if arguments.for_embeddings:
        kind = ("EmbeddingsClient", "embeddings", EMBEDDING_SETTINGS)
    client, operation, known = kind
    with usage_errors():
        settings = make_settings(client, url, operation, known, arguments.client_options)
        if settings.endpoint.refusal:
            raise ValueError(settings.endpoint.refusal)
        return settings


def _fits(environment: Mapping[str, str], names: Variables, endpoint: Endpoint) -> bool:
    """Return whether a key is for an endpoint: not if it is given beside that of another host."""
    if not is_set(environment, names.endpoint):
        return True
    try:
        return resolve(environment[names.endpoint]).root == endpoint.root
    except ValueError:
        return False


def _find_key(arguments: Arguments, environment: Mapping[str, str], sets: Sequence[Variables]) -> Found | None:
    if arguments.entra_id:
        return None
    if arguments.key_file is not None:
        return _checked(Found(_key_in(arguments.key_file), "the file of --key-file"))
    if arguments.key_env is not None:
        if not is_set(environment, arguments.key_env):
            raise UsageError("--key-env names an environment variable that is not set, or is empty")
        return _checked(Found(environment[arguments.key_env], arguments.key_env))
    found = next((names.key for names in sets if is_set(environment, names.key)), None)
    return None if found is None else _checked(Found(environment[found], found))


def _key_in(path: str) -> str:
    """Read the first line of a file or of standard input; at a terminal, without showing it."""
    if path == "-":
        return getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.readline()
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.readline()
    except (OSError, ValueError) as error:  # without the path, which may be a key in the wrong place
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"the file of --key-file cannot be read: {reason}") from None


def _checked(key: Found) -> Found:
    text = key.value.strip()
    if not text:
        raise UsageError(f"the key from {key.source} is empty")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise UsageError(f"the key from {key.source} is none: it has a blank, a line break or a foreign letter inside")
    return key._replace(value=text)


def _find_model(arguments: Arguments, environment: Mapping[str, str], sets: Sequence[Variables]) -> Found | None:
    if arguments.model:
        return Found(arguments.model, "--model")
    name = next((names.model for names in sets if is_set(environment, names.model)), None)
    return None if name is None else Found(environment[name].strip(), name)


# ---------------------------------------------------------------- clients


def build_client(
    kind: "type[C]", target: Target, arguments: Arguments, defaults: Mapping[str, Any] | None = None
) -> "C":
    """Build the client for a target.

    :param kind: Its class.
    :param target: Whom to talk to.
    :param arguments: The command line, whose settings of the model go before those that follow.
    :param defaults: Further settings.
    :raises UsageError: There is no credential, no model is named where one has to be, or a setting is none.
    """
    if target.lacks_model and "model" not in arguments.settings:
        raise UsageError(f"{missing_model(target.endpoint)} On the command line it is --model NAME.")
    model = None if target.model is None else target.model.value
    settings: Any = {"model": model, **(defaults or {}), **arguments.settings}
    with usage_errors():
        client: C = build_plain(kind, target, arguments).with_defaults(**settings)
    return client


def build_plain(kind: Any, target: Target, arguments: Arguments) -> Any:
    """Build a client without settings of the model.

    :param kind: Makes it of endpoint, credential and options.
    :param target: Whom to talk to.
    :param arguments: The command line.
    :raises UsageError: There is no credential.
    """
    credential = default_credential() if target.entra_id else target.key and target.key.value
    if credential is None:
        raise UsageError(f"no key was given: {KEY_FORMS}; or sign in with --entra-id")
    return kind(target.pasted.value, credential, **arguments.client_options)


def default_credential() -> Any:
    """Make the credential of `--entra-id`.

    :raises UsageError: azure-identity is not installed.
    """
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise UsageError("--entra-id needs azure-identity: pip install azure-identity") from None
    return DefaultAzureCredential()


def secrets_of(target: Target, arguments: Arguments) -> Sequence[str]:
    """List what must not be shown: the key, and the values of headers and of the endpoint's query.

    :return: The longest first; without what is so short that it would hide words.
    """
    values = [pair.partition("=")[2] for pair in target.endpoint.query.split("&")]
    found = [*values, *map(unquote, values), *dict(arguments.header).values(), target.key.value if target.key else ""]
    return sorted({secret for secret in found if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True)


@contextmanager
def usage_errors() -> Generator[None, None, None]:
    """Turn what the package refuses into usage errors."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from error
