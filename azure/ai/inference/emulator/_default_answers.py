"""The emulator's answers when no reply is scripted. They depend only on the conversation.

The same conversation gets the same answer on every machine and day, so tests may assert it; another ``variant`` (the
position among ``n`` choices, or ``seed``) gets a different one. Each skill looks at the conversation and answers or
passes it on; the first answer counts.
"""

import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ._tool_forms import tool_name
from ._values import as_list, as_object, as_text, content_text, count_pieces, part_types

MAX_COUNT: Final = 10_000
"""How far the emulator counts on request: "count to 500" makes a stream of known length."""

_SEARCHED: Final = 1_000
"""How many characters at either end of a message the skills look at."""


@dataclass(frozen=True)
class Talk:
    """A conversation, as the skills see it."""

    texts: Sequence[str]
    parts: Sequence[str]
    system: str
    variant: int

    @property
    def last(self) -> str:
        """The last message of the user."""
        return self.texts[-1] if self.texts else ""

    @property
    def gist(self) -> str:
        """The part of the last message that is searched."""
        return gist(self.last)


def gist(text: str) -> str:
    """Return the beginning and end of a long text: questions stand there, and searching all of it may take minutes."""
    return text if len(text) <= 2 * _SEARCHED else f"{text[:_SEARCHED]} {text[-_SEARCHED:]}"


def read_talk(messages: Sequence[Any], variant: int = 0) -> Talk:
    """Return the conversation in ``messages``, as the service's JSON has it."""
    users = [as_object(message).get("content") for message in messages if as_object(message).get("role") == "user"]
    instructions = (
        content_text(as_object(message).get("content"))
        for message in messages
        if as_object(message).get("role") in ("system", "developer")
    )
    return Talk(
        texts=[content_text(content) for content in users],
        parts=part_types(users[-1]) if users else [],
        system=" ".join(instructions).strip(),
        variant=variant,
    )


def answer(messages: Sequence[Any], variant: int = 0) -> str:
    """Return the emulator's next message."""
    results = _tool_results(messages)
    if results:
        return _with_results(results)
    talk = read_talk(messages, variant)
    return next(filter(None, (skill(talk) for skill in _SKILLS)))


def reasoning(messages: Sequence[Any]) -> str:
    """Return what a reasoning model thinks before it answers."""
    talk = read_talk(messages)
    return f'The user said "{_short(talk.last)}". This is turn {len(talk.texts)}. A short, direct answer fits best.'


def _tool_results(messages: Sequence[Any]) -> list[tuple[str, str]]:
    """Return name and content of the tool messages that end the conversation."""
    names: dict[str, str] = {}
    for message in messages:
        for call in as_list(as_object(message).get("tool_calls")):
            names[as_text(as_object(call).get("id"))] = tool_name(call)
    results: list[tuple[str, str]] = []
    for message in reversed(messages):
        found = as_object(message)
        if found.get("role") not in ("tool", "function"):
            break
        name = names.get(as_text(found.get("tool_call_id"))) or as_text(found.get("name")) or "The tool"
        results.insert(0, (name, content_text(found.get("content"))))
    return results


def _with_results(results: Sequence[tuple[str, str]]) -> str:
    return " ".join(f"{name} says: {_readable(content)}." for name, content in results)


