"""The grammar: arguments in, an `Arguments` out. Only argparse's own help and complaints are written from here.

A message never repeats a value that may be a key which was given in the wrong place.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from .._json import is_object
from .._operations.options import ChatOptions, EmbeddingOptions, names
from .._version import VERSION

PROGRAM = "python -m azure.ai.inference"

_KEYS = """
The key comes from the environment: AZURE_AI_CHAT_KEY (for embeddings AZURE_AI_EMBEDDINGS_KEY), else
AZURE_INFERENCE_CREDENTIAL. Endpoint and model may come from there too: AZURE_AI_CHAT_ENDPOINT and AZURE_AI_CHAT_MODEL,
AZURE_AI_EMBEDDINGS_ENDPOINT and AZURE_AI_EMBEDDINGS_MODEL, AZURE_INFERENCE_ENDPOINT and AZURE_INFERENCE_MODEL. A key
beside an endpoint of another host is not sent, unless --key-env names it. A server on this machine needs no key.
"""

KEY_FORMS = (
    "put it into an environment variable, one of those that --help names or another (--key-env NAME), or into a file "
    "(--key-file PATH; - is standard input)"
)

_NO_KEY_HERE = (
    f"a key is not taken as an argument, where the list of processes and the shell's history show it: {KEY_FORMS}"
)


class UsageError(Exception):
    """The command cannot be carried out as it was given."""


class Arguments(argparse.Namespace):
    """What was said on the command line; that of `_ELSEWHERE` holds for commands that have no such option."""

    command: str
    words: list[str]
    """The endpoint, prompts, texts."""
    key_env: str | None
    key_file: str | None
    entra_id: bool
    emulator: bool
    model: str | None
    api_version: str | None
    route: str | None
    scope: list[str] | None
    audience: str | None
    header: list[tuple[str, str]]
    timeout: float | None
    json: bool
    verbose: bool
    option: list[tuple[str, str]]
    embeddings: bool
    offline: bool
    system: str | None
    file: str | None
    batch_size: int
    input: str
    output: str
    template: str | None
    id: str | None
    dry_run: bool
    via: str
    provider: Any
    polling_interval: float
    detach: bool
    sort: bool
    price: tuple[float, float] | None
    max_concurrency: int
    requests_per_minute: float | None
    tokens_per_minute: float | None
    max_failures: float
    redo: Any
    on_changed: Any

    @property
    def for_embeddings(self) -> bool:
        """Whether the command is about embeddings, not chat."""
        return self.embeddings or self.command == "embed"

    @property
    def client_options(self) -> dict[str, Any]:
        """The keyword arguments of the client, of those that were given."""
        said = {
            "api_version": self.api_version,
            "route": self.route,
            "credential_scopes": self.scope,
            "audience": self.audience,
            "headers": dict(self.header) or None,
            "timeout": self.timeout,
        }
        return {name: value for name, value in said.items() if value is not None}

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the model, as the client takes them.

        :raises UsageError: One cannot be.
        """
        declared = EmbeddingOptions if self.for_embeddings else ChatOptions
        values = {name: read_value(text, declared.__annotations__.get(name)) for name, text in self.option}
        if not is_object(values.get("model_extras", {})):
            raise UsageError('model_extras has to be a JSON object, such as {"top_k": 5}')
        return values


_ELSEWHERE: Mapping[str, Any] = {
    "emulator": False,
    "verbose": False,
    "option": [],
    "embeddings": False,
    "offline": False,
    "system": None,
    "file": None,
}


def read_value(text: str, kind: Any) -> Any:
    """Read the value of a setting: JSON where it is JSON, else the text; always the text where that is declared.

    :param text: What was given.
    :param kind: The type that the setting is declared with, `None` if there is no such setting.
    """
    if kind is str:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse(arguments: Sequence[str] | None = None) -> Arguments:
    """Parse a command line.

    :param arguments: Those behind the program's name; by default the process's own.
    :raises SystemExit: They are wrong (status 2), or help or version was asked for (status 0), which is then written.
    """
    top = _top().parse_args(arguments)
    command: str = top.command
    parser = _COMMANDS[command]()
    # "Intermixed": words may stand before, between and behind the options.
    found, strays = parser.parse_known_intermixed_args(top.arguments, Arguments(command=command, **_ELSEWHERE))
    if strays:
        unknown = [stray.partition("=")[0] for stray in strays if stray.startswith("--")]
        parser.error(f"unknown option: {', '.join(unknown) or 'one with a single dash'}")
    return found


