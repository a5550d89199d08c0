"""Ask about a sound, from a file.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_audio.py
"""

import os
from pathlib import Path

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import AudioContentFormat, AudioContentItem, InputAudio, TextContentItem, UserMessage

SOUND = Path(__file__).with_name("sample_audio.wav")


def main(endpoint: str, key: str, model: str | None) -> None:
    """Send a question and the sound in one message."""
    sound = InputAudio.load(audio_file=SOUND, audio_format=AudioContentFormat.WAV)
    question = UserMessage([TextContentItem(text="What do you hear?"), AudioContentItem(input_audio=sound)])
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
