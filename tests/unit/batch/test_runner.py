"""The runner without rows and files: the turn of a cancelled job."""

import asyncio

from azure.ai.inference.batch._pacing import Pacer
from azure.ai.inference.batch._runner import Job, Runner
from azure.ai.inference.models import ChatCompletions


async def answer() -> ChatCompletions:
    completions = ChatCompletions({"choices": []})
    completions._response_headers = {}
    return completions


async def test_job_cancelled_before_its_turn() -> None:
    runner = Runner(Pacer(), max_concurrency=2)
    gone = asyncio.ensure_future(runner.carry_out(Job("gone", answer)))
    await asyncio.sleep(0)
    gone.cancel()
    outcome = await runner.carry_out(Job("a", answer))
    assert (outcome.item, outcome.attempts, runner.pacer.in_flight) == ("a", 1, 0)