def _top() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        PROGRAM,
        description="Try an endpoint: Azure's, OpenAI's, Mistral's, or any server that speaks as they do.",
        epilog=f"'{PROGRAM} COMMAND --help' tells more. A local endpoint to try: {PROGRAM}.emulator",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"azure-ai-inference {VERSION}")
    parser.add_argument(
        "command",
        choices=_COMMANDS,
        metavar="COMMAND",
        help="check (what is called, and does it answer?), chat, embed, or batch (the rows of a file)",
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="what the command takes")
    return parser


def _check() -> argparse.ArgumentParser:
    parser = _parser(
        "check",
        "Say what is called for an endpoint as it was pasted, and how; then ask it for its model, or for one token, "
        "and explain a failure. Status: 0 if it answers, 1 if not.",
        timeout=60,
    )
    parser.add_argument("words", metavar="ENDPOINT", nargs="*", help="URL as the portal shows it")
    parser.add_argument("--embeddings", action="store_true", help="check embeddings, not chat")
    parser.add_argument("--offline", "--dry-run", action="store_true", help="send nothing; needs no key")
    return parser


def _chat() -> argparse.ArgumentParser:
    parser = _parser(
        "chat",
        "Hold a conversation, whose answers are written as they arrive. With a prompt, or with input that is no "
        "terminal, there is one answer. Thoughts of the model go to standard error.",
        settings=names(ChatOptions),
    )
    parser.add_argument("words", metavar="ENDPOINT PROMPT", nargs="*", help=_words_help("PROMPT"))
    _add_emulator(parser)
    parser.add_argument("--system", metavar="TEXT", help="instructions to put before the conversation")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell tokens, time and request id of each answer")
    return parser


def _embed() -> argparse.ArgumentParser:
    parser = _parser(
        "embed",
        "Embed texts: those given, else the lines of the file or of standard input.",
        settings=names(EmbeddingOptions),
    )
    parser.add_argument("words", metavar="ENDPOINT TEXT", nargs="*", help=_words_help("TEXT"))
    _add_emulator(parser)
    parser.add_argument("--file", metavar="PATH", help="embed the lines of this file; - is standard input")
    parser.add_argument(
        "--batch-size", type=int, default=96, metavar="N", help="the most texts in a request (default: 96)"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="tell the tokens spent")
    return parser


def _batch() -> argparse.ArgumentParser:
    parser = _parser(
        "batch",
        "Send the rows of a file to a model, many at a time, as fast as the quota allows, and write a result for each. "
        "Run it again, and it goes on where it ended. Status: 0 if all rows have an answer, 1 if some failed.",
        settings=names(ChatOptions),
    )
    add = parser.add_argument
    add("input", metavar="IN", help="rows as lines of OpenAI's Batch API (.jsonl), or a table: .csv, .tsv, .parquet")
    add("output", metavar="OUT", help="file of the results, a JSON object in each line; a folder ends with a slash")
    add("words", metavar="ENDPOINT", nargs="*", help="URL as the portal shows it, unless the environment has it")
    _add_emulator(parser)
    add("--embeddings", action="store_true", help="rows are for embeddings, not chat")
    add(
        "--template",
        metavar="TEXT",
        help="the message for each row of a table, with columns in braces: 'Praise? {text}'",
    )
    add("--id", metavar="COLUMN", help="column of a table that has the ids (default: custom_id, else the row's number)")
    add("--dry-run", action="store_true", help="send nothing: count rows and tokens, find what is wrong; needs no key")
    add("--via", choices=["live", "provider"], default="live", help=_VIA)
    add("--max-concurrency", type=int, default=64, metavar="N", help="the most requests at a time (default: 64)")
    limit = "quota to keep to (default: what the service's headers say)"
    add("--requests-per-minute", type=float, metavar="N", help=limit)
    add("--tokens-per-minute", type=float, metavar="N", help=limit)
    add(
        "--max-failures",
        type=_number,
        default=0.1,
        metavar="N",
        help="stop after so many failed rows, or a share as 0.1",
    )
    add(
        "--redo",
        choices=["transient", "failed", "none"],
        default="transient",
        help="failed rows of earlier runs to ask again",
    )
    add(
        "--on-changed",
        choices=["raise", "redo", "keep"],
        default="raise",
        help="for answered rows whose request changed",
    )
    add("--price", type=_price, metavar="P,C", help="prices of a million tokens of requests and of answers, as 0.4,1.6")
    add("--provider", choices=["azure", "openai", "mistral"], help="whose Batch API, where the host does not tell")
    add("--polling-interval", type=float, default=60, metavar="SECONDS", help="between two looks (default: 60)")
    add("--detach", action="store_true", help="submit only; run it again without this to wait for the results")
    add("--sort", action="store_true", help="write OUT anew at the end, in the order of the rows")
    return parser


