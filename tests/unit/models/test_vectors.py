"""Embeddings as received, and as vectors, matrices and batches. Without requests."""

import base64
import copy
import json
import pickle
import sys
import threading
from array import array
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError
from hypothesis import given
from hypothesis import strategies as st

from azure.ai.inference._operations.embedding_plan import Batch, plan_batches, renumber
from azure.ai.inference._operations.embeddings import embed_call, embeddings_of
from azure.ai.inference._operations.settings import make_settings
from azure.ai.inference.exceptions import BatchError, NotFoundError
from azure.ai.inference.models import EmbeddingEncodingFormat, EmbeddingItem, EmbeddingsResult, ImageEmbeddingInput

FLOATS = [0.5, -0.25, 1.0]


def in_base64(values: Any) -> str:
    return base64.b64encode(values.tobytes()).decode()


def item(embedding: Any, encoding: str | None = None, index: int = 0) -> EmbeddingItem:
    made = EmbeddingItem(index=index, embedding=embedding)
    if encoding is not None:
        made.encoding = encoding
    return made


@pytest.mark.parametrize(
    ("embedding", "encoding", "code", "values"),
    [
        (FLOATS, None, "f", FLOATS),
        ([1, 0, -3], None, "f", [1, 0, -3]),
        ([1, 0.5], "float", "f", [1, 0.5]),
        (in_base64(array("f", FLOATS)), None, "f", FLOATS),
        (in_base64(array("f", FLOATS)), "float", "f", FLOATS),
        ([-128, 0, 127], "int8", "b", [-128, 0, 127]),
        ([0, 255], "uint8", "B", [0, 255]),
        ([-128, 127], "binary", "b", [-128, 127]),
        ([0, 255], "ubinary", "B", [0, 255]),
        (in_base64(array("b", [-1, 5])), "int8", "b", [-1, 5]),
        (in_base64(array("B", [200])), "ubinary", "B", [200]),
        # The service ignored the encoding: its numbers count.
        (FLOATS, "int8", "f", FLOATS),
        ([-1, 2], "uint8", "f", [-1, 2]),
        ([200], "binary", "f", [200]),
        ([], None, "f", []),
        ("", "int8", "b", []),
    ],
)
def test_vectors(embedding: Any, encoding: str | None, code: str, values: list[Any]) -> None:
    made = item(embedding, encoding)
    assert (made.vector.typecode, made.vector.tolist()) == (code, values)
    assert made.vector is made.vector
    assert made.embedding is embedding
    assert json.loads(json.dumps(made)) == {"index": 0, "embedding": embedding} == made.as_dict()


@given(st.lists(st.floats(width=32, allow_nan=False)))
def test_both_forms_of_floats_read_alike(values: list[float]) -> None:
    assert item(in_base64(array("f", values))).vector == item(values).vector == array("f", values)


