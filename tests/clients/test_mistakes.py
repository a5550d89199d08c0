"""Mistakes of people who come from other libraries: each error names what to use here."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.core.serialization import NULL

from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import (
    ChatCompletions,
    EmbeddingsResult,
    StreamingChatCompletionsUpdate,
    SystemMessage,
    UserMessage,
)
from azure.ai.inference.tools import Toolset

from .conftest import KEY, Serve, World
from .raw_server import DONE, answer
from .raw_server import stream as streamed

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
    ({"azure_deployment": "m"}, "with model="),
    ({"deployment_name": "m"}, "with model="),
    ({"default_headers": {}}, r"go into headers=\{\.\.\.\}"),
    ({"organization": "o"}, "headers="),
    ({"default_query": {}}, r"go into params=\{\.\.\.\}"),
    ({"http_client": 1}, "transport="),
    ({"timeout_ms": 1000}, r"in seconds: timeout="),
    ({"extra_body": {}}, "model_extras="),
    ({"credentials": "k"}, "second argument"),
    ({"endpoint_url": URL}, "first argument"),
    ({"verify": False}, "connection_verify="),
    ({"proxy": "http://p"}, r"proxies=\{'https': "),
    ({"api_type": "azure"}, "The endpoint's URL says which service it is"),
    ({"openai_api_base": URL}, "first argument"),
    ({"api_key_env": "KEY"}, "second argument"),
    ({"azure_deployment_name": "m"}, "with model="),
    ({"openai_api_type": "azure"}, "leave it out"),
    ({"custom_llm_provider": "azure"}, "leave it out"),
    ({"openai_api_version": "2024-10-21"}, "api_version="),
    ({"streaming": True}, r"Pass it to client\.complete\(\)"),
    ({"stream": True}, r"Pass it to client\.complete\(\)"),
    ({"messages": []}, r"Pass it to client\.complete\(\)"),
    ({"callbacks": []}, "raw_response_hook="),
    ({"verbose": True}, "logging_enable=True"),
    ({"temprature": 1}, "Did you mean 'temperature'"),
    ({"json_mode": True}, "response_format=..., which also takes a type"),
]


@pytest.mark.parametrize(("options", "words"), CONSTRUCTORS)
def test_unknown_constructor_keywords(world: World, options: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        world.chat(URL, **options)
    with pytest.raises(TypeError, match=r"is missing (endpoint and )?credential\. ") as raised:
        world.package.ChatCompletionsClient(**options)
    if "argument" in words:
        assert ARGUMENTS.replace("\\", "") in str(raised.value)


@pytest.mark.parametrize("name", ["ChatCompletionsClient", "EmbeddingsClient", "ImageEmbeddingsClient"])
def test_missing_arguments(world: World, name: str) -> None:
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
        local = " A server that checks no key accepts any text, such as 'unused'." if missing == "credential" else ""
        assert str(raised.value) == f"{name}() is missing {missing}. Write {name}(endpoint, credential).{local}"
    both = r"is missing endpoint and credential. The URL is .*first argument.* second argument"
    with pytest.raises(TypeError, match=both):
        cls(base_url=URL, api_key="k")


PAIR = "only endpoint and credential"
UNNAMED: list[tuple[str, Callable[[World], Any], str, str]] = [
    ("ChatCompletionsClient", lambda world: world.package.ChatCompletionsClient(URL, "m", KEY), PAIR, "model=..."),
    ("EmbeddingsClient", lambda world: world.package.EmbeddingsClient(URL, "m", KEY), PAIR, "model=..."),
    ("ImageEmbeddingsClient", lambda world: world.package.ImageEmbeddingsClient(URL, "m", KEY), PAIR, "model=..."),
    ("BatchClient", lambda world: world.package.BatchClient(URL, KEY, "azure"), PAIR, "provider=..."),
    ("load_client", lambda world: world.load(URL, "m", KEY), PAIR, "model=..."),
    ("complete", lambda world: world.chat(URL).complete({}, KEY), "only body", "messages=..., model=..."),
    ("embed", lambda world: world.embeddings(URL).embed({}, KEY), "only body", "input=..., model=..."),
    ("embed_batches", lambda world: world.embeddings(URL).embed_batches([], KEY), "only input", "model=..."),
    ("complete_many", lambda world: world.chat(URL).complete_many([], KEY), "only conversations", "model=..."),
    ("with_defaults", lambda world: world.chat(URL).real.with_defaults(KEY), "no argument", "model=..."),
    ("get_model_info", lambda world: world.chat(URL).real.get_model_info(KEY), "no argument", "model=..."),
]


@pytest.mark.parametrize(("name", "call", "taken", "examples"), UNNAMED, ids=[row[0] for row in UNNAMED])
async def test_unnamed_arguments(
    world: World, name: str, call: Callable[[World], Any], taken: str, examples: str
) -> None:
    with pytest.raises(TypeError) as raised:
        await call(world)
    assert str(raised.value) == f"{name}() takes {taken} by position. Pass all others by name, such as {examples}."


@pytest.mark.parametrize("credential", [None, ""])
def test_missing_key_for_a_local_server(world: World, credential: Any) -> None:
    with pytest.raises(ValueError, match="A server that checks no key accepts any text, such as 'unused'"):
        world.package.ChatCompletionsClient("http://localhost:8000/v1", credential)


class Openais:
    """A message as other libraries have it."""

    def model_dump(self) -> dict[str, Any]:
        return {"role": "user", "content": "hi"}


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
    ((), {"message": []}, TypeError, "Did you mean 'messages'"),
    ((), {"streem": True}, TypeError, "Did you mean 'stream'"),
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
    ((), {"messages": [Openais()]}, TypeError, r"not Openais: .*\. Pass its model_dump\(\), or a dict"),
    ((), {"messages": [{"role": "user", "content": b"hi"}]}, TypeError, r"messages\[0\] has content of type bytes"),
    ((UserMessage("hi"),), {}, TypeError, r"whole request, not a message\. Messages go into messages="),
    (
        (),
        {"tools": ["weather"]},
        TypeError,
        r"tools\[0\] must be a ChatCompletionsToolDefinition .*, not str: 'weather'",
    ),
    ((), {"tools": [None]}, TypeError, r"tools\[0\] must be .*, not NoneType"),
    ((), {"proxies": {"https": 8080}}, TypeError, "map schemes to URLs, such as .*, not int"),
    ((), {"proxies": "http://proxy:8080"}, TypeError, r"map schemes to URLs, such as \{'https': .*not str"),
]


@pytest.mark.parametrize(("args", "options", "error", "words"), CALLS)
async def test_mistaken_chat_calls(
    world: World, args: tuple[Any, ...], options: dict[str, Any], error: type[Exception], words: str
) -> None:
    client = world.chat(URL, model="m")
    with pytest.raises(error, match=words):
        await client.complete(*args, **options)
    if not {"timeout", "proxies"}.isdisjoint(options):
        with pytest.raises(error, match=words):
            world.chat(URL, model="m", **options)


KINDS: list[tuple[str, Any, str]] = [
    *(("temperature", value, "a number, not ") for value in ("0.5", True, [1], {}, b"1")),
    ("top_p", "1", "a number, not str: '1'"),
    *(("max_tokens", value, "a whole number, not ") for value in ("100", 1.5, True, [])),
    ("seed", "x", "a whole number, not str: 'x'"),
    ("n", 1.5, "a whole number"),
    *(("logprobs", value, "True or False, not ") for value in ("yes", 1)),
    ("stream", "true", "True or False, not str: 'true'"),
    ("stream", 1, "True or False"),
    *(("stop", value, "a str or a list, not ") for value in (5, b"END", {"END"})),
    *(("model", value, "a str, not ") for value in (5, b"m", ["m"])),
    ("user", 5, "a str, not int: 5"),
    ("reasoning_effort", {"effort": "low"}, "a str, not dict"),
    *(("tools", value, "a list, not ") for value in ("weather", {}, 5)),
    *(("tool_choice", value, "a str or a mapping, such as a dict, not ") for value in (5, True, ["f"])),
    ("modalities", "text", "a list, not str: 'text'"),
    *(("metadata", value, "a mapping, such as a dict, not ") for value in ("x", ["x"])),
    *(("model_extras", value, "a mapping, such as a dict, not ") for value in ("x", [1])),
    *(("headers", value, "a mapping, such as a dict, not (str|int)\\.$") for value in ("api-key: Zq9", 5)),
    *(("params", value, "a mapping, such as a dict, not ") for value in ("a=b", 5)),
    *((name, "1", "a number, not str: '1'") for name in ("connection_timeout", "read_timeout", "retry_backoff_max")),
    ("read_timeout", (1, 2), r"a number, not tuple: \(1, 2\)"),
    ("retry_total", "3", "a whole number, not str: '3'"),
    ("retry_on_methods", "POST", "a list, not str: 'POST'"),
    ("raw_request_hook", "print", "a function, not str"),
    ("raw_response_hook", 5, "a function, not int: 5"),
    ("api_version", 20241021, "a str, not int: 20241021"),
]
"""Values of the wrong kind, which the service, azure-core or nobody would refuse."""


@pytest.mark.parametrize(("name", "value", "words"), KINDS, ids=[f"{row[0]}={row[1]!r}" for row in KINDS])
async def test_values_of_the_wrong_kind(world: World, name: str, value: Any, words: str) -> None:
    with pytest.raises(TypeError, match=f"^{name} must be {words}"):
        await world.chat(URL, model="m").complete(**{name: value})
    if name == "stream":
        return
    with pytest.raises(TypeError, match=f"^{name} must be {words}"):
        world.chat(URL, **{name: value})
    if name == "temperature":
        with pytest.raises(TypeError, match=f"^{name} must be {words}"):
            world.chat(URL).real.with_defaults(temperature=value)


class Number:
    """A number of another library, which JSON or azure-core may know."""


async def test_values_of_other_libraries_and_equal_numbers_pass(world: World, serve: Serve) -> None:
    server = serve(answer(200, {"choices": []}))
    client = world.chat(f"{server.url}/v1", retry_total=True, headers=[("a", "b")])
    await client.complete(max_tokens=10.0, top_p=NULL, stop=("a",), prompt_logprobs=5, raw_request_hook=Hook())
    assert server.requests[0].json["max_tokens"] == 10
    with pytest.raises(TypeError, match="of type Number cannot be sent as JSON"):
        await client.complete(top_p=Number())


class Hook:
    """A hook that is an object."""

    def __call__(self, request: Any) -> None:
        """Do nothing."""


KEYS = [
    ("Bearer Zq9", "begins with 'Bearer'"),
    ("Authorization: Bearer Zq9", "begins with 'Authorization: Bearer'"),
    ("api-key: Zq9", "begins with 'api-key:'"),
    ("Key1: Zq9", "begins with 'Key1:'"),
    *((key, "is blank, or has blanks, quotes or a placeholder's brackets around it") for key in (" Zq9", "Zq9 ", " ")),
    *((key, "is blank, or has blanks, quotes") for key in ('"Zq9"', "'Zq9'", "<your-Zq9>")),
]


@pytest.mark.parametrize(("key", "words"), KEYS)
@pytest.mark.parametrize("make", [str, AzureKeyCredential])
async def test_more_than_the_key(world: World, make: Callable[[str], Any], key: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"The credential {words}.*Pass the key alone") as raised:
        await world.chat(URL, make(key), model="m").complete()
    assert "Zq9" not in str(raised.value)


@pytest.mark.parametrize("key", ["a local key", ""])
async def test_what_a_local_server_accepts_as_key(world: World, serve: Serve, key: str) -> None:
    server = serve(answer(200, {"choices": []}))
    await world.chat(f"{server.url}/v1", AzureKeyCredential(key)).complete()
    assert server.requests[0].headers["api-key"] == key


def test_endpoint_and_credential_in_the_wrong_order(world: World) -> None:
    with pytest.raises(ValueError, match="'credential' must not be a URL, which is the first argument"):
        world.package.ChatCompletionsClient("Zq9", URL)
    with pytest.raises(ValueError, match="endpoint must be a URL as str, not AzureKeyCredential"):
        world.package.ChatCompletionsClient(AzureKeyCredential("Zq9"), URL)


EMBEDDINGS: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
    (("x",), {}, r"Texts go into input=\['\.\.\.'\]"),
    ((["x"],), {}, r"not list\. Texts go into input="),
    ((), {"texts": ["x"]}, r"Texts go into input="),
    ((), {"input": ["x"], "documents": ["x"]}, "Texts go into input="),
    ((), {}, r"missing required argument: input, such as input=\['\.\.\.'\]"),
    ((), {"input": ["x"], "max_retries": 1}, "retry_total="),
    ((), {"input": ["x"], "dimensions": "512"}, "dimensions must be a whole number, not str"),
    ((), {"input": ["x"], "encoding_format": ["float"]}, "encoding_format must be a str, not list"),
    (({"role": "user", "content": "x"},), {}, r"whole request, not a message\. Texts go into input="),
]


@pytest.mark.parametrize(("args", "options", "words"), EMBEDDINGS)
async def test_mistaken_embedding_calls(
    world: World, args: tuple[Any, ...], options: dict[str, Any], words: str
) -> None:
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
    "stream_chat": "stream=True",
    "acompletion": "Call client.complete",
    "with_structured_output": "answer.parse_as",
    "agents": "client.send_request",
    "base_url": r"with_defaults\(\.\.\.\) returns one with others",
    "aclose": r"client\.close\(\)",
    "with_raw_response": "answer.headers",
    "files": "client.send_request",
    "count_tokens": "client.send_request",
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_method_names_of_other_libraries(world: World, name: str) -> None:
    real = world.chat(URL).real
    assert not hasattr(real, name)
    with pytest.raises(
        AttributeError, match=f"'ChatCompletionsClient' object has no attribute '{name}'.*{ATTRIBUTES[name]}"
    ):
        getattr(real, name)


ANSWER = ChatCompletions(
    {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}], "usage": {"total_tokens": 1}, "extra": 5}
)
READINGS: list[tuple[Any, str, str]] = [
    (ANSWER, "content", r"Read x\.text, or x\.choices\[0\]\.message\.$"),
    (ANSWER, "output_text", r"Read x\.text"),
    (ANSWER, "parsed", r"Read x\.parse_as\(T\)"),
    (ANSWER, "tool_calls", r"Read x\.choices\[0\]\.message\.tool_calls\.$"),
    (ANSWER, "finish_reason", r"Read x\.choices\[0\]\.finish_reason"),
    (ANSWER, "model_dump", r"Read x\.as_dict\(\), a plain dict"),
    (ANSWER, "extra", r"It is a member of the JSON: read x\['extra'\]"),
    (ANSWER, "nonsense", "'nonsense'$"),
    (ANSWER.choices[0], "text", r"Read x\.message\.content"),
    (ANSWER.choices[0].message, "parsed", r"answer\.parse_as\(T\)"),
    (ANSWER.usage, "input_tokens", r"Read x\.prompt_tokens"),
    (StreamingChatCompletionsUpdate({"choices": [{}]}), "content", r"Read x\.choices\[0\]\.delta\.content"),
    (StreamingChatCompletionsUpdate({"choices": [{}]}).choices[0], "message", r"Read x\.delta\.content"),
    (EmbeddingsResult({"data": []}), "embedding", r"Read x\.data\[0\]\.embedding, or x\.to_numpy\(\)"),
]


@pytest.mark.parametrize(("model", "name", "words"), READINGS)
def test_attributes_of_other_answers(model: Any, name: str, words: str) -> None:
    assert not hasattr(model, name)
    with pytest.raises(
        AttributeError, match=f"^'{type(model).__name__}' object has no attribute '{name}'.*{words}|{words}"
    ):
        getattr(model, name)


async def test_stream_read_as_an_answer(world: World, serve: Serve) -> None:
    """Whoever wrote `stream=True` and reads an answer learns where it is."""
    stream = (await world.chat(serve(streamed(DONE)).url).stream()).real
    answer = r"\(await x.get_final_completions\(\)\)" if world.name == "aio" else r"x.get_final_completions\(\)"
    for name, words in (("text", "text"), ("choices", "choices"), ("content", "text"), ("tool_calls", "text")):
        assert not hasattr(stream, name)
        with pytest.raises(
            AttributeError, match=rf"{name}'. It is a stream: iterate over it, or read {answer}.{words}.$"
        ):
            getattr(stream, name)
    with pytest.raises(AttributeError, match=r"has no attribute 'nonsense'$"):
        stream.nonsense  # noqa: B018


def test_unknown_method_names(world: World) -> None:
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
    ("azure.ai.inference", "ChatCompletions", "azure.ai.inference.models"),
    ("azure.ai.inference", "Toolset", "azure.ai.inference.tools"),
    ("azure.ai.inference", "Mistral", "use ChatCompletionsClient"),
    ("azure.ai.inference", "AzureChatOpenAI", "use ChatCompletionsClient"),
    ("azure.ai.inference", "RateLimitError", "azure.ai.inference.exceptions"),
    ("azure.ai.inference", "AzureKeyCredential", "azure.core.credentials"),
    ("azure.ai.inference.aio", "AsyncChatCompletionsClient", "from azure.ai.inference.aio import"),
    ("azure.ai.inference.models", "ChatMessage", "use UserMessage, SystemMessage"),
    ("azure.ai.inference.models", "HumanMessage", "use UserMessage"),
    ("azure.ai.inference.models", "ChatCompletion", "use ChatCompletions"),
    ("azure.ai.inference.models", "ToolCall", "use ChatCompletionsToolCall"),
    ("azure.ai.inference.models", "Role", "use ChatRole"),
    ("azure.ai.inference", "Emulator", "azure.ai.inference.emulator"),
    ("azure.ai.inference", "ToolSet", "use azure.ai.inference.tools.Toolset"),
    ("azure.ai.inference.exceptions", "APIError", "use InferenceClientError"),
    ("azure.ai.inference.exceptions", "BadRequestError", "use InferenceError, whose status_code tells which"),
    ("azure.ai.inference.exceptions", "APIConnectionError", "use RequestError, or NoResponseError"),
    ("azure.ai.inference.exceptions", "Timeout", "use ResponseTimeoutError"),
]


@pytest.mark.parametrize(("module", "name", "words"), IMPORTS)
def test_import_names_of_other_libraries(module: str, name: str, words: str) -> None:
    with pytest.raises(ImportError, match=f"{module} has no '{name}': .*{words}"):
        exec(f"from {module} import {name}")
    assert not hasattr(importlib.import_module(module), "nonsense")
    with pytest.raises(ImportError, match="cannot import name 'nonsense'"):
        exec(f"from {module} import nonsense")


def test_unknown_message_fields() -> None:
    make: Any = SystemMessage
    with pytest.raises(TypeError, match="SystemMessage has no field 'text'; its fields are: role, content"):
        make(text="x")


async def test_untrusted_company_certificate(world: World) -> None:
    with Emulator(tls=True) as endpoint:
        client = world.chat(endpoint.url, endpoint.key, retry_total=0, use_env_settings=False)
        with pytest.raises(ServiceRequestError, match=r"connection_verify='/path/to/ca\.pem', or set REQUESTS"):
            await client.complete()


@pytest.mark.parametrize("body", [b"Bad Gateway", b"502 Bad Gateway", b"<html><title>502 Bad Gateway</title></html>"])
async def test_gateway_message_is_not_repeated(world: World, serve: Serve, body: bytes) -> None:
    server = serve(answer(502, body, content_type="text/plain"))
    with pytest.raises(HttpResponseError) as raised:
        await world.chat(server.url, retry_total=0).complete()
    first_line = str(raised.value).splitlines()[0]
    assert first_line.count("Bad Gateway") == 1, str(raised.value)
