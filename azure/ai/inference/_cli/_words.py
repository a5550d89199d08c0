"""Translate the package's errors into the terms of the command line, and suggest corrections.

The package's errors name keyword arguments, for those who write code. `in_cli_words` recognizes them by their form,
``name=value``, and turns them into options, so no error has to be written twice.
"""

import re
from collections.abc import Iterable

from .._operations.options import ChatOptions, EmbeddingOptions, names

_FLAGS = {
    "endpoint": "",
    "model": "--model",
    "api_version": "--api-version",
    "route": "--route",
    "credential_scopes": "--scope",
    "audience": "--audience",
    "headers": "--header",
    "timeout": "--timeout",
    "batch_size": "--batch-size",
    "max_concurrency": "--max-concurrency",
    "requests_per_minute": "--requests-per-minute",
    "tokens_per_minute": "--tokens-per-minute",
    "max_failures": "--max-failures",
    "on_changed": "--on-changed",
    "redo": "--redo",
    "provider": "--provider",
    "polling_interval": "--polling-interval",
    "template": "--template",
    "id": "--id",
}
"""Keyword arguments, and the options that set them; the endpoint has none."""

_SETTINGS = {*names(ChatOptions), *names(EmbeddingOptions)} - _FLAGS.keys()

_VALUE = r"""'[^']*'|"[^"]*"|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|[\w.+-]*\w"""
_GIVEN = re.compile(rf"\b({'|'.join(sorted({*_FLAGS, *_SETTINGS}))})=({_VALUE})?")
_BARE = re.compile(rf"\b({'|'.join(sorted(name for name in _FLAGS if '_' in name))})\b|^(timeout|headers)\b")
_PAIR = re.compile(r"""\{['"]([^'"]+)['"]: ?['"]([^'"]*)['"]\}""")
_IN_CODE = (
    (re.compile(r",? ?\bto the client or (?:to )?the call\b,?"), ""),
    (re.compile(r"\bthe client and each call take another as (\w+=)"), r"\1 names another"),
    (re.compile(r"\bpass enforce_https=False"), "give --allow-http"),
    (re.compile(r"\bpass proxies=\{\} to the client"), "unset the variable of the proxy"),
    (re.compile(r"\bAsynchronous clients cannot"), "batch cannot"),
    (re.compile(r", or the package aiohttp-socks: .*"), "."),
    (re.compile(r": BatchRun\.submit\(\)"), ", with --via provider"),
    (re.compile(r"\bas (model=)"), r"with \1"),
    (
        re.compile(r"which EmbeddingsClient does not support\. .* client\."),
        "but --embeddings is given: leave it out, or put rows of each kind in a file of its own.",
    ),
    (
        re.compile(r"which ChatCompletionsClient does not support\. .* client\."),
        "which needs --embeddings. Put rows of each kind in a file of its own.",
    ),
    (re.compile(r"`response_format` "), "-o response_format "),
    (re.compile(r", a JsonSchemaFormat, (a JSON object in the service's own form), or a type: .*"), r", or \1"),
)
"""Phrases that only make sense in code, and their replacements."""


_ARGUMENTS = {"model": "NAME", "api_version": "VERSION", "credential_scopes": "SCOPE", "timeout": "SECONDS"}
"""Placeholders for the values of options, for errors that name no value."""


class UsageError(Exception):
    """The command line is invalid."""


class HelpRequest(Exception):  # noqa: N818 - not an error
    """Help was requested; the message is its text."""


def in_cli_words(text: str) -> str:
    """Return an error's text with options in place of keyword arguments.

    :param text: The text, such as "give model= to the client".
    """
    for pattern, words in _IN_CODE:
        text = pattern.sub(words, text)
    return _BARE.sub(lambda found: _FLAGS[found[1] or found[2]], _GIVEN.sub(_option, text))


def _option(found: "re.Match[str]") -> str:
    name, value = found[1], found[2] or ""
    pair = _PAIR.fullmatch(value)
    if name == "headers" and pair:
        return f"--header {pair[1]}={pair[2]}"
    if name == "endpoint":
        return value
    if name in _SETTINGS:
        return f"-o {name}={_shell(value)}" if value else f"-o {name}"
    return f"{_FLAGS[name]} {_shell(value) or _ARGUMENTS.get(name, 'VALUE')}"


def _shell(value: str) -> str:
    """Return a value as typed in a shell: texts bare, objects as JSON in quotes."""
    return "'" + value.replace("'", '"') + "'" if value.startswith("{") else value.strip("'\"")


def suggest(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Return a sentence that suggests a similar word, with a leading space; empty if there is none.

    :param word: The unknown word.
    :param known: The known words.
    :param prefix: Text to put before the suggestion, such as "--model ".
    """
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {prefix}{close[0]}?" if close else ""
