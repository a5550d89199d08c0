"""Test doubles of HTTP libraries, transports and responses are read like real servers.

A double is a row of `DOUBLES`: it plays responses, each with a status, a media type and a body, to the client that it
builds. Each row is tried with a plain answer, a stream, an error, an error instead of a stream, and a retry.
"""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import AsyncMock, MagicMock, patch

import aiohttp
import aioresponses
import pook
import pytest
import requests
import requests_mock
import responses
import vcr
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.core.pipeline.transport import AsyncHttpResponse as OldAsyncResponse
from azure.core.pipeline.transport import AsyncHttpTransport, HttpTransport, RequestsTransport
from azure.core.pipeline.transport import HttpResponse as OldResponse

from azure.ai.inference.exceptions import InferenceError

from .conftest import KEY, MESSAGES, Client, Stream, World, settle
from .raw_server import EVENT_STREAM, STREAM, RawServer, completion, head

URL = "https://dummy.example/v1"
ROUTE = f"{URL}/chat/completions"


class Played(NamedTuple):
    """A response that a double plays."""

    status: int
    content_type: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


OK = Played(200, "application/json", json.dumps(completion("hello")).encode())
REFUSED = Played(400, "application/json", b'{"error": {"code": "bad", "message": "No."}}')
BUSY = Played(503, "application/json", b'{"error": {"code": "busy", "message": "Later."}}')
STREAMED = Played(200, EVENT_STREAM, STREAM)

Make = Callable[..., Client]
"""Builds a client, given the options of its constructor."""


# ---------------------------------------------------------------- libraries that replace a server


@contextmanager
def by_responses(make: Make, world: str, answers: Sequence[Played]) -> Iterator[Client]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for one in answers:
            mock.add(responses.POST, ROUTE, body=one.body, status=one.status, content_type=one.content_type)
        yield make()


@contextmanager
def by_requests_mock(make: Make, world: str, answers: Sequence[Played]) -> Iterator[Client]:
    with requests_mock.Mocker() as mock:
        played = [
            {"content": one.body, "status_code": one.status, "headers": {"content-type": one.content_type}}
            for one in answers
        ]
        mock.post(ROUTE, played)
        yield make()


@contextmanager
def by_a_requests_mock_adapter(make: Make, world: str, answers: Sequence[Played]) -> Iterator[Client]:
    adapter = requests_mock.Adapter()
    adapter.register_uri("POST", ROUTE, [{"body": io.BytesIO(one.body), "status_code": one.status} for one in answers])
    session = requests.Session()
    session.mount("https://", adapter)
    yield make(session=session)


@contextmanager
def by_pook(make: Make, world: str, answers: Sequence[Played]) -> Iterator[Client]:
    pook.on()
    try:
        for one in answers:
            pook.post(ROUTE).times(1).reply(one.status).type(one.content_type).body(one.body.decode())
        yield make()
    finally:
        pook.off()


@contextmanager
def by_aioresponses(make: Make, world: str, answers: Sequence[Played]) -> Iterator[Client]:
    with aioresponses.aioresponses() as mock:
        for one in answers:
            mock.post(ROUTE, body=one.body, status=one.status, content_type=one.content_type)
        yield make()


# ---------------------------------------------------------------- hand-written sessions and responses


def response_of(one: Played) -> requests.Response:
    made = requests.Response()
    made.status_code = one.status
    made.headers["content-type"] = one.content_type
    return made


def with_a_file(one: Played) -> requests.Response:
    made = response_of(one)
    made.raw = io.BytesIO(one.body)
    return made


class Slow(io.RawIOBase):
    """A file-like body that only has `read`, which returns less than requested."""

    def __init__(self, body: bytes) -> None:
        self._rest = body

    def read(self, size: int = -1) -> bytes:
        piece, self._rest = self._rest[:7], self._rest[7:]
        return piece


def with_a_bare_reader(one: Played) -> requests.Response:
    made = response_of(one)
    made.raw = Slow(one.body)
    return made


def with_its_content(one: Played) -> requests.Response:
    made = with_a_file(one)
    made._content = one.body
    made._content_consumed = True
    return made


