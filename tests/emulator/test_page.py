"""The page in a real browser: live updates, controls, and what must never get into it."""

import ast
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, IncompleteReadError

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator, RecordedRequest, Reply, ToolCall
from azure.ai.inference.models import UserMessage

from .browser import ESCAPE, Browser, Relay, chat, missing
from .conftest import LOCAL, Caller

pytestmark = [
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
    pytest.mark.slow,
    pytest.mark.xdist_group("page"),  # one browser for all of them
]

TOKEN = "a-token-for-the-page"
KEY = "the-key-of-the-emulator"


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def browser(window: Browser) -> Iterator[Browser]:
    window.size(1280, 800)
    yield window
    assert window.problems() == []


@pytest.fixture
def endpoint() -> Iterator[Emulator]:
    with Emulator(ui=True, ui_token=TOKEN, key=KEY) as running:
        yield running


@pytest.fixture
def caller(endpoint: Emulator) -> Caller:
    return Caller(endpoint)


def stream(endpoint: Emulator, text: str, path: str = LOCAL, **members: Any) -> socket.socket:
    """Request a stream, and return its connection without reading anything."""
    raw = chat(text, stream=True, **members)
    host, port = endpoint.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\napi-key: {KEY}\r\ncontent-type: application/json"
    connection.sendall(f"{head}\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw)
    return connection


def test_row_appears_while_its_stream_is_open_and_its_events_append(browser: Browser) -> None:
    with Emulator(ui=True, key=KEY, token_rate=30) as endpoint:
        browser.open(endpoint.ui_url)
        browser.wait_for("Waiting for the first request")
        with stream(endpoint, "count to 500"):
            browser.wait(lambda: browser.count('.row [data-tone="open"]'))
            browser.click(".row")
            browser.wait_for("1 2 3", ".turn.assistant")
            browser.click('[data-tab="Stream"]')
            browser.wait(lambda: browser.count(".event") > 3)
            before = browser.count(".event")
            browser.wait(lambda: browser.count(".event") > before)
            assert browser.texts(".event .n")[:3] == ["1", "2", "3"]
            assert endpoint.requests[0].outcome.ended is False
        browser.wait_for("caller left after", ".row")
        browser.wait_for("caller left", ".figures")
        browser.click('[data-tab="Why"]')
        browser.wait_for("It closed the connection after", ".reasons")


def test_fault_switched_on_affects_a_real_client(browser: Browser, endpoint: Emulator) -> None:
    browser.open(endpoint.ui_url)
    browser.wait_for("live", "#live")
    browser.keys("f")
    browser.click('[data-fault="cut:events=5"]')
    browser.wait_for("struck 0", ".rows-of-faults")
    with ChatCompletionsClient(endpoint.url, KEY) as client:
        with pytest.raises(IncompleteReadError):
            list(client.complete(messages=[UserMessage("count to 20")], stream=True))
        browser.wait_for("over, struck 1", ".rows-of-faults")
        browser.fill('input[name="fault"]', "fog")
        browser.click("form.inline .button")
        browser.wait_for("kind is 'fog'", ".problem")
        browser.fill('input[name="fault"]', "503:times=9,path=/chat")
        browser.click("form.inline .button")
        browser.wait(lambda: len(endpoint._session.faults) == 2)
        with pytest.raises(HttpResponseError) as caught:
            client.complete(messages=[UserMessage("Hello")], retry_total=1, retry_backoff_factor=0)
    assert caught.value.status_code == 503
    browser.run("document.querySelector('#dialog').close()")
    browser.wait_for("fault 503", "#rows")
    browser.wait_for("cut after 5", "#rows")


HOSTILE = "<script>window.hacked = true</script><img src=x onerror='window.hacked = true'>"


def test_markup_in_a_prompt_stays_text(browser: Browser, endpoint: Emulator, caller: Caller) -> None:
    endpoint.reply(Reply(HOSTILE, reasoning=HOSTILE, tool_calls=[ToolCall(HOSTILE, {HOSTILE: HOSTILE})]), times=None)
    caller.chat(HOSTILE, path=LOCAL, model=HOSTILE, headers={"x-hostile": HOSTILE}, user=HOSTILE)
    caller.chat(HOSTILE, path=LOCAL, model=HOSTILE, stream=True)
    browser.open(endpoint.ui_url)
    for number in (1, 2):
        browser.open_request(number)
        browser.click('[data-tab="Conversation"]')
        browser.wait_for("<script>window.hacked", ".conversation")
        for tab in browser.tabs():
            browser.click(f'[data-tab="{tab}"]')
    assert browser.run("return window.hacked") is None
    assert browser.count("main script, main img[onerror], .row script") == 0


def test_events_resume_without_gaps(browser: Browser, endpoint: Emulator, caller: Caller) -> None:
    relay = Relay(endpoint.url)
    try:
        browser.open(f"{relay.url}/_emulator/?token={TOKEN}")
        caller.chat("before", path=LOCAL)
        browser.wait(lambda: browser.ids() == [1])
        relay.down()
        browser.wait_for("reconnecting", "#live")
        for number in range(5):
            caller.chat(f"meanwhile {number}", path=LOCAL)
        relay.up()
        browser.wait(lambda: browser.ids() == [6, 5, 4, 3, 2, 1])
        browser.wait_for("live", "#live")
        assert browser.count(".badge[data-tone='open']") == 0
    finally:
        relay.close()


def test_five_thousand_requests_keep_a_few_rows_in_the_document(browser: Browser) -> None:
    with Emulator(ui=True, key=KEY, requests_kept=5000) as endpoint:
        browser.open(endpoint.ui_url)
        browser.wait_for("live", "#live")
        for number in range(5050):
            request = RecordedRequest("POST", LOCAL, headers={"api-key": KEY}, raw=chat(f"question {number}"))
            response = endpoint._session.respond(request)
            assert response.exchange is not None
            response.exchange.answered(response)
            response.exchange.sent(response.status, response.body)
            response.exchange.finish()
        browser.wait_for("5,000 requests", "#totals")
        assert browser.count(".row") < 60
        browser.wait(lambda: browser.ids()[0] == 5050)
        browser.run("document.querySelector('#rows').scrollTop = 1e9")
        browser.wait(lambda: browser.ids()[-1] == 51)
        browser.fill("#search", "question 4321")
        browser.wait(lambda: browser.ids() == [4322])
        browser.click('[data-id="4322"]')
        browser.wait_for("question 4321", ".conversation")
        assert browser.count(".row") < 60


def test_document_contains_no_key(browser: Browser, endpoint: Emulator, caller: Caller) -> None:
    secret = "sk-" + "abcdefghijklmnop1234567890"
    endpoint.reply(f"Your key is {secret}", times=None)
    for stream_it in (False, True):
        caller.chat(
            f"My keys are {secret} and {KEY}",
            path=f"{LOCAL}?code={secret}",
            headers={"authorization": f"Bearer {KEY}", "x-functions-key": secret},
            data_sources=[{"parameters": {"authentication": {"key": secret}}}],
            stream=stream_it,
        )
    browser.open(endpoint.ui_url)
    seen = ""
    for number in (1, 2):
        browser.open_request(number)
        browser.click('[data-tab="Conversation"]')
        browser.wait_for("My keys are", ".conversation")
        for tab in browser.tabs():
            browser.click(f'[data-tab="{tab}"]')
            seen += browser.run("return document.documentElement.outerHTML")
    seen += browser.run("return location.href + document.cookie + JSON.stringify({...localStorage, ...sessionStorage})")
    assert "My keys are ***" in seen
    assert [word for word in (secret, KEY, TOKEN) if word in seen] == []


def test_document_contains_no_part_of_a_key(browser: Browser, endpoint: Emulator) -> None:
    """The stream stalls in the middle of a key."""
    beginning = "abcdefghijkl"
    endpoint.reply(f"Your new key is sk-{beginning}9876543210mnop.")
    endpoint.fault("stall:events=8")
    browser.open(endpoint.ui_url)
    with stream(endpoint, "What is my key?"):
        browser.wait(lambda: endpoint.requests and endpoint.requests[0].outcome.events_sent == 8)
        browser.wait(lambda: browser.count('.row [data-tone="open"]'))
        browser.click(".row")
        browser.wait_for("Your new key is", ".turn.assistant")
        for tab in browser.tabs():
            browser.click(f'[data-tab="{tab}"]')
            assert beginning not in browser.run("return document.documentElement.outerHTML")
        assert beginning in b"".join(part.data for part in endpoint._journal.exchanges[0].parts()).decode()


def test_exchanges_can_be_saved_as_a_cassette(browser: Browser, endpoint: Emulator, caller: Caller) -> None:
    caller.chat("Hello", path=LOCAL)
    browser.open(endpoint.ui_url)
    saved = browser.run("return fetch(document.querySelector('#cassette').href).then((found) => found.json())")
    assert [exchange["request"]["path"] for exchange in saved["exchanges"]] == [LOCAL]
    assert browser.run("return document.querySelector('#cassette').download") == "cassette.json"


def test_retries_are_grouped_under_the_last_attempt(browser: Browser, endpoint: Emulator, caller: Caller) -> None:
    endpoint.fault("503:times=2")
    for _ in range(3):
        caller.chat("again and again", path=LOCAL)
        endpoint.requests[-1].outcome.wait()
    caller.chat("another", path=LOCAL)
    browser.open(endpoint.ui_url)
    browser.wait(lambda: browser.ids() == [4, 3, 2, 1])
    assert browser.count(".row.earlier") == 2
    assert "attempt 3 after" in browser.text('[data-id="3"]')
    assert "attempt 2 after" in browser.text('[data-id="2"]')
    browser.click('[data-name="retries"]')
    browser.wait(lambda: browser.ids() == [3, 2])
    browser.click('[data-name="errors"]')
    browser.wait(lambda: browser.ids() == [2, 1])


def test_keyboard_navigation(browser: Browser, endpoint: Emulator, caller: Caller) -> None:
    for text in ("one", "two", "three"):
        caller.chat(text, path=LOCAL)
    browser.open(endpoint.ui_url)
    browser.wait(lambda: browser.ids() == [3, 2, 1])
    browser.keys("j")
    browser.wait_for("three", ".conversation")
    browser.keys("j", "j", "k")
    browser.wait_for("two", ".conversation")
    for key, words in (("3", "Request body"), ("4", "Response body"), ("5", "Request headers"), ("6", "Answer")):
        browser.keys(key)
        browser.wait_for(words, ".panel")
    browser.keys("2")  # it has no stream
    browser.wait_for("two", ".conversation")
    browser.keys("/")
    browser.keys("three")
    browser.wait(lambda: browser.ids() == [3])
    browser.keys(ESCAPE)  # the browser empties the field: the list must not stay filtered by what nobody sees
    assert browser.run("return document.querySelector('#search').value") == ""
    browser.wait(lambda: browser.ids() == [3, 2, 1])
    browser.keys(ESCAPE)
    browser.wait_for("Select a request", "#detail")
    browser.keys("?")
    browser.wait_for("Keyboard", "#dialog")
    browser.keys(ESCAPE)
    browser.wait(lambda: not browser.run("return document.querySelector('#dialog').open"))
    browser.keys("p")
    browser.wait_for("Resume", "#pause")
    assert endpoint._session.live_settings.paused
    browser.keys("p")
    browser.wait_for("Pause", "#pause")
    theme = browser.run("return getComputedStyle(document.body).backgroundColor")
    browser.keys("t")
    browser.wait(lambda: browser.run("return getComputedStyle(document.body).backgroundColor") != theme)
    browser.keys("t")


def test_pace_findings_and_reset(browser: Browser, endpoint: Emulator, caller: Caller) -> None:
    caller.chat(f"My key is {KEY}", path=LOCAL)
    browser.open(endpoint.ui_url)
    browser.keys("l")
    browser.fill("#set-token_rate", "25")
    browser.fill("#set-requests_per_minute", "0")
    browser.click("#dialog .primary")
    browser.wait_for("requests_per_minute is 0; choose a number above 0", ".problem")
    browser.fill("#set-requests_per_minute", "100")
    browser.click("#dialog .primary")
    browser.wait(lambda: endpoint._session.live_settings.token_rate == 25)
    browser.wait_for("2", "#pace-count")
    browser.keys("v")
    browser.wait_for("leaked-key", "#dialog")
    browser.click(".findings .button")
    browser.wait_for("My key is ***", ".conversation")
    browser.click("#reset")
    browser.click("#dialog .danger")
    browser.wait_for("Waiting for the first request", "#detail")
    assert endpoint.requests == ()
    assert endpoint._session.live_settings.token_rate is None


def test_page_asks_for_its_token(browser: Browser, endpoint: Emulator, caller: Caller) -> None:
    caller.chat("Hello", path=LOCAL)
    browser.open(f"{endpoint.url}/_emulator/")
    browser.wait_for("This page needs its token", "#dialog")
    browser.fill("#dialog input", "wrong")
    browser.click("#dialog .primary")
    browser.wait_for("This is not the token of this emulator.", "#dialog")
    browser.fill("#dialog input", TOKEN)
    browser.click("#dialog .primary")
    browser.wait(lambda: browser.ids() == [1])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_layout_fits_at_every_width(
    browser: Browser, endpoint: Emulator, caller: Caller, width: int, scheme: str, tmp_path: Path
) -> None:
    """The page never scrolls sideways, and text is readable in both colour schemes."""
    endpoint.reply(Reply("Sunny.", tool_calls=[ToolCall("look", {"city": "x" * 300})]), last="weather")
    caller.chat("What is the weather? " + "w" * 300, path=LOCAL, model="a-model-with-a-long-name-" + "n" * 60)
    with stream(endpoint, "count to 30") as connection:
        connection.recv(100)
        endpoint.requests[-1].outcome.wait()
    browser.size(width, 844, scheme)
    browser.open(endpoint.ui_url)
    for number in (1, 2):
        browser.open_request(number)
        for tab in browser.tabs():
            browser.run("document.querySelector(arguments[0]).click()", f'[data-tab="{tab}"]')
            assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), tab
            assert browser.run("const p = document.querySelector('.panel'); return p.scrollWidth <= p.clientWidth"), tab
        assert browser.run(CONTRAST) == []
        if width < 500:
            browser.click(".back")
            browser.wait(lambda: browser.run("return !document.body.classList.contains('reading')"))
    browser.keys("f")
    assert browser.run("return document.querySelector('#dialog').scrollWidth <= innerWidth")
    picture = tmp_path / f"{width}-{scheme}.png"
    browser.driver.save_screenshot(str(picture))
    assert picture.stat().st_size > 10_000


