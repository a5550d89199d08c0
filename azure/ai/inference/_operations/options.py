"""Options, each declared once.

`ChatOptions` and its like type the constructors' defaults and the calls' overrides, order the request's body, and
document themselves. `RequestOptions` and `ClientOptions` are azure-core's keyword arguments. `None` means "not said".
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, wraps
from types import FunctionType, MappingProxyType
from typing import IO, TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Union, cast

from typing_extensions import Required

from .._model_fields import Setting
from ..models._enums import ChatCompletionsToolChoicePreset, EmbeddingEncodingFormat, EmbeddingInputType
from ..models._format import ResponseFormat
from ..models._tools import ChatCompletionsNamedToolChoice, ChatCompletionsToolDefinition

F = TypeVar("F", bound=Callable[..., Any])


if TYPE_CHECKING:
    # Values that are known are literals beside `str`: editors complete them, and services may take others at any time.
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
        """In an assistant's message: the calls that it asked for."""
        tool_call_id: str
        """In a tool's message: the call that it answers."""

    class StreamOptions(TypedDict, total=False):
        """Options of a streamed answer."""

        include_usage: bool
        """Whether the last update reports the usage."""
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
        """The text, or text items."""
else:
    # Importing the package is on a budget, and nothing looks at the members at run time.
    MessageDict = StreamOptions = AudioOptions = Prediction = Mapping[str, Any]
    ToolChoice = ReasoningEffort = Verbosity = Modality = ServiceTier = str


Messages = Iterable[Union[MessageDict, Mapping[str, Any]]]
Body = Union[Mapping[str, Any], bytes, IO[bytes]]


class ChatOptions(TypedDict, total=False):
    """Settings of a chat completion: a client's defaults, and what a call has in their place."""

    frequency_penalty: Setting[float]
    """-2 to 2: above 0, tokens become less likely the more often they have occurred."""
    max_tokens: Setting[int]
    """The most tokens that the answer may have. OpenAI's reasoning models want `max_completion_tokens`."""
    model: Setting[str]
    """Name of the model or deployment, where the endpoint serves more than one."""
    presence_penalty: Setting[float]
    """-2 to 2: above 0, tokens that have occurred become less likely."""
    response_format: Setting[ResponseFormat]
    """"text" (the default), "json_object", a `JsonSchemaFormat`, the JSON object that the service takes, or a type: a
    dataclass, a TypedDict, a pydantic model. `ChatCompletions.parse_as` reads the answer as that type."""
    seed: Setting[int]
    """Makes sampling repeatable, as far as the service can."""
    stop: Setting[str | Sequence[str]]
    """Texts at which the answer ends, without them; OpenAI takes 4 at most. Some services take a single str too."""
    temperature: Setting[float]
    """0 to 1, for some models to 2: how random the choice of tokens is. Change this or `top_p`, not both."""
    tool_choice: Setting[
        ToolChoice | str | ChatCompletionsToolChoicePreset | ChatCompletionsNamedToolChoice | Mapping[str, Any]
    ]
    """Whether tools may be called: "auto" (the default with tools), "none", "required" (of Mistral's models also "any",
    which is the same), or a certain one."""
    tools: Setting[Sequence[ChatCompletionsToolDefinition | Mapping[str, Any]]]
    """The tools that the model may call."""
    top_p: Setting[float]
    """0 to 1: only the likeliest tokens that make up this much probability are considered."""
    max_completion_tokens: Setting[int]
    """The most tokens that thinking and answer may have together; OpenAI's reasoning models."""
    reasoning_effort: Setting[ReasoningEffort | str]
    """How much to think: "none", "minimal", "low", "medium", "high", "xhigh"; which of them, the model decides."""
    verbosity: Setting[Verbosity | str]
    """How long answers are: "low", "medium" (the default), "high"; OpenAI's models from GPT-5 on."""
    n: Setting[int]
    """How many answers to give, 1 by default."""
    logprobs: Setting[bool]
    """Whether to tell the log probabilities of the answer's tokens."""
    top_logprobs: Setting[int]
    """0 to 20: how many likely tokens to tell for each place; needs `logprobs`."""
    logit_bias: Setting[Mapping[str, float]]
    """Token ids, each with a bias from -100 to 100."""
    parallel_tool_calls: Setting[bool]
    """Whether several tools may be called in one answer, True by default."""
    stream_options: Setting[StreamOptions | Mapping[str, Any]]
    """`{"include_usage": True}` has a last update tell the usage."""
    prediction: Setting[Prediction | Mapping[str, Any]]
    """Text that much of the answer is known to repeat: `{"type": "content", "content": "..."}`."""
    modalities: Setting[Sequence[Modality | str]]
    """Kinds of output: "text", "audio"."""
    audio: Setting[AudioOptions | Mapping[str, Any]]
    """Voice and format of audio output: `{"voice": "alloy", "format": "wav"}`."""
    metadata: Setting[Mapping[str, Any]]
    """Names and values to keep with a stored completion: for OpenAI 16 texts at most, of 64 and 512 characters."""
    store: Setting[bool]
    """Whether the service keeps the completion for later use."""
    user: Setting[str]
    """A name for the end user, to find abuse."""
    service_tier: Setting[ServiceTier | str]
    """The tier to be served in: "auto", "default", "flex", "priority"."""
    safety_identifier: Setting[str]
    """A stable name for the end user that tells nothing of them, to find abuse."""
    prompt_cache_key: Setting[str]
    """Requests that share a key and a long beginning are likelier to be served from the prompt cache."""
    min_tokens: Setting[int]
    """The fewest tokens that the answer may have. This and what follows: Mistral's models."""
    random_seed: Setting[int]
    """0 or more: makes sampling repeatable; what `seed` is to other models."""
    repetition_penalty: Setting[float]
    """Above 1, tokens that have occurred become less likely."""
    top_k: Setting[int]
    """Only as many of the likeliest tokens are considered."""
    prompt_logprobs: Setting[bool]
    """Whether to tell the log probabilities of the prompt's tokens."""
    top_prompt_logprobs: Setting[int]
    """How many likely tokens to tell for each place of the prompt; needs `prompt_logprobs`."""
    prompt_mode: Setting[str]
    """"reasoning" puts the instructions for reasoning models before the conversation."""
    guardrails: Setting[Sequence[Mapping[str, Any]]]
    """Moderation of prompt and answer, as `[{"block_on_error": True, "moderation_llm_v1": {...}}]`."""
    safe_prompt: Setting[bool]
    """Whether instructions to be safe are put before the conversation, False by default."""
    model_extras: Mapping[str, Any] | None
    """Further members of the request, as the model knows them. A call's replace the client's, unless they are empty."""
    api: Literal["auto", "chat", "responses", "messages"] | None
    """The API that is called: "chat" for chat completions, "responses" for OpenAI's Responses API, "messages" for
    Anthropic's Messages API, or "auto" (the default): what the endpoint's URL says, else chat completions, and the
    Responses API for models that refuse these. Claude on an Azure resource is called by the Messages API. Requests and
    answers have the same form with each. Never part of a request."""


