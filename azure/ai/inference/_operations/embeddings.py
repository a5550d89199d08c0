"""Text and image embeddings: requests and answers. Pure: values in, values out."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._json import as_list_of_python, is_object, is_tokens, json_or_none, to_json
from .._nested_models import wrap_as
from ..models._embeddings import EmbeddingItem, EmbeddingsResult
from ..models._enums import EmbeddingEncodingFormat
from .call import Call, Operation, Payload, check_keywords, given_body, make_call, warn_of_ignored
from .option_kinds import check_kinds
from .options import EMBEDDING_SETTINGS, choose_extras, merge
from .settings import Settings

if TYPE_CHECKING:
    from .._http.endpoint import Kind

_IN_BODY = tuple(name for name in EMBEDDING_SETTINGS if name != "model_extras")
_INFERENCE_SCHEMA = frozenset(("input", "dimensions", "encoding_format", "input_type", "model"))
"""Members of the Azure model inference API's own request; all others are for the model."""

_TEXTS = "Texts go into input=['...']."
_OF_NUMBERS = ("float", "int8", "uint8", "binary", "ubinary")

_ROUTES: "Mapping[Kind, str]" = {"embeddings": "embeddings", "image_embeddings": "images/embeddings"}

_wrap = wrap_as(EmbeddingsResult)


def embeddings_of(call: Call) -> Callable[[Any], EmbeddingsResult]:
    """Return the function that turns the JSON object of a response into the result of a call.

    :param call: The call, which knows the encoding of its embeddings.
    """
    if call.encoding == "float":
        return _wrap

    def wrap(value: Any) -> EmbeddingsResult:
        result = _wrap(value)
        for item in result.data or ():
            if isinstance(item, EmbeddingItem):
                item.encoding = call.encoding
        return result

    return wrap


def embed_call(settings: Settings, kind: "Kind", body: Any, options: Mapping[str, Any]) -> Call:
    """Build the request of embeddings.

    :param settings: The client's settings.
    :param kind: Whether texts or images are embedded.
    :param body: The whole body, instead of input and settings: a mapping, bytes, or a binary file.
    :param options: The keyword arguments of `embed`.
    :raises TypeError: Neither input nor a body were passed, or they have an unsupported type; or a keyword is unknown.
    :raises ValueError: The input is empty.
    """
    check_kinds(options)
    own = ("input", *EMBEDDING_SETTINGS)
    others = {name: value for name, value in options.items() if name not in own}
    if body is None and options.get("input") is None:
        check_keywords(settings, "embed", others)
    operation = Operation("embed", _ROUTES[kind])
    if body is not None:
        warn_of_ignored(settings, "embed", options, own)
        content, _ = given_body(body, _TEXTS, _TEXTS)
        call = make_call(settings, operation, others, Payload(content))
        return call._replace(encoding=_encoding(body if isinstance(content, str) else json_or_none(content)))
    extras = choose_extras(settings.defaults.get("model_extras"), options.get("model_extras"))
    request = {"input": _inputs(kind, options.get("input")), **merge(settings.defaults, options, _IN_BODY), **extras}
    pass_through = bool(extras) or not _INFERENCE_SCHEMA.issuperset(request)
    call = make_call(settings, operation, others, Payload(to_json(request), pass_through))
    return call._replace(encoding=_encoding(request))


def _encoding(request: Any) -> str:
    """Return the encoding of the embeddings that a request asks for.

    :param request: The request body. Mistral's `output_dtype` is the type of the numbers, and its `encoding_format`
        whether they are in base64; the Model Inference API has one setting for both, where base64 contains floats.
    """
    said = [request.get(name) for name in ("output_dtype", "encoding_format")] if is_object(request) else []
    return next((EmbeddingEncodingFormat(name).value for name in said if name in _OF_NUMBERS), "float")


def _inputs(kind: "Kind", value: Any) -> list[Any]:
    """Check the input; a single text becomes a list of one.

    :raises TypeError: There is none, or it has an unsupported type.
    :raises ValueError: It is empty.
    """
    if value is None:
        raise TypeError("missing required argument: input, such as input=['...']")
    forms = _FORMS[kind]
    if isinstance(value, str) and kind == "embeddings":
        return _inputs(kind, [value])
    if isinstance(value, (str, bytes)) or is_object(value) or not hasattr(value, "__iter__"):
        raise TypeError(f"input must be {forms}, not {type(value).__name__}: {value!r:.200}")
    inputs: list[Any] = list(map(as_list_of_python, value))
    if not inputs:
        raise ValueError(f"input must not be empty: pass {forms}.")
    _check_items(kind, inputs)
    return inputs


def _check_items(kind: "Kind", inputs: Sequence[Any]) -> None:
    for index, item in enumerate(inputs):
        if not _fits(kind, item):
            raise TypeError(f"input[{index}] must be {_ITEMS[kind]}, not {type(item).__name__}: {item!r:.200}")


_FORMS: "Mapping[Kind, str]" = {
    "embeddings": "a text or a list of texts",
    "image_embeddings": "a list of ImageEmbeddingInput",
}


_ITEMS: "Mapping[Kind, str]" = {
    "embeddings": "a text or a list of token ids",
    "image_embeddings": "an ImageEmbeddingInput",
}


def _fits(kind: "Kind", item: Any) -> bool:
    """Return whether an input is of its kind; token ids may replace a text."""
    return is_object(item) if kind == "image_embeddings" else isinstance(item, (str, int)) or is_tokens(item)
