"""Put a picture and an earlier conversation into a prompt, with the asynchronous client.

The prompty file declares `picture` as an image and `conversation` as a thread, so what is passed becomes an image and
messages. Templates do no I/O, so they are the same for both clients. Reading the file needs the extra
"prompts".

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/async_samples/sample_prompt_image_async.py
"""

import asyncio
import os
from pathlib import Path

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import ImageUrl
from azure.ai.inference.prompts import PromptTemplate

SAMPLES = Path(__file__).parent.parent


async def main(endpoint: str, key: str, model: str | None) -> None:
    """Fill the template in with an image and a conversation, and ask."""
    template = PromptTemplate.from_prompty(str(SAMPLES / "sample_prompt_image.prompty"))
    picture = ImageUrl.load(image_file=SAMPLES / "sample_image.png", image_format="png")
    messages = template.create_messages(
        picture=picture.url,
        conversation=[
            {"role": "user", "content": "Answer in French, please."},
            {"role": "assistant", "content": "Volontiers."},
        ],
    )
    for message in messages:
        print(f"{message['role']}: {str(message['content'])[:100]}")
    async with ChatCompletionsClient(
        endpoint, AzureKeyCredential(key), model=model or template.model_name, **template.parameters
    ) as client:
        response = await client.complete(messages=messages)
    print(response.choices[0].message.content)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        asyncio.run(main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL")))
    else:
        with Emulator() as local:
            asyncio.run(main(local.url, local.key, None))
