"""The environment variables that point an application's clients at an emulator, without changes to its code."""

from collections.abc import Mapping
from urllib.parse import urlsplit

_API_VERSION = "2024-10-21"


def environment_variables(url: str, key: str) -> Mapping[str, str]:
    """Return the variables read by each client, for an emulator at ``url``.

    The names are those of this package's samples (``AZURE_AI_...``), openai, anthropic, mistralai, LiteLLM
    (``..._API_BASE``) and LangChain (``MISTRAL_BASE_URL``). The emulator is excluded from proxies.
    """
    v1 = f"{url}/v1"
    host = urlsplit(url).hostname or "127.0.0.1"
    return {
        "AZURE_AI_CHAT_ENDPOINT": url,
        "AZURE_AI_CHAT_KEY": key,
        "AZURE_AI_EMBEDDINGS_ENDPOINT": url,
        "AZURE_AI_EMBEDDINGS_KEY": key,
        "AZURE_INFERENCE_ENDPOINT": url,
        "AZURE_INFERENCE_CREDENTIAL": key,
        "AZURE_OPENAI_ENDPOINT": url,
        "AZURE_OPENAI_API_KEY": key,
        "OPENAI_API_VERSION": _API_VERSION,
        "OPENAI_BASE_URL": v1,
        "OPENAI_API_BASE": v1,
        "OPENAI_API_KEY": key,
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": key,
        "MISTRAL_BASE_URL": v1,
        "MISTRAL_API_BASE": v1,
        "MISTRAL_SERVER_URL": url,
        "MISTRAL_API_KEY": key,
        "NO_PROXY": host,
        "no_proxy": host,
    }
