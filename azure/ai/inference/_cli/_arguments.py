"""Parse the command line into an `Arguments`.

Error messages never repeat a value that may be a key passed in the wrong place.
"""

import argparse
import json
import math
import re
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, get_origin

from .._operations.option_help import option_types
from .._operations.options import ChatOptions, EmbeddingOptions, names
from ._overview import examples
from ._words import HelpRequest, UsageError, suggest

_KEYS = """
The key comes from the environment: AZURE_AI_CHAT_KEY (for embeddings AZURE_AI_EMBEDDINGS_KEY), else
AZURE_INFERENCE_CREDENTIAL. Endpoint and model may also come from there: AZURE_AI_CHAT_ENDPOINT and AZURE_AI_CHAT_MODEL,
AZURE_AI_EMBEDDINGS_ENDPOINT and AZURE_AI_EMBEDDINGS_MODEL, AZURE_INFERENCE_ENDPOINT and AZURE_INFERENCE_MODEL. A key
set along with the endpoint of another host is not sent unless --key-env names it. A server on this machine needs no
key.
"""

KEY_FORMS = (
    "put it in AZURE_AI_CHAT_KEY (for embeddings AZURE_AI_EMBEDDINGS_KEY), another environment variable "
    "(--key-env NAME), or a file (--key-file PATH; - is standard input)"
)

_NO_KEY_HERE = f"keys are not accepted as arguments, which the process list and the shell's history show: {KEY_FORMS}"


