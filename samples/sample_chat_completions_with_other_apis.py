"""Ask models without chat completions in the same way: OpenAI's codex models and Claude, with a tool.

Set AZURE_AI_RESOURCE_ENDPOINT (https://RESOURCE.services.ai.azure.com), AZURE_AI_RESOURCE_KEY,
AZURE_AI_CODEX_DEPLOYMENT and AZURE_AI_CLAUDE_DEPLOYMENT.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_other_apis.py
"""

import os
from typing import Any

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import UserMessage
from azure.ai.inference.tools import Toolset


def get_weather(city: str) -> str:
    """Return the weather in a city."""
    return f"14 degrees in {city}"


def main(resource: str, key: str, codex: str, claude: str) -> None:
    """Continue one conversation through each API in turn."""
    toolset = Toolset([get_weather])
    messages: list[Any] = [UserMessage("What is the weather in Rome?")]
    credential = AzureKeyCredential(key)
    for url, model in ((f"{resource}/openai/v1", codex), (f"{resource}/anthropic", claude)):
        with ChatCompletionsClient(url, credential, model=model) as client:
            while True:
                answer = client.complete(messages=messages, tools=toolset.definitions)
                messages.append(answer.choices[0].message)
                results = toolset.run(answer)
                if not results:
                    break
                messages += results
        print(f"{model}: {messages[-1].text}")
        messages.append(UserMessage("And what is the weather in Oslo?"))


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_RESOURCE_ENDPOINT")
    if endpoint:
        codex, claude = (os.environ[f"AZURE_AI_{name}_DEPLOYMENT"] for name in ("CODEX", "CLAUDE"))
        main(endpoint.rstrip("/"), os.environ["AZURE_AI_RESOURCE_KEY"], codex, claude)
    else:
        with Emulator() as local:
            main(local.url, local.key, "gpt-5-codex", "claude-sonnet-5")
