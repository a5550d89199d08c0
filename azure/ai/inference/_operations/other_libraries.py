"""Translate the names of other libraries.

Users arrive with code and habits from openai, mistralai, anthropic, LangChain and the portal's samples. An error about
one of their names says what to use here. This module is only loaded to explain a mistake.
"""

from collections.abc import Iterable, Mapping

from .._attribute_hints import missing_in_module
from .._http.credentials import NO_KEY_CHECKED

_ENDPOINT = "The URL is the first argument: {client}(endpoint, credential)."
_CREDENTIAL = "The key or token credential is the second argument: {client}(endpoint, credential)."
_MODEL = "Name the model or deployment with model=..."
_HEADERS = "Headers go into headers={{...}}."
_QUERY = "Query parameters go into params={{...}}."
_RETRIES = "Set the number of retries with retry_total=... (0 for none), and their waits with retry_backoff_factor=..."
_SECONDS = (
    "Timeouts are in seconds: timeout=... for the whole call, connection_timeout=... and read_timeout=... within it."
)
_EXTRAS = "Members that only the model knows go into model_extras={{...}}."
_TRANSPORT = "HTTP is azure-core's: pass a transport=..., or a session=... of requests or aiohttp."
_PROMPT = "A prompt goes into messages=[UserMessage('...')]."
_SYSTEM = "Instructions are a message: messages=[SystemMessage('...'), UserMessage('...')]."
_TOOLS = "Functions go into tools=[ChatCompletionsToolDefinition.from_function(f)], and tool_choice=... chooses one."
_FORMAT = "Set the format of the answer with response_format=..., which also takes a type; answer.parse_as reads it."
_LIMIT = "Limit the length of the answer with max_tokens=..., or max_completion_tokens=... for reasoning models."
_INPUT = "Texts go into input=['...']."

_PHRASES: Mapping[str, tuple[str, ...]] = {
    _ENDPOINT: (
        "azure_endpoint",
        "base_url",
        "api_base",
        "server_url",
        "host",
        "url",
        "endpoint_url",
        "openai_api_base",
    ),
    _CREDENTIAL: (
        *("api_key", "key", "token", "azure_ad_token", "azure_ad_token_provider", "openai_api_key", "subscription_key"),
        *("auth_token", "token_provider", "bearer_token", "azure_credential", "credentials", "api_key_env"),
    ),
    _MODEL: (
        "azure_deployment",
        "azure_deployment_name",
        "deployment",
        "deployment_id",
        "deployment_name",
        "engine",
        "model_id",
        "model_name",
    ),
    _HEADERS: ("default_headers", "extra_headers", "http_headers", "organization", "project"),
    _QUERY: ("default_query", "extra_query"),
    _RETRIES: ("max_retries", "num_retries", "retries", "retry_config"),
    _SECONDS: ("timeout_ms", "request_timeout"),
    _EXTRAS: ("additional_kwargs", "extra_body", "model_kwargs", "thinking"),
    _TRANSPORT: ("async_client", "client", "http_async_client", "http_client"),
    _PROMPT: ("content", "input", "prompt", "query", "question", "text"),
    _SYSTEM: ("instructions", "system", "system_prompt"),
    _TOOLS: ("function_call", "functions"),
    _FORMAT: ("format", "json_mode", "json_schema", "output_type", "response_model", "schema", "text_format"),
    _LIMIT: ("max_length", "max_new_tokens", "max_output_tokens", "max_tokens_to_sample"),
    "Certificates are set with connection_verify='/path/to/ca.pem' (False trusts anybody).": ("ssl_verify", "verify"),
    "A proxy is set with proxies={{'https': 'http://proxy:8080'}}.": ("proxy", "http_proxy", "https_proxy"),
    "The endpoint's URL says which service it is, so leave it out.": (
        "api_type",
        "azure",
        "custom_llm_provider",
        "openai_api_type",
        "provider",
    ),
    "Versions go into api_version=...": ("openai_api_version", "version"),
    "Pass it to client.complete().": ("messages", "stream", "streaming"),
    "Look at requests and answers with raw_request_hook=... and raw_response_hook=..., or logging_enable=True.": (
        *("callbacks", "callback_manager", "event_hooks", "verbose", "debug"),
    ),
    "Texts that end the answer go into stop=[...].": ("stop_sequences",),
    "Set the amount of reasoning with reasoning_effort=...": ("reasoning", "thinking_budget"),
}
_EMBEDDING_PHRASES: Mapping[str, tuple[str, ...]] = {
    _INPUT: ("content", "contents", "documents", "inputs", "messages", "prompt", "query", "sentences", "text", "texts"),
}

