"""Whatever is sent, the service answers as its own OpenAPI document says, and never fails.

A body that matches the schema may still be refused (``tool_choice`` without ``tools``, an invalid image), so acceptance
is checked in `test_rules` instead.
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


@pytest.fixture(scope="module")
def document() -> Any:
    return schemathesis.openapi.from_dict(describe())


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["POSITIVE", "NEGATIVE"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_any_request(endpoint: Emulator, document: Any, path: str, method: str, mode: str) -> None:
    checks = [schemathesis.checks.CHECKS.get_one(name) for name in CHECKS]
    answered: list[int] = []

    @settings(max_examples=3, suppress_health_check=list(HealthCheck))
    @given(case=document[path][method].as_strategy(generation_mode=schemathesis.GenerationMode[mode]))
    def ask(case: Any) -> None:
        response = case.call(base_url=endpoint.url, headers={"api-key": endpoint.key}, timeout=10)
        case.validate_response(response, checks=checks)
        answered.append(response.status_code)

    ask()
    assert answered
