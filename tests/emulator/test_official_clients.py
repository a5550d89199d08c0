"""The providers' own clients, unmodified, hold conversations with the emulator and meet its faults.

They are no requirement of this package; where they are installed, as in CI, these tests run.
"""

import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from azure.ai.inference.emulator import Emulator, Fault, Reply, ToolCall

from .official.clients import HERE, JAVASCRIPT, PYTHON, Client, write_table
from .official.environments import NotInstallableError, javascript_environment, python_environment

openai = pytest.importorskip("openai")

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
FORMAT: Any = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}}


@pytest.fixture
def fresh(endpoint: Emulator) -> Iterator[Emulator]:
    endpoint.reset()
    yield endpoint
    endpoint.reset()


def said(text: str) -> Any:
    return [{"role": "user", "content": text}]


def make(endpoint: Emulator, kind: str, **options: Any) -> Any:
    """Create one of the client's classes for the route that it is meant for."""
    options = {"api_key": endpoint.key, "max_retries": 0, "timeout": 10, **options}
    # Otherwise each client would read all CA certificates, which takes longer than a test.
    http = openai.DefaultAsyncHttpxClient if "Async" in kind else openai.DefaultHttpxClient
    options["http_client"] = http(verify=False)
    if "Azure" in kind:
        return getattr(openai, kind)(azure_endpoint=endpoint.url, api_version="2024-10-21", **options)
    return getattr(openai, kind)(base_url=f"{endpoint.url}/openai/v1", **options)


@pytest.fixture(params=["OpenAI", "AzureOpenAI"])
def client(request: pytest.FixtureRequest, fresh: Emulator) -> Iterator[Any]:
    with make(fresh, request.param) as made:
        yield made


@pytest.fixture(params=["AsyncOpenAI", "AsyncAzureOpenAI"])
async def aclient(request: pytest.FixtureRequest, fresh: Emulator) -> AsyncIterator[Any]:
    async with make(fresh, request.param) as made:
        yield made


def test_plain(client: Any) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=said("Hello"), n=2)
    assert answer.choices[0].message.content == "Hello! How can I help you today?"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert len(answer.choices) == 2


def test_stream(client: Any) -> None:
    usage = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(model="gpt-4o", messages=said("count to 4"), stream=True, stream_options=usage)
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert (text, chunks[-1].usage.completion_tokens) == ("1 2 3 4", 4)


def test_stream_helper(client: Any) -> None:
    with client.chat.completions.stream(model="gpt-4o", messages=said("weather in Oslo"), tools=[WEATHER]) as stream:
        final = stream.get_final_completion()
    [call] = final.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Oslo"}


def test_tools(client: Any) -> None:
    messages = said("What is the weather in Paris and in Oslo?")
    first = client.chat.completions.create(model="gpt-4o", messages=messages, tools=[WEATHER]).choices[0]
    assert first.finish_reason == "tool_calls"
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": json.loads(call.function.arguments)["city"] + " is mild"}
        for call in first.message.tool_calls
    ]
    answer = client.chat.completions.create(model="gpt-4o", messages=[*messages, first.message, *results])
    assert answer.choices[0].message.content == "get_weather says: Paris is mild. get_weather says: Oslo is mild."


def test_structured(client: Any) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=said("Ask Ada, 36"), response_format=FORMAT)
    assert json.loads(answer.choices[0].message.content) == {"name": "Ada", "age": 36}


def test_embeddings(client: Any) -> None:
    vectors = [item.embedding for item in client.embeddings.create(model="e", input=["a cat", "cats"]).data]
    assert [len(vector) for vector in vectors] == [1024, 1024]
    assert sum(a * b for a, b in zip(*vectors, strict=True)) > 0.3


