"""Split a pasted URL into normalised parts. Pure text processing; knows nothing of services, routes or versions.

Pasted text may lack a scheme, be surrounded by blanks, quotes or brackets, have extra slashes, a query of its own, or a
host in capitals or in another script: `parse` accepts all of that. Anything else raises a `ValueError` that shows the
value and the forms that work. Possible secrets in the value are masked, and exceptions of the standard library that
quote it are not chained.
"""

import re
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

from .origins import is_loopback

_AROUND = " \t\r\n\f\v\u00a0\u200b\ufeff\"'`\u2018\u2019\u201c\u201d<>(),;"
"""What gets copied along with a URL: blanks, a byte order mark, the quotes of an .env file, the brackets of a mail."""

_PORTALS = frozenset(
    (
        *(f"{name}.azure.{top}" for name in ("ai", "oai", "ml", "portal", "management") for top in ("com", "us", "cn")),
        *("learn.microsoft.com", "platform.openai.com", "chat.openai.com", "chatgpt.com", "console.mistral.ai"),
    )
)
"""Websites and management APIs that people copy addresses from; they would receive the key."""

_FORMS = (
    "Pass the URL as the portal shows it, such as https://RESOURCE.services.ai.azure.com, "
    "https://RESOURCE.openai.azure.com/openai/v1, https://NAME.REGION.models.ai.azure.com, or http://localhost:8000/v1"
)


_NO_URLS = (bytes, int, float, list, tuple, dict)


class EndpointError(ValueError):
    """The text is not the URL of an endpoint."""


def parse(endpoint: str) -> tuple[str, str, tuple[str, ...], str, str | None]:
    """Split a pasted endpoint into normalised parts.

    :param endpoint: A URL with or without scheme; also any object whose `str()` is one.
    :return: The root, which is scheme, host, and the port unless it is the scheme's default; the host in lower case
        and ASCII, an IPv6 address without brackets; the path segments, percent-encoded; the query, percent-encoded,
        without its api-version; and the api-version, decoded, or `None` if there is none or an empty one.
    :raises EndpointError: If the text is not the URL of an endpoint.
    :raises ValueError: If it is `None` or empty.
    """
    if endpoint is None:  # pyright: ignore[reportUnnecessaryComparison] # what users pass is not always what types say
        raise ValueError(f"endpoint is None. {_FORMS}.")
    pasted: Any = endpoint  # what users pass is not always what types say
    if isinstance(pasted, _NO_URLS) or isinstance(getattr(pasted, "key", None), str):
        raise EndpointError(f"endpoint must be a URL as str, not {type(endpoint).__name__}. {_FORMS}.")
    text = (endpoint if isinstance(endpoint, str) else str(endpoint)).strip(_AROUND)
    if not text:
        raise ValueError(f"endpoint={endpoint!r} is empty. {_FORMS}.")
    if not text.isprintable():
        raise _refusal(endpoint, "has a line break or an invisible character in it")
    parts = _split(endpoint, _with_scheme(endpoint, text))
    host, authority = _host_and_authority(endpoint, parts)
    _check_names(endpoint, parts.path)
    segments = _segments(_percent_encoded(parts.path))
    version, query = _query_without_version(_percent_encoded(parts.query))
    return f"{parts.scheme}://{authority}", host, segments, query, version


def _scheme_of(text: str) -> str:
    scheme, separator, _ = text.partition("://")
    is_scheme = separator and scheme.isascii() and scheme.replace("+", "").replace("-", "").isalnum()
    return scheme.lower() if is_scheme else ""


def _check_bare_authority(endpoint: str, authority: str) -> None:
    """Refuse text without a scheme that is not a host: a deployment's name, or another kind of address."""
    name, colon, port = authority.partition(":")
    if colon and not (port.isascii() and port.isdigit()):
        raise _refusal(endpoint, "is not a URL of the http or https scheme")
    if not colon and "." not in name and name.lower() != "localhost":
        raise _refusal(endpoint, "is a name, not a URL")


def _check_scheme(endpoint: str, scheme: str, text: str) -> None:
    """Refuse a scheme other than http and https, and a second URL behind the first."""
    if scheme not in ("http", "https"):
        raise _refusal(endpoint, f"begins with {scheme}://, not http:// or https://")
    if re.match(r"https?:(//|$)|[^/?#]*\s[^/?#]*:", text.partition("://")[2]):
        raise _refusal(endpoint, "has two URLs in it; pass one")


def _check_authority(endpoint: str, text: str, authority: str) -> None:
    """Refuse text without a scheme that cannot begin with a host."""
    if "=" in authority or ";" in authority:
        raise _refusal(endpoint, "is a connection string; pass only the URL in it")
    if not authority:
        raise _refusal(endpoint, "has no host")
    if "://" in text and re.search(r"[\s(\]]", text.partition("://")[0]):
        raise _refusal(endpoint, "has words before the URL; pass only the URL")
    if not authority.startswith("[") and "@" not in authority:
        _check_bare_authority(endpoint, authority)


def _with_scheme(endpoint: str, text: str) -> str:
    """Return the text with a scheme. The default is https, but http for this machine."""
    scheme = _scheme_of(text)
    if scheme:
        _check_scheme(endpoint, scheme, text)
        return text
    misspelled = re.match(r"https?(:[/\\]*|[/\\]{2})", text, re.IGNORECASE)
    if misspelled:
        raise _refusal(endpoint, f"begins with {misspelled[0]}, not http:// or https://")
    text = text.removeprefix("//")
    authority = re.split("[/?#]", text, maxsplit=1)[0]
    _check_authority(endpoint, text, authority)
    host = re.sub(r":\d*$", "", authority)
    return f"{'http' if is_loopback(host) else 'https'}://{text}"


