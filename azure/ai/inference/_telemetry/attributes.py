"""What spans and metrics say of a call: facts from its request and its answer. Pure: values in, values out.

Two vocabularies: the names of azure-ai-inference 1.0.0b9, which dashboards read, and with `latest` those of
OpenTelemetry's semantic conventions for generative AI as of v1.41. Both are read off the request's JSON as it is sent,
so that a client's defaults and a body of the caller's count as well as a call's own arguments. No text of a prompt or
an answer is here; that is `_telemetry_content`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from .._http.endpoint import Endpoint
from .._json import is_list, is_object, json_or_none, to_json
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
_DEPLOYMENTS = "/openai/deployments/"
"""Azure OpenAI's route, on its own hosts and behind gateways."""

_NAMESPACES = {
    "resource": "Microsoft.CognitiveServices",
    "serverless": "Microsoft.MachineLearningServices",
    "managed": "Microsoft.MachineLearningServices",
}


class Request(NamedTuple):
    """A request, as telemetry sees it."""

    operation: Operation
    endpoint: Endpoint
    body: Mapping[str, Any]
    """The request in the form of chat completions, or as it is sent; empty if the caller's body is no JSON object."""
    stream: bool
    wire: Wire | None = None
    """The API that is called, if it is another than chat completions."""


def read_request(call: Call) -> Request:
    """Read a call's request.

    :param call: The call, before it is sent.
    """
    sent = call.sent
    content: Any = call.request.content if sent is None or sent.form is None else to_json(sent.form)
    body = json_or_none(content)
    operation: Operation = "embeddings" if call.operation.endswith("embeddings") else "chat"
    return Request(operation, call.endpoint, body if is_object(body) else {}, call.stream, sent and sent.wire)


def provider_name(endpoint: Endpoint) -> str:
    """Name who serves an endpoint, by the conventions' list.

    A server of somebody's own that speaks OpenAI's protocol counts as "openai", as the conventions ask.

    :param endpoint: The endpoint.
    """
    if _DEPLOYMENTS in endpoint.base_url:
        return "azure.ai.openai"
    if endpoint.service in ("serverless", "managed", "github") or endpoint.dialect == "inference":
        return "azure.ai.inference"
    if endpoint.service == "resource":
        return "azure.ai.openai" if ".openai.azure." in endpoint.root else "azure.ai.inference"
    host = urlsplit(endpoint.base_url).hostname or ""
    return next((name for domain, name in _PLATFORMS if f".{host}".endswith(f".{domain}")), "openai")


def span_name(request: Request, *, latest: bool) -> str:
    """Name a call's span.

    :param request: The request.
    :keyword latest: By which conventions.
    """
    model = _model(request, latest=latest)
    return f"{request.operation} {model}" if model else request.operation


def _model(request: Request, *, latest: bool) -> str | None:
    model = request.body.get("model")
    if isinstance(model, str) and model:
        return model
    _, found, deployment = request.endpoint.base_url.partition(_DEPLOYMENTS)
    return unquote(deployment) if latest and found else None


def common_attributes(request: Request, *, latest: bool) -> Attributes:
    """Return what spans and metrics both have of a request.

    :param request: The request.
    :keyword latest: By which conventions.
    """
    model = _model(request, latest=latest)
    attributes: Attributes = {"gen_ai.operation.name": request.operation}
    if latest:
        attributes["gen_ai.provider.name"] = provider_name(request.endpoint)
    else:
        attributes["gen_ai.system"] = SYSTEM
        model = model or request.operation
    if model:
        attributes["gen_ai.request.model"] = model
    return attributes


def server_attributes(endpoint: Endpoint) -> Attributes:
    """Return which server is called; the port unless it is that of https.

    :param endpoint: The endpoint.
    """
    parts = urlsplit(endpoint.base_url)
    attributes: Attributes = {"server.address": parts.hostname or ""}
    if parts.port is not None and parts.port != 443:
        attributes["server.port"] = parts.port
    return attributes


