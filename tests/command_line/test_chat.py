"""``chat``: one question, a conversation at a terminal, and failures."""

import json
import re
import subprocess
from collections.abc import Sequence
from threading import Event
from typing import Any

import pytest

from azure.ai.inference._cli._chat import counting
from azure.ai.inference._http.endpoint import Service
from azure.ai.inference.emulator import Emulator, Reply

from ..clients.raw_server import CHUNKED_HEAD, CUT, DONE, STOP, answer, chunk, event, stream, update
from .conftest import KEY, PROGRAM, Run, Serve, Terminal

GREETING = "Hello! How can I help you today?"


def think(text: str) -> bytes:
    """Return an update with reasoning."""
    return event(
        {"id": "c1", "created": 1, "model": "m", "choices": [{"index": 0, "delta": {"reasoning_content": text}}]}
    )


def say(text: str) -> bytes:
    return event(update(text))


def ends(reason: str, **delta: Any) -> bytes:
    return event({**update(), "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


# ---------------------------------------------------------------- one question


@pytest.mark.parametrize(
    ("words", "stdin", "asked"),
    [
        (["how", "many", "feet?"], "", "how many feet?"),
        ([], "How many\nfeet?\n", "How many\nfeet?"),
        (["Summarise:", "-"], "A long text.", "Summarise:\n\nA long text."),
        (["hello"], "not read", "hello"),
    ],
)
def test_single_question(run: Run, emulator: Emulator, words: Sequence[str], stdin: str, asked: str) -> None:
    emulator.reply("Five.")
    ran = run("chat", emulator.url, *words, stdin=stdin)
    assert ran == (0, "Five.\n", "")
    assert emulator.requests[0].body["messages"] == [{"role": "user", "content": asked}]


def test_settings_of_the_model(run: Run, emulator: Emulator) -> None:
    options = ["-o", "temperature=0", "--option", 'stop=["END"]', "-o", "user=123", "-o", 'model_extras={"k": 1}']
    ran = run(
        "chat", emulator.url, "--system", "Be brief.", "hi", *options, "--model", "m", "--api-version", "2024-10-21"
    )
    assert ran.status == 0
    body = emulator.requests[0].body
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    said = {name: body[name] for name in ("temperature", "stop", "user", "k", "model", "stream")}
    assert said == {"temperature": 0, "stop": ["END"], "user": "123", "k": 1, "model": "m", "stream": True}
    assert ("api-version", "2024-10-21") in emulator.requests[0].query


def test_headers_are_sent(run: Run, serve: Serve) -> None:
    server = serve(stream(say("Hi") + STOP + DONE))
    assert run("chat", server.url, "hi", "--header", "x-team=a=b").out == "Hi\n"
    assert server.requests[0].headers["x-team"] == "a=b"


def test_json_output(run: Run, emulator: Emulator) -> None:
    ran = run("chat", emulator.url, "Hello", "--json")
    assert (ran.status, ran.err, ran.out.count("\n")) == (0, "", 1)
    completion = json.loads(ran.out)
    assert completion["choices"][0]["message"]["content"] == GREETING


def test_verbose_output(run: Run, serve: Serve) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    pieces = [say("Hi"), STOP, event({**update(), "choices": [], "usage": usage}), DONE]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: r-1\r\n"
    head += b"x-ratelimit-remaining-requests: 7\r\nconnection: close\r\n\r\n"
    ran = run("chat", serve([head, *pieces, CUT]).url, "hi", "-v")
    assert (ran.status, ran.out) == (0, "Hi\n")
    assert re.fullmatch(
        r"3 \+ 5 tokens; first text after \d\.\d\d s, all after \d\.\d\d s; m; request id r-1; 7 requests left\n",
        ran.err,
    )


def test_unknown_token_count(run: Run, serve: Serve) -> None:
    ran = run("chat", serve(stream(STOP + DONE)).url, "hi", "-v")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.startswith("tokens unknown; ")


@pytest.mark.parametrize(
    ("service", "wanted", "asked"), [("resource", True, True), ("resource", False, False), ("other", True, False)]
)
def test_stream_options_are_sent_only_to_azure(service: Service, wanted: bool, asked: bool) -> None:
    assert counting(service, wanted) == ({"stream_options": {"include_usage": True}} if asked else {})


def test_reasoning_goes_to_standard_error(run: Run, serve: Serve) -> None:
    server = serve(stream([think("Let me "), think("see."), say("Fi"), say("ve."), STOP + DONE]))
    ran = run("chat", server.url, "hi")
    assert ran == (0, "Five.\n", "Let me see.\n")


def test_reasoning_without_text(run: Run, serve: Serve) -> None:
    ran = run("chat", serve(stream([think("Hm."), STOP + DONE])).url, "hi")
    assert ran == (0, "", "Hm.\n")


def test_json_output_contains_reasoning(run: Run, serve: Serve) -> None:
    ran = run("chat", serve(stream([think("Hm."), say("Five."), STOP + DONE])).url, "hi", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out)["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Five.",
        "reasoning_content": "Hm.",
    }


@pytest.mark.parametrize(
    ("end", "remark"),
    [
        (ends("length"), "(cut off at the token limit)"),
        (ends("content_filter"), "(withheld by the content filter)"),
        (ends("stop", refusal="I will not."), "(refused: I will not.)"),
        (
            ends("tool_calls", tool_calls=[{"index": 0, "id": "1", "function": {"name": "f", "arguments": "{}"}}]),
            "(calls f with {})",
        ),
    ],
    ids=["length", "filter", "refusal", "call"],
)
def test_remarks_after_an_answer(run: Run, serve: Serve, end: bytes, remark: str) -> None:
    ran = run("chat", serve(stream([say("One"), end, DONE])).url, "hi")
    assert ran == (0, "One\n", f"{remark}\n")


@pytest.mark.parametrize(("count", "remark"), [(1, ""), (2, "(1 more answer, "), (3, "(2 more answers, ")])
def test_only_the_first_choice_is_written(run: Run, serve: Serve, count: int, remark: str) -> None:
    others = [{"index": index, "delta": {"content": "no"}} for index in range(1, count)]
    other = event({**update(), "choices": [*others, {"index": 0}]})
    ran = run("chat", serve(stream([say("yes\n"), other, STOP, ends("stop"), DONE])).url, "hi")
    assert ran == (0, "yes\n", f"{remark}which --json shows)\n" if remark else "")


# ---------------------------------------------------------------- failures


def test_broken_stream(run: Run, serve: Serve) -> None:
    server = serve([CHUNKED_HEAD, chunk(say("Once upon")), CUT])
    ran = run("chat", server.url, "hi")
    assert (ran.status, ran.out) == (1, "Once upon\n")
    assert ran.err.startswith("python -m azure.ai.inference chat: The stream ended before its answer was complete")


def test_broken_stream_as_json(run: Run, serve: Serve) -> None:
    server = serve([CHUNKED_HEAD, chunk(say("Once upon")), CUT])
    ran = run("chat", server.url, "hi", "--json")
    assert (ran.status, ran.err) == (1, "")
    error = json.loads(ran.out)["error"]
    assert error["type"] == "IncompleteStreamError"
    assert error["partial"]["choices"][0]["message"]["content"] == "Once upon"


def test_refusal(run: Run, emulator: Emulator) -> None:
    ran = run("chat", emulator.url, "trigger the content filter")
    assert (ran.status, ran.out) == (1, "")
    assert "(content_filter)" in ran.err


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (["http://localhost/v1"], " \n", "no prompt"),
        (["http://localhost/v1", "hi", "-o", "temprature=0"], "", "Did you mean -o temperature?"),
        (["http://localhost/v1", "hi", "-o", "model_extras=5"], "", "-o model_extras must be a JSON object"),
        (["http://localhost/v1", "hi", "-o", "response_format=odd"], "", "response_format"),
        (["https://api.openai.com", "hi"], "", "--model NAME"),
        (["http://localhost/v1", "-"], b"\xff\xfe\xfa", "standard input is UTF-16"),
    ],
)
def test_invalid_arguments(run: Run, arguments: Sequence[str], stdin: str | bytes, words: str) -> None:
    ran = run("chat", *arguments, stdin=stdin)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("python -m azure.ai.inference chat: ")
    assert words in ran.err


