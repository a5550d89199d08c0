r"""Turn the text of a template into messages. No variable can add a message, change a role or name a file.

The structure of a prompt (its role lines and images) is marked in the *template*, before it is rendered, with a random
token that no variable can know. After rendering, only marked structure counts; everything else is text:

    template ── mark ──▶ marked template ── an engine, with the variables ──▶ marked text ── split ──▶ messages

With trusted variables, :func:`mark` runs on the rendered text instead; nothing else differs. A mark is the token, one
character for its kind, and a value that ends at the next token: ``R+user`` is a role (``+``: keep the message even if
its text turns out to be empty), ``Aname=x`` an attribute of that role, ``I`` the target of an image, ``V`` the number
of a variable that is a message list or a content part, and ``.`` is text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ._prompt_error import PromptError

ROLES = ("assistant", "developer", "function", "system", "tool", "user")

Message = dict[str, Any]
Part = Mapping[str, Any]
Rich = Sequence[Part | Sequence[Mapping[str, Any]]]
"""The variables that are not text, by number: content parts and lists of messages."""

# A tag that prints nothing may be on the line of a role.
_CONTROL = r"(?:\{\{[#/^!][^}\n]*\}\}|\{%[^%\n]*%\}|\{#[^#\n]*#\})[ \t]*"
# A tag that prints a variable called `role`: the author lets the variables choose the role of these messages.
_ROLE_TAG = r"\{\{\{?(?![#^/!>=])[^{}\n]*\brole\b[^{}\n]*\}\}\}?"
_PRINTING_TAG = r"\{\{\{[^}\n]*\}\}\}|\{\{(?!\{)[^}\n]*\}\}(?!\})"

_ATTRIBUTE = re.compile(r"""(\w+)[ \t]*=[ \t]*(?:"([^"]*)"|'([^']*)'|([^"',\s]+))[ \t]*(?:,[ \t]*|$)""")
_ATTRIBUTES = ("name", "tool_call_id", "prefix")
"""The attributes of a role that become members of its message."""


# In these patterns no two neighbouring parts can match the same text. That keeps matching linear in the text's length.
def _role_line(role: str, control: str) -> re.Pattern[str]:
    return re.compile(
        rf"^(?P<before>[ \t]*(?:{control})*)(?:\#[ \t]*)?(?P<role>{role})[ \t]*(?:\[(?P<attributes>[^\]\n]*)\][ \t]*)?:"
        rf"[ \t]*(?P<after>(?:{control})*)\r?$",
        re.MULTILINE | re.IGNORECASE,
    )


def _image(target: str) -> re.Pattern[str]:
    return re.compile(rf'!\[[^\[\]\n]*\]\((?P<target>{target})(?:"[^"\n]*"[ \t]*)?\)')


_NAMES = "|".join(ROLES)
_TEMPLATE_ROLE = _role_line(f"{_NAMES}|{_ROLE_TAG}", _CONTROL)
_TEMPLATE_IMAGE = _image(rf'(?:{_PRINTING_TAG}|[^(){{"\n]|\{{(?!\{{))+')
_TEXT_ROLE = _role_line(_NAMES, "(?!)")
_TEXT_IMAGE = _image(r'[^()"\n]+')

_PIECE = re.compile(
    r"(?P<skip>\{\{!.*?\}\}|\{\{=.*?\}\}|\{\{>.*?\}\}|\{#.*?#\}|\s+)"
    r"|(?P<open>\{\{[#^].*?\}\}|\{%[-+]?\s*(?:for|if|macro|call|filter|block|with|raw|autoescape|set(?![^%]*=))\b.*?%\})"
    r"|(?P<close>\{\{/.*?\}\}|\{%[-+]?\s*end.*?%\})"
    r"|(?P<control>\{%.*?%\})"
    r"|(?P<text>\S)",
    re.DOTALL,
)


class Marked(NamedTuple):
    """A template, or a rendered text, with its structure marked."""

    text: str
    keep_first: bool
    """Whether the text before the first role is a message even if it turns out to be empty."""
    targets: frozenset[str]
    """The image targets as written. A target that differs after rendering came from a variable."""
    remarks: Sequence[tuple[int, str]] = ()
    """Warnings, each with its line: unknown attributes of roles, which are left out."""


def mark(text: str, token: str, *, template: bool) -> Marked:
    """Mark the role lines and the images.

    :param text: A template; with trusted variables, a rendered text.
    :param token: The token, which no variable may contain.
    :keyword template: Whether the text is a template, in which tags may be part of roles and images or be next to them.
    :return: The marked text.
    :raises PromptError: The attributes of a role are invalid.
    """
    role_line, image = (_TEMPLATE_ROLE, _TEMPLATE_IMAGE) if template else (_TEXT_ROLE, _TEXT_IMAGE)
    roles = list(role_line.finditer(text))
    begins = [0, *(role.end() for role in roles)]
    ends = [*(role.start() for role in roles), len(text)]
    sections = [text[begin:end] for begin, end in zip(begins, ends, strict=True)]
    keep = _sections_to_keep(sections, template)
    marked = [_mark_images(image, sections[0], token)]
    remarks: list[tuple[int, str]] = []
    for index, role in enumerate(roles, start=1):
        line = text.count("\n", 0, role.start()) + 1
        attributes = _attributes(role["attributes"] or "", line)
        remarks += [(line, _unknown_attribute(name)) for name, _ in attributes if name not in (*_ATTRIBUTES, "nonce")]
        marked += [_role_mark(role, token, keep[index], attributes), _mark_images(image, sections[index], token)]
    own = frozenset(_image_targets(image, text, template))
    return Marked("".join(marked), keep[0], own, remarks)


