"""Advise the user what to try next after a failure: a sentence that follows the service's own text.

Pure: endpoint, operation and the service's text go in, a sentence or `None` comes out. `advise` tries the rules of
`_RULES` in order, and the first one that recognises the failure answers. Most failures are not caused by the request
but by the URL, the api-version, the Entra scope or a route that no longer exists (Azure/azure-sdk-for-python#39835,
#40260, #40540).
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .._http.endpoint import Dialect, Endpoint, Service
from .build import add_advice

_MOST_NAMES = 10
"""Maximum number of models to name."""


class Failure(NamedTuple):
    """What is known of a failed request."""

    endpoint: Endpoint
    operation: str
    """The path below the endpoint: ``chat/completions``, ``embeddings``, ``images/embeddings`` or ``info``."""
    status: int
    code: str
    message: str
    models: Sequence[str] = ()
    """Names of models that the endpoint lists, the likeliest first, if it was asked."""

    def mentions(self, *words: str) -> bool:
        """Return whether the service's code or message contains all of the words, in any case."""
        text = f"{self.code} {self.message}".lower()
        return all(word in text for word in words)


def advise(
    endpoint: Endpoint,
    operation: str,
    status: int,
    code: object = None,
    message: str | None = None,
    models: Sequence[str] = (),
) -> str | None:
    """Return advice on an error response, or `None` if the service's own text is enough.

    :param endpoint: The endpoint as called, with the api-version and the scopes of the call.
    :param operation: The path below the endpoint, such as ``chat/completions``.
    :param status: The HTTP status; 200 for an error object in a successful response or a stream.
    :param code: The service's error code, a str or an int.
    :param message: The service's error text.
    :param models: Names of models that the endpoint lists, the likeliest first.
    """
    return _advice(Failure(endpoint, operation, status, "" if code is None else str(code), message or "", models))


def _advice(failure: Failure) -> str | None:
    return next(filter(None, (rule(failure) for rule in _RULES)), None)


def give_advice(error: Any, endpoint: Endpoint, operation: str, status: int, models: Sequence[str] = ()) -> None:
    """Add to an error what the reader may try next.

    :param error: The exception.
    :param endpoint: The client's endpoint.
    :param operation: What was called, such as "chat/completions".
    :param status: The status of the response.
    :param models: Names of models that the endpoint lists, the likeliest first.
    """
    code = getattr(getattr(error, "error", None), "code", None) or ""
    failure = Failure(endpoint, operation, status, str(code), getattr(error, "message", None) or "", models)
    if models and is_unknown_model(failure):
        error.served_models = models
    add_advice(error, _advice(failure))


def advise_not_json(endpoint: Endpoint, operation: str) -> str:
    """Return advice on a 200 with HTML or an empty body instead of JSON: the URL did not lead to the API."""
    failure = Failure(endpoint, operation, 200, "", "")
    return _retired_product(failure) or _elsewhere(failure)


def missing_model(endpoint: Endpoint) -> str:
    """Return the text for a request without a model to an endpoint that serves several."""
    ways = "pass model= to the client or to the call"
    if endpoint.service == "resource":
        return (
            f"{endpoint.base_url} serves several models: {ways} (the deployment's name), or use "
            f"{endpoint.root}/openai/deployments/DEPLOYMENT as the endpoint."
        )
    return f"{endpoint.base_url} serves several models: {ways}."


# ---------------------------------------------------------------- the rules, in the order in which they are tried


def _retired_product(failure: Failure) -> str | None:
    if failure.endpoint.service != "github":
        return None
    return (
        "GitHub Models was retired on 2026-07-30 and its hosts no longer serve models. Deploy the model in Microsoft "
        "Foundry and use https://RESOURCE.services.ai.azure.com as the endpoint, or any other server with this API."
    )


def _known_scopes(scope: str) -> list[str]:
    """Return the scopes of Azure's AI services in the cloud of a scope."""
    domain = next((f"azure.{top}" for top in ("us", "cn") if f".azure.{top}/" in scope), "azure.com")
    return [f"https://{name}.{domain}/.default" for name in ("cognitiveservices", "ai", "ml")]


def _audience(failure: Failure) -> str | None:
    """Name the scope of a refused token, and alternatives: the service names the audiences that it accepts."""
    if failure.status != 401 or not failure.mentions("audience"):
        return None
    used = failure.endpoint.scopes
    named = [f"{url.rstrip('./')}/.default" for url in re.findall(r"https://[\w.-]+", failure.message)]
    others = [scope for scope in dict.fromkeys(named or _known_scopes(used[0])) if scope not in used]
    said = f"Tokens are requested for the scope {_listed(used)}."
    if not others or set(used) & set(named):
        return f"{said} The service names it, so check the credential: its tenant, and its role on the resource."
    return f"{said} Try credential_scopes={others[0]!r}" + (f", or {_listed(others[1:])}." if others[1:] else ".")


