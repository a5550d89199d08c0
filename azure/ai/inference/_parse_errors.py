"""What goes wrong between a model's answer and a value of a Python type, or the result of a tool.

The service did its work, and was paid for: so each error holds the whole answer::

    AzureError
    |-- AnswerError                    an answer is not the value that was asked for
    |   |-- RefusedAnswerError         the model would not answer
    |   |-- FilteredAnswerError        the content filter withheld the answer
    |   |-- TruncatedAnswerError       the answer broke off at the token limit
    |   `-- InvalidAnswerError         the answer has no text, or the text is not JSON
    |       `-- MismatchedAnswerError  it is JSON, but not of the type
    `-- ToolCallError                  a tool call could not be carried out
"""

from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

if TYPE_CHECKING:
    from .models import ChatCompletions, ChatCompletionsToolCall


class AnswerError(AzureError):
    """An answer is not the value that was asked for; the base of all reasons.

    :param message: What is wrong with it.
    :param completion: The whole answer.
    """

    completion: "ChatCompletions"
    """The whole answer, with its usage and its filter results."""

    def __init__(self, message: str, completion: "ChatCompletions") -> None:
        super().__init__(message)
        self.completion = completion

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.completion)


class RefusedAnswerError(AnswerError):
    """The model would not answer: the message's `refusal` says why."""


class FilteredAnswerError(AnswerError):
    """The content filter withheld the answer, or the rest of it."""


class TruncatedAnswerError(AnswerError):
    """The answer broke off at the token limit. Raise `max_tokens` or `max_completion_tokens`."""


class InvalidAnswerError(AnswerError):
    """The answer has no text, or the text is not JSON; `__cause__` is then what the JSON parser said."""


class MismatchedAnswerError(InvalidAnswerError):
    """The answer is JSON, but not of the type; its `__cause__` knows each place that does not fit."""


class ToolCallError(AzureError):
    """A tool call could not be carried out: no such tool, arguments that do not fit, or a failure of the tool itself.

    :param message: What went wrong.
    :param tool_call: The call.
    """

    tool_call: "ChatCompletionsToolCall"
    """The call, as the model made it."""

    def __init__(self, message: str, tool_call: "ChatCompletionsToolCall") -> None:
        super().__init__(message)
        self.tool_call = tool_call

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.tool_call)
