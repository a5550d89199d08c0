"""Make messages from a template string with variables, and send them.

A template string needs no extra. Lines such as `user:` start a message, {{name}} stands for a variable's text, and a
{{#section}} repeats for each item of a list. Whatever text a variable holds, it stays text: it starts no message.

Set AZURE_AI_CHAT_ENDPOINT, AZURE_AI_CHAT_KEY and AZURE_AI_CHAT_MODEL to use a real endpoint; without them the sample
runs against the local emulator (pip install azure-ai-inference[emulator]).

    python sample_prompt_from_string.py
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.prompts import PromptTemplate

template = PromptTemplate.from_string("""
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

messages = template.create_messages(
    question="When I arrive, can I still have breakfast?",
    rules=[{"rule": "Check-in is at 3 pm."}, {"rule": "Breakfast is from 7 to 10 am."}],
    history=[
        {"role": "user", "content": "I'll arrive at 2 pm."},
        {"role": "assistant", "content": "You can leave your luggage until 3 pm."},
    ],
)
for message in messages:
    print(f"{message['role']}: {message['content']}")

with ExitStack() as stack:
    endpoint, key = os.environ.get("AZURE_AI_CHAT_ENDPOINT"), os.environ.get("AZURE_AI_CHAT_KEY")
    if not endpoint or not key:
        from azure.ai.inference.emulator import Emulator

        emulator = stack.enter_context(Emulator())
        endpoint, key = emulator.url, emulator.key
    client = stack.enter_context(ChatCompletionsClient(endpoint, AzureKeyCredential(key)))
    response = client.complete(messages=messages, model=os.environ.get("AZURE_AI_CHAT_MODEL"))
    print(response.choices[0].message.content)