@pytest.mark.parametrize(
    ("embedding", "text"),
    [
        ("not base64!", "cannot be read as float"),
        ("YWJj", "cannot be read as float: bytes length not a multiple of item size"),
        ([0.5, None], "cannot be read as float: must be real number, not None"),
        (None, "an embedding must be a list of numbers or a base64 str, not NoneType"),
        ({"float": []}, "not dict"),
    ],
)
def test_invalid_embeddings(embedding: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        assert item(embedding).vector


def test_vector_is_updated_and_survives_copies() -> None:
    one = item([1, 2, 3], "int8")
    first = one.vector
    for other in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert (other.encoding, other.vector) == ("int8", first)
    one.embedding = [1, 2]
    assert one.vector.tolist() == [1, 2]
    assert EmbeddingItem.vector.__doc__  # the class shows what is read


def result(*items: EmbeddingItem) -> EmbeddingsResult:
    return EmbeddingsResult(data=list(items))


@pytest.mark.parametrize(
    ("encoding", "embedding", "dtype"),
    [
        ("float", [1.0, 2.0], "float32"),
        ("float", in_base64(array("f", [1, 2])), "float32"),
        ("int8", [1, 2], "int8"),
        ("uint8", [1, 2], "uint8"),
        ("binary", [1, 2], "int8"),
        ("ubinary", [1, 2], "uint8"),
    ],
)
def test_matrix_for_each_encoding(encoding: str, embedding: Any, dtype: str) -> None:
    matrix = result(item(embedding, encoding), item(embedding, encoding)).to_numpy()
    assert (matrix.dtype.name, matrix.tolist()) == (dtype, [[1, 2], [1, 2]])


def test_matrix_has_the_inputs_order() -> None:
    assert result(item([2.0], index=1), item([1.0], index=0)).to_numpy().tolist() == [[1], [2]]
    assert result(EmbeddingItem(embedding=[3.0]), EmbeddingItem(embedding=[4.0])).to_numpy().tolist() == [[3], [4]]
    assert result().to_numpy().shape == (0, 0)


def test_to_numpy_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"differ in length and cannot form a matrix: \[1, 2\]"):
        result(item([1.0]), item([1.0, 2.0])).to_numpy()
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(ImportError, match="pip install numpy"):
        result(item([1.0])).to_numpy()


# ---------------------------------------------------------------- requested encodings

SETTINGS = make_settings("EmbeddingsClient", "https://e.eastus.models.ai.azure.com", "embeddings", (), {})


@pytest.mark.parametrize(
    ("body", "options", "encoding"),
    [
        (None, {}, "float"),
        (None, {"encoding_format": "base64"}, "float"),
        (None, {"encoding_format": "int8"}, "int8"),
        (None, {"encoding_format": EmbeddingEncodingFormat.UBINARY}, "ubinary"),
        (None, {"encoding_format": "whatever"}, "float"),
        (None, {"model_extras": {"output_dtype": "uint8"}}, "uint8"),
        (None, {"model_extras": {"output_dtype": "int8"}, "encoding_format": "base64"}, "int8"),
        ({"input": "x", "encoding_format": "binary"}, {}, "binary"),
        (b'{"input": "x", "encoding_format": "uint8"}', {}, "uint8"),
        (b"no json", {}, "float"),
    ],
)
def test_encoding_that_a_request_asks_for(body: Any, options: dict[str, Any], encoding: str) -> None:
    call = embed_call(SETTINGS, "embeddings", body, {} if body else {"input": ["x"], **options})
    read = embeddings_of(call)({"data": [{"index": 0, "embedding": [1, 2]}, "stray"]})
    assert (call.encoding, read.data[0].encoding) == (encoding, encoding)
    assert embeddings_of(call)({"usage": {}}).data is None


# ---------------------------------------------------------------- batches


def plan(inputs: Any, size: int = 3, length: int = 10, **options: Any) -> list[tuple[int, list[Any]]]:
    made = plan_batches(options.pop("kind", "embeddings"), inputs, size, length, 2, options)
    return [(batch.start, list(batch.inputs)) for batch in made.batches]


@pytest.mark.parametrize(
    ("inputs", "batches"),
    [
        ([], []),
        (["a"], [(0, ["a"])]),
        (["a", "b", "c", "d"], [(0, ["a", "b", "c"]), (3, ["d"])]),
        (("a", "b"), [(0, ["a", "b"])]),
        (iter(["aaaaaa", "bbbb", "c"]), [(0, ["aaaaaa", "bbbb"]), (2, ["c"])]),
        (["a", "b" * 11, "c"], [(0, ["a"]), (1, ["b" * 11]), (2, ["c"])]),
        ([[1, 2], (3,), [4] * 8], [(0, [[1, 2], (3,)]), (2, [[4] * 8])]),
    ],
)
def test_batches(inputs: Any, batches: list[tuple[int, list[Any]]]) -> None:
    assert plan(inputs) == batches


