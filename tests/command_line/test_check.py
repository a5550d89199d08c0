"""``check``: what it reports about an endpoint, what it requests, and how it explains failures."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator

from ..clients.raw_server import CUT, RawServer, answer, completion
from .conftest import KEY, Run, Serve

REFUSED = {"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}


def rows(text: str) -> dict[str, str]:
    """Parse the rows that people are shown."""
    return {line[:12].strip(): line[13:] for line in text.splitlines()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["contoso.services.ai.azure.com", "--model", "gpt-4o"],
            {
                "Endpoint": "contoso.services.ai.azure.com (from the command line)",
                "Understood": "an Azure resource (Foundry or Azure OpenAI); OpenAI's v1 API, without a dated version",
                "Called": "POST https://contoso.services.ai.azure.com/openai/v1/chat/completions",
                "api-version": "none",
                "Headers": "api-key, Content-Type, Accept",
                "Credential": "key from AZURE_AI_CHAT_KEY",
                "Entra scope": "https://cognitiveservices.azure.com/.default",
                "Model": "gpt-4o (from --model), required",
            },
        ),
        (
            ["https://contoso.services.ai.azure.com/models"],
            {
                "Model": "none named, required",
                "Called": "POST https://contoso.services.ai.azure.com/openai/v1/chat/completions",
            },
        ),
        (
            ["https://m.eastus2.models.ai.azure.com"],
            {
                "Called": "GET https://m.eastus2.models.ai.azure.com/info?api-version=2024-05-01-preview",
                "or else": "POST https://m.eastus2.models.ai.azure.com/chat/completions?api-version=2024-05-01-preview",
                "Headers": "Authorization, Accept, Content-Type",
                "Model": "none named, optional",
            },
        ),
        (
            ["https://contoso.openai.azure.com/openai/deployments/e", "--embeddings", "--api-version", "2023-05-15"],
            {
                "Called": "POST https://contoso.openai.azure.com/openai/deployments/e/embeddings?api-version=2023-05-15",
                "api-version": "2023-05-15",
                "Credential": "key from AZURE_AI_EMBEDDINGS_KEY",
            },
        ),
        (["https://api.mistral.ai", "--model", "m"], {"Entra scope": "none: keys only"}),
        (
            [
                "https://contoso.services.ai.azure.com/models",
                "--route",
                "models",
                "--entra-id",
                "--audience",
                "ai.azure.com",
            ],
            {
                "or else": "POST https://contoso.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
                "Credential": "Entra ID, DefaultAzureCredential of azure-identity",
                "Entra scope": "https://ai.azure.com/.default",
            },
        ),
        (
            ["https://gateway.example.com/x?code=abcdefghij", "--header", "x-team=blue", "--scope", "api://a/.default"],
            {
                "Endpoint": "https://gateway.example.com/x?code=REDACTED (from the command line)",
                "Headers": "api-key, Authorization, x-team, Accept, Content-Type",
                "Entra scope": "api://a/.default",
            },
        ),
        (["http://localhost:11434/v1", "--api-version", ""], {"api-version": "none"}),
    ],
)
def test_resolved_endpoint_report(run: Run, arguments: Sequence[str], said: dict[str, str]) -> None:
    ran = run("check", *arguments, "--offline")
    assert (ran.status, ran.err) == (0, "")
    shown = rows(ran.out)
    assert {name: shown.get(name) for name in said} == said


def test_rewritten_path_is_explained(run: Run) -> None:
    ran = run("check", "https://contoso.services.ai.azure.com/models", "--dry-run")
    assert "/models was retired" in rows(ran.out)["Note"]


def test_proxy_is_shown_without_its_password(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:password@proxy.example.com:3128")
    ran = run("check", "https://contoso.openai.azure.com", "--offline")
    assert rows(ran.out)["Proxy"] == "proxy.example.com:3128 (from the environment)"
    assert "password" not in ran.out


def test_json_output(run: Run) -> None:
    ran = run("check", "https://contoso.openai.azure.com", "--offline", "--json")
    report = json.loads(ran.out)
    assert ran.out.count("\n") == 1
    assert report["scopes"] == ["https://cognitiveservices.azure.com/.default"]
    assert (report["service"], report["dialect"], report["model_required"]) == ("resource", "v1", True)
    assert "ok" not in report


def test_model_inference_endpoint_reports_its_model(run: Run, emulator: Emulator) -> None:
    ran = run("check", emulator.url)
    assert ran.status == 0
    shown = rows(ran.out)
    assert shown["Answered"].startswith("info in 0.")
    assert (shown["Model"], shown["Type"]) == ("emulator-1", "chat-completion")
    assert [request.path for request in emulator.requests] == ["/info"]


def test_other_endpoints_are_asked_for_one_token(run: Run, serve: Serve) -> None:
    limits = {
        "x_ratelimit_limit_requests": 60,
        "x_ratelimit_remaining_requests": 59,
        "x_ratelimit_reset_requests": "1s",
    }
    limits["x_ratelimit_remaining_tokens"] = 900
    server = serve(answer(200, completion("Hi"), x_request_id="r-1", x_ms_region="East US", **limits))
    ran = run("check", f"{server.url}/v1", "--model", "m")
    assert ran.status == 0
    shown = rows(ran.out)
    assert shown["Answered"].startswith("chat/completions in ")
    assert (shown["Model"], shown["Tokens"], shown["Request id"], shown["Region"]) == ("m", "3", "r-1", "East US")
    assert "59 of 60 requests left, full again in 1 s" in ran.out
    assert "900 tokens left\n" in ran.out
    request, listing = server.requests
    assert listing.target == "/v1/models"
    assert (request.json["max_tokens"], request.headers["api-key"]) == (1, KEY)


def test_reasoning_models_use_max_completion_tokens(run: Run, serve: Serve) -> None:
    refused = {"error": {"code": "unsupported_parameter", "message": "Use 'max_completion_tokens', not 'max_tokens'."}}
    server = serve(answer(400, refused), answer(200, completion()))
    assert run("check", f"{server.url}/v1").status == 0
    first, second = (request.json for request in server.requests[:2])
    assert ("max_tokens" in first, "max_tokens" in second, second["max_completion_tokens"]) == (True, False, 16)


@pytest.mark.parametrize("kind", [[], ["--embeddings"]])
def test_last_refusal_is_reported(run: Run, serve: Serve, kind: list[str]) -> None:
    refused = {"error": {"code": "BadRequest", "message": "No max_tokens, no max_completion_tokens."}}
    server = serve(answer(400, refused))
    ran = run("check", f"{server.url}/v1", *kind)
    assert (ran.status, len(server.requests)) == (1, 1 if kind else 2)
    assert "(BadRequest)" in ran.out


@pytest.mark.parametrize(
    "first",
    [
        answer(404, {"detail": "Not Found"}),
        answer(200, {"model_id": "m", "version": "3"}),
        answer(200, b"<html>", content_type="text/html"),
    ],
    ids=["none", "other", "page"],
)
def test_fallback_without_model_information(run: Run, serve: Serve, first: bytes) -> None:
    server = serve(first, answer(200, completion()))
    assert run("check", server.url).status == 0
    assert [request.target.partition("?")[0] for request in server.requests] == ["/info", "/chat/completions"]


def test_embeddings(run: Run, emulator: Emulator) -> None:
    ran = run("check", f"{emulator.url}/v1", "--embeddings", "--json")
    report = json.loads(ran.out)
    assert (ran.status, report["ok"]) == (0, True)
    assert (report["answer"]["operation"], report["answer"]["dimensions"]) == ("embeddings", 1024)


def test_refusal_is_explained(run: Run, serve: Serve) -> None:
    """The service repeats the key; the report does not."""
    body = {"error": {"code": "401", "message": f"Access denied: key {KEY} is wrong.", "param": "key"}}
    server = serve(answer(401, body, apim_request_id="r-2"))
    ran = run("check", f"{server.url}/v1")
    assert ran.status == 1
    assert "Failed       chat/completions after " in ran.out
    for words in ("(401) Access denied: key *** is wrong.", "Target: key", "Status: 401", "Request id: r-2"):
        assert words in ran.out
    assert len(server.requests) == 1


def test_advice_is_given(run: Run, serve: Serve) -> None:
    server = serve(answer(404, {"detail": "Not Found"}))
    ran = run("check", f"{server.url}/v1", "--json")
    error = json.loads(ran.out)["error"]
    assert ran.status == 1
    assert (error["type"], error["status"], error["operation"]) == ("NotFoundError", 404, "chat/completions")
    assert f"The URL called was {server.url}/v1/chat/completions." in error["text"]


@pytest.mark.parametrize("status", [429, 503])
def test_no_retries(run: Run, serve: Serve, status: int) -> None:
    server = serve(answer(status, REFUSED))
    assert run("check", f"{server.url}/v1").status == 1
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "hint"),
    [([CUT], "was cut: a firewall"), ([0.6, CUT], "in time: a firewall")],
    ids=["cut", "silent"],
)
def test_network_failures_are_explained(run: Run, serve: Serve, reply: Any, hint: str) -> None:
    server = serve(reply)
    ran = run("check", f"{server.url}/v1?code=secret-code-123", "--timeout", "0.3")
    assert ran.status == 1
    assert hint in ran.out
    assert "secret-code-123" not in ran.out


def test_connection_refused(run: Run) -> None:
    with RawServer(b"") as server:
        url = server.url
    ran = run("check", f"{url}/v1")
    assert ran.status == 1
    assert f"Nothing is listening at {url.removeprefix('http://')}:" in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no endpoint: pass its URL, or set AZURE_AI_CHAT_ENDPOINT"),
        (["--embeddings"], "or set AZURE_AI_EMBEDDINGS_ENDPOINT"),
        (["foo"], "'foo' is a name, not a URL"),
        (
            ["https://a.example.com", "some-key-0123456789"],
            "check takes one endpoint; keys are not accepted as arguments",
        ),
        (["https://contoso.openai.azure.com"], "serves several models: pass --model NAME (the deployment's name)"),
        (["http://localhost/v1", "--scope", ""], "names no scope"),
    ],
)
def test_invalid_arguments(run: Run, arguments: Sequence[str], words: str) -> None:
    ran = run("check", *arguments)
    assert ran.status == 2
    assert ran.err.startswith("python -m azure.ai.inference check: ")
    assert words in ran.err
    assert "some-key" not in ran.err


@pytest.mark.parametrize(
    ("path", "model", "operation", "api"),
    [
        ("/v1", "gpt-5", "chat/completions", "chat completions"),
        ("/openai/v1", "gpt-5-codex", "responses", "the Responses API; with -o api=responses it is called directly"),
        (
            "/openai/v1/responses",
            "gpt-5-codex",
            "responses",
            "the Responses API; with -o api=responses it is called directly",
        ),
        ("/anthropic", "claude-sonnet-5", "messages", "the Messages API"),
    ],
)
def test_report_names_the_api(run: Run, emulator: Emulator, path: str, model: str, operation: str, api: str) -> None:
    ran = run("check", emulator.url + path, "--model", model)
    assert ran.status == 0
    shown = rows(ran.out)
    assert shown["Answered"].startswith(f"{operation} in ")
    assert shown["API"] == api
    report = json.loads(run("check", emulator.url + path, "--model", model, "--json").out)
    assert report["answer"]["operation"] == operation


def test_report_names_the_refusing_api(run: Run, serve: Serve) -> None:
    server = serve(answer(400, {"error": {"code": "x", "message": "No."}}))
    ran = run("check", f"{server.url}/v1/responses", "--model", "m")
    assert ran.status == 1
    assert "Failed       responses after" in ran.out


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("https://contoso.services.ai.azure.com/anthropic", "/anthropic/v1/messages"),
        ("https://contoso.openai.azure.com/openai/v1/responses", "/openai/v1/responses"),
    ],
)
def test_called_url_of_each_api(run: Run, url: str, called: str) -> None:
    ran = run("check", url, "--model", "m", "--offline")
    assert rows(ran.out)["Called"].endswith(called)
