"""Call a Claude deployment of Microsoft Foundry with a tool, and show its reasoning and its answer.

Claude answers Anthropic's Messages API only. The call is the same as for any other model: a URL that ends in /anthropic
says which API it is. On a resource's own URL, a model whose name begins with "claude" is enough.

Set AZURE_AI_CHAT_ENDPOINT (such as https://RESOURCE.services.ai.azure.com/anthropic), AZURE_AI_CHAT_KEY and
AZURE_AI_CHAT_MODEL. Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_claude.py
"""

import os
from typing import Any

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import SystemMessage, UserMessage
from azure.ai.inference.tools import Toolset


def weather(city: str) -> str:
    """Return the weather in a city.

    :param city: The city's name.
    """
    return f"14 degrees and rain in {city}"


def main(endpoint: str, key: str, model: str | None) -> None:
    """Answer a question with the help of a tool."""
    toolset = Toolset([weather])
    messages: list[Any] = [SystemMessage("Answer in one sentence."), UserMessage("What is the weather in Oslo?")]
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model, tools=toolset.definitions) as client:
        answer = client.complete(messages=messages, reasoning_effort="low")
        while answer.choices[0].message.tool_calls:
            message = answer.choices[0].message
            print(f"It thought: {message.reasoning or '(not shown)'}")
            # The message contains the signed reasoning, which goes back to the model with it.
            messages += [message, *toolset.run(answer)]
            answer = client.complete(messages=messages, reasoning_effort="low")
        print(f"It answers: {answer.choices[0].message.text}")
        print(f"{answer.usage.total_tokens} tokens")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(f"{local.url}/anthropic", local.key, "claude-sonnet-5")
