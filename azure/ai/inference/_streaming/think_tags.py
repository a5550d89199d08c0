"""Thoughts between `<think>` tags, which a stream cuts anywhere.

A delta alone cannot know whether it is inside of the tags. Whoever decodes a stream shows each update to one
`StreamedThoughts`, in order, which sets `text` and `reasoning` on the deltas that do not read rightly by themselves.
Attributes set on a model are no part of its JSON, so the delta still says what the service said.
"""

from ..models._chat import (
    StreamingChatChoiceUpdate,
    StreamingChatCompletionsUpdate,
    StreamingChatResponseMessageUpdate,
)
from ..models._reasoning import ThinkTag


class StreamedThoughts:
    """Follows the tags in a stream.

    The form is the model's choice, made at the start: once every answer that has begun is past its tags, or has begun
    without, `idle` is true, and updates need not be shown any more.
    """

    def __init__(self) -> None:
        self.idle = False
        """Whether deltas read rightly by themselves from here on."""
        self._tags: dict[int, ThinkTag] = {}
        self._plain: set[int] = set()

    def mark(self, update: StreamingChatCompletionsUpdate) -> None:
        """Set `text` and `reasoning` on the update's deltas where tags decide.

        :param update: The next update of the stream.
        """
        for position, choice in enumerate(update.choices or ()):
            self._mark_choice(choice, choice.index if isinstance(choice.index, int) else position)
        self.idle = not self._tags and bool(self._plain)

    def _mark_choice(self, choice: StreamingChatChoiceUpdate, index: int) -> None:
        delta = choice.delta
        if index in self._plain or not isinstance(delta, StreamingChatResponseMessageUpdate):
            return
        tells_apart = delta.reasoning is not None or isinstance(delta.content, list)
        tag = self._tags.setdefault(index, ThinkTag())
        thoughts, delta.text = tag.feed(delta.text, last=tells_apart or choice.finish_reason is not None)
        if thoughts:
            delta.reasoning = thoughts
        if tells_apart or tag.is_plain:  # a service that tells thoughts apart by itself uses no tags
            del self._tags[index]
            self._plain.add(index)
