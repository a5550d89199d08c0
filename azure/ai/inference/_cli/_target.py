"""Find the endpoint, the model and the credential, and record where each came from.

Environment variables belong together: a key that is set along with an endpoint is only for that host, unless
``--key-env`` names it; and a model is only used along with its endpoint or its key.
"""

import getpass
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from .._http.endpoint import Endpoint, Kind
from .._http.endpoint_routes import resolve
from .._http.origins import is_loopback
from .._operations.environment import VARIABLES, Variables, is_set
from .._operations.options import CHAT_SETTINGS, EMBEDDING_SETTINGS
from .._operations.settings import Settings, make_settings
from ._arguments import KEY_FORMS, Arguments, split_words
from ._input import is_interactive, standard_input
from ._words import UsageError, in_cli_words

_COMMAND_LINE = "the command line"
_UNUSED_KEY = "unused"
"""Sent to a server on this machine if no key was given: a client needs one, and such servers do not check it."""

_SHORTEST_SECRET = 6
"""Shorter texts are not masked, since that would hide words rather than secrets."""


class Found(NamedTuple):
    """A text, and where it came from."""

    value: str
    source: str


class Target(NamedTuple):
    """An endpoint, and how to call it."""

    pasted: Found
    words: Sequence[str]
    """The words of the command line after the endpoint."""
    model: Found | None
    settings: Settings
    """The client's settings, resolved from the endpoint and the options."""
    key: Found | None
    """`None` with Entra ID, and if no key was found."""
    entra_id: bool

    @property
    def endpoint(self) -> Endpoint:
        """The resolved endpoint."""
        return self.settings.endpoint

    @property
    def has_key(self) -> bool:
        """Whether a key was given, rather than the placeholder for servers that do not check it."""
        return self.key is not None and self.key.value != _UNUSED_KEY

    @property
    def lacks_model(self) -> bool:
        """Whether the service would refuse requests because they name no model."""
        return self.endpoint.model_required and self.model is None and not self.settings.model_in_headers


def find_target(arguments: Arguments, environment: Mapping[str, str]) -> Target:
    """Find the endpoint, the model and the credential.

    :param arguments: The command line.
    :param environment: Environment variables.
    :raises UsageError: There is no endpoint, it is invalid, or the named key does not exist.
    """
    sets = VARIABLES["embeddings" if arguments.for_embeddings else "chat"]
    given = [names for names in sets if is_set(environment, names.endpoint)][:1]
    pasted, words = _find_url(arguments, environment, sets, given)
    settings = _settings(arguments, pasted.value)
    typed = pasted.source == _COMMAND_LINE
    own = [names for names in sets if _fits(environment, names, settings.endpoint)] if typed else given
    key = _find_key(arguments, environment, own) or _no_key(arguments, settings.endpoint)
    sources = {pasted.source, key.source if key else None}
    model = _find_model(arguments, environment, [names for names in own if sources & {names.endpoint, names.key}])
    return Target(pasted, words, model, settings, key, arguments.entra_id)


def _find_url(
    arguments: Arguments, environment: Mapping[str, str], sets: Sequence[Variables], given: Sequence[Variables]
) -> tuple[Found, Sequence[str]]:
    """Return the URL of the endpoint, and the words after it."""
    url, words = split_words(arguments.words, known=bool(given))
    if url is not None:
        if arguments.emulator:
            raise UsageError("--emulator already provides an endpoint: leave the URL out")
        return Found(url, _COMMAND_LINE), words
    if not given:
        raise UsageError(f"no endpoint: pass its URL, or set {sets[0].endpoint}")
    return Found(environment[given[0].endpoint], given[0].endpoint), words


def _no_key(arguments: Arguments, endpoint: Endpoint) -> Found | None:
    """Return what to send where no key is needed: on this machine, or where the user says so."""
    if arguments.no_key or (_is_here(endpoint) and not arguments.entra_id):
        return Found(_UNUSED_KEY, "nowhere (the word 'unused' is sent)")
    return None


def _is_here(endpoint: Endpoint) -> bool:
    """Return whether an endpoint is on this machine."""
    return is_loopback(urlsplit(endpoint.root).hostname or "")


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
    """Return whether a key belongs to an endpoint: not if it is set along with the endpoint of another host."""
    if not is_set(environment, names.endpoint):
        return True
    try:
        return resolve(environment[names.endpoint]).root == endpoint.root
    except ValueError:
        return False


def _find_key(arguments: Arguments, environment: Mapping[str, str], sets: Sequence[Variables]) -> Found | None:
    if arguments.entra_id or arguments.no_key:
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
    try:
        if path == "-":
            return getpass.getpass("Key: ") if is_interactive() else standard_input().readline().decode()
        with Path(path).open("rb") as file:
            return file.readline().decode("utf-8-sig")  # some editors write a mark first
    except (OSError, ValueError) as error:  # the path is omitted: it may be a key in the wrong place
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UsageError(f"the file of --key-file cannot be read: {reason}") from None


def _checked(key: Found) -> Found:
    text = key.value.strip()
    if not text:
        raise UsageError(f"the key from {key.source} is empty")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise UsageError(f"the key from {key.source} is invalid: it has a space, a line break or a non-ASCII character")
    return key._replace(value=text)


def _find_model(arguments: Arguments, environment: Mapping[str, str], sets: Sequence[Variables]) -> Found | None:
    if arguments.model:
        return Found(arguments.model, "--model")
    name = next((names.model for names in sets if is_set(environment, names.model)), None)
    return None if name is None else Found(environment[name].strip(), name)


# ---------------------------------------------------------------- clients


def build_plain(kind: Any, target: Target, arguments: Arguments) -> Any:
    """Build a client without settings of the model.

    :param kind: Builds the client from endpoint, credential and options.
    :param target: The endpoint and the credential.
    :param arguments: The command line.
    :raises UsageError: There is no credential.
    """
    credential = default_credential() if target.entra_id else target.key and target.key.value
    if credential is None:
        raise UsageError(
            f"no key was given: {KEY_FORMS}; or sign in with --entra-id; or pass --no-key if the server needs none"
        )
    endpoint = target.endpoint
    if endpoint.root.startswith("http://") and not (_is_here(endpoint) or arguments.allow_http or arguments.no_key):
        raise UsageError(
            f"{endpoint.root} is plain http, where anyone on the network can read the key: use https://, or pass "
            "--allow-http if you trust the network"
        )
    return kind(target.pasted.value, credential, **arguments.client_options)


def default_credential() -> Any:
    """Build the credential for `--entra-id`.

    :raises UsageError: azure-identity is not installed.
    """
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise UsageError("--entra-id needs azure-identity: pip install azure-identity") from None
    return DefaultAzureCredential()


def secrets_of(target: Target, arguments: Arguments) -> Sequence[str]:
    """Return the texts to mask: the key, and the values of headers and of the endpoint's query.

    :return: The texts, longest first, except those so short that masking them would hide ordinary words.
    """
    values = [pair.partition("=")[2] for pair in target.endpoint.query.split("&")]
    found = [
        *values,
        *map(unquote, values),
        *dict(arguments.header).values(),
        target.key.value if target.key and target.has_key else "",
    ]
    return sorted({secret for secret in found if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True)


@contextmanager
def usage_errors() -> Generator[None, None, None]:
    """Turn the package's argument errors into usage errors."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise UsageError(in_cli_words(str(error))) from error
