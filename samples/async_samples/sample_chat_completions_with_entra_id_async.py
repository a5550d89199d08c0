"""Ask a model with an Entra ID identity instead of a key.

Set AZURE_AI_CHAT_ENDPOINT and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL; sign in, for example with
`az login`; the identity needs the role "Cognitive Services User" on the resource. `pip install azure-identity`.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_chat_completions_with_entra_id_async.py
"""

import asyncio
import os
import time
from types import TracebackType
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import UserMessage


async def main(endpoint: str, credential: AsyncTokenCredential, model: str | None) -> None:
    """Ask; the client gets a token for the endpoint's scope, and renews it in time."""
    async with credential, ChatCompletionsClient(endpoint, credential, model=model) as client:
        answer = await client.complete(messages=[UserMessage("How many feet are in a mile?")])
    print(answer.choices[0].message.content)


class LocalCredential:
    """Stands in for azure-identity where the local endpoint answers."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Let the local endpoint issue a token that it accepts."""
        return AccessToken(self._emulator.token(scopes[0]), int(time.time()) + 3600)

    async def close(self) -> None:
        """Close nothing."""

    async def __aenter__(self) -> "LocalCredential":
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        from azure.identity.aio import DefaultAzureCredential

        asyncio.run(main(endpoint, DefaultAzureCredential(), os.environ.get("AZURE_AI_CHAT_MODEL")))
    else:
        with Emulator() as local:
            asyncio.run(main(local.url, LocalCredential(local), None))
