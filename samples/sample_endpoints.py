"""Show what is called for an endpoint pasted from the portal, a document, or another library's settings.

Nothing is sent: building a client is enough.

    python samples/sample_endpoints.py
"""

from azure.core.credentials import AzureKeyCredential

from azure.ai.inference import ChatCompletionsClient

ENDPOINTS = (
    "https://contoso.services.ai.azure.com",
    "https://contoso.services.ai.azure.com/models",
    "contoso.services.ai.azure.com/api/projects/research",
    "https://contoso.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
    "https://contoso.cognitiveservices.azure.com/",
    "https://model.eastus2.models.ai.azure.com",
    "https://model.eastus2.inference.ml.azure.com/score",
    "https://api.mistral.ai",
    "http://localhost:11434/v1",
)


def main() -> None:
    """Print the base URL that each endpoint resolves to."""
    for endpoint in ENDPOINTS:
        with ChatCompletionsClient(endpoint, AzureKeyCredential("key")) as client:
            print(f"{endpoint}\n    {client}")
    # An Azure resource's Model Inference route was retired on 2026-08-26; to keep calling it where it still answers:
    with ChatCompletionsClient(ENDPOINTS[1], AzureKeyCredential("key"), route="models") as client:
        print(f'{ENDPOINTS[1]}, route="models"\n    {client}')


if __name__ == "__main__":
    main()