class Arguments(argparse.Namespace):
    """The parsed command line; `_ELSEWHERE` has the values for commands that lack an option."""

    command: str
    prog: str
    """The names of the program and the command, as typed."""
    words: list[str]
    """The positional arguments: endpoint, prompts, texts."""
    key_env: str | None
    key_file: str | None
    entra_id: bool
    no_key: bool
    allow_http: bool
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
    quiet: bool
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
    workers: int | None
    provider: Any
    polling_interval: float | None
    detach: bool
    status: bool
    cancel: bool
    finish: str | None
    live_model: str | None
    sort: bool
    price: Sequence[float] | None
    max_concurrency: int
    requests_per_minute: float | None
    tokens_per_minute: float | None
    max_failures: float
    redo: Any
    on_changed: Any

    @property
    def for_embeddings(self) -> bool:
        """Whether the command is for embeddings rather than chat."""
        return self.embeddings or self.command == "embed"

    @property
    def client_options(self) -> dict[str, Any]:
        """The options that were given, as keyword arguments for the client."""
        said = {
            "api_version": self.api_version,
            "route": self.route,
            "credential_scopes": self.scope,
            "audience": self.audience,
            "headers": dict(self.header) or None,
            "timeout": self.timeout,
            "enforce_https": False if self.allow_http or self.no_key else None,
        }
        return {name: value for name, value in said.items() if value is not None}

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the model, as the client accepts them.

        :raises UsageError: There is no such setting, or its value has the wrong type.
        """
        declared = option_types(EmbeddingOptions if self.for_embeddings else ChatOptions)
        for name, _ in self.option:
            if name not in declared:
                raise UsageError(
                    f"there is no option -o {name}.{suggest(name, declared, '-o ')} A setting that only the model "
                    f"knows goes into -o 'model_extras={{\"{name}\": ...}}'"
                )
        return {name: read_value(name, text, declared[name]) for name, text in self.option}


_ELSEWHERE: Mapping[str, Any] = {
    "emulator": False,
    "verbose": False,
    "quiet": False,
    "option": [],
    "embeddings": False,
    "offline": False,
    "system": None,
    "file": None,
}


def read_value(name: str, text: str, kind: Any) -> Any:
    """Read the value of a setting: as JSON if it is valid JSON, otherwise as text; always as text if declared a str.

    :param name: The setting.
    :param text: The value on the command line.
    :param kind: The declared type of the setting.
    :raises UsageError: The value has the wrong type.
    """
    if kind is str:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    wanted, words = _kind_of(kind)
    if value is None or (isinstance(value, wanted) and (kind is bool or not isinstance(value, bool))):
        return value
    raise UsageError(f"-o {name} must be {words}, not {text!r:.100}")


def _kind_of(kind: Any) -> tuple[Any, str]:
    """Return the Python types that the JSON value of a setting may have, and their description."""
    listed = {
        float: ((int, float), "a number"),
        int: (int, "a whole number"),
        bool: (bool, "true or false"),
        Mapping: (Mapping, 'a JSON object, such as {"top_k": 5}'),
        Sequence: (list, "a JSON array"),
    }
    ways = [way for way in getattr(kind, "__args__", ()) if way is not type(None)]
    kind = ways[0] if get_origin(kind) not in listed and len(ways) == 1 else kind
    return listed.get(get_origin(kind) or kind, (object, ""))


def parse(program: str, command: str, arguments: Sequence[str]) -> Arguments:
    """Parse a command line.

    :param program: The program's name.
    :param command: The command.
    :param arguments: The arguments after the command.
    :raises UsageError: They are invalid.
    :raises HelpRequest: Help was requested.
    """
    parser = _PARSERS[command](f"{program} {command}")
    parser.epilog = f"{examples(program, command)}\n\n{_paragraph(_KEYS)}"
    # "Intermixed": words may come before, between and after the options.
    found, strays = parser.parse_known_intermixed_args(
        arguments, Arguments(command=command, prog=parser.prog, **_ELSEWHERE)
    )
    for stray in strays:
        option = stray.partition("=")[0]
        if not option.startswith("--"):
            raise UsageError("there is no such option with a single dash; put -- before a text that begins with a dash")
        known = set(re.findall(r"^ +(?:-\w(?: \S+)?, )?(--[\w-]+)", parser.format_help(), re.MULTILINE))
        raise UsageError(f"there is no option {option}.{suggest(option, known)}")
    return found


class _Parser(argparse.ArgumentParser):
    """Reports errors in one line, as a `UsageError`."""

    def error(self, message: str) -> NoReturn:
        """Raise the error.

        :param message: argparse's message.
        :raises UsageError: Always.
        """
        for pattern, words in _COMPLAINTS:
            message = re.sub(pattern, words, message)
        raise UsageError(message)

    def print_help(self, file: Any = None) -> NoReturn:
        """Raise the help text, so that it is written like an answer.

        :param file: Not used.
        :raises HelpRequest: Always.
        """
        raise HelpRequest(re.sub(r"\x1b\[[\d;]*m", "", self.format_help()))  # Python 3.14 colours it


_COMPLAINTS = (
    (r"^argument -o/--option: ", "-o "),
    (r"^argument (?:-\w/)?(--[\w-]+)(?:/--[\w-]+)?: ", r"\1: "),
    (r"^(--\S+): expected one argument$", r"\1 needs a value"),
    (r"^(--\S+): not allowed with argument (?:-\w/)?(--[\w-]+).*", r"\1 and \2 cannot be combined"),
    (r"^(--\S+): ignored explicit argument .*", r"\1 takes no value"),
    (r"^(--\S+): invalid int value: (.*)", r"\1 must be a whole number, not \2"),
    (r"^(--\S+): must be", r"\1 must be"),
    (r"^(--\S+): invalid \w+ value: (.*)", r"\1 must be a number, not \2"),
    (r"^(--\S+): invalid choice: (.*?) \(choose from (.*)\)$", r"\1 is \2; choose from \3"),
    (r"^the following arguments are required: (.*?)(?:, ENDPOINT.*)?$", r"\1 missing"),
)
"""Patterns of argparse's messages, and their replacements."""


def _check(prog: str) -> argparse.ArgumentParser:
    parser = _parser(
        prog,
        "Show how an endpoint is called, as you pasted it; then ask it for its model, or for one token, "
        "and explain any failure. Status: 0 if it answers, 1 if not.",
        timeout=60,
    )
    parser.add_argument("words", metavar="ENDPOINT", nargs="*", help="URL as the portal shows it")
    parser.add_argument("--embeddings", action="store_true", help="check embeddings instead of chat")
    parser.add_argument("--offline", "--dry-run", action="store_true", help="send nothing; needs no key")
    return parser


