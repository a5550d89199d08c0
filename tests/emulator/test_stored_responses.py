"""Stored responses, retrieved, paged and deleted by OpenAI's own client."""

from collections.abc import Iterator
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator

from .conftest import Caller
from .test_official_responses import CODEX, ROUTES, make

openai = pytest.importorskip("openai")
KEPT: dict[str, Any] = {"model": "gpt-4o"}
PATH = "/v1/responses"


@pytest.fixture(params=ROUTES, ids=lambda route: route[1] or "AzureOpenAI")
def client(request: pytest.FixtureRequest, endpoint: Emulator) -> Iterator[Any]:
    endpoint.reset()
    kind, path = request.param
    with make(endpoint, f"{kind}OpenAI", path) as made:
        yield made


def test_retrieve_and_delete(client: Any) -> None:
    made = client.responses.create(**KEPT, input="Hello")
    assert client.responses.retrieve(made.id) == made
    client.responses.delete(made.id)
    for gone in (client.responses.retrieve, client.responses.delete, client.responses.cancel):
        with pytest.raises(openai.NotFoundError, match=f"Response with id '{made.id}' not found."):
            gone(made.id)
    with pytest.raises(openai.BadRequestError, match="Previous response"):
        client.responses.create(**KEPT, input="More", previous_response_id=made.id)


def test_store_false(client: Any) -> None:
    made = client.responses.create(**KEPT, input="Hello", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_only_background_responses_are_cancelled(client: Any) -> None:
    made = client.responses.create(**KEPT, input="Hello")
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
        client.responses.cancel(made.id)


def test_retrieve_as_a_stream(client: Any) -> None:
    events = list(client.responses.create(**KEPT, input="count to 5", stream=True))
    made = events[-1].response
    assert list(client.responses.retrieve(made.id, stream=True)) == events
    assert list(client.responses.retrieve(made.id, stream=True, starting_after=3)) == events[4:]
    assert list(client.responses.retrieve(made.id, stream=True, starting_after=10_000)) == []


def test_items_of_a_conversation(client: Any) -> None:
    tool: Any = {"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {}}}
    first = client.responses.create(**KEPT, input="What is the weather?", tools=[tool])
    [call] = [item for item in first.output if item.type == "function_call"]
    answer = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    second = client.responses.create(**KEPT, input=[answer], previous_response_id=first.id, tools=[tool])
    items = list(client.responses.input_items.list(second.id, order="asc"))
    assert [item.type for item in items] == ["message", "function_call", "function_call_output"]
    assert (items[0].content[0].type, items[0].content[0].text) == ("input_text", "What is the weather?")
    assert items[1].id == call.id
    assert len({item.id for item in items}) == 3
    assert list(client.responses.input_items.list(second.id)) == items[::-1]
    assert list(client.responses.input_items.list(second.id, limit=1)) == items[::-1]  # page by page
    page = client.responses.input_items.list(second.id, limit=2)
    assert (page.has_more, page.first_id, page.last_id) == (True, items[2].id, items[1].id)
    rest = client.responses.input_items.list(second.id, after=items[0].id)
    assert (rest.data, rest.has_more) == ([], False)


def test_assistant_item(client: Any) -> None:
    turns = [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Hello"}]
    made = client.responses.create(**KEPT, input=turns)
    [_, item] = client.responses.input_items.list(made.id)
    assert (item.role, item.content[0].type, item.content[0].text) == ("assistant", "output_text", "Hi")


def test_reasoning_among_the_items(client: Any) -> None:
    asked = {name: value for name, value in CODEX.items() if name != "store"}
    first = client.responses.create(**asked, input="Hello")
    second = client.responses.create(**asked, input="More", previous_response_id=first.id)
    kinds = [item.type for item in client.responses.input_items.list(second.id, order="asc")]
    assert kinds == ["message", "reasoning", "message", "message"]


def test_tokens_are_counted(client: Any) -> None:
    first = client.responses.create(**KEPT, input="Hello")
    alone = client.responses.input_tokens.count(**KEPT, input="Hello")
    both = client.responses.input_tokens.count(**KEPT, input="Hello", previous_response_id=first.id)
    assert first.usage.input_tokens == alone.input_tokens < both.input_tokens


@pytest.mark.parametrize(
    ("query", "status", "param"),
    [
        ("limit=0", 400, "limit"),
        ("limit=101", 400, "limit"),
        ("limit=%C2%B2", 400, "limit"),
        ("limit=" + "9" * 5000, 400, "limit"),
        ("order=up", 400, "order"),
        ("after=msg_nowhere", 404, "after"),
    ],
)
def test_invalid_pages(caller: Caller, query: str, status: int, param: str) -> None:
    made = caller.post(PATH, {"model": "gpt-4o", "input": "Hello"}).body
    got = caller.send("GET", f"{PATH}/{made['id']}/input_items?{query}")
    assert (got.status, got.body["error"]["param"]) == (status, param)


@pytest.mark.parametrize(
    ("method", "below", "status"),
    [("PUT", "", 405), ("POST", "", 405), ("GET", "/cancel", 405), ("HEAD", "", 200), ("GET", "/nothing", 404)],
)
def test_methods(caller: Caller, method: str, below: str, status: int) -> None:
    made = caller.post(PATH, {"model": "gpt-4o", "input": "Hello"}).body
    assert caller.send(method, f"{PATH}/{made['id']}{below}").status == status


def test_scripted_replies_do_not_apply_to_stored_responses(endpoint: Emulator) -> None:
    """Requests about a stored response, or for token counts, use no scripted reply."""
    caller = Caller(endpoint)
    endpoint.reset()
    endpoint.reply("Sunny.")
    count = {"model": "claude-sonnet-4-5", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
    version = {"anthropic-version": "2023-06-01"}
    assert caller.post("/v1/messages/count_tokens", count, version).body["input_tokens"] > 0
    assert caller.post(f"{PATH}/input_tokens", {"model": "gpt-4o", "input": "x"}).body["input_tokens"] > 0
    assert caller.post(f"{PATH}/resp_1/cancel", {}).status == 404
    assert caller.post(f"{PATH}/compact", {}).status == 404
    assert caller.chat("x").text == "Sunny."
    endpoint.assert_all_replied()
