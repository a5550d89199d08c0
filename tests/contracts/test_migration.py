"""Every row of the migration guides is run: the old call next to the new one.

The code in a row's cells runs against emulators. If both sides send requests, these must be equal; if both return
values of the same type, those must be equal. The left side needs the other library, and is skipped without it.
"""

import ast
import asyncio
import importlib.util
import inspect
import json
import pickle
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pydantic
import pytest
from azure.core import exceptions
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.core.serialization import NULL

import azure.ai.inference
from azure.ai.inference import ChatCompletionsClient, models, tools
from azure.ai.inference._http.endpoint_routes import resolve
from azure.ai.inference._operations.options import RequestOptions
from azure.ai.inference._transport import SyncTransport
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatCompletionsClient
from azure.ai.inference.emulator import Emulator, Reply, ToolCall
from azure.ai.inference.prompts import PromptTemplate

DOCS = Path(__file__).parents[2] / "docs"
Names = dict[str, Any]


def rows_of(guide: str, columns: int, heading: str) -> list[list[str]]:
    """Parse the rows of a table: the code of each cell, or its text."""
    text = (DOCS / guide).read_text().partition(f"## {heading}")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    rows = [[_code(cell) for cell in line.strip("| ").split(" | ")] for line in lines]
    assert rows
    assert {len(row) for row in rows} == {columns}
    return rows


def _code(cell: str) -> str:
    code = re.fullmatch(r"`(.*)`", cell)
    return code[1] if code else cell


def run(code: str, names: Names) -> Any:
    """Run a cell, and return the value of its last expression."""
    tree = ast.parse(code)
    last = tree.body[-1]
    if isinstance(last, ast.Expr):
        last = tree.body[-1] = ast.copy_location(ast.Assign([ast.Name("_value", ast.Store())], last.value), last)
    names = dict(names)
    compiled = compile(ast.fix_missing_locations(tree), code, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    made = eval(compiled, names)
    if inspect.iscoroutine(made):
        asyncio.run(made)
    return names.get("_value")


@dataclass
class City:
    """A city."""

    name: str
    people: int


class PydanticCity(pydantic.BaseModel):
    name: str


def get_weather(city: str) -> str:
    """Return the weather."""
    return f"blue over {city}"


MESSAGES: Any = [{"role": "user", "content": "hi"}]
CITY = '{"name": "Oslo", "people": 5}'
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="module")
def endpoints() -> Iterator[Callable[[str], Emulator]]:
    """Return a running emulator for each requested dialect."""
    running: dict[str, Emulator] = {}
    with ExitStack() as stack:

        def of(dialect: str) -> Emulator:
            if dialect not in running:
                running[dialect] = stack.enter_context(Emulator(dialect=dialect or None))
            running[dialect].reset()
            return running[dialect]

        yield of


