"""The environment variables that name an endpoint, its key and its model.

The variables of one row belong together. A key is never combined with the endpoint of another row, which may be another
host.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .._http.endpoint import Kind


class Variables(NamedTuple):
    """Environment variables that belong together."""

    endpoint: str
    key: str
    model: str


_INFERENCE = Variables("AZURE_INFERENCE_ENDPOINT", "AZURE_INFERENCE_CREDENTIAL", "AZURE_INFERENCE_MODEL")
_AZURE_OPENAI = Variables("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_DEPLOYMENT")
_OPENAI = Variables("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL")

VARIABLES: "Mapping[Kind, tuple[Variables, ...]]" = {
    "chat": (Variables("AZURE_AI_CHAT_ENDPOINT", "AZURE_AI_CHAT_KEY", "AZURE_AI_CHAT_MODEL"), _INFERENCE),
    "embeddings": (
        Variables("AZURE_AI_EMBEDDINGS_ENDPOINT", "AZURE_AI_EMBEDDINGS_KEY", "AZURE_AI_EMBEDDINGS_MODEL"),
        _INFERENCE,
    ),
    "image_embeddings": (
        Variables(
            "AZURE_AI_IMAGE_EMBEDDINGS_ENDPOINT", "AZURE_AI_IMAGE_EMBEDDINGS_KEY", "AZURE_AI_IMAGE_EMBEDDINGS_MODEL"
        ),
        _INFERENCE,
    ),
}
"""The package's own variables; the first ones that are set are used."""


def is_set(environment: Mapping[str, str], name: str) -> bool:
    """Return whether a variable is set to more than blanks."""
    return bool(environment.get(name, "").strip())


def client_arguments(
    client: str, kind: "Kind", environment: Mapping[str, str], options: Mapping[str, Any]
) -> tuple[str, Any, dict[str, Any]]:
    """Return a client's endpoint, credential and options from the environment.

    :param client: The name of the client's class, for messages.
    :param kind: What the client does.
    :param environment: The environment variables.
    :param options: The caller's options, which take precedence.
    :raises ValueError: No endpoint is set, or neither a key is set nor azure-identity installed.
    """
    rows = (*VARIABLES[kind], _AZURE_OPENAI, _OPENAI)
    row = next((row for row in rows if is_set(environment, row.endpoint)), None)
    if row is None:
        names = ", ".join(row.endpoint for row in rows)
        raise ValueError(f"{client}.from_environment() found no endpoint: set one of {names}, along with its key.")
    model = {"model": environment[row.model].strip()} if is_set(environment, row.model) else {}
    credential = environment[row.key].strip() if is_set(environment, row.key) else _default_credential(client, row)
    return environment[row.endpoint].strip(), credential, {**model, **options}


def _default_credential(client: str, row: Variables) -> Any:
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError as error:
        raise ValueError(
            f"{client}.from_environment() found no key: set {row.key}, or pip install azure-identity to sign in with "
            "Entra ID."
        ) from error
    return DefaultAzureCredential()