def api_attributes(request: Request) -> Attributes:
    """Return the attribute that names the API, which the latest conventions have for those of OpenAI.

    :param request: The request.
    """
    if request.wire is not None:
        return {"openai.api.type": request.wire.telemetry} if request.wire.telemetry else {}
    is_openai = provider_name(request.endpoint) in ("openai", "azure.ai.openai")
    return {"openai.api.type": "chat_completions"} if request.operation == "chat" and is_openai else {}


def request_attributes(request: Request, *, latest: bool) -> Attributes:
    """Return what a span has of a request.

    :param request: The request.
    :keyword latest: By which conventions.
    """
    attributes = common_attributes(request, latest=latest)
    for name, members, read in _SETTINGS if latest else _SETTINGS[:_OLD_SETTINGS]:
        value = next((found for member in members if (found := read(request.body.get(member))) is not None), None)
        if value is not None:
            attributes[name] = value
    if latest:
        attributes |= api_attributes(request)
        if request.stream:
            attributes["gen_ai.request.stream"] = True
        if request.endpoint.service in _NAMESPACES:
            attributes["azure.resource_provider.namespace"] = _NAMESPACES[request.endpoint.service]
    return attributes | server_attributes(request.endpoint)


def response_attributes(answer: Mapping[str, Any], *, latest: bool) -> Attributes:
    """Return what a span has of an answer, whole or as far as it has come.

    :param answer: The answer, in wire form.
    :keyword latest: By which conventions.
    """
    said = {member: _text(answer.get(member)) for member in ("id", "model")}
    attributes: Attributes = {f"gen_ai.response.{member}": text for member, text in said.items() if text}
    attributes |= usage_attributes(answer.get("usage"), latest=latest)
    reasons = _finish_reasons(answer, latest)
    if reasons:
        attributes["gen_ai.response.finish_reasons"] = reasons
    return attributes


def _finish_reasons(answer: Mapping[str, Any], latest: bool) -> list[str]:
    """Return the finish reasons that are there; by the older conventions "none" stands for one that is not."""
    reasons = [choice.get("finish_reason") or ("" if latest else "none") for choice in choices_of(answer)]
    return [str(reason) for reason in reasons if reason]


def usage_attributes(usage: Any, *, latest: bool) -> Attributes:
    """Return the tokens spent.

    :param usage: The answer's member of that name.
    :keyword latest: Whether also those of caches and of thinking.
    """
    attributes: Attributes = {}
    for name, paths in _USAGE if latest else _USAGE[:_OLD_USAGE]:
        count = next((found for path in paths if (found := _count(usage, path)) is not None), None)
        if count is not None:
            attributes[name] = count
    return attributes


def choices_of(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return those of an answer's choices that are objects.

    :param answer: The answer, in wire form.
    """
    choices = answer.get("choices")
    return [choice for choice in choices if is_object(choice)] if is_list(choices) else []


def error_class(error: BaseException, *, latest: bool) -> str:
    """Name an error's class; in the old way the one that azure-ai-inference 1.0.0b9 raised.

    That is the class of azure-core which this library's own derives from.

    :param error: The error.
    :keyword latest: By which conventions.
    """
    own = "azure.ai.inference."
    kind = next(kind for kind in type(error).__mro__ if latest or not kind.__module__.startswith(own))
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def error_type(error: BaseException, *, latest: bool) -> str:
    """Name the kind of an error: with `latest` by the service's code if it gave one, else by its class.

    :param error: The error.
    :keyword latest: By which conventions.
    """
    code = getattr(getattr(error, "error", None), "code", None)
    return code if latest and isinstance(code, str) and code else error_class(error, latest=latest)


# ---------------------------------------------------------------- members and the attributes that tell them


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
"""Paths in `usage`, of which the first that is there counts: DeepSeek tells beside the sums what others nest."""


def _count(usage: Any, path: tuple[str, ...]) -> int | None:
    for member in path:
        usage = usage.get(member) if is_object(usage) else None
    return _integer(usage)