def test_models(fresh: Emulator) -> None:
    with make(fresh, "OpenAI") as client:
        assert [model.id for model in client.models.list()] == ["emulator-1"]


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault("429", wait=7), openai.RateLimitError, "retry after 7 seconds"),
        (Fault("500"), openai.InternalServerError, "server had an error"),
        (Fault("503"), openai.InternalServerError, "temporarily unable"),
        (Fault("403"), openai.PermissionDeniedError, "Out of call volume"),
        (Fault("expired-token"), openai.AuthenticationError, "audience is incorrect"),
        (Fault("reset"), openai.APIConnectionError, "Connection error"),
        (Fault("stall", seconds=5), openai.APITimeoutError, "timed out"),
    ],
)
def test_faults(fresh: Emulator, fault: Fault, error: type[Exception], words: str) -> None:
    with make(fresh, "OpenAI", timeout=0.5) as client:
        fresh.fault(fault)
        with pytest.raises(error, match=words):
            client.chat.completions.create(model="gpt-4o", messages=said("Hello"))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("error", events=3), openai.APIError),
        (Fault("malformed"), json.JSONDecodeError),
        (Fault("cut"), Exception),
    ],
)
def test_faults_in_streams(fresh: Emulator, fault: Fault, error: type[Exception]) -> None:
    with make(fresh, "OpenAI") as client:
        fresh.fault(fault)
        with pytest.raises(error):
            list(client.chat.completions.create(model="gpt-4o", messages=said("count to 9"), stream=True))


def test_client_retries(fresh: Emulator) -> None:
    with make(fresh, "OpenAI", max_retries=2) as client:
        fresh.fault(Fault("429", times=2, wait=0.01, says="retry-after-ms"))
        assert (
            client.chat.completions.create(model="gpt-4o", messages=said("2+2")).choices[0].message.content
            == "2 + 2 = 4"
        )
    assert len(fresh.requests) == 3


@pytest.mark.parametrize(
    ("messages", "options", "error"),
    [
        (said("please trigger the content filter"), {}, "content management"),
        (said("x"), {"temperature": 9}, "temperature"),
        ([{"role": "wizard", "content": "x"}], {}, "wizard"),
    ],
)
def test_refusals(client: Any, messages: Any, options: Any, error: str) -> None:
    with pytest.raises(openai.BadRequestError, match=error):
        client.chat.completions.create(model="gpt-4o", messages=messages, **options)


async def test_plain_async(aclient: Any) -> None:
    answer = await aclient.chat.completions.create(model="gpt-4o", messages=said("Hello"))
    assert answer.choices[0].message.content == "Hello! How can I help you today?"


async def test_stream_async(aclient: Any) -> None:
    stream = await aclient.chat.completions.create(model="gpt-4o", messages=said("count to 4"), stream=True)
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
    assert text == "1 2 3 4"


async def test_tools_and_structured_async(aclient: Any) -> None:
    create = aclient.chat.completions.create
    first = await create(model="gpt-4o", messages=said("x"), tools=[WEATHER], tool_choice="required")
    assert first.choices[0].message.tool_calls[0].function.name == "get_weather"
    answer = await create(model="gpt-4o", messages=said("Ask Ada, 36"), response_format=FORMAT)
    assert json.loads(answer.choices[0].message.content)["age"] == 36


async def test_faults_async(fresh: Emulator) -> None:
    async with make(fresh, "AsyncOpenAI") as client:
        fresh.fault("503")
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(model="gpt-4o", messages=said("x"))


