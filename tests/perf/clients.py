"""How each contender is used, as its own documentation shows: one class for each library and world, with one
interface.

`complete` returns an answer's text, `drain` counts the characters of a stream, `history` builds a conversation, and
`embedder` returns a function that embeds 64 texts and reads a number of each vector. `connections` is for more
connections than a library allows by default. Nothing is imported at the top of this module, so that building a client
shows what its library loads.
"""

KEY = "k"
TEXTS = ["a"] * 64


def length_of(update):
    return len(update.choices[0].delta.content or "") if update.choices else 0


def history_of_dicts(count):
    return [{"role": ("user", "assistant")[number % 2], "content": f"message {number}"} for number in range(count)]


def history_of_azure(count):
    from azure.ai.inference.models import AssistantMessage, UserMessage

    return [(UserMessage, AssistantMessage)[number % 2](f"message {number}") for number in range(count)]


def history_of_mistral(count):
    from mistralai.client.models import AssistantMessage, UserMessage

    return [(UserMessage, AssistantMessage)[number % 2](content=f"message {number}") for number in range(count)]


class Sync:
    """The common interface: `stream` returns a context manager over updates."""

    length = staticmethod(length_of)
    history = staticmethod(history_of_dicts)

    def drain(self, model, messages):
        total, length = 0, self.length
        with self.stream(model, messages) as updates:
            for update in updates:
                total += length(update)
        return total


class Async:
    length = staticmethod(length_of)
    history = staticmethod(history_of_dicts)

    async def drain(self, model, messages):
        total, length = 0, self.length
        async with await self.stream(model, messages) as updates:
            async for update in updates:
                total += length(update)
        return total

    async def close(self):
        await self._client.close()


class AzureSync(Sync):
    """Common to azure-ai-inference 1.0.0b9 and this package."""

    history = staticmethod(history_of_azure)

    def __init__(self, url):
        from azure.core.credentials import AzureKeyCredential

        from azure.ai.inference import ChatCompletionsClient

        self._url, self._key = url, AzureKeyCredential(KEY)
        self._client = ChatCompletionsClient(url, self._key)

    def complete(self, messages):
        return self._client.complete(messages=messages, model="plain").choices[0].message.content

    def stream(self, model, messages):
        return self._client.complete(messages=messages, model=model, stream=True)

    def embedder(self, encoding):
        from azure.ai.inference import EmbeddingsClient

        embed = EmbeddingsClient(self._url, self._key, model="e").embed
        first = self.first_of_base64 if encoding == "base64" else lambda item: item.embedding[0]
        return lambda: [first(item) for item in embed(input=TEXTS, encoding_format=encoding).data]

    def first_of_base64(self, item):
        return first_of_base64(item.embedding)


class OursSync(AzureSync):
    def stream(self, model, messages):
        api = model.partition("-")[0]
        named = {"api": api} if api in ("responses", "messages") else {}
        return self._client.complete(messages=messages, model=model, stream=True, **named)

    def first_of_base64(self, item):
        return item.vector[0]


class AzureAsync(Async):
    history = staticmethod(history_of_azure)

    def __init__(self, url, connections=None):
        from azure.core.credentials import AzureKeyCredential

        from azure.ai.inference.aio import ChatCompletionsClient

        options = {} if connections is None else {"transport": aiohttp_transport(connections)}
        self._client = ChatCompletionsClient(url, AzureKeyCredential(KEY), **options)

    async def complete(self, messages):
        return (await self._client.complete(messages=messages, model="plain")).choices[0].message.content

    def stream(self, model, messages):
        return self._client.complete(messages=messages, model=model, stream=True)


class OursAsync(AzureAsync):
    def __init__(self, url, connections=None):
        super().__init__(url)  # a thousand connections need no setting


class OpenAISync(Sync):
    def __init__(self, url):
        import openai

        self._client = openai.OpenAI(base_url=url, api_key=KEY)

    def complete(self, messages):
        return self._client.chat.completions.create(messages=messages, model="plain").choices[0].message.content

    def stream(self, model, messages):
        return self._client.chat.completions.create(messages=messages, model=model, stream=True)

    def embedder(self, encoding):
        # By default, this library requests base64 and decodes it.
        options = {} if encoding == "base64" else {"encoding_format": encoding}
        create = self._client.embeddings.create
        return lambda: [item.embedding[0] for item in create(input=TEXTS, model="e", **options).data]


class OpenAIAsync(Async):
    def __init__(self, url, connections=None):
        import openai

        # It allows a thousand connections, but gives up those that take five seconds, as a thousand at once do.
        options = {} if connections is None else {"timeout": 600}
        self._client = openai.AsyncOpenAI(base_url=url, api_key=KEY, **options)

    async def complete(self, messages):
        return (await self._client.chat.completions.create(messages=messages, model="plain")).choices[0].message.content

    def stream(self, model, messages):
        return self._client.chat.completions.create(messages=messages, model=model, stream=True)


