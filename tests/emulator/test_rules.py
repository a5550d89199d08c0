"""The emulator's refusals in each provider's format: routes, credentials, api-versions, body members."""

from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator

from .conftest import DEPLOYMENT, FOUNDRY, LOCAL, PROJECT, SERVERLESS, V1, Caller

HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello"}], "model": "m"}
CHAT = "/chat/completions"


def call(id_: str = "c1") -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize("path", [SERVERLESS, FOUNDRY, DEPLOYMENT, V1, PROJECT, LOCAL, "/inference/chat/completions"])
def test_every_route_answers(caller: Caller, path: str) -> None:
    got = caller.post(path, HELLO)
    assert (got.status, got.text) == (200, "Hello! How can I help you today?")
    assert got.headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (CHAT, 400, "api-version query parameter (?api-version=) is required"),
        (f"{CHAT}?api-version=soon", 404, "NOT FOUND"),
        (f"{CHAT}?api-version=2030-01-01-preview", 200, ""),
        (f"/models{CHAT}", 400, "MissingApiVersionParameter"),
        (f"/models{CHAT}?api-version=2024-08-01-preview", 404, "Resource not found"),
        (f"/models{CHAT}?api-version=2025-04-01", 200, ""),
        (f"/openai/deployments/d{CHAT}", 404, "Resource not found"),
        (f"/openai/deployments/d{CHAT}?api-version=2024-10-21", 200, ""),
        (f"/openai/v1{CHAT}?api-version=2024-10-21", 400, "api-version query parameter is not allowed"),
        (f"/openai/v1{CHAT}?api-version=preview", 200, ""),
        (f"/api/projects/p/openai/v1{CHAT}?api-version=2024-10-21", 400, "not allowed"),
        (f"/v1{CHAT}?api-version=anything", 200, ""),
        (f"/openai{CHAT}?api-version=2024-10-21", 404, "Resource not found"),
        (f"/api/projects/p{CHAT}", 404, "NOT FOUND"),
        ("/", 404, "NOT FOUND"),
        ("/openai/v1/completions", 404, "Resource not found"),
        ("/openai/v1/images/embeddings", 404, "Resource not found"),
        ("/openai/deployments/d/info?api-version=2024-10-21", 404, "Resource not found"),
    ],
)
def test_routes_and_versions(caller: Caller, path: str, status: int, words: str) -> None:
    got = caller.post(path, HELLO)
    assert got.status == status
    assert words in got.raw.decode()


def test_methods(caller: Caller) -> None:
    got = caller.send("GET", SERVERLESS)
    assert (got.status, got.headers["allow"]) == (405, "POST")
    assert caller.post("/info?api-version=2024-05-01-preview", {}).headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            SERVERLESS,
            {
                "statusCode": 401,
                "message": "Auth token validation failed. Please provide a valid key or a valid AAD token",
            },
        ),
        (FOUNDRY, "Access denied due to invalid subscription key"),
        (DEPLOYMENT, "Access denied due to invalid subscription key"),
        (LOCAL, "https://platform.openai.com/account/api-keys"),
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"api-key": "wrong"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic dTpw"},
        {"authorization": "Bearer a.bm9uZQ.c"},
        {"authorization": "Bearer a.\u00e9.c"},
        {"api-key": "local-emulator-key", "authorization": "Bearer old"},
    ],
)
def test_wrong_key(caller: Caller, path: str, body: Any, headers: dict[str, str]) -> None:
    got = caller.post(path, HELLO, headers, key=False)
    assert got.status == 401
    assert got.body == body if isinstance(body, dict) else body in got.raw.decode()
    assert got.reason == ("PermissionDenied" if path in (FOUNDRY, DEPLOYMENT) else "Unauthorized")


@pytest.mark.parametrize("header", ["api-key", "x-api-key", "Ocp-Apim-Subscription-Key", "authorization"])
def test_right_key(caller: Caller, header: str) -> None:
    value = "Bearer local-emulator-key" if header == "authorization" else "local-emulator-key"
    assert caller.post(SERVERLESS, HELLO, {header: value}, key=False).status == 200