def test_batches_of_images() -> None:
    images = [ImageEmbeddingInput(image="12345", text="678"), {"image": "9" * 3}, {"image": "1"}]
    assert plan(images, kind="image_embeddings") == [(0, images[:1]), (1, images[1:])]


@given(st.lists(st.text(max_size=12)), st.integers(1, 5), st.integers(1, 20))
def test_batches_hold_all_inputs_within_the_limits(texts: list[str], size: int, length: int) -> None:
    batches = plan(iter(texts), size, length)
    assert [text for _, inputs in batches for text in inputs] == texts
    assert all(texts[start : start + len(inputs)] == inputs for start, inputs in batches)
    assert all(len(inputs) == 1 or (len(inputs) <= size and sum(map(len, inputs)) <= length) for _, inputs in batches)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"inputs": None}, TypeError, "input must be an iterable of texts, or of lists of token ids, not NoneType"),
        ({"inputs": "text"}, TypeError, "not str: 'text'"),
        ({"inputs": {"a": 1}}, TypeError, "not dict"),
        ({"inputs": ["a", 1]}, TypeError, r"input\[1\] is int: 1"),
        ({"inputs": ["a"], "kind": "image_embeddings"}, TypeError, "iterable of ImageEmbeddingInput; "),
        ({"inputs": [], "size": 0}, ValueError, "batch_size must be 1 or more, not 0"),
        ({"inputs": [], "length": -1}, ValueError, "batch_length must be 1 or more"),
        ({"inputs": [], "size": None}, TypeError, "batch_size must be an int, not NoneType"),
        ({"inputs": [], "size": True}, TypeError, "batch_size must be an int, not bool"),
        ({"inputs": [], "cls": print}, TypeError, r"takes no cls: use embed\(\)"),
        ({"inputs": [], "body": {}}, TypeError, "takes no body"),
    ],
)
def test_invalid_batch_arguments(arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        plan(**arguments)


def test_lazy_inputs_are_checked_as_they_are_read() -> None:
    def texts() -> Iterator[Any]:
        yield from ["a", "b", "c", "d", None]

    batches = plan_batches("embeddings", texts(), 3, 10, 1, {}).batches
    assert [next(batches).indices, next(batches).indices] == [range(3), range(3, 4)]
    with pytest.raises(TypeError, match=r"input\[4\] is NoneType"):
        next(batches)


@pytest.mark.parametrize("order", [[1, 0], [0, 1], [0, 0], [None, None], [7, 8]])
def test_items_are_renumbered(order: list[int | None]) -> None:
    items = [EmbeddingItem({"index": index, "embedding": [float(index or 0)]}) for index in order]
    got = renumber(Batch(5, ["a", "b"]), result(*items))
    assert [one.index for one in got.data] == [5, 6]
    if order == [1, 0]:
        assert [one.embedding for one in got.data] == [[0], [1]]


class UnpicklableError(Exception):
    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        (ServiceRequestError("down", error=OSError(threading.Lock())), "down"),
        (NotFoundError("none"), "none"),
        (ValueError("a hook"), "a hook"),
        (KeyboardInterrupt(), ""),
        (UnpicklableError("gone", "for good"), "UnpicklableError: gone"),
    ],
)
def test_batch_error_pickles_with_its_cause(cause: BaseException, text: str) -> None:
    error = BatchError("no", indices=range(2, 4), results=[result(item([1.0]))], error=cause)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.indices, again.results) == ("no", range(2, 4), error.results)
    assert str(again.inner_exception) == text
    assert again.__cause__ is again.inner_exception
    assert isinstance(again.inner_exception, RuntimeError if isinstance(cause, UnpicklableError) else type(cause))
    assert getattr(again.inner_exception, "inner_exception", None) is None


def test_batch_error_without_a_cause_pickles() -> None:
    again = pickle.loads(pickle.dumps(BatchError("closed", indices=range(2), results=[])))
    assert (again.inner_exception, again.__cause__) == (None, None)
