"""Names that code written against azure-ai-inference 1.0.0b9 imports from this private module.

User classes derive from `ChatRequestMessage` with its field functions, and several frameworks encode requests with its
encoder. Everything here wraps `_model` and `_json`; nothing in this package uses it.
"""

import json
from typing import Any

from ._json import encode
from ._model import Model
from ._model_fields import field

__all__ = ["Model", "SdkJSONEncoder", "rest_discriminator", "rest_field"]


def rest_field(*, name: str | None = None, default: Any = None, **kwargs: Any) -> Any:
    """Declare a field, as `_model_fields.field` does.

    :keyword name: The JSON member, where its name differs from the attribute.
    :keyword default: The field's value in new models.
    :keyword kwargs: Accepted for compatibility; the annotation decides.
    """
    return field(name=name, default=default)


def rest_discriminator(*, name: str | None = None, **kwargs: Any) -> Any:
    """Declare the field that tells a model's subclasses apart. Here it is a field like any other.

    :keyword name: The JSON member, where its name differs from the attribute.
    :keyword kwargs: Accepted for compatibility; the base class decides.
    """
    return field(name=name)


class SdkJSONEncoder(json.JSONEncoder):
    """A JSON encoder for models, dates, durations and bytes.

    :keyword exclude_readonly: Accepted for compatibility; no field is read-only.
    :keyword format: Accepted for compatibility; there is one format.
    """

    def __init__(self, *args: Any, exclude_readonly: bool = False, format: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def default(self, o: Any) -> Any:
        """Return the JSON form of a value."""
        return encode(o)