_EITHER: Mapping[str, tuple[str, ...]] = {
    "Call client.get_model_info().": ("models", "list_models", "model_info", "get_model"),
    "Call client.close(), or use the client in a with block.": ("aclose", "shutdown", "dispose"),
    "Clients do not show their settings; client.with_defaults(...) returns one with others.": (
        *("api_key", "base_url", "model", "endpoint", "timeout", "max_retries"),
    ),
    "Headers are on the answer: answer.headers, answer.request_id, answer.rate_limits.": (
        *("with_raw_response", "with_streaming_response", "last_response"),
    ),
    "There is no method for it; client.send_request(HttpRequest(...)) sends any request, with the credential.": (
        *("assistants", "audio", "files", "fine_tuning", "images", "moderations", "realtime", "uploads"),
        *("threads", "agents"),
        *("vector_stores", "count_tokens"),
    ),
}
_COMPLETE = "Call {client}.complete(messages=[...])"
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    f"{_COMPLETE}.": (
        *("chat", "completions", "messages", "responses", "create", "chat_completions", "get_chat_completions"),
        *("generate", "generate_content", "invoke", "ainvoke", "predict", "run", "send_message", "acomplete"),
        *("completion", "acompletion", "achat", "ask", "acreate", "create_chat_completion"),
    ),
    f"{_COMPLETE[:-1]}, stream=True).": (
        *("stream", "astream", "stream_complete", "complete_stream", "stream_chat", "astream_chat"),
    ),
    f"{_COMPLETE[:-1]}, response_format=T) and read the answer with answer.parse_as(T).": (
        *("parse", "beta", "with_structured_output", "structured_predict"),
    ),
    "Use client.complete_many(conversations).": ("batch", "abatch", "batches"),
    "Use client.with_defaults(...) for other settings.": ("with_options", "bind", "copy", "bind_tools"),
    "Embeddings have a client of their own: EmbeddingsClient(endpoint, credential).embed(input=[...]).": (
        *("embed", "embeddings", "embed_documents", "embed_query", "get_embeddings"),
    ),
    **_EITHER,
}
_EMBEDDING_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "Call {client}.embed(input=[...]).": (
        *("create", "embeddings", "embed_documents", "embed_query", "encode", "get_embeddings", "invoke"),
    ),
    "Chat completions have a client of their own: ChatCompletionsClient(endpoint, credential).": (
        *("chat", "complete", "completions", "messages", "responses"),
    ),
    **_EITHER,
}