_POINTER = re.compile(r"\b(?:in|use|try|via|through|call|with|to)(?: the)? [`'\"]?/?v1/responses", re.IGNORECASE)


def points_to_responses(text: str) -> bool:
    """Return whether a service's text sends the caller to the Responses API, rather than list it among its routes."""
    return _POINTER.search(text) is not None


def _responses_only(failure: Failure) -> str | None:
    if failure.operation != "chat/completions":
        return None
    if not (
        failure.mentions("operationnotsupported")
        or points_to_responses(failure.message)
        or failure.mentions("not a chat model")
    ):
        return None
    if failure.mentions("embed"):
        return "The deployment only serves embeddings: use EmbeddingsClient."
    return "The deployment only serves the Responses API, not chat completions: pass api='responses', or leave api out."


def _messages_only(failure: Failure) -> str | None:
    """Name the API through which an Azure resource serves Claude: it is never chat completions."""
    if failure.operation != "chat/completions" or failure.endpoint.service != "resource":
        return None
    if failure.mentions("api_not_supported") or failure.mentions("unknown model", "claude"):
        return (
            "If it is a Claude model, it uses the Messages API: pass api='messages', or use "
            f"{failure.endpoint.root}/anthropic as the endpoint."
        )
    return None


def _responses_route(failure: Failure) -> str | None:
    if failure.operation == "responses" and failure.mentions("not supported by the responses api"):
        return "The model is not served by the Responses API: leave api out, or pass api='chat'."
    return None


_MESSAGES_HINTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("deprecated for this model",),
        "This model controls its sampling itself: leave temperature, top_p and top_k out.",
    ),
    (("cannot both be specified",), "Pass temperature or top_p, not both."),
    (
        ("message prefill",),
        "This model does not continue the beginning of an answer: end the messages with a user message.",
    ),
    (
        ('type "tool" and "any" are not supported',),
        "This model cannot be forced to call a tool: pass tool_choice='auto', or response_format= for a typed answer.",
    ),
    (
        ("thinking", "is not supported"),
        "Models differ in how reasoning is configured: set it in model_extras={'thinking': {...}}, or leave "
        "reasoning_effort out.",
    ),
    (
        ("structured_outputs not supported",),
        "Deployments hosted on Azure may lack structured outputs: use a version hosted by Anthropic, or a tool with "
        "tool_choice='auto'; with tools, leave strict out.",
    ),
    (
        ("bound to a different conversation",),
        "Thinking was sent back after a different beginning of the conversation. Keep the beginning unchanged, or pass "
        "headers={'anthropic-beta': 'thinking-binding-controls-2026-08-01'} and model_extras={'thinking': "
        "{'block_binding': {'prefix_mismatch_behavior': 'drop_block'}}}.",
    ),
    (
        ("maximum allowed number of output tokens",),
        "Pass max_tokens: the Messages API requires a number, and 64000 is sent if you do not pass one.",
    ),
)
"""Error texts of the Messages API, with advice."""


def _messages_request(failure: Failure) -> str | None:
    if failure.operation != "messages" or failure.status != 400:
        return None
    return next((hint for words, hint in _MESSAGES_HINTS if failure.mentions(*words)), None)


def _max_tokens(failure: Failure) -> str | None:
    if failure.status not in (400, 422):
        return None
    if failure.mentions("max_tokens") and (
        failure.mentions("max_completion_tokens") or failure.mentions("unsupported_parameter")
    ):
        return "Reasoning models take max_completion_tokens, which includes reasoning: pass it instead of max_tokens."
    if failure.mentions("max_completion_tokens", "extra"):  # Mistral's "extra_forbidden"
        return "This model takes max_tokens: pass it instead of max_completion_tokens."
    return None


def _no_model(failure: Failure) -> str | None:
    """Explain how to name a model (no_model_name of Foundry; OpenAI's and vLLM's texts)."""
    missing = ("provide a model", "'model' is a required", "missing required parameter: 'model'")
    if failure.code == "no_model_name" or any(failure.mentions(words) for words in missing):
        return missing_model(failure.endpoint)
    return None


def _api_version(failure: Failure) -> str | None:
    if failure.status not in (400, 404) or not (failure.mentions("api version") or failure.mentions("api-version")):
        return None
    version, base = failure.endpoint.api_version, failure.endpoint.base_url
    if failure.endpoint.dialect == "v1":
        return f"{base} takes no dated api-version: leave api_version out (it was {version!r})."
    advice = f"The request had api_version={version!r}; pass another as api_version= to the client or to a call."
    if failure.endpoint.service == "resource":
        advice += f" {failure.endpoint.root}/openai/v1 needs none."
    return advice


