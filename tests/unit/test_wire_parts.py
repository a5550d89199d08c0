"""Parts of the wire that a real connection reaches only by chance."""

import asyncio
import io
import os
import pickle
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import trustme
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference._body import UnbufferedBody
from azure.ai.inference._http.deadline import Deadline
from azure.ai.inference._http.failures import failure_of, hidden_texts
from azure.ai.inference._http.proxies import choose_proxy
from azure.ai.inference._transport import SyncTransport
from azure.ai.inference.aio._body import close_response
from azure.ai.inference.aio._connections import make_trust
from azure.ai.inference.aio._transport import LoopTransport
from azure.ai.inference.exceptions import ProxyError, RequestError


def test_body_without_a_socket() -> None:
    answer: Any = SimpleNamespace(fp=io.BytesIO(b"x"))
    body = UnbufferedBody(SimpleNamespace(headers={}, connection=None), answer, Deadline(1))
    body._shorten_timeout(Deadline(1))


def test_unknown_host_is_reported_before_the_deadline() -> None:
    client = ChatCompletionsClient("http://nowhere.invalid/v1", "k", enforce_https=False, retry_total=0)
    with client, pytest.raises(RequestError):
        client.complete(messages=[{"role": "user", "content": "Hi"}], timeout=5)


def test_deadline_is_a_number() -> None:
    with pytest.raises(TypeError, match="timeout must be a number of seconds, not 'soon'"):
        Deadline("soon")  # type: ignore[arg-type]


def sent(url: str, **options: Any) -> Any:
    return SimpleNamespace(http_request=HttpRequest("POST", url), context=SimpleNamespace(options=options))


def test_other_exceptions_are_unchanged() -> None:
    error = AzureError("odd")
    assert failure_of(error, sent("https://example.com"), None) is error


def test_api_version_is_not_masked() -> None:
    hidden = hidden_texts(sent("https://example.com/?api-version=2024&key=SECRET-OF-THE-URL"))
    assert "SECRET-OF-THE-URL" in hidden
    assert "2024" not in hidden


def test_empty_proxies() -> None:
    assert choose_proxy("https://example.com", None) is None


def test_caller_session_is_kept_after_a_fork() -> None:
    with requests.Session() as session:
        transport = SyncTransport(session=session, session_owner=False)
        transport._leave_to_parent()
        assert transport.session is session


async def test_test_double_with_a_synchronous_close() -> None:
    closed: list[bool] = []
    await close_response(SimpleNamespace(close=lambda: closed.append(True)))
    assert closed == [True]


async def test_abort_of_a_lost_connection() -> None:
    from azure.ai.inference.aio._connections import AnswerProtocol

    protocol = AnswerProtocol(loop=asyncio.get_running_loop())
    protocol._give_up()
    assert isinstance(protocol.exception(), asyncio.TimeoutError)


def test_proxy_error_pickles() -> None:
    error = pickle.loads(pickle.dumps(ProxyError("refused", 407)))
    assert (error.status_code, str(error)) == (407, "refused")


def test_response_reader_is_closed_once() -> None:
    from azure.ai.inference import _connections

    near, far = socket.socketpair()
    with near, far:
        reader = _connections.AnswerReader(io.BytesIO(), near)  # type: ignore[arg-type]
        reader.close()
        reader.close()
        assert reader.closed


def test_certificate_file_is_read_once_for_all_clients(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    first = make_trust(str(file), None)
    assert make_trust(str(file), None) is first
    os.utime(file, ns=(1, 1))
    assert make_trust(str(file), None) is not first


async def test_ssl_context_is_created_once() -> None:
    transport = LoopTransport()
    assert transport._trust(True) is transport._trust(True)