@pytest.mark.parametrize(
    ("path", "scope", "seconds", "status"),
    [
        (SERVERLESS, "https://ml.azure.com/.default", 60, 200),
        (SERVERLESS, "https://ai.azure.com/.default", 60, 401),
        (FOUNDRY, "https://cognitiveservices.azure.com/.default", 60, 200),
        (FOUNDRY, "https://ml.azure.com/.default", 60, 401),
        (FOUNDRY, "https://ai.azure.com/.default", -1, 401),
        (PROJECT, "https://ai.azure.com/.default", 60, 200),
        (PROJECT, "https://cognitiveservices.azure.com/.default", 60, 401),
        (LOCAL, "https://ml.azure.com/.default", 60, 200),
    ],
)
def test_tokens(endpoint: Emulator, caller: Caller, path: str, scope: str, seconds: int, status: int) -> None:
    token = endpoint.token(scope, expires_in=seconds)
    got = caller.post(path, HELLO, {"authorization": f"Bearer {token}"}, key=False)
    assert got.status == status
    if status == 401:
        assert "audience is incorrect (https://" in got.body["message"]


def test_rotated_keys_and_additional_tokens() -> None:
    with Emulator(key="one", tokens=["three"]) as endpoint:
        caller = Caller(endpoint)
        assert caller.post(SERVERLESS, HELLO).status == 200
        endpoint.key = "two"
        assert caller.post(SERVERLESS, HELLO, {"api-key": "one"}).status == 401
        assert caller.post(SERVERLESS, HELLO).status == 200
        assert caller.post(SERVERLESS, HELLO, {"authorization": "Bearer three"}, key=False).status == 200
        endpoint.reset()
        assert endpoint.key == "one"
        assert caller.post(SERVERLESS, HELLO).status == 200


def test_model_name(caller: Caller) -> None:
    nameless = {"messages": HELLO["messages"]}
    assert caller.post(SERVERLESS, nameless).body["model"] == "emulator-1"
    assert caller.post(DEPLOYMENT, nameless).body["model"] == "gpt-4o"
    assert caller.post(FOUNDRY, nameless, {"x-ms-model-mesh-model-name": "mesh"}).body["model"] == "mesh"
    for path in (FOUNDRY, V1, PROJECT):
        got = caller.post(path, nameless)
        assert (got.status, got.body["error"]["code"]) == (400, "no_model_name")
        assert got.headers["x-ms-error-code"] == "no_model_name"


def test_unknown_models() -> None:
    with Emulator(models=["here"]) as endpoint:
        caller = Caller(endpoint)
        got = caller.post(FOUNDRY, HELLO)
        message = "Unknown model: m"
        assert (got.status, got.body) == (
            400,
            {"error": {"code": "unknown_model", "message": message, "details": None}},
        )
        got = caller.post(DEPLOYMENT, HELLO)
        assert (got.status, got.body["error"]["code"]) == (404, "DeploymentNotFound")
        assert caller.post(FOUNDRY, {**HELLO, "model": "here"}).status == 200
        assert [model["id"] for model in caller.send("GET", "/openai/v1/models").body["data"]] == ["here"]


@pytest.mark.parametrize(
    ("path", "policy", "status"),
    [
        (FOUNDRY, None, 400),
        (FOUNDRY, "drop", 200),
    ],
)
def test_extra_parameters_of_a_foundry_resource(caller: Caller, path: str, policy: str | None, status: int) -> None:
    got = caller.post(path, {**HELLO, "foo": 1}, {} if policy is None else {"extra-parameters": policy})
    assert got.status == status
    assert status == 200 or "Extra parameters ['foo']" in got.body["detail"]


@pytest.mark.parametrize("model", ["o3-mini", "gpt-5-mini"])
def test_reasoning_model_options(caller: Caller, model: str) -> None:
    body = {**HELLO, "model": model, "max_completion_tokens": 50, "temperature": 1, "reasoning_effort": "low"}
    assert caller.post(V1, body).status == 200


def test_client_request_id_is_returned(caller: Caller) -> None:
    headers = caller.post(FOUNDRY, HELLO, {"x-ms-client-request-id": "abc"}).headers
    assert (headers["x-ms-client-request-id"], headers["x-ms-region"]) == ("abc", "Local")


