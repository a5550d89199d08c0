"""Reports of how an endpoint was resolved and what it answered, as JSON objects and as rows for people. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from azure.core.rest import HttpRequest

from .._http.credentials import without_query_values
from .._http.endpoint import Dialect, Service
from .._http.response_headers import RateLimit, rate_limits, region, request_id
from ..models import ChatCompletions, ChatResponseMessage, StreamingChatCompletions
from ._target import Target

_SERVICES: Mapping[Service, str] = {
    "resource": "an Azure resource (Foundry or Azure OpenAI)",
    "serverless": "a serverless endpoint of Azure",
    "managed": "a managed endpoint of Azure Machine Learning",
    "platform": "a provider's own platform, which takes keys only",
    "github": "GitHub Models, which was retired",
    "other": "a custom server or gateway",
}
_DIALECTS: Mapping[Dialect, str] = {
    "v1": "OpenAI's v1 API, without a dated version",
    "deployments": "Azure OpenAI's API, the deployment in the URL",
    "inference": "the Azure AI Model Inference API",
    "messages": "Anthropic's Messages API",
}
_APIS = {
    "chat/completions": "chat completions",
    "responses": "the Responses API; with -o api=responses it is called directly",
    "messages": "the Messages API",
}
"""The APIs of chat, by their operations."""


def describe_endpoint(
    target: Target, requests: Sequence[HttpRequest], headers: Sequence[str], proxy: str | None
) -> dict[str, Any]:
    """Describe how an endpoint was resolved.

    :param target: The endpoint.
    :param requests: The requests to send; each but the first depends on the one before.
    :param headers: Names of headers that are sent in addition to those of the requests.
    :param proxy: The proxy in use, if any.
    """
    endpoint = target.endpoint
    own = (name for request in requests for name in request.headers if name != "Content-Length")
    return {
        "endpoint": without_query_values(target.pasted.value.strip()),
        "endpoint_source": target.pasted.source,
        "service": endpoint.service,
        "dialect": endpoint.dialect,
        "api": endpoint.api,
        "notice": endpoint.notice,
        "base_url": endpoint.base_url,
        "requests": [f"{request.method} {without_query_values(request.url)}" for request in requests],
        "api_version": endpoint.api_version,
        "headers": list(dict.fromkeys([*headers, *own])),
        "credential_source": target.key.source if target.key else "Entra ID" if target.entra_id else None,
        "key_headers": list(endpoint.key_headers),
        "scopes": [] if endpoint.service == "platform" else list(endpoint.scopes),
        "model": target.model.value if target.model else None,
        "model_source": target.model.source if target.model else None,
        "model_required": endpoint.model_required,
        "proxy": proxy,
    }


def endpoint_rows(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the resolved endpoint as rows for people, each a name and a text."""
    yield "Endpoint", f"{report['endpoint']} (from {report['endpoint_source']})"
    yield "Understood", f"{_SERVICES[report['service']]}; {_DIALECTS[report['dialect']]}"
    if report["notice"]:
        yield "Note", report["notice"]
    yield from zip(("Called", "or else"), report["requests"], strict=False)
    yield "api-version", report["api_version"] or "none"
    yield "Headers", ", ".join(report["headers"])
    if report["credential_source"] == "Entra ID":
        yield "Credential", "Entra ID, DefaultAzureCredential of azure-identity"
    else:
        source = report["credential_source"]
        yield "Credential", f"key from {source}" if source else "none was given"
    yield "Entra scope", ", ".join(report["scopes"]) or "none: keys only"
    model = f"{report['model']} (from {report['model_source']})" if report["model"] else "none named"
    yield "Model", f"{model}, {'required' if report['model_required'] else 'optional'}"
    if report["proxy"]:
        yield "Proxy", f"{report['proxy']} (from the environment)"


# ---------------------------------------------------------------- answers


