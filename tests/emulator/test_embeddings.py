"""Vectors: every encoding, similarity of similar texts, and options by provider."""

import base64
import math
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure.ai.inference.emulator import Emulator
from azure.ai.inference.emulator._hashed_embeddings import encode

from .conftest import VERSION, Caller

PATH = f"/embeddings{VERSION}"
IMAGES = f"/images/embeddings{VERSION}"
PIXEL = "data:image/png;base64," + base64.b64encode(b"\x89PNG" + bytes(range(64))).decode()
OTHER = "data:image/png;base64," + base64.b64encode(bytes(range(200, 256)) * 3).decode()


def vectors(caller: Caller, inputs: Any, path: str = PATH, **members: Any) -> list[Any]:
    got = caller.post(path, {"input": inputs, **members}, {"extra-parameters": "pass-through"})
    assert got.status == 200, got.raw
    assert [item["index"] for item in got.body["data"]] == list(range(len(got.body["data"])))
    return [item["embedding"] for item in got.body["data"]]


def closeness(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("The best French painter", "A famous painting from France", "How to repair a bicycle tyre"),
        ("I love my cat", "my cats are lovely", "stock prices fell on Monday"),
        ("Python programming", "programs in python", "a recipe for onion soup"),
        ("the weather in Oslo", "Oslo weather today", "the history of printing"),
    ],
)
def test_similar_texts_are_close(caller: Caller, text: str, near: str, far: str) -> None:
    one, two, three = vectors(caller, [text, near, far])
    assert closeness(one, two) > closeness(one, three) + 0.1
    assert closeness(one, one) == pytest.approx(1, abs=1e-5)


def test_same_text_gets_the_same_vector(caller: Caller) -> None:
    assert vectors(caller, ["Hello", "hello!", "Hello"], dimensions=16)[0] == vectors(caller, "Hello", dimensions=16)[0]
    assert len(vectors(caller, ["x"])[0]) == 1024
    assert vectors(caller, [""], dimensions=2) == [[0.0, 0.0]]


@pytest.mark.parametrize("inputs", [[[1] * 8000] * 2048, "a " * 300_001, ["a " * 150_000, [7] * 150_001]])
def test_too_many_tokens_are_refused_before_they_are_checked(caller: Caller, inputs: Any) -> None:
    got = caller.post("/v1/embeddings", {"model": "m", "input": inputs})
    assert (got.status, got.body["error"]["code"]) == (400, "max_tokens_per_request")
    assert got.body["error"]["message"].endswith("max 300000 tokens per request")


def test_token_ids(caller: Caller) -> None:
    assert len(vectors(caller, [1, 2, 3])) == 1
    one, two, three = vectors(caller, [[1, 2, 3], [1, 2, 4], [9, 8, 7]])
    assert closeness(one, two) > closeness(one, three)


def test_encodings(caller: Caller) -> None:
    encodings = ("float", "base64", "int8", "uint8", "binary", "ubinary")
    found = {name: vectors(caller, ["some text"], dimensions=12, encoding_format=name)[0] for name in encodings}
    floats = found["float"]
    assert struct.unpack("<12f", base64.b64decode(found["base64"])) == pytest.approx(floats, abs=1e-6)
    assert found["int8"] == [round(value * 127) for value in floats]
    assert found["uint8"] == [value + 128 for value in found["int8"]]
    bits = [int(value > 0) for value in floats] + [0] * 4
    packed = [int("".join(map(str, bits[start : start + 8])), 2) for start in (0, 8)]
    assert found["ubinary"] == packed
    assert found["binary"] == [value - 128 for value in packed]


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40))
def test_every_encoding_stays_in_range(values: list[float]) -> None:
    assert all(-128 <= value <= 127 for value in encode(values, "int8"))  # type: ignore[operator]
    assert all(0 <= value <= 255 for value in encode(values, "uint8"))  # type: ignore[operator]
    assert all(-128 <= value <= 127 for value in encode(values, "binary"))  # type: ignore[operator]
    assert len(encode(values, "ubinary")) == math.ceil(len(values) / 8)


def test_images(caller: Caller) -> None:
    inputs = [{"image": PIXEL}, {"image": PIXEL, "text": "a dot"}, {"image": OTHER}]
    one, two, three = vectors(caller, inputs, IMAGES, model="m", encoding_format="float")
    assert closeness(one, two) > closeness(one, three) + 0.1


@pytest.mark.parametrize(
    "image", ["", "no data URL", "data:image/png;base64,!!!!", "data:image/png;base64,é", "data:image/png;base64,"]
)
def test_invalid_images(caller: Caller, image: str) -> None:
    got = caller.post(IMAGES, {"input": [{"image": image}]})
    assert (got.status, got.body["error"]["target"]) == (422, "input[0].image")


@pytest.mark.parametrize(
    ("dialect", "members", "status"),
    [
        ("serverless", {"encoding_format": "float64"}, 400),
        ("serverless", {"input": []}, 400),
        ("serverless", {"input": ["x"] * 2049}, 400),
        ("serverless", {"dimensions": 0}, 400),
        ("serverless", {"user": "u"}, 400),
        ("azure-openai", {"user": "u"}, 200),
        ("azure-openai", {"input_type": "query"}, 400),
        ("azure-openai", {"encoding_format": "int8"}, 400),
        ("mistral", {"output_dtype": "int8", "output_dimension": 8}, 200),
        ("mistral", {"dimensions": 8}, 422),
        ("ollama", {"input_type": "query", "whatever": 1}, 200),
    ],
)
def test_options_by_provider(dialect: str, members: dict[str, Any], status: int) -> None:
    with Emulator(dialect=dialect) as endpoint:
        got = Caller(endpoint).post("/v1/embeddings", {"input": ["x"], **members})
    assert got.status == status
    if "output_dtype" in members:
        assert len(got.body["data"][0]["embedding"]) == 8


def test_usage_and_model(caller: Caller) -> None:
    body = caller.post(PATH, {"input": ["one two", "three"]}).body
    assert (body["usage"], body["model"], body["object"]) == (
        {"prompt_tokens": 3, "total_tokens": 3},
        "emulator-1",
        "list",
    )
    picture = caller.post(IMAGES, {"input": [{"image": PIXEL, "text": "a dot"}], "model": "mine"}).body
    assert (picture["usage"]["total_tokens"], picture["model"]) == (87, "mine")
    assert caller.post(PATH, {"input": [[1, 2], [3]]}).body["usage"]["total_tokens"] == 3
    assert caller.post(PATH, {"input": [1, 2, 3]}).body["usage"]["total_tokens"] == 3
