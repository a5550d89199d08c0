"""What a user should try next after a failure, in words: appended to an error after the service's own.

Pure: an endpoint, an operation and what the service said go in, a sentence or `None` comes out. `advise` asks the rules
of `_RULES` in their order, and the first that knows the failure answers. Most trouble is not the request but the URL,
the api-version, the Entra scope or a route that is gone (Azure/azure-sdk-for-python#39835, #40260, #40540).
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from .._http.endpoint import Dialect, Endpoint, Service
from .build import add_advice


class Failure(NamedTuple):
    """What is known of a request that failed."""

    endpoint: Endpoint
    operation: str
    """The path below the endpoint: ``chat/completions``, ``embeddings``, ``images/embeddings`` or ``info``."""
    status: int
    code: str
    message: str

    def says(self, *words: str) -> bool:
        """Whether the service's code or message has all of the words, in any case."""
        text = f"{self.code} {self.message}".lower()
        return all(word in text for word in words)


def advise(
    endpoint: Endpoint, operation: str, status: int, code: object = None, message: str | None = None
) -> str | None:
    """Return advice on an answer that is an error, or `None` if the service's own words are enough.

    :param endpoint: as it was called, with the api-version and the scopes of the call.
    :param operation: the path below the endpoint, such as ``chat/completions``.
    :param status: the HTTP status; 200 for an error object in an answer or a stream.
    :param code: the service's error code, a str or an int.
    :param message: the service's error text.
    """
    failure = Failure(endpoint, operation, status, "" if code is None else str(code), message or "")
    return next(filter(None, (rule(failure) for rule in _RULES)), None)


def give_advice(error: Any, endpoint: Endpoint, operation: str, status: int) -> None:
    """Add to an error what its reader may try next.

    :param error: The exception.
    :param endpoint: The client's endpoint.
    :param operation: What was called, such as "chat/completions".
    :param status: The answer's status.
    """
    code = getattr(getattr(error, "error", None), "code", None)
    add_advice(error, advise(endpoint, operation, status, code, getattr(error, "message", None)))


def advise_not_json(endpoint: Endpoint, operation: str) -> str:
    """Return advice on a 200 with HTML or nothing where JSON was due: the URL led to something else than the API."""
    failure = Failure(endpoint, operation, 200, "", "")
    return _retired_product(failure) or _elsewhere(failure)


def missing_model(endpoint: Endpoint) -> str:
    """Return what to say when a request names no model and the endpoint serves several."""
    ways = "give model= to the client or to the call"
    if endpoint.service == "resource":
        return (
            f"{endpoint.base_url} serves several models: {ways} (the deployment's name), or use "
            f"{endpoint.root}/openai/deployments/DEPLOYMENT as the endpoint."
        )
    return f"{endpoint.base_url} serves several models: {ways}."


# ---------------------------------------------------------------- the rules, in the order in which they are asked


def _retired_product(failure: Failure) -> str | None:
    if failure.endpoint.service != "github":
        return None
    return (
        "GitHub Models was retired on 2026-07-30 and its hosts serve no models any more. Deploy the model in Microsoft "
        "Foundry and use https://RESOURCE.services.ai.azure.com as the endpoint, or any other server of the API."
    )


def _known_scopes(scope: str) -> list[str]:
    """Return the scopes of Azure's AI services, in the cloud that a scope is of."""
    domain = next((f"azure.{top}" for top in ("us", "cn") if f".azure.{top}/" in scope), "azure.com")
    return [f"https://{name}.{domain}/.default" for name in ("cognitiveservices", "ai", "ml")]


def _audience(failure: Failure) -> str | None:
    """Name the scope of a refused token, and others: the service tells the audiences that it takes."""
    if failure.status != 401 or not failure.says("audience"):
        return None
    used = failure.endpoint.scopes
    told = [f"{url.rstrip('./')}/.default" for url in re.findall(r"https://[\w.-]+", failure.message)]
    others = [scope for scope in dict.fromkeys(told or _known_scopes(used[0])) if scope not in used]
    said = f"Tokens are asked for with the scope {_listed(used)}."
    if not others or set(used) & set(told):
        return f"{said} The service names it, so look at the credential: its tenant, and its role on the resource."
    return f"{said} Try credential_scopes={others[0]!r}" + (f", or {_listed(others[1:])}." if others[1:] else ".")


def _responses_only(failure: Failure) -> str | None:
    if failure.operation != "chat/completions":
        return None
    if not (failure.says("operationnotsupported") or failure.says("v1/responses") or failure.says("not a chat model")):
        return None
    if failure.says("embed"):
        return "The deployment speaks embeddings only: use EmbeddingsClient."
    return "The deployment speaks the Responses API alone, no chat completions: give api='responses', or leave api out."


def _messages_only(failure: Failure) -> str | None:
    """Name the API by which an Azure resource serves Claude: it never does by chat completions."""
    if failure.operation != "chat/completions" or failure.endpoint.service != "resource":
        return None
    if failure.says("api_not_supported") or failure.says("unknown model", "claude"):
        return (
            "If it is a Claude model, it speaks the Messages API: give api='messages', or use "
            f"{failure.endpoint.root}/anthropic as the endpoint."
        )
    return None


