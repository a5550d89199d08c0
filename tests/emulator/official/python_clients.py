"""Call the emulator with one of the popular Python clients, unmodified: ``python_clients.py NAME URL KEY``.

Prints a JSON object with the result of each case, "ok" or the error. It runs in its own environment, which has the
clients but not this package. Each client is called as its documentation shows.
"""

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

NAME, URL, KEY = sys.argv[1:4]
HELLO = "Hello! How can I help you today?"
MESSAGES: Any = [{"role": "user", "content": "Hello"}]
COUNT: Any = [{"role": "user", "content": "count to 4"}]
WEATHER: Any = [{"role": "user", "content": "What is the weather in Oslo?"}]
ADA: Any = [{"role": "user", "content": "Ask Ada, 36"}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "description": "Weather of a city", "parameters": PARAMETERS},
}

Cases = dict[str, Callable[[], None]]


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def same(found: Any, wanted: Any) -> None:
    """Raise unless two values are equal."""
    if found != wanted:
        raise AssertionError(f"{found!r} instead of {wanted!r}")


def refused(call: Callable[[], Any], *kinds: type[BaseException]) -> None:
    """Raise unless a call with a wrong key fails as the client documents."""
    try:
        call()
    except kinds as error:
        status = getattr(error, "status_code", None) or getattr(getattr(error, "__cause__", None), "status_code", 401)
        same(status, 401)
    else:
        raise AssertionError("a wrong key was let in")


def openai_cases() -> Cases:
    import openai

    client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
    wrong = openai.OpenAI(base_url=f"{URL}/v1", api_key="wrong", max_retries=0)
    create: Any = client.chat.completions.create

    def stream() -> None:
        chunks = create(model="gpt-4o", messages=COUNT, stream=True)
        same("".join(chunk.choices[0].delta.content or "" for chunk in chunks), "1 2 3 4")

    def tools() -> None:
        [call] = create(model="gpt-4o", messages=WEATHER, tools=[TOOL]).choices[0].message.tool_calls
        same(json.loads(call.function.arguments), {"city": "Oslo"})

    def structured() -> None:
        answer = client.chat.completions.parse(model="gpt-4o", messages=ADA, response_format=Person)
        same(answer.choices[0].message.parsed, Person(name="Ada", age=36))

    return {
        "plain": lambda: same(create(model="gpt-4o", messages=MESSAGES).choices[0].message.content, HELLO),
        "stream": stream,
        "tools": tools,
        "structured": structured,
        "embeddings": lambda: same(len(client.embeddings.create(model="e", input=["a", "b"]).data), 2),
        "error": lambda: refused(
            lambda: wrong.chat.completions.create(model="gpt-4o", messages=MESSAGES), openai.AuthenticationError
        ),
    }


def anthropic_cases() -> Cases:
    import anthropic

    client = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0)
    wrong = anthropic.Anthropic(base_url=URL, api_key="wrong", max_retries=0)
    options: Any = {"model": "claude-sonnet-4-5", "max_tokens": 500}

    def stream() -> None:
        with client.messages.stream(messages=COUNT, **options) as events:
            same("".join(events.text_stream), "1 2 3 4")

    def tools() -> None:
        tool: Any = {"name": "get_weather", "description": "Weather of a city", "input_schema": PARAMETERS}
        answer = client.messages.create(messages=WEATHER, tools=[tool], **options)
        same([block.input for block in answer.content if block.type == "tool_use"], [{"city": "Oslo"}])

    def structured() -> None:
        answer = client.messages.parse(messages=ADA, output_format=Person, **options)
        same(answer.parsed_output, Person(name="Ada", age=36))

    return {
        "plain": lambda: same(client.messages.create(messages=MESSAGES, **options).content[0].text, HELLO),
        "stream": stream,
        "tools": tools,
        "structured": structured,
        "error": lambda: refused(
            lambda: wrong.messages.create(messages=MESSAGES, **options), anthropic.AuthenticationError
        ),
    }


def mistralai_cases() -> Cases:
    from mistralai.client import Mistral
    from mistralai.client.errors import SDKError

    client: Any = Mistral(api_key=KEY, server_url=URL)
    wrong: Any = Mistral(api_key="wrong", server_url=URL)

    def stream() -> None:
        with client.chat.stream(model="m", messages=COUNT) as events:
            same("".join(event.data.choices[0].delta.content for event in events), "1 2 3 4")

    def tools() -> None:
        [call] = client.chat.complete(model="m", messages=WEATHER, tools=[TOOL]).choices[0].message.tool_calls
        same(json.loads(call.function.arguments), {"city": "Oslo"})

    def structured() -> None:
        answer = client.chat.parse(Person, model="m", messages=ADA)
        same(answer.choices[0].message.parsed, Person(name="Ada", age=36))

    return {
        "plain": lambda: same(client.chat.complete(model="m", messages=MESSAGES).choices[0].message.content, HELLO),
        "stream": stream,
        "tools": tools,
        "structured": structured,
        "embeddings": lambda: same(len(client.embeddings.create(model="e", inputs=["a", "b"]).data), 2),
        "models": lambda: same(client.models.list().data[0].type, "base"),
        "error": lambda: refused(lambda: wrong.chat.complete(model="m", messages=MESSAGES, retries=None), SDKError),
    }


