"""What a page in the user's browser can do: nothing, unless its origin is allowed."""

from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator
from azure.ai.inference.emulator._web_access import WebAccess, is_loopback

from .conftest import SERVERLESS, VERSION, Caller, Got

INFO = f"/info{VERSION}"
PAGE = "http://localhost:3000"


def ask(endpoint: Emulator, headers: dict[str, str], method: str = "GET", path: str = INFO) -> Got:
    return Caller(endpoint).send(method, path, headers=headers)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(
            ("127.0.0.1:8484", 200),
            ("localhost", 200),
            ("LocalHost:1", 200),
            ("api.localhost", 200),
            ("localhost.", 200),
        ),
        *(("[::1]:8484", 200), ("192.168.1.7:8484", 200), ("evil.example", 403), ("localhost.evil.example:80", 403)),
        *(("127.0.0.1.evil.example", 403), ("emulator", 403), ("emulator.internal", 403), ("1.2.3", 403)),
    ],
)
def test_loopback_host_names(endpoint: Emulator, host: str, status: int) -> None:
    endpoint.reset()
    got = ask(endpoint, {"host": host})
    assert got.status == status
    assert len(endpoint.requests) == (status == 200)
    if status == 403:
        assert got.body["error"]["code"] == "HostNotAllowed"
        assert repr(host) in got.body["error"]["message"]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("emulator", True),
        ("x.internal", True),
        ("x.svc.cluster.local", True),
        ("mine.example", True),
        ("evil.com", False),
    ],
)
def test_host_names_of_a_network_server(name: str, known: bool) -> None:
    access = WebAccess(frozenset({"mine.example"}), local=False)
    assert (access.answer("GET", {"host": f"{name}:8484"}) is None) is known
    assert access.answer("GET", {}) is None


def test_allow_hosts() -> None:
    with Emulator(allow_hosts=["Mine.Example", "with.port:8484", "[2001:db8::1]:80", "2001:DB8::2"]) as endpoint:
        names = ("mine.example:8484", "other.example", "with.port", "[2001:db8::1]", "[2001:db8::2]:8484")
        assert [ask(endpoint, {"host": name}).status for name in names] == [200, 403, 200, 200, 200]


@pytest.mark.parametrize("name", ["http://mine.example", "mine.example/", "", "a b", "user@mine.example"])
def test_names_that_are_no_hosts(name: str) -> None:
    with pytest.raises(ValueError, match=f"allow_hosts has '{name}'; write a host name, such as 'my-machine'"):
        Emulator(allow_hosts=[name])


def test_address_in_brackets() -> None:
    with Emulator(host="[::1]") as endpoint:
        assert endpoint.url.startswith("http://[::1]:")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "content-type": "text/plain"},
        {"origin": "https://evil.example", "content-type": "application/x-www-form-urlencoded"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"origin": "http://127.0.0.1"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
        {"origin": "https://evil.example", "access-control-request-method": "POST"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "OPTIONS"])
def test_disallowed_origins(endpoint: Emulator, method: str, headers: dict[str, str]) -> None:
    endpoint.reset()
    endpoint.reply("still there")
    got = ask(endpoint, headers, method, SERVERLESS)
    assert (got.status, got.body["error"]["code"]) == (403, "OriginNotAllowed")
    assert "access-control-allow-origin" not in got.headers
    assert endpoint.requests == ()
    assert Caller(endpoint).chat("x").text == "still there"


def test_refusal_explains_allow_origins(endpoint: Emulator) -> None:
    assert (
        f"--allow-origin {PAGE}, or allow_origins=['{PAGE}']"
        in ask(endpoint, {"origin": PAGE}).body["error"]["message"]
    )


def test_emulators_own_page_and_links_to_it(endpoint: Emulator) -> None:
    own = endpoint.url.removeprefix("http://")
    assert ask(endpoint, {"origin": endpoint.url, "host": own}).status == 200
    assert ask(endpoint, {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}).status == 200
    assert ask(endpoint, {"sec-fetch-site": "none"}).status == 200


@pytest.mark.parametrize("origins", [[PAGE], ["HTTP://LocalHost:3000/"], ["*"], ["null", PAGE]])
def test_allow_origins(origins: list[str]) -> None:
    with Emulator(allow_origins=origins) as endpoint:
        preflight = ask(
            endpoint,
            {
                "origin": PAGE,
                "access-control-request-method": "POST",
                "access-control-request-headers": "api-key,content-type",
                "access-control-request-private-network": "true",
            },
            "OPTIONS",
            SERVERLESS,
        )
        answer = Caller(endpoint).chat("Hello", headers={"origin": PAGE})
        refused = Caller(endpoint).chat("Hello", temperature=9, headers={"origin": PAGE})
        streamed = Caller(endpoint).chat("Hello", stream=True, headers={"origin": PAGE})
        plain = ask(endpoint, {"origin": PAGE}, "OPTIONS")
        other = ask(endpoint, {"origin": "https://evil.example"})
        none = ask(endpoint, {})
    assert (preflight.status, preflight.raw) == (204, b"")
    assert {name: value for name, value in preflight.headers.items() if name.startswith("access-control")} == {
        "access-control-allow-origin": PAGE,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "api-key,content-type",
        "access-control-allow-private-network": "true",
        "access-control-expose-headers": "*",
        "access-control-max-age": "600",
    }
    for got in (answer, refused, streamed, plain):
        assert (got.headers["access-control-allow-origin"], got.headers["vary"]) == (PAGE, "Origin")
    assert (answer.status, refused.status, streamed.status, plain.status) == (200, 400, 200, 405)
    assert other.status == (200 if origins == ["*"] else 403)
    assert none.headers["vary"] == "Origin"


def test_minimal_preflight() -> None:
    access = WebAccess(origins=frozenset({PAGE}))
    got = access.answer("OPTIONS", {"origin": PAGE, "access-control-request-method": "PUT"})
    assert got is not None
    assert got.headers["Access-Control-Allow-Headers"] == "*"
    assert "Access-Control-Allow-Private-Network" not in got.headers


@pytest.mark.parametrize("origin", ["localhost:3000", "http://", "http://x/path", "http://a@x", "http://x?y", ""])
def test_invalid_origins(origin: str) -> None:
    with pytest.raises(ValueError, match="; write scheme and host, such as"):
        Emulator(allow_origins=[origin])


@pytest.mark.parametrize("name", ["allow_hosts", "allow_origins"])
def test_text_instead_of_a_list(name: str) -> None:
    options: dict[str, Any] = {name: "http://x"}
    with pytest.raises(ValueError, match=f"{name} is a str, 'http://x'; put it in a list"):
        Emulator(**options)


def test_loopback() -> None:
    hosts = ("127.0.0.1", "127.9.9.9", "::1", "localhost", "a.localhost", "0.0.0.0", "::", "", "192.168.1.1", "x.y")
    assert [is_loopback(host) for host in hosts] == [True] * 5 + [False] * 5
