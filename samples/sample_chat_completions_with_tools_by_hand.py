"""Let a model call a function, with the messages and the schema written by hand.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_tools_by_hand.py
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import (
    ChatCompletionsToolDefinition,
    CompletionsFinishReason,
    FunctionDefinition,
    ToolMessage,
    UserMessage,
)


def next_flight(origin: str, destination: str) -> str:
    """Look up the next flight between two cities."""
    return json.dumps({"flight": "CD123", "from": origin, "to": destination, "departs": "2027-03-02T10:20:00"})


FLIGHTS = ChatCompletionsToolDefinition(
    function=FunctionDefinition(
        name="next_flight",
        description="Look up the next flight between two cities.",
        parameters={
            "type": "object",
            "properties": {"origin": {"type": "string"}, "destination": {"type": "string"}},
            "required": ["origin", "destination"],
        },
    )
)


def main(endpoint: str, key: str, model: str | None) -> None:
    """Ask, answer each tool call with a message that names its id, and let the model go on."""
    messages: list[Mapping[str, Any]] = [UserMessage("When is the next flight from Rome to Oslo?")]
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model, tools=[FLIGHTS]) as client:
        choice = client.complete(messages=messages).choices[0]
        if choice.finish_reason == CompletionsFinishReason.TOOL_CALLS:
            messages.append(choice.message)
            for call in choice.message.tool_calls or []:
                arguments = json.loads(call.function.arguments)
                print(f"The model calls {call.function.name} with {arguments}")
                messages.append(ToolMessage(next_flight(**arguments), tool_call_id=call.id))
            choice = client.complete(messages=messages).choices[0]
    print(choice.message.content)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
