"""Text and image embeddings: requests and answers. Pure: values in, values out."""

from collections.abc import Mapping
from typing import Any

from ._call import Call, given_body, make_call, warn_of_ignored
from ._endpoint import Kind
from ._json import is_list, is_object, to_json
from ._model import wrap_as
from ._options import EmbeddingOptions, merge, merge_extras, names
from ._settings import Settings
from .models import EmbeddingsResult

EMBEDDING_SETTINGS = names(EmbeddingOptions)

_IN_BODY = tuple(name for name in EMBEDDING_SETTINGS if name != "model_extras")
_INFERENCE_SCHEMA = frozenset(("input", "dimensions", "encoding_format", "input_type", "model"))
"""Members of the Azure model inference API's own request; others are for the model alone."""

_OPERATIONS: Mapping[Kind, str] = {"embeddings": "embeddings", "image_embeddings": "images/embeddings"}

embeddings_of = wrap_as(EmbeddingsResult)
"""Make the result of a call from the JSON object that came."""


def embed_call(settings: Settings, kind: Kind, body: Any, options: Mapping[str, Any]) -> Call:
    """Build the request of embeddings.

    :param settings: The client's.
    :param kind: Of texts or of images.
    :param body: The whole body, in place of input and settings: a mapping, bytes, or a binary file.
    :param options: The keyword arguments of `embed`.
    :raises TypeError: Neither input nor a body, or they are nothing of the kind; or an unknown keyword.
    :raises ValueError: The input is empty.
    """
    own = ("input", *EMBEDDING_SETTINGS)
    others = {name: value for name, value in options.items() if name not in own}
    if body is not None:
        warn_of_ignored(settings, "embed", options, own)
        content, _ = given_body(body)
        return make_call(settings, "embed", _OPERATIONS[kind], others, content=content)
    extras = merge_extras(settings.defaults.get("model_extras"), options.get("model_extras"))
    request = {"input": _inputs(kind, options.get("input")), **merge(settings.defaults, options, _IN_BODY), **extras}
    return make_call(
        settings,
        "embed",
        _OPERATIONS[kind],
        others,
        content=to_json(request),
        pass_through=bool(extras) or not _INFERENCE_SCHEMA.issuperset(request),
    )


def _inputs(kind: Kind, value: Any) -> list[Any]:
    """Check what is to be embedded; one text stands for a list of one.

    :raises TypeError: There is none, or it is nothing of the kind.
    :raises ValueError: It is empty.
    """
    if value is None:
        raise TypeError("missing required argument: input")
    forms = "a text or a list of texts" if kind == "embeddings" else "a list of ImageEmbeddingInput"
    if isinstance(value, str) and kind == "embeddings":
        value = [value]
    if isinstance(value, (str, bytes)) or is_object(value) or not hasattr(value, "__iter__"):
        raise TypeError(f"input must be {forms}, not {type(value).__name__}: {value!r:.200}")
    inputs: list[Any] = list(value)
    if not inputs:
        raise ValueError(f"input must not be empty: give {forms}.")
    for index, item in enumerate(inputs):
        if not _fits(kind, item):
            raise TypeError(f"input[{index}] must be one of {forms}, not {type(item).__name__}: {item!r:.200}")
    return inputs


def _fits(kind: Kind, item: Any) -> bool:
    """Whether one input is of its kind; tokens may stand for a text."""
    return is_object(item) if kind == "image_embeddings" else isinstance(item, (str, int)) or is_list(item)
