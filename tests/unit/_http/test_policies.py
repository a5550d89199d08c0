"""Policies that can be tested without a request."""

import pytest

from azure.ai.inference._http.credentials import without_query_values
from azure.ai.inference._http.origins import is_loopback, origin


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host/path", "https://host/path"),
        ("https://host/path?api-version=1", "https://host/path?api-version=1"),
        ("https://host/path?code=secret&api-version=1&x", "https://host/path?code=REDACTED&api-version=1&x=REDACTED"),
    ],
)
def test_query_values_are_masked(url: str, shown: str) -> None:
    assert without_query_values(url) == shown


@pytest.mark.parametrize("url", ["https://a.example/x", "https://A.example:443/", "https://a.example?q=1"])
def test_origin_is_scheme_host_and_port(url: str) -> None:
    assert origin(url) == ("https", "a.example", 443)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("api.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
