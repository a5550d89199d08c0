"""Endpoints as users paste them: the table, the refusals, and properties of any text."""

from typing import Any

import pytest
from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.policies import AzureKeyCredentialPolicy, BearerTokenCredentialPolicy
from azure.core.rest import HttpRequest

from azure.ai.inference._http.endpoint import Api, Endpoint, Kind, scopes_from_audience
from azure.ai.inference._http.endpoint_routes import resolve

COGNITIVE = "https://cognitiveservices.azure.com/.default"
AI = "https://ai.azure.com/.default"
ML = "https://ml.azure.com/.default"

# Entra scope, and the headers that carry a key
Access = tuple[str, tuple[str, ...]]
RESOURCE: Access = (COGNITIVE, ("api-key",))
PROJECT: Access = (AI, ("api-key",))
ENDPOINT: Access = (ML, ("Authorization",))
OTHER: Access = (ML, ("api-key", "Authorization"))
GOV_ACCESS: Access = ("https://cognitiveservices.azure.us/.default", ("api-key",))
GOV_PROJECT: Access = ("https://ai.azure.us/.default", ("api-key",))
GOV_ML: Access = ("https://ml.azure.us/.default", ("Authorization",))
GOV_OTHER: Access = ("https://ml.azure.us/.default", ("api-key", "Authorization"))
CHINA_ACCESS: Access = ("https://cognitiveservices.azure.cn/.default", ("api-key",))

CLAUDE: Access = (AI, ("x-api-key", "api-key"))
ANTHROPIC: Access = (ML, ("x-api-key",))

OPERATIONS: dict[Kind, str] = {
    "chat": "chat/completions",
    "embeddings": "embeddings",
    "image_embeddings": "images/embeddings",
}

FOUNDRY = "https://r.services.ai.azure.com"
OPENAI = "https://r.openai.azure.com"
MAAS = "https://m.eastus2.models.ai.azure.com"
OLD_MAAS = "https://m.westus.inference.ai.azure.com"
MANAGED = "https://e.eastus.inference.ml.azure.com"
GOV_MANAGED = "https://e.usgovvirginia.inference.ml.azure.us"
REGION = "https://eastus.api.cognitive.microsoft.com"
COGNITIVE_HOST = "https://r.cognitiveservices.azure.com"
LOCAL = "http://127.0.0.1:8080"
GATEWAY = "https://gw.example"
GITHUB = "https://models.github.ai/inference"
OLD_GITHUB = "https://models.inference.ai.azure.com"
GOV = "https://r.openai.azure.us"
CHINA = "https://r.openai.azure.cn"
FOUNDRY_V1 = f"{FOUNDRY}/openai/v1"
FOUNDRY_CLAUDE = f"{FOUNDRY}/anthropic/v1"
FOUNDRY_MODELS = f"{FOUNDRY}/models"
PROJECT_V1 = f"{FOUNDRY}/api/projects/P/openai/v1"
OPENAI_V1 = f"{OPENAI}/openai/v1"
DEPLOYMENT = f"{OPENAI}/openai/deployments/D"
GOV_FOUNDRY = "https://r.services.ai.azure.us"
CHINA_FOUNDRY = "https://r.services.ai.azure.cn"
FOUNDRY_CHAT = f"{FOUNDRY_V1}/chat/completions"
DEPLOYMENT_CHAT = f"{DEPLOYMENT}/chat/completions"
PREVIEW = "?api-version=2024-05-01-preview"
GA = "?api-version=2024-10-21"
V1_PREVIEW = "?api-version=preview"
V2024 = "?api-version=2024-06-01"
V2025 = "?api-version=2025-01-01-preview"

