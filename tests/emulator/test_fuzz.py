"""Whatever is sent, the service answers as its own OpenAPI document says, and never with a failure of its own.

A body that fits the schema may still be refused (``tool_choice`` without ``tools``, an image that is none), so
acceptance is not checked here but in `test_rules`.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from azure.ai.inference.emulator import Emulator
from azure.ai.inference.emulator._openapi import describe

schemathesis = pytest.importorskip("schemathesis")

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
OPERATIONS = [
    (path, method) for path, item in describe()["paths"].items() for method in ("get", "post") if method in item
]


@pytest.mark.parametrize("mode", ["POSITIVE", "NEGATIVE"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_any_request(endpoint: Emulator, path: str, method: str, mode: str) -> None:
    document: Any = schemathesis.openapi.from_url(f"{endpoint.url}/openapi.json")
    checks = [schemathesis.checks.CHECKS.get_one(name) for name in CHECKS]
    answered: list[int] = []

    @settings(max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=document[path][method].as_strategy(generation_mode=schemathesis.GenerationMode[mode]))
    def ask(case: Any) -> None:
        response = case.call(headers={"api-key": endpoint.key}, timeout=10)
        case.validate_response(response, checks=checks)
        answered.append(response.status_code)

    ask()
    assert answered