def test_info(caller: Caller) -> None:
    said = {"model_name": "emulator-1", "model_type": "chat-completion", "model_provider_name": "azure-ai-inference"}
    assert caller.send("GET", "/info?api-version=2024-05-01-preview").body == said
    got = caller.send("GET", "/models/info?api-version=2025-04-01&model=cohere-embed-v3")
    assert (got.body["model_name"], got.body["model_type"]) == ("cohere-embed-v3", "embeddings")
    assert caller.send("GET", "/v1/models").body["data"][0]["id"] == "emulator-1"


@pytest.mark.parametrize(
    ("change", "param", "words"),
    [
        ({"messages": None}, "messages", "expected an array, but got null"),
        ({"messages": []}, "messages", "expected at least 1 item(s), but got 0"),
        ({"messages": ["Hello"]}, "messages[0]", "expected an object, but got a string"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "Missing required parameter"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role", "'wizard' is not one of 'system', "),
        ({"messages": [{"role": 5, "content": "x"}]}, "messages[0].role", "5 is not one of"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "Missing required parameter"),
        (
            {"messages": [{"role": "user", "content": 5}]},
            "messages[0].content",
            "a string or an array, but got an integer",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, "messages[0].content[0].type", "'smell'"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0].image_url.url",
            "Missing",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", "Missing"),
        (
            {"messages": [{"role": "tool", "content": "x", "tool_call_id": "c"}]},
            "messages[0].role",
            "must be a response",
        ),
        (
            {
                "messages": [
                    {"role": "assistant", "tool_calls": [call("c1"), call("c2")]},
                    {"role": "user", "content": "x"},
                ]
            },
            "messages[1].role",
            "did not have response messages: c1, c2",
        ),
        ({"messages": [{"role": "assistant", "tool_calls": [call()]}]}, "messages[1].role", "response messages: c1"),
        ({"temperature": "hot"}, "temperature", "expected a number, but got a string"),
        ({"temperature": 3}, "temperature", "expected a value <= 2, but got 3"),
        ({"temperature": True}, "temperature", "got a boolean"),
        ({"top_p": -0.5}, "top_p", "expected a value >= 0"),
        ({"max_tokens": 1.5}, "max_tokens", "expected an integer, but got a number"),
        ({"n": 500}, "n", "<= 128"),
        ({"stop": ["a"] * 17}, "stop", "at most 16 items"),
        ({"stop": {"a": 1}}, "stop", "expected a string or an array, but got an object"),
        ({"seed": "7"}, "seed", "integer"),
        ({"response_format": "json"}, "response_format", "expected an object"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "'xml' is not one of 'text', 'json_object', "),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "Missing"),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "Missing"),
        (
            {"tools": [{"type": "function", "function": {"name": ""}}]},
            "tools[0].function.name",
            "at least 1 characters",
        ),
        ({"tools": [{"type": "function", "function": {"name": "a" * 65}}]}, "tools[0].function.name", "at most 64"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name", "does not match"),
        ({"tool_choice": "required"}, "tool_choice", "only allowed when 'tools' are specified"),
        ({"tool_choice": "sometimes"}, "tool_choice", "'sometimes' is not one of"),
        ({"tool_choice": "any"}, "tool_choice", "'any' is not one of 'auto', 'none', 'required'"),
        (
            {
                "tools": [{"type": "function", "function": {"name": "f"}}],
                "tool_choice": {"type": "function", "function": {"name": "g"}},
            },
            "tool_choice.function.name",
            "Tool choice 'g' not found in 'tools' parameter: f.",
        ),
        ({"stream_options": {"include_usage": True}}, "stream_options", "only allowed when 'stream' is enabled"),
        ({"top_logprobs": 2}, "top_logprobs", "only allowed when 'logprobs'"),
        ({"metadata": {"a": 1}}, "metadata.a", "expected a string"),
        ({"color": "red"}, "color", "Unknown parameter: 'color'."),
        ({"model": "o3-mini", "max_tokens": 5}, "max_tokens", "Use 'max_completion_tokens' instead."),
        ({"model": "openai/gpt-5", "temperature": 0.2}, "temperature", "Only the default (1) value is supported."),
    ],
)
def test_bodies(caller: Caller, change: dict[str, Any], param: str, words: str) -> None:
    got = caller.post(V1, {**HELLO, **change})
    assert got.status == 400, got.raw
    assert got.body["error"]["param"] == param
    assert words in got.body["error"]["message"]


