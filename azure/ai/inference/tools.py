"""Run the functions that a model calls, and answer its calls with messages.

A model makes mistakes. A call of an unknown tool, arguments that do not fit and a tool that fails become messages that
say so, and the model can try again. A whole loop, of ten rounds at most, is one call::

    toolset = Toolset([get_weather, get_time])
    answer = toolset.converse(client, messages)

Or write it yourself, to stream or to look at each call first::

    while True:
        answer = client.complete(messages=messages, tools=toolset.definitions)
        messages.append(answer.choices[0].message)
        results = toolset.run(answer)
        if not results:
            break
        messages += results

This module is separate from the models because it runs code, in threads and on the event loop.
"""

import asyncio
import copy
import dataclasses
import inspect
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Union, cast, overload

from ._json import encode, is_list, is_object
from ._operations.options import ChatOptions, RequestOptions
from ._operations.signatures import with_options
from ._schemas.functions import Tool, tool_of
from ._schemas.structured_output import documents
from .exceptions import ToolCallError, ToolRoundsError
from .models._chat import ChatChoice, ChatCompletions, ChatResponseMessage
from .models._messages import AssistantMessage, ToolMessage
from .models._tools import ChatCompletionsToolCall, ChatCompletionsToolDefinition, FunctionDefinition

if TYPE_CHECKING:
    import azure.ai.inference.aio

__all__ = ["Toolset"]

Function = Callable[..., Any]
Answer = Union[ChatCompletions, ChatChoice, ChatResponseMessage, AssistantMessage, Mapping[str, Any]]

_LOGGER = logging.getLogger(__name__)


