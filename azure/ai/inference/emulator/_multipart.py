"""The parts of a ``multipart/form-data`` body (RFC 7578)."""

import re
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import Final

_BOUNDARY: Final = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One field.

    :param value: Its bytes.
    :param filename: The name of a file. None: it is not a file.
    """

    value: bytes
    filename: str | None = None

    @property
    def text(self) -> str:
        """The value as text."""
        return self.value.decode("utf-8", "replace")


def parse_multipart(raw: bytes, content_type: str) -> dict[str, Part]:
    """Return the fields of a body by name; none for a body that is not a form.

    :param raw: The body.
    :param content_type: The header, which names the boundary.
    """
    match = _BOUNDARY.search(content_type)
    found: dict[str, Part] = {}
    if match is None:
        return found
    for section in (b"\r\n" + raw).split(b"\r\n--" + match[1].encode())[1:-1]:
        head, _, value = section.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = BytesHeaderParser().parsebytes(head)
        name = headers.get_param("name", header="content-disposition")
        if isinstance(name, str):
            found[name] = Part(value, headers.get_filename())
    return found