def _chat(prog: str) -> argparse.ArgumentParser:
    parser = _parser(
        prog,
        "Hold a conversation; answers are written as they arrive. With a prompt, or if standard input is not a "
        "terminal, ask one question. The model's reasoning goes to standard error.",
        settings=names(ChatOptions),
    )
    parser.add_argument("words", metavar="ENDPOINT PROMPT", nargs="*", help=_words_help("PROMPT"))
    _add_emulator(parser)
    parser.add_argument("--system", metavar="TEXT", help="instructions to put before the conversation")
    parser.add_argument("-v", "--verbose", action="store_true", help="show tokens, time and request id of each answer")
    return parser


def _embed(prog: str) -> argparse.ArgumentParser:
    parser = _parser(
        prog,
        "Embed texts: the arguments, else the lines of a file or of standard input. Writes a line for each, in order.",
        settings=names(EmbeddingOptions),
    )
    parser.add_argument("words", metavar="ENDPOINT TEXT", nargs="*", help=_words_help("TEXT"))
    _add_emulator(parser)
    parser.add_argument("--file", metavar="PATH", help="embed the lines of this file; - is standard input")
    parser.add_argument(
        "--batch-size", type=int, default=96, metavar="N", help="maximum number of texts per request (default: 96)"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show the tokens used")
    return parser


def _batch(prog: str) -> argparse.ArgumentParser:
    parser = _parser(
        prog,
        "Send the rows of a file to a model, many at a time, as fast as the quota allows, and write a result for each. "
        "Run it again, and it continues where it stopped. Status: 0 if all rows have an answer, 1 if some failed.",
        settings=names(ChatOptions),
    )
    add = parser.add_argument
    add("input", metavar="IN", help="rows as lines of OpenAI's Batch API (.jsonl), or a table: .csv, .tsv, .parquet")
    add("output", metavar="OUT", help="file for the results, one JSON object per line; a folder ends with a slash")
    add("words", metavar="ENDPOINT", nargs="*", help="URL as the portal shows it, unless the environment has it")
    _add_emulator(parser)
    add("--embeddings", action="store_true", help="rows are for embeddings instead of chat")
    add(
        "--template",
        metavar="TEXT",
        help="the message for each row of a table, with columns in braces: 'Praise? {text}'",
    )
    add("--id", metavar="COLUMN", help="column of a table with the ids (default: custom_id, else the row's number)")
    add("--dry-run", action="store_true", help="send nothing: count rows and tokens, find problems; needs no key")
    add("--via", choices=["live", "ray", "provider"], default="live", help=_VIA)
    add("--workers", type=int, metavar="N", help="processes of --via ray, on all machines together (default: 4)")
    add(
        "--max-concurrency",
        type=int,
        default=64,
        metavar="N",
        help="maximum requests in flight, per worker (default: 64)",
    )
    limit = "limit to keep to (default: that of the service's headers)"
    add("--requests-per-minute", type=float, metavar="N", help=limit)
    add("--tokens-per-minute", type=float, metavar="N", help=limit)
    add(
        "--max-failures",
        type=_number,
        default=0.1,
        metavar="N",
        help="stop after this many failed rows, or after a share of them (default: 0.1)",
    )
    add(
        "--redo",
        choices=["transient", "failed", "none"],
        default="transient",
        help="which failed rows of earlier runs to send again (default: %(default)s)",
    )
    add(
        "--on-changed",
        choices=["raise", "redo", "keep"],
        default="raise",
        help="what to do with answered rows whose request has changed (default: %(default)s)",
    )
    add("--price", type=_price, metavar="P,C", help="prices per million request and answer tokens, such as 0.4,1.6")
    add("--provider", choices=["azure", "openai", "mistral"], help="whose Batch API, if not clear from the host")
    add("--polling-interval", type=_amount, metavar="SECONDS", help="wait between two checks (default: 60)")
    add("--detach", action="store_true", help="only submit; run again without this to wait for the results")
    jobs = parser.add_mutually_exclusive_group()
    jobs.add_argument("--status", action="store_true", help="show the jobs of this OUT; submit nothing")
    jobs.add_argument("--cancel", action="store_true", help="cancel these jobs; the next run reads what they answered")
    add("--finish", choices=["live"], help="at the end, send rows that a job did not answer as live requests")
    add("--live-model", metavar="NAME", help="model for --finish live, if the batch deployment serves no live requests")
    add("--sort", action="store_true", help="rewrite OUT at the end, in the order of the rows")
    return parser


_VIA = (
    "live (the default): one request per row; ray: the same from the workers of a cluster (RAY_ADDRESS, or this "
    "machine); provider: files for the service's own Batch API, within a day"
)


_PARSERS = {"check": _check, "chat": _chat, "embed": _embed, "batch": _batch}


def _words_help(what: str) -> str:
    dash = "; - means standard input" if what == "PROMPT" else ""
    return (
        f"URL as the portal shows it, then {what.lower()}s{dash}. Leave the URL out with --emulator or if the "
        "environment has it: then the first word is the URL only if it begins with http:// or https://"
    )


class _RefuseKey(argparse.Action):
    """Refuses a key on the command line without repeating it."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: Any) -> NoReturn:
        parser.error(_NO_KEY_HERE)


def _parser(
    prog: str, description: str, settings: Iterable[str] = (), timeout: float | None = None
) -> argparse.ArgumentParser:
    parser = _Parser(
        prog,
        description=_paragraph(description),
        formatter_class=argparse.RawDescriptionHelpFormatter,  # keeps the lines of examples
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--key", "--api-key", action=_RefuseKey, nargs="?", help=argparse.SUPPRESS)
    credential = parser.add_mutually_exclusive_group()
    credential.add_argument("--key-env", metavar="NAME", help="environment variable with the key")
    credential.add_argument("--key-file", metavar="PATH", help="file with the key; - is standard input")
    credential.add_argument("--entra-id", action="store_true", help="sign in with azure-identity instead of a key")
    credential.add_argument("--no-key", action="store_true", help="the server needs no key")
    add("--allow-http", action="store_true", help="send the key even over plain http, on a network you trust")
    add("--model", metavar="NAME", help="model or deployment, for endpoints that serve several")
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
        add("-q", "--quiet", action="store_true", help="write only answers and errors, no progress or notes")
    add("--api-version", metavar="VERSION", help="api-version instead of the endpoint's own; an empty value sends none")
    add("--route", choices=["models"], help="keep calling the retired route /models of an Azure resource")
    add("--scope", metavar="SCOPE", action="append", help="Entra ID scope instead of the endpoint's own")
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
    add("--timeout", metavar="SECONDS", type=float, default=timeout, help=f"time limit for the whole answer{limit}")
    add("--json", action="store_true", help="write JSON, one object per line")
    return parser


def _paragraph(text: str) -> str:
    """Wrap a text to the width that argparse uses."""
    return textwrap.fill(" ".join(text.split()), max(20, shutil.get_terminal_size().columns - 2))


def _settings_help(settings: Iterable[str]) -> str:
    listed = ", ".join(name for name in settings if name != "model")
    return f"setting of the model, with a value in JSON or as plain text; may be repeated: {listed}"


def _add_emulator(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--emulator", action="store_true", help="use a local endpoint, started for this command")


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name.strip():
        raise argparse.ArgumentTypeError("must be NAME=VALUE")
    return name.strip(), value


def _number(text: str) -> float:
    return int(text) if text.isdecimal() else float(text)


def _amount(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number, 0 or more, not {text!r:.100}")
    return number


def _price(text: str) -> Sequence[float]:
    prompt, mark, completion = text.partition(",")
    return [_amount(prompt), *([_amount(completion)] if mark else [])]


def split_words(words: Sequence[str], *, known: bool) -> tuple[str | None, Sequence[str]]:
    """Separate the endpoint from the words after it.

    :param words: The words of the command line.
    :keyword known: Whether the endpoint is known; the first word is then an endpoint only if it looks like a URL.
    """
    if words and (not known or (words[0].startswith(("http://", "https://")) and " " not in words[0])):
        return words[0], words[1:]
    return None, words
