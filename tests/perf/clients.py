"""How each contender is used, as its own documentation has it: one class for each and each world, all with one face.

`complete` gives an answer's text, `drain` counts the characters of a stream, `history` makes a conversation, `embedder` a
function that embeds 64 texts and has a number of each vector in hand. `connections` is for more of them at once than a
library allows by default; `None` leaves it at that.

This module imports nothing at its top, so that what each library loads is seen when a client is built.
"""

KEY = "k"
TEXTS = ["a"] * 64


class AzureSync:
    """What azure-ai-inference 1.0.0b9 and this package have in common."""

    def __init__(self, url):
        from azure.ai.inference import ChatCompletionsClient
        from azure.core.credentials import AzureKeyCredential

        self._url, self._key = url, AzureKeyCredential(KEY)
        self._client = ChatCompletionsClient(url, self._key)

    def complete(self, messages):
        return self._client.complete(messages=messages, model="plain").choices[0].message.content

    def drain(self, model, messages):
        length = 0
        with self._client.complete(messages=messages, model=model, stream=True) as updates:
            for update in updates:
                if update.choices:
                    length += len(update.choices[0].delta.content or "")
        return length

    def history(self, count):
        from azure.ai.inference.models import AssistantMessage, UserMessage

        return [(UserMessage, AssistantMessage)[number % 2](f"message {number}") for number in range(count)]

    def embedder(self, encoding):
        from azure.ai.inference import EmbeddingsClient

        client = EmbeddingsClient(self._url, self._key, model="e")
        first = self.first_of_base64 if encoding == "base64" else self.first_of_floats
        return lambda: [first(item) for item in client.embed(input=TEXTS, encoding_format=encoding).data]

    def first_of_floats(self, item):
        return item.embedding[0]

    def first_of_base64(self, item):
        from array import array
        from base64 import b64decode

        return array("f", b64decode(item.embedding))[0]


class OursSync(AzureSync):
    def first_of_base64(self, item):
        return item.vector[0]


class AzureAsync:
    def __init__(self, url, connections=None):
        from azure.ai.inference.aio import ChatCompletionsClient
        from azure.core.credentials import AzureKeyCredential

        more = {} if connections is None else {"transport": aiohttp_transport(connections)}
        self._client = ChatCompletionsClient(url, AzureKeyCredential(KEY), **more)

    history = AzureSync.history

    async def complete(self, messages):
        return (await self._client.complete(messages=messages, model="plain")).choices[0].message.content

    async def drain(self, model, messages):
        length = 0
        async with await self._client.complete(messages=messages, model=model, stream=True) as updates:
            async for update in updates:
                if update.choices:
                    length += len(update.choices[0].delta.content or "")
        return length

    async def close(self):
        await self._client.close()


class OursAsync(AzureAsync):
    def __init__(self, url, connections=None):
        super().__init__(url)  # a thousand connections need no word


def aiohttp_transport(connections):
    """Make the transport that azure-core makes by itself, with a larger pool."""
    import aiohttp
    from azure.core.pipeline.transport import AioHttpTransport

    return AioHttpTransport(
        session=aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=True,
        )
    )


class OpenAISync:
    def __init__(self, url):
        import openai

        self._client = openai.OpenAI(base_url=url, api_key=KEY)

    def complete(self, messages):
        return self._client.chat.completions.create(messages=messages, model="plain").choices[0].message.content

    def drain(self, model, messages):
        length = 0
        with self._client.chat.completions.create(messages=messages, model=model, stream=True) as chunks:
            for chunk in chunks:
                if chunk.choices:
                    length += len(chunk.choices[0].delta.content or "")
        return length

    def history(self, count):
        return [{"role": ("user", "assistant")[number % 2], "content": f"message {number}"} for number in range(count)]

    def embedder(self, encoding):
        # Asked for nothing, this library asks for base64 and decodes it.
        more = {} if encoding == "base64" else {"encoding_format": encoding}
        create = self._client.embeddings.create
        return lambda: [item.embedding[0] for item in create(input=TEXTS, model="e", **more).data]


class OpenAIAsync:
    def __init__(self, url, connections=None):
        import openai

        # It makes up to a thousand connections, but gives up those that take five seconds; a thousand at once do.
        more = {} if connections is None else {"timeout": 600}
        self._client = openai.AsyncOpenAI(base_url=url, api_key=KEY, **more)

    history = OpenAISync.history

    async def complete(self, messages):
        return (await self._client.chat.completions.create(messages=messages, model="plain")).choices[0].message.content

    async def drain(self, model, messages):
        length = 0
        async with await self._client.chat.completions.create(messages=messages, model=model, stream=True) as chunks:
            async for chunk in chunks:
                if chunk.choices:
                    length += len(chunk.choices[0].delta.content or "")
        return length

    async def close(self):
        await self._client.close()


