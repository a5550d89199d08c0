"""Which headers carry a secret, whatever a gateway calls them."""

import pytest

from azure.ai.inference._credential_headers import is_credential_header, without_credentials

SECRET = [
    *("Authorization", "proxy-authorization", "x-ms-authorization-auxiliary", "api-key", "apikey", "x-api-key"),
    *("Ocp-Apim-Subscription-Key", "x-functions-key", "X-Auth-Token", "x-goog-api-key", "Cookie", "Set-Cookie"),
    *("x_api_key", " API-Key ", "client-assertion", "x-client-assertion-type", "x-jwt", "x-signature"),
]
HARMLESS = [
    *("Content-Type", "x-ratelimit-remaining-tokens", "www-authenticate", "x-request-id", "x-keyboard", ""),
    *("Idempotency-Key", "sec-websocket-key", "surrogate-key", "x-cache-key", "X-Auth-Type"),
]


@pytest.mark.parametrize("name", SECRET)
def test_secret_header_names(name: str) -> None:
    assert is_credential_header(name)
    assert without_credentials({name: "s", "accept": "*/*"}) == {"accept": "*/*"}


@pytest.mark.parametrize("name", HARMLESS)
def test_other_header_names(name: str) -> None:
    assert not is_credential_header(name)
    assert without_credentials({name: "v"}) == {name: "v"}