class Toolset:
    """Functions that a model may call.

    A toolset keeps no state of a conversation. Threads and tasks may share one.

    :param functions: The functions, sync or async; or a mapping from the names that the model uses to functions. See
        `ChatCompletionsToolDefinition.from_function` for what the model sees of them.
    :keyword strict: True makes the service match arguments to their schemas exactly, where it supports that. Azure
        OpenAI requires `parallel_tool_calls=False` with it.
    :keyword raise_on_error: Whether a failed call raises `ToolCallError`. Default: False, which sends the error to the
        model as a message.
    :raises TypeError: A value is not a function, or a parameter's type has no JSON form.
    :raises ValueError: Two functions have the same name, services do not accept a name, or strict mode cannot express
        a function's parameters.
    """

    @overload
    def __init__(
        self, functions: Mapping[str, Function], *, strict: bool | None = None, raise_on_error: bool = False
    ) -> None: ...
    @overload
    def __init__(
        self, functions: Iterable[Function], *, strict: bool | None = None, raise_on_error: bool = False
    ) -> None: ...
    def __init__(self, functions: Any, *, strict: bool | None = None, raise_on_error: bool = False) -> None:
        self._tools: dict[str, Tool] = {}
        self._raise_on_error = raise_on_error
        for given, function in _named(functions):
            tool = tool_of(function, name=given, strict=strict)
            name = tool.definition["name"]
            if name in self._tools:
                way_out = "name them yourself, as in Toolset({'a': f, 'b': g})"
                raise ValueError(f"two tools are called {name!r}: {way_out}")
            self._tools[name] = tool

    @property
    def definitions(self) -> list[ChatCompletionsToolDefinition]:
        """The value for `tools`: a new list of models each time."""
        return [
            ChatCompletionsToolDefinition(function=FunctionDefinition(**copy.deepcopy(tool.definition)))
            for tool in self._tools.values()
        ]

    def run(self, answer: Answer) -> list[ToolMessage]:
        """Run the tool calls of an answer, one after the other.

        :param answer: A completion (its first choice is used), a choice, or a message; as a model or in wire form.
        :return: A message for each call, in order; an empty list if there are no calls.
        :raises TypeError: The value is not an answer, or the model called an async function: use `arun`.
        :raises ToolCallError: A call failed, and `raise_on_error` is set.
        """
        calls = _calls_of(answer)
        for call in calls:  # before anything has run
            tool = self._tools.get(_name_of(call))
            if tool is not None and tool.is_async:
                raise _takes_arun(call)
        return [self._run(call) for call in calls]

    @with_options(ChatOptions, RequestOptions)
    def converse(
        self,
        client: "azure.ai.inference.ChatCompletionsClient",
        messages: list[Any],
        *,
        max_rounds: int = 10,
        **options: Any,
    ) -> ChatCompletions:
        """Continue a conversation, and run the tools that the model calls, until it answers without a call.

        A `tool_choice` that forces a call applies to the first request only; otherwise the loop would never end.

        :param client: A synchronous client.
        :param messages: The conversation, a list. The answers of the model and of the tools are appended to it, so
            nothing is lost if a later request fails.
        :keyword max_rounds: The largest number of requests, 10 by default.
        :keyword options: Keyword arguments of `complete`, except for `tools` and `stream`.
        :return: The last answer, which has no tool calls.
        :raises TypeError: The conversation is not a list, an option is not supported, or the model called an async
            function: use `aconverse`.
        :raises ValueError: `max_rounds` is less than 1.
        :raises ToolCallError: A call failed, and `raise_on_error` is set.
        :raises ToolRoundsError: The model still called tools in the last round.
        :raises ~azure.core.exceptions.AzureError: A request failed; :mod:`azure.ai.inference.exceptions` lists how.
        """
        if (name := next((name for name, tool in self._tools.items() if tool.is_async), None)) is not None:
            raise TypeError(f"{name} is async: use `await toolset.aconverse(client, messages)`, and an aio client")
        _check_client(client, "__enter__", "__aenter__", "a synchronous client. For this one, use `await aconverse`")
        request = self._first_request(messages, max_rounds, options)
        complete: Any = client.complete
        left = max_rounds
        while True:
            answer: ChatCompletions = complete(messages=messages, **request)
            _append_answer(messages, answer)
            results = self.run(answer)
            if not results:
                return answer
            messages += results
            left -= 1
            request = _next_request(request, left, answer, max_rounds)

    @with_options(ChatOptions, RequestOptions)
    async def aconverse(
        self,
        client: "azure.ai.inference.aio.ChatCompletionsClient",
        messages: list[Any],
        *,
        max_rounds: int = 10,
        **options: Any,
    ) -> ChatCompletions:
        """Continue a conversation, and run the tools that the model calls, until it answers without a call.

        As `converse`, with an asynchronous client and async functions; the calls of one answer run concurrently.

        :param client: An asynchronous client.
        :param messages: The conversation, a list. The answers of the model and of the tools are appended to it, so
            nothing is lost if a later request fails.
        :keyword max_rounds: The largest number of requests, 10 by default.
        :keyword options: Keyword arguments of `complete`, except for `tools` and `stream`.
        :return: The last answer, which has no tool calls.
        :raises TypeError: The conversation is not a list, or an option is not supported.
        :raises ValueError: `max_rounds` is less than 1.
        :raises ToolCallError: A call failed, and `raise_on_error` is set.
        :raises ToolRoundsError: The model still called tools in the last round.
        :raises ~azure.core.exceptions.AzureError: A request failed; :mod:`azure.ai.inference.exceptions` lists how.
        """
        _check_client(client, "__aenter__", "__enter__", "an asynchronous client. For this one, use `converse`")
        request = self._first_request(messages, max_rounds, options)
        complete: Any = client.complete
        left = max_rounds
        while True:
            answer: ChatCompletions = await complete(messages=messages, **request)
            _append_answer(messages, answer)
            results = await self.arun(answer)
            if not results:
                return answer
            messages += results
            left -= 1
            request = _next_request(request, left, answer, max_rounds)

    def _first_request(self, messages: Any, max_rounds: int, options: Mapping[str, Any]) -> Mapping[str, Any]:
        if not isinstance(messages, list):
            raise TypeError(f"messages must be a list, to which answers are appended, not {type(messages).__name__}")
        if isinstance(max_rounds, bool) or not hasattr(max_rounds, "__index__"):
            raise TypeError(f"max_rounds must be a whole number, not {type(max_rounds).__name__}: {max_rounds!r:.200}")
        if max_rounds < 1:
            raise ValueError(f"max_rounds must be 1 or more, not {max_rounds!r}")
        if "tools" in options:
            raise TypeError("converse takes no tools: it offers those of the toolset")
        if options.get("stream"):
            raise TypeError("converse takes no stream: it returns whole answers; stream in a loop with `run`")
        return {**options, "tools": self.definitions}

    async def arun(self, answer: Answer) -> list[ToolMessage]:
        """Run the tool calls of an answer concurrently. Sync functions run in threads.

        If this is cancelled, or a call raises, the other calls are cancelled; a function in a thread runs to its end.

        :param answer: A completion (its first choice is used), a choice, or a message; as a model or in wire form.
        :return: A message for each call, in order; an empty list if there are no calls.
        :raises TypeError: The value is not an answer.
        :raises ToolCallError: A call failed, and `raise_on_error` is set.
        """
        tasks = [asyncio.ensure_future(self._arun(call)) for call in _calls_of(answer)]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _run(self, call: ChatCompletionsToolCall) -> ToolMessage:
        try:
            _, work = self._prepare(call)
            result = _call_function(call, work)
            if not inspect.isawaitable(result) and not hasattr(result, "__anext__"):
                return _message(call, result)
        except ToolCallError as error:
            return self._error_message(error)
        if inspect.iscoroutine(result):
            result.close()
        raise _takes_arun(call)

    async def _arun(self, call: ChatCompletionsToolCall) -> ToolMessage:
        try:
            tool, work = self._prepare(call)
            # Errors are caught inside the thread, because a future cannot raise a StopIteration.
            result = (
                _call_function(call, work) if tool.is_async else await asyncio.to_thread(_call_function, call, work)
            )
            try:
                if inspect.isawaitable(result):
                    result = await result
                if hasattr(result, "__anext__"):
                    result = [item async for item in result]
            except Exception as error:
                raise _failure(call, error) from error
            return _message(call, result)
        except ToolCallError as error:
            return self._error_message(error)

    def _prepare(self, call: ChatCompletionsToolCall) -> tuple[Tool, Callable[[], Any]]:
        name = _name_of(call)
        tool = self._tools.get(name)
        if tool is None:
            raise ToolCallError(f"there is no tool {name!r}; the tools are: {', '.join(self._tools)}", call)
        try:
            return tool, tool.bind(_arguments_of(call))
        except (ValueError, RecursionError) as error:
            raise ToolCallError(f"the arguments of {name} do not fit: {error}", call) from error

    def _error_message(self, error: ToolCallError) -> ToolMessage:
        """Return an error as a message for the model, and log it, because nobody else would notice."""
        if self._raise_on_error:
            raise error
        reason = type(error.__cause__).__name__ if error.__cause__ else "no such tool"
        _LOGGER.warning("The call of tool %.64r failed: %s", _name_of(error.tool_call), reason)
        _LOGGER.debug("The failed tool call", exc_info=error)
        return _tool_message(error.tool_call, f"Error: {error.message}")


