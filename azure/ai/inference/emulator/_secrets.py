"""Find the secrets in a request or a response, and mask them before anything is stored.

A secret is found in one of three ways: by the name of the member, header or query parameter that holds it; by its
format (tokens, keys and signatures of known formats, even within text); and by its value, if another place of the same
exchange revealed it. The same holds for text that a URL encodes, with percent signs or as base64. Only values of the
parsed JSON are replaced, never its text, so member names and structure stay.
"""

import base64
import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote, unquote

from ._values import as_list, as_object, is_number

SCRUBBED: Final = "***"
"""Replaces a secret."""

_SMALLEST_SECRET: Final = 1_000
"""A smaller number under a secret name is a count, not a PIN."""
_SHORTEST_FOUND_ANYWHERE: Final = 8
_SHORTEST_WORD_FOUND_ANYWHERE: Final = 20
"""Shorter secrets are masked if a name identifies them, but not within other text: ``test`` is also a word."""

_WORDS: Final = re.compile(
    r"apikeys?|assertion|authorization|authentication|bearer|cookies?|credentials?|jwt|otp|pass|passcode|passkey|"
    r"passphrase|passwd|passwords?|pin|pwd|sas|secrets?|sig"
)
_LAST_WORDS: Final = re.compile(r"auth|keys?|token")
_HARMLESS: Final = re.compile(r"bos|cache|continuation|eos|foreign|idempotency|next|pad|page|partition|public|sort")
"""Words that turn a key or token into something else: ``prompt_cache_key``, ``public_key``, ``continuation_token``."""
_JOINED: Final = (
    *("accesskey", "apikey", "connectionstring", "functionskey", "sessionid", "subscriptionkey", "tokenvalue"),
)
_AUTH_SCHEMES: Final = re.compile(
    r"(?i)apikey|aws4-hmac-sha256|basic|bearer|digest|negotiate|sharedaccesssignature|token"
)
_LABELS: Final = re.compile(r"type|kind|object|name|id|scheme|in|description|format|title|status|expires_at")
"""Members of an object under a secret name that do not reveal the secret."""

_SAFE_HEADERS: Final = re.compile(
    r"(?i)accept(-.*)?|api-version|anthropic-(version|beta)|azureml-model-deployment|cache-control|connection|"
    r"content-(disposition|encoding|language|length|type)|dnt|extra-parameters|host|if-(none-)?match|"
    r"openai-(beta|organization|project)|origin|pragma|prefer|range|referer|sec-(ch|fetch)-.*|te|traceparent|"
    r"tracestate|user-agent|x-goog-api-client|x-ms-(client-request-id|date|model-mesh-model-name|return-.*|useragent|"
    r"version)|x-request-id|x-stainless-.*"
)
"""Request headers whose values are stored in a cassette. Any other may contain a secret, whatever its name."""

