"""No secret of an exchange gets into a cassette, wherever it is; everything else is unchanged."""

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import pytest

from azure.ai.inference.emulator import Emulator
from azure.ai.inference.emulator._cassette import read_response, write_exchange, write_request
from azure.ai.inference.emulator._recorder import Arrivals
from azure.ai.inference.emulator._request import RecordedRequest
from azure.ai.inference.emulator._secrets import SCRUBBED, Scrubber, is_secret_name, is_secret_parameter

from .conftest import SERVERLESS, Caller

SECRET = "Zx81-qWv0/Tt7="
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.Sfl-KxwRJSMeKKF2"
SAS = "https://acct.blob.core.windows.net/c/cat.png?sv=2024-11-04&sr=b&sig=aB3%2FxYz%3D&se=2030-01-01"


def keep(
    headers: Any = None, query: Any = (), body: Any = None, answer: Any = None, answer_headers: Any = None
) -> dict[str, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    request = RecordedRequest("POST", "/x", query, headers or {}, raw, "/x")
    return write_exchange(request, Arrivals(200, answer_headers or {}, [(0.1, told)], whole=True))


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "api-key", "x-api-key", "x-goog-api-key", "ocp-apim-subscription-key", "x-functions-key"),
        *("x-ms-authorization-auxiliary", "proxy-authorization", "cookie", "x-auth-token", "x-amz-security-token"),
        *("x-mine", "helicone-auth", "x-session", "cf-access-client-secret", "x-tenant-id"),
    ],
)
@pytest.mark.parametrize("form", ["{}", "Bearer {}"])
def test_headers_of_requests(name: str, form: str) -> None:
    exchange = keep({name: form.format(SECRET), "accept": "*/*"}, body={"q": f"is it {SECRET}?"}, answer=[SECRET])
    assert SECRET not in json.dumps(exchange)
    assert exchange["request"]["headers"]["accept"] == "*/*"


@pytest.mark.parametrize("name", ["set-cookie", "x-access-token", "x-api-key", "Authorization", "X-Client-Secret"])
def test_headers_of_responses(name: str) -> None:
    exchange = keep(answer={"echo": SECRET}, answer_headers={name: SECRET, "x-ms-region": "East US"})
    assert SECRET not in json.dumps(exchange)
    assert exchange["response"]["headers"]["x-ms-region"] == "East US"


@pytest.mark.parametrize(
    "name", ["key", "api_key", "code", "sig", "token", "access_token", "X-Amz-Signature", "subscription-key"]
)
def test_queries(name: str) -> None:
    exchange = keep(query=[("api-version", "1"), (name, SECRET)], answer={"called": f"/x?{name}={SECRET}"})
    assert SECRET not in json.dumps(exchange)
    assert exchange["request"]["query"] == sorted([["api-version", "1"], [name, SCRUBBED]])