class Playing(requests.Session):
    """A session that sends nothing."""

    def __init__(self, made: Sequence[requests.Response]) -> None:
        super().__init__()
        self._made = list(made)

    def request(self, method: Any, url: Any, **kwargs: Any) -> requests.Response:
        made = self._made.pop(0)
        made.url, made.request = url, requests.Request(method, url).prepare()
        return made


def by_session(make_response: Callable[[Played], requests.Response]) -> Any:
    @contextmanager
    def play(make: Make, world: str, answers: Sequence[Played]) -> Iterator[Client]:
        yield make(session=Playing([make_response(one) for one in answers]))

    return play


@contextmanager
def by_a_core_transport(make: Make, world: str, answers: Sequence[Played]) -> Iterator[Client]:
    transport: Any = RequestsTransport
    yield make(transport=transport(session=Playing([with_a_file(one) for one in answers]), session_owner=False))


# ---------------------------------------------------------------- custom transports


class Bare:
    """A response with only the members that 1.0.0b9 used."""

    def __init__(self, one: Played) -> None:
        self.status_code, self.headers, self.json = one.status, {"content-type": one.content_type}, lambda: one.json


class BareStream:
    def __init__(self, one: Played) -> None:
        self.status_code, self.headers, self._body = one.status, {"content-type": one.content_type}, one.body
        self.closed = False

    def iter_bytes(self) -> Iterator[bytes]:
        yield self._body[:9]
        yield self._body[9:]

    def close(self) -> None:
        self.closed = True


class BareAsyncStream(BareStream):
    async def iter_bytes(self) -> AsyncIterator[bytes]:  # type: ignore[override]
        yield self._body[:9]
        yield self._body[9:]

    async def close(self) -> None:  # type: ignore[override]
        self.closed = True


class Old(OldResponse):
    """A response of azure-core's older kind."""

    def __init__(self, request: Any, one: Played) -> None:
        super().__init__(request, None)  # type: ignore[arg-type]
        self.status_code, self.reason, self.content_type = one.status, "Reason", one.content_type
        self.headers = {"content-type": one.content_type}
        self._played = one.body

    def body(self) -> bytes:
        return self._played

    def stream_download(self, pipeline: Any, **kwargs: Any) -> Iterator[bytes]:
        return iter([self._played[:9], b"", self._played[9:]])


class OldAsync(OldAsyncResponse):
    def __init__(self, request: Any, one: Played) -> None:
        super().__init__(request, None)  # type: ignore[arg-type]
        self.status_code, self.reason, self.content_type = one.status, "Reason", one.content_type
        self.headers = {"content-type": one.content_type}
        self._played, self._loaded = one.body, False

    async def load_body(self) -> None:
        self._loaded = True

    def body(self) -> bytes:
        assert self._loaded
        return self._played

    async def _pieces(self) -> AsyncIterator[bytes]:
        for piece in (self._played[:9], b"", self._played[9:]):
            yield piece

    def stream_download(self, pipeline: Any, **kwargs: Any) -> AsyncIterator[bytes]:
        return self._pieces()


class OwnTransport(HttpTransport[Any, Any]):
    def __init__(self, answers: Sequence[Callable[[Any], Any]]) -> None:
        self._answers = list(answers)

    def send(self, request: Any, **kwargs: Any) -> Any:
        return self._answers.pop(0)(request)

    def open(self) -> None: ...
    def close(self) -> None: ...
    def sleep(self, duration: float) -> None: ...
    def __exit__(self, *details: Any) -> None: ...


class OwnAsyncTransport(AsyncHttpTransport[Any, Any]):
    def __init__(self, answers: Sequence[Callable[[Any], Any]]) -> None:
        self._answers = list(answers)

    async def send(self, request: Any, **kwargs: Any) -> Any:
        return self._answers.pop(0)(request)

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def sleep(self, duration: float) -> None: ...
    async def __aexit__(self, *details: Any) -> None: ...


def by_transport(sync: Callable[[Any, Played], Any], aio: Callable[[Any, Played], Any]) -> Any:
    @contextmanager
    def play(make: Make, world: str, answers: Sequence[Played]) -> Iterator[Client]:
        transport: Any = OwnTransport if world == "sync" else OwnAsyncTransport
        to_response = sync if world == "sync" else aio
        yield make(transport=transport([lambda request, one=one: to_response(request, one) for one in answers]))

    return play


def bare(request: Any, one: Played) -> Any:
    return BareStream(one) if one is STREAMED else Bare(one)


