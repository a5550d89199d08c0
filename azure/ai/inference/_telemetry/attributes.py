"""The attributes of spans and metrics, from a call's request and its answer. Pure: values in, values out.

Two vocabularies: the names of azure-ai-inference 1.0.0b9, which dashboards read, and with `latest` those of
OpenTelemetry's semantic conventions for generative AI as of v1.41. Both are read from the request's JSON as sent, so a
client's defaults and the caller's body count as well as the arguments of a call. No text of a prompt or an answer is
here; `_telemetry.content` handles those.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from .._http.endpoint import Endpoint
from .._json import is_list, is_object, json_or_none, read_json, to_json
from .._operations.call import Call
from .._wires import Wire

Attributes = dict[str, Any]
Operation = Literal["chat", "embeddings"]

SYSTEM = "az.ai.inference"
LATEST_SCHEMA = "https://opentelemetry.io/schemas/1.41.0"

SECONDS_BUCKETS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKEN_BUCKETS = tuple(4**power for power in range(14))

_PLATFORMS = (
    ("openai.com", "openai"),
    ("mistral.ai", "mistral_ai"),
    ("deepseek.com", "deepseek"),
    ("cohere.com", "cohere"),
    ("groq.com", "groq"),
    ("x.ai", "x_ai"),
    ("perplexity.ai", "perplexity"),
)

_NAMESPACES = {
    "resource": "Microsoft.CognitiveServices",
    "serverless": "Microsoft.MachineLearningServices",
    "managed": "Microsoft.MachineLearningServices",
}


class Request(NamedTuple):
    """A request as seen by telemetry."""

    operation: Operation
    endpoint: Endpoint
    settings: Mapping[str, Any]
    """The members of its JSON that become attributes, or all members."""
    stream: bool
    wire: Wire | None = None
    """The API that is called, if it is not chat completions."""


def read_body(call: Call) -> Mapping[str, Any]:
    """Read a request's JSON, in the form of chat completions or as sent.

    :param call: The call.
    :return: The object; empty if the caller's body is not a JSON object.
    """
    sent = call.sent
    content: Any = call.request.content if sent is None or sent.form is None else to_json(sent.form)
    body = json_or_none(content)
    return body if is_object(body) else {}


def read_request(call: Call) -> Request:
    """Read the request of a call.

    :param call: The call, before it is sent.
    """
    operation: Operation = "embeddings" if call.operation.endswith("embeddings") else "chat"
    return Request(operation, call.endpoint, _read_settings(call), call.stream, call.sent and call.sent.wire)


def _read_settings(call: Call) -> Mapping[str, Any]:
    """Read the settings as sent, without the messages, which take longer to read than to send."""
    source = call.chat if call.sent is None else call.sent
    if source is None or source.form is None:
        return read_body(call)
    recorded = {name: source.form[name] for name in _RECORDED_MEMBERS.intersection(source.form)}
    is_json = all(value.__class__ in _SCALARS for value in recorded.values())
    settings: Mapping[str, Any] = recorded if is_json else read_json(to_json(recorded))
    return settings


def provider_name(endpoint: Endpoint) -> str:
    """Return the provider behind an endpoint, from the list of the conventions.

    A custom server that implements OpenAI's protocol counts as "openai", as the conventions require.

    :param endpoint: The endpoint.
    """
    if endpoint.deployment is not None:  # Azure OpenAI's route, on its own hosts and behind gateways
        return "azure.ai.openai"
    if endpoint.service in ("serverless", "managed", "github") or endpoint.dialect == "inference":
        return "azure.ai.inference"
    if endpoint.service == "resource":
        return "azure.ai.openai" if ".openai.azure." in endpoint.root else "azure.ai.inference"
    host = urlsplit(endpoint.base_url).hostname or ""
    return next((name for domain, name in _PLATFORMS if f".{host}".endswith(f".{domain}")), "openai")


def span_name(request: Request, *, latest: bool) -> str:
    """Return the name of a call's span.

    :param request: The request.
    :keyword latest: Whether to follow the latest conventions.
    """
    model = _model(request, latest=latest)
    return f"{request.operation} {model}" if model else request.operation


def _model(request: Request, *, latest: bool) -> str | None:
    model = request.settings.get("model")
    if isinstance(model, str) and model:
        return model
    return request.endpoint.deployment if latest else None


def common_attributes(request: Request, *, latest: bool) -> Attributes:
    """Return the attributes of a request that spans and metrics share.

    :param request: The request.
    :keyword latest: Whether to follow the latest conventions.
    """
    return dict(_common_attributes(request.operation, request.endpoint, _model(request, latest=latest), latest))


@lru_cache(maxsize=64)  # a client's calls have them in common, apart from the model
def _common_attributes(operation: Operation, endpoint: Endpoint, model: str | None, latest: bool) -> Attributes:
    attributes: Attributes = {"gen_ai.operation.name": operation}
    if latest:
        attributes["gen_ai.provider.name"] = provider_name(endpoint)
    else:
        attributes["gen_ai.system"] = SYSTEM
        model = model or operation
    if model:
        attributes["gen_ai.request.model"] = model
    return attributes


@lru_cache(maxsize=64)
def server_attributes(base_url: str) -> Mapping[str, Any]:
    """Return the attributes of the server; the port only if it is not that of https.

    :param base_url: The endpoint's URL.
    """
    parts = urlsplit(base_url)
    attributes: Attributes = {"server.address": parts.hostname or ""}
    if parts.port is not None and parts.port != 443:
        attributes["server.port"] = parts.port
    return attributes


def api_attributes(request: Request) -> Attributes:
    """Return the attribute that names the API, which the latest conventions define for OpenAI's APIs.

    :param request: The request.
    """
    if request.wire is not None:
        return {"openai.api.type": request.wire.telemetry} if request.wire.telemetry else {}
    is_openai = provider_name(request.endpoint) in ("openai", "azure.ai.openai")
    return {"openai.api.type": "chat_completions"} if request.operation == "chat" and is_openai else {}


def request_attributes(request: Request, *, latest: bool) -> Attributes:
    """Return the attributes of a request on a span.

    :param request: The request.
    :keyword latest: Whether to follow the latest conventions.
    """
    attributes = common_attributes(request, latest=latest)
    if not _TOLD_SETTINGS.isdisjoint(request.settings):  # most calls name only a model
        attributes |= _setting_attributes(request.settings, latest)
    if latest:
        attributes |= api_attributes(request)
        if request.stream:
            attributes["gen_ai.request.stream"] = True
        if request.endpoint.service in _NAMESPACES:
            attributes["azure.resource_provider.namespace"] = _NAMESPACES[request.endpoint.service]
    attributes.update(server_attributes(request.endpoint.base_url))
    return attributes


def _setting_attributes(settings: Mapping[str, Any], latest: bool) -> Attributes:
    attributes: Attributes = {}
    for name, members, read in _SETTINGS if latest else _SETTINGS[:_OLD_SETTINGS]:
        for member in members:
            value = read(settings.get(member))
            if value is not None:
                attributes[name] = value
                break
    return attributes


def response_attributes(answer: Mapping[str, Any], *, latest: bool) -> Attributes:
    """Return the attributes of an answer on a span, whether complete or so far.

    :param answer: The answer, as JSON.
    :keyword latest: Whether to follow the latest conventions.
    """
    attributes: Attributes = {}
    for name, member in (("gen_ai.response.id", "id"), ("gen_ai.response.model", "model")):
        text = _text(answer.get(member))
        if text:
            attributes[name] = text
    attributes |= usage_attributes(answer.get("usage"), latest=latest)
    reasons = _finish_reasons(answer, latest)
    if reasons:
        attributes["gen_ai.response.finish_reasons"] = reasons
    return attributes


def _finish_reasons(answer: Mapping[str, Any], latest: bool) -> list[str]:
    """Return the finish reasons; a missing one is "none" in the older conventions."""
    reasons = [choice.get("finish_reason") or ("" if latest else "none") for choice in choices_of(answer)]
    return [str(reason) for reason in reasons if reason]


def usage_attributes(usage: Any, *, latest: bool) -> Attributes:
    """Return the tokens used.

    :param usage: The member `usage` of the answer.
    :keyword latest: Whether to include tokens of caches and of reasoning.
    """
    attributes: Attributes = {}
    if not is_object(usage):
        return attributes
    for name, paths in _USAGE if latest else _USAGE[:_OLD_USAGE]:
        for path in paths:
            count = _count(usage, path)
            if count is not None:
                attributes[name] = count
                break
    return attributes


def token_counts(usage: Any) -> list[tuple[str, int]]:
    """Return the types of tokens as the metric names them, with how many were used.

    :param usage: The member `usage` of the answer.
    """
    if not is_object(usage):
        return []
    counts = [("input", _integer(usage.get("prompt_tokens"))), ("output", _integer(usage.get("completion_tokens")))]
    return [(kind, count) for kind, count in counts if count is not None]


def choices_of(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the choices of an answer that are objects.

    :param answer: The answer, as JSON.
    """
    choices = answer.get("choices")
    return [choice for choice in choices if is_object(choice)] if is_list(choices) else []