class EmbeddingOptions(TypedDict, total=False):
    """Settings of embeddings: a client's defaults, and what a call has in their place."""

    dimensions: Setting[int]
    """How many dimensions each embedding shall have, where the model can choose."""
    encoding_format: Setting[str | EmbeddingEncodingFormat]
    """How embeddings come over the wire: "float" (the default), "base64", "int8", "uint8", "binary", "ubinary"."""
    input_type: Setting[str | EmbeddingInputType]
    """What they are for: "text", "query" or "document"."""
    model: Setting[str]
    """Name of the model or deployment, where the endpoint serves more than one."""
    user: Setting[str]
    """A name for the end user, to find abuse."""
    model_extras: Mapping[str, Any] | None
    """Further members of the request, as the model knows them. A call's replace the client's, unless they are empty."""


class RequestOptions(TypedDict, total=False):
    """Keyword arguments of every call that go to azure-core's pipeline: https://aka.ms/azsdk/python/options."""

    headers: Mapping[str, str] | None
    """Headers to add; the client's own win."""
    params: Mapping[str, str] | None
    """Members to add to the query."""
    content_type: str | None
    """Media type of the body, "application/json" by default."""
    api_version: str | None
    """The api-version of this call; `None` sends none."""
    error_map: Mapping[int, Any] | None
    """Exception classes by status, instead of the usual ones."""
    cls: Callable[..., Any] | None
    """Called with the pipeline's response, the result and a dict of headers; what it returns is returned."""
    raw_request_hook: Callable[..., Any] | None
    """Called with each `PipelineRequest` before it is sent."""
    raw_response_hook: Callable[..., Any] | None
    """Called with the `PipelineResponse`."""
    timeout: float | None
    """Seconds until the whole call must be over: its attempts, the waits between them, and reading the stream."""
    connection_timeout: float | None
    """Seconds to wait for a connection, 10 by default."""
    read_timeout: float | None
    """Seconds to wait for the next bytes, 300 by default."""
    connection_verify: bool | str | None
    """A path to certificates to trust; False trusts anybody."""
    connection_cert: Any
    """A client certificate: its path, or the paths of certificate and key."""
    proxies: Mapping[str, str] | None
    """Proxy URLs by scheme, instead of the environment's."""
    request_id: str | None
    """Value of `x-ms-client-request-id`, a random UUID by default; `None` sends none."""
    client_request_id: str | None
    """Another name of `request_id`."""
    user_agent: str | None
    """A text in front of the user agent."""
    user_agent_overwrite: bool
    """Whether a `user_agent` that is given with it, in a call, stands alone."""
    logging_enable: bool
    """Whether requests and answers are logged in full at DEBUG, but for credentials."""
    enforce_https: bool
    """Whether credentials are refused over plain http to other hosts than this machine, True by default."""
    permit_redirects: bool
    """Whether redirects are followed, True by default."""
    redirect_max: int
    """How many redirects are followed, 30 by default."""
    retry_total: int
    """The most retries, 10 by default."""
    retry_connect: int
    """The most retries after a connection failed, 3 by default."""
    retry_read: int
    """The most retries after a connection broke before the answer, 3 by default. Said, also after read timeouts."""
    retry_status: int
    """The most retries after a status that suggests it, 3 by default."""
    retry_backoff_factor: float
    """Seconds that waits grow from, 0.8 by default."""
    retry_backoff_max: float
    """The longest wait in seconds, also when the service asks for more, 120 by default."""
    retry_backoff_exponent: float | None
    """1 to 100: how many times longer than the last each wait is, 2 by default. Said, the first wait is
    `retry_backoff_factor` seconds; not said, the first retry does not wait."""
    retry_mode: str
    """How waits go on: "exponential", each twice the last (the default), or "fixed". The first retry does not wait."""
    retry_on_methods: Iterable[str]
    """HTTP methods that are retried, with POST by default."""
    retry_on_status_codes: Iterable[int]
    """Statuses that are retried besides 408, 429, 500, 502, 503, 504 and 529."""
    tracing_options: Mapping[str, Any]
    """Options of azure-core's tracing."""
    http_logging_level: int
    """Level of azure-core's request and response log."""
    logger: Any
    """Logger of azure-core's request and response log."""


