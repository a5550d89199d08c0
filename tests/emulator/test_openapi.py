"""The OpenAPI document is valid, complete and accurate."""

from typing import Any

import jsonschema
import pytest

from azure.ai.inference.emulator import Emulator

from .conftest import Caller


@pytest.fixture
def document(caller: Caller) -> Any:
    return caller.send("GET", "/openapi.json", key=False).body


def test_every_route_is_described(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    assert {
        "/chat/completions",
        "/embeddings",
        "/images/embeddings",
        "/info",
        "/models/chat/completions",
        "/openai/deployments/{deployment}/chat/completions",
        "/openai/v1/chat/completions",
        "/api/projects/{project}/openai/v1/chat/completions",
        "/v1/chat/completions",
        "/v1/models",
    } <= set(document["paths"])
    identifiers = [
        item[method]["operationId"]
        for item in document["paths"].values()
        for method in ("get", "post")
        if method in item
    ]
    assert len(identifiers) == len(set(identifiers)) == len(document["paths"])


def request_schema(document: Any, path: str) -> Any:
    return document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]


@pytest.mark.slow
def test_schemas_are_valid(document: Any) -> None:
    paths = [path for path, item in document["paths"].items() if "requestBody" in item.get("post", {})]
    schemas = [request_schema(document, path) for path in paths]
    different = [schema for index, schema in enumerate(schemas) if schema not in schemas[:index]]
    assert len(different) > 5
    for schema in different:
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}], "stop": "a", "seed": None},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "wizard", "content": "x"}]},
        {"messages": [{"role": "user", "content": "x"}], "temperature": 5},
        {"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "json_schema"}},
        {"messages": [], "unknown": 1},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/chat/completions", "/v1/chat/completions"])
def test_service_and_schema_agree(document: Any, endpoint: Emulator, path: str, body: Any) -> None:
    valid = jsonschema.Draft202012Validator(request_schema(document, path)).is_valid(body)
    got = Caller(endpoint).post(f"{path}?api-version=2024-05-01-preview", body)
    assert (got.status == 200) is valid
    if valid:
        answers = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(got.body, answers)