_NAMES: Final = r"[\w.-]{0,64}(?:key|token|secret|password|passwd|passphrase|credential|signature|authorization)|pwd"
_IN_TEXT: Final = re.compile(rf"(?i)((?:^|[?&;#\s,({{\"'])(?:{_NAMES}|sig|code)\s?=\s?[\"']?)[^&#;\s\"'<>,)]+")
"""A query, form, connection string, or program setting within text."""
_BESIDE: Final = re.compile(
    rf"(?i)((?:^|[\s,({{\"'])(?:{_NAMES})[\"']?:\s?[\"']?|<(?:{_NAMES})>)(?=[^\s\"'<>]*\d)[^\s\"'<>,;)]{{8,}}"
)
"""JSON, YAML, XML or a header within text. A value that looks like a word may be one, and stays."""
_IN_FORM: Final = re.compile(rf"(?i)(\bname=\"(?:{_NAMES})\"[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n)[^\r\n]+")
_USER_INFO: Final = re.compile(r"(?<=://)[^/\s:@?#]{1,256}:[^/\s@?#]{1,256}(?=@)")
_SCHEMES: Final = re.compile(
    r"(?i)\b((?:bearer|apikey)\s+|(?:basic|digest|token)\s+(?=[\w.~+/=-]{16}))(?=[^\s\"',;]*\d)[\w.~+/=-]{8,}"
)
_MEMBER: Final = re.compile(r'((?<!\\)\\*"([\w .-]{1,64})\\*"\s{0,8}:\s{0,8}\\*")([^"\\]+)')
"""A member of JSON that may be incomplete, such as the arguments of a tool in a stream."""
_RANDOM: Final = re.compile(
    r"[0-9a-f]{32,}|(?=(?:[^A-Z]*[A-Z]){2})(?=(?:\D*\d){2})(?=(?:[^a-z]*[a-z]){2})[\w+=.~:-]{24,}"
)
"""A path segment that nobody would choose as a name."""
_NAMED: Final = re.compile(r"[a-z]{2,16}[_-]|(?:.*[-_.])?[A-Z]?[a-z]{3,}(?:[-_.]|$)")
"""A segment that contains a word: an id, such as ``resp_…``, or a name, such as ``Llama-4-Maverick-17B``."""
_ENCODED: Final = re.compile("%([0-9A-Fa-f]{2})")
_TEXT_URL: Final = re.compile(
    r"(?i)(data:(?:text/[\w.+-]{1,99}|application/(?:[\w.-]{1,99}\+)?(?:jsonl?|xml|(?:x-)?(?:ndjson|yaml|toml|www-form-urlencoded)))"
    r"(?:;[\w.+-]{1,99}=[^;,\s\"']{1,99}){0,9};base64,)([\w+/-]+=*)"
)
"""A data URL in base64 that holds text. Its secrets are in the text, not in the base64."""
_DECODINGS: Final = 2
"""How often the percent encoding of a text is removed: a URL within a URL is encoded twice."""
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_AFTER: Final = (_SCHEMES, _IN_TEXT, _BESIDE, _IN_FORM)
"""The first group is the text before a secret, and stays."""
_ISSUERS: Final = r"(?:sk|rk|pk|ek|sess|dapi|csk|gsk|xai|pplx|tgp)[-_]"
"""How keys of OpenAI, Anthropic, Stripe, Groq and others begin."""
_MARKS: Final = r"(?:gh[pousr]_|github_pat_|glpat-|hf_|xox[abposr]-|npm_|r8_|nvapi-)"
_LOOKS: Final = re.compile(
    r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # a JWT
    rf"|\b{_ISSUERS}(?=[\w-]*\d)[\w-]{{16,}}|\b{_MARKS}[\w-]{{16,}}"
    r"|\bAIza[\w-]{35}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # Google, Amazon
    r"|\b[A-Za-z0-9]{40,60}JQQJ9[A-Za-z0-9]{20,40}\b"  # Azure's keys of 84 characters
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?"
)
_BEGINS: Final = re.compile(
    rf"(?:\b(?:eyJ|{_ISSUERS}|{_MARKS}|AIza|AKIA|ASIA)[\w.-]*"
    r"|\b(?=[a-zA-Z]*\d)(?=[a-z0-9]*[A-Z])(?=[A-Z0-9]*[a-z])[A-Za-z0-9]{8,}"
    r"|\b(?i:bearer|apikey|basic|digest)\s+[\w.~+/=-]*)\Z"
)
"""A text that ends like this may go on to be one of the secrets above."""
_LONGEST: Final = 4_000
_FEWEST: Final = 4
"""Fewer characters of a known secret are not worth hiding."""

_SHORT: Final = 200
"""Texts at least this long, such as a header's value, are worth caching: they recur with each request."""


