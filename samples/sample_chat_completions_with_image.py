"""Ask about an image, from a file.

For an image on the web, use ``ImageUrl(url="https://...")``.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_image.py
"""

import os
from pathlib import Path

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import ImageContentItem, ImageDetailLevel, ImageUrl, TextContentItem, UserMessage

IMAGE = Path(__file__).with_name("sample_image.png")


def main(endpoint: str, key: str, model: str | None) -> None:
    """Send a question and the image in one message."""
    image = ImageUrl.load(image_file=IMAGE, image_format="png", detail=ImageDetailLevel.LOW)
    question = UserMessage([TextContentItem(text="What is in this image?"), ImageContentItem(image_url=image)])
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        answer = client.complete(messages=[question])
    print(answer.choices[0].message.content)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
