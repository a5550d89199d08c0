"""The emulator's public interface: settings in, an address out, and a record of its requests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from secrets import token_urlsafe
from types import NoneType, TracebackType
from typing import TYPE_CHECKING, Any, Final

from ._access import make_token
from ._argument_checks import as_items, as_texts, check_all, check_choice, check_least, check_type
from ._batch_service import BATCH_FAULTS
from ._cassette import RECORD_MODES, Cassette
from ._control import Control, check_token
from ._control_operations import PREFIX
from ._dialects import DIALECTS
from ._environment_variables import environment_variables
from ._fault import WAITS, Fault, parse_faults
from ._journal import Journal
from ._request import RecordedRequest
from ._response import Response
from ._script import Rule, Scripted, load_script
from ._server_options import ServerOptions
from ._service import DEFAULT_MODEL, Settings
from ._session import Session
from ._verdict import Finding, judge
from ._web_access import WebAccess, check_host, check_origin, is_loopback

if TYPE_CHECKING:
    from ._server import Server

DEFAULT_KEY: Final = "local-emulator-key"
"""The default key. It opens nothing but emulators."""


class Emulator:
    """A local endpoint for chat completions and embeddings, for tests, samples and load tests.

    ::

        with Emulator() as endpoint:
            client = ChatCompletionsClient(endpoint.url, AzureKeyCredential(endpoint.key))

    It serves the root (as a serverless endpoint), ``/models`` (a Foundry resource), ``/openai/deployments/NAME`` and
    ``/openai/v1`` (Azure OpenAI), ``/api/projects/NAME/openai/v1`` (a project) and ``/v1`` (any OpenAI-compatible
    server). Each follows that service's rules on api-version, model name, credentials and body. The routes of Azure
    OpenAI, projects and ``/v1`` also have ``responses``; ``/anthropic/v1/messages`` (Foundry) and ``/v1/messages``
    serve Anthropic's Messages API. A model named ``gpt-5-codex`` refuses chat completions, as the real one does.

    Answers depend only on the conversation. A user message that says "trigger the content filter" is refused like a
    harmful prompt. "filter your answer" makes the filter withhold the answer, and "count to 500" makes a stream of
    known length.

    Below ``/openai/v1`` (Azure), ``/v1`` (OpenAI) and ``/v1/batch/jobs`` (Mistral) it serves files and batches.
    ``GET /emulator/stats`` counts requests, also for other processes.

    The server runs in its own thread. Use it from any thread or event loop; ``async with`` works too.

    :keyword key: The key that callers need. Default: "local-emulator-key".
    :keyword tokens: More keys or bearer tokens to accept. Tokens made by :meth:`token` are always accepted.
    :keyword dialect: The provider to emulate on every route: one of "serverless", "model-inference", "azure-openai",
        "azure-openai-async-filter", "openai", "deepseek", "mistral", "mistral-azure", "glm", "llama.cpp", "vllm",
        "ollama", "lm-studio". Default: the one that belongs to the route.
    :keyword model: The model's name if a request has none. Default: "emulator-1".
    :keyword model_type: The model type that ``/info`` returns. Default: "chat-completion".
    :keyword models: The models and deployments that exist. Default: any.
    :keyword script: A JSON or YAML file with replies; see :meth:`reply`. Default: none.
    :keyword strict: Refuse a request that no reply matches with 404, and say which came closest. Default: False, the
        emulator answers by itself.
    :keyword faults: Faults to inject; see :meth:`fault`. Default: none.
    :keyword latency: Seconds before each answer. Default: 0.
    :keyword token_rate: Tokens per second in streams. Default: as fast as they are read.
    :keyword requests_per_minute: A quota; more gets 429. Every answer then has ``x-ratelimit-*`` headers. Default:
        none.
    :keyword tokens_per_minute: The same for the tokens of prompts and answers. Default: none.
    :keyword quota_window: The seconds over which quotas are measured. Azure uses 1 or 10, and accepts that share of a
        minute's requests in each window. Default: 60.
    :keyword quota_wait: How a 429 for a quota asks for a wait: "retry-after", "retry-after-ms", "message", "nothing",
        or another value of :class:`Fault`'s ``says``. Default: "retry-after".
    :keyword quota_by_estimate: Charge the tokens that a request may use (its text and its ``max_tokens``) when it
        arrives, as Azure does, instead of those that it used. Default: False.
    :keyword refused_count: Count refused requests too, in the next window. Default: False.
    :keyword concurrency_limit: How many requests may be answered at the same time; more get 429. Default: no limit.
    :keyword batch_seconds: How long a batch takes from its creation to its results. Default: 0.2.
    :keyword batch_faults: Faults of batches: "expired" (half of the requests are not executed),
        "missing-rows" (every fifth has no result), "status-0" (every fifth has status 0), "token-limit" and
        "token-limit-later" (the first is refused for too many tokens, when it is created or in its errors). Default:
        nothing.
    :keyword host: The address to listen on. Default: "127.0.0.1", which no other machine reaches.
    :keyword allow_hosts: Host names that callers may use besides addresses and ``localhost``. Others get 403, which
        stops DNS rebinding. Default: none.
    :keyword allow_origins: Origins of web pages that may call, such as "http://localhost:3000", or "*". They get CORS
        headers; pages of other origins get 403. Default: none.
    :keyword port: The port, 0 to 65535. Default: 0, a free one.
    :keyword tls: Serve https with a generated certificate; trust it through :attr:`ca_file`. Needs trustme. Default:
        False.
    :keyword max_request_size: The largest request body, in bytes; larger ones get 413. Default: 64 MiB.
    :keyword requests_kept: How many of the newest requests to keep; choose a number for an endpoint that runs for days.
        Default: all.
    :keyword record: The address of a real endpoint. Requests are forwarded to it with the caller's credential, and the
        exchanges are written to ``cassette``, without secrets. Default: none.
    :keyword cassette: A file with recorded exchanges to answer from, unless ``record`` is given. Default: none.
    :keyword record_mode: VCR's modes: "all" records every request into a new file; "once" records into a new file and
        replays an existing one; "new_episodes" replays what the file has and adds what it lacks; "none" only replays.
        Default: "all".
    :keyword replay_speed: Speed at which to replay a cassette: 1 with the recorded waits, 2 twice as fast. Default:
        without waits.
    :keyword ui: Serve a page that shows the requests as they arrive, and the control API below it, under
        ``/_emulator/``; open :attr:`ui_url`. Default: False.
    :keyword ui_token: The token that the page and the control API need. Default: a random one for each emulator.
    :raises ValueError: For an invalid setting.
    """

    def __init__(
        self,
        *,
        key: str = DEFAULT_KEY,
        tokens: Collection[str] = (),
        dialect: str | None = None,
        model: str = DEFAULT_MODEL,
        model_type: str = "chat-completion",
        models: Collection[str] | None = None,
        script: str | Path | None = None,
        strict: bool = False,
        faults: str | Iterable[Fault] = (),
        latency: float = 0.0,
        token_rate: float | None = None,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        quota_window: float = 60.0,
        quota_wait: str = "retry-after",
        quota_by_estimate: bool = False,
        refused_count: bool = False,
        concurrency_limit: int | None = None,
        batch_seconds: float = 0.2,
        batch_faults: Collection[str] = (),
        host: str = "127.0.0.1",
        allow_hosts: Collection[str] = (),
        allow_origins: Collection[str] = (),
        port: int = 0,
        tls: bool = False,
        max_request_size: int = 64 * 1024 * 1024,
        requests_kept: int | None = None,
        record: str | None = None,
        cassette: str | Path | None = None,
        record_mode: str = "all",
        replay_speed: float | None = None,
        ui: bool = False,
        ui_token: str | None = None,
    ) -> None:
        check_all((int,), port=port, max_request_size=max_request_size)
        check_all((int, NoneType), requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute)
        check_all((int, NoneType), requests_kept=requests_kept, concurrency_limit=concurrency_limit)
        check_all((float,), latency=latency, quota_window=quota_window, batch_seconds=batch_seconds)
        check_all((float, NoneType), token_rate=token_rate, replay_speed=replay_speed)
        check_all((str,), model=model, model_type=model_type, host=host)
        check_all((str, NoneType), record=record, ui_token=ui_token)
        check_all((str, PathLike, NoneType), script=script, cassette=cassette)
        check_choice("dialect", dialect, (*DIALECTS, None))
        check_choice("record_mode", record_mode, RECORD_MODES)
        check_choice("quota_wait", quota_wait, WAITS)
        check_least(0, port=port, latency=latency, requests_kept=requests_kept, batch_seconds=batch_seconds)
        check_least(1, requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute)
        check_least(1, concurrency_limit=concurrency_limit, max_request_size=max_request_size)
        if quota_window <= 0:
            raise ValueError(f"quota_window is {quota_window}; choose a number of seconds above 0")
        if token_rate is not None and token_rate <= 0:
            raise ValueError(f"token_rate is {token_rate}; choose a number of tokens per second above 0")
        if replay_speed is not None and replay_speed <= 0:
            raise ValueError(
                f"replay_speed is {replay_speed}; choose a number above 0, such as 1 for the recorded speed"
            )
        if port > 65535:
            raise ValueError(f"port is {port}; choose one from 0 (any free one) to 65535")
        if record is not None and cassette is None:
            raise ValueError("record needs a cassette, the file to write to")
        for name, value in (("record_mode", record_mode != "all"), ("replay_speed", replay_speed is not None)):
            if value and cassette is None:
                raise ValueError(f"{name} needs a cassette")
        batch_faults = as_texts("batch_faults", batch_faults)
        for fault in batch_faults:
            check_choice("batch_faults", fault, BATCH_FAULTS)
        self._key = self._first_key = _checked_key(key)
        names = None if models is None else as_texts("models", models)
        self._settings = Settings(self._key, as_texts("tokens", tokens), dialect, model, model_type, names)
        self._new_session = partial(
            Session,
            rules=() if script is None else load_script(script),
            faults=parse_faults(faults) if isinstance(faults, str) else as_items("faults", faults, Fault),
            strict=strict,
            is_controlled=ui,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            quota_window=quota_window,
            quota_wait=quota_wait,
            quota_by_estimate=quota_by_estimate,
            refused_count=refused_count,
            concurrency_limit=concurrency_limit,
            batch_seconds=batch_seconds,
            batch_faults=batch_faults,
            latency=latency,
            token_rate=token_rate,
        )
        self._journal = Journal(requests_kept)
        self._session = self._new_session(self._settings, self._journal)
        host = host.removeprefix("[").removesuffix("]")  # as in a URL
        hosts = frozenset([host.lower(), *map(check_host, as_texts("allow_hosts", allow_hosts))])
        origins = frozenset(map(check_origin, as_texts("allow_origins", allow_origins)))
        access = WebAccess(hosts, origins, is_loopback(host))
        self._options = ServerOptions(host, port, tls, max_request_size, access)
        self._cassette = (
            None if cassette is None else Cassette(Path(cassette), record, mode=record_mode, speed=replay_speed)
        )
        self._server: Server | None = None
        self._former_port: int | None = None
        self._control: Control | None = None
        self._ui_token = token_urlsafe(24) if ui_token is None else check_token(ui_token, ui)
        if ui:
            self._control = Control(self._ui_token, self._journal, lambda: self._session, self.reset)

    @property
    def key(self) -> str:
        """The key that callers need; setting another rotates it."""
        return self._key

    @key.setter
    def key(self, key: str) -> None:
        self._key = _checked_key(key)
        self._settings = replace(self._settings, key=key)
        self._session.rotate(key)

    @property
    def url(self) -> str:
        """The address of the running emulator, such as ``http://127.0.0.1:43121``.

        :raises RuntimeError: If it is not running.
        """
        return self._running().url

    @property
    def ca_file(self) -> str:
        """The file of the certificate authority to trust, with ``tls`` on: ``connection_verify=endpoint.ca_file``.

        :raises RuntimeError: If the emulator is not running, or runs without TLS.
        """
        path = self._running().ca_file
        if path is None:
            raise RuntimeError("the emulator runs without TLS; start it as Emulator(tls=True)")
        return path

    @property
    def ui_url(self) -> str:
        """The address of the page, including its token, to open in a browser.

        :raises RuntimeError: If the emulator is not running, or runs without ``ui``.
        """
        if self._control is None:
            raise RuntimeError("the emulator runs without its page; start it as Emulator(ui=True)")
        return f"{self.url}{PREFIX}/?token={self._ui_token}"

    @property
    def ui_token(self) -> str:
        """The token that the control API needs, as ``Authorization: Bearer``."""
        return self._ui_token

    @property
    def requests(self) -> Sequence[RecordedRequest]:
        """The requests since the start or the last :meth:`reset`, oldest first, without secrets.

        With ``requests_kept``, only the newest ones. Each has its ``outcome``.
        """
        return tuple(exchange.request for exchange in self._journal.exchanges)

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that point clients at this emulator: addresses and keys, under the names that clients read.

        They cover this package, openai, Azure OpenAI, anthropic and Mistral, and include ``NO_PROXY``.

        :raises RuntimeError: If the emulator is not running.
        """
        return environment_variables(self.url, self._key)

    def reply(
        self,
        said: Scripted,
        *,
        last: str | re.Pattern[str] | None = None,
        model: str | None = None,
        tool: str | None = None,
        path: str | None = None,
        match: Mapping[str, Any] | None = None,
        schema: Mapping[str, Any] | None = None,
        when: Callable[[RecordedRequest], Any] | None = None,
        times: int | None = 1,
    ) -> None:
        """Script a reply. Each request takes the first reply that matches it and is not used up.

        ::

            endpoint.reply("Sunny.", last="weather", match={"temperature": 0, "messages[0].role": "system"})

        :param said: A text, a :class:`Reply`, a mapping with its members, or a function of the request that returns
            one of these.
        :keyword last: A regular expression found in the last message: a text, ignoring case, or a compiled one.
        :keyword model: The model named in the body.
        :keyword tool: A tool offered in the body.
        :keyword path: A part of the path, for another route than chat; the reply then needs a ``body``.
        :keyword match: Members of the body, such as ``messages[-1].content`` or ``tools[*].function.name`` (any of
            them), and what each must be: a value, a compiled regular expression, a function that returns whether it
            matches, or a mapping with some members of an object. None matches null and what is missing.
        :keyword schema: A JSON schema that the body must match. Needs jsonschema.
        :keyword when: A function that takes the :class:`RecordedRequest` and returns whether it matches.
        :keyword times: How often to use the reply. Default: 1. None: without limit.
        :raises ValueError: For an invalid condition.
        :raises ImportError: For ``schema`` without jsonschema.
        """
        rule = Rule(
            said, last=last, model=model, tool=tool, path=path, match=match, schema=schema, when=when, times=times
        )
        self._session.add_rule(rule)

    def assert_all_replied(self) -> None:
        """Check that every reply was used as often as expected, and with ``strict`` that no request lacked one.

        :raises AssertionError: Otherwise. The message names the replies, and the requests that matched none.
        """
        self._session.check_replied()

    def verdict(self) -> Sequence[Finding]:
        """Return the mistakes of the application, as far as its requests show them.

        It finds ignored ``Retry-After`` headers, retries without a wait, broken streams that were taken for complete,
        and credentials in URLs, bodies, other headers, or sent to another origin. If a broken stream is neither
        requested again nor sent back, only the application knows whether it noticed; that is a ``warning``.
        """
        return judge(self._journal.exchanges)

    def fault(self, fault: str | Fault) -> None:
        """Inject a fault.

        :param fault: A :class:`Fault`, or one or several as on the command line: ``"429:times=2,wait=1;cut:events=5"``.
        :raises ValueError: For an invalid fault.
        """
        for one in parse_faults(fault) if isinstance(fault, str) else [fault]:
            self._session.add_fault(one)

    def reset(self) -> None:
        """Delete requests, replies, faults and quotas, and restore the initial settings, including the key."""
        self._settings = replace(self._settings, key=self._first_key)
        self._key = self._first_key
        if self._cassette is not None:
            self._cassette.rewind()
        self._journal.clear()
        self._session.release()
        self._session = self._new_session(self._settings, self._journal)

    def token(self, scope: str = "https://cognitiveservices.azure.com/.default", *, expires_in: float = 3600) -> str:
        """Return a token like those of Entra ID; the emulator accepts it where the real service accepts that scope.

        :param scope: The scope of the token. Default: Azure's AI services.
        :keyword expires_in: Seconds from now; negative for one that has expired.
        """
        return make_token(scope, expires_in)

    def start(self) -> Emulator:
        """Start the server, unless it is running; ``with`` does it for you.

        After :meth:`stop` it has the same address as before, unless another program has taken the port since.

        :raises OSError: If the port is taken.
        :raises ImportError: If aiohttp (or, for TLS, trustme) is not installed.
        """
        if self._server is None:
            with suppress(OSError):
                if self._former_port is not None:
                    self._serve(replace(self._options, port=self._former_port))
            if self._server is None:
                self._serve(self._options)
        return self

    def _serve(self, options: ServerOptions) -> None:
        from ._server import Server

        server = Server(self._respond, lambda request: self._session.note(request), options)
        server.start()
        self._server, self._former_port = server, server.port

    def stop(self) -> None:
        """Stop the server and close its connections. Does nothing if it is not running."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

    def _running(self) -> Server:
        if self._server is None:
            raise RuntimeError("the emulator is not running; use `with Emulator() as endpoint:`, or call start()")
        return self._server

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Emulator:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)

    async def _respond(self, request: RecordedRequest) -> Response:
        if self._control is not None and (request.path == PREFIX or request.path.startswith(f"{PREFIX}/")):
            return self._control.answer(request)
        if self._cassette is None:
            return self._session.respond(request)
        exchange = self._session.note(request)
        try:
            return replace(await self._cassette.play(request), exchange=exchange)
        except asyncio.CancelledError:  # the caller left while the real endpoint was being called
            exchange.left()
            raise


def _checked_key(key: str) -> str:
    check_type("key", key, (str,))
    if not key.strip() or not key.isprintable():
        raise ValueError("key is blank or has a line break; pass a str such as 'secret', or leave it out")
    return key
