"""Read an answer's headers: the request's id for a support case, and what remains of the quotas.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_rate_limits.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.exceptions import InferenceError
from azure.ai.inference.models import UserMessage


def main(endpoint: str, key: str, model: str | None) -> None:
    """Ask, look at the quotas, and make a request that is refused."""
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        answer = client.complete(messages=[UserMessage("Hello")])
        print(f"Request {answer.request_id}, answered in region {answer.region or '(not told)'}")
        for name, limit in (("requests", answer.rate_limits.requests), ("tokens", answer.rate_limits.tokens)):
            print(f"{limit.remaining} of {limit.limit} {name} are left; full again in {limit.reset} seconds")
        try:
            client.complete(messages=[UserMessage("Hello")], temperature=1000)
        except InferenceError as error:
            print(f"Refused with status {error.status_code}, request {error.request_id}")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator(requests_per_minute=60, tokens_per_minute=10_000) as local:
            main(local.url, local.key, None)
