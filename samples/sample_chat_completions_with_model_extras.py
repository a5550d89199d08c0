"""Send settings that only the model knows.

They become members of the request; the header ``extra-parameters: pass-through`` goes along.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_model_extras.py
"""

import os

from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline import PipelineRequest
from azure.core.rest import HttpRequest

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import UserMessage


def show(request: PipelineRequest[HttpRequest]) -> None:
    """Print the request body."""
    print(request.http_request.content)


def main(endpoint: str, key: str, model: str | None) -> None:
    """Print what is sent: the extras of a call replace those of the client, so repeat the ones to keep."""
    extras = {"top_k": 40, "safe_mode": True}
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model, model_extras=extras) as client:
        answer = client.complete(
            messages=[UserMessage("Say something unexpected.")],
            model_extras={**extras, "top_k": 80},
            raw_request_hook=show,
        )
    print(answer.choices[0].message.content)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
