"""Regular expressions in JSON schemas: generate a text that matches, and check whether a text does.

Supports what schemas use: literals, classes, groups, alternatives, quantifiers, anchors and look-aheads. Anything else
(back-references, look-behinds, flags) is refused rather than guessed. Callers write these patterns, so none may take
exponential time: matching follows all positions at once (Thompson's algorithm) and counts steps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Union

MAX_TEXT: Final = 100_000
"""The maximum length of a generated text, in characters."""
_MAX_PATTERN: Final = 5_000
_MAX_DEPTH: Final = 40
_MAX_STEPS: Final = 500_000
_LAST: Final = 0x10FFFF

Ranges = Sequence[tuple[int, int]]
"""Characters, as first and last code points."""


def _ranges(*spans: str) -> Ranges:
    return tuple((ord(span[0]), ord(span[-1])) for span in spans)


def _others(ranges: Ranges) -> Ranges:
    """Return all characters that are not in ``ranges``, printable ones first."""
    edges = [(-1, -1), *sorted(ranges), (_LAST + 1, _LAST + 1)]
    gaps = [(before[1] + 1, after[0] - 1) for before, after in pairwise(edges) if before[1] + 1 < after[0]]
    return tuple(sorted(gaps, key=lambda gap: not gap[0] <= ord("a") <= gap[1]))


_CLASSES: Final[Mapping[str, Ranges]] = {
    "d": _ranges("09"),
    "w": _ranges("az", "09", "AZ", "_"),
    "s": _ranges(" ", "\t\r", "\xa0", "\u2028\u2029", "\ufeff"),
}
"""As in ECMAScript, whose regular expressions JSON schema uses."""
_DOT: Final = _others(_ranges("\n", "\r"))
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_CODES: Final = {"x": 2, "u": 4}


@dataclass(frozen=True)
class _Characters:
    ranges: Ranges


@dataclass(frozen=True)
class _Sequence:
    nodes: "tuple[_Node, ...]"


@dataclass(frozen=True)
class _Either:
    branches: "tuple[_Node, ...]"


@dataclass(frozen=True)
class _Repeat:
    node: "_Node"
    low: int
    high: int | None


@dataclass(frozen=True)
class _Anchor:
    sign: str


@dataclass(frozen=True)
class _LookAhead:
    node: "_Node"
    wanted: bool


_Node = Union[_Characters, _Sequence, _Either, _Repeat, _Anchor, _LookAhead]


def matching_text(pattern: str, low: int = 0, high: int | None = None) -> str:
    """Return a text of ``low`` to ``high`` characters that contains a match of ``pattern``.

    :raises ValueError: If the pattern is not a regular expression, or no attempt fits.
    """
    node = _parse(pattern)
    for repeat in (0, 1, 2, 3, low, high or low):
        text = _write(node, min(repeat, MAX_TEXT))
        if not pattern.endswith("$"):
            text += "a" * (low - len(text))
        if low <= len(text) <= (len(text) if high is None else high) and _found(node, text):
            return text
    bounds = f"{low} to {high or 'any number of'}"
    raise ValueError(f"pattern {pattern!r} with a length of {bounds} characters has no known match")


def is_found(pattern: str, text: str) -> bool:
    """Return whether a text has a match of ``pattern``.

    :raises ValueError: If the pattern is not a regular expression, or takes too long.
    """
    return _found(_parse(pattern), text)


def _write(node: _Node, repeat: int) -> str:
    """Return a text that a pattern matches, if its anchors and look-aheads allow it.

    :param repeat: How often to repeat repeatable parts.
    """
    if isinstance(node, _Characters):
        return _sample(node.ranges)
    if isinstance(node, _Sequence):
        return _short_enough("".join(_short_enough(_write(inner, repeat)) for inner in node.nodes))
    if isinstance(node, _Either):
        return _write(node.branches[0], repeat)
    if isinstance(node, _Repeat):
        times = max(node.low, repeat)
        times = times if node.high is None else min(times, node.high)
        text = _write(node.node, repeat) if times else ""
        if len(text) * times > MAX_TEXT:
            raise ValueError(f"a text that matches is longer than {MAX_TEXT} characters")
        return text * times
    return ""


def _short_enough(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ValueError(f"a text that matches is longer than {MAX_TEXT} characters")
    return text


def _sample(ranges: Ranges) -> str:
    """Return the first character, preferably a printable one of the first range."""
    first, last = ranges[0] if ranges else (ord("a"), ord("a"))  # no character fits: the check will find that out
    if first <= ord("a") <= last:
        return "a"
    return chr(ord(" ") if first < ord(" ") <= last else first)


def _found(node: _Node, text: str) -> bool:
    return bool(_Matcher(text).ends(node, set(range(len(text) + 1))))


class _Matcher:
    """Finds where matches end. The set of positions grows no larger than the text, whatever the pattern."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._steps = _MAX_STEPS

    def ends(self, node: _Node, starts: set[int]) -> set[int]:
        """Return where matches end that begin at one of ``starts``."""
        self._steps -= len(starts) + 1
        if self._steps < 0:
            raise ValueError("matching takes too many steps")
        if not starts:
            return starts
        if isinstance(node, _Characters):
            return {at + 1 for at in starts if at < len(self._text) and _has(node.ranges, ord(self._text[at]))}
        if isinstance(node, _Sequence):
            for inner in node.nodes:
                starts = self.ends(inner, starts)
            return starts
        if isinstance(node, _Either):
            return set[int]().union(*(self.ends(branch, starts) for branch in node.branches))
        if isinstance(node, _Repeat):
            return self._repeated(node, starts)
        if isinstance(node, _LookAhead):
            return {at for at in starts if bool(self.ends(node.node, {at})) is node.wanted}
        return {at for at in starts if self._anchored(node.sign, at)}

    def _repeated(self, node: _Repeat, starts: set[int]) -> set[int]:
        for _ in range(node.low):
            before, starts = starts, self.ends(node.node, starts)
            if starts == before:  # further repetition changes nothing
                break
        found, news = set(starts), starts
        left = MAX_TEXT if node.high is None else node.high - node.low
        while news and left > 0:
            news = self.ends(node.node, news) - found
            found |= news
            left -= 1
        return found

    def _anchored(self, sign: str, at: int) -> bool:
        if sign in "bB":
            sides = [0 <= side < len(self._text) and _is_word(self._text[side]) for side in (at - 1, at)]
            return (sides[0] != sides[1]) is (sign == "b")
        return at == (0 if sign == "^" else len(self._text))


