"""A local authority that issues tokens like Microsoft Entra ID, over TLS, which azure-identity requires."""

import json
import ssl
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import trustme

TENANT = "11111111-2222-3333-4444-555555555555"


class Authority:
    """Listens on a free port of localhost.

    :param folder: Where to write the certificate to trust, as `ca_file`.
    :param make_token: Creates the access token for a scope.
    """

    def __init__(self, folder: Path, make_token: Callable[[str], str]) -> None:
        self.scopes: list[str] = []
        ca = trustme.CA()
        self.ca_file = str(folder / "ca.pem")
        ca.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("localhost").configure_cert(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(make_token))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> "Authority":
        self._thread.start()
        return self

    def __exit__(self, *exc_details: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self, make_token: Callable[[str], str]) -> type[BaseHTTPRequestHandler]:
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                base = f"{authority.url}/{TENANT}"
                self._answer(
                    {
                        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                        "token_endpoint": f"{base}/oauth2/v2.0/token",
                        "issuer": f"{base}/v2.0",
                    }
                )

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                scope = form["scope"][0].split()[0]
                authority.scopes.append(scope)
                self._answer({"token_type": "Bearer", "expires_in": 3600, "access_token": make_token(scope)})

            def _answer(self, value: Any) -> None:
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        return Handler
