"""Let a model call your function.

The function's annotations and docstring tell the model what it does; a `Toolset` runs what the model calls.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_tools.py
"""

import os
from collections.abc import Mapping
from typing import Any

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import SystemMessage, UserMessage
from azure.ai.inference.tools import Toolset


def next_flight(origin: str, destination: str) -> dict[str, str]:
    """Look up the next flight between two cities.

    :param origin: The city to leave from.
    :param destination: The city to go to.
    """
    return {"flight": "CD123", "from": origin, "to": destination, "departs": "2027-03-02T10:20:00"}


def main(endpoint: str, key: str, model: str | None) -> None:
    """Ask, run what the model calls, and ask again until it answers."""
    toolset = Toolset([next_flight])
    messages: list[Mapping[str, Any]] = [
        SystemMessage("You help people find flights."),
        UserMessage("When is the next flight from Rome to Oslo?"),
    ]
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        while True:
            answer = client.complete(messages=messages, tools=toolset.definitions)
            messages.append(answer.choices[0].message)
            results = toolset.run(answer)
            if not results:
                break
            for result in results:
                print(f"The tool returned {result.content}")
            messages += results
    print(answer.choices[0].message.content)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
