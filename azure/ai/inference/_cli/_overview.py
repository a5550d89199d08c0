"""The commands, their examples, and the page that lists them. Imports nothing else, so help appears at once."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import NamedTuple


class Command(NamedTuple):
    """The help for a command."""

    summary: str
    examples: tuple[str, ...]
    """Command lines to paste, without the program's name."""


COMMANDS: Mapping[str, Command] = {
    "check": Command(
        "Show how an endpoint is called, call it, and explain any failure.",
        (
            "check https://RES.services.ai.azure.com --model DEPLOYMENT",
            "check http://localhost:11434/v1 --model llama3.2",
            "check https://RES.openai.azure.com --offline",
        ),
    ),
    "chat": Command(
        "Ask a question, or hold a conversation.",
        (
            'chat --emulator "Hello"',
            "chat https://RES.services.ai.azure.com --model DEPLOYMENT",
            'chat https://api.openai.com --model gpt-5-mini --key-env OPENAI_API_KEY "Why is the sky blue?"',
            'chat "Summarize this:" - -o temperature=0 < notes.txt',
        ),
    ),
    "embed": Command(
        "Embed texts, or the lines of a file.",
        (
            'embed --emulator "Hello" "World"',
            "embed https://RES.openai.azure.com --model DEPLOYMENT --file texts.txt --json > vectors.jsonl",
        ),
    ),
    "batch": Command(
        "Send the rows of a file to a model; run it again to continue.",
        (
            "batch rows.jsonl results.jsonl https://RES.openai.azure.com --model DEPLOYMENT",
            'batch reviews.csv results.jsonl --template "Is this praise? {text}" --dry-run',
        ),
    ),
    "emulator": Command(
        "Run a local endpoint that answers as the services do.",
        ("emulator", "emulator --ui --port 8080", "emulator --faults '429:times=2,wait=1'"),
    ),
}


def program_name(path: str) -> str:
    """Return the program's name for help, as it was typed.

    :param path: `sys.argv[0]`.
    """
    script = PurePath(path.replace("\\", "/")).name.lower()
    return "ai-inference" if script.startswith("ai-inference") else "python -m azure.ai.inference"


def overview(program: str) -> str:
    """Return the page that lists the commands.

    :param program: The program's name.
    """
    commands = "\n".join(f"  {name:10}{command.summary}" for name, command in COMMANDS.items())
    examples = "\n".join(f"  {program} {command.examples[0]}" for command in COMMANDS.values())
    return f"""usage: {program} COMMAND ...

Try an endpoint from the command line: Azure's, OpenAI's, Mistral's, or any
compatible server.

commands:
{commands}

options:
  -h, --help  show this page; COMMAND --help describes a command
  --version   show which version is installed

examples:
{examples}

The key is never an argument: it comes from the environment (AZURE_AI_CHAT_KEY,
AZURE_AI_EMBEDDINGS_KEY), from another variable (--key-env), from a file
(--key-file), or from Entra ID (--entra-id).
"""


def examples(program: str, command: str) -> str:
    """Return the examples for the help of a command.

    :param program: The program's name.
    :param command: The command.
    """
    lines = "\n".join(f"  {program} {example}" for example in COMMANDS[command].examples)
    return f"examples:\n{lines}"
