# Generated from aio/_client.py by scripts/generate_sync.py. Edit that file, then run the script.
"""The synchronous clients."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Union, cast, overload

from azure.core.exceptions import ResourceNotFoundError
from typing_extensions import Self, Unpack

from ._base_client import InferenceClient
from ._http.endpoint import Kind
from ._operations.call import check_status, read_answer
from ._operations.chat import CHAT_SETTINGS, chat_call
from ._operations.embeddings import EMBEDDING_SETTINGS, embed_call, embeddings_of
from ._operations.options import (
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
    with_options,
)
from ._operations.response_format import response_format_of
from ._operations.settings import Credential, logger
from ._watch import observe
from .models._chat import ChatCompletions, completions_of
from .models._embeddings import EmbeddingsResult, ImageEmbeddingInput

if TYPE_CHECKING:
    from ._embedding_batches import EmbeddingBatches
    from ._stream import StreamingChatCompletions
    from .models._info import ModelInfo


class ChatCompletionsClient(InferenceClient):
    """A client for chat completions.

    Keeps default settings, over which each call's are merged. Immutable, and usable in several event loops one after
    the other.

    :param endpoint: URL of the endpoint, as the portal shows it.
    :param credential: An `AzureKeyCredential`, a key, a token credential such as `DefaultAzureCredential()`, or a
        function that gives a token, such as `get_bearer_token_provider` makes.
    :raises ValueError: The endpoint cannot be one, or the credential is empty.
    :raises TypeError: The credential is of no known kind, or a keyword is misspelt.
    """

    @with_options(ChatOptions, ClientOptions)
    def __init__(self, endpoint: str, credential: Credential, **options: Unpack[ChatClientOptions]) -> None:
        response_format_of(options.get("response_format"))
        self._build(endpoint, credential, "chat", CHAT_SETTINGS, options)

    @overload
    def complete(
        self, *, messages: Messages, stream: Literal[False] = False, **options: Unpack[CompleteOptions]
    ) -> ChatCompletions: ...

    @overload
    def complete(
        self, *, messages: Messages, stream: Literal[True], **options: Unpack[CompleteOptions]
    ) -> "StreamingChatCompletions": ...

    @overload
    def complete(
        self, *, messages: Messages, stream: bool | None = None, **options: Unpack[CompleteOptions]
    ) -> Union[ChatCompletions, "StreamingChatCompletions"]: ...

    @overload
    def complete(
        self, body: Body, *, stream: bool | None = None, **options: Unpack[CompleteOptions]
    ) -> Union[ChatCompletions, "StreamingChatCompletions"]: ...

    @with_options(ChatOptions, RequestOptions)
    def complete(
        self,
        body: Any = None,
        *,
        messages: Messages | None = None,
        stream: bool | None = None,
        **options: Unpack[CompleteOptions],
    ) -> Union[ChatCompletions, "StreamingChatCompletions"]:
        """Let the model continue a conversation.

        :param body: The whole request, in place of messages and settings: a mapping, bytes, or a binary file.
        :keyword messages: The conversation: message models, dicts with a role, or answers put back as they came.
        :keyword stream: Whether the answer comes in updates, as the model writes it.
        :return: The completion; with `stream=True`, an iterator over its updates.
        :raises TypeError: Neither messages nor a body were given, or they are nothing of the kind; an unknown keyword.
        :raises ValueError: The messages are empty, one has no role, or the response format is unknown.
        :raises ~azure.core.exceptions.ClientAuthenticationError: The credential is refused: 401 or 403.
        :raises ~azure.core.exceptions.ResourceNotFoundError: There is no such route or deployment: 404.
        :raises ~azure.ai.inference.exceptions.ContentFilterError: The prompt was filtered.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused, after the retries that fit its status.
        :raises ~azure.core.exceptions.DecodeError: The answer is not the JSON that was due.
        :raises ~azure.core.exceptions.ServiceRequestError: No connection.
        :raises ~azure.core.exceptions.ServiceResponseError: No answer, or not in time.
        """
        call = chat_call(self._settings, body, {"messages": messages, "stream": stream, **options})
        with observe(call) as watch:
            response = self._client._pipeline.run(call.request, stream=call.stream, **call.options)
            if call.stream:
                from ._stream import StreamingChatCompletions

                check_status(call, response.http_response)
                updates = StreamingChatCompletions(
                    response.http_response, body=response.context.get("body"), call=call, watch=watch
                )
                return cast("StreamingChatCompletions", call.result(response, updates))
            completions = watch.answered(read_answer(call, response.http_response, completions_of))
        return cast("ChatCompletions", call.result(response, completions))

    @with_options(ChatOptions)
    def with_defaults(self, **options: Unpack[ChatOptions]) -> Self:
        """Make a client with other default settings, which shares this one's connections.

        Settings that are not named stay; `None` removes one. Closing either client closes both.

        :raises TypeError: There is no such setting.
        :raises ValueError: The response format is unknown.
        """
        response_format_of(options.get("response_format"))
        return self._with_defaults(options)


class _EmbeddingsOfAnyKind(InferenceClient):
    """What the clients for embeddings have in common."""

    def _embed(self, kind: Kind, body: Body | None, options: Mapping[str, Any]) -> EmbeddingsResult:
        call = embed_call(self._settings, kind, body, options)
        with observe(call) as watch:
            response = self._client._pipeline.run(call.request, **call.options)
            result = watch.answered(read_answer(call, response.http_response, embeddings_of(call)))
        return cast("EmbeddingsResult", call.result(response, result))

    @with_options(EmbeddingOptions)
    def with_defaults(self, **options: Unpack[EmbeddingOptions]) -> Self:
        """Make a client with other default settings, which shares this one's connections.

        Settings that are not named stay; `None` removes one. Closing either client closes both.

        :raises TypeError: There is no such setting.
        """
        return self._with_defaults(options)


class EmbeddingsClient(_EmbeddingsOfAnyKind):
    """A client for embeddings of texts.

    Keeps default settings, over which each call's are merged. Immutable, and usable in several event loops one after
    the other.

    :param endpoint: URL of the endpoint, as the portal shows it.
    :param credential: An `AzureKeyCredential`, a key, a token credential such as `DefaultAzureCredential()`, or a
        function that gives a token, such as `get_bearer_token_provider` makes.
    :raises ValueError: The endpoint cannot be one, or the credential is empty.
    :raises TypeError: The credential is of no known kind, or a keyword is misspelt.
    """

    @with_options(EmbeddingOptions, ClientOptions)
    def __init__(self, endpoint: str, credential: Credential, **options: Unpack[EmbeddingsClientOptions]) -> None:
        self._build(endpoint, credential, "embeddings", EMBEDDING_SETTINGS, options)

    @overload
    def embed(
        self, *, input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]], **options: Unpack[EmbedOptions]
    ) -> EmbeddingsResult: ...

    @overload
    def embed(self, body: Body, **options: Unpack[EmbedOptions]) -> EmbeddingsResult: ...

    @with_options(EmbeddingOptions, RequestOptions)
    def embed(
        self, body: Body | None = None, *, input: Any = None, **options: Unpack[EmbedOptions]
    ) -> EmbeddingsResult:
        """Embed texts.

        :param body: The whole request, in place of input and settings: a mapping, bytes, or a binary file.
        :keyword input: A text, a list of them, or in place of a text its token ids.
        :return: The embeddings, in the order of the input.
        :raises TypeError: Neither input nor a body were given, or they are nothing of the kind; an unknown keyword.
        :raises ValueError: The input is empty.
        :raises ~azure.core.exceptions.ClientAuthenticationError: The credential is refused: 401 or 403.
        :raises ~azure.core.exceptions.ResourceNotFoundError: There is no such route or deployment: 404.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused, after the retries that fit its status.
        :raises ~azure.core.exceptions.DecodeError: The answer is not the JSON that was due.
        :raises ~azure.core.exceptions.ServiceRequestError: No connection.
        :raises ~azure.core.exceptions.ServiceResponseError: No answer, or not in time.
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
    ) -> "EmbeddingBatches":
        """Embed more texts than one request may hold: in several, of which some are under way at a time.

        Iterate over the results, which come in the order of the input, their items numbered through; what has been
        handed over is not kept, so memory stays flat. Or put all into one result: `batches.collect()`.

        :param input: The texts; any iterable, which is read as the requests go out.
        :keyword batch_size: The most texts in a request, 96 by default, which is what Cohere's models take. OpenAI's
            take 2,048.
        :keyword batch_length: The most characters, or token ids, in a request, 250,000 by default: OpenAI's models take
            300,000 tokens. A longer text goes alone.
        :keyword max_concurrency: The most requests at a time, 4 by default.
        :keyword on_progress: Called with the number of texts of each result that is handed over, such as the `update`
            of a tqdm progress bar.
        :return: An iterator over results.
        :raises TypeError: The input is no iterable, or has something that is nothing of the kind.
        :raises ValueError: A limit is less than 1.
        :raises ~azure.ai.inference.exceptions.BatchError: While iterating: a request failed. It names the inputs, and
            has the results that were not handed over.
        """
        from ._embedding_batches import EmbeddingBatches
        from ._operations.embedding_plan import plan_batches

        plan = plan_batches("embeddings", input, batch_size, batch_length, max_concurrency, options)
        return EmbeddingBatches(partial(self.embed, **options), plan, on_progress)


