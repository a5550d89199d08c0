"""The names of other libraries, and what they are called here.

People arrive with code and habits from openai, mistralai, anthropic, LangChain and the portal's samples. An error about
one of their names says which one works here. This module is loaded only to explain a mistake.
"""

from collections.abc import Iterable, Mapping

_ENDPOINT = "The URL is the first argument: {client}(endpoint, credential)."
_CREDENTIAL = "The key or token credential is the second argument: {client}(endpoint, credential)."
_MODEL = "The model or deployment is named with model=..."
_HEADERS = "Headers go into headers={{...}}."
_QUERY = "Members of the query go into params={{...}}."
_RETRIES = "Retries are set with retry_total=... (0 for none), and waits with retry_backoff_factor=..."
_SECONDS = (
    "Timeouts are in seconds: timeout=... for the whole call, connection_timeout=... and read_timeout=... within it."
)
_EXTRAS = "Members that only the model knows go into model_extras={{...}}."
_TRANSPORT = "HTTP is azure-core's: pass a transport=..., or a session=... of requests or aiohttp."
_PROMPT = "A prompt goes into messages=[UserMessage('...')]."
_SYSTEM = "Instructions are a message: messages=[SystemMessage('...'), UserMessage('...')]."
_TOOLS = "Functions go into tools=[ChatCompletionsToolDefinition.from_function(f)], and tool_choice=... chooses one."
_FORMAT = "The form of the answer is set with response_format=..., which takes a type too; answer.parse_as reads it."
_LIMIT = "The length of the answer is limited with max_tokens=..., or max_completion_tokens=... for reasoning models."
_INPUT = "Texts go into input=['...']."

_PHRASES: Mapping[str, tuple[str, ...]] = {
    _ENDPOINT: ("azure_endpoint", "base_url", "api_base", "server_url", "host", "url"),
    _CREDENTIAL: (
        *("api_key", "key", "token", "azure_ad_token", "azure_ad_token_provider", "openai_api_key", "subscription_key"),
        *("auth_token", "token_provider", "bearer_token"),
    ),
    _MODEL: ("azure_deployment", "deployment", "deployment_id", "deployment_name", "engine", "model_id", "model_name"),
    _HEADERS: ("default_headers", "extra_headers", "http_headers", "organization", "project"),
    _QUERY: ("default_query", "extra_query"),
    _RETRIES: ("max_retries", "num_retries", "retries", "retry_config"),
    _SECONDS: ("timeout_ms", "request_timeout"),
    _EXTRAS: ("additional_kwargs", "extra_body", "model_kwargs", "thinking"),
    _TRANSPORT: ("async_client", "client", "http_async_client", "http_client"),
    _PROMPT: ("content", "input", "prompt", "query", "question", "text"),
    _SYSTEM: ("instructions", "system", "system_prompt"),
    _TOOLS: ("function_call", "functions"),
    _FORMAT: ("format", "output_type", "response_model", "schema", "text_format"),
    _LIMIT: ("max_length", "max_new_tokens", "max_output_tokens", "max_tokens_to_sample"),
    "Texts that end the answer go into stop=[...].": ("stop_sequences",),
    "How much a model thinks is set with reasoning_effort=...": ("reasoning", "thinking_budget"),
}
_EMBEDDING_PHRASES: Mapping[str, tuple[str, ...]] = {
    _INPUT: ("content", "contents", "documents", "inputs", "messages", "prompt", "query", "sentences", "text", "texts"),
}