_ASYNC = "the asynchronous clients have the same names in azure.ai.inference.aio: from azure.ai.inference.aio import {}"
_CLASSES: Mapping[str, str] = {
    **{
        f"Async{name}": _ASYNC.format(name)
        for name in ("ChatCompletionsClient", "EmbeddingsClient", "ImageEmbeddingsClient")
    },
    **dict.fromkeys(("AsyncOpenAI", "AsyncAzureOpenAI", "AsyncClient"), _ASYNC.format("ChatCompletionsClient")),
    **dict.fromkeys(
        (
            *("OpenAI", "AzureOpenAI", "Client", "ChatCompletionClient", "ChatClient", "InferenceClient"),
            *("MistralAzure", "Mistral", "Anthropic", "AnthropicFoundry", "AzureChatOpenAI", "OpenAIClient"),
            *("AzureAIChatCompletionsModel", "AIProjectClient", "CompletionsClient"),
        ),
        "use ChatCompletionsClient(endpoint, credential)",
    ),
    **dict.fromkeys(("EmbeddingClient", "Embeddings"), "use EmbeddingsClient(endpoint, credential)"),
    **dict.fromkeys(("AzureKeyCredential",), "it is in azure.core.credentials"),
    **dict.fromkeys(
        (
            *(
                "UserMessage",
                "SystemMessage",
                "AssistantMessage",
                "ToolMessage",
                "DeveloperMessage",
                "JsonSchemaFormat",
            ),
            *("ChatCompletions", "StreamingChatCompletions", "StreamingChatCompletionsUpdate", "EmbeddingsResult"),
            *("ChatCompletionsToolDefinition", "FunctionDefinition", "ImageContentItem", "ImageUrl", "TextContentItem"),
        ),
        "it is in azure.ai.inference.models",
    ),
    **dict.fromkeys(("Toolset", "ToolSet"), "use azure.ai.inference.tools.Toolset"),
    **dict.fromkeys(("ToolCall", "FunctionToolCall"), "use ChatCompletionsToolCall"),
    **dict.fromkeys(("Role", "MessageRole"), "use ChatRole"),
    "Emulator": "it is in azure.ai.inference.emulator",
    **dict.fromkeys(("PromptTemplate",), "it is in azure.ai.inference.prompts"),
    **dict.fromkeys(
        ("ContentFilterError", "InferenceError", "RateLimitError", "HttpResponseError"),
        "it is in azure.ai.inference.exceptions, or azure.core.exceptions",
    ),
    **dict.fromkeys(("HumanMessage", "ChatCompletionUserMessageParam"), "use UserMessage"),
    **dict.fromkeys(("AIMessage", "ChatCompletionMessage"), "use AssistantMessage"),
    **dict.fromkeys(
        ("ChatMessage", "Message", "ChatCompletionMessageParam"),
        "use UserMessage, SystemMessage, AssistantMessage or ToolMessage, or a dict with role and content",
    ),
    **dict.fromkeys(("ChatCompletion", "ChatCompletionResponse"), "use ChatCompletions"),
    **dict.fromkeys(("ChatCompletionChunk", "CompletionChunk"), "use StreamingChatCompletionsUpdate"),
    **dict.fromkeys(("Tool", "FunctionTool", "ChatCompletionTool"), "use ChatCompletionsToolDefinition"),
    **dict.fromkeys(("ImageContent", "ImageURL"), "use ImageContentItem(image_url=ImageUrl(...))"),
    **dict.fromkeys(("TextContent",), "use TextContentItem"),
}


def _find(phrases: Mapping[str, tuple[str, ...]], name: str) -> str:
    return next((phrase for phrase, names in phrases.items() if name in names), "")


def keyword_hint(function: str, name: str) -> str:
    """Return the counterpart of another library's keyword argument.

    :param function: The function that was called, such as "ChatCompletionsClient.complete()".
    :param name: The keyword.
    :return: A sentence; empty if no library has the keyword.
    """
    client = function.partition("(")[0].partition(".")[0]
    phrase = _find(_EMBEDDING_PHRASES, name) if "Embeddings" in client else ""
    return (phrase or _find(_PHRASES, name)).format(client=client)


def missing_client_attribute(client: str, name: str) -> AttributeError:
    """Return the error for an attribute that a client does not have.

    :param client: The name of the client's class.
    :param name: The attribute. If another library's client has a method of that name, the error says what to use here.
    """
    hint = _find(_EMBEDDING_ATTRIBUTES if "Embeddings" in client else _ATTRIBUTES, name).format(client="client")
    text = f"{client!r} object has no attribute {name!r}"
    return AttributeError(f"{text}. {hint}" if hint else text)


def missing_attribute(module: str, name: str) -> Exception:
    """Return the error for a name that a module does not have.

    :param module: The module.
    :param name: The name. If another library has a class of that name, the error says what to use here.
    """
    return missing_in_module(module, name, _CLASSES.get(name))


def missing_arguments(client: str, missing: Iterable[str], options: Iterable[str]) -> TypeError:
    """Return the error for a client built without endpoint or credential.

    :param client: The name of the client's class.
    :param missing: The missing arguments.
    :param options: The keyword arguments that were passed.
    """
    names = " and ".join(missing)
    function = f"{client}()"
    hints = {hint: None for name in options if (hint := keyword_hint(function, name))}
    advice = list(hints) or [f"Write {client}(endpoint, credential)."]
    if names == "credential" and not hints:
        advice.append(NO_KEY_CHECKED)
    return TypeError(f"{function} is missing {names}. {' '.join(advice)}")