def bare_async(request: Any, one: Played) -> Any:
    return BareAsyncStream(one) if one is STREAMED else Bare(one)


def mock_of(one: Played, world: str) -> Any:
    mock = MagicMock(status_code=one.status, headers={"content-type": one.content_type}, reason="Reason")
    if one is STREAMED:
        mock.iter_bytes.return_value = iter([one.body])
    else:
        mock.json.return_value = one.json
    if world == "aio":
        mock.read, mock.close = AsyncMock(), AsyncMock()
        mock.iter_bytes = BareAsyncStream(one).iter_bytes
    return mock


@contextmanager
def by_mocked_responses(make: Make, world: str, answers: Sequence[Played]) -> Iterator[Client]:
    with by_transport(lambda _, one: mock_of(one, "sync"), lambda _, one: mock_of(one, "aio"))(
        make, world, answers
    ) as client:
        yield client


DOUBLES: dict[str, tuple[str, Any]] = {
    "responses": ("sync", by_responses),
    "requests-mock": ("sync", by_requests_mock),
    "requests-mock adapter": ("sync", by_a_requests_mock_adapter),
    "pook": ("sync aio", by_pook),
    "aioresponses": ("aio", by_aioresponses),
    "session: raw is a file": ("sync", by_session(with_a_file)),
    "session: raw has only read": ("sync", by_session(with_a_bare_reader)),
    "session: content is set": ("sync", by_session(with_its_content)),
    "azure-core's transport": ("sync", by_a_core_transport),
    "transport: status and json": ("sync aio", by_transport(bare, bare_async)),
    "transport: older responses": ("sync aio", by_transport(Old, OldAsync)),
    "transport: mocks": ("sync aio", by_mocked_responses),
}


async def fits_aiohttp(name: str) -> bool:
    """Return whether the installed library of doubles can answer aiohttp itself."""

    async def post() -> None:
        async with aiohttp.ClientSession() as session:
            await session.post(ROUTE)

    play = {"aioresponses": by_aioresponses, "pook": by_pook}[name]

    def make() -> Any:
        return None

    try:
        with play(make, "aio", [OK]):
            await post()
    except TypeError:
        return False
    return True


