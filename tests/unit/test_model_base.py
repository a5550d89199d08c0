"""The private names that dependants import, and how they use them."""

import json
from datetime import timedelta
from typing import Any, Literal

from azure.ai.inference._model_base import Model, SdkJSONEncoder, rest_discriminator, rest_field
from azure.ai.inference.models import ChatRequestMessage, ChatRole, UserMessage


class OwnMessage(ChatRequestMessage, discriminator="own"):
    """Declared as in user code."""

    role: Literal[ChatRole.DEVELOPER] = rest_discriminator(name="role")  # type: ignore[assignment]
    content: str = rest_field(visibility=["read", "create"])
    vendor_name: str = rest_field(name="vendorName")
    tags: list[str] = rest_field(default=[])


def test_user_defined_message_class() -> None:
    message = OwnMessage(role=ChatRole.DEVELOPER, content="x", vendor_name="v")
    assert message == {"role": "developer", "content": "x", "vendorName": "v", "tags": []}
    assert message.vendor_name == "v"
    assert isinstance(message, Model)


def test_encoder() -> None:
    value: Any = {"message": UserMessage("x"), "duration": timedelta(seconds=2), "raw": b"a"}
    text = json.dumps(value, cls=SdkJSONEncoder, exclude_readonly=True, format="rfc3339")
    assert json.loads(text) == {"message": {"role": "user", "content": "x"}, "duration": "PT2S", "raw": "YQ=="}


def test_module_of_models() -> None:
    from azure.ai.inference.models import _models

    assert _models.ChatRequestMessage is ChatRequestMessage
    for name in ("JsonSchemaFormat", "ChatCompletionsToolCall", "CompletionsUsage", "FunctionCall", "ModelInfo"):
        assert hasattr(_models, name)
    assert not hasattr(_models, "ChatCompletionsResponseFormatJSON")
    for role in ("Assistant", "Developer", "System", "User"):
        assert getattr(_models, f"ChatRequest{role}Message")(content="x") == {"role": role.lower(), "content": "x"}
