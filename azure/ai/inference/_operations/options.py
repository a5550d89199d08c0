"""Options, each declared once.

`ChatOptions` and the like type the constructors' defaults and the calls' overrides, order the request body, and
document themselves. `RequestOptions` and `ClientOptions` are azure-core's keyword arguments. `None` means "not given".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Union

from typing_extensions import Required

T = TypeVar("T")

if TYPE_CHECKING:
    from azure.core.serialization import _Null

    from ..models._enums import ChatCompletionsToolChoicePreset, EmbeddingEncodingFormat, EmbeddingInputType
    from ..models._format import ResponseFormat
    from ..models._tools import ChatCompletionsNamedToolChoice, ChatCompletionsToolDefinition

    Setting = Union[T, _Null, None]
    """A value, `azure.core.serialization.NULL` for an explicit JSON null, or `None` for "not set"."""

    # Known values are literals next to `str`: editors complete them, and services may accept others at any time.
    ToolChoice = Literal["auto", "none", "required", "any"]
    ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]
    Verbosity = Literal["low", "medium", "high"]
    Modality = Literal["text", "audio"]
    ServiceTier = Literal["auto", "default", "flex", "priority"]
    AudioFormat = Literal["wav", "mp3", "flac", "opus", "pcm16", "aac"]

    class ToolCallFunction(TypedDict):
        """The function of a tool call, in a message that is a dict."""

        name: str
        arguments: str

    class ToolCall(TypedDict):
        """A tool call, in a message that is a dict."""

        id: str
        type: Literal["function"]
        function: ToolCallFunction

    class MessageDict(TypedDict, total=False):
        """A message that is a dict."""

        role: Required[Literal["system", "developer", "user", "assistant", "tool"]]
        content: str | Sequence[Mapping[str, Any]] | None
        """The text, or a list of content items."""
        name: str
        tool_calls: Sequence[ToolCall | Mapping[str, Any]]
        """In an assistant message: the calls it requested."""
        tool_call_id: str
        """In a tool message: the id of the call it answers."""

    class StreamOptions(TypedDict, total=False):
        """Options of a streamed answer."""

        include_usage: bool
        """Whether the last update reports the token usage."""
        include_obfuscation: bool
        """Whether updates are padded to hide their length from eavesdroppers; OpenAI's default is True."""

    class AudioOptions(TypedDict, total=False):
        """Voice and format of audio output."""

        voice: str
        """The name of the voice, such as "alloy"."""
        format: AudioFormat | str
        """The format of the audio."""

    class Prediction(TypedDict):
        """Text that the answer is expected to repeat for the most part."""

        type: Literal["content"]
        content: str | Sequence[Mapping[str, Any]]
        """The text, or a list of text items."""
else:

    class Setting:
        def __class_getitem__(cls, value: Any) -> Any:
            return value

    # Imports are on a budget, and nothing looks at the members at run time.
    MessageDict = StreamOptions = AudioOptions = Prediction = Mapping[str, Any]
    ToolChoice = ReasoningEffort = Verbosity = Modality = ServiceTier = str


Messages = Iterable[Union[MessageDict, Mapping[str, Any]]]
Body = Union[Mapping[str, Any], bytes, IO[bytes]]


