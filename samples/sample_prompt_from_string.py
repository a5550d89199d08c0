"""Create messages from a template string with variables, and send them.

A template string needs no extra. Lines such as `user:` start a message, {{name}} stands for a variable's text, and a
{{#section}} repeats for each item of a list. A variable's text is only text: it cannot start a message.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and, where the endpoint serves several models, AZURE_AI_CHAT_MODEL.
Without them, a local endpoint answers, which needs the extra "emulator".

    python samples/sample_prompt_from_string.py
"""

import os

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator
from azure.ai.inference.prompts import PromptTemplate

TEMPLATE = PromptTemplate.from_string("""
    system:
    You help the guests of a hotel. Keep to these rules:
    {{#rules}}
    * {{rule}}
    {{/rules}}

    {{#history}}
    {{role}}:
    {{{content}}}
    {{/history}}

    user:
    {{{question}}}
""")


def main(endpoint: str, key: str, model: str | None) -> None:
    """Fill in the template, print the messages, and send them."""
    messages = TEMPLATE.create_messages(
        question="When I arrive, can I still have breakfast?",
        rules=[{"rule": "Check-in is at 3 pm."}, {"rule": "Breakfast is from 7 to 10 am."}],
        history=[
            {"role": "user", "content": "I'll arrive at 2 pm."},
            {"role": "assistant", "content": "You can leave your luggage until 3 pm."},
        ],
    )
    for message in messages:
        print(f"{message['role']}: {message['content']}")

    with ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=model) as client:
        response = client.complete(messages=messages)
    print(response.choices[0].message.content)


if __name__ == "__main__":
    endpoint = os.environ.get("AZURE_AI_CHAT_ENDPOINT")
    if endpoint:
        main(endpoint, os.environ["AZURE_AI_CHAT_KEY"], os.environ.get("AZURE_AI_CHAT_MODEL"))
    else:
        with Emulator() as local:
            main(local.url, local.key, None)
