"""Embeddings computed from the text itself: texts that share words, or parts of words, are close to each other.

Every word and every trigram of it is hashed to a few positions of the vector (feature hashing), so no model is needed,
the same text gets the same vector on any machine, and a search over the emulator's vectors finds what a person would
expect.
"""

import base64
import math
import re
import struct
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, Union

from . import _contract as contract
from ._dialects import Dialect
from ._fragments import OBJECT, STRING, Fragment
from ._request import RecordedRequest
from ._rules import check_body, read_body, split_extras
from ._service_error import ServiceError
from ._values import as_list, as_object, as_text, count_pieces

DIMENSIONS: Final = 1024
"""The default length of a vector."""
_PLACES: Final = 6
_READ: Final = 32_768
"""How many characters of a text are used: about the 8,192 tokens that models read."""
_MOST_TOKENS: Final = 300_000
"""How many tokens OpenAI embeds in one request."""
_COMMON_WORDS: Final = (
    "a an and are as at be by do for from has how i in is it its me my of on or that the this to was were what "
    "who with you"
)
_COMMON: Final = frozenset(_COMMON_WORDS.split())
_OPENAI: Final[Mapping[str, Fragment]] = {
    **{name: contract.EMBEDDINGS[name] for name in ("input", "model", "dimensions")},
    "encoding_format": {"type": "string", "enum": ["float", "base64"]},
    "user": STRING,
}
_MISTRAL: Final[Mapping[str, Fragment]] = {
    **{name: contract.EMBEDDINGS[name] for name in ("input", "model")},
    "encoding_format": {"type": "string", "enum": ["float", "base64"]},
    "output_dimension": contract.EMBEDDINGS["dimensions"],
    "output_dtype": {"type": "string", "enum": ["float", "int8", "uint8", "binary", "ubinary"]},
    "metadata": OBJECT,
}
Encoded = Union[str, list[float], list[int]]


def embedding_members(dialect: Dialect, *, images: bool) -> Mapping[str, Fragment]:
    """Return what a provider accepts in a request for embeddings."""
    if dialect.unknown == "refuse" and not images:
        return _MISTRAL if dialect.strict else _OPENAI
    return contract.IMAGE_EMBEDDINGS if images else contract.EMBEDDINGS


def embed(request: RecordedRequest, dialect: Dialect, *, model: str, images: bool) -> dict[str, Any]:
    """Return the answer to a request for embeddings.

    :param model: The default name of the model.
    :raises ServiceError: If the provider would refuse.
    """
    members = embedding_members(dialect, images=images)
    body = split_extras(read_body(request), request, dialect, members)
    tokens = _checked_cost(body.get("input"))
    check_body(body, contract.request_schema(members, "input"), dialect.strict)
    found = {name: value for name, value in body.items() if value is not None}
    length = int(found.get("dimensions", found.get("output_dimension", DIMENSIONS)))
    encoding = found.get("output_dtype", "float")
    encoding = found.get("encoding_format", "float") if encoding == "float" else encoding
    inputs = [found["input"]] if isinstance(found["input"], str) else as_list(found["input"])
    if inputs and all(isinstance(item, int) for item in inputs):
        inputs = [inputs]
    features = [_image_features(item, index) if images else _text_features(item) for index, item in enumerate(inputs)]
    data = [
        {"index": index, "object": "embedding", "embedding": encode(vector(counts, length), encoding)}
        for index, counts in enumerate(features)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {
        "id": "emb-emulator",
        "object": "list",
        "model": as_text(found.get("model")) or model,
        "data": data,
        "usage": usage,
    }


def encode(values: Sequence[float], encoding: str) -> Encoded:
    """Return a unit vector in an encoding: ``base64`` is little-endian float32; bits are packed, high bit first."""
    if encoding == "base64":
        return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
    if encoding in ("int8", "uint8"):
        offset = 128 if encoding == "uint8" else 0
        return [round(value * 127) + offset for value in values]
    if encoding in ("binary", "ubinary"):
        offset = 0 if encoding == "ubinary" else 128
        bits = "".join("1" if value > 0 else "0" for value in values)
        padded = bits + "0" * (-len(bits) % 8)
        return [int(padded[start : start + 8], 2) - offset for start in range(0, len(padded), 8)]
    return list(values)


def vector(features: Mapping[str, float], length: int) -> list[float]:
    """Return features and their weights as a vector of unit length (or of zeros, for no features)."""
    sums: defaultdict[int, float] = defaultdict(float)
    for feature, weight in features.items():
        for place, sign in _places(feature):
            sums[place % length] += sign * weight
    norm = math.sqrt(sum(value * value for value in sums.values())) or 1.0
    values = [0.0] * length
    for place, value in sums.items():
        values[place] = round(value / norm, 7)
    return values


@lru_cache(maxsize=65536)
def _places(feature: str) -> tuple[tuple[int, float], ...]:
    digest = blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=4 * _PLACES).digest()
    numbers: tuple[int, ...] = struct.unpack(f"<{_PLACES}I", digest)
    return tuple((number >> 1, 1.0 if number & 1 else -1.0) for number in numbers)


def _text_features(item: Any) -> Mapping[str, float]:
    """Return the features of a text: words weigh most, their trigrams keep ``painter`` near ``painting``."""
    features: defaultdict[str, float] = defaultdict(float)
    for word in _item_words(item):
        weight = 0.1 if word in _COMMON else 1.0
        features[word] += weight
        features[f"^{word[:4]}"] += 0.7 * weight
        marked = f"<{word}>"
        for start in range(len(marked) - 2):
            features[marked[start : start + 3]] += 0.5 * weight
    return features


def _item_words(item: Any) -> list[str]:
    if isinstance(item, str):
        return re.findall(r"[^\W_]+", item[:_READ].lower())
    return [f"token{number}" for number in as_list(item) or [item]]


def _image_features(item: Any, index: int) -> Mapping[str, float]:
    """Return the features of an image's bytes and of its text."""
    found = as_object(item)
    _, comma, encoded = as_text(found.get("image")).partition(",")
    try:
        data = base64.b64decode(encoded, validate=True) if comma else b""
    except ValueError:
        data = b""
    if not data:
        message = f"Invalid image at 'input[{index}].image': expected a data URL such as 'data:image/png;base64,...'."
        raise ServiceError(422, "invalid_image", message, param=f"input[{index}].image", path=("input", index, "image"))
    blocks = Counter(data[start : start + 16].hex() for start in range(0, min(len(data), 65536), 16))
    return {**blocks, **_text_features(as_text(found.get("text")))}


def _checked_cost(given: Any) -> int:
    """Return how many tokens an input has, which need not be valid: to check millions of tokens takes minutes.

    :raises ServiceError: 400 if there are more than a service embeds at once.
    """
    tokens = _cost(given) if isinstance(given, str) else sum(map(_cost, as_list(given)))
    if tokens > _MOST_TOKENS:
        message = f"Requested {tokens} tokens, max {_MOST_TOKENS} tokens per request"
        raise ServiceError(400, "max_tokens_per_request", message, param="input")
    return tokens


def _cost(item: Any) -> int:
    if isinstance(item, str):
        return count_pieces(item)
    if isinstance(item, dict):
        return 85 + count_pieces(as_text(as_object(item).get("text")))
    return len(as_list(item)) if isinstance(item, list) else 1  # a token's id