def _readable(content: str) -> str:
    """Return a tool's result in readable form: members of a JSON object as ``name is value``."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return content.rstrip(".")
    if isinstance(found, dict) and found:
        return ", ".join(f"{name} is {_readable(json.dumps(value))}" for name, value in as_object(found).items())
    return found.rstrip(".") if isinstance(found, str) else content


def _pick(talk: Talk, *phrases: str) -> str:
    return phrases[talk.variant % len(phrases)]


def _short(text: str, limit: int = 80) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 3].rstrip() + "..."


_NAME: Final = re.compile(r"\b(?:my name is|call me|i am called|my name's)\s+([^\W\d_][\w'-]*)", re.IGNORECASE)


def _name(talk: Talk) -> str | None:
    """Return the name the user gave last."""
    found = [match[1] for text in talk.texts for match in _NAME.finditer(gist(text))]
    return found[-1][0].upper() + found[-1][1:] if found else None


def _media(talk: Talk) -> str | None:
    images, sounds = talk.parts.count("image_url"), sum(talk.parts.count(kind) for kind in ("audio_url", "input_audio"))
    seen = [
        f"{count} {noun}{'s' if count > 1 and noun != 'audio' else ''}{' clip' if noun == 'audio' else ''}"
        + ("s" if count > 1 and noun == "audio" else "")
        for count, noun in ((images, "image"), (sounds, "audio"))
        if count
    ]
    if not seen:
        return None
    about = f' You asked: "{_short(talk.last)}"' if talk.last else ""
    return f"I received {' and '.join(seen)}.{about}"


def _repeat(talk: Talk) -> str | None:
    asked = re.match(
        r"\s*(?:please\s+)?(?:repeat after me|repeat|say exactly|say|echo)\s*:?\s+(.+)", talk.last, re.I | re.S
    )
    return asked[1].strip().strip("\"'") if asked else None


def _count(talk: Talk) -> str | None:
    asked = re.search(r"\bcount\s+(?:from\s+1\s+)?(?:up\s+)?to\s+(\d+)", talk.gist, re.I)
    return " ".join(map(str, range(1, min(int(asked[1][:9]), MAX_COUNT) + 1))) if asked else None


def _divide(left: float, right: float) -> float:
    return left / right


_OPERATIONS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "plus": operator.add,
    "-": operator.sub,
    "minus": operator.sub,
    "*": operator.mul,
    "x": operator.mul,
    "times": operator.mul,
    "/": _divide,
    "divided by": _divide,
}
_NUMBER: Final = r"(-?\d{1,15}(?:\.\d{1,15})?)"
_SUM: Final = re.compile(rf"{_NUMBER}\s*(\+|plus|-|minus|\*|x|times|/|divided by)\s*{_NUMBER}(?![\w/-])", re.IGNORECASE)


def _arithmetic(talk: Talk) -> str | None:
    asked = _SUM.search(talk.gist)
    if asked is None:
        return None
    left, sign, right = asked[1], asked[2].lower(), asked[3]
    if _OPERATIONS[sign] is _divide and float(right) == 0:
        return f"{left} {asked[2]} {right} has no answer: one cannot divide by zero."
    return f"{left} {asked[2]} {right} = {_OPERATIONS[sign](float(left), float(right)):.12g}"


def _memory(talk: Talk) -> str | None:
    if re.search(r"\b(what|do you (?:know|remember)|tell me)\b.*\bmy name\b|\bwho am i\b", talk.gist, re.I):
        name = _name(talk)
        return f"Your name is {name}." if name else "You have not told me your name yet."
    if re.search(r"\bhow many (?:messages|questions|turns|times)\b", talk.gist, re.I):
        count = len(talk.texts)
        return f"You have sent {count} message{'s' if count > 1 else ''} so far."
    if re.search(r"\bwhat (?:did|have) i (?:just )?(?:say|said|ask|asked|tell|told)\b", talk.gist, re.I):
        return (
            f'Before that you said: "{_short(talk.texts[-2])}"'
            if len(talk.texts) > 1
            else "This is your first message."
        )
    return None


def _introduction(talk: Talk) -> str | None:
    name = _name(talk) if _NAME.search(talk.gist) else None
    if name is None:
        return None
    return _pick(
        talk, f"Nice to meet you, {name}! How can I help?", f"Hello {name}, good to know you. What shall we do?"
    )


def _manners(talk: Talk) -> str | None:
    name = _name(talk)
    called = f", {name}" if name else ""
    text = talk.gist.strip().lower()
    if re.match(r"(hi|hello|hey|good (morning|afternoon|evening)|greetings)\b[\w\s,.!?]{0,20}$", text):
        return _pick(talk, f"Hello{called}! How can I help you today?", f"Hi{called}! What would you like to know?")
    if re.match(r"(thanks|thank you|thx)\b", text):
        return _pick(talk, f"You are welcome{called}!", f"My pleasure{called}.")
    if re.match(r"(bye|goodbye|see you)\b", text):
        return _pick(talk, f"Goodbye{called}!", f"See you soon{called}.")
    return None


def _identity(talk: Talk) -> str | None:
    if not re.search(r"\b(who|what) are you\b|\byour (?:instructions|job|role)\b", talk.gist, re.I):
        return None
    instructions = f' My instructions are: "{_short(talk.system, 400)}"' if talk.system else ""
    return f"I am a local stand-in for a model, made for tests and samples.{instructions}"


_FACTS: Final[Sequence[tuple[str, str]]] = (
    (r"\bfeet\b.*\bmile\b", "There are 5,280 feet in a mile."),
    (r"\bcapital\b.*\bfrance\b", "The capital of France is Paris."),
    (r"\bcapital\b.*\bgermany\b", "The capital of Germany is Berlin."),
    (r"\bcapital\b.*\bjapan\b", "The capital of Japan is Tokyo."),
    (r"\bbest french painter\b", "Many would say Claude Monet; others prefer Paul Cézanne."),
    (r"\bcolou?r\b.*\bsky\b|\bsky\b.*\bblue\b", "The sky looks blue because air scatters blue light more than red."),
    (r"\bspeed of light\b", "Light travels at 299,792,458 metres per second in a vacuum."),
    (r"\bmeaning of life\b", "42, they say."),
)


def _fact(talk: Talk) -> str | None:
    return next((fact for pattern, fact in _FACTS if re.search(pattern, talk.gist, re.I | re.S)), None)


_TOPIC: Final = re.compile(
    r"\b(?:about|what(?: is|'s| are)|who is|explain|describe|summari[sz]e|define|how (?:do|does|can|to))\s+(.+)",
    re.IGNORECASE | re.DOTALL,
)


def _topic(talk: Talk) -> str | None:
    asked = _TOPIC.search(talk.gist)
    topic = _short(asked[1], 60).rstrip("?!. ") if asked else ""
    if not topic:
        return None
    return _pick(
        talk,
        f"Here is what matters about {topic}: where it comes from, how it works, and what it is good for. "
        f"Most people meet {topic} in practice first and in theory later. Ask me for any of the three.",
        f"Let us look at {topic}. One can begin with an example, then name the parts, then ask why they fit together. "
        f"Which side of {topic} interests you?",
    )


def _echo(talk: Talk) -> str | None:
    if not talk.last:
        return _pick(talk, "What would you like to talk about?", "I am listening.")
    said = _short(talk.last)
    return _pick(talk, f'You said: "{said}" Tell me more.', f'I understand: "{said}" What follows from it?')


_SKILLS: Final[Sequence[Callable[[Talk], str | None]]] = (
    _media,
    _repeat,
    _count,
    _arithmetic,
    _memory,
    _introduction,
    _manners,
    _identity,
    _fact,
    _topic,
    _echo,
)


def prompt_tokens(messages: Sequence[Any], tools: Sequence[Any] = ()) -> int:
    """Return the tokens of a prompt: those of its text, four for each message, a fixed number for images and audio."""
    total = 3 + sum(count_pieces(json.dumps(tool)) for tool in tools)
    for message in messages:
        found = as_object(message)
        media = sum(
            kind not in ("text", "refusal", "thinking", "reference") for kind in part_types(found.get("content"))
        )
        calls = json.dumps(found["tool_calls"]) if found.get("tool_calls") else ""
        total += 4 + count_pieces(content_text(found.get("content"))) + count_pieces(calls) + 85 * media
    return total
