"""Turns embeddings as services send them into arrays of numbers. Pure.

A service sends a list of JSON numbers, or the bytes of an array in base64. The request's encoding says what the numbers
are: 32-bit floats, or signed or unsigned bytes; "binary" and "ubinary" pack eight dimensions into each byte.
"""

import sys
from array import array
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._json import is_list

if TYPE_CHECKING:
    import numpy

_CODES: Mapping[str, str] = {"int8": "b", "uint8": "B", "binary": "b", "ubinary": "B"}
"""Array type codes by encoding. All other encodings are floats."""


def decode(embedding: Any, encoding: str) -> "array[Any]":
    """Return an embedding as an array.

    :param embedding: A list of numbers, or the little-endian bytes of an array in base64.
    :param encoding: The encoding that the request asked for. If the service ignored it and sent other numbers, the
        array has floats.
    :return: An array of type "f", "b" or "B".
    :raises ValueError: The embedding is neither.
    """
    code = _CODES.get(encoding, "f")
    try:
        if isinstance(embedding, str):
            return _from_base64(embedding, code)
        if is_list(embedding):
            return _from_numbers(embedding, code)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"the embedding cannot be read as {encoding}: {error}: {embedding!r:.100}") from error
    raise ValueError(f"an embedding must be a list of numbers or a base64 str, not {type(embedding).__name__}")


def _from_base64(text: str, code: str) -> "array[Any]":
    vector: array[Any] = array(code)
    vector.frombytes(b64decode(text, validate=True))
    if sys.byteorder == "big":  # pragma: no cover - the machines that test this are little-endian
        vector.byteswap()
    return vector


def _from_numbers(numbers: Sequence[Any], code: str) -> "array[Any]":
    try:
        return array(code, numbers)
    except (TypeError, OverflowError):
        return array("f", numbers)


def matrix(vectors: Sequence["array[Any]"]) -> "numpy.ndarray[Any, Any]":
    """Return vectors as the rows of a matrix.

    :param vectors: The rows.
    :raises ImportError: numpy is not installed.
    :raises ValueError: The vectors differ in length.
    """
    try:
        import numpy
    except ImportError as error:
        raise ImportError(
            "to_numpy() needs numpy: pip install numpy. Without it, item.vector is a standard array of numbers."
        ) from error
    if not vectors:
        return numpy.empty((0, 0), dtype=numpy.float32)
    lengths = {len(vector) for vector in vectors}
    if len(lengths) > 1:
        raise ValueError(f"the embeddings differ in length and cannot form a matrix: {sorted(lengths)}")
    return numpy.stack([numpy.frombuffer(vector, dtype=vector.typecode) for vector in vectors])
