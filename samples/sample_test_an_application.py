"""Test an application that calls a model, without a model: no key, no network, and faults on demand.

Needs pytest and the extra "emulator". The plugin that comes with the package gives each test the fixture
``inference_endpoint``: a local endpoint with no requests, replies or faults left from another test.

    pytest samples/sample_test_an_application.py
"""

import pytest
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.emulator import Emulator, Fault
from azure.ai.inference.models import SystemMessage, UserMessage


class Translator:
    """The application under test."""

    def __init__(self, endpoint: str, key: str) -> None:
        self._client = ChatCompletionsClient(endpoint, AzureKeyCredential(key), retry_backoff_factor=0)

    def translate(self, text: str) -> str:
        """Translate a text into French."""
        messages = [SystemMessage("Translate into French. Answer with the translation only."), UserMessage(text)]
        answer = self._client.complete(messages=messages, temperature=0)
        return answer.choices[0].message.content or ""


@pytest.fixture
def translator(inference_endpoint: Emulator) -> Translator:
    """Point the application at the local endpoint."""
    return Translator(inference_endpoint.url, inference_endpoint.key)


def test_answer_is_returned(translator: Translator, inference_endpoint: Emulator) -> None:
    """Script the model's answer, and check what it was asked."""
    inference_endpoint.reply("Bonjour", last="good morning")
    assert translator.translate("Good morning") == "Bonjour"
    [request] = inference_endpoint.requests
    assert request.body["temperature"] == 0
    assert request.body["messages"][-1] == {"role": "user", "content": "Good morning"}


def test_busy_service_is_retried(translator: Translator, inference_endpoint: Emulator) -> None:
    """Refuse two requests; the client makes a third attempt."""
    inference_endpoint.reply("Merci")
    inference_endpoint.fault(Fault("429", times=2, wait=0.01, says="retry-after-ms"))
    assert translator.translate("Thank you") == "Merci"
    assert len(inference_endpoint.requests) == 3


def test_filtered_prompt_raises(translator: Translator) -> None:
    """The emulator refuses this phrase just as the service refuses harmful prompts."""
    with pytest.raises(HttpResponseError, match=r"content management policy|filtered"):
        translator.translate("trigger the content filter")
