"""Endpoints: any text is an endpoint with valid URLs, or a ValueError that names it; no secret in it is shown."""

import re
from typing import Literal
from urllib.parse import urlsplit

from hypothesis import strategies as st

from azure.ai.inference._http.endpoint import Kind
from azure.ai.inference._http.endpoint_routes import resolve

from ._inputs import to_bytes

SECRET = "S3cr3t"
FORMS = [
    "{}",
    "https://user:S3cr3t{}S3cr3t@r.openai.azure.com",
    "https://user:S3cr3t{}S3cr3t%40host.example:x",
    "https://r.services.ai.azure.com/models?code=S3cr3t{}",  # an api-version may follow an "&"
    "ftp://host/?key=S3cr3t{}S3cr3t",
    "Endpoint=https://host.example;Key=S3cr3t{}S3cr3t",
]
KINDS: list[Kind] = ["chat", "embeddings", "image_embeddings"]
OPERATIONS: dict[Kind, str] = {
    "chat": "chat/completions",
    "embeddings": "embeddings",
    "image_embeddings": "images/embeddings",
}
SEEDS = [
    b"00https://r.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
    b"01r.openai.azure.com/openai/deployments/D/embeddings?api-version=2024-10-21&x=%zz",
    b"02https://m.x.models.ai.azure.com//v1/ /%2F/\xc3\xa9",
    b"03http://[::1]:8000/v1",
    b"04 <HTTPS://B\xc3\xbccher.example.:443/a/http://b> ",
    b"00w./e:///embeddings",
    b"10/x",
    b"21abc",
    b"30&api-version=1",
    b"40=;",
    b"50@",
    b"20/[::1]:8000/",
    b"20[::1]:8000/",
    b"30&x,#",
    b"30x&api-version=S",
    b"01gw.example/a&api-version=1/embeddings?api-version=2",
]
_HOSTS = [
    *("r.services.ai.azure.com", "r.openai.azure.us", "m.x.models.ai.azure.cn", "api.mistral.ai", "gw.example"),
    *("[::1]:80", "localhost:1", "e.r.inference.ml.azure.com"),
]
_WORDS = [
    "models",
    "openai",
    "v1",
    "deployments",
    "D",
    "api",
    "projects",
    "chat",
    "completions",
    "embeddings",
    "images",
]
_PATHS = st.lists(st.sampled_from(_WORDS) | st.text(max_size=6), max_size=8).map("/".join)
_QUERIES = st.text("abkey-version&=%?; é", max_size=12)
_URLS = st.builds(
    "{}{}/{}?{}".format, st.sampled_from(["https://", "http://", ""]), st.sampled_from(_HOSTS), _PATHS, _QUERIES
)
_NOISE = st.text("abcXYZ019+/=.@:-?#", max_size=40)
LIKELY = st.tuples(
    st.integers(0, len(FORMS) - 1).map(str), st.integers(0, 5).map(str), st.one_of(_URLS, _NOISE, st.text())
).map(lambda parts: to_bytes("".join(parts)))


def check(data: bytes) -> None:
    form, choice = (*data[:2], 0, 0)[:2]
    noise = data[2:].decode("utf-8", "surrogateescape")
    pasted = FORMS[form % len(FORMS)].replace("{}", noise)
    kind = KINDS[choice % 3]
    route: Literal["models"] | None = "models" if choice & 4 else None
    try:
        endpoint = resolve(pasted, kind, route=route)
    except ValueError as error:
        said = str(error)
        assert said.startswith("endpoint=")
        assert len(said) < 1500
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
    else:
        said = f"{endpoint!r} {endpoint.notice}"
        url = endpoint.url(OPERATIONS[kind])
        parts = urlsplit(url)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert not parts.username
        assert re.fullmatch(r"[!-~]+", url)
        assert sum(pair.startswith("api-version=") for pair in parts.query.split("&")) <= 1
        assert not endpoint.base_url.endswith("/")
        # After a "#", a comma at the end does not count as copied along.
        again = resolve(f"{endpoint.base_url}?{endpoint.query}#", kind, route=route)
        rewritten = again.rewritten_from if route else None
        assert again.with_api_version(endpoint.api_version) == endpoint._replace(rewritten_from=rewritten)
    assert SECRET not in said or SECRET in noise