def error_class(error: BaseException, *, latest: bool) -> str:
    """Return the name of an error's class; in the older conventions that of azure-ai-inference 1.0.0b9.

    The older one is the azure-core class that this library's class derives from.

    :param error: The error.
    :keyword latest: Whether to follow the latest conventions.
    """
    own = "azure.ai.inference."
    kind = next(kind for kind in type(error).__mro__ if latest or not kind.__module__.startswith(own))
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def error_type(error: BaseException, *, latest: bool) -> str:
    """Return the type of an error: with `latest` the service's code if there is one, else its class.

    :param error: The error.
    :keyword latest: Whether to follow the latest conventions.
    """
    code = getattr(getattr(error, "error", None), "code", None)
    return code if latest and isinstance(code, str) and code else error_class(error, latest=latest)


# ---------------------------------------------------------------- members and their attributes


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> list[str] | None:
    values = value if is_list(value) else [value]
    return [text for text in values if isinstance(text, str)] or None


def _several(value: Any) -> int | None:
    return None if value == 1 else _integer(value)


def _output_type(value: Any) -> str | None:
    kind = value.get("type") if is_object(value) else None
    return {"text": "text", "json_object": "json", "json_schema": "json"}.get(kind) if isinstance(kind, str) else None


_SETTINGS: tuple[tuple[str, tuple[str, ...], Callable[[Any], Any]], ...] = (
    ("gen_ai.request.max_tokens", ("max_tokens", "max_completion_tokens"), _integer),
    ("gen_ai.request.temperature", ("temperature",), _number),
    ("gen_ai.request.top_p", ("top_p",), _number),
    ("gen_ai.request.top_k", ("top_k",), _number),
    ("gen_ai.request.frequency_penalty", ("frequency_penalty",), _number),
    ("gen_ai.request.presence_penalty", ("presence_penalty",), _number),
    ("gen_ai.request.stop_sequences", ("stop",), _texts),
    ("gen_ai.request.seed", ("seed", "random_seed"), _integer),
    ("gen_ai.request.choice.count", ("n",), _several),
    ("gen_ai.request.reasoning.level", ("reasoning_effort",), _text),
    ("gen_ai.output.type", ("response_format",), _output_type),
    ("gen_ai.request.encoding_formats", ("encoding_format",), _texts),
    ("gen_ai.embeddings.dimension.count", ("dimensions",), _integer),
)
_OLD_SETTINGS = 3
_TOLD_SETTINGS = frozenset(member for _, members, _ in _SETTINGS for member in members)
_RECORDED_MEMBERS = _TOLD_SETTINGS | {"model"}
_SCALARS = frozenset((str, int, float, bool))
"""Types of settings that are sent as they are."""
_OLD_USAGE = 2

_USAGE: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = (
    ("gen_ai.usage.input_tokens", (("prompt_tokens",),)),
    ("gen_ai.usage.output_tokens", (("completion_tokens",),)),
    (
        "gen_ai.usage.cache_read.input_tokens",
        (("prompt_tokens_details", "cached_tokens"), ("prompt_cache_hit_tokens",)),
    ),
    ("gen_ai.usage.cache_creation.input_tokens", (("prompt_tokens_details", "cache_write_tokens"),)),
    (
        "gen_ai.usage.reasoning.output_tokens",
        (("completion_tokens_details", "reasoning_tokens"), ("reasoning_tokens",)),
    ),
)
"""Paths in `usage`, of which the first that exists counts: DeepSeek puts next to the totals what others nest."""


def _count(usage: Any, path: tuple[str, ...]) -> int | None:
    for member in path:
        usage = usage.get(member) if is_object(usage) else None
    return _integer(usage)