# pasted, kind, base that is called, query, access
Row = tuple[str, Kind, str, str, Access]
TABLE: list[Row] = [
    # A Foundry resource, in every form that the portal and the retired library's documents show.
    (FOUNDRY, "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/models", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/models/", "embeddings", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/models/chat/completions{PREVIEW}", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/models/embeddings{PREVIEW}", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/api/models", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/models{V1_PREVIEW}", "chat", FOUNDRY_V1, V1_PREVIEW, RESOURCE),
    (f"{FOUNDRY}/openai/v1", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/openai/v1/", "embeddings", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/openai/v1/chat/completions", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/openai/v1/responses", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/openai/v1/models", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/openai/v1{V1_PREVIEW}", "chat", FOUNDRY_V1, V1_PREVIEW, RESOURCE),
    (f"{FOUNDRY}/openai/responses?api-version=2025-04-01-preview", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/chat/completions", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/info", "chat", FOUNDRY_V1, "", RESOURCE),
    (f"{FOUNDRY}/openai/deployments/D", "chat", f"{FOUNDRY}/openai/deployments/D", GA, RESOURCE),
    (f"{FOUNDRY}/api/projects/P", "chat", PROJECT_V1, "", PROJECT),
    (f"{FOUNDRY}/api/projects/P/", "embeddings", PROJECT_V1, "", PROJECT),
    (f"{FOUNDRY}/api/projects/P/openai/v1", "chat", PROJECT_V1, "", PROJECT),
    (f"{FOUNDRY}/api/projects/P/agents", "chat", PROJECT_V1, "", PROJECT),
    (FOUNDRY, "image_embeddings", FOUNDRY_MODELS, PREVIEW, RESOURCE),
    (f"{FOUNDRY}/models", "image_embeddings", FOUNDRY_MODELS, PREVIEW, RESOURCE),
    (f"{FOUNDRY}/openai/v1", "image_embeddings", FOUNDRY_MODELS, PREVIEW, RESOURCE),
    (f"{FOUNDRY}/api/projects/P{V2025}", "image_embeddings", FOUNDRY_MODELS, V2025, RESOURCE),
    # Claude on a resource, and the Messages API on other hosts.
    (f"{FOUNDRY}/anthropic", "chat", FOUNDRY_CLAUDE, "", CLAUDE),
    (f"{FOUNDRY}/anthropic/v1", "chat", FOUNDRY_CLAUDE, "", CLAUDE),
    (f"{FOUNDRY}/anthropic/v1/messages", "chat", FOUNDRY_CLAUDE, "", CLAUDE),
    (f"{FOUNDRY}/anthropic/v1/messages/count_tokens{V2024}", "chat", FOUNDRY_CLAUDE, "", CLAUDE),
    (f"{FOUNDRY}/openai/v1/messages", "chat", FOUNDRY_CLAUDE, "", CLAUDE),
    (f"{OPENAI}/anthropic", "chat", f"{OPENAI}/anthropic/v1", "", CLAUDE),
    (f"{GATEWAY}/anthropic", "chat", f"{GATEWAY}/anthropic/v1", "", ANTHROPIC),
    (f"{GATEWAY}/v1/messages", "chat", f"{GATEWAY}/v1", "", ANTHROPIC),
    (f"{LOCAL}/v1/messages?a=b", "chat", f"{LOCAL}/v1", "?a=b", ANTHROPIC),
    # The Responses API.
    (f"{FOUNDRY}/api/projects/P/openai/v1/responses", "chat", PROJECT_V1, "", PROJECT),
    (f"{LOCAL}/v1/responses", "chat", f"{LOCAL}/v1", "", OTHER),
    (f"{GATEWAY}/my/responses", "chat", f"{GATEWAY}/my", PREVIEW, OTHER),
    (f"{FOUNDRY}/my/route", "chat", f"{FOUNDRY}/my/route", PREVIEW, RESOURCE),
    # Azure OpenAI
    (OPENAI, "chat", OPENAI_V1, "", RESOURCE),
    (f"{OPENAI}/?api-version=2024-06-01", "chat", OPENAI_V1, "", RESOURCE),
    (f"{OPENAI}/openai", "chat", OPENAI_V1, "", RESOURCE),
    (f"{OPENAI}/openai/v1/", "chat", OPENAI_V1, "", RESOURCE),
    (f"{OPENAI}/openai/deployments", "chat", OPENAI_V1, "", RESOURCE),
    (DEPLOYMENT, "chat", DEPLOYMENT, GA, RESOURCE),
    (f"{DEPLOYMENT}/chat/completions{V2025}", "chat", DEPLOYMENT, V2025, RESOURCE),
    (f"{DEPLOYMENT}?API-Version=2024-06-01", "chat", DEPLOYMENT, V2024, RESOURCE),
    (f"{OPENAI}/OpenAI/Deployments/My-D/completions", "chat", f"{OPENAI}/openai/deployments/My-D", GA, RESOURCE),
    (DEPLOYMENT, "embeddings", DEPLOYMENT, GA, RESOURCE),
    (COGNITIVE_HOST, "chat", f"{COGNITIVE_HOST}/openai/v1", "", RESOURCE),
    (f"{REGION}/", "chat", f"{REGION}/openai/v1", "", RESOURCE),
    # A name that looks like an operation is a name.
    (f"{OPENAI}/openai/deployments/embeddings", "embeddings", f"{OPENAI}/openai/deployments/embeddings", GA, RESOURCE),
    (f"{OPENAI}/openai/deployments/models/embeddings", "chat", f"{OPENAI}/openai/deployments/models", GA, RESOURCE),
    (f"{FOUNDRY}/api/projects/embeddings", "chat", f"{FOUNDRY}/api/projects/embeddings/openai/v1", "", PROJECT),
    (f"{LOCAL}/x/deployments/embeddings/embeddings", "chat", f"{LOCAL}/x/deployments/embeddings", PREVIEW, OTHER),
    # Serverless and managed endpoints
    (MAAS, "chat", MAAS, PREVIEW, ENDPOINT),
    (f"{MAAS}/info", "chat", MAAS, PREVIEW, ENDPOINT),
    (f"{MAAS}/", "image_embeddings", MAAS, PREVIEW, ENDPOINT),
    (f"{MAAS}/v1", "chat", f"{MAAS}/v1", "", ENDPOINT),
    (f"{OLD_MAAS}/v1/chat/completions", "chat", f"{OLD_MAAS}/v1", "", ENDPOINT),
    (OLD_MAAS, "embeddings", OLD_MAAS, PREVIEW, ENDPOINT),
    (MANAGED, "chat", MANAGED, PREVIEW, ENDPOINT),
    (f"{MANAGED}/score", "chat", MANAGED, PREVIEW, ENDPOINT),
    (f"{MANAGED}/v1", "chat", f"{MANAGED}/v1", "", ENDPOINT),
    # Sovereign clouds
    (GOV, "chat", f"{GOV}/openai/v1", "", GOV_ACCESS),
    (f"{CHINA}/openai/deployments/D", "chat", f"{CHINA}/openai/deployments/D", GA, CHINA_ACCESS),
    (f"{GOV_FOUNDRY}/api/projects/P", "chat", f"{GOV_FOUNDRY}/api/projects/P/openai/v1", "", GOV_PROJECT),
    (f"{CHINA_FOUNDRY}/models", "chat", f"{CHINA_FOUNDRY}/openai/v1", "", CHINA_ACCESS),
    (GOV_MANAGED, "chat", GOV_MANAGED, PREVIEW, GOV_ML),
    ("https://gateway.azure.us", "chat", "https://gateway.azure.us", PREVIEW, GOV_OTHER),
    # Other platforms
    ("https://api.openai.com", "chat", "https://api.openai.com/v1", "", ENDPOINT),
    ("api.openai.com/v1/chat/completions", "chat", "https://api.openai.com/v1", "", ENDPOINT),
    ("https://api.mistral.ai/v1/", "embeddings", "https://api.mistral.ai/v1", "", ENDPOINT),
    (GITHUB, "chat", GITHUB, PREVIEW, OTHER),
    (OLD_GITHUB, "chat", OLD_GITHUB, PREVIEW, OTHER),
    # Hosts that match no row: b9's contract, or /v1
    (LOCAL, "chat", LOCAL, PREVIEW, OTHER),
    (f"{LOCAL}/models", "chat", f"{LOCAL}/models", PREVIEW, OTHER),
    (f"{LOCAL}/openai/deployments/D", "chat", f"{LOCAL}/openai/deployments/D", PREVIEW, OTHER),
    (f"{LOCAL}/openai/v1", "chat", f"{LOCAL}/openai/v1", "", OTHER),
    ("http://localhost:11434/v1", "chat", "http://localhost:11434/v1", "", OTHER),
    ("http://localhost:1234/v1/models", "chat", "http://localhost:1234/v1", "", OTHER),
    ("http://localhost:8000/v1/completions", "chat", "http://localhost:8000/v1", "", OTHER),
    ("https://openrouter.ai/api/v1", "chat", "https://openrouter.ai/api/v1", "", OTHER),
    (f"{GATEWAY}/Team/A?foo=1", "chat", f"{GATEWAY}/Team/A", "?foo=1&api-version=2024-05-01-preview", OTHER),
    (f"{GATEWAY}?code=a%2Bb+c&&x", "chat", GATEWAY, "?code=a%2Bb+c&x&api-version=2024-05-01-preview", OTHER),
    (f"{GATEWAY}/?api-version=V1&foo=1&api-version=V2", "chat", GATEWAY, "?foo=1&api-version=V1", OTHER),
    (f"{GATEWAY}/?api-version=", "chat", GATEWAY, PREVIEW, OTHER),
    (f"{GATEWAY}/proxy/https://api.x.ai/v1", "chat", f"{GATEWAY}/proxy/https://api.x.ai/v1", "", OTHER),
    (f"{GATEWAY}/a b/{{c}}/é/%41%zz", "chat", f"{GATEWAY}/a%20b/%7Bc%7D/%C3%A9/%41%25zz", PREVIEW, OTHER),
    (f"{GATEWAY}/v1#part", "chat", f"{GATEWAY}/v1", "", OTHER),
    (f"{FOUNDRY}.evil.example/models", "chat", f"{FOUNDRY}.evil.example/models", PREVIEW, OTHER),
    (f"{GATEWAY}/@cf/a:///", "chat", f"{GATEWAY}/@cf/a:", PREVIEW, OTHER),
    ("https://gw.contoso.com", "chat", "https://gw.contoso.com", PREVIEW, OTHER),
    ("https://gw.contoso.cn/v1", "chat", "https://gw.contoso.cn/v1", "", OTHER),
    # Spelling: scheme, capitals, slashes, quotes, ports, other scripts, IPv6
    ("r.openai.azure.com", "chat", OPENAI_V1, "", RESOURCE),
    ("//r.openai.azure.com/", "chat", OPENAI_V1, "", RESOURCE),
    ("  HTTPS://R.OpenAI.Azure.COM//OPENAI//V1//  ", "chat", OPENAI_V1, "", RESOURCE),
    ("\ufeff\"https://r.openai.azure.com./\",\n", "chat", OPENAI_V1, "", RESOURCE),
    ("<https://r.openai.azure.com:443>", "chat", OPENAI_V1, "", RESOURCE),
    ("\u201chttps://r.openai.azure.com\u201d;", "chat", OPENAI_V1, "", RESOURCE),
    ("(https://r.openai.azure.com)", "chat", OPENAI_V1, "", RESOURCE),
    (f"{OPENAI}/openai/v1/chat/completions/chat/completions/", "chat", OPENAI_V1, "", RESOURCE),
    ("http://gw.example:80/v1", "chat", "http://gw.example/v1", "", OTHER),
    ("gw.example:8443/v1", "chat", "https://gw.example:8443/v1", "", OTHER),
    ("litellm_proxy:4000/v1", "chat", "https://litellm_proxy:4000/v1", "", OTHER),
    ("localhost/v1", "chat", "http://localhost/v1", "", OTHER),
    ("localhost:8000/v1", "chat", "http://localhost:8000/v1", "", OTHER),
    ("127.0.0.1:8000/v1", "chat", "http://127.0.0.1:8000/v1", "", OTHER),
    ("127.evil.example/v1", "chat", "https://127.evil.example/v1", "", OTHER),
    ("[::1]:8000/v1", "chat", "http://[::1]:8000/v1", "", OTHER),
    ("http://[2001:DB8:0::1]/v1", "chat", "http://[2001:db8::1]/v1", "", OTHER),
    ("https://Bücher.example/v1", "chat", "https://xn--bcher-kva.example/v1", "", OTHER),
]  # fmt: skip


class RecordingCredential:
    """A token credential that remembers the scopes asked for."""

    def __init__(self) -> None:
        self.scopes: tuple[str, ...] = ()

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes = scopes
        return AccessToken("t0ken", 4102444800)


@pytest.mark.parametrize("row", TABLE, ids=[f"{row[1]} {row[0].strip()}" for row in TABLE])
@pytest.mark.parametrize("credential", ["key", "token"])
def test_endpoint_table(row: Row, credential: str) -> None:
    pasted, kind, base, query, (scope, key_headers) = row
    endpoint = resolve(pasted, kind)
    request = HttpRequest("POST", endpoint.url(OPERATIONS[kind]))
    message: PipelineRequest[HttpRequest] = PipelineRequest(request, PipelineContext(None))
    if credential == "key":
        for header in endpoint.key_headers:
            prefix = "Bearer" if header == "Authorization" else None
            AzureKeyCredentialPolicy(AzureKeyCredential("k3y"), header, prefix=prefix).on_request(message)
        values = {"api-key": "k3y", "x-api-key": "k3y", "Authorization": "Bearer k3y"}
        assert dict(request.headers) == {header: values[header] for header in key_headers}
    else:
        recording = RecordingCredential()
        message.context.options["enforce_https"] = False
        BearerTokenCredentialPolicy(recording, *endpoint.scopes).on_request(message)
        assert recording.scopes == (scope,)
        assert dict(request.headers) == {"Authorization": "Bearer t0ken"}
    assert endpoint.base_url == base
    assert request.url == f"{base}/{OPERATIONS[kind]}{query}"


def test_endpoint_table_size() -> None:
    assert len({row[:2] for row in TABLE}) == len(TABLE) >= 60


@pytest.mark.parametrize("row", TABLE, ids=[f"{row[1]} {row[0].strip()}" for row in TABLE])
def test_resolving_is_idempotent(row: Row) -> None:
    endpoint = resolve(row[0], row[1])
    again = resolve(endpoint.url(endpoint.api or OPERATIONS[row[1]]), row[1])
    assert again == endpoint._replace(rewritten_from=None)


@pytest.mark.parametrize(
    ("pasted", "named"),
    [
        (FOUNDRY, None),
        (f"{FOUNDRY}/openai/v1/chat/completions", None),
        (f"{FOUNDRY}/openai/v1/responses", "responses"),
        (f"{FOUNDRY}/openai/responses?api-version=2025-04-01-preview", "responses"),
        (f"{LOCAL}/v1/Responses/", "responses"),
        (f"{FOUNDRY}/anthropic", "messages"),
        (f"{LOCAL}/v1/messages", "messages"),
        (f"{LOCAL}/messages", None),
        (f"{OPENAI}/openai/deployments/responses", None),
        (f"{OPENAI}/openai/deployments/anthropic/chat/completions", None),
        (f"{FOUNDRY}/api/projects/anthropic", None),
    ],
)
def test_url_may_name_the_api(pasted: str, named: str | None) -> None:
    assert resolve(pasted).api == named


SPEAKING: list[tuple[str, Api, str]] = [
    (FOUNDRY, "chat", FOUNDRY_V1),
    (FOUNDRY, "responses", FOUNDRY_V1),
    (FOUNDRY, "messages", FOUNDRY_CLAUDE),
    (f"{FOUNDRY}/api/projects/P", "responses", PROJECT_V1),
    (f"{FOUNDRY}/api/projects/P", "messages", FOUNDRY_CLAUDE),
    (DEPLOYMENT, "chat", f"{DEPLOYMENT}{GA}"),
    (f"{DEPLOYMENT}{V2025}", "responses", OPENAI_V1),
    (DEPLOYMENT, "messages", f"{OPENAI}/anthropic/v1"),
    (f"{GATEWAY}/x/openai/deployments/D?key=v", "responses", f"{GATEWAY}/x/openai/v1?key=v"),
    (FOUNDRY_CLAUDE, "chat", FOUNDRY_V1),
    (FOUNDRY_CLAUDE, "responses", FOUNDRY_V1),
    (FOUNDRY_CLAUDE, "messages", FOUNDRY_CLAUDE),
    (f"{LOCAL}/v1", "responses", f"{LOCAL}/v1"),
    (f"{LOCAL}/v1", "messages", f"{LOCAL}/v1"),
    (f"{LOCAL}/v1/messages", "chat", f"{LOCAL}/v1"),
    (LOCAL, "responses", f"{LOCAL}{PREVIEW}"),
    (LOCAL, "messages", f"{LOCAL}/v1"),
    (f"{LOCAL}/anthropic", "messages", f"{LOCAL}/anthropic/v1"),
]


@pytest.mark.parametrize(("pasted", "api", "called"), SPEAKING)
def test_url_of_each_api(pasted: str, api: Api, called: str) -> None:
    """A call or a client may name another API than the URL does."""
    base, mark, query = called.partition("?")
    of_call, of_client = resolve(pasted).for_api(api), resolve(pasted, api=api).for_api(api)
    assert of_call.url("x") == of_client.url("x") == f"{base}/x{mark}{query}"
    assert ("x-api-key" in of_call.key_headers) == (api == "messages")
    assert of_call.key_headers == of_client.key_headers
    assert (of_call.dialect == "messages") == (api == "messages")


def test_responses_api_leaves_the_retired_route() -> None:
    assert resolve(FOUNDRY, route="models").for_api("responses").base_url == FOUNDRY_V1


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_claude_gateway_has_no_other_api(api: Api) -> None:
    for refused in (
        lambda: resolve(f"{GATEWAY}/anthropic", api=api),
        lambda: resolve(f"{GATEWAY}/anthropic").for_api(api),
    ):
        with pytest.raises(
            ValueError, match=f"^{GATEWAY}/anthropic/v1 is Anthropic's Messages API.* no route for api='{api}'"
        ):
            refused()


@pytest.mark.parametrize("pasted", [f"{FOUNDRY}/anthropic", f"{GATEWAY}/v1/messages"])
def test_messages_api_has_no_embeddings(pasted: str) -> None:
    with pytest.raises(ValueError, match="which does not serve embeddings"):
        resolve(pasted, "embeddings")


def test_api_version_is_omitted_if_the_api_has_none() -> None:
    assert (
        resolve(f"{FOUNDRY}/anthropic").with_api_version("2025-01-01").url("messages") == f"{FOUNDRY_CLAUDE}/messages"
    )
    responses = resolve(f"{DEPLOYMENT}{V2025}").for_api("responses")
    assert responses.with_api_version("2025-01-01-preview").url("responses") == f"{OPENAI_V1}/responses"


@pytest.mark.parametrize(
    ("pasted", "model", "expected"),
    [
        (FOUNDRY, "claude-opus-5-5", True),
        (OPENAI, "Claude-mine", True),
        (FOUNDRY, "gpt-5", False),
        (FOUNDRY, None, False),
        (DEPLOYMENT, "claude-opus-5-5", False),
        (f"{GATEWAY}/v1", "claude-opus-5-5", False),
    ],
)
def test_claude_on_a_resource_is_served_by_the_messages_api(pasted: str, model: str | None, expected: bool) -> None:
    assert resolve(pasted).uses_messages_api(model) is expected


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [(FOUNDRY, True), (DEPLOYMENT, True), (f"{LOCAL}/openai/deployments/D", True), (LOCAL, False), (MAAS, False)],
)
def test_may_serve_responses(pasted: str, expected: bool) -> None:
    assert resolve(pasted).may_serve_responses is expected


@pytest.mark.parametrize(
    ("pasted", "dialect", "extra_parameters", "model_required", "root"),
    [
        (FOUNDRY, "v1", False, True, FOUNDRY),
        (f"{FOUNDRY}/api/projects/P", "v1", False, True, FOUNDRY),
        (f"{FOUNDRY}/anthropic", "messages", False, True, FOUNDRY),
        (f"{LOCAL}/v1/messages", "messages", False, True, LOCAL),
        (f"{OPENAI}/openai/deployments/D", "deployments", True, False, OPENAI),
        (f"{FOUNDRY}/my/route", "inference", True, False, FOUNDRY),
        ("https://m.eastus2.models.ai.azure.com", "inference", True, False, "https://m.eastus2.models.ai.azure.com"),
        ("https://m.eastus2.models.ai.azure.com/v1", "v1", False, False, "https://m.eastus2.models.ai.azure.com"),
        ("https://api.mistral.ai", "v1", False, True, "https://api.mistral.ai"),
        ("http://localhost:8000/v1", "v1", False, False, "http://localhost:8000"),
        ("http://localhost:8000", "inference", True, False, "http://localhost:8000"),
    ],
)
def test_dialect(pasted: str, dialect: str, extra_parameters: bool, model_required: bool, root: str) -> None:
    endpoint = resolve(pasted)
    found = (endpoint.dialect, endpoint.extra_parameters, endpoint.model_required, endpoint.root)
    assert found == (dialect, extra_parameters, model_required, root)


# ---------------------------------------------------------------- rewriting, and how to avoid it


@pytest.mark.parametrize(
    ("pasted", "kind", "rewritten_from", "notice"),
    [
        (f"{FOUNDRY}/models?key=s3cret", "chat", f"{FOUNDRY}/models", 'build the client with route="models"'),
        (f"{FOUNDRY}/api/models/", "embeddings", f"{FOUNDRY}/api/models", 'build the client with route="models"'),
        (FOUNDRY, "chat", FOUNDRY, f"The endpoint {FOUNDRY} is called as {FOUNDRY}/openai/v1."),
        (f"{FOUNDRY}/openai/v1", "image_embeddings", f"{FOUNDRY}/openai/v1", f"is called as {FOUNDRY}/models."),
        (f"{FOUNDRY}/models", "image_embeddings", None, None),
        (f"{FOUNDRY}/OpenAI/v1/chat/completions", "chat", None, None),
        ("http://localhost/models", "chat", None, None),
    ],
)
def test_notice(pasted: str, kind: Kind, rewritten_from: str | None, notice: str | None) -> None:
    endpoint = resolve(pasted, kind)
    assert endpoint.rewritten_from == rewritten_from
    assert endpoint.notice is None if notice is None else notice in (endpoint.notice or "")
    assert "s3cret" not in repr(endpoint) + (endpoint.notice or "")


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        (f"{FOUNDRY}/models", f"{FOUNDRY}/models/chat/completions{PREVIEW}"),
        (f"{FOUNDRY}/models?api-version=2025-04-01", f"{FOUNDRY}/models/chat/completions?api-version=2025-04-01"),
        (FOUNDRY, f"{FOUNDRY}/models/chat/completions{PREVIEW}"),
        (f"{FOUNDRY}/api/projects/P", f"{FOUNDRY}/models/chat/completions{PREVIEW}"),
        (f"{FOUNDRY}/openai/deployments/D", f"{FOUNDRY}/openai/deployments/D/chat/completions{GA}"),
        ("http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions"),
        ("https://api.openai.com", "https://api.openai.com/v1/chat/completions"),
    ],
)
def test_route_models_keeps_the_retired_route(pasted: str, url: str) -> None:
    assert resolve(pasted, route="models").url("chat/completions") == url


