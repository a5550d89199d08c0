"""Get an answer as a value of a Python type.

The type may be a dataclass, a TypedDict or a pydantic model; its JSON schema is sent with the question.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_chat_completions_with_structured_output.py
"""

import os
from dataclasses import dataclass

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.models import SystemMessage, UserMessage


@dataclass
class Step:
    """A step of a recipe."""

    instruction: str
    minutes: int


@dataclass
class Recipe:
    """A recipe."""

    title: str
    ingredients: list[str]
    steps: list[Step]


def main(endpoint: str, key: str, model: str | None) -> None:
    """Ask for a recipe, and use it as one."""
    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        answer = client.complete(
            messages=[SystemMessage("You know how to cook."), UserMessage("How do I make a chocolate cake?")],
            response_format=Recipe,
        )
    recipe = answer.parse_as(Recipe)
    print(recipe.title)
    print(", ".join(recipe.ingredients))
    for number, step in enumerate(recipe.steps, 1):
        print(f"{number}. {step.instruction} ({step.minutes} minutes)")


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