class Answered(NamedTuple):
    """A response to a check."""

    operation: str
    seconds: float
    headers: Mapping[str, str]
    value: Any
    """The completion, the embeddings or the model information."""


def answered(answer: Answered) -> dict[str, Any]:
    """Describe the response of an endpoint."""
    value, limits = answer.value, rate_limits(answer.headers)
    usage = value.get("usage")
    items: Any = value.get("data") or [None]
    return {
        "operation": answer.operation,
        "seconds": round(answer.seconds, 3),
        "model": value.get("model_name") or value.get("model"),
        "model_type": value.get("model_type"),
        "model_provider": value.get("model_provider_name"),
        "dimensions": len(items[0].vector) if items[0] else None,
        "tokens": usage.total_tokens if usage else None,
        "request_id": request_id(answer.headers),
        "region": region(answer.headers),
        "rate_limits": {"requests": limits.requests._asdict(), "tokens": limits.tokens._asdict()},
    }


def answered_rows(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return a response as rows for people."""
    yield "Answered", f"{report['operation']} in {report['seconds']:.3f} s"
    if report["operation"] in _APIS:
        yield "API", _APIS[report["operation"]]
    labels = {
        "model": "Model",
        "model_type": "Type",
        "model_provider": "Provider",
        "dimensions": "Dimensions",
        "tokens": "Tokens",
        "request_id": "Request id",
        "region": "Region",
    }
    for name, label in labels.items():
        if report[name] is not None:
            yield label, str(report[name])
    if report.get("models"):
        yield "Models", ", ".join(report["models"])
    for what, limit in report["rate_limits"].items():
        if limit["remaining"] is not None:
            yield "Quota", quota(what, RateLimit(**limit))


def quota(what: str, limit: RateLimit) -> str:
    """Describe what remains of a quota.

    :param what: "requests" or "tokens".
    :param limit: The quota; at least its remainder is known.
    """
    of = "" if limit.limit is None else f" of {limit.limit}"
    reset = "" if limit.reset is None else f", full again in {limit.reset:g} s"
    return f"{limit.remaining}{of} {what} left{reset}"


def remarks(completion: ChatCompletions) -> Iterator[str]:
    """Describe what the text of an answer does not show: why it ended, refusals and tool calls."""
    for choice in completion.choices or ():
        message: ChatResponseMessage | None = choice.message  # missing if the whole answer is withheld
        if message and message.refusal:
            yield f"(refused: {message.refusal})"
        for call in (message.tool_calls if message else None) or ():
            yield f"(calls {call.function.name} with {call.function.arguments})"
        if choice.finish_reason in _REASONS:
            yield f"({_REASONS[choice.finish_reason]})"
    others = len(completion.choices or ()) - 1
    if others > 0:
        yield f"({others} more {'answer' if others == 1 else 'answers'}, which --json shows)"


_REASONS: Mapping[Any, str] = {
    "length": "cut off at the token limit",
    "content_filter": "withheld by the content filter",
}


def spent(completion: ChatCompletions, stream: StreamingChatCompletions, first: float, whole: float) -> str:
    """Describe the cost of a streamed answer.

    :param completion: The answer.
    :param stream: The stream it arrived in.
    :param first: Seconds until the first text or reasoning.
    :param whole: Seconds until the end.
    """
    usage, limits = completion.usage, stream.rate_limits
    parts = [
        f"{usage.prompt_tokens} + {usage.completion_tokens} tokens" if usage else "tokens unknown",
        f"first text after {first:.2f} s, all after {whole:.2f} s",
        completion.model,
        f"request id {stream.request_id}" if stream.request_id else None,
        *(quota(what, limit) for what, limit in limits._asdict().items() if limit.remaining is not None),
    ]
    return "; ".join(filter(None, parts))


def table(rows: Iterator[tuple[str, str]]) -> Sequence[str]:
    """Align rows of names and texts."""
    return [f"{name:12} {text}" for name, text in rows]