@pytest.mark.parametrize(
    ("raw", "status", "content_type"),
    [
        (b"{", 400, "application/json"),
        (b"[]", 400, "application/json"),
        (b"[" * 100_000, 400, "application/json"),
        (b"\xff", 400, "application/json"),
        (b"{}", 415, "text/plain"),
        (b"", 400, "application/problem+json"),
    ],
)
def test_invalid_bodies(caller: Caller, raw: bytes, status: int, content_type: str) -> None:
    assert caller.post(V1, raw, {"content-type": content_type}).status == status


@pytest.mark.parametrize(
    ("policy", "status"), [(None, 400), ("error", 400), ("drop", 200), ("pass-through", 200), ("Pass-Through", 200)]
)
def test_extra_parameters(caller: Caller, policy: str | None, status: int) -> None:
    headers = {} if policy is None else {"extra-parameters": policy}
    got = caller.post(SERVERLESS, {**HELLO, "n": 2, "foo": "bar"}, headers)
    assert got.status == status
    if status == 400:
        assert got.body["detail"].startswith("Extra parameters ['n', 'foo'] are not allowed")
    else:
        assert len(got.body["choices"]) == (1 if policy == "drop" else 2)


def test_null_counts_as_absent(caller: Caller) -> None:
    nothing = dict.fromkeys(("temperature", "stop", "tools", "stream", "seed", "response_format", "metadata"))
    assert caller.post(V1, {**HELLO, **nothing}).status == 200


def test_tool_messages_in_order(caller: Caller) -> None:
    messages = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": None, "tool_calls": [call("a"), call("b")]},
        {"role": "tool", "tool_call_id": "b", "content": '{"degrees": 3, "note": "cold."}'},
        {"role": "tool", "tool_call_id": "a", "content": "sunny."},
    ]
    assert caller.post(V1, {**HELLO, "messages": messages}).text == "f says: degrees is 3, note is cold. f says: sunny."


def test_content_filter(caller: Caller) -> None:
    said = "Please trigger the content filter"
    got = caller.chat(said, path=DEPLOYMENT)
    error = got.body["error"]
    assert (got.status, error["code"], error["innererror"]["code"]) == (
        400,
        "content_filter",
        "ResponsibleAIPolicyViolation",
    )
    assert error["innererror"]["content_filter_result"]["violence"] == {"filtered": True, "severity": "high"}
    assert caller.chat(said).body["code"] == "content_filter"
    choice = caller.chat("filter your answer", path=DEPLOYMENT).body["choices"][0]
    assert (choice["finish_reason"], "message" in choice) == ("content_filter", False)
    last = caller.chat("filter your answer", path=DEPLOYMENT, stream=True).chunks[-1]["choices"][0]
    assert (last["finish_reason"], last["content_filter_results"]["violence"]["filtered"]) == ("content_filter", True)
    assert caller.chat("filter your answer").body["choices"][0]["message"]["content"] == "I was about to say something"


BAD = {**HELLO, "temperature": "hot"}


@pytest.mark.parametrize(
    ("dialect", "status", "expected"),
    [
        ("serverless", 400, {"code": "invalid_type", "target": "temperature"}),
        ("model-inference", 400, {"code": "invalid_type", "details": None}),
        ("azure-openai", 400, {"code": "invalid_type", "type": "invalid_request_error", "param": "temperature"}),
        ("openai", 400, {"code": "invalid_type", "type": "invalid_request_error", "param": "temperature"}),
        ("mistral-azure", 422, {"code": "Invalid input", "status": 422}),
        ("llama.cpp", 400, {"code": 400, "type": "invalid_request_error"}),
        ("vllm", 400, {"code": 400, "type": "BadRequestError", "param": "temperature"}),
        ("ollama", 400, {"code": None, "type": "invalid_request_error", "param": None}),
        ("lm-studio", 400, {}),
    ],
)
def test_error_format_of_each_dialect(dialect: str, status: int, expected: dict[str, Any]) -> None:
    with Emulator(dialect=dialect) as endpoint:
        got = Caller(endpoint).post(LOCAL, BAD)
    error = got.body["error"]
    assert got.status == status
    assert {name: value for name, value in error.items() if name != "message"} == expected
    assert "temperature" in error["message"]


