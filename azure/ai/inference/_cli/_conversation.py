"""A conversation: questions, and answers that are written as they arrive.

The history is kept as text. An unanswered question is dropped; if an answer breaks off or is interrupted by the user,
the part that arrived is kept.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import ChatCompletionsClient
from ..models import AssistantMessage, ChatCompletions, SystemMessage, UserMessage
from ._arguments import Arguments
from ._console import Console
from ._report import remarks, spent

if TYPE_CHECKING:
    from ..models import StreamingChatCompletions, StreamingChatResponseMessageUpdate


class Conversation:
    """The conversation so far.

    :param client: The client that asks the model.
    :param console: Receives the answers.
    :param arguments: The command line.
    """

    def __init__(self, client: ChatCompletionsClient, console: Console, arguments: Arguments) -> None:
        self.client = client
        self.instructions = arguments.system
        """The system message; `reset` keeps it."""
        self._console = console
        self._json = arguments.json
        self._verbose = arguments.verbose
        self._history: list[Mapping[str, Any]] = []

    @property
    def messages(self) -> Sequence[Mapping[str, Any]]:
        """All messages so far, the instructions first."""
        return [*([SystemMessage(self.instructions)] if self.instructions else []), *self._history]

    def reset(self) -> None:
        """Drop all messages except the instructions."""
        self._history.clear()

    def ask(self, question: str) -> None:
        """Ask a question, and write the answer as it arrives.

        :param question: The user's message.
        :raises ~azure.core.exceptions.AzureError: There is no answer, or it broke off after what was written.
        """
        begun = time.perf_counter()
        voice = _Voice(None if self._json else self._console)
        try:
            with self.client.complete(messages=[*self.messages, UserMessage(question)], stream=True) as stream:
                for update in stream:
                    for choice in update.choices or ():
                        if not choice.index and choice.delta:
                            voice.hear(choice.delta)
                completion = stream.get_final_completions()
        finally:
            voice.end()
            if voice.text:
                self._history += [UserMessage(question), AssistantMessage(voice.text)]
        if self._json:
            self._console.line(json.dumps(completion))
        else:
            self._tell(completion, stream, voice.first_at or time.perf_counter(), begun)

    def _tell(
        self, completion: ChatCompletions, stream: "StreamingChatCompletions", first_at: float, begun: float
    ) -> None:
        """Write remarks about the answer and, with --verbose, its cost."""
        for remark in remarks(completion):
            self._console.note(remark)
        if self._verbose:
            self._console.note(spent(completion, stream, first_at - begun, time.perf_counter() - begun))


class _Voice:
    """Writes one answer as it arrives.

    :param console: Receives it; `None` only collects the text.
    """

    def __init__(self, console: Console | None) -> None:
        self._console = console
        self._thinks = False
        self._said: list[str] = []
        self.first_at: float | None = None
        """When the first text or reasoning arrived, by `time.perf_counter`."""

    @property
    def text(self) -> str:
        """The text so far, without reasoning."""
        return "".join(self._said)

    def hear(self, delta: "StreamingChatResponseMessageUpdate") -> None:
        """Write the text and reasoning of an update."""
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