def _append_answer(messages: list[Any], answer: ChatCompletions) -> None:
    message: ChatResponseMessage | None = answer.choices[0].message if answer.choices else None
    if message is not None:
        messages.append(message)


def _check_client(client: Any, wanted: str, other: str, words: str) -> None:
    """Check that a client is of the right world: the other would be paid for an answer that cannot be used."""
    if hasattr(client, other) and not hasattr(client, wanted):
        raise TypeError(f"{type(client).__module__}.{type(client).__name__} is not {words}")


def _next_request(request: Mapping[str, Any], left: int, answer: ChatCompletions, max_rounds: int) -> Mapping[str, Any]:
    """Return the options of the next round, or raise if there is none."""
    if not left:
        message = f"the model still calls tools after max_rounds={max_rounds} requests: allow more, or go on"
        raise ToolRoundsError(message, answer)
    free = request.get("tool_choice") in (None, "auto", "none")
    return request if free else {**request, "tool_choice": "auto"}


def _named(functions: Any) -> Iterable[tuple[str | None, Function]]:
    if is_object(functions):
        return functions.items()
    if callable(functions):
        raise TypeError(f"Toolset takes a list of functions, as in Toolset([f]), not {functions!r:.200}")
    return ((None, function) for function in functions)


def _calls_of(answer: Any) -> list[ChatCompletionsToolCall]:
    message = _message_of(answer)
    if is_object(message):
        # The message may be a plain dict that holds plain dicts. Reading the list through a model wraps them.
        read: Any = ChatResponseMessage
        calls: Any = read({"tool_calls": message.get("tool_calls")}).tool_calls or []
        if is_list(calls) and all(map(is_object, calls)):
            return calls
    raise TypeError(f"tools run on a completion, a choice or a message, not on {answer!r:.200}")


def _message_of(answer: Any) -> Any:
    message: Any = answer
    if is_object(message) and "choices" in message:
        choices: Any = message["choices"] or [{}]
        message = choices[0] if is_list(choices) else None
    if is_object(message) and "message" in message:
        message = message["message"] or {}
    return message


def _name_of(call: ChatCompletionsToolCall) -> str:
    function: Any = call.get("function")
    return str(function.get("name") or "") if is_object(function) else ""


def _arguments_of(call: ChatCompletionsToolCall) -> Any:
    """Return the arguments, which may be JSON text or an object; an empty object if there are none."""
    arguments: Any = call.function.get("arguments")
    if isinstance(arguments, str) and arguments.strip():
        return documents(arguments)[0]
    return arguments or {}


def _call_function(call: ChatCompletionsToolCall, work: Callable[[], Any]) -> Any:
    try:
        result = work()
        # What a generator yields is its result.
        return list(result) if hasattr(result, "__next__") and not inspect.isawaitable(result) else result
    except Exception as error:
        raise _failure(call, error) from error


def _failure(call: ChatCompletionsToolCall, error: Exception) -> ToolCallError:
    return ToolCallError(f"{_name_of(call)} failed: {type(error).__name__}: {error}", call)


def _takes_arun(call: ChatCompletionsToolCall) -> TypeError:
    return TypeError(f"{_name_of(call)} is async: use `await toolset.arun(answer)`")


def _message(call: ChatCompletionsToolCall, result: Any) -> ToolMessage:
    return _tool_message(call, _call_function(call, partial(_text, result)))


def _tool_message(call: ChatCompletionsToolCall, text: str) -> ToolMessage:
    return ToolMessage(text, tool_call_id=str(call.get("id") or ""))


def _text(result: Any) -> str:
    """Return a result as text for the model: a `str` as it is, JSON where possible, else `str(result)`."""
    if isinstance(result, str):
        return str(result)
    try:
        return json.dumps(result, default=_encode, ensure_ascii=False)
    except (TypeError, ValueError):  # A key is not text, or a value contains itself.
        return str(result)


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if callable(dump := getattr(value, "model_dump", None)):
        return dump(mode="json")
    if callable(to_list := getattr(value, "tolist", None)):
        return to_list()  # an array's text leaves out its middle
    if isinstance(value, (set, frozenset)):
        return sorted(cast("set[Any]", value), key=repr)
    try:
        return encode(value)
    except TypeError:
        return str(value)
