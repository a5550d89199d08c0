"""A URL as it was pasted -> its parts, normalised. Pure text; knows nothing of services, routes or versions.

Pasted text has no scheme, or blanks, quotes or brackets round it, slashes too many, its own query, a host in capitals
or in another script: `parse` takes all of that. What cannot be the URL of an endpoint raises a `ValueError` that shows
the value and the forms that work. What may be a secret in the value is masked, and exceptions of the standard library
that quote it are not chained.
"""

import re
from urllib.parse import SplitResult, quote, unquote, urlsplit

from .origins import is_loopback

_AROUND = " \t\r\n\f\v\u00a0\u200b\ufeff\"'`<>,"
"""What gets copied along with a URL: blanks, a byte order mark, an environment file's quotes, a mail's brackets."""

_PORTALS = frozenset(f"{name}.azure.{top}" for name in ("ai", "oai", "ml", "portal") for top in ("com", "us", "cn"))

_FORMS = (
    "Give the URL as the portal shows it, such as https://RESOURCE.services.ai.azure.com, "
    "https://RESOURCE.openai.azure.com/openai/v1, https://NAME.REGION.models.ai.azure.com, or http://localhost:8000/v1"
)


class EndpointError(ValueError):
    """A text that cannot be the URL of an endpoint."""


def parse(endpoint: str) -> tuple[str, str, tuple[str, ...], str, str | None]:
    """Split what was pasted as an endpoint into normalised parts.

    :param endpoint: a URL with or without scheme; also any object whose `str()` is one.
    :return: the root, which is scheme, host, and the port if it is not the scheme's own; the host in lower case and
        ASCII, an IPv6 address without brackets; the names in the path, percent-encoded; the query, percent-encoded,
        without its api-version; and that, decoded, `None` if there is none or an empty one.
    :raises EndpointError: if it cannot be an endpoint.
    :raises ValueError: if it is `None` or empty.
    """
    if endpoint is None:  # pyright: ignore[reportUnnecessaryComparison] # what users pass is not always what types say
        raise ValueError(f"endpoint is None. {_FORMS}.")
    text = (endpoint if isinstance(endpoint, str) else str(endpoint)).strip(_AROUND)
    if not text:
        raise ValueError(f"endpoint={endpoint!r} is empty. {_FORMS}.")
    if not text.isprintable():
        raise _refusal(endpoint, "has a line break or an invisible character in it")
    parts = _split(endpoint, _with_scheme(endpoint, text))
    host, authority = _host_and_authority(endpoint, parts)
    segments = _segments(_percent_encoded(parts.path))
    version, query = _query_without_version(_percent_encoded(parts.query))
    return f"{parts.scheme}://{authority}", host, segments, query, version


def _scheme_of(text: str) -> str:
    scheme, separator, _ = text.partition("://")
    is_scheme = separator and scheme.isascii() and scheme.replace("+", "").replace("-", "").isalnum()
    return scheme.lower() if is_scheme else ""


def _check_bare_authority(endpoint: str, authority: str) -> None:
    """Refuse what was pasted without a scheme and cannot be a host: a deployment's name, another kind of address."""
    name, colon, port = authority.partition(":")
    if colon and not (port.isascii() and port.isdigit()):
        raise _refusal(endpoint, "is no URL of the http or https scheme")
    if not colon and "." not in name and name.lower() != "localhost":
        raise _refusal(endpoint, "is a name, not a URL")


def _with_scheme(endpoint: str, text: str) -> str:
    """Return the text with a scheme: https where none was given, but http for this machine."""
    scheme = _scheme_of(text)
    if scheme in ("http", "https"):
        return text
    if scheme:
        raise _refusal(endpoint, f"begins with {scheme}://, where http:// or https:// is due")
    text = text.removeprefix("//")
    authority = re.split("[/?#]", text, maxsplit=1)[0]
    if "=" in authority or ";" in authority:
        raise _refusal(endpoint, "is a connection string; the endpoint is only the URL in it")
    if not authority:
        raise _refusal(endpoint, "names no host")
    if not authority.startswith("[") and "@" not in authority:
        _check_bare_authority(endpoint, authority)
    host = re.sub(r":\d*$", "", authority)
    return f"{'http' if is_loopback(host) else 'https'}://{text}"