class ChatOptions(TypedDict, total=False):
    """Settings of a chat completion: defaults of a client, and overrides of a call."""

    frequency_penalty: Setting[float]
    """-2 to 2. Positive values make tokens less likely the more often they have occurred."""
    max_tokens: Setting[int]
    """Maximum number of tokens in the answer. OpenAI's reasoning models need `max_completion_tokens` instead."""
    model: Setting[str]
    """Name of the model or deployment, for endpoints that serve several."""
    presence_penalty: Setting[float]
    """-2 to 2. Positive values make tokens that have occurred less likely."""
    response_format: Setting["ResponseFormat"]
    """"text" (the default), "json_object", a `JsonSchemaFormat`, the JSON object that the service expects, or a type: a
    dataclass, a TypedDict, a pydantic model. `ChatCompletions.parse_as` reads the answer as that type."""
    seed: Setting[int]
    """Makes sampling repeatable, as far as the service can."""
    stop: Setting[str | Sequence[str]]
    """Texts that end the answer, not included in it; OpenAI allows up to 4. Some services also accept a str."""
    temperature: Setting[float]
    """0 to 1, for some models to 2. Higher values make sampling more random. Change this or `top_p`, not both."""
    tool_choice: Setting[
        "ToolChoice | str | ChatCompletionsToolChoicePreset | ChatCompletionsNamedToolChoice | Mapping[str, Any]"
    ]
    """Whether tools may be called: "auto" (the default with tools), "none", "required" (for Mistral's models also
    "any", which means the same), or a specific tool."""
    tools: Setting["Sequence[ChatCompletionsToolDefinition | Mapping[str, Any]]"]
    """The tools that the model may call."""
    top_p: Setting[float]
    """0 to 1. Only the most likely tokens that add up to this probability are considered."""
    max_completion_tokens: Setting[int]
    """Maximum number of tokens for reasoning and answer together; for OpenAI's reasoning models."""
    reasoning_effort: Setting[ReasoningEffort | str]
    """How much to reason: "none", "minimal", "low", "medium", "high" or "xhigh"; each model supports some of them."""
    verbosity: Setting[Verbosity | str]
    """Length of answers: "low", "medium" (the default) or "high"; for OpenAI's models from GPT-5 on."""
    n: Setting[int]
    """Number of answers, 1 by default."""
    logprobs: Setting[bool]
    """Whether to return log probabilities of the answer's tokens."""
    top_logprobs: Setting[int]
    """0 to 20. Number of likely tokens to return for each position; requires `logprobs`."""
    logit_bias: Setting[Mapping[str, float]]
    """Token ids, each with a bias from -100 to 100."""
    parallel_tool_calls: Setting[bool]
    """Whether one answer may call several tools, True by default."""
    stream_options: Setting[StreamOptions | Mapping[str, Any]]
    """`{"include_usage": True}` makes the last update report the token usage."""
    prediction: Setting[Prediction | Mapping[str, Any]]
    """Text that the answer is expected to repeat for the most part: `{"type": "content", "content": "..."}`."""
    modalities: Setting[Sequence[Modality | str]]
    """Kinds of output: "text", "audio"."""
    audio: Setting[AudioOptions | Mapping[str, Any]]
    """Voice and format of audio output: `{"voice": "alloy", "format": "wav"}`."""
    metadata: Setting[Mapping[str, Any]]
    """Names and values to keep with a stored completion; OpenAI allows 16, of up to 64 and 512 characters."""
    store: Setting[bool]
    """Whether the service stores the completion for later use."""
    user: Setting[str]
    """An identifier of the end user, for abuse detection."""
    service_tier: Setting[ServiceTier | str]
    """Service tier: "auto", "default", "flex" or "priority"."""
    safety_identifier: Setting[str]
    """A stable identifier of the end user that does not reveal who they are, for abuse detection."""
    prompt_cache_key: Setting[str]
    """Requests with the same key and a long common beginning are more likely to hit the prompt cache."""
    min_tokens: Setting[int]
    """Minimum number of tokens in the answer. This option and those below are for Mistral's models."""
    random_seed: Setting[int]
    """0 or more. Makes sampling repeatable, as `seed` does for other models."""
    repetition_penalty: Setting[float]
    """Values above 1 make tokens that have occurred less likely."""
    top_k: Setting[int]
    """Number of most likely tokens to consider."""
    prompt_logprobs: Setting[bool]
    """Whether to return log probabilities of the prompt's tokens."""
    top_prompt_logprobs: Setting[int]
    """Number of likely tokens to return for each position of the prompt; requires `prompt_logprobs`."""
    prompt_mode: Setting[str]
    """"reasoning" puts the instructions for reasoning models before the conversation."""
    guardrails: Setting[Sequence[Mapping[str, Any]]]
    """Moderation of prompt and answer, such as `[{"block_on_error": True, "moderation_llm_v1": {...}}]`."""
    safe_prompt: Setting[bool]
    """Whether safety instructions are put before the conversation, False by default."""
    model_extras: Mapping[str, Any] | None
    """Additional members of the request body that only the model knows. A call's replace the client's, unless empty."""
    api: Literal["auto", "chat", "responses", "messages"] | None
    """The API to call: "chat" for chat completions, "responses" for OpenAI's Responses API, "messages" for Anthropic's
    Messages API, or "auto" (the default): the API named by the endpoint's URL, else chat completions, and the Responses
    API for models that refuse these. Claude on an Azure resource uses the Messages API. Requests and answers have the
    same form with each. Never part of a request."""