def test_closed_output_pipe(serve: Serve) -> None:
    server = serve([CHUNKED_HEAD, *[chunk(say("word " * 50)) for _ in range(2000)], chunk(STOP + DONE)])
    with subprocess.Popen(
        [*PROGRAM, "chat", server.url, "hi"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.read(10) == b"word word "
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 141


# ---------------------------------------------------------------- at a terminal


def test_conversation(emulator: Emulator) -> None:
    emulator.reply("Hello, Ada.")
    emulator.reply("Ada.")
    emulator.reply("I do not know.")
    with Terminal("chat", emulator.url, "--system", "Be kind.", environment={"AZURE_AI_CHAT_KEY": KEY}) as terminal:
        terminal.expect("Ctrl-D exits.")
        for question, said in [("I am Ada.", "Hello, Ada."), ("Who am I?", "Ada."), (" /etc is what?", "I do not")]:
            terminal.expect("> ")
            terminal.type(f"{question}\r")
            terminal.expect(said)
        for command, said in [
            ("", "\n"),
            ("/help", "Ctrl-C interrupts an answer"),
            ("/rest", "There is no /rest. Did you mean /reset?"),
            ("/reset", "is cleared"),
        ]:
            terminal.expect("> ")
            terminal.type(f"{command}\r")
            terminal.expect(said)
        terminal.expect("> ")
        terminal.type("And now?\r")
        terminal.expect("> ")
        terminal.type("/exit\r")
        assert terminal.end() == 0
    heard = [[message["content"] for message in request.body["messages"]] for request in emulator.requests]
    assert heard[:2] == [["Be kind.", "I am Ada."], ["Be kind.", "I am Ada.", "Hello, Ada.", "Who am I?"]]
    assert heard[2][-1] == "/etc is what?"
    assert heard[3] == ["Be kind.", "And now?"]


def test_ctrl_c_ends_only_the_answer(serve: Serve) -> None:
    silence = Event()
    server = serve([CHUNKED_HEAD, chunk(say("Once upon")), silence], stream(say("The end.") + STOP + DONE))
    with Terminal("chat", server.url) as terminal:
        terminal.expect("> ")
        terminal.interrupt_until("Ctrl-D exits.")
        terminal.expect("> ")
        terminal.type("Tell a story.\r")
        terminal.expect("Once upon")
        terminal.interrupt()
        terminal.expect("(interrupted)")
        terminal.expect("> ")
        terminal.type("Go on.\r")
        terminal.expect("The end.")
        terminal.expect("> ")
        terminal.type("\x04")
        assert terminal.end() == 0
        silence.set()
    history = [message["content"] for message in server.requests[1].json["messages"]]
    assert history == ["Tell a story.", "Once upon", "Go on."]


def test_failure_does_not_end_the_conversation(serve: Serve) -> None:
    server = serve(answer(401, {"error": {"code": "401", "message": "No."}}), stream(say("Yes.") + STOP + DONE))
    with Terminal("chat", server.url) as terminal:
        for question, said in (
            ("Please?", "(401) No (status 401 Unauthorized). No key was given: put"),
            ("Again?", "Yes."),
        ):
            terminal.expect("> ")
            terminal.type(f"{question}\r")
            terminal.expect(said)
        terminal.expect("> ")
        terminal.type("\x04")
        assert terminal.end() == 0
    assert [message["content"] for message in server.requests[1].json["messages"]] == ["Again?"]


def test_colours_and_escaped_control_characters(serve: Serve) -> None:
    server = serve(stream([think("Hm."), say("Five\x1b[2J\r\x07."), STOP + DONE]))
    with Terminal("chat", server.url, "hi") as terminal:
        assert terminal.end() == 0
        assert terminal.screen == "\x1b[2mHm.\x1b[0m\x1b[2m\r\n\x1b[0mFive\\x1b[2J\\x07.\r\n"


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours(serve: Serve, environment: dict[str, str]) -> None:
    server = serve(answer(401, {"error": {"code": "401", "message": "No."}}))
    with Terminal("chat", server.url, "hi", environment=environment) as terminal:
        assert terminal.end() == 1
        assert "\x1b" not in terminal.screen
        assert "(401) No (status 401 Unauthorized). No key was given: put" in terminal.screen


def test_json_at_a_terminal(emulator: Emulator) -> None:
    emulator.fault("400:times=1")
    with Terminal("chat", emulator.url, "--json", environment={"AZURE_AI_CHAT_KEY": KEY}) as terminal:
        for question, said in (("Hello", '{"error": '), ("Hello", GREETING)):
            terminal.expect("> ")
            terminal.type(f"{question}\r")
            terminal.expect(said)
        terminal.expect("> ")
        terminal.type("/quit\r")
        assert terminal.end() == 0


def test_scripted_answer_of_several_lines(run: Run, emulator: Emulator) -> None:
    emulator.reply(Reply("one\ntwo\n"))
    assert run("chat", emulator.url, "list").out == "one\ntwo\n"
