"""Tools that run: the functions that a model may call, and the messages that answer its calls.

What a model writes is not to be trusted to fit. A call of an unknown tool, arguments that do not fit and a tool that
fails become messages that say so, for the model to do better; the program goes on. A tool loop is then::

    toolset = Toolset([get_weather, get_time])
    while True:
        answer = client.complete(messages=messages, tools=toolset.definitions)
        messages.append(answer.choices[0].message)
        results = toolset.run(answer)
        if not results:
            break
        messages += results

It stands apart from the models because it does what they never do: it runs code, in threads and on the event loop.
"""

import asyncio
import copy
import dataclasses
import inspect
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Union, cast, overload

from ._json import encode, is_object
from ._schemas.functions import Tool, tool_of
from ._schemas.structured_output import documents
from .exceptions import ToolCallError
from .models._chat import ChatChoice, ChatCompletions, ChatResponseMessage
from .models._messages import AssistantMessage, ToolMessage
from .models._tools import ChatCompletionsToolCall, ChatCompletionsToolDefinition, FunctionDefinition

__all__ = ["Toolset"]

Function = Callable[..., Any]
Answer = Union[ChatCompletions, ChatChoice, ChatResponseMessage, AssistantMessage, Mapping[str, Any]]

_LOGGER = logging.getLogger(__name__)


class Toolset:
    """Functions that a model may call.

    It holds no state of a conversation: threads and tasks may share one.

    :param functions: The functions, sync or async; or a mapping that gives them the names that the model shall use.
        See `ChatCompletionsToolDefinition.from_function` for what is told of them.
    :keyword strict: True makes the service keep arguments to their schemas exactly, where it can. Azure OpenAI wants
        `parallel_tool_calls=False` with it.
    :keyword raise_on_error: Whether a call that cannot be carried out raises `ToolCallError`, and does not become a
        message for the model.
    :raises TypeError: One of them is no function, or a parameter's type has no JSON form.
    :raises ValueError: Two have the same name, a name is none that services take, or one cannot be strict.
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
        """What to give as `tools`: new models each time."""
        return [
            ChatCompletionsToolDefinition(function=FunctionDefinition(**copy.deepcopy(tool.definition)))
            for tool in self._tools.values()
        ]

    def run(self, answer: Answer) -> list[ToolMessage]:
        """Carry out the tool calls of an answer, one after the other.

        :param answer: A completion (its first choice counts), a choice, or a message; as models or in wire form.
        :return: A message for each call, in their order; none if there are no calls.
        :raises TypeError: It is no answer; or an async function is called, which takes `arun`.
        :raises ToolCallError: A call could not be carried out, and `raise_on_error` is set.
        """
        calls = _calls_of(answer)
        for call in calls:  # before anything has run
            tool = self._tools.get(_name_of(call))
            if tool is not None and tool.is_async:
                raise _takes_arun(call)
        return [self._run(call) for call in calls]

    async def arun(self, answer: Answer) -> list[ToolMessage]:
        """Carry out the tool calls of an answer, all at the same time: sync functions in threads.

        Where it is cancelled, or a call raises, the others are cancelled; a function in a thread runs to its end.

        :param answer: A completion (its first choice counts), a choice, or a message; as models or in wire form.
        :return: A message for each call, in their order; none if there are no calls.
        :raises TypeError: It is no answer.
        :raises ToolCallError: A call could not be carried out, and `raise_on_error` is set.
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
            result = _carry_out(call, work)
            if not inspect.isawaitable(result):
                return _message(call, result)
        except ToolCallError as error:
            return self._told(error)
        if inspect.iscoroutine(result):
            result.close()
        raise _takes_arun(call)

    async def _arun(self, call: ChatCompletionsToolCall) -> ToolMessage:
        try:
            tool, work = self._prepare(call)
            # In the thread too, errors are caught where they are raised: a StopIteration would never get out of it.
            result = _carry_out(call, work) if tool.is_async else await asyncio.to_thread(_carry_out, call, work)
            if inspect.isawaitable(result):
                try:
                    result = await result
                except Exception as error:
                    raise _failure(call, error) from error
            return _message(call, result)
        except ToolCallError as error:
            return self._told(error)

    def _prepare(self, call: ChatCompletionsToolCall) -> tuple[Tool, Callable[[], Any]]:
        name = _name_of(call)
        tool = self._tools.get(name)
        if tool is None:
            raise ToolCallError(f"there is no tool {name!r}; the tools are: {', '.join(self._tools)}", call)
        try:
            return tool, tool.bind(_arguments_of(call))
        except (ValueError, RecursionError) as error:
            raise ToolCallError(f"the arguments of {name} do not fit: {error}", call) from error

    def _told(self, error: ToolCallError) -> ToolMessage:
        """Tell the model of an error, and the log too: nobody else would hear of it."""
        if self._raise_on_error:
            raise error
        reason = type(error.__cause__).__name__ if error.__cause__ else "no such tool"
        _LOGGER.warning("The call of tool %.64r could not be carried out: %s", _name_of(error.tool_call), reason)
        _LOGGER.debug("The failed tool call", exc_info=error)
        return _tool_message(error.tool_call, f"Error: {error.message}")