BODIES: list[Any] = [
    {"data_sources": [{"parameters": {"authentication": {"type": "api_key", "key": SECRET}}}]},
    {"data_sources": [{"parameters": {"authentication": {"type": "encoded_api_key", "encoded_api_key": SECRET}}}]},
    {"data_sources": [{"parameters": {"embedding_dependency": {"authentication": {"key": SECRET}}}}]},
    {"data_sources": [{"parameters": {"authentication": {"connection_string": SECRET}}}]},
    {"client_id": "app", "client_secret": SECRET},
    {"client_secret": {"value": SECRET, "expires_at": 5}},
    {"tools": [{"type": "mcp", "server_url": "https://x", "headers": {"X-Mine": SECRET}}]},
    {"tools": [{"type": "mcp", "authorization": SECRET}]},
    {"apiKey": SECRET},
    {"credentials": {"user": "me", "password": SECRET}},
    {"credentials": [SECRET]},
    {"keys": ["other", SECRET]},
    {"key1": SECRET, "key2": SECRET},
    {"primaryKey": SECRET},
    {"env": [{"name": "OPENAI_API_KEY", "value": SECRET}]},
    {"env": [{"key": "password", "value": SECRET}]},
    {"access_token": SECRET, "token_type": "bearer"},
    {"refreshToken": SECRET},
    {"id_token": SECRET},
    {"sharedAccessKey": SECRET},
    {"AccountKey": SECRET},
    {"arguments": json.dumps({"api_key": SECRET})},
    {"arguments": json.dumps({"inner": json.dumps([{"password": SECRET}])})},
    {"url": f"https://x/?key={SECRET}"},
    {"text": f"Endpoint=sb://x/;SharedAccessKeyName=root;SharedAccessKey={SECRET}"},
    {"text": f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={SECRET};EndpointSuffix=x"},
    {"url": f"postgresql://me:{SECRET.replace('/', '')}@db/x"},
    {"header": f"Authorization: Bearer {SECRET}{SECRET}"},
    {"header": f"Authorization: Bearer {SECRET}"},
    {"text": f"curl -H 'api-key: {SECRET}' https://x"},
    {"text": f"OPENAI_API_KEY={SECRET}\nOTHER=1"},
    {"text": f"client(api_key='{SECRET}')"},
    {"text": f'```json\n{{"api_key": "{SECRET}"}}\n```'},
    {"text": f"api_key: {SECRET}"},
    {"text": f"<AccessKey>{SECRET}</AccessKey>"},
    {"url": f"https://x/callback#access_token={SECRET}&state=1"},
    {"text": f'Here it is: {{"password": "{SECRET}"}}'},
    {"text": "It was " + json.dumps(json.dumps({"inner": json.dumps({"password": SECRET})}))},
    {"text": json.dumps({"password": SECRET})[:-2]},
    {"deep": json.dumps({"password": SECRET, "x": json.loads("[" * 400 + "]" * 400)})},
    {"passcode": SECRET},
    {"tokenValue": SECRET},
    {"client_assertion": SECRET},
    {"pin": 123456, "password": 12345678, "x": SECRET[:0]},
]


@pytest.mark.parametrize("body", BODIES, ids=json.dumps)
@pytest.mark.parametrize("side", ["body", "answer"])
def test_members_of_bodies(body: Any, side: str) -> None:
    exchange = keep(**{side: body})  # type: ignore[arg-type]
    text = json.dumps(exchange)
    assert SECRET not in text
    assert SECRET.replace("/", "") not in text
    assert SCRUBBED in text


@pytest.mark.parametrize(
    "secret",
    [
        JWT,
        "s~k-proj-abcdefghijklmnop1234567890",
        "s~k-ant-api03-abcdef_ghijk-12345678",
        "g~hp_abcdefghijklmnop1234567890",
        "g~ithub_pat_11AAAAAAA0abcdefghij",
        "h~f_abcdefghijklmnopqrst",
        "x~oxb-123456789012-abcdefghijkl",
        "A~Iza" + "b1" * 17 + "c",
        "A~KIAIOSFODNN7EXAMPLE",
        "Ab1" * 17 + "JQQJ99" + "Ab1" * 10,
        "-----BEGIN RSA ~PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        "aB3%2FxYz%3D",
    ],
)
@pytest.mark.parametrize("place", ["{}", "use {} please", "https://x/?sig={}&a=1"])
def test_secrets_recognised_by_format(secret: str, place: str) -> None:
    secret = secret.replace("~", "")  # split, so that no scanner finds a secret in this file
    if secret == "aB3%2FxYz%3D":
        place = SAS.replace(secret, "{}")
    body = {"messages": [{"role": "user", "content": place.format(secret)}]}
    assert secret not in json.dumps(keep(body=body, answer=body))


def test_sas_signature_is_masked_in_a_url() -> None:
    image = {"type": "image_url", "image_url": {"url": SAS}}
    [kept] = keep(body={"messages": [{"content": [image]}]})["request"]["body"]["json"]["messages"][0]["content"]
    assert kept["image_url"]["url"] == SAS.replace("aB3%2FxYz%3D", SCRUBBED)


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


TEXTS = [
    ("the key is ", "s~k-proj-abcdefghijklmnop1234567890".replace("~", ""), " as told"),  # split, as above
    ("client(api_key=", SECRET, ")"),
    ('{"password": "', "hunter2", '", "city": "Tromsø"}'),
    ("Authorization: Bearer ", SECRET + SECRET, "\nOther: 1"),
    ("https://x/?code=", "aB3xYz", "&state=1"),
]


@pytest.mark.parametrize(("before", "secret", "after"), TEXTS)
@pytest.mark.parametrize("side", ["body", "answer"])
@pytest.mark.parametrize(
    "form",
    [
        lambda text: f"data:text/plain,{quote(text)}",
        lambda text: f"data:application/json;charset=utf-8,{quote(text, safe='')}",
        lambda text: f"![chart](data:image/svg+xml,{quote(text, safe='')})",
        lambda text: f"https://x/open?next={quote(text, safe='')}&b=1",
        lambda text: f"https://x/open?next={quote(quote(text, safe=''), safe='')}",
        lambda text: f"data:text/plain;base64,{in_base64(text)}",
        lambda text: f"data:application/json;charset=utf-8;base64,{in_base64(text).rstrip('=')}",
        lambda text: f"see data:text/csv;base64,{in_base64(text).replace('+', '-').replace('/', '_')} there",
    ],
    ids=["text", "json", "svg", "query", "twice", "base64", "no padding", "url-safe"],
)
def test_encoded_texts(before: str, secret: str, after: str, side: str, form: Callable[[str], str]) -> None:
    exchange = keep(**{side: {"url": form(f"{before}{secret}{after}")}})  # type: ignore[arg-type]
    kept = exchange["request" if side == "body" else "response"]["body"]["json"]["url"]
    shown = unquote(unquote(kept))
    for data in re.findall(r"base64,([\w+/]+=*)", kept):
        shown += base64.b64decode(data).decode()
    assert f"{before}{SCRUBBED}{after}" in shown
    assert secret not in shown


@pytest.mark.parametrize("cut", range(1, 9))
def test_text_in_base64_that_is_cut_off(cut: int) -> None:
    url = f"data:text/plain;base64,{in_base64('api_key=abc1234567 für ø')[:-cut]}"
    data = Scrubber().text(url).partition(",")[2]
    assert base64.b64decode(data).startswith(b"api_key=***")


@pytest.mark.parametrize("data", ["", "A", "====", "/w==", in_base64("nothing to hide")])
def test_other_text_in_base64_is_kept(data: str) -> None:
    url = f"data:text/plain;base64,{data}"
    assert Scrubber().text(url) == url


@pytest.mark.parametrize(
    "key", ["1", "0", "t", "body", "test", "data", "true", "json", "messages", "role", "***", '"', "\\"]
)
def test_short_keys_corrupt_nothing(key: str) -> None:
    body = {
        "messages": [{"role": "user", "content": "test the body 1 0 true"}],
        "test": True,
        "n": 1,
        "json": key + "!",
    }
    exchange = keep({"api-key": key}, body=body, answer=body)
    assert exchange["request"]["body"] == exchange["response"]["body"] == {"json": body}
    assert exchange["request"]["headers"] == {"api-key": SCRUBBED}


@pytest.mark.parametrize(
    "body",
    [
        {"prompt_cache_key": "user-7", "max_tokens": 5, "safety_identifier": "abc", "usage": {"prompt_tokens": 3}},
        {"choices": [{"logprobs": {"content": [{"token": "Hello", "logprob": -0.1, "bytes": [72]}]}}]},
        {"error": {"code": "invalid_api_key", "message": "Incorrect API key provided"}},
        {"filters": {"type": "eq", "key": "region", "value": "us"}},
        {"parameters": {"properties": {"password": {"type": "string", "description": "of the user"}}}},
        {"content": [{"type": "thinking", "thinking": "x", "signature": "EqQB123456789"}]},
        {"image_url": {"url": "data:image/png;base64,AKIA" + "IOSFODNN7EXAMPLE"}},
        {"text": "Basic understanding of a bearer certificate, a token economy; key=value pairs are fine"[:-38]},
        {"next_page_token": "abcdefgh1234"},
        {"text": 'For example {"city": "Oslo", "sort_key": "name", "status": "fine"}'},
        {"arguments": '{"city":"Oslo",  "spaced": 1}', "broken": '{"city":'},
        [None, True, 1.5, ""],
    ],
    ids=json.dumps,
)
def test_other_values_are_kept(body: Any) -> None:
    exchange = keep(body=body, answer=body)
    assert exchange["request"]["body"] == exchange["response"]["body"] == {"json": body}


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b"grant_type=x&client_secret=abc123&scope=y", "grant_type=x&client_secret=***&scope=y"),
        (b"code=abc&state=1", "code=***&state=1"),
        (b'event: x\ndata: {"api_key": "abc"}\n\n', 'event: x\ndata: {"api_key": "***"}\n\n'),
        (b"data: [DONE]\n\n", "data: [DONE]\n\n"),
        (b"", ""),
    ],
)
def test_non_json_bodies(raw: bytes, kept: str) -> None:
    assert keep(body=raw)["request"]["body"] == {"text": kept}


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Basic " + base64.b64encode(f"user:{SECRET}".encode()).decode()},
        {"authorization": f"Basic {SECRET}"},
        {"cookie": f"theme=dark; sid={SECRET}"},
        {"set-cookie": f"sid={SECRET}; Path=/; SameSite=Lax"},
    ],
)
def test_parts_of_credentials(headers: dict[str, str]) -> None:
    body = {"echo": f"user {SECRET}, theme dark, Path=/"}
    kept = keep(headers, body=body, answer=body)["response"]["body"]["json"]
    assert kept == {"echo": "user ***, theme dark, Path=/"}


