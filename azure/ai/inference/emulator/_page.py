"""The files of the page: HTML, JavaScript and CSS as packaged, and the headers that confine them."""

from functools import cache
from importlib.resources import files
from typing import Final

from ._response import Response

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
PAGE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Only the page's own files can run in it, no text becomes markup, and no other site can frame or read it."""


def page_file(name: str) -> Response | None:
    """Return a file of the page, or None if there is no such file."""
    files_by_name = _read()
    if name not in files_by_name:
        return None
    return Response(200, {"Content-Type": _TYPES[name.rpartition(".")[2]]}, files_by_name[name])


@cache
def _read() -> dict[str, bytes]:
    folder = files(__name__.rpartition(".")[0]).joinpath("page")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.rpartition(".")[2] in _TYPES}
