"""Translate single fields of a response: why it ended, errors, token counts, citations and filter verdicts."""

from typing import Any

from . import Object, as_object


def unfinished(response: Object) -> Object:
    """Return the error for an answer that is not finished."""
    status, response_id = response.get("status"), response.get("id")
    return stream_error(
        str(status), f"The response is not finished: its status is {status}, its id {response_id}.", response
    )


def stream_error(code: Any, message: Any, response: Object | None, **more: Any) -> Object:
    """Return an error in the form that streams raise, with everything that the response says about it."""
    return {**(response or {}), "error": {"code": code, "message": message, **more}}


def finish_reason(response: Object, has_calls: bool) -> str:
    """Return why the answer ended, in the words of chat completions."""
    reason = as_object(response.get("incomplete_details")).get("reason")
    if reason in ("max_output_tokens", "max_messages") or (reason is None and response.get("status") == "incomplete"):
        return "length"
    if reason == "content_filter":
        return "content_filter"
    return "tool_calls" if has_calls else "stop"


def chat_annotation(annotation: Object, start: int) -> Object:
    """Translate a citation of a web page; other annotations are returned unchanged.

    :param annotation: The annotation of a part.
    :param start: The start of the part in the message's content, in characters.
    """
    if annotation.get("type") != "url_citation" or "url_citation" in annotation:
        return annotation
    citation = {name: value for name, value in annotation.items() if name != "type"}
    for name in ("start_index", "end_index"):
        if isinstance(citation.get(name), int):
            citation[name] += start
    return {"type": "url_citation", "url_citation": citation}


def chat_usage(usage: Object) -> Object:
    """Translate the token counts; empty if there are none."""
    sent, written = usage.get("input_tokens"), usage.get("output_tokens")
    if not isinstance(sent, int) and not isinstance(written, int):
        return {}
    sent, written = (count if isinstance(count, int) else 0 for count in (sent, written))
    total = usage.get("total_tokens")
    result: Object = {
        "prompt_tokens": sent,
        "completion_tokens": written,
        "total_tokens": sent + written if total is None else total,
    }
    for name, theirs in (("prompt_tokens_details", "input"), ("completion_tokens_details", "output")):
        if details := as_object(usage.get(f"{theirs}_tokens_details")):
            result[name] = dict(details)
    return result


def add_verdicts(chunk: Object, filters: list[Object]) -> None:
    """Add the verdicts of content filters to a chunk, those of the answer and those of the prompt."""
    if of_answer := _verdicts(filters, "completion"):
        chunk["choices"][0]["content_filter_results"] = of_answer
    if of_prompt := _verdicts(filters, "prompt"):
        chunk["prompt_filter_results"] = [{"prompt_index": 0, "content_filter_results": of_prompt}]


def _verdicts(filters: list[Object], source: str) -> Object:
    """Merge content filter results for prompt or completion; a verdict that withheld it is not replaced."""
    merged: Object = {}
    for entry in filters:
        if entry.get("source_type") == source:
            for category, verdict in as_object(entry.get("content_filter_results")).items():
                if not as_object(merged.get(category)).get("filtered"):
                    merged[category] = verdict
    return merged