class ImageEmbeddingsClient(_EmbeddingsOfAnyKind):
    """A client for embeddings of images.

    Keeps default settings, over which each call's are merged. Immutable, and usable in several event loops one after
    the other.

    :param endpoint: URL of the endpoint, as the portal shows it.
    :param credential: An `AzureKeyCredential`, a key, a token credential such as `DefaultAzureCredential()`, or a
        function that gives a token, such as `get_bearer_token_provider` makes.
    :raises ValueError: The endpoint cannot be one, or the credential is empty.
    :raises TypeError: The credential is of no known kind, or a keyword is misspelt.
    """

    @with_options(EmbeddingOptions, ClientOptions)
    def __init__(self, endpoint: str, credential: Credential, **options: Unpack[EmbeddingsClientOptions]) -> None:
        self._build(endpoint, credential, "image_embeddings", EMBEDDING_SETTINGS, options)

    @overload
    def embed(
        self, *, input: Sequence[ImageEmbeddingInput | Mapping[str, Any]], **options: Unpack[EmbedOptions]
    ) -> EmbeddingsResult: ...

    @overload
    def embed(self, body: Body, **options: Unpack[EmbedOptions]) -> EmbeddingsResult: ...

    @with_options(EmbeddingOptions, RequestOptions)
    def embed(
        self, body: Body | None = None, *, input: Any = None, **options: Unpack[EmbedOptions]
    ) -> EmbeddingsResult:
        """Embed images.

        :param body: The whole request, in place of input and settings: a mapping, bytes, or a binary file.
        :keyword input: A list of `ImageEmbeddingInput`, or of dicts with a data URL as `image`.
        :return: The embeddings, in the order of the input.
        :raises TypeError: Neither input nor a body were given, or they are nothing of the kind; an unknown keyword.
        :raises ValueError: The input is empty.
        :raises ~azure.core.exceptions.ClientAuthenticationError: The credential is refused: 401 or 403.
        :raises ~azure.core.exceptions.ResourceNotFoundError: There is no such route or deployment: 404.
        :raises ~azure.core.exceptions.HttpResponseError: The service refused, after the retries that fit its status.
        :raises ~azure.core.exceptions.DecodeError: The answer is not the JSON that was due.
        :raises ~azure.core.exceptions.ServiceRequestError: No connection.
        :raises ~azure.core.exceptions.ServiceResponseError: No answer, or not in time.
        """
        return self._embed("image_embeddings", body, {"input": input, **options})

    @with_options(EmbeddingOptions, RequestOptions)
    def embed_batches(
        self,
        input: Iterable[ImageEmbeddingInput | Mapping[str, Any]],
        *,
        batch_size: int = 1,
        batch_length: int = 10_000_000,
        max_concurrency: int = 4,
        on_progress: Callable[[int], object] | None = None,
        **options: Unpack[EmbedOptions],
    ) -> "EmbeddingBatches":
        """Embed more images than one request may hold: in several, of which some are under way at a time.

        Iterate over the results, which come in the order of the input, their items numbered through; what has been
        handed over is not kept, so memory stays flat. Or put all into one result: `batches.collect()`.

        :param input: The images; any iterable, which is read as the requests go out.
        :keyword batch_size: The most images in a request, 1 by default, which is what Cohere's models take.
        :keyword batch_length: The most characters of data URLs and texts in a request, 10,000,000 by default. A longer
            image goes alone.
        :keyword max_concurrency: The most requests at a time, 4 by default.
        :keyword on_progress: Called with the number of images of each result that is handed over, such as the `update`
            of a tqdm progress bar.
        :return: An iterator over results.
        :raises TypeError: The input is no iterable, or has something that is nothing of the kind.
        :raises ValueError: A limit is less than 1.
        :raises ~azure.ai.inference.exceptions.BatchError: While iterating: a request failed. It names the inputs, and
            has the results that were not handed over.
        """
        from ._embedding_batches import EmbeddingBatches
        from ._operations.embedding_plan import plan_batches

        plan = plan_batches("image_embeddings", input, batch_size, batch_length, max_concurrency, options)
        return EmbeddingBatches(partial(self.embed, **options), plan, on_progress)


