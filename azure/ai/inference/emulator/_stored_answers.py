"""Answers of the Responses API that the service keeps, for `previous_response_id` to go on from."""

from collections.abc import Mapping
from typing import Any, Final

from ._values import as_list

_MOST: Final = 1000


class StoredAnswers:
    """The newest answers, each with the conversation that led to it. Used from the server's thread alone.

    :keyword most: how many are kept. Default: 1000.
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._items: dict[str, list[Any]] = {}

    def keep(self, body: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Keep an answer, unless its request says not to, or it is of an API that keeps none.

        :param body: the checked request, whose input is the whole conversation.
        :param answer: the answer to a plain request.
        """
        if answer.get("object") == "response" and body.get("store") is not False:
            self._items[answer["id"]] = [*as_list(body["input"]), *answer["output"]]
            if len(self._items) > self._most:
                del self._items[next(iter(self._items))]

    def find(self, answer_id: str) -> list[Any] | None:
        """Return the items of a conversation up to an answer, or None if it is not kept."""
        return self._items.get(answer_id)
