"""HTTP responses: any status, headers and body give an answer or an azure-core error, and no error has the key.

The whole client reads them, with its own pipeline and transport; only the socket is replaced.
"""

import io
import json
import math
import pickle
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.exceptions import AzureError
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference._transport import SyncTransport
from azure.ai.inference.exceptions import InferenceError
from azure.ai.inference.models import ChatCompletions

from ._inputs import json_texts

KEY = "0123456789abcdef0123456789abcdef"
ORIGIN = "https://r.openai.azure.com"
SEEDS = [
    b's401 Unauthorized\nwww-authenticate: Bearer\n\n{"error": {"code": "401", "message": "wrong key KEY"}}',
    b's429 KEY\nretry-after: 7\nretry-after-ms: nan\nx-request-id: KEY\n\n{"detail": [{"loc": ["b", 0], "msg": "x"}]}',
    b"s307 Moved\nlocation: https://evil.example/KEY\n\n",
    b"s308 Moved\nlocation: /elsewhere\n\n",
    b"t302 Found\nlocation: http://r.openai.azure.com:80/\n\n",
    b"s424 x\ncontent-type: text/html; charset=utf-7\n\n<html><title>no</title>\xff+KEY",
    b"s503 x\ncontent-encoding: gzip\ncontent-length: 99\n\nnot gzip",
    b's200 OK\nx-ratelimit-reset-tokens: 6m0s\n\n{"choices": [{"message": {"content": "x"}}]}',
    b't200 OK\nx: KEY\n\ndata: {"choices": [{"delta": {}}]}\n\ndata: \xac\n\n',
    b"s200 OK\n\n" + b"[" * 3000,
    b"s429 x\ncontent-length: 2, 2\n\n{}",
    b"s429 x\ncontent-length: \xe9\n\n{}",
    b"s307 x\nlocation: http://[\n\n",
    b"s307 x\nlocation: https://h:99999/\n\n",
    b"s302 x\nlocation: https://h:99999/\n\n",
    b"s300 x\nlocation: https://h:99999/\n\n",
    b"t304 x\n\nfalse",
    b"s307 x\nlocation: https://h/\xe9\n\n",
    b"s200 KEY\n\n",
    b"s429 x\nx-KEY: 1\n\n",
    b't200 OK\n\ndata: {"choices": [{"delta": {}}], "x": "KEY"}\n\n',
    b't200 OK\ncontent-type: text/event-stream\n\ndata: {"choices": [{"delta": {}}]}\n\ndata: {"error": "KEY"}\n\n',
    b's400 x\n\n{"error": {"code": "content_filter", "innererror": {"content_filter_result": {"a": {"filtered": 1}}}}}',
]
_MEMBERS = (
    *("error", "message", "detail", "msg", "title", "code", "type", "status", "statusCode", "target", "param", "loc"),
    *("details", "innererror", "inner_error", "content_filters", "content_filter_results", "object", "choices", "KEY"),
)
_NAMES = [
    *(
        "retry-after",
        "retry-after-ms",
        "x-request-id",
        "location",
        "content-type",
        "content-encoding",
        "x-ms-error-code",
    ),
    *("x-ratelimit-reset-tokens", "x-ratelimit-limit-requests", "content-length", "www-authenticate", "x-ms-region"),
]
_VALUES = st.sampled_from(
    ["gzip", "0", "99", "-1", "1e999", "https://e.example/", "/x", "KEY", "text/html; charset=idna"]
)
_HEADERS = st.lists(
    st.builds("{}: {}\n".format, st.sampled_from(_NAMES), _VALUES | st.text("0aZ ,;=:é", max_size=9)), max_size=4
)
LIKELY = st.builds(
    lambda mode, status, headers, body: f"{mode}{status} KEY\n{''.join(headers)}\n".encode("latin-1") + body,
    st.sampled_from("st"),
    st.sampled_from([200, 201, 204, 301, 304, 307, 400, 401, 403, 404, 409, 424, 429, 500, 503])
    | st.integers(100, 999),
    _HEADERS,
    st.binary(max_size=60) | json_texts(*_MEMBERS) | json_texts(*_MEMBERS).map(b'{"error": %b}'.__mod__),
)


class _Scripted(HTTPAdapter):
    """Answers every request with the given response, and checks where the key goes."""

    answer: tuple[int, str, list[tuple[str, str]], bytes] = (200, "OK", [], b"")

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        if (parts.scheme, parts.hostname, parts.port or 443) != ("https", "r.openai.azure.com", 443):
            assert KEY not in str(request.headers).replace(str(request.url), "")
            assert not request.body
        status, reason, headers, body = self.answer
        once = {name.lower(): value for name, value in headers}
        raw = HTTPResponse(
            io.BytesIO(body), once, status, reason=reason, preload_content=False, request_method=request.method
        )
        return self.build_response(request, raw)


_ADAPTER = _Scripted()
_TRANSPORT = SyncTransport()
_TRANSPORT.open()
for _scheme in ("https://", "http://"):
    _TRANSPORT.session.mount(_scheme, _ADAPTER)
_CLIENT = ChatCompletionsClient(ORIGIN, KEY, model="m", retry_total=0, redirect_max=4, transport=_TRANSPORT)


def check(data: bytes) -> None:
    mode, _ADAPTER.answer = data[:1], _answer_in(data[1:].replace(b"KEY", KEY.encode()))
    try:
        if mode == b"t":
            with _CLIENT.complete(messages=[{"role": "user", "content": "x"}], stream=True) as updates:
                json.dumps(list(updates))
        else:
            answer = _CLIENT.complete(messages=[{"role": "user", "content": "x"}])
            assert isinstance(answer, ChatCompletions)
            assert all(quota.reset is None or quota.reset >= 0 for quota in answer.rate_limits)
    except AzureError as error:
        _look_at(error)


def _answer_in(data: bytes) -> tuple[int, str, list[tuple[str, str]], bytes]:
    """Read an HTTP message leniently: status and reason, header lines, an empty line, the body."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    digits, _, reason = first.partition(" ")
    status = int(digits) if digits.isascii() and digits.isdigit() and 100 <= int(digits[:4]) <= 999 else 500
    headers = [
        (name, value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon and name
    ]
    return status, reason, headers, body


def _look_at(error: AzureError) -> None:
    text = str(error)
    text.encode()
    assert text.strip()
    assert len(text) < 100_000
    assert all(character.isprintable() or character in "\n\t" or ord(character) > 127 for character in text)
    pickled = _pickled(error)
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or link.__context__
    assert not any(KEY in part for part in (repr(error), *map(str, links)))
    # azure-core's own errors may hold whole answers, and those of broken streams the partial one: a text with the key
    partial = getattr(error, "partial", None)
    assert partial is None or KEY not in str(partial.headers)
    holds_answers = partial is not None or not isinstance(error, InferenceError)
    assert KEY.encode() not in pickled or (holds_answers and KEY in str(_ADAPTER.answer))
    if isinstance(error, InferenceError):
        assert str(pickle.loads(pickled)) == text
        assert error.retry_after is None or 0 <= error.retry_after < math.inf


def _pickled(error: AzureError) -> bytes:
    try:
        return pickle.dumps(error)
    except TypeError:
        assert not isinstance(error, InferenceError)  # azure-core's own errors may refer to a traceback
        return b""
