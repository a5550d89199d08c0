"""Names that code written against azure-ai-inference 1.0.0b9 imports from this private module.

User classes subclass `ChatRequestMessage` with its field functions; several frameworks encode requests with its
encoder. Everything here is a thin cover of `_model` and `_json`; nothing in this package uses it.
"""

import json
from typing import Any

from ._json import encode
from ._model import Model
from ._model_fields import field

__all__ = ["Model", "SdkJSONEncoder", "rest_discriminator", "rest_field"]


def rest_field(*, name: str | None = None, default: Any = None, **kwargs: Any) -> Any:
    """Declare a field, as `_model.field` does.

    :keyword name: The JSON member, where it differs from the attribute.
    :keyword default: The field's value in what the constructor makes, where it is left out.
    :keyword kwargs: What else 1.0.0b9 took; the annotation says it.
    """
    return field(name=name, default=default)


def rest_discriminator(*, name: str | None = None, **kwargs: Any) -> Any:
    """Declare the field that tells a model's subclasses apart: here a field like any other.

    :keyword name: The JSON member, where it differs from the attribute.
    :keyword kwargs: What else 1.0.0b9 took; the base class says it.
    """
    return field(name=name)


class SdkJSONEncoder(json.JSONEncoder):
    """A JSON encoder that knows models, dates, durations and bytes.

    :keyword exclude_readonly: Accepted; no field is read-only.
    :keyword format: Accepted; there is one format.
    """

    def __init__(self, *args: Any, exclude_readonly: bool = False, format: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def default(self, o: Any) -> Any:
        """Give a value that JSON knows."""
        return encode(o)