class EmbeddingOptions(TypedDict, total=False):
    """Settings of embeddings: defaults of a client, and overrides of a call."""

    dimensions: Setting[int]
    """Number of dimensions of each embedding, for models that let you choose."""
    encoding_format: Setting["str | EmbeddingEncodingFormat"]
    """Encoding of embeddings on the wire: "float" (the default), "base64", "int8", "uint8", "binary", "ubinary"."""
    input_type: Setting["str | EmbeddingInputType"]
    """What the embeddings are for: "text", "query" or "document"."""
    model: Setting[str]
    """Name of the model or deployment, for endpoints that serve several."""
    user: Setting[str]
    """An identifier of the end user, for abuse detection."""
    model_extras: Mapping[str, Any] | None
    """Additional members of the request body that only the model knows. A call's replace the client's, unless empty."""


class RequestOptions(TypedDict, total=False):
    """Keyword arguments of every call, passed to azure-core's pipeline: https://aka.ms/azsdk/python/options."""

    headers: Mapping[str, str] | None
    """Headers to add; the client's own take precedence."""
    params: Mapping[str, str] | None
    """Query parameters to add."""
    content_type: str | None
    """Media type of the body, "application/json" by default."""
    api_version: str | None
    """The api-version of this call; `None` sends none."""
    error_map: Mapping[int, Any] | None
    """Exception classes to raise by status, instead of the usual ones."""
    cls: Callable[..., Any] | None
    """Called with the pipeline's response, the result and a dict of headers; the call returns what it returns."""
    raw_request_hook: Callable[..., Any] | None
    """Called with each `PipelineRequest` before it is sent."""
    raw_response_hook: Callable[..., Any] | None
    """Called with each `PipelineResponse`."""
    timeout: float | None
    """Seconds for the whole call: its attempts, the waits between them, and reading the stream."""
    connection_timeout: float | None
    """Seconds to wait for a connection, 10 by default."""
    read_timeout: float | None
    """Seconds to wait for the next bytes, 300 by default."""
    connection_verify: bool | str | None
    """Path of the certificates to trust; False disables verification."""
    connection_cert: Any
    """A client certificate: its path, or the paths of certificate and key."""
    proxies: Mapping[str, str] | None
    """Proxy URLs by scheme, instead of those of the environment."""
    request_id: str | None
    """Value of `x-ms-client-request-id`, a random UUID by default; `None` sends none."""
    client_request_id: str | None
    """Alias of `request_id`."""
    user_agent: str | None
    """Text to put before the user agent."""
    user_agent_overwrite: bool
    """Whether a `user_agent` passed to the same call replaces the default one instead of extending it."""
    logging_enable: bool
    """Whether requests and responses are logged in full at DEBUG, without credentials."""
    enforce_https: bool
    """Whether credentials are refused over plain http to hosts other than this machine, True by default."""
    permit_redirects: bool
    """Whether redirects are followed, True by default."""
    redirect_max: int
    """Maximum number of redirects, 30 by default."""
    retry_total: int
    """Maximum number of retries, 10 by default."""
    retry_connect: int
    """Maximum number of retries after failed connections, 3 by default."""
    retry_read: int
    """Maximum number of retries after connections that broke before the response, 3 by default. If given, also after
    read timeouts."""
    retry_status: int
    """Maximum number of retries after retryable statuses, 3 by default."""
    retry_backoff_factor: float
    """Base of the waits between retries in seconds, 0.8 by default."""
    retry_backoff_max: float
    """Longest wait in seconds, even if the service asks for more, 120 by default."""
    retry_backoff_exponent: float | None
    """1 to 100. Each wait is this many times longer than the last, 2 by default. If given, the first wait is
    `retry_backoff_factor` seconds; otherwise the first retry does not wait."""
    retry_mode: str
    """How waits grow: "exponential", each twice the last (the default), or "fixed". The first retry does not wait."""
    retry_on_methods: Iterable[str]
    """HTTP methods to retry, including POST by default."""
    retry_on_status_codes: Iterable[int]
    """Statuses to retry besides 408, 429, 500, 502, 503, 504, 520, 522, 524 and 529."""
    tracing_options: Mapping[str, Any]
    """Options of azure-core's tracing."""
    http_logging_level: int
    """Level of azure-core's log of requests and responses."""
    logger: Any
    """Logger of azure-core's log of requests and responses."""


