"""Answers of the Responses API that the service stores, to be continued, read again, or deleted."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ._service_error import ServiceError
from ._values import as_list

_MOST: Final = 1000


class StoredAnswer(NamedTuple):
    """An answer, and the items of the conversation it answers."""

    response: Mapping[str, Any]
    input: list[Any]

    @property
    def conversation(self) -> list[Any]:
        """The items up to and including the answer."""
        return [*self.input, *self.response["output"]]


class StoredAnswers:
    """The newest answers, each with the conversation that led to it. Used only from the server's thread.

    :keyword most: How many to keep. Default: 1000.
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._answers: dict[str, StoredAnswer] = {}

    def keep(self, body: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Store an answer, unless its request says not to, or its API stores none.

        :param body: The checked request, whose input is the whole conversation.
        :param answer: The answer to a plain request.
        """
        if answer.get("object") == "response" and body.get("store") is not False:
            self._answers[answer["id"]] = StoredAnswer(answer, as_list(body["input"]))
            if len(self._answers) > self._most:
                del self._answers[next(iter(self._answers))]

    def find(self, answer_id: str) -> StoredAnswer | None:
        """Return an answer, or None if it is not stored."""
        return self._answers.get(answer_id)

    def get(self, answer_id: str) -> StoredAnswer:
        """Return an answer.

        :raises ServiceError: 404 if it is not stored.
        """
        found = self.find(answer_id)
        if found is None:
            raise ServiceError(404, "", f"Response with id '{answer_id}' not found.")
        return found

    def delete(self, answer_id: str) -> None:
        """Delete an answer.

        :raises ServiceError: 404 if it is not stored.
        """
        self.get(answer_id)
        del self._answers[answer_id]