def test_text_of_any_direction(browser: Browser, endpoint: Emulator, caller: Caller) -> None:
    """Right-to-left text reads as its reader writes it, and a mark that turns text turns no other part of the row."""
    caller.chat("\u05e9\u05dc\u05d5\u05dd?", path=LOCAL, model="gpt\u202e-4o")
    browser.open(endpoint.ui_url)
    browser.open_request(1)
    for selector in (".preview", ".turn.user .text"):
        assert browser.run(LETTERS, selector) == sorted(browser.run(LETTERS, selector), reverse=True), selector
    for facts in (".row .facts", ".head .facts"):
        ends = browser.run(ENDS, facts)
        assert ends == sorted(ends), facts


LETTERS = """
const text = document.querySelector(arguments[0]).firstChild;
return [...text.data].map((_, index) => {
  const range = document.createRange();
  range.setStart(text, index);
  range.setEnd(text, index + 1);
  return range.getBoundingClientRect().left;
});
"""
ENDS = """
return [...document.querySelector(arguments[0]).children].map((part) => part.getBoundingClientRect().left);
"""

CONTRAST = """
const luminance = (color) => {
  const [r, g, b] = color.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const behind = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const found = parse(getComputedStyle(one).backgroundColor);
    if (found.length === 3 || found[3] > 0.99) return found.slice(0, 3);
  }
  return [255, 255, 255];
};
const bad = [];
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || !element.checkVisibility()) continue;
  const [one, other] = [luminance(parse(getComputedStyle(element).color).slice(0, 3)), luminance(behind(element))];
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  if (ratio < 4.5) bad.push(`${element.className || element.tagName}: ${ratio.toFixed(2)}`);
}
return [...new Set(bad)];
"""