class ClientOptions(RequestOptions, total=False):
    """Keyword arguments of the constructors: those of each call, and how the pipeline is built."""

    credential_scopes: str | Sequence[str] | None
    """Entra ID scopes, where the endpoint's own are not the ones."""
    audience: str | None
    """Entra ID audience, another way to name a scope."""
    route: Literal["models"] | None
    """"models" keeps calling the retired Model Inference route of an Azure resource."""
    transport: Any
    """An azure-core transport instead of the default one."""
    policies: Any
    """A list of policies in place of all."""
    per_call_policies: Any
    """A policy, or a list, that runs once for each call."""
    per_retry_policies: Any
    """A policy, or a list, that runs for each attempt."""
    headers_policy: Any
    """An azure-core policy in place of the one that adds `headers`."""
    user_agent_policy: Any
    """One in place of that which writes the user agent."""
    proxy_policy: Any
    """One in place of that which hands over `proxies`."""
    redirect_policy: Any
    """One in place of that which follows redirects, and takes credentials off to other origins."""
    retry_policy: Any
    """One in place of that which retries."""
    custom_hook_policy: Any
    """One in place of that which calls `raw_request_hook` and `raw_response_hook`."""
    authentication_policy: Any
    """One in place of that which adds the credential."""
    logging_policy: Any
    """One in place of that which logs requests and answers in full with `logging_enable`."""
    http_logging_policy: Any
    """One in place of that which logs a request's and an answer's head at INFO."""
    auto_request_id: bool
    """Whether requests get an `x-ms-client-request-id`, True by default."""
    sdk_moniker: str
    """What the user agent says of this library; by default its name and version."""
    user_agent_use_env: bool
    """Whether AZURE_HTTP_USER_AGENT is appended to the user agent, True by default."""
    application_id: str | None
    """Another name of `user_agent`."""
    redirect_remove_headers: Iterable[str]
    """Headers that are taken off on every redirect."""
    redirect_on_status_codes: Iterable[int]
    """Statuses that are followed as redirects besides 300, 301, 302, 303, 307 and 308."""
    blocked_redirect_headers: Sequence[str]
    """Headers not to send to another origin, besides those that carry credentials."""
    disable_redirect_cleanup: bool
    """Whether credentials and bodies may follow a redirect to another origin, False by default."""
    connection_data_block_size: int
    """Bytes to read at a time."""
    use_env_settings: bool
    """Whether proxies and certificates are taken from the environment, True by default."""
    additional_allowed_query_params: Iterable[str]
    """Members of the query whose values may stand in azure-core's spans; of others "REDACTED" does."""
    polling_interval: Any
    """Taken as every Azure client takes it; no operation here polls."""
    session: Any
    """A session of the HTTP library for the default transport to use: requests', or aiohttp's."""
    session_owner: bool
    """Whether closing the client closes that session too, True by default."""