def _responses_route(failure: Failure) -> str | None:
    if failure.operation == "responses" and failure.says("not supported by the responses api"):
        return "The model is not served by the Responses API: leave api out, or give api='chat'."
    return None


_MESSAGES_HINTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("deprecated for this model",),
        "This model chooses its tokens by itself: leave temperature, top_p and top_k out.",
    ),
    (("cannot both be specified",), "Give temperature or top_p, not both."),
    (
        ("message prefill",),
        "This model does not go on from an answer's beginning: end the messages with a user message.",
    ),
    (
        ('type "tool" and "any" are not supported',),
        "No call can be forced on this model: give tool_choice='auto', or response_format= for an answer of a type.",
    ),
    (
        ("thinking", "is not supported"),
        "Models differ in how they are told to think: say it in model_extras={'thinking': {...}}, or leave "
        "reasoning_effort out.",
    ),
    (
        ("structured_outputs not supported",),
        "Deployments hosted on Azure may lack structured outputs: use a version that Anthropic hosts, or a tool with "
        "tool_choice='auto'; with tools, leave strict out.",
    ),
    (
        ("bound to a different conversation",),
        "Thinking was sent back under another beginning of the conversation. Keep the beginning as it was, or give "
        "headers={'anthropic-beta': 'thinking-binding-controls-2026-08-01'} and model_extras={'thinking': "
        "{'block_binding': {'prefix_mismatch_behavior': 'drop_block'}}}.",
    ),
    (
        ("maximum allowed number of output tokens",),
        "Give max_tokens: where it is not said, 64000 is sent, for the Messages API needs a number.",
    ),
)
"""What the Messages API says, and what to do about it."""


def _messages_request(failure: Failure) -> str | None:
    if failure.operation != "messages" or failure.status != 400:
        return None
    return next((hint for words, hint in _MESSAGES_HINTS if failure.says(*words)), None)


def _max_tokens(failure: Failure) -> str | None:
    if failure.status not in (400, 422):
        return None
    if failure.says("max_tokens") and (failure.says("max_completion_tokens") or failure.says("unsupported_parameter")):
        return "Reasoning models take max_completion_tokens, which counts the reasoning too: give it for max_tokens."
    if failure.says("max_completion_tokens", "extra"):  # Mistral's "extra_forbidden"
        return "This model takes max_tokens: give it for max_completion_tokens."
    return None


def _no_model(failure: Failure) -> str | None:
    """Explain how to name a model (no_model_name of Foundry; OpenAI's and vLLM's texts)."""
    missing = ("provide a model", "'model' is a required", "missing required parameter: 'model'")
    if failure.code == "no_model_name" or any(failure.says(words) for words in missing):
        return missing_model(failure.endpoint)
    return None


def _api_version(failure: Failure) -> str | None:
    if failure.status not in (400, 404) or not (failure.says("api version") or failure.says("api-version")):
        return None
    version, base = failure.endpoint.api_version, failure.endpoint.base_url
    if failure.endpoint.dialect == "v1":
        return f"{base} takes no dated api-version: leave api_version out (it was {version!r})."
    advice = f"The request had api_version={version!r}; the client and each call take another as api_version=."
    if failure.endpoint.service == "resource":
        advice += f" {failure.endpoint.root}/openai/v1 needs none."
    return advice


def _unknown_model(failure: Failure) -> str | None:
    """Explain that the URL is right and the name is not (Azure's DeploymentNotFound; OpenAI, vLLM, Ollama)."""
    if failure.status not in (400, 404):
        return None
    code = failure.code.lower()
    named = re.search(
        r"\bmodel\b.*(does not exist|not found)|unknown model", failure.message, re.IGNORECASE | re.DOTALL
    )
    if code not in ("deploymentnotfound", "model_not_found", "unknown_model") and not named:
        return None
    endpoint = failure.endpoint
    if endpoint.service != "resource":
        return f"{endpoint.base_url} has no model of that name" + (
            f"; GET {endpoint.base_url}/models lists those that it has." if endpoint.dialect == "v1" else "."
        )
    place = "in the endpoint" if endpoint.dialect == "deployments" else "as model="
    return (
        f"{endpoint.root} has no deployment of that name, or not yet: {place}, give the name of the deployment as the "
        "portal lists it, not that of the model."
    )


def _wrong_route(failure: Failure) -> str | None:
    # LM Studio answers an unknown path with "Unexpected endpoint or method" and status 200.
    if failure.status in (404, 405, 410) or failure.says("unexpected endpoint or method"):
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

# ---------------------------------------------------------------- the URL called, and the likely right one

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
    ("other", "v1"): "Use {shorter} if it is an Azure AI Model Inference endpoint; else look at the path.",
    ("other", "inference"): "OpenAI-compatible servers answer at {base}/v1; gateways often need a path of their own.",
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
        return f"{called} Give what stands before /v1/messages in the server's URL as the endpoint."
    likely = _LIKELY[endpoint.service, endpoint.dialect].format(
        root=endpoint.root,
        base=endpoint.base_url,
        shorter=endpoint.base_url.rpartition("/")[0],
        header=_DEPLOYMENT_HEADER,
    )
    return f"{called} {likely}"


def _listed(scopes: "tuple[str, ...] | list[str]") -> str:
    return ", ".join(map(repr, scopes))