def litellm_cases() -> Cases:
    import litellm

    options: Any = {"model": "openai/gpt-4o", "api_base": f"{URL}/v1", "api_key": KEY, "num_retries": 0}
    completion: Any = litellm.completion

    def stream() -> None:
        chunks = completion(messages=COUNT, stream=True, **options)
        same("".join(chunk.choices[0].delta.content or "" for chunk in chunks), "1 2 3 4")

    def tools() -> None:
        [call] = completion(messages=WEATHER, tools=[TOOL], **options).choices[0].message.tool_calls
        same(json.loads(call.function.arguments), {"city": "Oslo"})

    def structured() -> None:
        answer = completion(messages=ADA, response_format=Person, **options)
        same(Person.model_validate_json(answer.choices[0].message.content), Person(name="Ada", age=36))

    return {
        "plain": lambda: same(completion(messages=MESSAGES, **options).choices[0].message.content, HELLO),
        "stream": stream,
        "tools": tools,
        "structured": structured,
        "embeddings": lambda: same(
            len(litellm.embedding(input=["a", "b"], **{**options, "model": "openai/text-embedding-3-small"}).data), 2
        ),
        "error": lambda: refused(
            lambda: completion(messages=MESSAGES, **{**options, "api_key": "wrong"}), litellm.AuthenticationError
        ),
    }


def langchain_openai_cases() -> Cases:
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings
    from openai import AuthenticationError

    options: Any = {"base_url": f"{URL}/v1", "max_retries": 0}
    model: Any = ChatOpenAI(model="gpt-4o", api_key=KEY, **options)
    wrong: Any = ChatOpenAI(model="gpt-4o", api_key="wrong", **options)
    embeddings: Any = OpenAIEmbeddings(api_key=KEY, check_embedding_ctx_length=False, **options)
    return {
        "plain": lambda: same(model.invoke("Hello").content, HELLO),
        "stream": lambda: same("".join(chunk.content for chunk in model.stream("count to 4")), "1 2 3 4"),
        "tools": lambda: same(
            [call["args"] for call in model.bind_tools([TOOL]).invoke("What is the weather in Oslo?").tool_calls],
            [{"city": "Oslo"}],
        ),
        "structured": lambda: same(
            model.with_structured_output(Person).invoke("Ask Ada, 36"), Person(name="Ada", age=36)
        ),
        "embeddings": lambda: same(len(embeddings.embed_documents(["a", "b"])), 2),
        "error": lambda: refused(lambda: wrong.invoke("Hello"), AuthenticationError),
    }


def pydantic_ai_cases() -> Cases:
    from pydantic_ai import Agent
    from pydantic_ai.exceptions import ModelHTTPError
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    def model(key: str) -> Any:
        return OpenAIChatModel("gpt-4o", provider=OpenAIProvider(base_url=f"{URL}/v1", api_key=key))

    def stream() -> None:
        import asyncio

        async def read() -> str:
            async with Agent(model(KEY)).run_stream("count to 4") as result:
                return "".join([piece async for piece in result.stream_text(delta=True)])

        same(asyncio.run(read()), "1 2 3 4")

    def tools() -> None:
        asked: list[str] = []
        agent: Any = Agent(model(KEY))

        @agent.tool_plain
        def get_weather(city: str) -> str:
            """Return the weather in a city."""
            asked.append(city)
            return "mild"

        same((agent.run_sync("What is the weather in Oslo?").output, asked), ("get_weather says: mild.", ["Oslo"]))

    return {
        "plain": lambda: same(Agent(model(KEY)).run_sync("Hello").output, HELLO),
        "stream": stream,
        "tools": tools,
        "structured": lambda: same(
            Agent(model(KEY), output_type=Person).run_sync("Ask Ada, 36").output, Person(name="Ada", age=36)
        ),
        "error": lambda: refused(lambda: Agent(model("wrong")).run_sync("Hello"), ModelHTTPError),
    }


def instructor_cases() -> Cases:
    import instructor
    import openai

    def client(key: str, mode: Any = instructor.Mode.TOOLS) -> Any:
        return instructor.from_openai(openai.OpenAI(base_url=f"{URL}/v1", api_key=key, max_retries=0), mode=mode)

    ada = {"name": "Ada", "age": 36}  # its answers have their own classes

    def ask(mode: Any, key: str = KEY) -> Any:
        return client(key, mode).chat.completions.create(
            model="gpt-4o", messages=ADA, response_model=Person, max_retries=1
        )

    def stream() -> None:
        parts = list(client(KEY).chat.completions.create_partial(model="gpt-4o", messages=ADA, response_model=Person))
        same(parts[-1].model_dump(), ada)

    return {
        "plain": lambda: same(
            client(KEY)
            .chat.completions.create(model="gpt-4o", messages=MESSAGES, response_model=None)
            .choices[0]
            .message.content,
            HELLO,
        ),
        "stream": stream,
        "tools": lambda: same(ask(instructor.Mode.TOOLS).model_dump(), ada),
        "structured": lambda: same(ask(instructor.Mode.JSON_SCHEMA).model_dump(), ada),
        "error": lambda: refused(lambda: ask(instructor.Mode.TOOLS, "wrong"), Exception),
    }


def attempt(case: Callable[[], None]) -> str:
    """Run a case; return "ok", or the failure."""
    try:
        case()
    except Exception:  # noqa: BLE001 whatever it is, the test shows it
        return traceback.format_exc(limit=-4)
    return "ok"


if __name__ == "__main__":
    cases = globals()[f"{NAME.replace('-', '_')}_cases"]()
    print(json.dumps({name: attempt(case) for name, case in cases.items()}))