def _named(functions: Any) -> Iterable[tuple[str | None, Function]]:
    if is_object(functions):
        return functions.items()
    if callable(functions):
        raise TypeError(f"Toolset takes a list of functions, as in Toolset([f]), not {functions!r:.200}")
    return ((None, function) for function in functions)


def _calls_of(answer: Any) -> list[ChatCompletionsToolCall]:
    if not is_object(answer):
        raise TypeError(f"tools run on a completion, a choice or a message, not on {answer!r:.200}")
    message: Any = answer
    if "choices" in message:
        message = message["choices"][0] if message["choices"] else {}
    if "message" in message:
        message = message["message"] or {}
    # A plain dict may hold plain dicts; a model's own list passes as it is.
    read: Any = ChatResponseMessage
    return read({"tool_calls": message.get("tool_calls")}).tool_calls or []


def _name_of(call: ChatCompletionsToolCall) -> str:
    function: Any = call.get("function") or {}
    return str(function.get("name") or "")


def _arguments_of(call: ChatCompletionsToolCall) -> Any:
    """Read the arguments: JSON text, or an object; empty text or nothing where there are none."""
    arguments: Any = call.function.get("arguments")
    if isinstance(arguments, str) and arguments.strip():
        return documents(arguments)[0]
    return arguments or {}


def _carry_out(call: ChatCompletionsToolCall, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception as error:
        raise _failure(call, error) from error


def _failure(call: ChatCompletionsToolCall, error: Exception) -> ToolCallError:
    return ToolCallError(f"{_name_of(call)} failed: {type(error).__name__}: {error}", call)


def _takes_arun(call: ChatCompletionsToolCall) -> TypeError:
    return TypeError(f"{_name_of(call)} is async: use `await toolset.arun(answer)`")


def _message(call: ChatCompletionsToolCall, result: Any) -> ToolMessage:
    return _tool_message(call, _carry_out(call, partial(_text, result)))


def _tool_message(call: ChatCompletionsToolCall, text: str) -> ToolMessage:
    return ToolMessage(text, tool_call_id=str(call.get("id") or ""))


def _text(result: Any) -> str:
    """Write a result for a model to read: text as it is, what JSON can say as JSON, the rest as Python says it."""
    if isinstance(result, str):
        return str(result)
    try:
        return json.dumps(result, default=_encode, ensure_ascii=False)
    except (TypeError, ValueError):  # keys that are no text, or a value that holds itself
        return str(result)


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if callable(dump := getattr(value, "model_dump", None)):
        return dump(mode="json")
    if isinstance(value, (set, frozenset)):
        return sorted(cast("set[Any]", value), key=repr)
    try:
        return encode(value)
    except TypeError:
        return str(value)
