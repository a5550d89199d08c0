"""What is secret in a request or an answer, and how it is blotted out before anything is kept.

A secret is found in one of three ways: by the name of the member, header or query parameter that holds it; by its look
(tokens, keys and signatures of known formats, also inside of text); and by its value, where another place of the same
exchange gave it away. Only values of the parsed JSON are replaced, never its text, so member names and structure stay.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote

from ._values import as_list, as_object, is_number

SCRUBBED: Final = "***"
"""What stands in the place of a secret."""

_SMALLEST_SECRET: Final = 1_000
"""A smaller number under a secret name is a count, not a PIN."""
_SHORTEST_FOUND_ANYWHERE: Final = 8
_SHORTEST_WORD_FOUND_ANYWHERE: Final = 20
"""Shorter secrets are blotted out where a name tells, but not inside of other text: ``test`` is also a word."""

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
"""What an object under a secret name may say of the secret without giving it away."""

_SAFE_HEADERS: Final = re.compile(
    r"(?i)accept(-.*)?|api-version|anthropic-(version|beta)|azureml-model-deployment|cache-control|connection|"
    r"content-(disposition|encoding|language|length|type)|dnt|extra-parameters|host|if-(none-)?match|"
    r"openai-(beta|organization|project)|origin|pragma|prefer|range|referer|sec-(ch|fetch)-.*|te|traceparent|"
    r"tracestate|user-agent|x-goog-api-client|x-ms-(client-request-id|date|model-mesh-model-name|return-.*|useragent|"
    r"version)|x-request-id|x-stainless-.*"
)
"""Request headers whose values are kept in a cassette. Any other may hold a secret, whatever its name."""

_NAMES: Final = r"[\w.-]{0,64}(?:key|token|secret|password|passwd|passphrase|credential|signature|authorization)|pwd"
_IN_TEXT: Final = re.compile(rf"(?i)((?:^|[?&;#\s,({{\"'])(?:{_NAMES}|sig|code)\s?=\s?[\"']?)[^&#;\s\"'<>,)]+")
"""A query, form, connection string, or setting of a program inside of text."""
_BESIDE: Final = re.compile(
    rf"(?i)((?:^|[\s,({{\"'])(?:{_NAMES})[\"']?:\s?[\"']?|<(?:{_NAMES})>)(?=[^\s\"'<>]*\d)[^\s\"'<>,;)]{{8,}}"
)
"""JSON, YAML, XML or a header inside of text. What looks like a word may be one, and stays."""
_IN_FORM: Final = re.compile(rf"(?i)(\bname=\"(?:{_NAMES})\"[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n)[^\r\n]+")
_USER_INFO: Final = re.compile(r"(?<=://)[^/\s:@?#]{1,256}:[^/\s@?#]{1,256}(?=@)")
_SCHEMES: Final = re.compile(
    r"(?i)\b((?:bearer|apikey)\s+|(?:basic|digest|token)\s+(?=[\w.~+/=-]{16}))(?=[^\s\"',;]*\d)[\w.~+/=-]{8,}"
)
_AFTER: Final = (_SCHEMES, _IN_TEXT, _BESIDE, _IN_FORM)
"""What precedes a secret is the first group, and stays."""
_LOOKS: Final = re.compile(
    r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"  # a JWT
    r"|\b(?:sk|rk|pk|ek|sess|dapi|csk|gsk|xai|pplx|tgp)[-_](?=[\w-]*\d)[\w-]{16,}"  # OpenAI, Anthropic, Stripe, Groq...
    r"|\b(?:gh[pousr]_|github_pat_|glpat-|hf_|xox[abposr]-|npm_|r8_|nvapi-)[\w-]{16,}"
    r"|\bAIza[\w-]{35}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # Google, Amazon
    r"|\b[A-Za-z0-9]{40,60}JQQJ9[A-Za-z0-9]{20,40}\b"  # Azure's keys of 84 characters
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?"
)


_SHORT: Final = 200
"""Characters of a text, such as a header's value, that is worth remembering: it comes with each request again."""