_VIA = "live (the default): each row as a request; provider: as files of the service's own Batch API, within a day"


_COMMANDS = {"check": _check, "chat": _chat, "embed": _embed, "batch": _batch}


def _words_help(what: str) -> str:
    dash = "; - stands for standard input" if what == "PROMPT" else ""
    return (
        f"URL as the portal shows it, then {what.lower()}s{dash}. Leave the URL out with --emulator, or where the "
        "environment has it: then a first word is the URL only if it begins with http:// or https://"
    )


class _RefuseKey(argparse.Action):
    """Refuses a key on the command line, and does not repeat it."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: Any) -> NoReturn:
        parser.error(_NO_KEY_HERE)


def _parser(
    command: str, description: str, settings: Iterable[str] = (), timeout: float | None = None
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(f"{PROGRAM} {command}", description=description, epilog=_KEYS, allow_abbrev=False)
    add = parser.add_argument
    add("--key", "--api-key", action=_RefuseKey, nargs="?", help=argparse.SUPPRESS)
    credential = parser.add_mutually_exclusive_group()
    credential.add_argument("--key-env", metavar="NAME", help="environment variable that has the key")
    credential.add_argument("--key-file", metavar="PATH", help="file that has the key; - is standard input")
    credential.add_argument("--entra-id", action="store_true", help="sign in with azure-identity in place of a key")
    add("--model", metavar="NAME", help="model or deployment, where the endpoint serves several")
    if settings:
        add(
            "-o",
            "--option",
            metavar="NAME=VALUE",
            action="append",
            default=[],
            type=_pair,
            help=_settings_help(settings),
        )
    add("--api-version", metavar="VERSION", help="in place of the endpoint's own; an empty one sends none")
    add("--route", choices=["models"], help="keep calling the retired route /models of an Azure resource")
    add("--scope", metavar="SCOPE", action="append", help="Entra ID scope in place of the endpoint's own")
    add("--audience", metavar="URL", help="Entra ID audience, another way to name a scope")
    add(
        "--header",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_pair,
        help="header to send; may be repeated",
    )
    limit = "" if timeout is None else f" (default: {timeout:g})"
    add("--timeout", metavar="SECONDS", type=float, default=timeout, help=f"until an answer must be there{limit}")
    add("--json", action="store_true", help="write JSON, one object in each line")
    return parser


def _settings_help(settings: Iterable[str]) -> str:
    listed = ", ".join(name for name in settings if name != "model")
    return f"setting of the model, its value in JSON or plain; may be repeated: {listed}"


def _add_emulator(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--emulator", action="store_true", help="talk to a local endpoint, started for it")


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name.strip():
        raise argparse.ArgumentTypeError("it has to be NAME=VALUE")
    return name.strip(), value


def _number(text: str) -> float:
    return int(text) if text.isdecimal() else float(text)


def _price(text: str) -> tuple[float, float]:
    prompt, _, completion = text.partition(",")
    return float(prompt), float(completion or 0)


def split_words(words: Sequence[str], *, known: bool) -> tuple[str | None, Sequence[str]]:
    """Separate the endpoint from the words behind it.

    :param words: The words of the command line.
    :keyword known: Whether the endpoint is known without them; a first word is then one only if it looks like that.
    """
    if words and (not known or (words[0].startswith(("http://", "https://")) and " " not in words[0])):
        return words[0], words[1:]
    return None, words