def _unknown_model(failure: Failure) -> str | None:
    """Explain that the URL is right and the name is not."""
    if not is_unknown_model(failure):
        return None
    endpoint = failure.endpoint
    if endpoint.service != "resource":
        return f"{endpoint.base_url} has no model of that name{_what_it_has(failure)}."
    place = "in the endpoint" if endpoint.dialect == "deployments" else "as model="
    return (
        f"{endpoint.root} has no deployment of that name, or not yet: {place}, pass the name of the deployment as the "
        "portal lists it, not that of the model."
    )


def is_unknown_model(failure: Failure) -> bool:
    """Return whether the service says that it has no such model (Azure, OpenAI, Mistral, vLLM, Ollama).

    :param failure: The failure.
    """
    if failure.status not in (400, 404):
        return False
    if failure.code.lower() in ("deploymentnotfound", "model_not_found", "unknown_model", "invalid_model"):
        return True
    words = r"\bmodel\b.*(does not exist|not found)|(unknown|invalid) model\b"
    return re.search(words, failure.message, re.IGNORECASE | re.DOTALL) is not None


def _what_it_has(failure: Failure) -> str:
    url = f"{failure.endpoint.base_url}/models"
    if failure.models:
        more = len(failure.models) - _MOST_NAMES
        rest = f", and {more} more; GET {url} lists them" if more > 0 else ""
        return f"; it has {_listed([name[:100] for name in failure.models[:_MOST_NAMES]])}{rest}"
    return f"; GET {url} lists the models it has" if failure.endpoint.dialect == "v1" else ""


def _wrong_route(failure: Failure) -> str | None:
    # LM Studio answers an unknown path with "Unexpected endpoint or method" and status 200.
    if failure.status in (404, 405, 410) or failure.mentions("unexpected endpoint or method"):
        return _elsewhere(failure)
    return None


_RULES: tuple[Callable[[Failure], str | None], ...] = (
    _retired_product,
    _audience,
    _responses_only,
    _messages_only,
    _responses_route,
    _messages_request,
    _max_tokens,
    _no_model,
    _unknown_model,
    _api_version,
    _wrong_route,
)

# ---------------------------------------------------------------- the URL called, and the one that was likely meant

_LIKELY: dict[tuple[Service, Dialect], str] = {
    ("resource", "v1"): "For a deployment that v1 does not serve, use {root}/openai/deployments/DEPLOYMENT.",
    ("resource", "deployments"): "Use {root}/openai/v1 with model='DEPLOYMENT', or look up the deployment's name.",
    ("resource", "inference"): "Use {root}/openai/v1: the route /models was retired on 2026-08-26.",
    ("serverless", "v1"): "Use {shorter}.",
    ("serverless", "inference"): "Use {root}, or {root}/v1.",
    ("managed", "v1"): "Use {shorter}, and name the deployment if several share the endpoint: {header}.",
    ("managed", "inference"): "Use {root}, or {root}/v1, and name the deployment if several share it: {header}.",
    ("platform", "v1"): "Use {root}/v1.",
    ("platform", "inference"): "Use {root}/v1.",
    ("other", "v1"): "Use {shorter} if it is an Azure AI Model Inference endpoint; otherwise check the path.",
    ("other", "inference"): "OpenAI-compatible servers respond at {base}/v1; gateways often need a path of their own.",
}

_DEPLOYMENT_HEADER = 'headers={"azureml-model-deployment": "NAME"}'


def _elsewhere(failure: Failure) -> str:
    endpoint = failure.endpoint
    version = f"?api-version={endpoint.api_version}" if endpoint.api_version else ""
    called = f"The URL called was {endpoint.base_url}/{failure.operation}{version}."
    if failure.operation.startswith("info"):
        return f"{called} Model information is served by serverless and managed endpoints, and by few other hosts."
    if failure.operation == "images/embeddings" and endpoint.service == "resource":
        return f"{called} Image embeddings are served at https://RESOURCE.services.ai.azure.com/models."
    if (
        endpoint.service == "resource"
        and endpoint.dialect == "v1"
        and endpoint.base_url != f"{endpoint.root}/openai/v1"
    ):
        return f"{called} Use {endpoint.root}/openai/v1."
    if endpoint.dialect == "messages":
        if endpoint.service == "resource":
            return f"{called} Claude is served there, under the name of its deployment."
        return f"{called} Pass the part of the server's URL before /v1/messages as the endpoint."
    likely = _LIKELY[endpoint.service, endpoint.dialect].format(
        root=endpoint.root,
        base=endpoint.base_url,
        shorter=endpoint.base_url.rpartition("/")[0],
        header=_DEPLOYMENT_HEADER,
    )
    return f"{called} {likely}"


def _listed(scopes: "tuple[str, ...] | list[str]") -> str:
    return ", ".join(map(repr, scopes))