def _split(endpoint: str, text: str) -> SplitResult:
    # `from None`, here and below: urllib's messages quote the text, which may contain a password.
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _refusal(endpoint, "has an invalid host or port") from None
    if port == 0:  # HTTP libraries call another port then, with the key
        raise _refusal(endpoint, "has the port 0, where nothing can listen")
    if parts.username is not None or parts.password is not None:
        raise _refusal(
            endpoint, "has user information before the host; pass the key as credential=AzureKeyCredential(...)"
        )
    return parts


def _host_and_authority(endpoint: str, parts: SplitResult) -> tuple[str, str]:
    """Return the host, for matching rows, and the authority: the host with a port that is not the default."""
    name = (parts.hostname or "").rstrip(".")
    if not name or parts.netloc.endswith(":"):
        raise _refusal(endpoint, "has no host")
    bracketed = "[" in parts.netloc
    if bracketed and not parts.netloc.startswith("["):  # before Python 3.11.10, urllib drops what precedes the bracket
        raise _refusal(endpoint, "has an invalid host or port")
    host = _ip_v6(endpoint, name) if bracketed else _ascii_name(endpoint, name)
    if host in _PORTALS:
        raise _refusal(endpoint, "is the address of a portal page, not of an endpoint")
    return host, (f"[{host}]" if bracketed else host) + _port(parts)


def _port(parts: SplitResult) -> str:
    """Return the port with its colon, or nothing if it is the scheme's default."""
    return "" if parts.port in (None, {"http": 80, "https": 443}[parts.scheme]) else f":{parts.port}"


def _ip_v6(endpoint: str, name: str) -> str:
    from ipaddress import IPv6Address  # rarely needed

    try:
        address = IPv6Address(name)
    except ValueError:
        raise _refusal(endpoint, "has an invalid IPv6 address in its brackets") from None
    if address.scope_id is not None:
        raise _refusal(endpoint, "has an IPv6 zone, which is not allowed in a URL")
    return address.compressed


def _ascii_name(endpoint: str, name: str) -> str:
    """Return a host name as DNS spells it, in lower case."""
    ascii_name = name if name.isascii() else _punycode(endpoint, name)
    if not re.fullmatch("[a-z0-9._-]+", ascii_name):
        raise _refusal(endpoint, "has a character in its host that host names cannot have (a placeholder left in?)")
    if len(ascii_name) > 253 or not all(0 < len(label) < 64 for label in ascii_name.split(".")):
        raise _refusal(endpoint, "has a host with an empty or overlong part")
    return ascii_name


def _punycode(endpoint: str, name: str) -> str:
    try:
        encoded = name.encode("idna")
        unchanged = encoded.decode("idna") == name
    except UnicodeError:
        raise _refusal(endpoint, "has an invalid host") from None
    if not unchanged:
        # The codec is IDNA 2003, which turns sharp s into ss where IDNA 2008 does not: another host could get the key.
        raise _refusal(endpoint, "has a host that can be read in more than one way; write it in its xn-- form")
    return encoded.decode("ascii")


def _segments(path: str) -> tuple[str, ...]:
    """Split a path without its empty segments; a URL inside a path (a proxy's) keeps its two slashes."""
    pieces = path.split("/")
    kept = [piece for before, piece in zip(["", *pieces[:-1]], pieces, strict=True) if piece or before.endswith(":")]
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)


def _check_names(endpoint: str, path: str) -> None:
    """Refuse the path of a sample, or of a format string, whose name was not filled in."""
    found = re.search("/(deployment|project)s/(?:/|[{<])", path, re.IGNORECASE)
    if found:
        raise _refusal(endpoint, f"names no {found[1].lower()} (an empty variable, or a placeholder left in?)")


def _percent_encoded(text: str) -> str:
    """Encode the characters that a path or query may not contain; what is encoded already stays as it is."""
    if "%" in text:
        text = re.sub("%(?![0-9A-Fa-f]{2})", "%25", text)
    return quote(text, safe="%/?:@!$&'()*+,;=~")


def _query_without_version(query: str) -> tuple[str | None, str]:
    pairs = [pair for pair in query.split("&") if pair]
    versions = [pair for pair in pairs if pair.partition("=")[0].lower() == "api-version"]
    values = [unquote(pair.partition("=")[2]) for pair in versions]
    return next(filter(None, values), None), "&".join(pair for pair in pairs if pair not in versions)


# ---------------------------------------------------------------- refusals that do not leak a secret


def shown(endpoint: str) -> str:
    """Return an invalid endpoint without secrets, so that it may be shown, and prefixed to an operation.

    :param endpoint: The invalid text.
    """
    text = _masked(endpoint.strip(_AROUND)).rstrip("/")
    try:
        _ = urlsplit(text).port
    except ValueError:
        return ""
    return text


def _refusal(endpoint: object, reason: str) -> EndpointError:
    return EndpointError(f"endpoint={_masked(str(endpoint))!r} {reason}. {_FORMS}.")


def _masked(text: str) -> str:
    """Return the text without possible secrets: user information, a query, settings, and long words (keys)."""
    scheme, separator, _ = text.rpartition("://")
    if "@" in text or "%40" in text:
        return f"{scheme.partition('://')[0]}{separator}***"
    if not separator and "." not in text and len(text) >= 20:
        return "***"
    for mark in "?#;":
        before, found, _ = text.partition(mark)
        text = f"{before}{mark}***" if found else text
    if not text.lower().startswith("endpoint="):
        text = re.sub("=.*", "=***", text, flags=re.DOTALL)
    text = re.sub(r"\w{20,}", "***", text)
    return text if len(text) <= 200 else f"{text[:200]}..."
