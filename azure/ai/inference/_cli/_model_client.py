"""Build the client of a command, with the settings of the model."""

from collections.abc import Mapping
from typing import Any, TypeVar

from .. import ChatCompletionsClient, EmbeddingsClient
from .._errors.advice import missing_model
from ._arguments import Arguments
from ._model_names import available_names, model_names
from ._target import Target, build_plain, usage_errors
from ._words import UsageError, in_cli_words

C = TypeVar("C", ChatCompletionsClient, EmbeddingsClient)


def build_client(kind: type[C], target: Target, arguments: Arguments, defaults: Mapping[str, Any] | None = None) -> C:
    """Build the client for a target.

    :param kind: Its class.
    :param target: The endpoint.
    :param arguments: The command line; its settings of the model override `defaults`.
    :param defaults: Default settings of the model.
    :raises UsageError: There is no credential, a required model is missing, or a setting is invalid.
    """
    if target.lacks_model and "model" not in arguments.settings:
        names = available_names(model_names(target, arguments))
        raise UsageError(f"{in_cli_words(missing_model(target.endpoint))} {names}".rstrip())
    model = None if target.model is None else target.model.value
    settings: Any = {"model": model, **(defaults or {}), **arguments.settings}
    with usage_errors():
        client: C = build_plain(kind, target, arguments).with_defaults(**settings)
    return client


def build_row_client(target: Target, arguments: Arguments) -> Any:
    """Build the asynchronous client that sends rows: for chat, or with `--embeddings` for embeddings.

    :param target: The endpoint.
    :param arguments: The command line.
    :raises UsageError: As `build_client`.
    """
    from .. import aio  # imported late: other commands need no event loop

    kind: Any = aio.EmbeddingsClient if arguments.for_embeddings else aio.ChatCompletionsClient
    return build_client(kind, target, arguments)
