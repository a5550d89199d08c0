"""Make links between Markdown files, which work in the repository, work in the built pages too.

README, CONTRIBUTING and CHANGELOG are pages by inclusion, and other files and folders are not pages at all. A link to a
page or an image is redirected there, a link to a file that only the repository has becomes plain text, and a broken
link is a warning.
"""

import os
import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
INCLUDED = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")

_LINK = re.compile(r"(!?)\[([^\]]+)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")
_PICTURE = re.compile(
    r"<picture>\s*<source[^>]* srcset=\"([^\"]+)\">\s*<img src=\"([^\"]+)\" alt=\"([^\"]+)\">\s*</picture>"
)
_FENCED = re.compile(r"(^```.*?^```$)", re.M | re.S)
_LOGGER = logging.getLogger(__name__)


def relink(text: str, source: Path, page: Path) -> str:
    """Redirect the links of a Markdown text to pages.

    :param text: The text.
    :param source: The file that it is from; relative links are from its folder.
    :param page: The page that it becomes a part of.
    """

    def led(match: re.Match[str]) -> str:
        image, words, target, anchor = match[1], match[2], match[3], match[4] or ""
        path = Path(os.path.normpath(source.parent / target))
        if not path.exists():
            _LOGGER.warning("the link [%s](%s) leads nowhere", words, target, location=str(source))
            return words
        if path.parent == ROOT and path.name in INCLUDED:
            path = DOCS / "project" / path.name.lower()
        if not image and (not path.is_relative_to(DOCS) or path.suffix not in (".md", ".rst")):
            return words
        return f"{image}[{words}]({os.path.relpath(path, page.parent)}{anchor})"

    def shown(match: re.Match[str]) -> str:
        """Convert a picture for each colour scheme from GitHub's form to furo's."""
        dark, light, words = match.groups()
        paths = {"light": light, "dark": dark}
        from_page = {theme: os.path.relpath(source.parent / path, page.parent) for theme, path in paths.items()}
        directives = [
            f"```{{figure}} {path}\n:figclass: picture only-{theme}\n:alt: {words}\n```"
            for theme, path in from_page.items()
        ]
        return "\n\n".join(directives)

    text = _PICTURE.sub(shown, text)
    parts = _FENCED.split(text)  # every second is code, where brackets and parentheses are no link
    return "".join(part if number % 2 else _LINK.sub(led, part) for number, part in enumerate(parts))


def _relink_page(app: Sphinx, docname: str, content: list[str]) -> None:
    page = Path(app.env.doc2path(docname))
    if page.suffix == ".md":
        content[0] = relink(content[0], page, page)


def _relink_included(app: Sphinx, path: Path, docname: str, content: list[str]) -> None:
    if path.suffix == ".md":
        page = Path(app.env.doc2path(app.env.docname))  # MyST tells its stem only
        content[0] = relink(content[0], DOCS / path, page)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", _relink_page)
    app.connect("include-read", _relink_included)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