def _split(endpoint: str, text: str) -> SplitResult:
    # `from None`, here and below: what urllib says quotes the text, and with it a password.
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise _refusal(endpoint, "has a host or a port that is not valid") from None
    if parts.username is not None or parts.password is not None:
        raise _refusal(
            endpoint, "has user information before the host; give the key as credential=AzureKeyCredential(...)"
        )
    return parts


def _host_and_authority(endpoint: str, parts: SplitResult) -> tuple[str, str]:
    """Return the host, as rows are matched by it, and the authority: the host with a port that is not the default."""
    name = (parts.hostname or "").rstrip(".")
    if not name or parts.netloc.endswith(":"):
        raise _refusal(endpoint, "names no host")
    bracketed = "[" in parts.netloc
    if bracketed and not parts.netloc.startswith("["):  # before Python 3.11.10 urllib takes what is inside alone
        raise _refusal(endpoint, "has a host or a port that is not valid")
    host = _ip_v6(endpoint, name) if bracketed else _ascii_name(endpoint, name)
    if host in _PORTALS:
        raise _refusal(endpoint, "is the address of a portal's page, not of an endpoint")
    return host, (f"[{host}]" if bracketed else host) + _port(parts)


def _port(parts: SplitResult) -> str:
    """Return a port that is not the scheme's own, with its colon."""
    return "" if parts.port in (None, {"http": 80, "https": 443}[parts.scheme]) else f":{parts.port}"


def _ip_v6(endpoint: str, name: str) -> str:
    from ipaddress import IPv6Address  # seldom needed

    try:
        address = IPv6Address(name)
    except ValueError:
        raise _refusal(endpoint, "has no valid IPv6 address in its brackets") from None
    if address.scope_id is not None:
        raise _refusal(endpoint, "has an IPv6 zone, which means nothing in a URL")
    return address.compressed


def _ascii_name(endpoint: str, name: str) -> str:
    """Return a host name in the form that DNS knows, lower case."""
    ascii_name = name if name.isascii() else _punycode(endpoint, name)
    if not re.fullmatch("[a-z0-9._-]+", ascii_name):
        raise _refusal(endpoint, "has a character in its host that no host has (was a placeholder left in?)")
    if len(ascii_name) > 253 or not all(0 < len(label) < 64 for label in ascii_name.split(".")):
        raise _refusal(endpoint, "has a host with a part that is empty or too long")
    return ascii_name


def _punycode(endpoint: str, name: str) -> str:
    try:
        encoded = name.encode("idna")
        unchanged = encoded.decode("idna") == name
    except UnicodeError:
        raise _refusal(endpoint, "has a host that is not valid") from None
    if not unchanged:
        # The codec is IDNA 2003, which turns sharp s to ss where IDNA 2008 does not: another host could get the key.
        raise _refusal(endpoint, "has a host that reads in more than one way; write it in its xn-- form")
    return encoded.decode("ascii")


def _segments(path: str) -> tuple[str, ...]:
    """Split a path, without its empty segments; but a URL inside a path (a proxy's) keeps its two slashes."""
    pieces = path.split("/")
    kept = [piece for before, piece in zip(["", *pieces[:-1]], pieces, strict=True) if piece or before.endswith(":")]
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)


def _percent_encoded(text: str) -> str:
    """Encode what may not stand in a path or query; what is encoded already stays as it is."""
    if "%" in text:
        text = re.sub("%(?![0-9A-Fa-f]{2})", "%25", text)
    return quote(text, safe="%/?:@!$&'()*+,;=~")


def _query_without_version(query: str) -> tuple[str | None, str]:
    pairs = [pair for pair in query.split("&") if pair]
    versions = [pair for pair in pairs if pair.partition("=")[0].lower() == "api-version"]
    values = [unquote(pair.partition("=")[2]) for pair in versions]
    return next(filter(None, values), None), "&".join(pair for pair in pairs if pair not in versions)


# ---------------------------------------------------------------- refusing, without giving a secret away


def shown(endpoint: str) -> str:
    """Return an endpoint that cannot be one as it may be shown, and put before an operation: without secrets.

    :param endpoint: The text.
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
    """Return the text without what may be a secret: user information, a query, settings, and long words (keys)."""
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