def test_copied_commands_run(browser: Browser, endpoint: Emulator, caller: Caller) -> None:
    endpoint.reply(Reply("It's “sunny”.", reasoning="Hm.", tool_calls=[ToolCall("look", {"city": "Oslo"})]), last="sky")
    caller.chat("How's the sky?", path=LOCAL, model="m", temperature=0.5)
    endpoint.fault("429:wait=0.5")
    caller.chat("What is up?", path=LOCAL)
    caller.chat("x", path=LOCAL, temperature=9)
    caller.post("/v1/embeddings", {"input": ["a"]})
    browser.open(endpoint.ui_url)
    browser.wait(lambda: len(browser.ids()) == 4)
    details = [Caller(endpoint).send("GET", f"/_emulator/requests/{n}", headers=bearer()).body for n in (1, 2, 3, 4)]
    reply = browser.module("snippets.js", "m.pytestReply(a[0], null)", details[0])
    again = Emulator()
    run_test(reply, again)
    with again:
        got = Caller(again).chat("How's the sky?", path=LOCAL, model="m")
    assert got.status == 200, (reply, got.body)
    message = got.body["choices"][0]["message"]
    assert (message["content"], message["tool_calls"][0]["function"]["name"]) == ("It's “sunny”.", "look")
    fault = Emulator()
    run_test(browser.module("snippets.js", "m.pytestReply(a[0], null)", details[1]), fault)
    with fault:
        refused = Caller(fault).chat("What is up?", path=LOCAL)
    assert (refused.status, refused.headers["retry-after"]) == (429, "0.5")
    other = Emulator()
    run_test(browser.module("snippets.js", "m.pytestReply(a[0], null)", details[2]), other)
    with other:
        assert Caller(other).chat("x", path=LOCAL).status == 400
    for detail in details:
        source = browser.module("snippets.js", "m.pythonCall(a[0], a[1])", endpoint.url, detail)
        ast.parse(source)
        assert KEY not in source
        command = browser.module("snippets.js", "m.curl(a[0], a[1])", endpoint.url, detail)
        assert command.startswith(f"curl '{endpoint.url}{detail['path']}'")
        assert "$AZURE_AI_CHAT_KEY" in command
    assert "temperature=0.5" in browser.module("snippets.js", "m.pythonCall('', a[0])", details[0])
    details[0]["request"]["body"]["x-extra"] = True
    assert 'model_extras={"x-extra": True}' in browser.module("snippets.js", "m.pythonCall('', a[0])", details[0])