def test_unknown_route_is_refused() -> None:
    with pytest.raises(ValueError, match=r"route='v1' is unknown.*route=\"models\""):
        resolve(FOUNDRY, route="v1")


@pytest.mark.parametrize(
    ("pasted", "given_version", "url"),
    [
        (f"{FOUNDRY}/models", "2024-05-01-preview", FOUNDRY_CHAT),  # meant for the route that is no longer called
        (f"{FOUNDRY}/models", "preview", f"{FOUNDRY_CHAT}?api-version=preview"),
        (f"{FOUNDRY}/openai/v1", "2024-05-01-preview", f"{FOUNDRY_CHAT}{PREVIEW}"),
        (f"{OPENAI}/openai/deployments/D", "2024-06-01", f"{DEPLOYMENT_CHAT}?api-version=2024-06-01"),
        (f"{OPENAI}/openai/deployments/D?api-version=V", None, DEPLOYMENT_CHAT),
        (f"{OPENAI}/openai/deployments/D", "", DEPLOYMENT_CHAT),
        ("http://localhost/?foo=1", None, "http://localhost/chat/completions?foo=1"),
        ("http://localhost/v1", "a b&c", "http://localhost/v1/chat/completions?api-version=a%20b%26c"),
    ],
)
def test_callers_api_version(pasted: str, given_version: str | None, url: str) -> None:
    assert resolve(pasted).with_api_version(given_version).url("chat/completions") == url