def test_fields_of_forms() -> None:
    form = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    raw = (form.format("api_key", "abc") + form.format("purpose", "batch") + "--b--").encode()
    assert keep(body=raw)["request"]["body"] == {"text": raw.decode().replace("abc", SCRUBBED)}


def test_binary_bodies() -> None:
    exchange = keep({"api-key": SECRET}, body=b"\xff" + SECRET.encode() + b"\x00")
    assert read_response({"status": 200, "headers": {}, "body": exchange["request"]["body"]}).body == b"\xff***\x00"


def test_secret_found_later_is_masked_everywhere() -> None:
    events = b'data: {"a": "' + SECRET.encode() + b'"}\n\n', b'data: {"token":"' + SECRET.encode() + b'"}\n\n'
    arrivals = Arrivals(200, {"content-type": "text/event-stream"}, [(0.1, events[0]), (0.2, events[1])], whole=True)
    assert SECRET not in json.dumps(write_exchange(RecordedRequest("GET", "/x"), arrivals))


def test_replay_with_another_key() -> None:
    def asked(key: str) -> Any:
        body = {"q": "x", "api_key": key, "text": f"my key is {key}"}
        return write_request(RecordedRequest("POST", "/x", [("key", key)], {"api-key": key}, json.dumps(body).encode()))

    assert asked("first-key-1234") == asked("second-key-98765432")


@pytest.mark.parametrize(
    "piece",
    [
        "\\",
        '"',
        '\\"',
        '"a\\',
        "%25",
        "%41%",
        "data:text/x;a=b;base64,",
        "key=",
        '"key": "',
        "bearer ",
        "://a:",
        "-----BEGIN A",
    ],
)
def test_long_texts_take_little_time(piece: str) -> None:
    begun = time.process_time()
    Scrubber().text(piece * 100_000)
    assert time.process_time() - begun < 10


def test_secret_names() -> None:
    assert not any(map(is_secret_name, ("", "123", "model", "public_key", "tokens", "keyboard", "monkey")))
    assert is_secret_parameter("CODE")
    assert not is_secret_parameter("api-version")


def test_requests_stored_in_memory() -> None:
    with Emulator() as endpoint:
        Caller(endpoint).send("POST", f"{SERVERLESS}&code={SECRET}#x", {}, {"x-auth-token": SECRET, "x-trace": "5"})
        [request] = endpoint.requests
    assert SECRET not in repr(request)
    assert (request.headers["x-trace"], request.headers["api-key"]) == ("5", SCRUBBED)
    assert request.param("code") == SCRUBBED
    assert request.raw_path == f"{SERVERLESS}&code=***"