@pytest.fixture(
    params=[(name, world) for name, (worlds, _) in DOUBLES.items() for world in worlds.split()], ids="-".join
)
async def play(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    name, world_name = request.param
    if world_name == "aio" and name in ("aioresponses", "pook") and not await fits_aiohttp(name):
        pytest.skip(f"{name} does not fit the aiohttp that is installed: it fails without this package too")
    async with AsyncExitStack() as clients:
        world = World(world_name, clients)

        def make(**options: Any) -> Client:
            return world.chat(URL, retry_backoff_factor=0, **options)

        @contextmanager
        def playing(*answers: Played) -> Iterator[Client]:
            with DOUBLES[name][1](make, world_name, answers) as client:
                yield client

        yield playing


Play = Any


async def say(client: Client, **options: Any) -> str:
    answer = await settle(client.complete(messages=MESSAGES, model="m", **options))
    if options.get("stream"):
        return "".join([text or "" for text in await Stream(answer).texts()])
    return str(answer.choices[0].message.content)


async def test_plain_answer(play: Play) -> None:
    with play(OK) as client:
        assert await say(client) == "hello"


async def test_stream(play: Play) -> None:
    with play(STREAMED) as client:
        assert await say(client, stream=True) == "hello"


@pytest.mark.parametrize("stream", [False, True])
async def test_error(play: Play, stream: bool) -> None:
    with play(REFUSED) as client:
        with pytest.raises(InferenceError, match=r"^\(bad\) No\.") as caught:
            await say(client, stream=stream)
        assert (caught.value.status_code, caught.value.error.code if caught.value.error else None) == (400, "bad")


@pytest.mark.parametrize(("stream", "last"), [(False, OK), (True, STREAMED)])
async def test_retry(play: Play, stream: bool, last: Played) -> None:
    with play(BUSY, last) as client:
        assert await say(client, stream=stream) == "hello"


# ---------------------------------------------------------------- patched pipelines


@pytest.mark.parametrize("one", [OK, STREAMED], ids=["plain", "stream"])
async def test_patched_pipeline(world: World, one: Played) -> None:
    client = world.chat(URL)
    answer = MagicMock(http_response=mock_of(one, world.name))
    run = MagicMock(return_value=answer) if world.name == "sync" else AsyncMock(return_value=answer)
    with patch.object(client.real._client._pipeline, "run", run):
        assert await say(client, stream=one is STREAMED) == "hello"
    run.assert_called_once()


async def test_mock_without_json_raises(world: World) -> None:
    client = world.chat(URL)
    answer = MagicMock(http_response=MagicMock(status_code=200, headers={}))
    run = MagicMock(return_value=answer) if world.name == "sync" else AsyncMock(return_value=answer)
    with patch.object(client.real._client._pipeline, "run", run), pytest.raises(HttpResponseError):
        await say(client)


async def test_redirect_without_a_request(world: World) -> None:
    moved = MagicMock(status_code=307, headers={"location": "https://other.example/x"}, request=None, reason="Moved")
    client = world.chat(URL)
    answer = MagicMock(http_response=moved)
    run = MagicMock(return_value=answer) if world.name == "sync" else AsyncMock(return_value=answer)
    refused = pytest.raises(HttpResponseError, match=r"redirects to https://other\.example")
    with patch.object(client.real._client._pipeline, "run", run), refused:
        await say(client)


# ---------------------------------------------------------------- cassettes


SERVED = {
    "plain": [OK],
    "stream": [STREAMED],
    "error": [REFUSED],
    "retry": [BUSY, OK],
    "a stream after a retry": [BUSY, STREAMED],
}


async def outcome(client: Client, stream: bool) -> str:
    try:
        return await say(client, stream=stream)
    except InferenceError as error:
        return error.message.splitlines()[0]


@pytest.mark.parametrize("transport", ["ours", "azure-core's"])
@pytest.mark.parametrize("case", SERVED)
async def test_cassette(world: World, tmp_path: Any, case: str, transport: str) -> None:
    """vcrpy records what a server sends, and replays it without the server. Clients are built before and within a
    cassette."""
    answers = SERVED[case]
    stream = STREAMED in answers
    cassette = tmp_path / "cassette.yaml"
    options: dict[str, Any] = {"retry_backoff_factor": 0}
    if transport != "ours":
        core: Any = RequestsTransport
        options["transport"] = core() if world.name == "sync" else world.transport()
    served = [
        head(one.status, content_type=one.content_type, content_length=len(one.body)) + one.body for one in answers
    ]
    with RawServer(*served) as server:
        early = world.chat(server.url, **options)
        with vcr.use_cassette(str(cassette), record_mode="once") as recording:
            recorded = await outcome(early, stream)
        assert (len(server.requests), recording.play_count) == (len(answers), 0)
    assert KEY in cassette.read_text() or "api-key" in cassette.read_text()
    with vcr.use_cassette(str(cassette), record_mode="none") as replay:
        assert await outcome(early, stream) == recorded
        assert replay.play_count == len(answers)
    with vcr.use_cassette(str(cassette), record_mode="none") as replay:
        assert await outcome(world.chat(server.url, **{**options, "transport": None}), stream) == recorded
        assert replay.play_count == len(answers)
    with pytest.raises(ServiceRequestError):
        await say(world.chat(server.url, retry_total=0))


async def test_deadline_still_applies_after_a_cassette(tmp_path: Any) -> None:
    """Code loaded within a cassette does not keep the cassette's classes."""
    program = f"""
import sys, vcr
from azure.ai.inference import ChatCompletionsClient
with vcr.use_cassette({str(tmp_path / "c.yaml")!r}):
    client = ChatCompletionsClient(sys.argv[1], "a-key-of-some-length")
    client.complete(messages=[{{"role": "user", "content": "hi"}}])
from azure.ai.inference._connections import HTTPConnectionPool
pool = HTTPConnectionPool("127.0.0.1")
assert pool._new_conn().response_class.__name__ == "DeadlineResponse"
assert ChatCompletionsClient(sys.argv[1], "a-key-of-some-length").complete(
    messages=[{{"role": "user", "content": "hi"}}]).choices[0].message.content == "hello"
"""
    import sys

    served = head(200, content_type=OK.content_type, content_length=len(OK.body)) + OK.body
    with RawServer(served) as server:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, server.url)
        assert await process.wait() == 0
        assert len(server.requests) == 2
