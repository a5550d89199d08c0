"""A text that matches a regular expression, for JSON schema's ``pattern``.

Understands what schemas in use hold: literals, classes, groups, alternatives, quantifiers and anchors. What comes out
is checked against the pattern, so what this module does not understand (look-arounds, back-references) is refused,
never guessed.
"""

import re
from dataclasses import dataclass
from typing import Final

_CLASSES: Final = {"d": "0123456789", "w": "abcdefghijklmnopqrstuvwxyz0123456789_", "s": " "}
_PRINTABLE: Final = [chr(code) for code in range(97, 123)] + [chr(code) for code in range(32, 97)] + list("{|}~")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}


def matching_text(pattern: str, low: int = 0, high: int | None = None) -> str:
    """Return a text of ``low`` to ``high`` characters in which ``pattern`` is found.

    :raises ValueError: if the pattern is no regular expression, or none of the attempts fits.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"pattern {pattern!r} is not a regular expression: {error}") from error
    for repeat in (0, 1, 2, 3, low, high or low):
        text = _Writer(pattern, repeat).alternatives()
        if not pattern.endswith("$"):
            text += "a" * (low - len(text))
        if compiled.search(text) and low <= len(text) <= (len(text) if high is None else high):
            return text
    raise ValueError(
        f"pattern {pattern!r} with a length of {low} to {high or 'any number of'} characters has no known match"
    )


@dataclass
class _Writer:
    """Reads a pattern once, left to right, and writes a text as it goes."""

    pattern: str
    repeat: int
    at: int = 0

    def alternatives(self) -> str:
        """Return the first of the branches up to the end of the group; the others are read past."""
        first = self._branch()
        while self._take("|"):
            self._branch()
        return first

    def _branch(self) -> str:
        text = ""
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            text += self._quantified()
        return text

    def _take(self, wanted: str) -> bool:
        if self.pattern.startswith(wanted, self.at):
            self.at += len(wanted)
            return True
        return False

    def _next(self) -> str:
        """Return the next character, or nothing at the end of a pattern (which then fails to match, and is refused)."""
        character = self.pattern[self.at : self.at + 1]
        self.at += 1
        return character

    def _quantified(self) -> str:
        atom = self._atom()
        counted = re.compile(r"\*|\+|\?|\{(\d+)(,(\d*))?\}").match(self.pattern, self.at)
        if counted is None:
            return atom
        self.at = counted.end()
        self._take("?")
        return atom * self._times(counted)

    def _times(self, counted: re.Match[str]) -> int:
        low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(counted[0], (0, 0))
        if counted[1]:
            low = int(counted[1])
            high = low if counted[2] is None else int(counted[3]) if counted[3] else None
        wanted = max(low, self.repeat)
        return wanted if high is None else min(wanted, high)

    def _atom(self) -> str:
        character = self._next()
        if character in "^$":
            return ""
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape()
        return "a" if character == "." else character

    def _group(self) -> str:
        extension = re.compile(r"\?(?::|P<\w+>|<\w+>)").match(self.pattern, self.at)
        if extension:
            self.at = extension.end()
        text = self.alternatives()
        self._take(")")
        return text

    def _escape(self) -> str:
        letter = self._next()
        if letter in "bBAZ":
            return ""
        return _CLASSES[letter][0] if letter in _CLASSES else _ESCAPES.get(letter, letter)

    def _class(self) -> str:
        """One member of a class; of a negated one the first printable character outside it."""
        negated = self._take("^")
        members: list[str] = []
        while self.at < len(self.pattern) and (self.pattern[self.at] != "]" or not members):
            members.extend(self._member())
        self._take("]")
        if not negated:
            return members[0]
        return next((character for character in _PRINTABLE if character not in members), "")

    def _member(self) -> list[str]:
        first = self._class_character()
        if (
            len(first) > 1
            or self.pattern[self.at : self.at + 1] != "-"
            or self.pattern[self.at + 1 : self.at + 2] == "]"
        ):
            return list(first)
        self.at += 1
        last = self._class_character()
        return [chr(code) for code in range(ord(first), ord(last[0]) + 1)]

    def _class_character(self) -> str:
        character = self._next()
        if character != "\\":
            return character
        letter = self._next()
        return _CLASSES.get(letter) or _ESCAPES.get(letter, letter) or "\\"
