"""Read reasoning between `<think>` tags, which may be cut anywhere in a stream.

A delta alone cannot know whether it is inside the tags. The decoder of a stream passes each update, in order, to one
`StreamedThoughts`, which sets `text` and `reasoning` on the deltas that cannot be read alone. Attributes set on a model
are not part of its JSON, so the delta still contains what the service sent.
"""

from ..models._chat_updates import (
    StreamingChatChoiceUpdate,
    StreamingChatCompletionsUpdate,
    StreamingChatResponseMessageUpdate,
)
from ..models._reasoning import ThinkTag


class StreamedThoughts:
    """Tracks the tags in a stream.

    The model chooses its format at the start: once every answer that has begun is past its tags, or has begun without
    any, `idle` is true and updates need not be passed any more.
    """

    def __init__(self) -> None:
        self.idle = False
        """Whether the following deltas can be read alone."""
        self._tags: dict[int, ThinkTag] = {}
        self._plain: set[int] = set()

    def mark(self, update: StreamingChatCompletionsUpdate) -> None:
        """Set `text` and `reasoning` on the deltas that the tags affect.

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
        if tells_apart or tag.is_plain:  # a service that separates reasoning itself uses no tags
            del self._tags[index]
            self._plain.add(index)
