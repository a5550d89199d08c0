# Generated from aio/_client.py by scripts/generate_sync.py. Edit that file, then run the script.
"""The synchronous clients."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from azure.core.exceptions import ResourceNotFoundError
from typing_extensions import Self, Unpack

from . import models
from ._base_client import InferenceClient
from ._operations.options import (
    CHAT_SETTINGS,
    EMBEDDING_SETTINGS,
    Body,
    ChatClientOptions,
    ChatOptions,
    ClientOptions,
    CompleteOptions,
    EmbeddingOptions,
    EmbeddingsClientOptions,
    EmbedOptions,
    Messages,
    RequestOptions,
)
from ._operations.settings import Credential, check_defaults, logger
from ._operations.signatures import by_name, needs_endpoint_and_credential, with_options
from ._watch import observe

if TYPE_CHECKING:
    from ._http.endpoint import Kind

_OF_MODELS = (400, 404)
"""Statuses by which services refuse a model."""


class ChatCompletionsClient(InferenceClient):
    """A client for chat completions.

    Constructor settings are defaults; arguments of a call override them. Clients are immutable. They are safe to share
    between threads.

    :param endpoint: URL of the endpoint, as the portal shows it.
    :param credential: An `AzureKeyCredential`, a key, a token credential, or a function that returns a token.
    :raises ValueError: The endpoint is not a URL that can be called, or the credential is empty.
    :raises TypeError: The credential has an unsupported type, or a keyword is misspelled.
    """

    @needs_endpoint_and_credential
    @with_options(ChatOptions, ClientOptions)
    def __init__(self, endpoint: str, credential: Credential, **options: Unpack[ChatClientOptions]) -> None:
        check_defaults(options)
        self._build(endpoint, credential, "chat", CHAT_SETTINGS, options)

    @classmethod
    def from_environment(cls, /, **options: Unpack[ChatClientOptions]) -> Self:
        """Build a client from environment variables.

        The endpoint is the first that is set of AZURE_AI_CHAT_ENDPOINT, AZURE_INFERENCE_ENDPOINT, AZURE_OPENAI_ENDPOINT
        and OPENAI_BASE_URL. The key is AZURE_AI_CHAT_KEY, AZURE_INFERENCE_CREDENTIAL, AZURE_OPENAI_API_KEY or
        OPENAI_API_KEY, whichever belongs to the endpoint; without one, `azure.identity.DefaultAzureCredential` signs
        in. The model, if set, is AZURE_AI_CHAT_MODEL, AZURE_INFERENCE_MODEL, AZURE_OPENAI_DEPLOYMENT or OPENAI_MODEL.

        :keyword options: Keyword arguments of the constructor. They take precedence over the environment.
        :return: The client.
        :raises ValueError: No endpoint is set, or neither its key is set nor azure-identity installed.
        :raises TypeError: A keyword is misspelled.
        """
        from ._operations.environment import client_arguments

        endpoint, credential, settings = client_arguments(cls.__name__, "chat", os.environ, options)
        return cls(endpoint, credential, **cast("ChatClientOptions", settings))

    @overload
    def complete(
        self, *, messages: Messages, stream: Literal[False] = False, **options: Unpack[CompleteOptions]
    ) -> "models.ChatCompletions": ...

    @overload
    def complete(
        self, *, messages: Messages, stream: Literal[True], **options: Unpack[CompleteOptions]
    ) -> "models.StreamingChatCompletions": ...

    @overload
    def complete(
        self, *, messages: Messages, stream: bool | None = None, **options: Unpack[CompleteOptions]
    ) -> "models.ChatCompletions | models.StreamingChatCompletions": ...

    @overload
    def complete(
        self,
        body: "models.ChatCompletionStreamRequest",
        *,
        stream: Literal[True] | None = None,
        **options: Unpack[CompleteOptions],
    ) -> "models.StreamingChatCompletions": ...

    @overload
    def complete(
        self, body: Body, *, stream: bool | None = None, **options: Unpack[CompleteOptions]
    ) -> "models.ChatCompletions | models.StreamingChatCompletions": ...

    @with_options(ChatOptions, RequestOptions)
    def complete(
        self,
        body: Any = None,
        *,
        messages: Messages | None = None,
        stream: bool | None = None,
        **options: Unpack[CompleteOptions],
    ) -> "models.ChatCompletions | models.StreamingChatCompletions":
        """Continue a conversation.

        :param body: The whole request, sent as it is instead of messages and settings: a mapping, bytes, or a binary
            file.
        :keyword messages: The conversation: message models, dicts with a role, or messages from earlier answers.
        :keyword stream: Whether to return the answer in updates, as the model writes it.
        :return: The completion; with `stream=True`, an iterator over its updates.
        :raises TypeError: Neither messages nor a body were given, or they have an unsupported type; or a keyword is
            unknown.
        :raises ValueError: The messages are empty, one has no role, or the response format is not supported.
        :raises ~azure.ai.inference.exceptions.ContentFilterError: The content filter refused the prompt.
        :raises ~azure.core.exceptions.AzureError: The call failed; :mod:`azure.ai.inference.exceptions` lists how.
        """
        from ._operations.chat import chat_call, next_call, read_completion

        call = chat_call(self._settings, body, {"messages": messages, "stream": stream, **options})
        with observe(call) as watch:
            # azure-core's private pipeline, as generated Azure clients use it: `send_request` hides its context.
            response = self._client._pipeline.run(call.request, stream=call.stream, **call.options)
            while (again := next_call(call, response)) is not None:
                call = again
                watch.resent(call)
                response = self._client._pipeline.run(call.request, stream=call.stream, **call.options)
            if response.http_response.status_code in _OF_MODELS:
                call = self._with_served_models(call, response)
            if call.stream:
                from ._operations.call import check_status
                from ._stream import StreamingChatCompletions

                check_status(call, response.http_response)
                updates = StreamingChatCompletions(
                    response.http_response, body=response.context.get("body"), call=call, watch=watch
                )
                return cast("models.StreamingChatCompletions", call.result(response, updates))
            completions = watch.answered(read_completion(call, response.http_response))
        return cast("models.ChatCompletions", call.result(response, completions))

    @with_options(ChatOptions, RequestOptions)
    def complete_many(
        self,
        conversations: Iterable[Messages | str],
        *,
        max_concurrency: int = 20,
        on_progress: Callable[[Any], object] | None = None,
        **options: Unpack[CompleteOptions],
    ) -> "models.ManyCompletions":
        """Continue many conversations, several at a time, as fast as the quota allows.

        Results come in the order of the conversations. Each has an answer or an error: `result.ok`; `result.answer`,
        which raises the error; `result.parse_as(T)`. If there is too much for memory, or the program may be
        interrupted, use `azure.ai.inference.batch.BatchRun`.

        :param conversations: The conversations, each a list of messages or the text of a user message. Any iterable,
            which is read as requests are sent.
        :keyword max_concurrency: Maximum number of requests in flight, 20 by default.
        :keyword on_progress: Called with an `azure.ai.inference.batch.Progress` after each result, and when the
            service asks for a wait.
        :keyword options: Keyword arguments of each call, as `complete` takes them.
        :return: An iterator over results; its `summary` counts the tokens used.
        :raises TypeError: The conversations are not an iterable of conversations, or a keyword is unknown.
        :raises ValueError: A limit is less than 1.
        :raises ~azure.ai.inference.exceptions.BatchStoppedError: While iterating: the first request failed in a way
            that every other would (a wrong key, an unknown deployment or host), or a quota is used up for more than ten
            minutes.
        """
        from .batch._conversations import ManyCompletions

        return ManyCompletions(self.complete, self._settings, conversations, max_concurrency, on_progress, options)

    @with_options(ChatOptions)
    def with_defaults(self, **options: Unpack[ChatOptions]) -> Self:
        """Return a client with other default settings, over the same connections.

        Settings that you do not pass stay unchanged; `None` removes one. Closing either client closes both.

        :raises TypeError: A setting is unknown.
        :raises ValueError: The response format is not supported, or the API is unknown.
        """
        check_defaults(options)
        return self._with_defaults(options)


class _EmbeddingsOfAnyKind(InferenceClient):
    """The base of both embeddings clients."""

    def _embed(self, kind: "Kind", body: Body | None, options: Mapping[str, Any]) -> "models.EmbeddingsResult":
        from ._operations.call import read_answer
        from ._operations.embeddings import embed_call, embeddings_of

        call = embed_call(self._settings, kind, body, options)
        with observe(call) as watch:
            response = self._client._pipeline.run(call.request, **call.options)
            if response.http_response.status_code in _OF_MODELS:
                call = self._with_served_models(call, response)
            result = watch.answered(read_answer(call, response.http_response, embeddings_of(call)))
        return cast("models.EmbeddingsResult", call.result(response, result))

    @with_options(EmbeddingOptions)
    def with_defaults(self, **options: Unpack[EmbeddingOptions]) -> Self:
        """Return a client with other default settings, over the same connections.

        Settings that you do not pass stay unchanged; `None` removes one. Closing either client closes both.

        :raises TypeError: A setting is unknown.
        """
        return self._with_defaults(options)


class EmbeddingsClient(_EmbeddingsOfAnyKind):
    """A client for embeddings of texts.

    Constructor settings are defaults; arguments of a call override them. Clients are immutable. They are safe to share
    between threads.

    :param endpoint: URL of the endpoint, as the portal shows it.
    :param credential: An `AzureKeyCredential`, a key, a token credential, or a function that returns a token.
    :raises ValueError: The endpoint is not a URL that can be called, or the credential is empty.
    :raises TypeError: The credential has an unsupported type, or a keyword is misspelled.
    """

    @needs_endpoint_and_credential
    @with_options(EmbeddingOptions, ClientOptions)
    def __init__(self, endpoint: str, credential: Credential, **options: Unpack[EmbeddingsClientOptions]) -> None:
        self._build(endpoint, credential, "embeddings", EMBEDDING_SETTINGS, options)

    @classmethod
    def from_environment(cls, /, **options: Unpack[EmbeddingsClientOptions]) -> Self:
        """Build a client from environment variables.

        The endpoint is the first that is set of AZURE_AI_EMBEDDINGS_ENDPOINT, AZURE_INFERENCE_ENDPOINT,
        AZURE_OPENAI_ENDPOINT and OPENAI_BASE_URL. The key is AZURE_AI_EMBEDDINGS_KEY, AZURE_INFERENCE_CREDENTIAL,
        AZURE_OPENAI_API_KEY or OPENAI_API_KEY, whichever belongs to the endpoint; without one,
        `azure.identity.DefaultAzureCredential` signs in. The model, if set, is AZURE_AI_EMBEDDINGS_MODEL,
        AZURE_INFERENCE_MODEL, AZURE_OPENAI_DEPLOYMENT or OPENAI_MODEL.

        :keyword options: Keyword arguments of the constructor. They take precedence over the environment.
        :return: The client.
        :raises ValueError: No endpoint is set, or neither its key is set nor azure-identity installed.
        :raises TypeError: A keyword is misspelled.
        """
        from ._operations.environment import client_arguments

        endpoint, credential, settings = client_arguments(cls.__name__, "embeddings", os.environ, options)
        return cls(endpoint, credential, **cast("EmbeddingsClientOptions", settings))

    @overload
    def embed(
        self, *, input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]], **options: Unpack[EmbedOptions]
    ) -> "models.EmbeddingsResult": ...

    @overload
    def embed(self, body: Body, **options: Unpack[EmbedOptions]) -> "models.EmbeddingsResult": ...

    @with_options(EmbeddingOptions, RequestOptions)
    def embed(
        self, body: Body | None = None, *, input: Any = None, **options: Unpack[EmbedOptions]
    ) -> "models.EmbeddingsResult":
        """Embed texts.

        :param body: The whole request, sent as it is instead of input and settings: a mapping, bytes, or a binary file.
        :keyword input: A text or a list of texts; each may also be given as its token ids.
        :return: The embeddings, in the order of the input.
        :raises TypeError: Neither input nor a body were given, they have an unsupported type, or a keyword is unknown.
        :raises ValueError: The input is empty.
        :raises ~azure.core.exceptions.AzureError: The call failed; :mod:`azure.ai.inference.exceptions` lists how.
        """
        return self._embed("embeddings", body, {"input": input, **options})

    @with_options(EmbeddingOptions, RequestOptions)
    def embed_batches(
        self,
        input: Iterable[str | Sequence[int]],
        *,
        batch_size: int = 96,
        batch_length: int = 250_000,
        max_concurrency: int = 4,
        on_progress: Callable[[int], object] | None = None,
        **options: Unpack[EmbedOptions],
    ) -> "models.EmbeddingBatches":
        """Embed more texts than fit into one request, in several requests, a few of them at a time.

        Iterate over the results. They arrive in the order of the input, and the index of an item is its place in the
        whole input. Results are not kept once you have them, so memory stays flat; `batches.collect()` combines
        them.

        :param input: The texts: any iterable, which is read as requests are sent.
        :keyword batch_size: Maximum number of texts per request. The default, 96, is the limit of Cohere's models; that
            of OpenAI's is 2,048.
        :keyword batch_length: Maximum number of characters, or token ids, per request, 250,000 by default; the limit of
            OpenAI's models is 300,000 tokens. A longer text is sent alone.
        :keyword max_concurrency: Maximum number of requests in flight, 4 by default.
        :keyword on_progress: Called with the number of texts in each result that you receive; `update` of a tqdm
            progress bar fits.
        :return: An iterator over results.
        :raises TypeError: The input is not iterable, an item has an unsupported type, or a keyword is unknown.
        :raises ValueError: A limit is less than 1.
        :raises ~azure.ai.inference.exceptions.BatchError: While iterating: a request, a hook, or the input failed. The
            error names its inputs and has the results that you have not received yet.
        """
        from ._embedding_batches import EmbeddingBatches
        from ._operations.call import check_keywords
        from ._operations.embedding_plan import plan_batches

        check_keywords(self._settings, "embed_batches", options)
        plan = plan_batches("embeddings", input, batch_size, batch_length, max_concurrency, options)
        return EmbeddingBatches(partial(self.embed, **options), plan, on_progress)


class ImageEmbeddingsClient(_EmbeddingsOfAnyKind):
    """A client for embeddings of images.

    Constructor settings are defaults; arguments of a call override them. Clients are immutable. They are safe to share
    between threads.

    :param endpoint: URL of the endpoint, as the portal shows it.
    :param credential: An `AzureKeyCredential`, a key, a token credential, or a function that returns a token.
    :raises ValueError: The endpoint is not a URL that can be called, or the credential is empty.
    :raises TypeError: The credential has an unsupported type, or a keyword is misspelled.
    """

    @needs_endpoint_and_credential
    @with_options(EmbeddingOptions, ClientOptions)
    def __init__(self, endpoint: str, credential: Credential, **options: Unpack[EmbeddingsClientOptions]) -> None:
        self._build(endpoint, credential, "image_embeddings", EMBEDDING_SETTINGS, options)

    @classmethod
    def from_environment(cls, /, **options: Unpack[EmbeddingsClientOptions]) -> Self:
        """Build a client from environment variables.

        The endpoint is the first that is set of AZURE_AI_IMAGE_EMBEDDINGS_ENDPOINT, AZURE_INFERENCE_ENDPOINT,
        AZURE_OPENAI_ENDPOINT and OPENAI_BASE_URL. The key is AZURE_AI_IMAGE_EMBEDDINGS_KEY, AZURE_INFERENCE_CREDENTIAL,
        AZURE_OPENAI_API_KEY or OPENAI_API_KEY, whichever belongs to the endpoint; without one,
        `azure.identity.DefaultAzureCredential` signs in. The model, if set, is AZURE_AI_IMAGE_EMBEDDINGS_MODEL,
        AZURE_INFERENCE_MODEL, AZURE_OPENAI_DEPLOYMENT or OPENAI_MODEL.

        :keyword options: Keyword arguments of the constructor. They take precedence over the environment.
        :return: The client.
        :raises ValueError: No endpoint is set, or neither its key is set nor azure-identity installed.
        :raises TypeError: A keyword is misspelled.
        """
        from ._operations.environment import client_arguments

        endpoint, credential, settings = client_arguments(cls.__name__, "image_embeddings", os.environ, options)
        return cls(endpoint, credential, **cast("EmbeddingsClientOptions", settings))

    @overload
    def embed(
        self, *, input: "Sequence[models.ImageEmbeddingInput | Mapping[str, Any]]", **options: Unpack[EmbedOptions]
    ) -> "models.EmbeddingsResult": ...

    @overload
    def embed(self, body: Body, **options: Unpack[EmbedOptions]) -> "models.EmbeddingsResult": ...

    @with_options(EmbeddingOptions, RequestOptions)
    def embed(
        self, body: Body | None = None, *, input: Any = None, **options: Unpack[EmbedOptions]
    ) -> "models.EmbeddingsResult":
        """Embed images.

        :param body: The whole request, sent as it is instead of input and settings: a mapping, bytes, or a binary file.
        :keyword input: A list of `ImageEmbeddingInput`, or of dicts with a data URL as `image`.
        :return: The embeddings, in the order of the input.
        :raises TypeError: Neither input nor a body were given, they have an unsupported type, or a keyword is unknown.
        :raises ValueError: The input is empty.
        :raises ~azure.core.exceptions.AzureError: The call failed; :mod:`azure.ai.inference.exceptions` lists how.
        """
        return self._embed("image_embeddings", body, {"input": input, **options})

    @with_options(EmbeddingOptions, RequestOptions)
    def embed_batches(
        self,
        input: "Iterable[models.ImageEmbeddingInput | Mapping[str, Any]]",
        *,
        batch_size: int = 1,
        batch_length: int = 10_000_000,
        max_concurrency: int = 4,
        on_progress: Callable[[int], object] | None = None,
        **options: Unpack[EmbedOptions],
    ) -> "models.EmbeddingBatches":
        """Embed more images than fit into one request, in several requests, a few of them at a time.

        Iterate over the results. They arrive in the order of the input, and the index of an item is its place in the
        whole input. Results are not kept once you have them, so memory stays flat; `batches.collect()` combines
        them.

        :param input: The images: any iterable, which is read as requests are sent.
        :keyword batch_size: Maximum number of images per request. The default, 1, is the limit of Cohere's models.
        :keyword batch_length: Maximum number of characters of data URLs and texts per request, 10,000,000 by default. A
            longer image is sent alone.
        :keyword max_concurrency: Maximum number of requests in flight, 4 by default.
        :keyword on_progress: Called with the number of images in each result that you receive; `update` of a tqdm
            progress bar fits.
        :return: An iterator over results.
        :raises TypeError: The input is not iterable, an item has an unsupported type, or a keyword is unknown.
        :raises ValueError: A limit is less than 1.
        :raises ~azure.ai.inference.exceptions.BatchError: While iterating: a request, a hook, or the input failed. The
            error names its inputs and has the results that you have not received yet.
        """
        from ._embedding_batches import EmbeddingBatches
        from ._operations.call import check_keywords
        from ._operations.embedding_plan import plan_batches

        check_keywords(self._settings, "embed_batches", options)
        plan = plan_batches("image_embeddings", input, batch_size, batch_length, max_concurrency, options)
        return EmbeddingBatches(partial(self.embed, **options), plan, on_progress)


@by_name
def load_client(
    endpoint: str, credential: Credential, *, model_type: str | None = None, **options: Any
) -> ChatCompletionsClient | EmbeddingsClient | ImageEmbeddingsClient:
    """Build the client that fits the model behind an endpoint.

    Asks the endpoint what it serves. Serverless and managed endpoints answer; for others pass `model_type`, or build
    the client yourself.

    :param endpoint: URL of the endpoint, as the portal shows it.
    :param credential: An `AzureKeyCredential`, a key, a token credential, or a function that returns a token.
    :keyword model_type: "chat_completion", "embeddings" or "image_embeddings"; then the endpoint is not asked.
    :keyword options: Keyword arguments of the client.
    :return: The client. If the endpoint was asked, the client keeps the model information.
    :raises ~azure.core.exceptions.ResourceNotFoundError: The endpoint does not provide model information.
    :raises ~azure.core.exceptions.HttpResponseError: The service refused the request.
    :raises ValueError: No client supports the model.
    :raises TypeError: A setting belongs to a client for another kind of model.
    """
    from ._operations.load_client import check_settings, kind_of

    info = None if model_type else _ask_for_model_info(endpoint, credential, options)
    kind = kind_of(model_type if info is None else info.model_type)
    check_settings(kind, options)
    client = _CLIENTS[kind](endpoint, credential, **options)
    if info is not None:
        client._model_infos[None] = info
    return client


def _ask_for_model_info(endpoint: str, credential: Credential, options: Mapping[str, Any]) -> "models.ModelInfo":
    from ._operations.load_client import explain_missing_info

    pipeline = {name: value for name, value in options.items() if name not in (*CHAT_SETTINGS, *EMBEDDING_SETTINGS)}
    client = ChatCompletionsClient(endpoint, credential, **pipeline)
    try:
        info = client.get_model_info()
    except ResourceNotFoundError as error:
        explain_missing_info(error)
        raise
    finally:
        if options.get("transport") is None:
            client.close()
    logger.info("The endpoint serves %s", info)
    return info


_CLIENTS: "Mapping[Kind, type[ChatCompletionsClient | EmbeddingsClient | ImageEmbeddingsClient]]" = {
    "chat": ChatCompletionsClient,
    "embeddings": EmbeddingsClient,
    "image_embeddings": ImageEmbeddingsClient,
}
