"""Send a request body written by hand.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_from_raw_request.py
"""

import io
import json
import os
from typing import Any

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import ChatCompletions


def main(endpoint: str, key: str, model: str | None) -> None:
    """Pass the request as a mapping; bytes and open files work too, and are sent unchanged."""
    request: dict[str, Any] = {
        "messages": [{"role": "user", "content": "How many feet are in a mile?"}],
        "max_tokens": 100,
    }
    if model:
        request["model"] = model
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key)) as client:
        for body in (request, json.dumps(request).encode(), io.BytesIO(json.dumps(request).encode())):
            answer = client.complete(body)
            assert isinstance(answer, ChatCompletions)  # a body with "stream": true would be answered by a stream
            print(answer.choices[0].message.content)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