def run_test(source: str, endpoint: Emulator) -> None:
    """Run a copied test with our endpoint instead of the fixture."""
    names: dict[str, Any] = {}
    exec(compile(source, "copied", "exec"), names)
    names["test_it"](endpoint)


def bearer() -> dict[str, str]:
    return {"authorization": f"Bearer {TOKEN}"}


CHUNKS = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "reasoning_content": "Hm. "}}]},
    {"choices": [{"index": 0, "delta": {"content": "The sky"}}]},
    {"choices": [{"index": 0, "delta": {"content": " is blue."}}]},
    {
        "choices": [
            {
                "index": 0,
                "delta": {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "look", "arguments": ""}}]},
            }
        ]
    },
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":1}'}}]}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
]
RESPONSES = [
    {"type": "response.reasoning_summary_text.delta", "delta": "Hm. "},
    {"type": "response.output_text.delta", "delta": "The sky is blue."},
    {
        "type": "response.output_item.added",
        "output_index": 1,
        "item": {"type": "function_call", "name": "look", "arguments": "", "call_id": "c"},
    },
    {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"a":1}'},
]
MESSAGES = [
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm. "}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "The sky is blue."}},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "c", "name": "look"}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": '{"a":1}'}},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
]


@pytest.mark.parametrize("events", [CHUNKS, RESPONSES, MESSAGES], ids=["chat", "responses", "messages"])
@pytest.mark.parametrize("size", [7, 100000])
def test_streams_of_every_api_become_one_answer(
    browser: Browser, endpoint: Emulator, events: list[Any], size: int
) -> None:
    browser.open(endpoint.ui_url)
    text = "".join(f"event: x\ndata: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    parts = [text[start : start + size] for start in range(0, len(text), size)]
    script = "(() => { const one = new m.Answer(); a[0].forEach((part) => one.feed(part)); return one.turns(); })()"
    [turn] = browser.module("conversation.js", script, parts)
    assert [(part["kind"], part.get("text")) for part in turn["parts"]] == [
        ("reasoning", "Hm. "),
        ("text", "The sky is blue."),
        ("call", None),
    ]
    assert (turn["parts"][2]["name"], turn["parts"][2]["arguments"]) == ("look", '{"a":1}')


@pytest.mark.parametrize(
    ("body", "turns"),
    [
        (
            {"instructions": "Be brief.", "input": "Hello"},
            [("system", [("text", "Be brief.")]), ("user", [("text", "Hello")])],
        ),
        (
            {
                "input": [
                    {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                    {"type": "function_call", "name": "look", "arguments": "{}", "call_id": "c"},
                    {"type": "function_call_output", "call_id": "c", "output": "42"},
                    {"type": "reasoning", "summary": [{"text": "Hm."}]},
                ]
            },
            [
                ("user", [("text", "Hi")]),
                ("assistant", [("call", None)]),
                ("tool", [("result", "42")]),
                ("assistant", [("reasoning", "Hm.")]),
            ],
        ),
        (
            {
                "system": [{"type": "text", "text": "Be brief."}],
                "messages": [
                    {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "tool_use"}]},
                    {"role": "user", "content": [{"type": "tool_result", "content": "42"}, {"type": "odd"}]},
                ],
            },
            [
                ("system", [("text", "Be brief.")]),
                ("assistant", [("reasoning", "Hm."), ("call", None)]),
                ("user", [("result", "42"), ("other", "odd")]),
            ],
        ),
        (
            {"messages": [{"role": "assistant", "content": "<think>Hm.</think>Yes", "refusal": "No"}, 5, None]},
            [("assistant", [("reasoning", "Hm."), ("text", "Yes"), ("refusal", "No")])],
        ),
        (None, []),
        ({"messages": "odd"}, [("user", [("text", "odd")])]),
    ],
)
def test_conversations_of_every_api(browser: Browser, endpoint: Emulator, body: Any, turns: list[Any]) -> None:
    browser.open(endpoint.ui_url)
    found = browser.module("conversation.js", "m.turnsOf(a[0])", body)
    assert [(turn["role"], [(part["kind"], part.get("text")) for part in turn["parts"]]) for turn in found][
        : len(turns)
    ] == turns
