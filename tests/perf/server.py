"""A local endpoint that sends canned bytes, so that only the client is measured. Prints its URL, and runs until
killed.

The request's `model` selects the chat answer: `plain`; `events-N`, a stream of N events, each in its own chunk, written
at once; `azure-N`, with the members that Azure OpenAI adds to each; `responses-N` and `messages-N`, the same as events
of these APIs; or `together-M-N`, which waits until M such requests have arrived, and then writes an event at a time to
all of them, at a pace that a client can keep, as models do. So M streams are open at once, whatever the client.
"""

import asyncio
import json
import random
import re
import sys
from array import array
from base64 import b64encode
from functools import cache

VECTORS, DIMENSIONS = 64, 1536
SECONDS_PER_EVENT = 0.0002
"""Pause between events of `together`, so that M streams get one each every M times as many seconds."""

_COMMON = {"id": "chatcmpl-9f8e7d6c5b4a", "created": 1732147200, "model": "mistral-large-2411"}
_USAGE = {"prompt_tokens": 11, "completion_tokens": 120, "total_tokens": 131}
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _whole(value: object) -> bytes:
    body = _compact(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def _chunk(text: str) -> bytes:
    data = text.encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(delta: dict[str, str], finish_reason: str | None, **more: object) -> str:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return f"data: {_compact({**_COMMON, 'object': 'chat.completion.chunk', 'choices': [choice], **more})}\n\n"


@cache
def events(count: int) -> list[bytes]:
    """Return a stream's chunks: `count` events with text, and its end."""
    texts = [_chunk(_event({"content": f" word{number}"}, None)) for number in range(count)]
    return [*texts, _chunk(_event({}, "stop", usage=_USAGE) + "data: [DONE]\n\n") + b"0\r\n\r\n"]


def _azure(count: int) -> list[bytes]:
    """Return a stream's chunks as Azure OpenAI sends them: with content filter results and padding."""
    fine = {"filtered": False, "severity": "safe"}
    judged = {"content_filter_results": dict.fromkeys(("hate", "self_harm", "sexual", "violence"), fine)}
    common = {"created": 1732147200, "id": "chatcmpl-9f8e7d6c5b4a", "model": "gpt-4o-2024-08-06"}
    last = {"object": "chat.completion.chunk", "system_fingerprint": "fp_b705f0c291", "usage": None}
    padding = [f"{number:x}"[-7:] for number in range(1 << 20, (1 << 20) + 997)]

    def event(number: int) -> bytes:
        choice = {**judged, "delta": {"content": f" word{number}"}, "finish_reason": None, "index": 0, "logprobs": None}
        value = {"choices": [choice], **common, "obfuscation": padding[number % len(padding)], **last}
        return _chunk(f"data: {_compact(value)}\n\n")

    end = events(0)[-1].removesuffix(b"0\r\n\r\n")
    return [*map(event, range(count)), end]


def _named(value: dict[str, object]) -> bytes:
    return _chunk(f"event: {value['type']}\ndata: {_compact(value)}\n\n")


def _responses(count: int) -> list[bytes]:
    """Return a stream of the Responses API, with the members that its events repeat."""
    response = {"id": "resp_68f1c2a7d4e0819c", "object": "response", "created_at": 1732147200, "model": "gpt-5-codex"}
    place = {"item_id": "msg_68f1c2a7d4e0819cb3a5f6e7d8c9b0a1", "output_index": 0, "content_index": 0}
    delta = {"type": "response.output_text.delta", **place, "logprobs": [], "obfuscation": "x7Qa9kZ"}
    usage = {"input_tokens": 11, "output_tokens": 120, "total_tokens": 131}
    return [
        _named({"type": "response.created", "sequence_number": 0, "response": {**response, "output": []}}),
        *(_named({**delta, "sequence_number": number, "delta": f" word{number}"}) for number in range(count)),
        _named(
            {
                "type": "response.completed",
                "sequence_number": count,
                "response": {**response, "status": "completed", "output": [], "usage": usage},
            }
        ),
    ]


def _messages(count: int) -> list[bytes]:
    """Return a stream of the Messages API."""
    message = {"id": "msg_01XFDUDYJgAACzvnptvVoYEL", "type": "message", "role": "assistant", "model": "claude-opus-5-5"}
    begun = {**message, "content": [], "stop_reason": None, "usage": {"input_tokens": 11, "output_tokens": 1}}
    deltas = ({"type": "text_delta", "text": f" word{number}"} for number in range(count))
    return [
        _named({"type": "message_start", "message": begun}),
        _named({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        *(_named({"type": "content_block_delta", "index": 0, "delta": delta}) for delta in deltas),
        _named({"type": "content_block_stop", "index": 0}),
        _named({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 120}}),
        _named({"type": "message_stop"}),
    ]


@cache
def stream(kind: str, count: int) -> bytes:
    """Return a whole streamed answer."""
    made = {"azure": _azure, "responses": _responses, "messages": _messages}.get(kind)
    pieces = events(count) if made is None else [*made(count), b"0\r\n\r\n"]
    return _STREAM_HEAD + b"".join(pieces)


@cache
def completion() -> bytes:
    """Return an answer of 90 words."""
    message = {"role": "assistant", "content": "The best French painter is often said to be Claude Monet. " * 8}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return _whole({**_COMMON, "object": "chat.completion", "choices": [choice], "usage": _USAGE})


@cache
def embeddings(is_base64: bool) -> bytes:
    """Return 64 vectors of 1,536 numbers."""
    dice = random.Random(1)
    vectors = [[dice.uniform(-1, 1) for _ in range(DIMENSIONS)] for _ in range(VECTORS)]
    sent = [b64encode(array("f", vector)).decode() if is_base64 else vector for vector in vectors]
    data = [{"object": "embedding", "index": index, "embedding": value} for index, value in enumerate(sent)]
    return _whole({"id": "e", "object": "list", "model": "e", "data": data, "usage": _USAGE})


class Group:
    """Streams that wait for each other."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Transport]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def join(self, model: str, transport: asyncio.Transport) -> None:
        """Add a stream to those of its kind; the last one starts them."""
        size, count = (int(number) for number in model.split("-")[1:])
        streams = self._waiting.setdefault(model, [])
        streams.append(transport)
        if len(streams) == size:
            del self._waiting[model]
            task = asyncio.ensure_future(self._write(streams, count))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def leave(self, transport: asyncio.Transport) -> None:
        """Forget a stream whose client gave up, so that the next group does not count it."""
        for streams in self._waiting.values():
            if transport in streams:
                streams.remove(transport)

    async def _write(self, streams: list[asyncio.Transport], count: int) -> None:
        for piece in [_STREAM_HEAD, *events(count)]:
            for transport in streams:
                transport.write(piece)
            await asyncio.sleep(max(0.001, len(streams) * SECONDS_PER_EVENT))


class Connection(asyncio.Protocol):
    """Reads requests by their Content-Length, and answers each."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._received = bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._group.leave(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n") + 4) > 3:
            head = bytes(self._received[:end]).lower()
            length = re.search(rb"\ncontent-length: *(\d+)", head)
            end_of_body = end + (int(length[1]) if length else 0)
            if len(self._received) < end_of_body:
                return
            body = bytes(self._received[end:end_of_body])
            del self._received[:end_of_body]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if b"embeddings" in head.split(b"\r\n", 1)[0]:
            self._transport.write(embeddings(b'"base64"' in body))
            return
        said = re.search(rb'"model": *"((?:events|azure|together|responses|messages)-[\d-]+)"', body)
        model = said[1].decode() if said else "plain"
        if model.startswith("together"):
            self._group.join(model, self._transport)
        else:
            kind, _, count = model.partition("-")
            self._transport.write(stream(kind, int(count)) if said else completion())


async def main() -> None:
    """Serve until the process ends."""
    group = Group()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(group), "127.0.0.1", 0, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main())