class MistralSync(Sync):
    length = staticmethod(lambda event: length_of(event.data))
    history = staticmethod(history_of_mistral)  # its models are four times as fast as dicts, which it accepts too

    def __init__(self, url):
        from mistralai.client import Mistral

        self._client = Mistral(server_url=url, api_key=KEY)

    def complete(self, messages):
        return self._client.chat.complete(messages=messages, model="plain").choices[0].message.content

    def stream(self, model, messages):
        return self._client.chat.stream(messages=messages, model=model)

    def embedder(self, encoding):
        create = self._client.embeddings.create
        return lambda: [item.embedding[0] for item in create(inputs=TEXTS, model="e", encoding_format=encoding).data]


class MistralAsync(Async):
    length = staticmethod(MistralSync.length)
    history = staticmethod(history_of_mistral)

    def __init__(self, url, connections=None):
        from mistralai.client import Mistral

        options = {}
        if connections is not None:
            import httpx2

            limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
            options["async_client"] = httpx2.AsyncClient(follow_redirects=True, limits=limits)
        self._client = Mistral(server_url=url, api_key=KEY, **options)

    async def complete(self, messages):
        return (await self._client.chat.complete_async(messages=messages, model="plain")).choices[0].message.content

    def stream(self, model, messages):
        return self._client.chat.stream_async(messages=messages, model=model)

    async def close(self):
        await self._client.__aexit__(None, None, None)


class CoreSync(Sync):
    """A bare azure-core pipeline with `json`: the minimum cost of the transport and the policies."""

    def __init__(self, url):
        from azure.core import PipelineClient

        self._url, self._client = url, PipelineClient(url)

    def complete(self, messages):
        answer = self._client.send_request(
            core_request(self._url, "chat/completions", model="plain", messages=messages)
        )
        return answer.json()["choices"][0]["message"]["content"]

    def drain(self, model, messages):
        request = core_request(self._url, "chat/completions", model=model, messages=messages, stream=True)
        length, rest = 0, b""
        with self._client.send_request(request, stream=True) as response:
            for piece in response.iter_bytes():
                *events, rest = (rest + piece).split(b"\n\n")
                length += length_of_events(events)
        return length

    def embedder(self, encoding):
        first = first_of_base64 if encoding == "base64" else lambda vector: vector[0]

        def embed():
            request = core_request(self._url, "embeddings", model="e", input=TEXTS, encoding_format=encoding)
            return [first(item["embedding"]) for item in self._client.send_request(request).json()["data"]]

        return embed


class CoreAsync(Async):
    def __init__(self, url, connections=None):
        from azure.core import AsyncPipelineClient

        options = {} if connections is None else {"transport": aiohttp_transport(connections)}
        self._url, self._client = url, AsyncPipelineClient(url, **options)

    async def complete(self, messages):
        request = core_request(self._url, "chat/completions", model="plain", messages=messages)
        return (await self._client.send_request(request)).json()["choices"][0]["message"]["content"]

    async def drain(self, model, messages):
        request = core_request(self._url, "chat/completions", model=model, messages=messages, stream=True)
        length, rest = 0, b""
        async with await self._client.send_request(request, stream=True) as response:
            async for piece in response.iter_bytes():
                *events, rest = (rest + piece).split(b"\n\n")
                length += length_of_events(events)
        return length


def core_request(url, path, **body):
    from azure.core.rest import HttpRequest

    return HttpRequest("POST", f"{url}/{path}", json=body)


def length_of_events(events):
    import json

    chunks = [json.loads(event[6:]) for event in events if event != b"data: [DONE]"]
    return sum(len(chunk["choices"][0]["delta"].get("content") or "") for chunk in chunks)


def first_of_base64(text):
    from array import array
    from base64 import b64decode

    return array("f", b64decode(text))[0]


def aiohttp_transport(connections):
    """Create the transport that azure-core uses by default, with a larger pool."""
    import aiohttp
    from azure.core.pipeline.transport import AioHttpTransport

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=True,
    )
    return AioHttpTransport(session=session)


SYNC = {
    "ours": OursSync,
    "speed": OursSync,
    "b9": AzureSync,
    "openai": OpenAISync,
    "mistralai": MistralSync,
    "core": CoreSync,
}
ASYNC = {
    "ours": OursAsync,
    "speed": OursAsync,
    "b9": AzureAsync,
    "openai": OpenAIAsync,
    "mistralai": MistralAsync,
    "core": CoreAsync,
}
