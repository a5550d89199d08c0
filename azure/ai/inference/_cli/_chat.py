"""``chat``: one question, or a dialogue at the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from .. import ChatCompletionsClient
from .._http.endpoint import Service
from ._arguments import Arguments
from ._console import Console
from ._conversation import Conversation
from ._dialogue import Dialogue
from ._input import is_interactive, read_text
from ._model_client import build_client
from ._target import Target
from ._words import UsageError


def chat(arguments: Arguments, target: Target, console: Console) -> int:
    """Run the command.

    :param arguments: The command line.
    :param target: The endpoint.
    :param console: Receives the answers; with `--json`, one line for each.
    :return: The exit status, 0.
    :raises UsageError: The arguments are invalid.
    :raises ~azure.core.exceptions.AzureError: The single question was not answered, or its answer broke off.
    """
    usage = counting(target.endpoint.service, arguments.verbose or arguments.json)
    with build_client(ChatCompletionsClient, target, arguments, usage) as client:
        talk = Conversation(client, console, arguments)
        question = _question(target.words)
        if question is not None:
            talk.ask(question)
        else:
            Dialogue(talk, target, arguments, console).run()
    return 0


def counting(service: Service, wanted: bool) -> Mapping[str, Any]:
    """Return the settings that make a stream report its tokens.

    Azure reports them only on request; other services report them anyway, or do not know the setting.

    :param service: The service of the endpoint.
    :param wanted: Whether the number is shown.
    """
    return {"stream_options": {"include_usage": True}} if wanted and service == "resource" else {}


def _question(words: Sequence[str]) -> str | None:
    """Return the question from the arguments and the input; `None` if the user can type at a terminal."""
    if not words and is_interactive():
        return None
    piped = read_text().strip() if not words or "-" in words else ""
    said = " ".join(word for word in words if word != "-")
    question = "\n\n".join(filter(None, [said, piped]))
    if not question.strip():
        raise UsageError("no prompt: pass one, or pipe one in")
    return question