class ClientOptions(RequestOptions, total=False):
    """Keyword arguments of the constructors: those of each call, and settings of the pipeline."""

    credential_scopes: str | Sequence[str] | None
    """Entra ID scopes, instead of the endpoint's own."""
    audience: str | None
    """Entra ID audience, another way to name a scope."""
    route: Literal["models"] | None
    """"models" keeps calling the retired Model Inference route of an Azure resource."""
    transport: Any
    """An azure-core transport to use instead of the default one."""
    policies: Any
    """Policies to use instead of all default ones."""
    per_call_policies: Any
    """A policy, or a list of policies, to run once for each call."""
    per_retry_policies: Any
    """A policy, or a list of policies, to run for each attempt."""
    headers_policy: Any
    """Replaces the policy that adds `headers`."""
    user_agent_policy: Any
    """Replaces the policy that writes the user agent."""
    proxy_policy: Any
    """Replaces the policy that passes `proxies` on."""
    redirect_policy: Any
    """Replaces the policy that follows redirects and removes credentials for other origins."""
    retry_policy: Any
    """Replaces the policy that retries."""
    custom_hook_policy: Any
    """Replaces the policy that calls `raw_request_hook` and `raw_response_hook`."""
    authentication_policy: Any
    """Replaces the policy that adds the credential."""
    logging_policy: Any
    """Replaces the policy that logs requests and responses in full with `logging_enable`."""
    http_logging_policy: Any
    """Replaces the policy that logs the heads of requests and responses at INFO."""
    auto_request_id: bool
    """Whether requests get an `x-ms-client-request-id`, True by default."""
    sdk_moniker: str
    """What the user agent says about this library; its name and version by default."""
    user_agent_use_env: bool
    """Whether AZURE_HTTP_USER_AGENT is appended to the user agent, True by default."""
    application_id: str | None
    """Alias of `user_agent`."""
    redirect_remove_headers: Iterable[str]
    """Headers to remove on every redirect."""
    redirect_on_status_codes: Iterable[int]
    """Statuses to follow as redirects besides 300, 301, 302, 303, 307 and 308."""
    blocked_redirect_headers: Sequence[str]
    """Headers to keep from other origins, besides those that carry credentials."""
    disable_redirect_cleanup: bool
    """Whether credentials and bodies may follow a redirect to another origin, False by default."""
    connection_data_block_size: int
    """Number of bytes to read at a time."""
    use_env_settings: bool
    """Whether proxies and certificates are taken from the environment, True by default."""
    additional_allowed_query_params: Iterable[str]
    """Query parameters whose values appear in azure-core's spans; other values are replaced by "REDACTED"."""
    polling_interval: Any
    """Accepted as by every Azure client; no operation here polls."""
    session: Any
    """A session of the HTTP library for the default transport: one of requests, or of aiohttp."""
    session_owner: bool
    """Whether closing the client also closes that session, True by default."""


class CompleteOptions(ChatOptions, RequestOptions, total=False):
    """Keyword arguments of `complete`."""


class EmbedOptions(EmbeddingOptions, RequestOptions, total=False):
    """Keyword arguments of `embed`."""


class EmbeddingsClientOptions(EmbeddingOptions, ClientOptions, total=False):
    """Keyword arguments of an embeddings client's constructor."""


class ChatClientOptions(ChatOptions, ClientOptions, total=False):
    """Keyword arguments of a chat client's constructor."""


def names(*options: Any) -> tuple[str, ...]:
    """Return the names of the options that TypedDicts declare, in order."""
    return tuple(name for option in options for name in option.__annotations__)


CHAT_SETTINGS = names(ChatOptions)
EMBEDDING_SETTINGS = names(EmbeddingOptions)


def merge(defaults: Mapping[str, Any], overrides: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """Merge a call's settings over a client's, in the order of `settings`, without those that are `None`.

    :param defaults: The client's; none of them is `None`.
    :param overrides: The call's keyword arguments.
    :param settings: The names of the settings.
    """
    merged = {**defaults, **{name: value for name, value in overrides.items() if value is not None}}
    return {name: merged[name] for name in settings if name in merged}


def choose_extras(defaults: Mapping[str, Any] | None, overrides: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the extra members of a call, or else those of the client, without those that are `None`.

    A call's extras replace the client's as a whole, as in the betas, where an empty set counts as not given.
    """
    return {name: value for name, value in (overrides or defaults or {}).items() if value is not None}


def unknown_keyword(function: str, name: str, known: Iterable[str]) -> TypeError:
    """Build the error for an unknown keyword argument.

    :param function: The function that was called.
    :param name: The unknown keyword.
    :param known: The keywords that might have been meant.
    """
    from difflib import get_close_matches

    from .other_libraries import keyword_hint

    hint = keyword_hint(function, name)
    if hint:
        return TypeError(f"{function} got an unexpected keyword argument {name!r}. {hint}")
    close = get_close_matches(name, known, n=1, cutoff=0.7)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    extras = f" If only the model knows it, pass model_extras={{{name!r}: ...}}."
    return TypeError(f"{function} got an unexpected keyword argument {name!r}.{guess}{extras}")
