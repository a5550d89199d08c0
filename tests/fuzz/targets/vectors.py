"""Embeddings: a list of numbers or base64 gives an array of them, and anything else a ValueError."""

import json
from array import array
from base64 import b64decode

from hypothesis import strategies as st

from azure.ai.inference.models._vectors import decode

from ._inputs import json_of, json_texts

ENCODINGS = ["float", "int8", "uint8", "binary", "ubinary", "base64"]
SEEDS = [
    b"0[0.5, -1, 3e39, 1e400]",
    b'0"AACAPw=="',
    b"1[-128, 127, 128]",
    b'3"/w=="',
    b'0"YWJj"',
    b"0[true, null]",
    b"2{}",
]
_NUMBERS = st.lists(st.integers(-300, 300) | st.floats(), max_size=6).map(lambda numbers: json.dumps(numbers).encode())
LIKELY = st.tuples(st.sampled_from([b"%d" % index for index in range(len(ENCODINGS))]), _NUMBERS | json_texts()).map(
    b"".join
)


def check(data: bytes) -> None:
    try:
        embedding = json_of(data[1:])
    except ValueError:
        embedding = data[1:].decode("latin-1")
    try:
        vector = decode(embedding, ENCODINGS[(data or b"0")[0] % len(ENCODINGS)])
    except ValueError as error:
        assert len(str(error)) < 500
        return
    assert isinstance(vector, array)
    assert vector.typecode in "fbB"
    if isinstance(embedding, str):
        assert vector.tobytes() == b64decode(embedding, validate=True)
    else:
        assert len(vector) == len(embedding)