@lru_cache(maxsize=1024)
def _looks_harmless(text: str) -> bool:
    """Return whether a text certainly contains no secret."""
    return not any(pattern.search(text) for pattern in (*_AFTER, _MEMBER, _USER_INFO, _LOOKS))


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Return whether a member or header of this name holds a secret, such as ``apiKey`` or ``X-Auth-Token``."""
    words: list[str] = re.findall(r"[a-z]+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name).lower())
    if not words or any(map(_HARMLESS.fullmatch, words)):
        return False
    if "".join(words).endswith(_JOINED) or _LAST_WORDS.fullmatch(words[-1]):
        return True
    return any(map(_WORDS.fullmatch, words))


def is_secret_parameter(name: str) -> bool:
    """Return whether a query parameter with this name holds a secret."""
    return name.lower() in ("code", "signature") or name.lower().endswith("signature") or is_secret_name(name)


class Scrubber:
    """Masks secrets, and learns their values along the way: what one place reveals is masked everywhere."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def learn(self, secret: str) -> None:
        """Mask this text wherever it occurs, if it is too long to be a word."""
        plain = secret.isalpha() and secret.islower()
        if len(secret) >= (_SHORTEST_WORD_FOUND_ANYWHERE if plain else _SHORTEST_FOUND_ANYWHERE):
            self._known |= {secret, quote(secret, safe=""), unquote(secret)}

    def headers(self, headers: Mapping[str, str], *, of_request: bool) -> dict[str, str]:
        """Return headers without secrets; the scheme of a credential stays.

        :keyword of_request: Keep only the values of headers that are known to be harmless.
        """
        return {name: self._header(name, value, of_request) for name, value in headers.items()}

    def _header(self, name: str, value: str, of_request: bool) -> str:
        scheme, space, rest = value.partition(" ")
        if space and _AUTH_SCHEMES.fullmatch(scheme):
            self._learn_parts(scheme, rest)
            return f"{scheme} {self._secret(rest)}"
        if is_secret_name(name):
            self._learn_parts(name, value)
            return self._secret(value)
        if not of_request or _SAFE_HEADERS.fullmatch(name):
            return self.text(value)
        # An unknown header. It may be a secret, or the name of the application, so it must not be masked elsewhere.
        return self._secret(value) if re.fullmatch(r"(?=.*\d)(?=.*[A-Za-z])\S{12,}", value) else SCRUBBED

    def _learn_parts(self, kind: str, value: str) -> None:
        """Learn the password of Basic credentials, and the values of cookies."""
        if kind.lower() == "basic":
            with suppress(ValueError):
                self.learn(base64.b64decode(value).decode().partition(":")[2])
        elif "cookie" in kind.lower():
            for part in value.split(";"):
                if re.search(r"\d", part):  # attributes such as Path and SameSite are words
                    self.learn(part.partition("=")[2].strip())

    def query(self, query: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return a query without secrets."""
        return [(name, self._secret(value) if is_secret_parameter(name) else self.text(value)) for name, value in query]

    def raw_query(self, query: str) -> str:
        """Return the query of a URL, still encoded, without secrets."""
        parts = (part.partition("=") for part in query.split("&"))
        return "&".join(name + equals + self.query([(unquote(name), value)])[0][1] for name, equals, value in parts)

    def json(self, value: Any, *, inside: bool = False) -> Any:
        """Return a JSON value without secrets.

        :keyword inside: Whether an enclosing member has a secret name.
        """
        if isinstance(value, str):
            return self._secret(value) if inside else self._nested(value)
        if inside and is_number(value) and abs(value) >= _SMALLEST_SECRET:
            return SCRUBBED
        if isinstance(value, list):
            return [self.json(item, inside=inside) for item in as_list(value)]
        if not isinstance(value, dict):
            return value
        found = as_object(value)
        return {name: self._member(found, name, inside) for name in found}

    def learn_members(self, value: Any) -> None:
        """Learn the secrets in a JSON value from the names of its members alone, which is quick."""
        todo = [value]
        while todo:
            found = todo.pop()
            members = as_object(found)
            todo += [inner for inner in (*as_list(found), *members.values()) if isinstance(inner, (dict, list))]
            for name, inner in members.items():
                if isinstance(inner, str) and self._is_secret(members, name):
                    self.learn(inner)

    def text(self, text: str) -> str:
        """Return text without the secrets that have a known format or value."""
        if ";base64," in text:
            text = _TEXT_URL.sub(self._in_base64, text)
            if text.startswith("data:") and ";base64," in text[:200]:
                return text
        found = text
        if len(text) > _SHORT or not _looks_harmless(text):
            found = text
            for pattern in _AFTER:
                found = pattern.sub(self._after, found)
            found = _MEMBER.sub(self._in_member, found)
            found = _USER_INFO.sub(SCRUBBED, found)
            found = _LOOKS.sub(lambda match: self._secret(match[0]), found)
        for secret in sorted(self._known, key=len, reverse=True):
            found = found.replace(secret, SCRUBBED)
        if _ENCODED.search(found):
            for begin, end in reversed(self.spans(found)):
                found = found[:begin] + SCRUBBED + found[end:]
        return found

    def path(self, path: str) -> str:
        """Return a path without secrets, including segments that look random."""
        steps = self.text(path).split("/")
        return "/".join(self._secret(step) if _is_random(step) else step for step in steps)

    def spans(self, text: str, decodings: int = _DECODINGS) -> list[tuple[int, int]]:
        """Return the spans of the secrets in a text, in order and without overlaps, and learn them.

        :param decodings: how often to look at the text that it encodes with percent signs.
        """
        found = [(match.end(1), match.end()) for pattern in _AFTER for match in pattern.finditer(text)]
        found += [match.span() for pattern in (_USER_INFO, _LOOKS) for match in pattern.finditer(text)]
        found += [match.span(3) for match in _MEMBER.finditer(text) if is_secret_name(match[2])]
        for begin, end in found:
            self.learn(text[begin:end])
        found += [match.span() for secret in self._known for match in re.finditer(re.escape(secret), text)]
        if decodings and _ENCODED.search(text):
            plain, places = _decoded(text)
            found += [(places[begin], places[end]) for begin, end in self.spans(plain, decodings - 1)]
        return _merged(span for span in found if text[slice(*span)] != SCRUBBED)

    def begun(self, text: str, decodings: int = _DECODINGS) -> int:
        """Return where a secret may begin that the text does not contain completely; its length if nowhere.

        :param decodings: as in :meth:`spans`.
        """
        match = _BEGINS.search(text, max(0, len(text) - _LONGEST))
        starts = [match.start()] if match else []
        for secret in self._known:
            lengths = range(min(len(secret) - 1, len(text)), _FEWEST - 1, -1)
            starts += [len(text) - length for length in lengths if text.endswith(secret[:length])]
        if decodings and _ENCODED.search(text):
            plain, places = _decoded(text)
            starts.append(places[self.begun(plain, decodings - 1)])
        return min(starts, default=len(text))

    def bytes(self, raw: bytes) -> bytes:
        """Return a body that is not text without the known secrets."""
        for secret in self._known:
            raw = raw.replace(secret.encode("utf-8", "surrogatepass"), SCRUBBED.encode())
        return raw

    def events(self, text: str) -> str:
        """Return server-sent events, or lines, without secrets; JSON among them is parsed."""
        return "".join(self._lines(data, lines) for data, lines in groupby(_LINE.findall(text), key=_json_of))

    def _lines(self, data: str | None, lines: Iterable[str]) -> str:
        """Return lines without secrets; if ``data`` is not None, it is their content, which looks like JSON."""
        if data is None:
            return self.text("".join(lines))
        return "".join(line.replace(data, self._nested(data)) for line in lines)

    def _member(self, found: Mapping[str, Any], name: str, inside: bool) -> Any:
        value = found[name]
        if name.lower().endswith("headers") and isinstance(value, dict):
            texts = {key: item for key, item in as_object(value).items() if isinstance(item, str)}
            return as_object(self.json(value)) | self.headers(texts, of_request=True)
        if inside:
            return self.json(value, inside=_LABELS.fullmatch(name) is None)
        return self.json(value, inside=self._is_secret(found, name))

    @staticmethod
    def _is_secret(found: Mapping[str, Any], name: str) -> bool:
        if name == "value":  # {"name": "password", "value": ...}
            return any(isinstance(found.get(key), str) and is_secret_name(found[key]) for key in ("name", "key"))
        if name in ("key", "token") and ("value" in found or "logprob" in found):
            return False
        return is_secret_name(name)

    def _nested(self, text: str) -> str:
        """Return text without secrets, including those in nested JSON, such as the arguments of tools."""
        if text[:1] in ("{", "["):
            with suppress(ValueError, RecursionError):
                value = json.loads(text)
                self.learn_members(value)  # also those that are nested too deeply for the next line
                clean = self.json(value)
                return text if clean == value else json.dumps(clean, ensure_ascii=False)
        return self.text(text)

    def _secret(self, value: str) -> str:
        self.learn(value)
        return SCRUBBED if value else value

    def _in_member(self, match: "re.Match[str]") -> str:
        return match[1] + self._secret(match[3]) if is_secret_name(match[2]) else match[0]

    def _in_base64(self, match: "re.Match[str]") -> str:
        data = match[2].replace("-", "+").replace("_", "/").rstrip("=")
        whole = data[:-1] if len(data) % 4 == 1 else data  # the URL may be cut off, even within a character
        try:
            text = getincrementaldecoder("utf-8")().decode(base64.b64decode(whole + "=" * (-len(whole) % 4)))
        except ValueError:
            return match[0]
        clean = self._nested(text)
        raw = clean.encode("utf-8", "surrogatepass")
        return match[0] if clean == text else match[1] + base64.b64encode(raw).decode()

    def _after(self, match: "re.Match[str]") -> str:
        self.learn(match[0][len(match[1]) :])
        return match[1] + SCRUBBED


def _decoded(text: str) -> tuple[str, list[int]]:
    """Return text without its percent encoding, one character per byte, and the places of these and of the end."""
    plain, places, at = list[str](), list[int](), 0
    for match in _ENCODED.finditer(text):
        plain += [text[at : match.start()], chr(int(match[1], 16))]
        places += range(at, match.start() + 1)
        at = match.end()
    places += range(at, len(text) + 1)
    return "".join([*plain, text[at:]]), places


def _json_of(line: str) -> str | None:
    """Return the part of a line that looks like JSON, or None."""
    data = line.removeprefix("data:").strip()
    return data if data.startswith(("{", "[")) else None


def _is_random(step: str) -> bool:
    """Return whether a path segment looks like a secret: long, of mixed characters, and without a word in it."""
    return _RANDOM.fullmatch(step) is not None and _NAMED.match(step) is None


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, merging those that touch."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