def _sections_to_keep(sections: Sequence[str], template: bool) -> list[bool]:
    """Return for each section whether it is a message even if nothing is in it.

    Empty messages are kept. A role line with nothing after it is not one: authors write it to end the prompt, and the
    beta releases dropped it.
    """
    last = len(sections) - 1
    return [
        0 < index < last or (_prints(section, always=index == 0) if template else bool(section.strip()))
        for index, section in enumerate(sections)
    ]


def _image_targets(image: re.Pattern[str], text: str, template: bool) -> Iterator[str]:
    """Yield the targets of images that the text itself names, not a variable."""
    for found in image.finditer(text):
        target = found["target"].strip()
        if not template or "{{" not in target:
            yield target


def _mark_images(image: re.Pattern[str], section: str, token: str) -> str:
    return image.sub(lambda found: f"{token}I{found['target'].strip()}{token}.", section)


def _unknown_attribute(name: str) -> str:
    return f"messages have no attribute {name!r}, so it is left out; a role may have {', '.join(_ATTRIBUTES)}"


def _role_mark(found: re.Match[str], token: str, keep: bool, attributes: Sequence[tuple[str, str]]) -> str:
    marks = [f"{token}R{'+' if keep else '-'}{found['role']}"]
    marks += [f"{token}A{name}={value}" for name, value in attributes if name in _ATTRIBUTES]
    return f"{found['before']}{''.join(marks)}{token}.{found['after']}"


def _attributes(text: str, line: int) -> list[tuple[str, str]]:
    """Parse attributes, such as ``tool_call_id="call_1", name=ada`` in ``tool[tool_call_id="call_1", name=ada]:``."""
    attributes: list[tuple[str, str]] = []
    position = 0
    text = text.strip()
    while position < len(text):
        found = _ATTRIBUTE.match(text, position)
        if not found or found[1] in ("role", "content"):
            raise PromptError(f'cannot read the attributes [{text}] of a role; write role[name="value"]:', line=line)
        attributes.append((found[1], found[2] or found[3] or found[4] or ""))
        position = found.end()
    return attributes


def _prints(section: str, *, always: bool) -> bool:
    """Return whether a part of a template has text or a variable; with `always`, outside of conditions and loops.

    The text before the first role must pass the stricter test: a condition that is false must not leave an empty system
    message that nobody asked for.
    """
    depth = 0
    for piece in _PIECE.finditer(section):
        depth += bool(piece["open"]) - bool(piece["close"])
        if piece["text"] and (depth == 0 or not always):
            return True
    return False


@dataclass
class _Draft:
    role: str
    keep: bool
    attributes: dict[str, str | bool] = field(default_factory=dict[str, "str | bool"])
    parts: list[str | Part] = field(default_factory=list[str | Part])

    def finish(self) -> list[Message]:
        stripped = (part.strip() if isinstance(part, str) else part for part in self.parts)
        parts = [part for part in stripped if part]
        if not parts:
            return [{"role": self.role, **self.attributes, "content": ""}] if self.keep else []
        only = parts[0] if len(parts) == 1 else None
        content = only if isinstance(only, str) else list(map(_content_item, parts))
        return [{"role": self.role, **self.attributes, "content": content}]


def _content_item(part: str | Part) -> Part:
    return {"type": "text", "text": part} if isinstance(part, str) else part


def split(marked: Marked, token: str, *, rich: Rich, load_image: Callable[[str, bool], str]) -> list[Message]:
    """Split a rendered text into messages.

    :param marked: The text, marked by :func:`mark`.
    :param token: The token of the marks.
    :keyword rich: The variables that are content parts or message lists.
    :keyword load_image: Returns the URL of an image, given its target and whether the template itself contains the
        target.
    :return: The messages, as new dictionaries.
    :raises PromptError: The value of a variable that is used as a role is not a role.
    """
    messages: list[Message] = []
    first, *rest = marked.text.split(token)
    draft = _Draft("system", marked.keep_first, parts=[first])
    for item in rest:
        kind, value = item[:1], item[1:]
        if kind == "R":
            messages += draft.finish()
            draft = _Draft(_role(value[1:]), keep=value[0] == "+")
        elif kind == "A":
            name, _, said = value.partition("=")
            draft.attributes[name] = said.strip().lower() == "true" if name == "prefix" else said
        elif kind == "I":
            draft.parts.append({"type": "image_url", "image_url": {"url": load_image(value, value in marked.targets)}})
        elif kind == "V":
            variable = rich[int(value)]
            if isinstance(variable, Mapping):
                draft.parts.append(variable)
            else:
                messages += [*_Draft(draft.role, False, draft.attributes, draft.parts).finish(), *map(dict, variable)]
                draft = _Draft(draft.role, keep=False)
        else:
            draft.parts.append(value)
    return messages + draft.finish()


def _role(value: str) -> str:
    role = value.strip().lower()
    if role not in ROLES:
        raise PromptError(
            f"a variable that is used as a role has the value {value.strip()[:60]!r}; use one of {', '.join(ROLES)}"
        )
    return role
