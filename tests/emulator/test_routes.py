"""Less common routes that official clients call, scripted paths, and the emulator's own pages."""

import json
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Reply
from azure.ai.inference.emulator._script import read_rule

from .conftest import LOCAL, VERSION, Caller, Got

DATED = "?api-version=2024-10-21"


@pytest.mark.parametrize(
    "path", ["/v1/models", "/openai/v1/models", f"/openai/models{DATED}", "/api/projects/p/openai/v1/models"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_models(path: str, method: str) -> None:
    with Emulator(models=["gpt-4o", "mistralai/small"]) as endpoint:
        caller = Caller(endpoint)
        listed = caller.send(method, path)
        base, _, query = path.partition("?")
        one = caller.send(method, f"{base}/mistralai/small?{query}")
        none = caller.send(method, f"{base}/other?{query}")
    assert (listed.status, one.status, none.status) == (200, 200, 404)
    if method == "HEAD":
        assert listed.raw == one.raw == none.raw == b""
        assert int(listed.headers["content-length"]) > 50
    else:
        assert [model["id"] for model in listed.body["data"]] == ["gpt-4o", "mistralai/small"]
        assert one.body == listed.body["data"][1]
        assert "The model `other` does not exist" in none.body["error"]["message"]


@pytest.mark.parametrize("name", ["gpt-4o", "meta/llama-4", "emulator-1"])
def test_any_model_that_answers_is_there(name: str) -> None:
    with Emulator() as endpoint:
        caller = Caller(endpoint)
        assert caller.chat("Hello", path=LOCAL, model=name).status == 200
        assert caller.send("GET", f"/v1/models/{name}").body["id"] == name
        assert [model["id"] for model in caller.send("GET", "/v1/models").body["data"]] == ["emulator-1"]


def test_models_as_anthropic_lists_them() -> None:
    with Emulator(models=["claude-a", "claude-b"]) as endpoint:
        caller, headers = Caller(endpoint), {"anthropic-version": "2023-06-01"}
        listed = caller.send("GET", "/v1/models", headers=headers).body
        one = caller.send("GET", "/v1/models/claude-b", headers=headers).body
        none = caller.send("GET", "/v1/models/other", headers=headers)
    assert [(model["type"], model["display_name"]) for model in listed["data"]] == [
        ("model", "claude-a"),
        ("model", "claude-b"),
    ]
    assert (listed["first_id"], listed["last_id"], listed["has_more"]) == ("claude-a", "claude-b", False)
    assert one == listed["data"][1]
    assert (none.status, none.body["error"]["type"]) == (404, "not_found_error")


def test_models_as_mistral_lists_them() -> None:
    with Emulator() as endpoint:
        [model] = (
            Caller(endpoint).send("GET", "/v1/models", headers={"user-agent": "mistral-client-python/3"}).body["data"]
        )
    assert (model["type"], model["capabilities"]["completion_chat"]) == ("base", True)


@pytest.mark.parametrize(
    ("agent", "path", "status", "member"),
    [
        ("mistral-client-python/3.7.0", LOCAL, 422, "detail"),
        ("speakeasy-sdk/typescript 1.0 2.0 @mistralai/mistralai", LOCAL, 422, "detail"),
        ("speakeasy-sdk/typescript 1.0 2.0 @mistralai/mistralai-azure", "/v1/models/chat/completions", 422, "detail"),
        ("speakeasy-sdk/python 2.2.0 mistralai-azure", f"/models/chat/completions{VERSION}", 422, "error"),
        ("OpenAI/Python 3.0", LOCAL, 400, "error"),
        ("OpenAI/Python 3.0", "/v1/models/chat/completions", 400, "error"),
        ("mistral-client-python/3.7.0", f"/openai/deployments/d/chat/completions{DATED}", 400, "error"),
    ],
)
def test_mistral_clients_are_recognised_by_user_agent(agent: str, path: str, status: int, member: str) -> None:
    with Emulator() as endpoint:
        caller, headers = Caller(endpoint), {"user-agent": agent}
        good = caller.chat("Hello", path=path, headers=headers, model="m")
        bad = caller.chat("Hello", path=path, headers=headers, model="m", temperature=9)
    assert (good.status, bad.status, next(iter(bad.body))) == (200, status, member)


def test_explicit_dialect_overrides_the_user_agent() -> None:
    with Emulator(dialect="vllm") as endpoint:
        got = Caller(endpoint).chat("x", path=LOCAL, headers={"user-agent": "mistralai"}, temperature=9)
    assert got.status == 400


def test_openai_error_messages() -> None:
    with Emulator(models=["gpt-4o"]) as endpoint:
        caller = Caller(endpoint)
        none = caller.post(LOCAL, {}, key=False)
        short = caller.post(LOCAL, {}, {"authorization": "Bearer sk-short"}, key=False)
        long = caller.post(LOCAL, {}, {"authorization": f"Bearer sk-{'x' * 20}1234"}, key=False)
        expired = caller.post(LOCAL, {}, {"authorization": f"Bearer {endpoint.token(expires_in=-1)}"}, key=False)
        model = caller.chat("x", path=LOCAL, model="gpt-9")
        route = caller.post("/v1/moderations", {})
    assert none.body["error"]["message"].startswith("You didn't provide an API key.")
    assert short.body["error"]["message"].startswith(
        "Incorrect API key provided: ********. You can find your API key at"
    )
    assert long.body["error"]["message"].startswith(f"Incorrect API key provided: sk-x{'*' * 19}1234. ")
    assert expired.body["error"]["message"].startswith("Incorrect API key provided: ***. ")
    assert [got.body["error"]["code"] for got in (none, short, long, expired)] == [None, *["invalid_api_key"] * 3]
    assert (model.status, model.body["error"]["code"]) == (404, "model_not_found")
    assert (route.status, route.body["error"]["code"]) == (404, None)
    assert route.body["error"]["message"].startswith(
        "Invalid URL (POST /v1/moderations). The emulator has /v1/chat/comp"
    )


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1/moderations", f"/openai/deployments/d/audio/speech{DATED}", "/openai/v1/moderations"]
)
def test_unknown_path_lists_the_routes(path: str) -> None:
    with Emulator() as endpoint:
        got = Caller(endpoint).post(path, {})
    assert (got.status, got.headers["content-type"]) == (404, "application/json")
    assert "/chat/completions" in got.body["error"]["message"]
    assert f"reply(..., path='{path.partition('?')[0]}')" in got.body["error"]["message"]


SCRIPTED: list[tuple[Any, bytes, str]] = [
    (Reply(body={"flagged": False}), b'{"flagged":false}', "application/json"),
    (Reply(body=b"\xff\xfb"), b"\xff\xfb", "application/octet-stream"),
    (Reply(body=b"a,b", headers={"content-type": "text/csv"}), b"a,b", "text/csv"),
    (
        Reply(body=b"x", headers={"Content-Length": "9", "transfer-encoding": "chunked"}),
        b"x",
        "application/octet-stream",
    ),
    ("A text.", b"A text.", "text/plain; charset=utf-8"),
    (Reply("<p>", headers={"Content-Type": "text/html"}), b"<p>", "text/html"),
    (Reply(events=["1", b"raw"]), b"data: 1\n\nraw", "text/event-stream; charset=utf-8"),
    (lambda request: {"body": [request.method, request.param("x")]}, b'["PUT","1"]', "application/json"),
]


@pytest.mark.parametrize("path", ["/v1/audio/speech", "/v1/files", "/v1/batches/b1"])
@pytest.mark.parametrize(("said", "raw", "kind"), SCRIPTED, ids=range(len(SCRIPTED)))
def test_any_path_can_be_scripted(said: Any, raw: bytes, kind: str, path: str) -> None:
    with Emulator() as endpoint:
        endpoint.reply(said, path=path, times=None)
        caller = Caller(endpoint)
        got = caller.send("PUT", f"{path}?x=1", b"--form--", {"content-type": "multipart/form-data; boundary=form"})
        wrong = caller.post(path, {}, key=False)
        other = caller.post("/v1/audio/other", {})
    assert (got.status, got.raw, got.headers["content-type"]) == (200, raw, kind)
    assert (wrong.status, other.status) == (401, 404)


def test_unsupported_method_can_be_scripted() -> None:
    with Emulator() as endpoint:
        endpoint.reply(Reply(status=204), path="/v1/models/old")
        got = Caller(endpoint).send("DELETE", "/v1/models/old")
        again = Caller(endpoint).send("DELETE", "/v1/models/old")
    assert (got.status, got.raw, again.status) == (204, b"", 405)


def test_scripted_file_replies(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"\x89PNG")
    (tmp_path / "odd.zzz9").write_bytes(b"?")
    rows = [
        {"path": "/v1/images/cat", "file": "cat.png"},
        {"path": "/v1/odd", "file": "odd.zzz9", "status": 201},
        {"path": "/v1/typed", "file": str(tmp_path / "odd.zzz9"), "headers": {"Content-Type": "x/y"}},
    ]
    (tmp_path / "script.json").write_text(json.dumps(rows), "utf-8")
    with Emulator(script=tmp_path / "script.json") as endpoint:
        got: list[Got] = [Caller(endpoint).post(path, {}) for path in ("/v1/images/cat", "/v1/odd", "/v1/typed")]
    assert [(one.status, one.raw, one.headers["content-type"]) for one in got] == [
        (200, b"\x89PNG", "image/png"),
        (201, b"?", "application/octet-stream"),
        (200, b"?", "x/y"),
    ]
    with pytest.raises(ValueError, match=r"file is '.*none.png', which does not exist"):
        Reply(file=tmp_path / "none.png")


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("/", "text/plain; charset=utf-8", b"curl http://127.0.0.1:"),
        ("/health", "application/json", b'{"status":"ok"}'),
        ("/openapi.json", "application/json", b'"openapi":"3.1.0"'),
    ],
)
def test_emulators_own_pages(path: str, kind: str, words: bytes) -> None:
    with Emulator(faults="503:times=9") as endpoint:
        caller = Caller(endpoint)
        got, head, post = (caller.send(method, path, key=False) for method in ("GET", "HEAD", "POST"))
        assert (got.status, got.headers["content-type"], words in got.raw) == (200, kind, True)
        assert (head.status, head.raw, head.headers["content-length"]) == (200, b"", str(len(got.raw)))
        assert post.status == 503
        assert len(endpoint.requests) == 1


@pytest.mark.parametrize("item", [{"file": "cat.png"}, {"file": 5}])
def test_remote_replies_cannot_name_files(item: Any) -> None:
    with pytest.raises(ValueError, match="the body: file must be a name, in a script's file"):
        read_rule(item, "the body")