def test_operation_with_a_query() -> None:
    url = resolve("http://localhost/?foo=1").url("/info?model=m")
    assert url == f"http://localhost/info?foo=1&model=m&{PREVIEW[1:]}"


# ---------------------------------------------------------------- scopes


@pytest.mark.parametrize(
    ("cloud", "scope"),
    [
        (None, ML),
        ("", ML),
        ("AzureCloud", ML),
        ("AZURE_PUBLIC_CLOUD", ML),
        ("AzureGermanCloud", ML),
        ("AzureUSGovernment", "https://ml.azure.us/.default"),
        ("AZURE_US_GOVERNMENT", "https://ml.azure.us/.default"),
        ("AzureChinaCloud", "https://ml.azure.cn/.default"),
        ("AZURE_CHINA_CLOUD", "https://ml.azure.cn/.default"),
    ],
)
def test_cloud_sets_the_scope_of_unknown_hosts(cloud: str | None, scope: str) -> None:
    assert resolve("https://gw.example", cloud=cloud).scopes == (scope,)
    assert resolve(FOUNDRY, cloud=cloud).scopes == (COGNITIVE,)


@pytest.mark.parametrize(
    ("credential_scopes", "audience", "scopes"),
    [
        (None, None, (COGNITIVE,)),
        ("https://x/.default", None, ("https://x/.default",)),
        (["https://x/.default", "y"], "https://z", ("https://x/.default", "y")),
        (None, "https://ai.azure.com", (AI,)),
        ([], None, (COGNITIVE,)),
        ((), "https://ai.azure.com", (AI,)),
    ],
)
def test_callers_scopes(credential_scopes: Any, audience: str | None, scopes: tuple[str, ...]) -> None:
    assert resolve(FOUNDRY).with_scopes(credential_scopes, audience).scopes == scopes


