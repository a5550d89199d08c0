"""Get an answer that matches a JSON schema of your own.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_json_schema.py
"""

import json
import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import JsonSchemaFormat, SystemMessage, UserMessage

RECIPE = JsonSchemaFormat(
    name="recipe",
    description="A recipe with its ingredients",
    schema={
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "ingredients": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["title", "ingredients"],
        "additionalProperties": False,
    },
    strict=True,
)


def main(endpoint: str, key: str, model: str | None) -> None:
    """Ask for a recipe as JSON."""
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        answer = client.complete(
            messages=[SystemMessage("You know how to cook."), UserMessage("How do I make a chocolate cake?")],
            response_format=RECIPE,
        )
    recipe = json.loads(answer.choices[0].message.content or "")
    print(json.dumps(recipe, indent=2))


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
