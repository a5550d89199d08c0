"""`complete_many`: ordered results, each an answer or an error, within the quota."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatClient
from azure.ai.inference.batch import BatchResult, Progress
from azure.ai.inference.emulator import Emulator, Reply
from azure.ai.inference.exceptions import BatchStoppedError
from azure.ai.inference.models import UserMessage

from .conftest import Stream, World
from .worlds import iterate


@pytest.fixture
def fresh(emulator: Emulator) -> Emulator:
    emulator.reset()
    return emulator


def chat(world: World, endpoint: Emulator, **options: Any) -> Any:
    return world.chat(f"{endpoint.url}/v1", endpoint.key, model="m", **options)


def prompts(count: int) -> list[str]:
    return [f"count to {number}" for number in range(1, count + 1)]


def said(result: BatchResult) -> str:
    return str(result.answer.choices[0].message.content)


async def test_results_are_in_order(world: World, fresh: Emulator) -> None:
    fresh.reply("slow", last="count to 2$")
    seen: list[Progress] = []
    many = chat(world, fresh).complete_many(prompts(40), max_concurrency=8, on_progress=seen.append, temperature=0)
    results = [result async for result in iterate(many)]
    assert [result.custom_id for result in results] == [str(number) for number in range(40)]
    assert said(results[1]) == "slow"
    assert len(said(results[39]).split()) == 40
    assert {request.body["temperature"] for request in fresh.requests} == {0}
    assert many.summary.answered == len(seen) == 40
    assert many.summary.usage.total_tokens == sum(result.usage.total_tokens for result in results) == seen[-1].tokens


async def test_conversation_types(world: World, fresh: Emulator) -> None:
    conversations = ["count to 1", [UserMessage("count to 2")], iter([{"role": "user", "content": "count to 3"}]), []]
    results = await Stream(chat(world, fresh).complete_many(iter(conversations))).rest()
    assert [result.ok for result in results] == [True, True, True, False]
    with pytest.raises(ValueError, match="messages must not be empty"):
        results[3].raise_for_error()


async def test_failed_conversation_gets_an_error_result(world: World, fresh: Emulator) -> None:
    fresh.reply(Reply(status=400, body={"error": {"code": "bad", "message": "no"}}), last="count to 2$")
    results = await Stream(chat(world, fresh).complete_many(prompts(3))).rest()
    assert [result.ok for result in results] == [True, False, True]
    with pytest.raises(HttpResponseError, match="bad"):
        results[1].answer.choices  # noqa: B018 - reading raises


async def test_rate_limited_conversations_are_retried(world: World, fresh: Emulator) -> None:
    fresh.fault("429:times=5,wait=0.05,says=retry-after-ms")
    many = chat(world, fresh).complete_many(prompts(6), max_concurrency=3)
    assert all(result.ok for result in await Stream(many).rest())
    assert many.summary.refused == 5


async def test_wrong_key_stops_at_the_first_request(world: World, fresh: Emulator) -> None:
    client = world.chat(f"{fresh.url}/v1", "wrong", model="m")
    with pytest.raises(
        BatchStoppedError, match="The first request failed, and every other would fail the same way"
    ) as caught:
        await Stream(client.complete_many(prompts(50))).rest()
    assert isinstance(caught.value.inner_exception, ClientAuthenticationError)
    assert len(fresh.requests) == 1


@pytest.mark.parametrize("early", ["closed", "left"])
async def test_leaving_early_completes_requests_in_flight(world: World, early: str) -> None:
    with Emulator(latency=0.05) as endpoint:
        many = chat(world, endpoint).complete_many(prompts(500), max_concurrency=4)
        await anext(Stream(many))
        if early == "closed":
            await Stream(many).close()
            await Stream(many).close()
        else:
            async with Stream(many):
                pass
        count = len(endpoint.requests)
        assert count < 50
        assert many.summary.answered == count


async def test_close_before_the_first_result_sends_nothing(world: World, fresh: Emulator) -> None:
    many = chat(world, fresh).complete_many(prompts(5))
    many._many.stop()
    assert await Stream(many).rest() == []
    assert fresh.requests == ()


async def test_cancelled_wait_loses_no_result(fresh: Emulator) -> None:
    from azure.ai.inference.aio import ChatCompletionsClient

    fresh.fault("slow:every=1,seconds=0.2")
    async with ChatCompletionsClient(f"{fresh.url}/v1", fresh.key, model="m") as client:
        async with client.complete_many(prompts(3)) as many:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(anext(many), 0.01)
            assert [result.custom_id async for result in many] == ["0", "1", "2"]
        stopped = client.complete_many(prompts(3))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(stopped), 0.01)
        await stopped.aclose()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda client: client.complete_many("Hi"), TypeError, "conversations must be an iterable of conversations"),
        (lambda client: client.complete_many({"role": "user"}), TypeError, "conversations must be an iterable"),
        (lambda client: client.complete_many(7), TypeError, "not int: 7"),
        (lambda client: client.complete_many([], max_concurrency=0), ValueError, "max_concurrency must be 1 or more"),
        (lambda client: client.complete_many([], temprature=0), TypeError, r"complete_many\(\) got .* 'temperature'"),
        (lambda client: client.complete_many([], stream=True), TypeError, "takes no stream: use complete"),
        (lambda client: client.complete_many([], cls=print), TypeError, "takes no cls"),
    ],
)
async def test_invalid_arguments(
    world: World, fresh: Emulator, call: Callable[[Any], Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        call(chat(world, fresh))


async def test_single_conversation_is_refused(world: World, fresh: Emulator) -> None:
    with pytest.raises(TypeError, match=r"conversations\[0\] is one message: pass a list of conversations"):
        await Stream(chat(world, fresh).complete_many([{"role": "user", "content": "Hi"}])).rest()


async def test_conversations_are_read_as_results_are_taken(world: World, fresh: Emulator) -> None:
    taken = 0

    def read() -> Iterator[str]:
        nonlocal taken
        for prompt in prompts(1000):
            taken += 1
            yield prompt

    many = chat(world, fresh).complete_many(read(), max_concurrency=2)
    await anext(Stream(many))
    await asyncio.sleep(0.1)
    assert taken < 20
    await Stream(many).close()


async def test_tasks_that_share_an_iteration_get_each_result_once(fresh: Emulator) -> None:
    async with AsyncChatClient(f"{fresh.url}/v1", fresh.key, model="m") as client:
        many = client.complete_many(prompts(30), max_concurrency=3)

        async def take() -> list[str]:
            return [result.custom_id async for result in many]

        taken = await asyncio.gather(*(take() for _ in range(4)))
    assert sorted(int(name) for names in taken for name in names) == list(range(30))


def test_close_from_on_progress(fresh: Emulator) -> None:
    with ChatCompletionsClient(f"{fresh.url}/v1", fresh.key, model="m") as client:
        many = client.complete_many(prompts(30), max_concurrency=2, on_progress=lambda _: many.close())
        assert 1 <= len(list(many)) <= 3
