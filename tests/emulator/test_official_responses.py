"""OpenAI's own client, unmodified, uses the emulator's Responses API."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from azure.ai.inference.emulator import Emulator, Fault

openai = pytest.importorskip("openai")

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
CODEX: Any = {"model": "gpt-5-codex", "store": False, "include": ["reasoning.encrypted_content"]}
QUESTION: Any = {"role": "user", "content": "What is the weather in Paris and in Oslo?"}


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture
def fresh(endpoint: Emulator) -> Iterator[Emulator]:
    endpoint.reset()
    yield endpoint
    endpoint.reset()


def make(endpoint: Emulator, kind: str, path: str, **options: Any) -> Any:
    options = {"api_key": endpoint.key, "max_retries": 0, "timeout": 10, **options}
    # Otherwise each client would read all CA certificates, which takes longer than a test.
    http = openai.DefaultAsyncHttpxClient if "Async" in kind else openai.DefaultHttpxClient
    options["http_client"] = http(verify=False)
    if "Azure" in kind:
        return getattr(openai, kind)(azure_endpoint=endpoint.url, api_version="2025-04-01-preview", **options)
    return getattr(openai, kind)(base_url=f"{endpoint.url}{path}", **options)


ROUTES = [("", "/openai/v1"), ("", "/api/projects/mine/openai/v1"), ("", "/v1"), ("Azure", "")]


@pytest.fixture(params=ROUTES, ids=lambda route: route[1] or "AzureOpenAI")
def client(request: pytest.FixtureRequest, fresh: Emulator) -> Iterator[Any]:
    kind, path = request.param
    with make(fresh, f"{kind}OpenAI", path) as made:
        yield made


@pytest.fixture(params=ROUTES, ids=lambda route: route[1] or "AsyncAzureOpenAI")
async def aclient(request: pytest.FixtureRequest, fresh: Emulator) -> AsyncIterator[Any]:
    kind, path = request.param
    async with make(fresh, f"Async{kind}OpenAI", path) as made:
        yield made


def test_create(client: Any) -> None:
    response = client.responses.create(**CODEX, input="Hello")
    assert response.output_text == "Hello! How can I help you today?"
    assert (response.status, response.error) == ("completed", None)
    assert response.usage.output_tokens_details.reasoning_tokens > 0


def test_stream(client: Any) -> None:
    with client.responses.stream(**CODEX, input="count to 4") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert text == final.output_text == "1 2 3 4"
    kinds = [event.type for event in client.responses.create(**CODEX, input="x", stream=True)]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")


async def test_async(aclient: Any) -> None:
    response = await aclient.responses.create(**CODEX, input="Hello")
    async with aclient.responses.stream(**CODEX, input="Hello") as stream:
        final = await stream.get_final_response()
    assert final.output_text == response.output_text


def test_tool_loop_with_encrypted_reasoning(client: Any) -> None:
    with client.responses.stream(**CODEX, input=[QUESTION], tools=[WEATHER]) as stream:
        first = stream.get_final_response()
    assert [item.type for item in first.output] == ["reasoning", "function_call", "function_call"]
    outputs = [
        {"type": "function_call_output", "call_id": item.call_id, "output": f"{item.arguments} is mild"}
        for item in first.output[1:]
    ]
    final = client.responses.create(**CODEX, input=[QUESTION, *first.output, *outputs], tools=[WEATHER])
    assert final.output_text.count("is mild") == 2


def test_previous_response(client: Any) -> None:
    first = client.responses.create(model="gpt-5-codex", input="My name is Ada")
    second = client.responses.create(model="gpt-5-codex", input="What is my name?", previous_response_id=first.id)
    assert second.output_text == "Your name is Ada."


def test_parse(client: Any) -> None:
    response = client.responses.parse(**CODEX, input="Ask Ada, 36", text_format=Person)
    assert response.output_parsed == Person(name="Ada", age=36)


def test_summaries(client: Any) -> None:
    with client.responses.stream(**CODEX, input="Hello", reasoning={"summary": "auto"}) as stream:
        final = stream.get_final_response()
    assert final.output[0].summary[0].text.startswith('The user said "Hello".')


def test_model_that_refuses_chat(client: Any) -> None:
    with pytest.raises((openai.BadRequestError, openai.NotFoundError), match=r"does not work|only supported in"):
        client.chat.completions.create(model="gpt-5-codex", messages=[QUESTION])


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("429", wait=7), openai.RateLimitError),
        (Fault("500"), openai.InternalServerError),
        (Fault("reset"), openai.APIConnectionError),
    ],
)
def test_client_exceptions(client: Any, fresh: Emulator, fault: Fault, error: type[Exception]) -> None:
    fresh.fault(fault)
    with pytest.raises(error):
        client.responses.create(**CODEX, input="Hello")


def test_error_in_a_stream(client: Any, fresh: Emulator) -> None:
    fresh.fault(Fault("error", events=4, message="Too much."))
    with pytest.raises(openai.APIError, match="Too much"), client.responses.stream(**CODEX, input="Hello") as stream:
        stream.until_done()


def test_truncated_answer(client: Any) -> None:
    response = client.responses.create(**CODEX, input="count to 50", max_output_tokens=16)
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")