class CompleteOptions(ChatOptions, RequestOptions, total=False):
    """Keyword arguments of `complete`."""


class EmbedOptions(EmbeddingOptions, RequestOptions, total=False):
    """Keyword arguments of `embed`."""


class EmbeddingsClientOptions(EmbeddingOptions, ClientOptions, total=False):
    """Keyword arguments of an embeddings client's constructor."""


class ChatClientOptions(ChatOptions, ClientOptions, total=False):
    """Keyword arguments of a chat client's constructor."""


def names(*options: Any) -> tuple[str, ...]:
    """Name the options that TypedDicts declare, in their order."""
    return tuple(name for option in options for name in option.__annotations__)


EMBEDDING_SETTINGS = names(EmbeddingOptions)


def merge(defaults: Mapping[str, Any], overrides: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """Merge a call's settings over a client's, in the order of `settings`, without those that are `None`."""
    merged: dict[str, Any] = {}
    for name in settings:
        value = overrides.get(name)
        if value is None:
            value = defaults.get(name)
        if value is not None:
            merged[name] = value
    return merged


def choose_extras(defaults: Mapping[str, Any] | None, overrides: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a call's extra members, or else a client's, without those that are `None`.

    A call's replace the client's as a set, as in the betas, where an empty set counts as not given.
    """
    return {name: value for name, value in (overrides or defaults or {}).items() if value is not None}


def unknown_keyword(function: str, name: str, known: Iterable[str]) -> TypeError:
    """Make the error for a keyword argument that nobody knows.

    :param function: What was called.
    :param name: The keyword.
    :param known: The keywords that it might have been meant for.
    """
    from difflib import get_close_matches

    from .other_libraries import keyword_hint

    hint = keyword_hint(function, name)
    if hint:
        return TypeError(f"{function} got an unexpected keyword argument {name!r}. {hint}")
    close = get_close_matches(name, known, n=1, cutoff=0.7)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    extras = f" What only the model knows goes into model_extras={{{name!r}: ...}}."
    return TypeError(f"{function} got an unexpected keyword argument {name!r}.{guess}{extras}")


class SpelledOutSignature(inspect.Signature):
    """The signature of a function whose `**options` are spelled out, made when somebody looks at it.

    A signature has some eighty parameters; most programs never look, and importing the package is on a budget.

    :param function: The function, whose last parameter is `**options`.
    :param options: The TypedDicts whose members they are.
    """

    __slots__ = ("__dict__",)

    def __init__(self, function: Callable[..., Any], options: tuple[Any, ...]) -> None:
        self._function = function
        self._options = options

    @cached_property
    def _made(self) -> inspect.Signature:
        function: Any = self._function
        bare = FunctionType(
            function.__code__, {}, function.__name__, function.__defaults__, function.__closure__
        )  # without this signature, which `inspect` would ask again
        bare.__kwdefaults__, bare.__annotations__ = function.__kwdefaults__, function.__annotations__
        declared = inspect.signature(bare)
        *fixed, _ = declared.parameters.values()
        spelled = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
            for option in self._options
            for name, annotation in option.__annotations__.items()
        ]
        rest = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD, annotation=Any)
        return declared.replace(parameters=[*fixed, *spelled, rest])

    @property
    def parameters(self) -> MappingProxyType[str, inspect.Parameter]:
        """The parameters by name."""
        return self._made.parameters

    @property
    def return_annotation(self) -> Any:
        """What the function returns."""
        return self._made.return_annotation

    def replace(self, **changes: Any) -> Any:
        """As `inspect.Signature.replace`."""
        return self._made.replace(**changes)

    __replace__ = replace

    def __reduce__(self) -> Any:
        """Copy and pickle as the plain signature: a function's globals do not pickle."""
        return self._made.__reduce__()


def needs_endpoint_and_credential(init: F) -> F:
    """Make a constructor say which argument is missing, and what the names of other libraries are called here.

    :param init: A client's `__init__`, whose first two arguments they are.
    """

    @wraps(init)
    def checked(self: Any, *args: Any, **options: Any) -> None:
        missing = [name for name in ("endpoint", "credential")[len(args) :] if name not in options]
        if missing:
            from .other_libraries import missing_arguments

            raise missing_arguments(type(self).__name__, missing, options)
        init(self, *args, **options)

    return cast(F, checked)


def with_options(*options: Any) -> Callable[[F], F]:
    """Spell out a function's `**options` in the signature that `help()` and `inspect.signature` show.

    :param options: The TypedDicts whose members they are.
    """

    def spell_out(function: F) -> F:
        function.__signature__ = SpelledOutSignature(function, options)  # type: ignore[attr-defined]
        return function

    return spell_out
