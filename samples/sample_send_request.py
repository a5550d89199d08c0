"""Call a route without a method of its own, with the client's credential, retries and logs: list the models.

Set AZURE_AI_CHAT_ENDPOINT and AZURE_AI_CHAT_KEY to an endpoint that lists its models, such as a Foundry resource.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_send_request.py
"""

import os

from azure.core.credentials import AzureKeyCredential
from azure.core.rest import HttpRequest

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator


def main(endpoint: str, key: str) -> None:
    """Send a request with a URL relative to the endpoint."""
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key)) as client:
        response = client.send_request(HttpRequest("GET", "models"))
    response.raise_for_status()
    for model in response.json()["data"]:
        print(model["id"])


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"])
    else:
        with Emulator() as local:
            main(f"{local.url}/openai/v1", local.key)
