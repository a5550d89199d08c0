"""What the emulator says about itself, without a key and uncounted: ``/``, ``/health`` and the OpenAPI document."""

from ._openapi import describe
from ._request import RecordedRequest
from ._response import Response, json_response

_WELCOME = """This is an emulator of model inference services. It is running.

Call it as you would call the service, with the key it was started with:

    POST /chat/completions?api-version=2024-05-01-preview          a serverless endpoint
    POST /models/chat/completions?api-version=2024-05-01-preview   a Foundry resource
    POST /openai/deployments/NAME/chat/completions?api-version=2024-10-21
    POST /openai/v1/chat/completions                               Azure OpenAI
    POST /v1/chat/completions, /v1/responses, /v1/messages         OpenAI, Anthropic, and compatible servers

    GET  /openapi.json    every route
    GET  /health          whether it is running

    curl {url}/v1/chat/completions -H "Authorization: Bearer KEY" -H "Content-Type: application/json" \\
      -d '{{"model": "emulator-1", "messages": [{{"role": "user", "content": "Hello"}}]}}'
"""


def about_page(request: RecordedRequest, *, control: bool) -> Response | None:
    """Return the answer to a request about the emulator itself, or None.

    :keyword control: Whether the control API is enabled.
    """
    if request.method not in ("GET", "HEAD"):
        return None
    if request.path == "/openapi.json":
        return json_response(describe(control=control))
    if request.path == "/health":
        return json_response({"status": "ok"})
    if request.path == "/":
        url = f"http://{request.headers.get('host', '127.0.0.1')}"
        return Response(200, {"Content-Type": "text/plain; charset=utf-8"}, _WELCOME.format(url=url).encode())
    return None
