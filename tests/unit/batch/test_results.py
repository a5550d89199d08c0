"""Results: read back as answers, or raised as the errors that a call raises."""

import copy
import json
import pickle
from collections import Counter
from typing import Any

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseTimeoutError,
)

from azure.ai.inference.batch import BatchResult, RunUsage, Summary
from azure.ai.inference.batch._results import answered, failed, is_transient, wrap_result
from azure.ai.inference.exceptions import (
    AuthenticationError,
    BatchStoppedError,
    ContentFilterError,
    InferenceError,
    ResponseDecodeError,
)
from azure.ai.inference.models import ChatCompletions, EmbeddingsResult

CHAT = {
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": '{"n": 1}'}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 10,
        "completion_tokens": 4,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 6},
    },
}
EMBEDDINGS = {
    "model": "e",
    "data": [{"index": 0, "embedding": [1.0]}],
    "usage": {"prompt_tokens": 3, "total_tokens": 3},
}


def line(body: Any = None, status: int = 200, error: Any = None, **more: Any) -> BatchResult:
    """A result as stored in a file."""
    response = {"status_code": status, "request_id": "r-1", "body": body}
    text = json.dumps({"custom_id": "a", "response": response if body is not None else None, "error": error, **more})
    return wrap_result(json.loads(text))


def test_answer_is_read_back() -> None:
    result = line(CHAT, id="batch_req_1")
    assert result.ok
    assert isinstance(result.answer, ChatCompletions)
    assert result.usage == CHAT["usage"]
    assert result.parse_as(dict[str, int]) == {"n": 1}
    result.raise_for_error()
    assert (result["id"], result.request_sha256, result.attempts, result.seconds) == ("batch_req_1", None, None, None)


def test_embeddings_are_read_back() -> None:
    result = line(EMBEDDINGS)
    assert isinstance(result.embeddings, EmbeddingsResult)
    assert list(result.embeddings.data[0].vector) == [1.0]
    with pytest.raises(TypeError, match="The row 'a' was answered with embeddings"):
        result.parse_as(int)
    with pytest.raises(TypeError, match="The row 'a' was answered with a chat completion"):
        line(CHAT).embeddings  # noqa: B018 - reading raises


FILTERED = {"error": {"code": "content_filter", "message": "no", "innererror": {"content_filter_result": {}}}}


@pytest.mark.parametrize(
    ("result", "kind", "words", "transient"),
    [
        (line({"error": {"code": "x", "message": "bad"}}, 400), InferenceError, r"\(x\) bad", False),
        (line(FILTERED, 400), ContentFilterError, "no", False),
        (line({"error": {"message": "key"}}, 401), ClientAuthenticationError, "key", True),
        (line({"detail": "where"}, 404), ResourceNotFoundError, "where", True),
        (line({"error": {"message": "slow"}}, 429, {"code": "429", "message": "slow"}), InferenceError, "slow", True),
        (line("<html>", 502), HttpResponseError, "502", True),
        (
            line({"error": {"code": "late", "message": "died"}}, 200, {"code": "late", "message": "died"}),
            InferenceError,
            "died",
            True,
        ),
        (line({"choices": None}, 200, {"code": "DecodeError", "message": "half"}), ResponseDecodeError, "half", True),
        (line("text", 200, {"code": "x", "message": ""}), ResponseDecodeError, "not the expected JSON", True),
        (line(error={"code": "ServiceRequestError", "message": "no host"}), ServiceRequestError, "no host", True),
        (
            line(error={"code": "ServiceResponseTimeoutError", "message": "late"}),
            ServiceResponseTimeoutError,
            "late",
            True,
        ),
        (line(error={"code": "ValueError", "message": "empty"}), ValueError, "empty", False),
        (line(error={"code": "batch_expired", "message": "too late"}), InferenceError, "too late", True),
        (line(error=None), InferenceError, "The row 'a' has no answer", True),
    ],
)
def test_errors_are_raised_as_a_call_raises_them(
    result: BatchResult, kind: type[Exception], words: str, transient: bool
) -> None:
    assert not result.ok
    assert result.usage is None
    for read in (result.raise_for_error, lambda: result.answer, lambda: result.parse_as(int)):
        with pytest.raises(kind, match=words):
            read()
    assert is_transient(result) is transient


def test_results_keep_the_original_answer_and_error() -> None:
    completions = ChatCompletions(CHAT)
    result = answered("a", "0" * 64, completions, 2, 0.123456)
    assert result.answer is completions
    assert (result.attempts, result.seconds) == (2, 0.1235)
    assert not is_transient(result)
    error = AuthenticationError("no")
    lost = failed("a", "0" * 64, error, 1, 0)
    with pytest.raises(AuthenticationError) as caught:
        lost.raise_for_error()
    assert caught.value is error
    assert lost.error == {"code": "AuthenticationError", "message": "no"}
    assert failed("a", "", ValueError("bad"), 1, 0).error == {"code": "ValueError", "message": "bad"}


@pytest.mark.parametrize(
    "result", [answered("a", "", ChatCompletions(CHAT), 1, 1), failed("a", "", ValueError("x"), 1, 1)]
)
def test_results_are_copied_and_pickled(result: BatchResult) -> None:
    assert pickle.loads(pickle.dumps(result)) == copy.deepcopy(result) == result


def test_summary_counts_and_has_a_price() -> None:
    summary = Summary(rows=5, skipped=1, in_doubt=["q"], seconds=2)
    for result in (line(CHAT), line(EMBEDDINGS), line("x", 500, {"code": "500", "message": ""}), line()):
        summary.count(result)
    assert (summary.answered, summary.failed) == (2, 2)
    assert summary.usage == RunUsage(13, 4, 6)
    assert summary.models == Counter({"m": 1, "e": 1})
    assert summary.errors == Counter({"500": 1, "unknown": 1})
    assert summary.cost(prompt=1e6, completion=1e6) == 17
    assert summary.cost(prompt=1e6, cached=0) == 7
    assert summary.rows_per_second == 2
    assert Summary().rows_per_second == 0
    assert str(summary) == ("5 rows, 2 answered, 2 failed, 1 skipped, 1 in doubt, 17 tokens, 0 refused, 2.0 rows/s")
    assert "in doubt" not in str(Summary())
    told = json.loads(json.dumps(summary.as_dict()))
    assert told["usage"] == {"prompt_tokens": 13, "completion_tokens": 4, "cached_tokens": 6, "total_tokens": 17}
    assert "3 skipped (2 failed)" in str(Summary(skipped=3, skipped_failed=2))


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (None, RunUsage()),
        ("many", RunUsage()),
        (7, RunUsage()),
        ([], RunUsage()),
        ({"prompt_tokens": "7", "completion_tokens": [1]}, RunUsage()),
        ({"prompt_tokens": 7.0, "completion_tokens": 1.5}, RunUsage(7)),
        ({"prompt_tokens": float("inf"), "completion_tokens": float("nan")}, RunUsage()),
        ({"prompt_tokens": 7, "prompt_tokens_details": 3}, RunUsage(7)),
        ({"prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": "x"}}, RunUsage(7)),
    ],
)
def test_malformed_usage(usage: Any, tokens: RunUsage) -> None:
    total = RunUsage()
    total.add(usage)
    assert total == tokens


def test_error_of_a_stopped_run_is_pickled() -> None:
    error = pickle.loads(pickle.dumps(BatchStoppedError("why", summary=Summary(rows=3), error=ValueError("x"))))
    assert (str(error), error.summary.rows, repr(error.__cause__)) == ("why", 3, "ValueError('x')")
