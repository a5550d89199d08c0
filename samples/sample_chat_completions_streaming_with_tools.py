"""Stream an answer; the model may call a function first.

A tool call is streamed in pieces; `get_final_completions` puts them together.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_streaming_with_tools.py
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
    """Print text as it arrives, run what the model calls, and repeat until it calls nothing."""
    toolset = Toolset([next_flight])
    messages: list[Mapping[str, Any]] = [
        SystemMessage("You help people find flights."),
        UserMessage("When is the next flight from Rome to Oslo?"),
    ]
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model, tools=toolset.definitions) as client:
        while True:
            with client.complete(messages=messages, stream=True) as stream:
                for text in stream.text_deltas():
                    print(text, end="", flush=True)
                answer = stream.get_final_completions()
            messages.append(answer.choices[0].message)
            results = toolset.run(answer)
            if not results:
                break
            print(f"The model called {len(results)} function(s)")
            messages += results
    print()


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
