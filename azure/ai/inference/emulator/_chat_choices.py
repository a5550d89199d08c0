"""Turn a chat request and a reply into an :class:`Answer`: apply ``n``, ``stop`` and token limits, count usage."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from ._completion import Answer, Choice, silence
from ._default_answers import answer as talk
from ._default_answers import prompt_tokens, read_talk, reasoning
from ._dialects import Dialect
from ._replies import Reply
from ._rules import ANSWER_FILTER_PHRASE, hides_reasoning
from ._schema_examples import SchemaError, generate, read_hints
from ._service_error import ServiceError
from ._tool_choice import choose_calls, with_ids
from ._tool_forms import custom_names
from ._values import as_list, as_object, as_text, count_pieces, pieces

_MOST_LOGPROBS: Final = 1_000_000
_NOT_IN_ID: Final = ("stream", "stream_options")


def default_reply(body: Mapping[str, Any], *, model: str) -> Reply:
    """Return the model's reply when none is scripted.

    :raises ServiceError: 400 for a schema that no value matches.
    """
    messages = as_list(body["messages"])
    if ANSWER_FILTER_PHRASE in read_talk(messages).last.lower():
        return Reply(content="I was about to say something", finish_reason="content_filter", filtered="violence")
    calls = choose_calls(body)
    thought = reasoning(messages) if _reasons(body, model) else None
    if calls:
        return Reply(tool_calls=calls, reasoning=thought)
    count = int(body.get("n", 1))
    first = int(body.get("seed", body.get("random_seed", 0)))
    texts = _texts(body, messages, first, count)
    return Reply(choices=[Reply(text, reasoning=thought) for text in texts])


def _reasons(body: Mapping[str, Any], model: str) -> bool:
    effort = as_text(body.get("reasoning_effort"))
    names = ("deepseek-r", "magistral", "reasoner", "-thinking", "qwq")
    asked = effort not in ("", "none", "minimal") or body.get("prompt_mode") == "reasoning"
    usual = hides_reasoning(model) or any(name in model.lower() for name in names)
    return asked or (effort == "" and usual)


def _texts(body: Mapping[str, Any], messages: Sequence[Any], variant: int, count: int) -> list[str]:
    """Return the text of each choice: JSON if the request wants JSON."""
    wanted = as_object(body.get("response_format"))
    kind = wanted.get("type", "text")
    if kind == "text":
        return [talk(messages, variant + index) for index in range(count)]
    schema = wanted.get("schema") if kind == "json_object" else as_object(wanted.get("json_schema"))["schema"]
    if not schema:
        answers = (talk(messages, variant + index) for index in range(count))
        return [json.dumps({"answer": answer}, ensure_ascii=False) for answer in answers]
    try:
        return [json.dumps(generate(schema, read_hints(read_talk(messages).gist)), ensure_ascii=False)] * count
    except SchemaError as error:
        name = as_text(as_object(wanted.get("json_schema")).get("name")) or "response"
        message = f"Invalid schema for response_format '{name}': {error}."
        raise ServiceError(400, "invalid_value", message, param="response_format") from error


def finish(body: Mapping[str, Any], reply: Reply, dialect: Dialect, model: str) -> Answer:
    """Return a reply cut to what the request allows, with its usage.

    :param body: A checked request.
    :param reply: The model's reply.
    :param model: The name of the model in the answer.
    """
    identity = {name: value for name, value in body.items() if name not in _NOT_IN_ID}
    seed = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    choices = list(reply.choices) or [reply] * int(body.get("n", 1))
    finished = [_choice(body, index, choice, dialect, seed) for index, choice in enumerate(choices)]
    _check_logprobs(finished)
    return Answer(f"chatcmpl-{seed[:24]}", model, finished, {**_usage(body, finished, dialect), **reply.usage})


def _check_logprobs(choices: Sequence[Choice]) -> None:
    """Refuse an answer of gigabytes: 128 choices of 10,000 tokens with 20 alternatives each."""
    wanted = sum((1 + choice.logprobs) * count_pieces(choice.content or "") for choice in choices if choice.logprobs)
    if wanted > _MOST_LOGPROBS:
        message = f"The answer would have {wanted} log probabilities; the emulator makes at most {_MOST_LOGPROBS}."
        raise ServiceError(400, "invalid_value", message, param="top_logprobs")


def _choice(body: Mapping[str, Any], index: int, reply: Reply, dialect: Dialect, seed: str) -> Choice:
    content, reason = reply.content, "stop"
    if content is not None:
        content, reason = _limited(_stopped(content, body.get("stop")), body)
    if reply.tool_calls:
        named = isinstance(body.get("tool_choice"), dict)
        reason = dialect.named_finish if named else "function_call" if "functions" in body else "tool_calls"
    bare = dialect.tool_calls == "bare"
    audio = "audio" in as_list(body.get("modalities")) and content is not None
    return Choice(
        index=index,
        finish_reason=reply.finish_reason or reason,
        content=None if audio else content,
        reasoning=reply.reasoning,
        refusal=reply.refusal,
        tool_calls=with_ids(reply.tool_calls, seed, bare, start=10 * index),
        filtered=reply.filtered,
        custom=custom_names(body),
        as_function_call="functions" in body,
        logprobs=int(body.get("top_logprobs", 0)) if body.get("logprobs") is True else None,
        audio=silence(content or "", f"audio_{seed[:20]}") if audio else None,
    )


def _stopped(text: str, stop: Any) -> str:
    """Return the text before the first of the stop sequences."""
    sequences = [stop] if isinstance(stop, str) else as_list(stop)
    ends = [text.find(sequence) for sequence in sequences if sequence and sequence in text]
    return text[: min(ends)] if ends else text


def _limited(text: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the text within the token limit, and the reason why it ends."""
    limit: float | None = body.get("max_completion_tokens", body.get("max_tokens"))
    if limit is None or count_pieces(text) <= limit:
        return text, "stop"
    return "".join(islice(pieces(text), int(limit))), "length"


def _usage(body: Mapping[str, Any], choices: Sequence[Choice], dialect: Dialect) -> dict[str, Any]:
    prompt = prompt_tokens(as_list(body["messages"]), as_list(body.get("tools")))
    thought = sum(count_pieces(choice.reasoning or "") for choice in choices)
    spoken = sum(count_pieces(choice.audio["transcript"]) for choice in choices if choice.audio)
    completion = thought + spoken + sum(_spent(choice) for choice in choices)
    sums = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    if dialect.usage_details == "none":
        return sums
    if dialect.usage_details == "flat":
        return {**sums, "prompt_tokens_details": None, "reasoning_tokens": thought}
    return {
        **sums,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": thought,
            "audio_tokens": spoken,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _spent(choice: Choice) -> int:
    calls = sum(count_pieces(call.name) + count_pieces(call.text) for call in choice.tool_calls)
    return count_pieces(choice.content or "") + count_pieces(choice.refusal or "") + calls