@lru_cache(maxsize=1024)
def _looks_harmless(text: str) -> bool:
    """Return whether nothing in a text looks like a secret."""
    return not any(pattern.search(text) for pattern in (*_AFTER, _USER_INFO, _LOOKS))


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Return whether a member or header of this name holds a secret, as ``apiKey`` and ``X-Auth-Token`` do."""
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
    """Blots secrets out, and learns their values as it goes: what one place gives away is known everywhere."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    @property
    def known(self) -> tuple[str, ...]:
        """The secrets that were learnt so far."""
        return tuple(self._known)

    def learn(self, secret: str) -> None:
        """Blot this out wherever it occurs, if it is long enough to be no word."""
        plain = secret.isalpha() and secret.islower()
        if len(secret) >= (_SHORTEST_WORD_FOUND_ANYWHERE if plain else _SHORTEST_FOUND_ANYWHERE):
            self._known |= {secret, quote(secret, safe=""), unquote(secret)}

    def headers(self, headers: Mapping[str, str], *, of_request: bool) -> dict[str, str]:
        """Return headers without secrets; the scheme before a credential stays.

        :keyword of_request: keep only the values of headers that are known to be harmless.
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
        # A header of the caller's own. It may be a secret, or the name of the application, which is no reason to
        # blot that name out elsewhere.
        return self._secret(value) if re.fullmatch(r"(?=.*\d)(?=.*[A-Za-z])\S{12,}", value) else SCRUBBED

    def _learn_parts(self, kind: str, value: str) -> None:
        """Learn the password in Basic credentials, and the values of cookies."""
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
        """Return a query as it stands in an address, without secrets."""
        parts = (part.partition("=") for part in query.split("&"))
        return "&".join(name + equals + self.query([(unquote(name), value)])[0][1] for name, equals, value in parts)

    def json(self, value: Any, *, inside: bool = False) -> Any:
        """Return a JSON value without secrets.

        :keyword inside: whether a secret name stands above the value.
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

    def text(self, text: str) -> str:
        """Return text without the secrets that show by their look, or are known."""
        if text.startswith("data:") and ";base64," in text[:200]:
            return text
        found = text
        if len(text) > _SHORT or not _looks_harmless(text):
            found = text
            for pattern in _AFTER:
                found = pattern.sub(self._after, found)
            found = _USER_INFO.sub(SCRUBBED, found)
            found = _LOOKS.sub(lambda match: self._secret(match[0]), found)
        for secret in sorted(self._known, key=len, reverse=True):
            found = found.replace(secret, SCRUBBED)
        return found

    def bytes(self, raw: bytes) -> bytes:
        """Return a body that is no text without the secrets that are known."""
        for secret in self._known:
            raw = raw.replace(secret.encode("utf-8", "surrogatepass"), SCRUBBED.encode())
        return raw

    def events(self, text: str) -> str:
        """Return server-sent events, or lines, without secrets: those that are JSON are read as such."""
        return self.text("".join(self._line(line) for line in text.splitlines(keepends=True)))

    def _line(self, line: str) -> str:
        data = line.removeprefix("data:").strip()
        return line.replace(data, self._nested(data)) if data.startswith(("{", "[")) else self.text(line)

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
        """Return text without secrets, and with those blotted out that JSON in it holds, as arguments of tools do."""
        if text[:1] in ("{", "["):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                return self.text(text)
            clean = self.json(value)
            return text if clean == value else json.dumps(clean, ensure_ascii=False)
        return self.text(text)

    def _secret(self, value: str) -> str:
        self.learn(value)
        return SCRUBBED if value else value

    def _after(self, match: "re.Match[str]") -> str:
        self.learn(match[0][len(match[1]) :])
        return match[1] + SCRUBBED