@pytest.mark.parametrize(
    ("body", "type_", "loc", "message"),
    [
        (BAD, "type_error", ["body", "temperature"], "expected a number, but got a string"),
        ({**HELLO, "seed": 1}, "extra_forbidden", ["body", "seed"], "Extra inputs are not permitted"),
        ({**HELLO, "max_completion_tokens": 1}, "extra_forbidden", ["body", "max_completion_tokens"], "Extra inputs"),
        ({"model": "m"}, "missing", ["body", "messages"], "Field required"),
        ({**HELLO, "tool_choice": "any"}, "value_error", ["body", "tool_choice"], "only allowed when"),
    ],
)
def test_mistral_lists_violations(body: Any, type_: str, loc: list[str], message: str) -> None:
    with Emulator(dialect="mistral") as endpoint:
        caller = Caller(endpoint)
        got = caller.post(LOCAL, body)
        assert got.status == 422
        [detail] = got.body["detail"]
        assert (detail["type"], detail["loc"]) == (type_, loc)
        assert message in detail["msg"]
        assert caller.post(LOCAL, HELLO, key=False).body["message"] == "Unauthorized"
        assert caller.post("/nowhere", HELLO).body["type"] == "not_found"


@pytest.mark.parametrize(
    ("dialect", "without", "wrong"), [("vllm", 200, 401), ("ollama", 200, 200), ("openai", 401, 401)]
)
def test_local_servers_and_keys(dialect: str, without: int, wrong: int) -> None:
    with Emulator(dialect=dialect) as endpoint:
        caller = Caller(endpoint)
        assert caller.post(LOCAL, HELLO, key=False).status == without
        assert caller.post(LOCAL, HELLO, {"authorization": "Bearer x"}, key=False).status == wrong
        assert caller.post(LOCAL, {**HELLO, "mirostat": 2}).status == (400 if dialect == "openai" else 200)


@pytest.mark.parametrize(
    ("dialect", "status", "type_"),
    [
        ("llama.cpp", 503, "unavailable_error"),
        ("llama.cpp", 500, "server_error"),
        ("vllm", 500, "InternalServerError"),
        ("ollama", 500, "api_error"),
        ("openai", 500, "server_error"),
    ],
)
def test_server_error_types(dialect: str, status: int, type_: str) -> None:
    with Emulator(dialect=dialect, faults=str(status)) as endpoint:
        got = Caller(endpoint).post(LOCAL, HELLO)
    assert (got.status, got.body["error"]["type"]) == (status, type_)


def test_mistral_on_azure() -> None:
    with Emulator(dialect="mistral-azure") as endpoint:
        got = Caller(endpoint).post(LOCAL, HELLO, key=False)
    assert (got.status, got.body) == (401, {"statusCode": 401, "message": got.body["message"]})


def test_lm_studio_answers_unknown_paths_with_200() -> None:
    with Emulator(dialect="lm-studio") as endpoint:
        got = Caller(endpoint).post("/nowhere", HELLO)
    assert (got.status, list(got.body)) == (200, ["error"])
    assert got.body["error"].startswith("Resource not found. The emulator has /chat/completions, ")


def test_requests_are_recorded_without_secrets(endpoint: Emulator, caller: Caller) -> None:
    endpoint.reset()
    secrets = {"authorization": f"Bearer {endpoint.key}", "cookie": "a=b", "x-mine": "kept"}
    caller.post(f"{SERVERLESS}&subscription-key=abc", HELLO, secrets)
    [request] = endpoint.requests
    assert (request.method, request.path, request.body) == ("POST", "/chat/completions", HELLO)
    assert request.param("api-version") == "2024-05-01-preview"
    assert (request.param("subscription-key"), request.param("none")) == ("***", "")
    kept = {name: request.headers[name] for name in (*secrets, "api-key")}
    assert kept == {"authorization": "Bearer ***", "cookie": "***", "x-mine": "kept", "api-key": "***"}
    assert endpoint.key not in repr(request)