class TestMistral:
    """Return mistralai's client for Azure, and the one for its platform."""

    @pytest.fixture(params=["azure", "platform"])
    def client(self, request: pytest.FixtureRequest) -> Iterator[Any]:
        with Emulator(dialect="mistral") as endpoint, mistral_client(endpoint, request.param) as made:
            made.endpoint = endpoint
            yield made

    def test_plain(self, client: Any) -> None:
        answer = client.chat.complete(model="m", messages=said("Hello"), random_seed=0, temperature=0.5)
        assert answer.choices[0].message.content == "Hello! How can I help you today?"
        assert answer.usage.total_tokens > 0

    def test_stream(self, client: Any) -> None:
        with client.chat.stream(model="m", messages=said("count to 4")) as stream:
            events = [event.data for event in stream]
        assert "".join(event.choices[0].delta.content for event in events) == "1 2 3 4"
        assert (events[-1].choices[0].finish_reason, events[-1].usage.completion_tokens) == ("stop", 4)

    @pytest.mark.parametrize("choice", ["any", "auto"])
    def test_tools(self, client: Any, choice: str) -> None:
        options = {"model": "m", "messages": said("weather in Oslo"), "tools": [WEATHER], "tool_choice": choice}
        [call] = client.chat.complete(**options).choices[0].message.tool_calls
        with client.chat.stream(**options) as stream:
            last = [event.data for event in stream][-1].choices[0]
        assert (len(call.id), call.function.name) == (9, "get_weather")
        assert last.delta.tool_calls[0].function.arguments == call.function.arguments == '{"city": "Oslo"}'

    def test_structured(self, client: Any) -> None:
        answer = client.chat.complete(model="m", messages=said("Ask Ada, 36"), response_format=FORMAT)
        assert json.loads(answer.choices[0].message.content)["name"] == "Ada"

    def test_thoughts(self, client: Any) -> None:
        client.endpoint.reply(Reply("Four.", reasoning="Two and two."))
        content = client.chat.complete(model="magistral", messages=said("2+2")).choices[0].message.content
        assert [part.type if hasattr(part, "type") else part.raw["type"] for part in content][-1] == "text"
        assert len(content) == 2

    @pytest.mark.parametrize("fault", ["429", "500", "503"])
    def test_faults(self, client: Any, fault: str) -> None:
        client.endpoint.fault(fault)
        with pytest.raises(Exception, match=r"Status|rate|error") as caught:
            client.chat.complete(model="m", messages=said("x"), retries=None)
        assert caught.value.status_code == int(fault)  # type: ignore[attr-defined]

    def test_violations(self, client: Any) -> None:
        with pytest.raises(Exception, match=r"temperature|[Vv]alidation") as caught:
            client.chat.complete(model="m", messages=said("x"), temperature=9)
        assert caught.value.status_code == 422  # type: ignore[attr-defined]

    async def test_async(self, client: Any) -> None:
        answer = await client.chat.complete_async(model="m", messages=said("Hello"))
        assert answer.choices[0].message.content.startswith("Hello!")
        stream = await client.chat.stream_async(model="m", messages=said("count to 3"))
        text = [event.data.choices[0].delta.content async for event in stream]
        assert "".join(text) == "1 2 3"


def mistral_client(endpoint: Emulator, kind: str) -> Any:
    pytest.importorskip("mistralai")
    if kind == "azure":
        from mistralai.azure.client import MistralAzure

        return MistralAzure(api_key=endpoint.key, server_url=endpoint.url)
    from mistralai.client import Mistral

    return Mistral(api_key=endpoint.key, server_url=endpoint.url)


def test_scripted_calls(fresh: Emulator) -> None:
    with make(fresh, "OpenAI") as client:
        fresh.reply(
            Reply(tool_calls=[ToolCall("get_weather", {"city": "Rome"}, id="call_x")], usage={"total_tokens": 9})
        )
        answer = client.chat.completions.create(model="gpt-4o", messages=said("x"), tools=[WEATHER])
        assert (answer.choices[0].message.tool_calls[0].id, answer.usage.total_tokens) == ("call_x", 9)


class TestClientsInTheirOwnEnvironment:
    """Popular clients, unmodified and at exact releases; ``docs/official_clients.md`` lists them."""

    @staticmethod
    def outcome(command: list[str], name: str) -> Any:
        with Emulator() as endpoint:
            environment = {
                name: value for name, value in os.environ.items() if "COV" not in name and name != "PYTHONPATH"
            }
            quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "DO_NOT_TRACK": "1", "NO_PROXY": "127.0.0.1"}
            arguments = [command[0], command[1], name, endpoint.url, endpoint.key, *command[2:]]
            done = subprocess.run(
                arguments, env=environment | quiet, capture_output=True, text=True, check=False, timeout=300
            )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    @pytest.mark.slow
    @pytest.mark.parametrize("client", PYTHON, ids=[client.package for client in PYTHON])
    def test_python(self, client: Client) -> None:
        try:
            python = python_environment()
        except NotInstallableError as error:
            pytest.skip(f"the Python clients cannot be installed: {error}")
        outcome = self.outcome([str(python), str(HERE / "python_clients.py")], client.name)
        assert outcome == dict.fromkeys(client.cases, "ok")

    @pytest.mark.slow
    @pytest.mark.parametrize("client", JAVASCRIPT, ids=[client.package for client in JAVASCRIPT])
    def test_javascript(self, client: Client) -> None:
        try:
            packages = javascript_environment()
        except NotInstallableError as error:
            pytest.skip(f"the JavaScript clients cannot be installed: {error}")
        outcome = self.outcome(["node", str(HERE / "javascript_clients.mjs"), str(packages)], client.name)
        assert outcome == dict.fromkeys(client.cases, "ok")

    def test_docs_table_is_up_to_date(self) -> None:
        page = Path(__file__).parents[2] / "docs" / "official_clients.md"
        assert write_table() in page.read_text("utf-8")
