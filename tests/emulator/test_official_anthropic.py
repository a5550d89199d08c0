"""Anthropic's own client, unmodified, uses the emulator as Foundry and as Anthropic's platform."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from azure.ai.inference.emulator import Emulator, Fault, Reply, ToolCall

anthropic = pytest.importorskip("anthropic")

WEATHER: Any = {
    "name": "get_weather",
    "description": "Weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
QUESTION: Any = {"role": "user", "content": "What is the weather in Paris and in Oslo?"}
THINKS: Any = {"model": "claude-sonnet-5", "max_tokens": 2000, "tools": [WEATHER]}


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture
def fresh(endpoint: Emulator) -> Iterator[Emulator]:
    endpoint.reset()
    yield endpoint
    endpoint.reset()


def make(endpoint: Emulator, kind: str, **options: Any) -> Any:
    """Create one of the client's classes for the route that it is meant for."""
    path = "/anthropic" if "Foundry" in kind else ""
    options = {"api_key": endpoint.key, "max_retries": 0, "timeout": 10, **options}
    # Otherwise each client would read all CA certificates, which takes longer than a test.
    http = anthropic.DefaultAsyncHttpxClient if "Async" in kind else anthropic.DefaultHttpxClient
    options["http_client"] = http(verify=False)
    return getattr(anthropic, kind)(base_url=f"{endpoint.url}{path}", **options)


@pytest.fixture(params=["Anthropic", "AnthropicFoundry"])
def client(request: pytest.FixtureRequest, fresh: Emulator) -> Iterator[Any]:
    with make(fresh, request.param) as made:
        yield made


@pytest.fixture(params=["AsyncAnthropic", "AsyncAnthropicFoundry"])
async def aclient(request: pytest.FixtureRequest, fresh: Emulator) -> AsyncIterator[Any]:
    async with make(fresh, request.param) as made:
        yield made


def said(text: str, **options: Any) -> Any:
    return {
        "model": "claude-opus-4-6",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": text}],
        **options,
    }


def test_plain(client: Any) -> None:
    message = client.messages.create(**said("Hello"))
    assert message.content[0].text == "Hello! How can I help you today?"
    assert (message.stop_reason, message.role) == ("end_turn", "assistant")
    assert message._request_id.startswith("req_")


def test_stream(client: Any) -> None:
    with client.messages.stream(**said("count to 4")) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == final.content[0].text == "1 2 3 4"
    assert final.usage.output_tokens == 4
    assert [event.type for event in client.messages.create(**said("x"), stream=True)][-1] == "message_stop"


async def test_async(aclient: Any) -> None:
    message = await aclient.messages.create(**said("Hello"))
    async with aclient.messages.stream(**said("Hello")) as stream:
        final = await stream.get_final_message()
    assert final.content[0].text == message.content[0].text


def test_tool_loop_with_hidden_thinking(client: Any) -> None:
    with client.messages.stream(**THINKS, messages=[QUESTION]) as stream:
        first = stream.get_final_message()
    assert [block.type for block in first.content] == ["thinking", "tool_use", "tool_use"]
    assert (first.content[0].thinking, first.stop_reason) == ("", "tool_use")
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": f"{block.input['city']} is mild"}
        for block in first.content[1:]
    ]
    turns = [QUESTION, {"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    final = client.messages.create(**THINKS, messages=turns)
    assert final.content[-1].text == "get_weather says: Paris is mild. get_weather says: Oslo is mild."


def test_changed_thinking(client: Any) -> None:
    first = client.messages.create(**THINKS, messages=[QUESTION])
    blocks = [block.to_dict() for block in first.content]
    blocks[0]["thinking"] = "I think something else."
    results = [{"type": "tool_result", "tool_use_id": block["id"]} for block in blocks[1:]]
    turns = [QUESTION, {"role": "assistant", "content": blocks}, {"role": "user", "content": results}]
    with pytest.raises(anthropic.BadRequestError, match="cannot be modified"):
        client.messages.create(**THINKS, messages=turns)


def test_structured(client: Any) -> None:
    message = client.messages.parse(**said("Ask Ada, 36"), output_format=Person)
    assert message.parsed_output == Person(name="Ada", age=36)


@pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")
def test_tool_runner_of_the_beta(client: Any, fresh: Emulator) -> None:
    """It asks for a thread that the server keeps; where there is none, it sends the conversation itself."""

    @anthropic.beta_tool  # type: ignore[untyped-decorator]
    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return f"It rains in {city}."

    fresh.reply(Reply(tool_calls=[ToolCall("get_weather", {"city": "Oslo"})]), tool="get_weather")
    fresh.reply("Take an umbrella.", match={"messages[-1].role": "user"})
    runner = client.beta.messages.tool_runner(
        model="claude-sonnet-5", max_tokens=2000, messages=[QUESTION], tools=[get_weather]
    )
    assert runner.until_done().content[-1].text == "Take an umbrella."
    assert fresh.requests[-1].body["messages"][-1]["content"][0]["content"] == "It rains in Oslo."


def test_unknown_path_has_the_error_format(fresh: Emulator) -> None:
    with make(fresh, "Anthropic") as client, pytest.raises(anthropic.NotFoundError) as raised:
        client.messages.batches.list()
    assert raised.value.body["error"]["type"] == "not_found_error"
    assert "The emulator has " in raised.value.body["error"]["message"]


def test_count_tokens(client: Any) -> None:
    question = {name: value for name, value in said("Hello").items() if name != "max_tokens"}
    counted = client.messages.count_tokens(**question)
    assert counted.input_tokens == client.messages.create(**said("Hello")).usage.input_tokens


def test_entra_token(fresh: Emulator) -> None:
    def provider() -> str:
        return fresh.token("https://ai.azure.com/.default")

    with make(fresh, "AnthropicFoundry", api_key=None, azure_ad_token_provider=provider) as client:
        assert client.messages.create(**said("Hello")).stop_reason == "end_turn"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("429", wait=7), anthropic.RateLimitError),
        (Fault("500"), anthropic.InternalServerError),
        (Fault("529"), anthropic.APIStatusError),
        (Fault("reset"), anthropic.APIConnectionError),
    ],
)
def test_client_exceptions(client: Any, fresh: Emulator, fault: Fault, error: type[Exception]) -> None:
    fresh.fault(fault)
    with pytest.raises(error):
        client.messages.create(**said("Hello"))


def test_overloaded_requests_are_retried(fresh: Emulator) -> None:
    fresh.fault("529")
    with make(fresh, "AnthropicFoundry", max_retries=1) as client:
        assert client.messages.create(**said("Hello")).stop_reason == "end_turn"


def test_error_in_a_stream(client: Any, fresh: Emulator) -> None:
    fresh.fault(Fault("error", events=4))
    with pytest.raises(anthropic.APIStatusError, match="Overloaded"), client.messages.stream(**said("Hello")) as stream:
        stream.until_done()


def test_wrong_key(fresh: Emulator) -> None:
    with make(fresh, "AnthropicFoundry", api_key="wrong") as client, pytest.raises(anthropic.AuthenticationError):
        client.messages.create(**said("Hello"))


def test_refusals(client: Any) -> None:
    message = client.messages.create(**said("trigger the content filter"))
    assert (message.stop_reason, message.content, message.stop_details.type) == ("refusal", [], "refusal")