def load_client(
    endpoint: str, credential: Credential, *, model_type: str | None = None, **options: Any
) -> ChatCompletionsClient | EmbeddingsClient | ImageEmbeddingsClient:
    """Build the client that fits the model behind an endpoint, which is asked what it serves.

    Serverless and managed endpoints tell; for others give `model_type`, or build the client yourself.

    :param endpoint: URL of the endpoint, as the portal shows it.
    :param credential: An `AzureKeyCredential`, a key, a token credential such as `DefaultAzureCredential()`, or a
        function that gives a token, such as `get_bearer_token_provider` makes.
    :keyword model_type: "chat_completion", "embeddings" or "image_embeddings": then nobody is asked.
    :keyword options: Keyword arguments of the client that comes out.
    :return: The client, which has the model information already if it was asked for.
    :raises ~azure.core.exceptions.ResourceNotFoundError: The endpoint does not tell.
    :raises ~azure.core.exceptions.HttpResponseError: The service refused.
    :raises ValueError: There is no client for the model.
    :raises TypeError: A setting belongs to another client than the one that comes out.
    """
    from ._operations.load_client import check_settings, kind_of

    info = None if model_type else _ask_for_model_info(endpoint, credential, options)
    kind = kind_of(model_type if info is None else info.model_type)
    check_settings(kind, options)
    client = _CLIENTS[kind](endpoint, credential, **options)
    if info is not None:
        client._model_infos[None] = info
    return client


def _ask_for_model_info(endpoint: str, credential: Credential, options: Mapping[str, Any]) -> "ModelInfo":
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


_CLIENTS: Mapping[Kind, type[ChatCompletionsClient | EmbeddingsClient | ImageEmbeddingsClient]] = {
    "chat": ChatCompletionsClient,
    "embeddings": EmbeddingsClient,
    "image_embeddings": ImageEmbeddingsClient,
}
