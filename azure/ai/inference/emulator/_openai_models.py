"""Which OpenAI models support which API, by the default names of their deployments, and how they refuse the others.

Facts of November 2026. A deployment may have any name; one whose name says nothing supports every API.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ._claude_models import is_claude
from ._service_error import ServiceError
from ._values import as_list, as_object, as_text

_RESPONSES_ONLY: Final = re.compile(
    r"codex|(^|/)o\d-pro|gpt-[\d.]+-pro|deep-research|computer-use-preview|gpt-daybreak|gpt-[\d.]+-cyber|rosalind"
    r"|gpt-6\.2-astra-law",
    re.IGNORECASE,
)
_TOOLS_ONLY_THERE: Final = re.compile(r"gpt-6(\.\d+)?-(astra|terra)|gpt-6\.\d+-sol", re.IGNORECASE)
_WITHOUT_REASONING: Final = re.compile(r"gpt-(5\.[4-9]|6-(sol|luna))", re.IGNORECASE)
_NO_EFFORT_WILL_DO: Final = re.compile(r"gpt-5\.[6-9]", re.IGNORECASE)
_SHORT_WORDS: Final = re.compile(r"gpt-5\.[45]", re.IGNORECASE)
_NOT_ON_RESPONSES: Final = re.compile(r"kimi|mistral|claude", re.IGNORECASE)
_REASONING: Final = re.compile(r"(^|/)(o\d|gpt-([5-9]|oss))|codex|deep-research|daybreak|rosalind", re.IGNORECASE)
_PHASES: Final = re.compile(r"gpt-(5\.([4-9]|3-codex)|6)", re.IGNORECASE)
_LEARN: Final = (
    "Please choose different model and try again. You can learn more about which models can be used with each "
    "operation here: https://go.microsoft.com/fwlink/?linkid=2197993."
)


def reasons(model: str) -> bool:
    """Return whether a model reasons, and refuses sampling options."""
    return _REASONING.search(model) is not None


def sends_phases(model: str) -> bool:
    """Return whether a model's messages name the phase of the answer."""
    return _PHASES.search(model) is not None


def check_speaks_chat(body: Mapping[str, Any], model: str, *, azure: bool, family: str) -> None:
    """Refuse a chat request to a model that does not support chat completions, or not with tools.

    :param body: The request.
    :keyword azure: Whether the refusal is Azure's, or OpenAI's.
    :keyword family: The family of the route; see `_routes`.
    :raises ServiceError: 400 or 404, like the services.
    """
    if azure and is_claude(model):
        raise _no_claude_here(model, family)
    if _RESPONSES_ONLY.search(model):
        raise _responses_only(model) if azure else _openai_responses_only(model)
    names = [as_object(tool).get("type") for tool in as_list(body.get("tools"))]
    if "function" in names:
        _check_tools(model, as_text(body.get("reasoning_effort")))


def _no_claude_here(model: str, family: str) -> ServiceError:
    if family == "models":
        return ServiceError(404, "api_not_supported", "Requested API is currently not supported", kind="api")
    return ServiceError(400, "unknown_model", f"Unknown model: {model}", kind="limit")


def _responses_only(model: str) -> ServiceError:
    if "computer-use" in model.lower():
        return ServiceError(400, "", "The requested operation is unsupported.", kind="server")
    message = f"The chatCompletion operation does not work with the specified model, {model}. {_LEARN}"
    return ServiceError(400, "OperationNotSupported", message, kind="server")


def _openai_responses_only(model: str) -> ServiceError:
    message = "This model is only supported in v1/responses and not in v1/chat/completions."
    if re.search(r"(^|/)o\d-pro", model, re.IGNORECASE):
        message = (
            "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use "
            "v1/completions?"
        )
    return ServiceError(404, "", message, param="model")


def _check_tools(model: str, effort: str) -> None:
    refused = _TOOLS_ONLY_THERE.search(model) or (_WITHOUT_REASONING.search(model) and effort != "none")
    if not refused or (not effort and _NO_EFFORT_WILL_DO.search(model)):
        return
    if _SHORT_WORDS.search(model) or _TOOLS_ONLY_THERE.search(model):
        advice = "Please use /v1/responses instead."
    else:
        advice = "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
    message = f"Function tools with reasoning_effort are not supported for {model} in /v1/chat/completions. {advice}"
    raise ServiceError(400, "", message, param="reasoning_effort")


def check_speaks_responses(model: str) -> None:
    """Refuse a request to a model that does not support the Responses API.

    :raises ServiceError: 400.
    """
    if _NOT_ON_RESPONSES.search(model):
        raise ServiceError(400, "BadRequest", "This model is not supported by the Responses API")


def check_effort(model: str, reasoning: Mapping[str, Any]) -> None:
    """Refuse an effort or a summary that a model does not support.

    :raises ServiceError: 400.
    """
    effort, summary = reasoning.get("effort"), reasoning.get("summary")
    known: tuple[str, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
    if re.search(r"gpt-5-pro", model, re.IGNORECASE):
        known = ("high",)
    elif "codex" in model.lower():
        known = ("low", "medium", "high", "xhigh")
    if effort is not None and effort not in known:
        raise _unsupported("reasoning.effort", effort, model, known)
    if summary == "concise" and re.search(r"gpt-5(?![.\d])", model, re.IGNORECASE):
        raise _unsupported("reasoning.summary", summary, model, ("auto", "detailed"))


def _unsupported(param: str, value: Any, model: str, known: tuple[str, ...]) -> ServiceError:
    message = (
        f"Unsupported value: '{value}' is not supported with the '{model}' model. Supported values are: "
        f"{', '.join(map(repr, known))}."
    )
    return ServiceError(400, "unsupported_value", message, param=param)