_COMPLETE = "Call {client}.complete(messages=[...])"
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    f"{_COMPLETE}.": (
        *("chat", "completions", "messages", "responses", "create", "chat_completions", "get_chat_completions"),
        *("generate", "generate_content", "invoke", "ainvoke", "predict", "run", "send_message", "acomplete"),
    ),
    f"{_COMPLETE[:-1]}, stream=True).": ("stream", "astream", "stream_complete", "complete_stream"),
    f"{_COMPLETE[:-1]}, response_format=T) and read the answer with answer.parse_as(T).": ("parse", "beta"),
    "Use client.complete_many(conversations).": ("batch", "abatch", "batches"),
    "Use client.with_defaults(...) for other settings.": ("with_options", "bind", "copy", "bind_tools"),
    "Embeddings have a client of their own: EmbeddingsClient(endpoint, credential).embed(input=[...]).": (
        *("embed", "embeddings", "embed_documents", "embed_query", "get_embeddings"),
    ),
    "Call client.get_model_info().": ("models", "list_models", "model_info", "get_model"),
}
_EMBEDDING_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "Call {client}.embed(input=[...]).": (
        *("create", "embeddings", "embed_documents", "embed_query", "encode", "get_embeddings", "invoke"),
    ),
    "Chat completions have a client of their own: ChatCompletionsClient(endpoint, credential).": (
        *("chat", "complete", "completions", "messages", "responses"),
    ),
    "Call client.get_model_info().": ("models", "list_models", "model_info", "get_model"),
}

_ASYNC = "the asynchronous clients have the same names in azure.ai.inference.aio: from azure.ai.inference.aio import {}"
_CLASSES: Mapping[str, str] = {
    **{
        f"Async{name}": _ASYNC.format(name)
        for name in ("ChatCompletionsClient", "EmbeddingsClient", "ImageEmbeddingsClient")
    },
    **dict.fromkeys(("AsyncOpenAI", "AsyncAzureOpenAI", "AsyncClient"), _ASYNC.format("ChatCompletionsClient")),
    **dict.fromkeys(
        ("OpenAI", "AzureOpenAI", "Client", "ChatCompletionClient", "ChatClient", "InferenceClient", "MistralAzure"),
        "use ChatCompletionsClient(endpoint, credential)",
    ),
    **dict.fromkeys(("EmbeddingClient", "Embeddings"), "use EmbeddingsClient(endpoint, credential)"),
    **dict.fromkeys(("AzureKeyCredential",), "it is in azure.core.credentials"),
    **dict.fromkeys(("UserMessage", "SystemMessage", "AssistantMessage"), "it is in azure.ai.inference.models"),
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
    """Return what a keyword argument of another library is called here.

    :param function: What was called, such as "ChatCompletionsClient.complete()".
    :param name: The keyword.
    :return: A sentence; empty if the keyword is no library's.
    """
    client = function.partition("(")[0].partition(".")[0]
    phrase = _find(_EMBEDDING_PHRASES, name) if "Embeddings" in client else ""
    return (phrase or _find(_PHRASES, name)).format(client=client)


def attribute_hint(client: str, name: str) -> str:
    """Return what a method of another library's client is called here.

    :param client: The name of the client's class.
    :param name: The attribute.
    :return: A sentence; empty if the attribute is no library's.
    """
    attributes = _EMBEDDING_ATTRIBUTES if "Embeddings" in client else _ATTRIBUTES
    return _find(attributes, name).format(client="client")


def missing_attribute(module: str, name: str) -> Exception:
    """Return the error for a name that a module does not have.

    :param module: The module.
    :param name: The name. If it is that of a class of another library, the error says what to use here.
    """
    hint = _CLASSES.get(name)
    if hint is None:
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    # Not an AttributeError: `from module import name` would replace its text with Python's own.
    return ImportError(f"{module} has no {name!r}: {hint}", name=module)


def missing_arguments(client: str, missing: Iterable[str], options: Iterable[str]) -> TypeError:
    """Return the error for a client that is built without its endpoint or its credential.

    :param client: The name of the client's class.
    :param missing: The missing arguments.
    :param options: The keyword arguments that were passed.
    """
    names = " and ".join(missing)
    function = f"{client}()"
    hints = {hint: None for name in options if (hint := keyword_hint(function, name))}
    told = list(hints) or [f"Write {client}(endpoint, credential)."]
    return TypeError(f"{function} is missing {names}. {' '.join(told)}")
