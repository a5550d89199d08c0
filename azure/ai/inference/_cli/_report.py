"""What is told: JSON objects of what was understood, answered or refused, and their rows for people. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.core.rest import HttpRequest

from .._errors.bodies import clean
from .._http.credentials import without_query_values
from .._http.endpoint import Dialect, Service
from .._http.response_headers import RateLimit, rate_limits, region, request_id
from ..exceptions import BatchError
from ..models import ChatCompletions, ChatResponseMessage, StreamingChatCompletions
from ._target import Target

_SERVICES: Mapping[Service, str] = {
    "resource": "an Azure resource (Foundry or Azure OpenAI)",
    "serverless": "a serverless endpoint of Azure",
    "managed": "a managed endpoint of Azure Machine Learning",
    "platform": "a provider's own platform, which takes keys only",
    "github": "GitHub Models, which was retired",
    "other": "a server or gateway of its own",
}
_DIALECTS: Mapping[Dialect, str] = {
    "v1": "OpenAI's v1 API, without a dated version",
    "deployments": "Azure OpenAI's API, the deployment in the URL",
    "inference": "the Azure AI Model Inference API",
    "messages": "Anthropic's Messages API",
}
_APIS = {
    "chat/completions": "chat completions",
    "responses": "the Responses API; api='responses' calls it at once",
    "messages": "the Messages API",
}
"""The APIs of chat, by their operations."""


def understood(
    target: Target, requests: Sequence[HttpRequest], headers: Sequence[str], proxy: str | None
) -> dict[str, Any]:
    """Describe how an endpoint was understood.

    :param target: The endpoint.
    :param requests: What is sent; the next where one leads on.
    :param headers: Names of headers that are sent besides those of the requests.
    :param proxy: The proxy on the way, if there is one.
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


def understood_rows(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what was understood as rows for people, each a name and a text."""
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
    """An answer to a check."""

    operation: str
    seconds: float
    headers: Mapping[str, str]
    value: Any
    """The completion, the embeddings or the model information."""


def answered(answer: Answered) -> dict[str, Any]:
    """Describe what an endpoint answered."""
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
    """Return an answer as rows for people."""
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
    for what, limit in report["rate_limits"].items():
        if limit["remaining"] is not None:
            yield "Quota", quota(what, RateLimit(**limit))


def quota(what: str, limit: RateLimit) -> str:
    """Describe what is left of a quota.

    :param what: "requests" or "tokens".
    :param limit: The quota, of which the service told at least what remains.
    """
    of = "" if limit.limit is None else f" of {limit.limit}"
    reset = "" if limit.reset is None else f", whole again in {limit.reset:g} s"
    return f"{limit.remaining}{of} {what} left{reset}"


def remarks(completion: ChatCompletions) -> Iterator[str]:
    """Describe what the text of an answer does not say: why it ends, what was refused, which tools it calls."""
    for choice in completion.choices or ():
        message: ChatResponseMessage | None = choice.message  # left out where the whole answer is withheld
        if message and message.refusal:
            yield f"(refused: {message.refusal})"
        for call in (message.tool_calls if message else None) or ():
            yield f"(calls {call.function.name} with {call.function.arguments})"
        if choice.finish_reason in _REASONS:
            yield f"({_REASONS[choice.finish_reason]})"


_REASONS: Mapping[Any, str] = {
    "length": "cut off at the limit of tokens",
    "content_filter": "withheld by the content filter",
}


def spent(completion: ChatCompletions, stream: StreamingChatCompletions, first: float, whole: float) -> str:
    """Describe what a streamed answer took.

    :param completion: The answer.
    :param stream: The stream that it came in.
    :param first: Seconds to the first word or thought.
    :param whole: Seconds to the end.
    """
    usage, limits = completion.usage, stream.rate_limits
    told = [
        f"{usage.prompt_tokens} + {usage.completion_tokens} tokens" if usage else "tokens not told",
        f"{first:.2f} s to the first, {whole:.2f} s in all",
        completion.model,
        f"request id {stream.request_id}" if stream.request_id else None,
        *(quota(what, limit) for what, limit in limits._asdict().items() if limit.remaining is not None),
    ]
    return "; ".join(filter(None, told))


# ---------------------------------------------------------------- failures

_HINTS: Sequence[tuple[str, str]] = (
    (
        r"name or service not known|failed to resolve|getaddrinfo|nodename nor servname|name resolution",
        "No host has that name: look at the URL. A private endpoint's name is known in its own network only.",
    ),
    (
        r"proxyerror|to proxy|tunnel connection failed",
        "The proxy stands in the way: look at HTTPS_PROXY, and at NO_PROXY for hosts that need none.",
    ),
    (
        r"certificate.?verify.?failed",
        "The certificate is not trusted. Behind a company's proxy, name its authority's file in REQUESTS_CA_BUNDLE.",
    ),
    (
        r"wrong.?version.?number|record layer failure",
        "The server does not speak TLS at that port: http:// for https://?",
    ),
    (r"connection.?refused|actively refused", "Nothing listens there: look at the port, and whether the server runs."),
    (r"timed? ?out", "No answer in time: a firewall, or a model that is still loading; --timeout gives it longer."),
    (
        r"connection.?(reset|aborted)|remote end closed",
        "The connection was cut: a firewall, or TLS against a port of plain http.",
    ),
)
"""What to look at, by what the network's libraries say; where no answer came, so the service could say nothing."""


def hint(error: object) -> str | None:
    """Suggest what to look at after an error of the network.

    :param error: What was raised.
    :return: `None` where the service answered, whose error has its own advice.
    """
    if not isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return None
    return next((words for pattern, words in _HINTS if re.search(pattern, error.message, re.IGNORECASE)), None)


def failed(error: AzureError, secrets: Sequence[str]) -> dict[str, Any]:
    """Describe a failure.

    :param error: What was raised.
    :param secrets: Texts to blank out.
    """
    cause = error.inner_exception if isinstance(error, BatchError) else error
    details = getattr(cause, "error", None)
    partial = getattr(cause, "partial", None)
    report = {
        "type": type(error).__name__,
        "status": getattr(cause, "status_code", None),
        "code": getattr(details, "code", None),
        "message": getattr(details, "message", None) or error.message,
        "target": getattr(details, "target", None),
        "request_id": getattr(cause, "request_id", None),
        "retry_after": getattr(cause, "retry_after", None),
        "text": str(error),
        "hint": hint(cause),
    }
    if isinstance(partial, ChatCompletions):
        report["partial"] = partial.as_dict()
    return {name: clean(value, secrets) for name, value in report.items()}


def failed_lines(report: Mapping[str, Any]) -> Sequence[str]:
    """Return a failure as lines for people: all that the error says, then the hint."""
    return [line for line in (report["text"], report["hint"]) if line]


def table(rows: Iterator[tuple[str, str]]) -> Sequence[str]:
    """Align rows of names and texts."""
    return [f"{name:12} {text}" for name, text in rows]
