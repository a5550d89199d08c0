"""Response headers: their values, and how answers keep them apart from their JSON."""

import copy
import json
import pickle
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from azure.ai.inference._http.response_headers import RateLimit, RateLimits, rate_limits, region, request_id
from azure.ai.inference.models import ChatCompletions, EmbeddingsResult

UNKNOWN = RateLimit(None, None, None)
AZURE_OPENAI = {
    "apim-request-id": "a1",
    "X-Request-ID": "x1",
    "x-ms-region": "East US",
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-remaining-requests": "499",
    "x-ratelimit-reset-requests": "7",
    "x-ratelimit-limit-tokens": "50000",
    "X-RateLimit-Remaining-Tokens": "49984",
    "x-ratelimit-reset-tokens": "60",
}
AZURE_LIMITS = RateLimits(RateLimit(500, 499, 7.0), RateLimit(50000, 49984, 60.0))


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, None),
        ({"X-Request-Id": "x"}, "x"),
        ({"apim-request-id": "a", "x-request-id": "x"}, "x"),
        ({"apim-request-id": "a", "x-request-id": ""}, "a"),
        ({"x-ms-request-id": "m"}, "m"),
        ({"mistral-correlation-id": "c"}, "c"),
        ({"x-ms-client-request-id": "our own"}, None),
    ],
)
def test_request_id(headers: dict[str, str], found: str | None) -> None:
    assert request_id(headers) == found


@pytest.mark.parametrize(
    ("headers", "found"), [({}, None), ({"X-MS-Region": "East US"}, "East US"), ({"x-ms-region": ""}, None)]
)
def test_region(headers: dict[str, str], found: str | None) -> None:
    assert region(headers) == found


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        pytest.param({}, RateLimits(UNKNOWN, UNKNOWN), id="nothing told"),
        pytest.param(AZURE_OPENAI, AZURE_LIMITS, id="Azure OpenAI"),
        pytest.param(
            {"x-ratelimit-remaining-requests": "27"}, RateLimits(RateLimit(None, 27, None), UNKNOWN), id="one"
        ),
        pytest.param({"x-ratelimit-limit-tokens": "1e3"}, RateLimits(UNKNOWN, RateLimit(1000, None, None)), id="float"),
        pytest.param(
            {
                "x-ratelimit-limit-tokens": "-1",
                "x-ratelimit-remaining-tokens": "many",
                "x-ratelimit-reset-tokens": "inf",
            },
            RateLimits(UNKNOWN, UNKNOWN),
            id="senseless",
        ),
    ],
)
def test_rate_limits(headers: dict[str, str], limits: RateLimits) -> None:
    assert rate_limits(headers) == limits


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("1s", 1.0),
        ("6ms", 0.006),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("2d", 172800.0),
        ("250µs", 0.00025),
        ("10us", 0.00001),
        (" 1s ", 1.0),
        ("1s and more", None),
        ("s", None),
        ("", None),
        ("-1s", None),
        ("nan", None),
        ("9" * 400 + "s", None),
        ("2026-11-21T00:00:00Z", None),
    ],
)
def test_reset_is_in_seconds(text: str, seconds: float | None) -> None:
    reset = rate_limits({"x-ratelimit-reset-tokens": text}).tokens.reset
    assert reset == (None if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=12) | st.text("0123456789.smhd -+e", max_size=12))
def test_any_value_is_accepted(value: str) -> None:
    names = [f"x-ratelimit-{what}-{of}" for what in ("limit", "remaining", "reset") for of in ("requests", "tokens")]
    limits = rate_limits(dict.fromkeys([*names, "x-request-id", "x-ms-region"], value))
    assert all(number is None or number >= 0 for quota in limits for number in quota)


# On answers ---------------------------------------------------------------------------------------------------------

ANSWERS = [
    pytest.param(lambda: ChatCompletions({"id": "c", "choices": []}), id="chat"),
    pytest.param(lambda: EmbeddingsResult({"id": "e", "data": []}), id="embeddings"),
]
HEADERS: list[Callable[[], Mapping[str, str]]] = [
    lambda: dict(AZURE_OPENAI),
    lambda: MappingProxyType(AZURE_OPENAI),
    lambda: CIMultiDict(AZURE_OPENAI),
    lambda: CIMultiDictProxy(CIMultiDict(AZURE_OPENAI)),  # cannot be copied or pickled
]


def same(answer: Any) -> Any:
    return answer


def pickled(answer: Any) -> Any:
    return pickle.loads(pickle.dumps(answer))


@pytest.mark.parametrize("make", ANSWERS)
@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("through", [same, copy.copy, copy.deepcopy, pickled, lambda answer: answer.copy()])
def test_answers_keep_their_headers(make: Any, headers: Any, through: Any) -> None:
    made = make()
    made._response_headers = headers()
    made.note = "mine"
    answer = through(made)
    assert type(answer) is type(made)
    assert (answer.request_id, answer.region, answer.rate_limits) == ("x1", "East US", AZURE_LIMITS)
    assert answer.headers["APIM-Request-Id"] == "a1"
    assert {name.lower(): value for name, value in answer.headers.items()} == {
        name.lower(): value for name, value in AZURE_OPENAI.items()
    }
    assert answer.note == "mine"
    assert json.loads(json.dumps(answer)) == answer.as_dict() == make().as_dict()
    assert answer == make()
    assert "East US" not in repr(answer) + str(answer)


@pytest.mark.parametrize("make", ANSWERS)
@pytest.mark.parametrize("through", [same, copy.deepcopy, pickled])
def test_answers_without_headers(make: Any, through: Any) -> None:
    answer = through(make())
    assert (answer.request_id, answer.region) == (None, None)
    assert dict(answer.headers) == {}
    assert answer.rate_limits == RateLimits(UNKNOWN, UNKNOWN)


@pytest.mark.parametrize("make", ANSWERS)
def test_returned_headers_are_a_copy(make: Any) -> None:
    answer = make()
    answer._response_headers = AZURE_OPENAI
    answer.headers["x-request-id"] = "other"
    assert answer.request_id == "x1"
    answer.request_id = "assigned"
    assert (answer.request_id, answer.headers["x-request-id"]) == ("assigned", "x1")


def test_json_members_with_the_same_names() -> None:
    answer = ChatCompletions({"id": "c", "region": "theirs", "request_id": "theirs"})
    assert (answer.region, answer["region"], answer["request_id"]) == (None, "theirs", "theirs")