@pytest.mark.parametrize("credential_scopes", ["", [""], ["x", ""]])
def test_no_scope_is_refused(credential_scopes: Any) -> None:
    with pytest.raises(ValueError, match=r"credential_scopes=.* names no scope"):
        resolve(FOUNDRY).with_scopes(credential_scopes)


@pytest.mark.parametrize(
    ("audience", "scope"),
    [
        ("https://ai.azure.com", AI),
        (" https://ai.azure.com/ ", AI),
        ("https://ai.azure.com/.default", AI),
        ("ai.azure.com", AI),
        ("api://0d1f", "api://0d1f/.default"),
        ("0d1f2a6e-1111-2222-3333-444455556666", "0d1f2a6e-1111-2222-3333-444455556666/.default"),
    ],
)
def test_scopes_from_audience(audience: str, scope: str) -> None:
    assert scopes_from_audience(audience) == (scope,)


@pytest.mark.parametrize("audience", ["", "  ", "/", "/.default"])
def test_empty_audience_is_refused(audience: str) -> None:
    with pytest.raises(ValueError, match=r"audience=.* is empty"):
        scopes_from_audience(audience)


# ---------------------------------------------------------------- invalid endpoints

SECRET = "Zq9" * 12


@pytest.mark.parametrize(
    ("pasted", "reason"),
    [
        (None, "endpoint is None"),
        ("", "endpoint='' is empty"),
        (' "" ', "is empty"),
        (17, "must be a URL as str, not int"),
        (b"https://r.openai.azure.com", "must be a URL as str, not bytes"),
        (["https://r.openai.azure.com"], "not list"),
        ({"endpoint": "https://r.openai.azure.com"}, "not dict"),
        (AzureKeyCredential("Zq9"), "not AzureKeyCredential"),
        ("[endpoint](https://r.openai.azure.com)", "has words before the URL; pass only the URL"),
        ("curl https://r.openai.azure.com", "has words before the URL"),
        ("endpoint: https://r.openai.azure.com", "has words before the URL"),
        ("https:/r.openai.azure.com", "begins with https:/, not http:// or https://"),
        ("http:r.openai.azure.com", "begins with http:, not"),
        ("https//r.openai.azure.com", "begins with https//, not"),
        ("https://http://r.openai.azure.com", "has two URLs in it; pass one"),
        ("https://r.openai.azure.com https://s.openai.azure.com", "has two URLs"),
        ("https://learn.microsoft.com/azure", "a portal page"),
        ("https://platform.openai.com/api-keys", "a portal page"),
        ("https://r.openai.azure.com/openai/deployments//chat/completions", "names no deployment"),
        ("https://r.openai.azure.com/openai/deployments/{deployment-id}", "names no deployment"),
        ("https://r.openai.azure.com/openai/deployments/<D>/", "names no deployment"),
        ("https://r.services.ai.azure.com/api/projects/<project>", "names no project"),
        ("ftp:", "is not a URL of the http"),
        ("ftp://host/", "'ftp://host/' begins with ftp://"),
        ("azureml://x", "begins with azureml://"),
        ("mailto:someone", "is not a URL of the http"),
        ("https:\\\\host.example", r"begins with https:\\\\, not"),
        ("https:", "begins with https:, not"),
        ("https://", "has no host"),
        ("https:///path", "has no host"),
        ("https://https://r.openai.azure.com", "has two URLs"),
        ("https://.", "has no host"),
        ("/openai/v1", "has no host"),
        ("?api-version=x", "has no host"),
        ("my-resource", "is a name, not a URL"),
        (f"Endpoint=https://r.openai.azure.com/;Key={SECRET}", "is a connection string"),
        (f"endpoint=https://r.openai.azure.com/;key={SECRET}", "'endpoint=https://r.openai.azure.com/;\\*\\*\\*'"),
        (f"Key={SECRET};Endpoint=https://r.openai.azure.com/", "is a connection string"),
        (f"AccountKey={SECRET}", "is a connection string"),
        ("eastus.api.azureml.ms;sub;group;project", "is a connection string"),
        ("https://host:port/", "an invalid host or port"),
        ("https://host:99999/", "an invalid host or port"),
        ("http://localhost:0/v1", "has the port 0, where nothing can listen"),
        ("https://[::1/", "invalid host or port"),
        ("https://[fe80::zz]/", "invalid host or port|invalid IPv6"),
        ("https://[v1.a]/", "an invalid IPv6 address"),
        ("https://[fe80::1%25eth0]/", "not valid|IPv6 zone"),
        ("https://<resource>.openai.azure.com", "placeholder"),
        ("https://{resource}.openai.azure.com", "placeholder"),
        ("https://my host.example", "placeholder"),
        ("https://a..example", "an empty or overlong part"),
        (f"https://{'a' * 64}.example", "an empty or overlong part"),
        (f"https://{'a.' * 130}example", "an empty or overlong part"),
        ("https://faß.example", "xn-- form"),
        (f"https://{'ü' * 64}.example", "an invalid host"),
        ("https://a\nb.example", "line break"),
        ("https://a\u200bb.example", "invisible"),
        ("https://\ud800.example", "invisible"),
        ("https://ai.azure.com/resource/overview?tid=1", "portal page"),
        ("https://oai.azure.com", "portal page"),
        ("https://portal.azure.us/#home", "portal page"),
        (f"https://user:{SECRET}@r.openai.azure.com", "user information"),
        (f"user:{SECRET}@r.openai.azure.com", "user information"),
        (f"https://user:{SECRET}/x@r.openai.azure.com", "an invalid host or port"),
        (f"https://user:{SECRET}[::1]:8000", "an invalid host or port"),
        (f"https://user:{SECRET}%40r.openai.azure.com", "an invalid host or port"),
        (f"ftp://host/?key={SECRET}&code={SECRET}", r"'ftp://host/\?\*\*\*'"),
        (f"ftp://host/#{SECRET}", "begins with ftp"),
        (f"ftp://host/{SECRET}", "begins with ftp"),
        (SECRET, r"endpoint='\*\*\*' is a name"),
        (f"abc/{SECRET}+def==", "is a name|connection string"),
        ("ftp://" + "a." * 200, r"\.\.\.' begins"),
    ],
)
def test_refusals_show_value_and_advice_without_secrets(pasted: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as raised:
        resolve(pasted)
    text = str(raised.value)
    assert "https://RESOURCE.services.ai.azure.com" in text
    assert "http://localhost:8000/v1" in text
    assert "Zq9" not in text
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_url_objects_are_endpoints() -> None:
    class PydanticLike:
        def __str__(self) -> str:
            return "https://r.openai.azure.com/"

    assert resolve(PydanticLike()).base_url == f"{OPENAI}/openai/v1"  # type: ignore[arg-type]


# ---------------------------------------------------------------- cost


def test_endpoint_is_a_value() -> None:
    endpoint = resolve(FOUNDRY)
    assert endpoint == resolve(f"{FOUNDRY}/")
    assert isinstance(endpoint, Endpoint)
    assert hash(endpoint) == hash(resolve(f"{FOUNDRY}/"))
    assert repr(endpoint) == f"Endpoint('{FOUNDRY}/openai/v1', api_version=None, scopes=('{COGNITIVE}',))"