def refused(call: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as caught:
        call()
    error: Exception = caught.value
    return error


class PatientTransport(SyncTransport):
    """Records the waits instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def sleep(self, duration: float) -> None:
        self.waits.append(duration)


def our_names(endpoint: Emulator, stack: ExitStack, path: str = "") -> Names:
    """Return the names used by the guides' right columns."""
    client = stack.enter_context(ChatCompletionsClient(endpoint.url + path, endpoint.key))
    stranger = stack.enter_context(ChatCompletionsClient(endpoint.url + path, "wrong"))
    chat = {"model": "m", "messages": MESSAGES}

    async def complete_async(**options: Any) -> Any:
        async with AsyncChatCompletionsClient(endpoint.url + path, endpoint.key) as aclient:
            return await aclient.complete(**options)

    return {
        **vars(exceptions),
        **{name: getattr(models, name) for name in models.__all__},
        **{name: getattr(azure.ai.inference, name) for name in azure.ai.inference.__all__},
        "NULL": NULL,
        "AzureKeyCredential": AzureKeyCredential,
        "PromptTemplate": PromptTemplate,
        "Toolset": tools.Toolset,
        "RequestOptions": RequestOptions,
        "AsyncChatCompletionsClient": AsyncChatCompletionsClient,
        "resolve": resolve,
        "UUID": UUID,
        "json": json,
        "asyncio": asyncio,
        "pickle": pickle,
        "complete_async": complete_async,
        "endpoint": endpoint.url,
        "key": endpoint.key,
        "client": client,
        "messages": MESSAGES,
        "tool": TOOL,
        "error": refused(lambda: stranger.complete(**chat)),
        "answer": client.complete(**chat),
    }


def b9_names(endpoint: Emulator, stack: ExitStack) -> Names:
    """Return the names that the guide from 1.0.0b9 uses in both columns."""
    names = our_names(endpoint, stack)
    client: ChatCompletionsClient = names["client"]
    endpoint.reply(CITY)
    city_answer = client.complete(messages=MESSAGES)
    endpoint.reply(Reply(tool_calls=[ToolCall("get_weather", {"city": "Rome"})]))
    definition = models.ChatCompletionsToolDefinition.from_function(get_weather)
    calling_answer = client.complete(messages=MESSAGES, tools=[definition])
    city_format: Any = models.ChatCompletionRequest(messages=[], response_format=City).response_format
    city_schema = dict(city_format["json_schema"]["schema"])

    def broken(fault: str) -> ChatCompletionsClient:
        endpoint.fault(fault)
        return client

    def waits(**options: Any) -> list[float]:
        endpoint.fault("503:times=9")
        transport = PatientTransport()
        failing = stack.enter_context(ChatCompletionsClient(endpoint.url, endpoint.key, transport=transport))
        refused(lambda: failing.complete(messages=MESSAGES, **options))
        assert transport.waits
        return transport.waits

    return {
        **names,
        "City": City,
        "city_answer": city_answer,
        "city_schema": city_schema,
        "get_weather": get_weather,
        "calling_answer": calling_answer,
        "weather_schema": definition.function.parameters,
        "broken": broken,
        "waits": waits,
        "raised": refused,
        "tool_message": models.ToolMessage("x", tool_call_id="c"),
        "sent": lambda: endpoint.requests[-1].body,
        "headers": lambda: endpoint.requests[-1].headers,
        "requests": lambda: len(endpoint.requests),
    }


def compare(endpoint: Emulator, *codes: tuple[str, Names], unsaid: tuple[str, ...] = ()) -> None:
    """Run both sides of a row, and compare what they sent and returned.

    :keyword unsaid: Members with default values, which either side may omit.
    """
    sides: list[tuple[Any, list[Any]]] = []
    for code, names in codes:
        known = len(endpoint.requests)
        value = run(code, names)
        sent = [_shown(request.body, unsaid) for request in endpoint.requests[known:] if request.body is not None]
        sides.append((value, sent))
    (old, old_sent), (new, new_sent) = sides
    assert new_sent == old_sent
    assert type(old) is not type(new) or type(old).__module__ != "builtins" or old == new


def _shown(body: Any, unsaid: tuple[str, ...]) -> Any:
    if not isinstance(body, Mapping):
        return body
    return {name: value for name, value in body.items() if name not in unsaid or value not in ("azureai", False)}


B9 = "migration_from_azure_ai_inference.md"


@pytest.mark.parametrize(("before", "now"), rows_of(B9, 2, "Each call"))
def test_from_b9(endpoints: Callable[[str], Emulator], before: str, now: str) -> None:
    endpoint = endpoints("")
    with ExitStack() as stack:
        names = b9_names(endpoint, stack)
        compare(endpoint, (before, names), (before if now == "the same" else now, names))


@pytest.mark.parametrize(("what", "was", "now", "see"), rows_of(B9, 4, "What changed on purpose"))
def test_changed_since_b9(endpoints: Callable[[str], Emulator], what: str, was: str, now: str, see: str) -> None:
    assert was != now
    with ExitStack() as stack:
        assert run(see, b9_names(endpoints(""), stack)) is True, what


def peer(name: str) -> ModuleType:
    return pytest.importorskip(name, reason=f"the left column runs only where {name} is installed")


def test_peers_are_optional() -> None:
    """Show which left columns ran; the right ones always do."""
    assert all(importlib.util.find_spec(name) is None or peer(name) for name in ("openai", "mistralai", "anthropic"))


OPENAI = rows_of("migration_from_openai.md", 2, "Each call")


@pytest.mark.parametrize("now", [now for _, now in OPENAI])
def test_instead_of_openai(endpoints: Callable[[str], Emulator], now: str) -> None:
    with ExitStack() as stack:
        run(now, {**our_names(endpoints("azure-openai"), stack, "/openai/v1"), "City": PydanticCity})


@pytest.mark.parametrize(("before", "now"), OPENAI)
def test_from_openai(endpoints: Callable[[str], Emulator], before: str, now: str) -> None:
    openai = peer("openai")
    endpoint = endpoints("azure-openai")
    with ExitStack() as stack:
        ours = {**our_names(endpoint, stack, "/openai/v1"), "City": PydanticCity}
        client = stack.enter_context(openai.OpenAI(base_url=f"{endpoint.url}/openai/v1", api_key=endpoint.key))
        stranger = stack.enter_context(openai.OpenAI(base_url=f"{endpoint.url}/openai/v1", api_key="wrong"))
        theirs = {
            **ours,
            **vars(openai),
            "openai": openai,
            "client": client,
            "City": PydanticCity,
            "endpoint": endpoint.url,
            "answer": client.chat.completions.create(model="m", messages=MESSAGES),
            "error": refused(lambda: stranger.chat.completions.create(model="m", messages=MESSAGES)),
        }
        compare(endpoint, (before, theirs), (now, ours), unsaid=("stream",))


RESPONSES = rows_of("migration_from_openai.md", 2, "The Responses API")
ANTHROPIC = rows_of("migration_from_anthropic.md", 2, "Each call")


def other_api_names(endpoint: Emulator, stack: ExitStack, path: str, model: str) -> Names:
    """Return the names that both columns of a table about another API use."""
    client = stack.enter_context(ChatCompletionsClient(endpoint.url + path, endpoint.key))
    stranger = stack.enter_context(ChatCompletionsClient(endpoint.url + path, "wrong"))
    chat = {"model": model, "messages": MESSAGES}
    return {
        **vars(exceptions),
        "ChatCompletionsClient": ChatCompletionsClient,
        "AsyncChatCompletionsClient": AsyncChatCompletionsClient,
        "City": PydanticCity,
        "client": client,
        "conversation": MESSAGES,
        "tool": TOOL,
        "claude_tool": {"name": "f", "input_schema": {"type": "object", "properties": {}}},
        "endpoint": endpoint.url,
        "key": endpoint.key,
        "answer": client.complete(max_tokens=500, **chat),
        "error": refused(lambda: stranger.complete(**chat)),
    }


@pytest.mark.parametrize("now", [now for _, now in RESPONSES])
def test_instead_of_openais_responses(endpoints: Callable[[str], Emulator], now: str) -> None:
    with ExitStack() as stack:
        run(now, other_api_names(endpoints(""), stack, "/openai/v1", "gpt-5-codex"))


@pytest.mark.parametrize(("before", "now"), RESPONSES)
def test_from_openais_responses(endpoints: Callable[[str], Emulator], before: str, now: str) -> None:
    openai = peer("openai")
    endpoint = endpoints("")
    with ExitStack() as stack:
        ours = other_api_names(endpoint, stack, "/openai/v1", "gpt-5-codex")
        client = stack.enter_context(openai.OpenAI(base_url=f"{endpoint.url}/openai/v1", api_key=endpoint.key))
        response = client.responses.create(
            model="gpt-5-codex",
            input=MESSAGES,
            max_output_tokens=500,
            store=False,
            include=["reasoning.encrypted_content"],
        )
        theirs = {**ours, **vars(openai), "client": client, "response": response}
        compare_values(endpoint, "responses", (before, theirs), (now, ours))


@pytest.mark.parametrize("now", [now for _, now in ANTHROPIC])
def test_instead_of_anthropic(endpoints: Callable[[str], Emulator], now: str) -> None:
    with ExitStack() as stack:
        run(now, other_api_names(endpoints(""), stack, "/anthropic", "claude-sonnet-5"))


@pytest.mark.parametrize(("before", "now"), ANTHROPIC)
def test_from_anthropic(endpoints: Callable[[str], Emulator], before: str, now: str) -> None:
    anthropic = peer("anthropic")
    endpoint = endpoints("")
    with ExitStack() as stack:
        ours = other_api_names(endpoint, stack, "/anthropic", "claude-sonnet-5")
        client = stack.enter_context(anthropic.Anthropic(base_url=f"{endpoint.url}/anthropic", api_key=endpoint.key))
        stranger = stack.enter_context(anthropic.Anthropic(base_url=f"{endpoint.url}/anthropic", api_key="wrong"))
        chat = {"model": "claude-sonnet-5", "max_tokens": 500, "messages": MESSAGES}
        theirs = {
            **ours,
            **vars(anthropic),
            "anthropic": anthropic,
            "client": client,
            "message": client.messages.create(**chat),
            "error": refused(lambda: stranger.messages.create(**chat)),
        }
        compare_values(endpoint, "messages", (before, theirs), (now, ours))


def compare_values(endpoint: Emulator, operation: str, *codes: tuple[str, Names]) -> None:
    """Run both sides of a row, and compare their values and the API that answered."""
    values = []
    for code, names in codes:
        known = len(endpoint.requests)
        values.append(run(code, names))
        asked = [request.path.rpartition("/")[2] for request in endpoint.requests[known:]]
        assert asked[-1:] in ([], [operation])
    old, new = values
    assert type(old) is not type(new) or old == new or type(old).__module__ != "builtins"


MISTRAL = rows_of("migration_from_mistral_azure.md", 2, "Each call")


@pytest.mark.parametrize("now", [now for _, now in MISTRAL])
def test_instead_of_mistral_azure(endpoints: Callable[[str], Emulator], now: str) -> None:
    with ExitStack() as stack:
        run(now, our_names(endpoints("mistral"), stack))


@pytest.mark.parametrize(("before", "now"), MISTRAL)
def test_from_mistral_azure(endpoints: Callable[[str], Emulator], before: str, now: str) -> None:
    peer("mistralai")
    mistral = peer("mistralai.azure.client")
    httpx: Any = peer("mistralai.azure.client.httpclient").httpx
    endpoint = endpoints("mistral")
    with ExitStack() as stack:
        ours = our_names(endpoint, stack)
        # Its event loop ends with the call, so no connection may be kept; MistralAzure adds the query to its requests.
        # Otherwise each client would read all CA certificates, which takes longer than the calls.
        kept_by_none = httpx.Limits(max_keepalive_connections=0)
        same = {"params": {"api-version": "2024-05-01-preview"}, "verify": False}
        theirs_of = partial(
            mistral.MistralAzure,
            server_url=endpoint.url,
            client=httpx.Client(**same),
            async_client=httpx.AsyncClient(limits=kept_by_none, **same),
        )
        client = stack.enter_context(theirs_of(api_key=endpoint.key))
        stranger = stack.enter_context(theirs_of(api_key="wrong"))
        theirs = {
            **ours,
            "MistralAzure": mistral.MistralAzure,
            "models": mistral.models,
            "client": client,
            "answer": client.chat.complete(messages=MESSAGES),
            "error": refused(lambda: stranger.chat.complete(messages=MESSAGES)),
        }
        compare(endpoint, (before, theirs), (now, ours), unsaid=("model", "stream"))


@pytest.mark.parametrize(("before", "now", "waits"), rows_of("migration_from_mistral_azure.md", 3, "Retries"))
def test_retries_of_mistral_azure(endpoints: Callable[[str], Emulator], before: str, now: str, waits: str) -> None:
    endpoint = endpoints("mistral")
    options, expected = ast.literal_eval(now), ast.literal_eval(waits)
    endpoint.fault("503:times=9")
    transport = PatientTransport()
    client = ChatCompletionsClient(endpoint.url, endpoint.key, transport=transport)
    with client, pytest.raises(HttpResponseError):
        client.complete(messages=MESSAGES, **options)
    assert len(endpoint.requests) == len(expected) + 1
    for waited, most in zip(transport.waits, expected, strict=True):
        assert most / 2 <= waited <= most
    if before.startswith("BackoffStrategy"):
        initial, longest, exponent, _ = ast.literal_eval(before.removeprefix("BackoffStrategy"))
        assert [min(initial * exponent**n, longest) / 1000 for n in range(len(expected))] == expected
