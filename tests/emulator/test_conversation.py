"""The emulator's own answers: sensible, and always the same."""

from typing import Any

import pytest

from .conftest import Caller

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (["Hello"], "Hello! How can I help you today?"),
        (["My name is ada.", "Hi", "What is my name?"], "Your name is Ada."),
        (["What is my name?"], "You have not told me your name yet."),
        (["Call me Bob", "ok", "hello!"], "Hello, Bob! How can I help you today?"),
        (["Who are you?"], "I am a local stand-in for a model, made for tests and samples."),
        (["My name is ada"], "Nice to meet you, Ada! How can I help?"),
        (["What is 12 * 7?"], "12 * 7 = 84"),
        (["How much is 1 divided by 0"], "1 divided by 0 has no answer: one cannot divide by zero."),
        (["2.5 plus 2"], "2.5 plus 2 = 4.5"),
        (["7 minus 10"], "7 minus 10 = -3"),
        (["10 / 4"], "10 / 4 = 2.5"),
        (["a", "b", "c", "d", "How many messages have I sent?"], "You have sent 3 messages so far."),
        (["How many questions did I ask?"], "You have sent 1 message so far."),
        (["I like tea", "ok", "What did I say?"], 'Before that you said: "I like tea"'),
        (["What did I just say?"], "This is your first message."),
        (["Thanks"], "You are welcome!"),
        (["goodbye"], "Goodbye!"),
        (["How many feet are in a mile?"], "There are 5,280 feet in a mile."),
        (["Repeat after me: 'red lorry'"], "red lorry"),
        (["Count to 5"], "1 2 3 4 5"),
        (["Trains run late"], 'You said: "Trains run late" Tell me more.'),
        ([{"role": "system", "content": "Be kind."}], "What would you like to talk about?"),
        (
            [{"role": "system", "content": "You are a pirate."}, {"role": "user", "content": "Who are you?"}],
            'I am a local stand-in for a model, made for tests and samples. My instructions are: "You are a pirate."',
        ),
        ([{"role": "user", "content": [{"type": "text", "text": "2+2"}]}], "2 + 2 = 4"),
        ([{"role": "user", "content": [PICTURE]}], "I received 1 image."),
        (
            [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, PICTURE, PICTURE, SOUND]}],
            'I received 2 images and 1 audio clip. You asked: "What is this?"',
        ),
        ([{"role": "user", "content": [SOUND, SOUND]}], "I received 2 audio clips."),
    ],
)
def test_answers(caller: Caller, said: list[Any], answer: str) -> None:
    assert caller.chat(*said).text == answer
    assert caller.chat(*said).raw == caller.chat(*said).raw


def test_answer_mentions_the_topic(caller: Caller) -> None:
    assert "black holes" in caller.chat("Please tell me about black holes.").text


def test_seed_and_n_vary_the_answer(caller: Caller) -> None:
    first, second = caller.chat("Hello", n=2).body["choices"]
    assert first["message"]["content"] != second["message"]["content"]
    assert caller.chat("Hello", seed=1).text == second["message"]["content"]
    assert [first["index"], second["index"]] == [0, 1]
