"""Ask an endpoint which model it serves.

Serverless and managed endpoints report it; Azure OpenAI and most others answer 404.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_get_model_info.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator


def main(endpoint: str, key: str, model: str | None) -> None:
    """Print the model's name, type and provider."""
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        info = client.get_model_info()
    print(f"{info.model_name}, {info.model_type}, by {info.model_provider_name}")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
