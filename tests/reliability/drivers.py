"""The compared libraries: this one in both worlds, openai and mistralai, each through its public interface.

A `Driver` has what differs between them; `meet` is the same for all. Each case runs in its own thread and event loop,
so that a hanging call can be abandoned.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from threading import Thread
from typing import Any, Final

from clients.worlds import Block, close, iterate, settle

from .case import KEY, PROMPT, Case
from .outcome import Outcome, facts_of
from .stage import Stage, staged

MESSAGES: Final[list[Any]] = [{"role": "user", "content": PROMPT}]


@dataclass(frozen=True)
class Driver:
    """How to use one client of one library."""

    library: str
    world: str
    make: Callable[[str, Case], Any]
    ask: Callable[[Any, Case], Any]
    read: Callable[[Any], Any] = lambda update: update
    """Return the chunk of a streamed item."""
    close: Callable[[Any], Any] = close
    typed: Callable[[BaseException], bool] = lambda error: False
    """Return whether the library documents an exception."""

    def __str__(self) -> str:
        return f"{self.library} {version(self.library)} ({self.world})"


# ---------------------------------------------------------------- this library


def _ours(world: str) -> Driver:
    from azure.core.exceptions import AzureError

    import azure.ai.inference
    import azure.ai.inference.aio

    package: Any = azure.ai.inference if world == "sync" else azure.ai.inference.aio

    def make(url: str, case: Case) -> Any:
        given = {"timeout": case.timeout, "read_timeout": case.read_timeout}
        options = {name: value for name, value in given.items() if value is not None}
        return package.ChatCompletionsClient(f"{url}/v1", KEY, model="m", retry_backoff_factor=0.01, **options)

    def ask(client: Any, case: Case) -> Any:
        return client.complete(messages=MESSAGES, stream=case.stream)

    return Driver("azure-ai-inference", world, make, ask, typed=lambda error: isinstance(error, AzureError))


# ---------------------------------------------------------------- the others


def _openai(world: str) -> Driver:
    import httpx2
    import openai

    def make(url: str, case: Case) -> Any:
        options: dict[str, Any] = {}
        if case.timeout is not None:
            options["timeout"] = case.timeout
        if case.read_timeout is not None:
            options["timeout"] = httpx2.Timeout(5, read=case.read_timeout)
        name = ("Async" if world == "aio" else "") + ("AzureOpenAI" if case.key_header else "OpenAI")
        where = {"azure_endpoint": url, "api_version": "2024-10-21"} if case.key_header else {"base_url": f"{url}/v1"}
        return getattr(openai, name)(api_key=KEY, **where, **options)

    def ask(client: Any, case: Case) -> Any:
        return client.chat.completions.create(model="m", messages=MESSAGES, stream=case.stream)

    return Driver("openai", world, make, ask, typed=lambda error: isinstance(error, openai.OpenAIError))


def _mistralai(world: str) -> Driver:
    import httpx2
    from mistralai.client import Mistral
    from mistralai.client.utils import BackoffStrategy, RetryConfig

    retries = RetryConfig("backoff", BackoffStrategy(10, 100, 1.5, 2000, jitter_ms=10), retry_connection_errors=True)

    def make(url: str, case: Case) -> Any:
        seconds = case.timeout or case.read_timeout
        milliseconds = None if seconds is None else int(seconds * 1000)
        return Mistral(api_key=KEY, server_url=url, retry_config=retries, timeout_ms=milliseconds)

    def ask(client: Any, case: Case) -> Any:
        name = ("stream" if case.stream else "complete") + ("" if world == "sync" else "_async")
        return getattr(client.chat, name)(model="m", messages=MESSAGES)

    def typed(error: BaseException) -> bool:
        return type(error).__module__.startswith("mistralai") or isinstance(error, httpx2.RequestError)

    return Driver(
        "mistralai",
        world,
        make,
        ask,
        read=lambda event: event.data,
        close=lambda client: Block(client).__aexit__(None, None, None),
        typed=typed,
    )


OURS: Final = tuple(map(_ours, ("sync", "aio")))


def peers() -> tuple[Driver, ...]:
    """Load the other libraries."""
    return tuple(make(world) for make in (_openai, _mistralai) for world in ("sync", "aio"))


# ---------------------------------------------------------------- running a case


@dataclass
class _Visit:
    """One caller's progress with one case."""

    driver: Driver
    case: Case
    stage: Stage
    seen: Outcome = field(default_factory=Outcome)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the first text has arrived."""

    def hand_over(self, text: str | None) -> None:
        """Record a text that the library delivered."""
        if text:
            self.seen = replace(self.seen, text=self.seen.text + text)
            self.stage.handed_over()
            self.came.set()

    def fail(self, error: BaseException) -> None:
        """Record an exception that the library raised."""
        facts = facts_of(error) if self.driver.library == "azure-ai-inference" else {}
        name, typed = type(error).__name__, self.driver.typed(error)
        self.seen = replace(self.seen, error=name, typed=typed, told=str(error), facts=facts)

    async def run(self) -> None:
        """Make the calls, and check the connection before the client closes."""
        calls = 2 if self.case.connection == "reused" else 1
        client = self.driver.make(self.stage.url, self.case)
        began = time.monotonic()
        try:
            for _ in range(calls):
                self.seen = Outcome()
                try:
                    await self._call(client)
                except Exception as error:  # noqa: BLE001 - what comes is what is asked
                    self.fail(error)
            self.seen = replace(self.seen, seconds=time.monotonic() - began)
            if self.case.connection:
                connection = await asyncio.to_thread(self.stage.connection, calls)
                self.seen = replace(self.seen, connection=connection)
        finally:
            with suppress(Exception):
                await settle(self.driver.close(client))

    async def _call(self, client: Any) -> None:
        answer = await settle(self.driver.ask(client, self.case))
        if not self.case.stream:
            self.hand_over(answer.choices[0].message.content)
        elif self.case.action == "leave":
            async with Block(answer):
                await self._first(answer)
        elif self.case.action == "cancel":
            await self._cancelled(answer)
        elif self.case.action == "forget":
            await self._first(answer)
            del answer
            gc.collect()
            await asyncio.sleep(0.01)
        else:
            await (self._first(answer) if self.case.action == "close" else self._rest(answer))
            if self.case.action == "close":
                await close(answer)

    async def _rest(self, stream: Any) -> None:
        async for update in iterate(stream):
            self._note(update)

    async def _first(self, stream: Any) -> None:
        updates = iterate(stream)
        self._note(await anext(updates))

    async def _cancelled(self, stream: Any) -> None:
        reading, came = asyncio.create_task(self._rest(stream)), asyncio.create_task(self.came.wait())
        await asyncio.wait({reading, came}, return_when=asyncio.FIRST_COMPLETED)
        for task in (reading, came):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await reading

    def _note(self, update: Any) -> None:
        for choice in self.driver.read(update).choices or ():
            self.hand_over(choice.delta.content)


def meet(driver: Driver, case: Case, patience: float) -> Outcome:
    """Run a case with a library, and return what its caller saw.

    :param patience: Seconds after which a call counts as hanging.
    """
    with staged(case.play) as stage:
        visit = _Visit(driver, case, stage)
        thread = Thread(target=lambda: asyncio.run(visit.run()), daemon=True)
        thread.start()
        thread.join(patience)
        hung = thread.is_alive()
        leaked = tuple(stage.leaked()) if case.secret else ()
        seen = replace(visit.seen, hung=hung, attempts=stage.attempts, leaked=leaked)
    thread.join(patience)  # its server is gone, so it soon ends too
    return seen