class MistralSync:
    def __init__(self, url):
        from mistralai.client import Mistral

        self._client = Mistral(server_url=url, api_key=KEY)

    def complete(self, messages):
        return self._client.chat.complete(messages=messages, model="plain").choices[0].message.content

    def drain(self, model, messages):
        length = 0
        with self._client.chat.stream(messages=messages, model=model) as events:
            for event in events:
                if event.data.choices:
                    length += len(event.data.choices[0].delta.content or "")
        return length

    history = OpenAISync.history

    def embedder(self, encoding):
        create = self._client.embeddings.create
        return lambda: [item.embedding[0] for item in create(inputs=TEXTS, model="e", encoding_format=encoding).data]


class MistralAsync:
    def __init__(self, url, connections=None):
        from mistralai.client import Mistral

        more = {}
        if connections is not None:
            import httpx2

            limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
            more["async_client"] = httpx2.AsyncClient(follow_redirects=True, limits=limits)
        self._client = Mistral(server_url=url, api_key=KEY, **more)

    history = OpenAISync.history

    async def complete(self, messages):
        return (await self._client.chat.complete_async(messages=messages, model="plain")).choices[0].message.content

    async def drain(self, model, messages):
        length = 0
        async with await self._client.chat.stream_async(messages=messages, model=model) as events:
            async for event in events:
                if event.data.choices:
                    length += len(event.data.choices[0].delta.content or "")
        return length

    async def close(self):
        await self._client.__aexit__(None, None, None)


class CoreSync:
    """A bare azure-core pipeline with `json`: what the transport and the policies cost, and no more."""

    def __init__(self, url):
        from azure.core import PipelineClient

        self._url, self._client = url, PipelineClient(url)

    def complete(self, messages):
        answer = self._client.send_request(
            core_request(self._url, "chat/completions", model="plain", messages=messages)
        ).json()
        return answer["choices"][0]["message"]["content"]

    def drain(self, model, messages):
        import json

        request = core_request(self._url, "chat/completions", model=model, messages=messages, stream=True)
        length, rest = 0, b""
        with self._client.send_request(request, stream=True) as response:
            for piece in response.iter_bytes():
                *events, rest = (rest + piece).split(b"\n\n")
                for event in events:
                    if event != b"data: [DONE]":
                        length += len(json.loads(event[6:])["choices"][0]["delta"].get("content") or "")
        return length

    history = OpenAISync.history

    def embedder(self, encoding):
        from array import array
        from base64 import b64decode

        def embed():
            request = core_request(self._url, "embeddings", model="e", input=TEXTS, encoding_format=encoding)
            vectors = [item["embedding"] for item in self._client.send_request(request).json()["data"]]
            if encoding == "base64":
                return [array("f", b64decode(vector))[0] for vector in vectors]
            return [vector[0] for vector in vectors]

        return embed


class CoreAsync:
    def __init__(self, url, connections=None):
        from azure.core import AsyncPipelineClient

        more = {} if connections is None else {"transport": aiohttp_transport(connections)}
        self._url, self._client = url, AsyncPipelineClient(url, **more)

    history = OpenAISync.history

    async def complete(self, messages):
        request = core_request(self._url, "chat/completions", model="plain", messages=messages)
        return (await self._client.send_request(request)).json()["choices"][0]["message"]["content"]

    async def drain(self, model, messages):
        import json

        request = core_request(self._url, "chat/completions", model=model, messages=messages, stream=True)
        length, rest = 0, b""
        async with await self._client.send_request(request, stream=True) as response:
            async for piece in response.iter_bytes():
                *events, rest = (rest + piece).split(b"\n\n")
                for event in events:
                    if event != b"data: [DONE]":
                        length += len(json.loads(event[6:])["choices"][0]["delta"].get("content") or "")
        return length

    async def close(self):
        await self._client.close()


def core_request(url, path, **body):
    from azure.core.rest import HttpRequest

    return HttpRequest("POST", f"{url}/{path}", json=body)


SYNC = {"ours": OursSync, "b9": AzureSync, "openai": OpenAISync, "mistralai": MistralSync, "core": CoreSync}
ASYNC = {"ours": OursAsync, "b9": AzureAsync, "openai": OpenAIAsync, "mistralai": MistralAsync, "core": CoreAsync}