def _has(ranges: Ranges, code: int) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _is_word(character: str) -> bool:
    return _has(_CLASSES["w"], ord(character))


@lru_cache(maxsize=256)
def _parse(pattern: str) -> _Node:
    """Read a pattern.

    :raises ValueError: If it is not a regular expression, or not a supported one.
    """
    if len(pattern) > _MAX_PATTERN:
        raise ValueError(f"a pattern of {len(pattern)} characters is too long; {_MAX_PATTERN} are read")
    parser = _Parser(pattern)
    node = parser.alternatives(0)
    if parser.peek():
        raise parser.error("a closing parenthesis has no opening one")
    return node


class _Parser:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._readers: Mapping[str, Callable[[int], _Node]] = {
            "(": self._group,
            "[": lambda depth: _Characters(self._class()),
            "\\": lambda depth: self._escape(),
            ".": lambda depth: _Characters(_DOT),
            "^": lambda depth: _Anchor("^"),
            "$": lambda depth: _Anchor("$"),
        }

    def error(self, why: str) -> ValueError:
        """Return the error at the current position."""
        return ValueError(f"pattern {self._pattern!r} is not a supported regular expression: {why}")

    def peek(self) -> str:
        """Return the next character, or nothing at the end."""
        return self._pattern[self._at : self._at + 1]

    def alternatives(self, depth: int) -> _Node:
        """Read up to the end of a group."""
        if depth > _MAX_DEPTH:
            raise self.error("groups are nested too deeply")
        branches = [self._branch(depth)]
        while self._take("|"):
            branches.append(self._branch(depth))
        return branches[0] if len(branches) == 1 else _Either(tuple(branches))

    def _branch(self, depth: int) -> _Node:
        nodes: list[_Node] = []
        while self.peek() not in ("", "|", ")"):
            nodes.append(self._quantified(self._atom(depth)))
        return _Sequence(tuple(nodes))

    def _take(self, wanted: str) -> bool:
        if self._pattern.startswith(wanted, self._at):
            self._at += len(wanted)
            return True
        return False

    def _next(self) -> str:
        character = self.peek()
        if not character:
            raise self.error("it ends too early")
        self._at += 1
        return character

    def _atom(self, depth: int) -> _Node:
        character = self._next()
        if character in "*+?":
            raise self.error(f"there is nothing for {character!r} to repeat")
        reader = self._readers.get(character)
        return _Characters(((ord(character), ord(character)),)) if reader is None else reader(depth)

    def _quantified(self, node: _Node) -> _Node:
        bounds = self._bounds()
        if bounds is None:
            return node
        low, high = bounds
        if high is not None and high < low:
            raise self.error(f"{{{low},{high}}} has its bounds the wrong way round")
        self._take("?")  # how eagerly it is repeated does not change what matches
        return _Repeat(node, low, high)

    def _bounds(self) -> tuple[int, int | None] | None:
        sign = self.peek()
        if sign in ("*", "+", "?"):
            self._at += 1
            return (int(sign == "+"), 1 if sign == "?" else None)
        end = self._pattern.find("}", self._at)
        low, comma, high = self._pattern[self._at + 1 : max(end, self._at + 1)].partition(",")
        if sign != "{" or not _is_count(low) or not (high == "" or _is_count(high)):
            return None
        self._at = end + 1
        return int(low), int(high) if high else None if comma else int(low)

    def _group(self, depth: int) -> _Node:
        wanted: bool | None = None
        if self._take("?"):
            if self._take("=") or self._take("!"):
                wanted = self._pattern[self._at - 1] == "="
            elif not self._take(":"):
                self._name()
        node = self.alternatives(depth + 1)
        if not self._take(")"):
            raise self.error("a parenthesis is not closed")
        return node if wanted is None else _LookAhead(node, wanted)

    def _name(self) -> None:
        self._take("P")
        end = self._pattern.find(">", self._at)
        if not self._take("<") or not self._pattern[self._at : end].isidentifier():
            raise self.error("it has a group of an unsupported kind")
        self._at = end + 1

    def _escape(self) -> _Node:
        letter = self._next()
        if letter in "bB":
            return _Anchor(letter)
        if letter in "AZz":
            return _Anchor("^" if letter == "A" else "$")
        return _Characters(self._escaped(letter))

    def _escaped(self, letter: str) -> Ranges:
        """Return the meaning of a character after a backslash."""
        if letter.lower() in _CLASSES:
            return _CLASSES[letter] if letter in _CLASSES else _others(_CLASSES[letter.lower()])
        if letter in _CODES:
            digits = self._pattern[self._at : self._at + _CODES[letter]]
            if len(digits) < _CODES[letter] or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                raise self.error(f"\\{letter} needs {_CODES[letter]} hexadecimal digits")
            self._at += len(digits)
            return ((int(digits, 16), int(digits, 16)),)
        if letter.isalnum() and letter not in _ESCAPES:
            raise self.error(f"\\{letter} is not supported")
        return _ranges(_ESCAPES.get(letter, letter))

    def _class(self) -> Ranges:
        negated = self._take("^")
        found: list[tuple[int, int]] = []
        while not self._take("]") or not found:
            found.extend(self._member())
        return _others(tuple(found)) if negated else tuple(found)

    def _member(self) -> Ranges:
        first = self._class_character()
        if self.peek() != "-" or self._pattern[self._at + 1 : self._at + 2] in ("", "]") or len(first) > 1:
            return first
        self._at += 1
        last = self._class_character()
        if last[0][0] < first[0][0]:
            raise self.error("a range of characters has its bounds the wrong way round")
        return ((first[0][0], last[0][0]),)

    def _class_character(self) -> Ranges:
        character = self._next()
        if character != "\\":
            return _ranges(character)
        letter = self._next()
        return _ranges("\b") if letter == "b" else self._escaped(letter)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
