"""Explain an attribute that a model does not have: other libraries' answers have it, or it is only a member."""

from collections.abc import Mapping
from typing import Any

_PLAIN = "x.as_dict(), a plain dict, or json.dumps(x), its text"

_ANY: Mapping[str, str] = {
    **dict.fromkeys(("model_dump", "to_dict", "dict", "model_dump_json", "to_json", "json"), _PLAIN),
}

_OF_CLASS: Mapping[str, Mapping[str, str]] = {
    "ChatCompletions": {
        **dict.fromkeys(("content", "output_text", "message", "output"), "x.text, or x.choices[0].message"),
        **dict.fromkeys(("parsed", "output_parsed"), "x.parse_as(T)"),
        **dict.fromkeys(("tool_calls", "refusal", "reasoning"), "x.choices[0].message.{name}"),
        **dict.fromkeys(("finish_reason", "stop_reason"), "x.choices[0].finish_reason"),
        **dict.fromkeys(("usage_metadata", "token_usage"), "x.usage"),
        "response_metadata": "x.headers, x.usage and x.model",
    },
    "ChatChoice": {
        **dict.fromkeys(("text", "content", "delta"), "x.message.content"),
        "tool_calls": "x.message.tool_calls",
    },
    "ChatResponseMessage": {"parsed": "answer.parse_as(T)", "function_call": "x.tool_calls[0].function"},
    "StreamingChatChoiceUpdate": dict.fromkeys(("text", "content", "message"), "x.delta.content"),
    "StreamingChatCompletionsUpdate": dict.fromkeys(("content", "text", "delta"), "x.choices[0].delta.content"),
    "CompletionsUsage": {
        **dict.fromkeys(("input_tokens", "prompt_token_count"), "x.prompt_tokens"),
        **dict.fromkeys(("output_tokens", "candidates_token_count"), "x.completion_tokens"),
    },
    "EmbeddingsResult": dict.fromkeys(("embedding", "embeddings"), "x.data[0].embedding, or x.to_numpy()"),
}
"""What to read instead, by class and attribute; `x` is the model."""


_STREAMED = "It is a stream: iterate over it, or read {answer}.{name}"
_OF_ANSWERS = ("text", "choices", "id", "model", "content", "message", "output_text", "parsed", "tool_calls")

_ERRORS: Mapping[str, str] = {
    **dict.fromkeys(("APIError", "OpenAIError", "AnthropicError", "SDKError", "MistralError"), "InferenceClientError"),
    **dict.fromkeys(
        ("APIStatusError", "BadRequestError", "UnprocessableEntityError", "InternalServerError", "HTTPStatusError"),
        "InferenceError, whose status_code tells which",
    ),
    **dict.fromkeys(("APIConnectionError", "ConnectionError", "ConnectError"), "RequestError, or NoResponseError"),
    **dict.fromkeys(("APITimeoutError", "Timeout", "TimeoutError", "TimeoutException"), "ResponseTimeoutError"),
    **dict.fromkeys(("PermissionDeniedError", "ClientAuthenticationError"), "AuthenticationError"),
    **dict.fromkeys(("ServiceUnavailableError", "OverloadedError"), "InferenceError, with status_code 503 or 529"),
}
"""Errors of other libraries, and their counterparts here."""


def missing_in_stream(stream: object, name: str) -> AttributeError:
    """Return the error for an attribute that a stream does not have, but the answer that it becomes.

    :param stream: The stream.
    :param name: The attribute.
    """
    kind = type(stream).__name__
    text = f"{kind!r} object has no attribute {name!r}"
    if name not in _OF_ANSWERS:
        return AttributeError(text, name=name, obj=stream)
    answer = "(await x.get_final_completions())" if kind.startswith("Async") else "x.get_final_completions()"
    shown = name if name in ("text", "choices", "id", "model") else "text"
    return AttributeError(f"{text}. {_STREAMED.format(answer=answer, name=shown)}.")


def missing_exception(module: str, name: str) -> Exception:
    """Return the error for an exception that there is not.

    :param module: The module.
    :param name: The name. If another library has an exception of that name, the error says what to use here.
    """
    hint = _ERRORS.get(name)
    return missing_in_module(module, name, hint and f"use {hint}")


def missing_in_module(module: str, name: str, hint: str | None) -> Exception:
    """Return the error for a name that a module does not have.

    :param module: The module.
    :param name: The name.
    :param hint: What to use instead, if the name is known from another library.
    """
    if hint is None:
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    # Not an AttributeError: `from module import name` would replace its text with Python's own.
    return ImportError(f"{module} has no {name!r}: {hint}", name=module)


def missing_attribute(model: Mapping[str, Any], name: str) -> AttributeError:
    """Return the error for an attribute that a model does not have.

    :param model: The model.
    :param name: The attribute.
    """
    kind = type(model).__name__
    text = f"{kind!r} object has no attribute {name!r}"
    hint = _OF_CLASS.get(kind, {}).get(name) or _ANY.get(name)
    if hint:
        return AttributeError(f"{text}. Read {hint.format(name=name)}.")
    if name in model:
        return AttributeError(f"{text}. It is a member of the JSON: read x[{name!r}].")
    return AttributeError(text, name=name, obj=model)
