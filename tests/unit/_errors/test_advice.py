"""The advice that users get: one row per failure, with the services' own messages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure.ai.inference._errors.advice import advise, advise_not_json, missing_model
from azure.ai.inference._http.endpoint import Kind
from azure.ai.inference._http.endpoint_routes import resolve

FOUNDRY = "https://r.services.ai.azure.com"
OPENAI = "https://r.openai.azure.com"
DEPLOYMENT = f"{OPENAI}/openai/deployments/D"
MAAS = "https://m.eastus2.models.ai.azure.com"
MANAGED = "https://e.eastus.inference.ml.azure.com"
PLATFORM = "https://api.openai.com"
LOCAL = "http://localhost:1234"
CHAT = "chat/completions"
IMAGES = "images/embeddings"
AUDIENCE = "Unauthorized. Access token is missing, invalid, audience is incorrect ({}), or have expired."
NO_CHAT = "The chatCompletion operation does not work with the specified model, {}. Please choose different model."

# endpoint, operation, status, code, message, what the advice says (all of it)
Row = tuple[str, str, int, Any, str | None, list[str]]
KNOWN: list[Row] = [
    # a retired product
    ("https://models.github.ai/inference", CHAT, 410, "github_models_retirement", "Gone", ["retired on 2026-07-30"]),
    ("https://models.inference.ai.azure.com", CHAT, 401, None, "Unauthorized", ["retired on 2026-07-30"]),
    # the audience of a token
    (
        f"{FOUNDRY}/api/projects/P",
        CHAT,
        401,
        None,
        AUDIENCE.format("https://cognitiveservices.azure.com/ or https://foundry.example/"),
        [
            "for the scope 'https://ai.azure.com/.default'",
            "credential_scopes='https://cognitiveservices.azure.com/.default', or 'https://foundry.example/.default'.",
        ],
    ),
    (
        "https://gw.example",
        CHAT,
        401,
        None,
        AUDIENCE.format("https://cognitiveservices.azure.us"),
        ["'https://ml.azure.com/.default'", "credential_scopes='https://cognitiveservices.azure.us/.default'."],
    ),
    (
        FOUNDRY,
        CHAT,
        401,
        "401",
        AUDIENCE.format("https://cognitiveservices.azure.com/ or https://ai.azure.com/"),
        ["'https://cognitiveservices.azure.com/.default'", "its role on the resource"],
    ),
    (
        "https://e.usgovvirginia.inference.ml.azure.us",
        CHAT,
        401,
        None,
        "Invalid audience",
        ["'https://ml.azure.us/.default'", "'https://cognitiveservices.azure.us/.default', or 'https"],
    ),
    # a deployment that supports another API
    (FOUNDRY, CHAT, 400, "OperationNotSupported", NO_CHAT.format("codex"), ["pass api='responses', or leave api out"]),
    (DEPLOYMENT, CHAT, 400, "OperationNotSupported", NO_CHAT.format("o3-pro"), ["only serves the Responses API"]),
    (
        "https://api.openai.com",
        CHAT,
        404,
        None,
        "This model is only supported in v1/responses and not in v1/chat/completions.",
        ["the Responses API, not chat completions: pass api='responses'"],
    ),
    ("https://api.openai.com", CHAT, 404, None, "This is not a chat model and thus not supported", ["Responses API"]),
    ("https://api.openai.com", CHAT, 400, None, "Please use `/v1/responses` instead.", ["the Responses API, not chat"]),
    (
        "https://gateway.example.com/nope",
        CHAT,
        404,
        None,
        "Invalid URL. There are /v1/chat/completions, /v1/embeddings, /v1/responses.",
        ["The URL called was https://gateway.example.com/nope/chat/completions"],
    ),
    (FOUNDRY, CHAT, 404, "api_not_supported", "Requested API is currently not supported", [f"{FOUNDRY}/anthropic as"]),
    (FOUNDRY, CHAT, 400, None, "Unknown model: claude-opus-5-5", ["pass api='messages'"]),
    (FOUNDRY, "responses", 400, None, "This model is not supported by the Responses API", ["pass api='chat'"]),
    # the Messages API's own messages
    *(
        (f"{FOUNDRY}/anthropic", "messages", 400, "invalid_request_error", message, [advice])
        for message, advice in (
            ("`temperature` is deprecated for this model.", "leave temperature, top_p and top_k out"),
            (
                "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
                "temperature or top_p, not both",
            ),
            ("This model does not support assistant message prefill.", "end the messages with a user message"),
            ('tool_choice: type "tool" and "any" are not supported for this model.', "pass tool_choice='auto'"),
            ('"thinking.type.enabled" is not supported for this model.', "model_extras={'thinking': {...}}"),
            ("structured_outputs not supported in your workspace.", "use a version hosted by Anthropic"),
            (
                "Invalid `signature` in `thinking` block. The block is bound to a different conversation.",
                "thinking-binding-controls-2026-08-01",
            ),
            ("max_tokens: 70000 > 64000, which is the maximum allowed number of output tokens", "Pass max_tokens"),
        )
    ),
    (OPENAI, CHAT, 400, "OperationNotSupported", NO_CHAT.format("text-embedding-3-large"), ["use EmbeddingsClient"]),
    # max_tokens
    (
        DEPLOYMENT,
        CHAT,
        400,
        "unsupported_parameter",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        ["pass it instead of max_tokens"],
    ),
    (OPENAI, CHAT, 400, "unsupported_parameter", "'max_tokens' is unknown", ["take max_completion_tokens"]),
    (MAAS, CHAT, 422, "Invalid input", "extra_forbidden: max_completion_tokens", ["This model takes max_tokens"]),
    # missing model
    (
        FOUNDRY,
        CHAT,
        400,
        "no_model_name",
        "Please provide a model name in the request body or as a x-ms-model-mesh-model-name header.",
        ["pass model= to the client or to the call", f"{FOUNDRY}/openai/deployments/DEPLOYMENT"],
    ),
    (PLATFORM, CHAT, 400, None, "you must provide a model parameter", ["api.openai.com/v1 serves several"]),
    # unknown model
    (OPENAI, CHAT, 404, "DeploymentNotFound", "The API deployment does not exist", ["as model=, pass the name"]),
    (DEPLOYMENT, CHAT, 404, "DeploymentNotFound", "The API deployment does not exist", ["in the endpoint, pass the"]),
    (FOUNDRY, CHAT, 400, "unknown_model", "Unknown model: gpt", ["has no deployment of that name"]),
    (f"{LOCAL}/v1", CHAT, 404, 404, "The model `x` does not exist.", [f"GET {LOCAL}/v1/models"]),
    (LOCAL, CHAT, 404, None, 'model "x" not found, try pulling it', [f"{LOCAL} has no model of that name."]),
    # the api-version
    (
        f"{OPENAI}/openai/v1?api-version=2024-10-21",
        CHAT,
        400,
        "BadRequest",
        "API version not supported",
        ["leave api_version out (it was '2024-10-21')"],
    ),
    (
        DEPLOYMENT,
        CHAT,
        400,
        "BadRequest",
        "Model {modelName} is enabled only for api versions 2024-12-01-preview and later",
        ["api_version='2024-10-21'", f"{OPENAI}/openai/v1 needs none"],
    ),
    (MAAS, CHAT, 400, None, "Missing api-version", ["pass another as api_version= to the client or to a call."]),
    # wrong URLs
    (FOUNDRY, CHAT, 404, "404", "Resource not found", [f"called was {FOUNDRY}/openai/v1/{CHAT}.", "/deployments/D"]),
    (f"{FOUNDRY}/api/projects/P", CHAT, 404, None, None, [f"Use {FOUNDRY}/openai/v1."]),
    (f"{FOUNDRY}/anthropic/v1", "messages", 405, None, None, [f"{FOUNDRY}/anthropic/v1/messages. Claude is served"]),
    ("https://gw.example/anthropic", "messages", 404, None, None, ["URL before /v1/messages as the endpoint"]),
    (f"{FOUNDRY}/my/route", CHAT, 410, None, None, [f"/my/route/{CHAT}?api-version=2024-05-01-preview.", "retired"]),
    (f"{DEPLOYMENT}?key=s3cret", CHAT, 404, "404", "Resource not found", [f"Use {OPENAI}/openai/v1 with model="]),
    (FOUNDRY, IMAGES, 404, None, None, ["Image embeddings are served at https://RESOURCE.services.ai.azure.com/models"]),
    (MAAS, CHAT, 404, None, "NOT FOUND", [f"Use {MAAS}, or {MAAS}/v1."]),
    (f"{MAAS}/v1", CHAT, 404, None, "NOT FOUND", [f"Use {MAAS}."]),
    (MANAGED, CHAT, 404, None, None, [f"{MANAGED}/v1", 'headers={"azureml-model-deployment": "NAME"}']),
    (f"{MANAGED}/v1", CHAT, 404, None, None, [f"Use {MANAGED},", "azureml-model-deployment"]),
    ("https://api.mistral.ai", CHAT, 404, None, None, ["Use https://api.mistral.ai/v1."]),
    ("https://api.mistral.ai/v2", CHAT, 404, None, None, ["Use https://api.mistral.ai/v1."]),
    (LOCAL, CHAT, 404, None, "Not Found", [f"respond at {LOCAL}/v1"]),
    (f"{LOCAL}/v1", CHAT, 404, None, None, [f"Use {LOCAL} if it is"]),
    (LOCAL, CHAT, 200, None, "Unexpected endpoint or method. (POST /chat/completions)", [f"{LOCAL}/v1"]),
    (OPENAI, "info", 404, "404", "Resource not found", ["served by serverless and managed endpoints"]),
    (f"{FOUNDRY}/models", "info?model=m", 404, None, None, ["served by serverless and managed endpoints"]),
]  # fmt: skip


@pytest.mark.parametrize("row", KNOWN, ids=[f"{row[2]} {row[0]}" for row in KNOWN])
def test_known_failures(row: Row) -> None:
    pasted, operation, status, code, message, words = row
    kind: Kind = "image_embeddings" if operation == IMAGES else "chat"
    text = advise(resolve(pasted, kind), operation, status, code, message) or ""
    assert [word for word in words if word not in text] == []
    assert "s3cret" not in text
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("pasted", "operation", "status", "code", "message"),
    [
        (FOUNDRY, CHAT, 401, None, "Access denied due to invalid subscription key"),
        (FOUNDRY, CHAT, 429, "429", "Requests under Azure OpenAI API version 2024 have exceeded token rate limit"),
        (FOUNDRY, CHAT, 400, "content_filter", "The response was filtered"),
        (FOUNDRY, CHAT, 400, "invalid_value", "max_tokens is too large: 99999999."),
        (FOUNDRY, "embeddings", 400, "OperationNotSupported", "The embeddings operation does not work with gpt-4o"),
        (FOUNDRY, CHAT, 500, None, "The model is not found in the cache"),
        (MAAS, CHAT, 422, "Invalid input", "body.foo: Extra inputs are not permitted"),
        ("http://localhost/v1", CHAT, 200, "rate_limit", "slow down"),
    ],
)
def test_no_advice_for_self_explanatory_failures(
    pasted: str, operation: str, status: int, code: str | None, message: str
) -> None:
    assert advise(resolve(pasted), operation, status, code, message) is None


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        (
            "http://localhost:8000",
            "The URL called was http://localhost:8000/chat/completions?api-version=2024-05-01-preview.",
        ),
        ("https://models.github.ai/inference", "GitHub Models was retired"),
    ],
)
def test_not_json(pasted: str, words: str) -> None:
    assert words in advise_not_json(resolve(pasted), CHAT)


def test_missing_model_names_the_ways_to_give_one() -> None:
    assert missing_model(resolve(f"{FOUNDRY}/models")) == (
        f"{FOUNDRY}/openai/v1 serves several models: pass model= to the client or to the call (the deployment's name), "
        f"or use {FOUNDRY}/openai/deployments/DEPLOYMENT as the endpoint."
    )
    assert missing_model(resolve("https://api.mistral.ai")) == (
        "https://api.mistral.ai/v1 serves several models: pass model= to the client or to the call."
    )


ENDPOINTS = [
    FOUNDRY,
    DEPLOYMENT,
    f"{FOUNDRY}/x",
    MAAS,
    f"{MAAS}/v1",
    MANAGED,
    "https://api.openai.com",
    "http://localhost",
]
TEXTS = st.one_of(st.none(), st.text(), st.integers().map(str), st.sampled_from([row[4] or "" for row in KNOWN]))


@given(
    st.sampled_from(ENDPOINTS), st.sampled_from([CHAT, "embeddings", IMAGES, "info"]), st.integers(0, 999), TEXTS, TEXTS
)
def test_advice_is_a_sentence_or_none(
    pasted: str, operation: str, status: int, code: str | None, message: str | None
) -> None:
    text = advise(resolve(pasted), operation, status, code, message)
    assert text is None or text.endswith(".")
