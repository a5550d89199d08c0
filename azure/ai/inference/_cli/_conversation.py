"""``chat``: a conversation whose answers are written as they arrive.

What was said is kept as text. A question that was not answered is forgotten; of an answer that the user cut off, what
had arrived is kept.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from .. import ChatCompletionsClient
from .._http.endpoint import Service
from ..models import AssistantMessage, ChatCompletions, SystemMessage, UserMessage
from ._arguments import Arguments, UsageError
from ._console import Console, write_failure
from ._report import remarks, spent
from ._target import Target, build_client, secrets_of

if TYPE_CHECKING:
    from ..models import StreamingChatCompletions, StreamingChatResponseMessageUpdate

_HELP = """/reset  forget the conversation
/exit   leave, as Ctrl-D does
/help   this list
Ctrl-C cuts an answer off. A line with a blank before its slash is sent."""


def chat(arguments: Arguments, target: Target, console: Console) -> int:
    """Carry out the command.

    :param arguments: The command line.
    :param target: The endpoint.
    :param console: Takes the answers; as JSON a line for each.
    :return: The exit status, 0.
    :raises UsageError: The arguments cannot be.
    :raises ~azure.core.exceptions.AzureError: The one question was not answered, or not to the end.
    """
    question = _question(target.words)
    usage = counting(target.endpoint.service, arguments.verbose or arguments.json)
    with build_client(ChatCompletionsClient, target, arguments, usage) as client:
        talk = Conversation(client, console, arguments)
        if question is not None:
            talk.ask(question)
        else:
            _converse(talk, console, secrets_of(target, arguments), as_json=arguments.json)
    return 0


def counting(service: Service, wanted: bool) -> Mapping[str, Any]:
    """Return the settings that make a stream report its tokens.

    Azure does not count them unless it is asked to; others count by themselves, or do not know the setting.

    :param service: Whose endpoint it is.
    :param wanted: Whether anybody looks at the number.
    """
    return {"stream_options": {"include_usage": True}} if wanted and service == "resource" else {}


def _question(words: Sequence[str]) -> str | None:
    """Find the one question that there is to put; `None` if the user is there to put several."""
    if not words and sys.stdin.isatty():
        return None
    piped = sys.stdin.read().strip() if not words or "-" in words else ""
    said = " ".join(word for word in words if word != "-")
    question = "\n\n".join(filter(None, [said, piped]))
    if not question:
        raise UsageError("no prompt: give one, or pipe one in")
    return question


# ---------------------------------------------------------------- with a person


def _converse(talk: "Conversation", console: Console, secrets: Sequence[str], *, as_json: bool) -> None:
    """Ask what the user types, until they leave."""
    with suppress(ImportError):  # Windows has none
        import readline as _readline  # noqa: F401 # pyright: ignore[reportUnusedImport] # `input` then edits its line
    console.note("Say something. /help lists what else there is, Ctrl-D leaves.")
    for line in _lines(console):
        if line in ("/exit", "/quit"):
            return
        if line == "/reset":
            talk.reset()
            console.note("The conversation is forgotten.")
        elif line.startswith("/"):
            console.note(_HELP)
        elif line.strip():
            try:
                talk.ask(line.strip())
            except KeyboardInterrupt:
                console.note("(cut off)")
            except AzureError as error:
                write_failure(console, error, secrets, as_json=as_json)


def _lines(console: Console) -> Iterator[str]:
    prompt = "> " if sys.stdout.isatty() else ""
    while True:
        try:
            yield input(prompt)
        except KeyboardInterrupt:  # noqa: PERF203 - one of them ends a line, not the loop
            console.note("\nCtrl-D leaves.")
        except EOFError:
            console.note("")
            return


# ---------------------------------------------------------------- questions and answers


class Conversation:
    """What has been said.

    :param client: Asks the model.
    :param console: Takes the answers.
    :param arguments: The command line.
    """

    def __init__(self, client: ChatCompletionsClient, console: Console, arguments: Arguments) -> None:
        self._client = client
        self._console = console
        self._json = arguments.json
        self._verbose = arguments.verbose
        self._start: Sequence[Mapping[str, Any]] = [SystemMessage(arguments.system)] if arguments.system else []
        self._history = list(self._start)

    def reset(self) -> None:
        """Forget all but the instructions."""
        self._history = list(self._start)

    def ask(self, question: str) -> None:
        """Ask a question, and write the answer as it arrives.

        :param question: What the user says.
        :raises ~azure.core.exceptions.AzureError: There is no answer, or it broke off behind what was written.
        """
        begun = time.perf_counter()
        voice = _Voice(None if self._json else self._console)
        try:
            with self._client.complete(messages=[*self._history, UserMessage(question)], stream=True) as stream:
                for update in stream:
                    for choice in update.choices or ():
                        if not choice.index and choice.delta:
                            voice.hear(choice.delta)
                completion = stream.get_final_completions()
        except KeyboardInterrupt:
            self._keep(question, voice.text)
            raise
        finally:
            voice.end()
        self._keep(question, voice.text)
        if self._json:
            self._console.line(json.dumps(completion))
        else:
            self._tell(completion, stream, voice.first_at or time.perf_counter(), begun)

    def _keep(self, question: str, answer: str) -> None:
        if answer:
            self._history += [UserMessage(question), AssistantMessage(answer)]

    def _tell(
        self, completion: ChatCompletions, stream: "StreamingChatCompletions", first_at: float, begun: float
    ) -> None:
        """Write what the text does not say, and with --verbose what it took."""
        for remark in remarks(completion):
            self._console.note(remark)
        if self._verbose:
            self._console.note(spent(completion, stream, first_at - begun, time.perf_counter() - begun))


class _Voice:
    """What a model says in one answer, written as it comes.

    :param console: Takes it, unless it is to be kept only.
    """

    def __init__(self, console: Console | None) -> None:
        self._console = console
        self._thinks = False
        self._said: list[str] = []
        self.first_at: float | None = None
        """When the first thought or word came, by `time.perf_counter`."""

    @property
    def text(self) -> str:
        """What was said, without thoughts."""
        return "".join(self._said)

    def hear(self, delta: "StreamingChatResponseMessageUpdate") -> None:
        """Write what an update adds."""
        thought, text = delta.reasoning, delta.text
        if thought or text:
            self.first_at = self.first_at or time.perf_counter()
        if text:
            self._said.append(text)
        if self._console is None:
            return
        if thought:
            self._thinks = True
            self._console.thought(thought)
        if text:
            self._end_thoughts(self._console)
            self._console.piece(text)

    def end(self) -> None:
        """End the line."""
        if self._console is not None:
            self._end_thoughts(self._console)
            if self._said and not self._said[-1].endswith("\n"):
                self._console.line()

    def _end_thoughts(self, console: Console) -> None:
        if self._thinks:
            self._thinks = False
            console.thought("\n")
