"""Mistakes of people who come from other libraries: each error says the word that works here."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import SystemMessage, UserMessage
from azure.ai.inference.tools import Toolset

from .conftest import Serve, World
from .raw_server import answer

URL = "https://resource.services.ai.azure.com/openai/v1"
ARGUMENTS = r"ChatCompletionsClient\(endpoint, credential\)"

CONSTRUCTORS: list[tuple[dict[str, Any], str]] = [
    ({"max_retries": 3}, r"retry_total=\.\.\. \(0 for none\)"),
    ({"num_retries": 3}, "retry_total="),
    ({"base_url": URL}, f"first argument: {ARGUMENTS}"),
    ({"azure_endpoint": URL}, f"first argument: {ARGUMENTS}"),
    ({"api_base": URL}, "first argument"),
    ({"server_url": URL}, "first argument"),
    ({"api_key": "k"}, f"second argument: {ARGUMENTS}"),
    ({"azure_ad_token_provider": str}, "second argument"),
    ({"azure_deployment": "m"}, "named with model="),
    ({"deployment_name": "m"}, "named with model="),
    ({"default_headers": {}}, r"go into headers=\{\.\.\.\}"),
    ({"organization": "o"}, "headers="),
    ({"default_query": {}}, r"go into params=\{\.\.\.\}"),
    ({"http_client": 1}, "transport="),
    ({"timeout_ms": 1000}, r"in seconds: timeout="),
    ({"extra_body": {}}, "model_extras="),
    ({"temprature": 1}, "Did you mean 'temperature'"),
]


@pytest.mark.parametrize(("options", "words"), CONSTRUCTORS)
def test_keywords_of_a_constructor(world: World, options: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        world.chat(URL, **options)
    with pytest.raises(TypeError, match=r"is missing (endpoint and )?credential\. ") as raised:
        world.package.ChatCompletionsClient(**options)
    if "argument" in words:
        assert ARGUMENTS.replace("\\", "") in str(raised.value)


@pytest.mark.parametrize("name", ["ChatCompletionsClient", "EmbeddingsClient", "ImageEmbeddingsClient"])
def test_arguments_that_are_missing(world: World, name: str) -> None:
    cls = getattr(world.package, name)
    cases: list[tuple[Callable[[], Any], str]] = [
        (lambda: cls(), "endpoint and credential"),
        (lambda: cls(URL), "credential"),
        (lambda: cls(endpoint=URL), "credential"),
        (lambda: cls(credential="k"), "endpoint"),
    ]
    for make, missing in cases:
        with pytest.raises(TypeError) as raised:
            make()
        assert str(raised.value) == f"{name}() is missing {missing}. Write {name}(endpoint, credential)."
    both = r"is missing endpoint and credential. The URL is .*first argument.* second argument"
    with pytest.raises(TypeError, match=both):
        cls(base_url=URL, api_key="k")


@pytest.mark.parametrize("credential", [None, ""])
def test_no_key_for_a_local_server(world: World, credential: Any) -> None:
    with pytest.raises(ValueError, match="A server that checks no key takes any text, such as 'unused'"):
        world.package.ChatCompletionsClient("http://localhost:8000/v1", credential)


CALLS: list[tuple[tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (("hi",), {}, TypeError, r"not str\. A prompt goes into messages=\[UserMessage\('\.\.\.'\)\]"),
    (([{"role": "user"}],), {}, TypeError, r"not list\. Messages go into messages="),
    ((), {"messages": "hi"}, TypeError, r"a list of messages, such as \[UserMessage"),
    ((), {"messages": UserMessage("x")}, TypeError, "a list of messages"),
    ((), {"messages": ["hi"]}, TypeError, r"messages\[0\] must be a message or a mapping with a role, not str"),
    ((), {"messages": [("user", "hi")]}, TypeError, r"messages\[0\] must be a message"),
    ((), {"messages": [{"content": "x"}]}, ValueError, r"messages\[0\] has no role"),
    ((), {"messages": []}, ValueError, "must not be empty"),
    ((), {"messages": None}, TypeError, r"missing required argument: messages, such as messages=\[UserMessage"),
    ((), {"messages": None, "prompt": "hi"}, TypeError, r"A prompt goes into messages=\[UserMessage"),
    ((), {"messages": None, "input": "hi"}, TypeError, "A prompt goes into messages="),
    ((), {"prompt": "hi"}, TypeError, "A prompt goes into messages="),
    ((), {"system": "x"}, TypeError, r"Instructions are a message: messages=\[SystemMessage"),
    ((), {"max_retries": 3}, TypeError, "retry_total="),
    ((), {"extra_body": {"a": 1}}, TypeError, r"go into model_extras=\{\.\.\.\}"),
    ((), {"extra_headers": {}}, TypeError, "headers="),
    ((), {"extra_query": {}}, TypeError, "params="),
    ((), {"engine": "m"}, TypeError, "model="),
    ((), {"deployment_id": "m"}, TypeError, "model="),
    ((), {"max_output_tokens": 5}, TypeError, "max_tokens=.*max_completion_tokens="),
    ((), {"stop_sequences": []}, TypeError, r"stop=\[\.\.\.\]"),
    ((), {"reasoning": {}}, TypeError, "reasoning_effort="),
    ((), {"functions": []}, TypeError, r"tools=\[ChatCompletionsToolDefinition.from_function\(f\)\]"),
    ((), {"function_call": "auto"}, TypeError, "tool_choice="),
    ((), {"text_format": dict}, TypeError, "response_format=.*parse_as"),
    ((), {"tools": [print]}, TypeError, r"tools\[0\] is a function\..*from_function\(print\), or Toolset\(\[print\]\)"),
    ((), {"tools": print}, TypeError, r"not a function\..*from_function\(print\)"),
    ((), {"tools": Toolset([])}, TypeError, "toolset.definitions"),
    ((), {"response_format": dict}, ValueError, 'Use "json_object", or a type that does: a dataclass'),
    ((), {"response_format": list}, ValueError, 'Use "json_object"'),
    ((), {"response_format": "json"}, ValueError, '"json_object"'),
    ((), {"timeout": 0}, ValueError, r"above 0 seconds, not 0; nothing was sent\. Leave it out"),
    ((), {"timeout": -1.5}, ValueError, "above 0 seconds"),
    ((), {"timeout": float("nan")}, ValueError, "above 0 seconds"),
    ((), {"timeout": "5"}, TypeError, "a number of seconds, not '5'"),
    ((), {"timeout_ms": 5}, TypeError, "timeout="),
]


@pytest.mark.parametrize(("args", "options", "error", "words"), CALLS)
async def test_calls(
    world: World, args: tuple[Any, ...], options: dict[str, Any], error: type[Exception], words: str
) -> None:
    client = world.chat(URL, model="m")
    with pytest.raises(error, match=words):
        await client.complete(*args, **options)
    if "timeout" in options:
        with pytest.raises(error, match=words):
            world.chat(URL, model="m", **options)


EMBEDDINGS: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    (("x",), {}, r"Texts go into input=\['\.\.\.'\]"),
    ((), {"texts": ["x"]}, r"Texts go into input="),
    ((), {"input": ["x"], "documents": ["x"]}, "Texts go into input="),
    ((), {}, r"missing required argument: input, such as input=\['\.\.\.'\]"),
    ((), {"input": ["x"], "max_retries": 1}, "retry_total="),
]


@pytest.mark.parametrize(("args", "options", "words"), EMBEDDINGS)
async def test_calls_for_embeddings(world: World, args: tuple[Any, ...], options: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        await world.embeddings(URL, model="m").embed(*args, **options)


ATTRIBUTES = {
    "chat": r"Call client\.complete\(messages=\[\.\.\.\]\)\.$",
    "messages": "Call client.complete",
    "responses": "Call client.complete",
    "invoke": "Call client.complete",
    "stream": r"complete\(messages=\[\.\.\.\], stream=True\)",
    "parse": r"response_format=T\) and read the answer with answer.parse_as",
    "with_options": "client.with_defaults",
    "batch": "client.complete_many",
    "embed": "EmbeddingsClient",
    "list_models": "client.get_model_info",
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_methods_of_other_clients(world: World, name: str) -> None:
    real = world.chat(URL).real
    assert not hasattr(real, name)
    with pytest.raises(
        AttributeError, match=f"'ChatCompletionsClient' object has no attribute '{name}'.*{ATTRIBUTES[name]}"
    ):
        getattr(real, name)


def test_methods_that_nobody_has(world: World) -> None:
    with pytest.raises(AttributeError, match=r"attribute 'nonsense'$"):
        world.chat(URL).real.nonsense  # noqa: B018
    embeddings = world.embeddings(URL).real
    for name, words in (("create", r"client.embed\(input="), ("complete", "ChatCompletionsClient"), ("nonsense", "'$")):
        with pytest.raises(AttributeError, match=f"'EmbeddingsClient' object has no attribute '{name}.*{words}"):
            getattr(embeddings, name)


IMPORTS = [
    ("azure.ai.inference", "AsyncChatCompletionsClient", "from azure.ai.inference.aio import ChatCompletionsClient"),
    ("azure.ai.inference", "AsyncEmbeddingsClient", "from azure.ai.inference.aio import EmbeddingsClient"),
    ("azure.ai.inference", "OpenAI", r"use ChatCompletionsClient\(endpoint, credential\)"),
    ("azure.ai.inference", "AzureOpenAI", "use ChatCompletionsClient"),
    ("azure.ai.inference", "MistralAzure", "use ChatCompletionsClient"),
    ("azure.ai.inference", "UserMessage", "azure.ai.inference.models"),
    ("azure.ai.inference", "AzureKeyCredential", "azure.core.credentials"),
    ("azure.ai.inference.aio", "AsyncChatCompletionsClient", "from azure.ai.inference.aio import"),
    ("azure.ai.inference.models", "ChatMessage", "use UserMessage, SystemMessage"),
    ("azure.ai.inference.models", "HumanMessage", "use UserMessage"),
    ("azure.ai.inference.models", "ChatCompletion", "use ChatCompletions"),
]


@pytest.mark.parametrize(("module", "name", "words"), IMPORTS)
def test_imports(module: str, name: str, words: str) -> None:
    with pytest.raises(ImportError, match=f"{module} has no '{name}': .*{words}"):
        exec(f"from {module} import {name}")
    assert not hasattr(importlib.import_module(module), "nonsense")
    with pytest.raises(ImportError, match="cannot import name 'nonsense'"):
        exec(f"from {module} import nonsense")


def test_fields_of_messages() -> None:
    make: Any = SystemMessage
    with pytest.raises(TypeError, match="SystemMessage has no field 'text'; its fields are: role, content"):
        make(text="x")


async def test_a_certificate_of_a_company(world: World) -> None:
    with Emulator(tls=True) as endpoint:
        client = world.chat(endpoint.url, endpoint.key, retry_total=0, use_env_settings=False)
        with pytest.raises(ServiceRequestError, match=r"connection_verify='/path/to/ca\.pem', or set REQUESTS"):
            await client.complete()


@pytest.mark.parametrize("body", [b"Bad Gateway", b"502 Bad Gateway", b"<html><title>502 Bad Gateway</title></html>"])
async def test_a_gateway_says_nothing_twice(world: World, serve: Serve, body: bytes) -> None:
    server = serve(answer(502, body, content_type="text/plain"))
    with pytest.raises(HttpResponseError) as raised:
        await world.chat(server.url, retry_total=0).complete()
    first_line = str(raised.value).splitlines()[0]
    assert first_line.count("Bad Gateway") == 1, str(raised.value)
