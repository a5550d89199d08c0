"""Error bodies of services, gateways and local servers, and what should be read from them; pure data."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from azure.core import exceptions as core

from azure.ai.inference.exceptions import ContentFilterError

# The shapes, lettered, and their variants


class Shape(NamedTuple):
    name: str
    status: int
    body: object
    code: str | None
    message: str
    target: str | None = None
    text: tuple[str, ...] = ()
    kind: type[Exception] = core.HttpResponseError
    in_good_answer: bool = True
    headers: Mapping[str, str] = MappingProxyType({})


FASTAPI_ITEM = {
    "type": "extra_forbidden",
    "loc": ["body", "foo"],
    "msg": "Extra inputs are not permitted",
    "input": "me",
}
FASTAPI_DEEP = {"type": "missing", "loc": ["body", "messages", 0, "role"], "msg": "Field required", "input": {}}
FASTAPI_BOTH = "body.foo: Extra inputs are not permitted; body.messages[0].role: Field required"
FILTERED = {"status": 400, "code": "content_filter", "message": "Filtered", "param": "messages", "type": None}
NOT_SUPPORTED = {"status": 422, "code": "parameter_not_supported", "message": "One is invalid."}
TOO_LARGE = "Request body too large for gpt-5 model. Max size: 4000 tokens."
AUDIENCE = "Unauthorized. Access token is missing, invalid, audience is incorrect (https://ai.azure.com/)."
PAGE = "<html><head><title>502 Bad Gateway</title><script>run()</script></head>\n<body>nginx &amp; co</body></html>"

AUTH = core.ClientAuthenticationError
MISSING = core.ResourceNotFoundError

# fmt: off
SHAPES = [
    Shape("A", 400, {"error": {
            "code": "BadArgument", "message": "Bad.", "target": "temperature",
            "details": [{"code": "Range", "message": "0 to 2", "target": "temperature"}],
            "innererror": {"code": "OutOfRange", "innererror": {"code": "TooHot"}}}},
        "BadArgument", "Bad.", "temperature", text=(
            "(BadArgument) Bad.\nTarget: temperature\n",
            "Exception Details:\n\t(Range) 0 to 2\n\tTarget: temperature\n", "TooHot")),
    Shape("A bare", 500, {"error": {"code": "InternalServerError", "message": "Oh"}}, "InternalServerError", "Oh"),
    Shape("B", 401, {"error": "Unauthorized", "message": "No parameters", "status": 401},
        "Unauthorized", "No parameters", kind=AUTH),
    Shape("C", 422, {**NOT_SUPPORTED, "detail": {"loc": ["body", "response_format"], "input": "me"}},
        "parameter_not_supported", "One is invalid.", "body.response_format"),
    Shape("C list", 422, {**NOT_SUPPORTED, "detail": [FASTAPI_ITEM]},
        "parameter_not_supported", "One is invalid.", "body.foo", text=("Type: extra_forbidden",)),
    Shape("D", 400, FILTERED, "content_filter", "Filtered", "messages", kind=ContentFilterError),
    Shape("D wrapped", 400, {"error": FILTERED}, "content_filter", "Filtered", "messages", kind=ContentFilterError),
    Shape("E", 400, {"detail": "Extra parameters ['n'] are not allowed"}, None,
        "Extra parameters ['n'] are not allowed", text=("(400) Extra parameters",)),
    Shape("F", 401, {"statusCode": 401, "message": "Auth token validation failed."}, None,
        "Auth token validation failed.", text=("(401) Auth token", "Reason: Invalid JWT."), kind=AUTH,
        headers={"x-ms-error-reason": "Invalid JWT."}),
    Shape("G", 404, {"status": "Serverless endpoint not found"}, None, "Serverless endpoint not found",
        kind=MISSING, in_good_answer=False),
    Shape("H", 404, "NOT FOUND", None, "NOT FOUND", text=("Model error: model_error",), kind=MISSING,
        in_good_answer=False, headers={"Content-Type": "text/plain", "ms-azureml-model-error-reason": "model_error",
                                       "ms-azureml-model-error-statuscode": "404"}),
    Shape("I", 422, {"error": {"code": "Invalid input", "message": json.dumps({"detail": [FASTAPI_ITEM]}),
                               "status": 422}},
        "Invalid input", "Extra inputs are not permitted", "body.foo", text=("Type: extra_forbidden",)),
    Shape("J", 422, {"detail": [FASTAPI_ITEM]}, "extra_forbidden", "Extra inputs are not permitted", "body.foo"),
    Shape("J several", 422, {"detail": [FASTAPI_ITEM, FASTAPI_DEEP]}, None, FASTAPI_BOTH, "body.foo",
        text=("\t(missing) Field required\n\tTarget: body.messages[0].role",)),
    Shape("J in message", 422, {"object": "error", "message": {"detail": [FASTAPI_ITEM]},
                                "type": "invalid_request_error", "param": None, "code": None},
        "invalid_request_error", "Extra inputs are not permitted", "body.foo"),
    Shape("K", 400, {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "param": "model",
                     "code": "1500"},
        "1500", "Invalid model: x", "model", text=("Type: invalid_model",)),
    Shape("L", 404, {"error": {"code": "DeploymentNotFound", "message": "Gone.", "type": "invalid", "param": "model"}},
        "DeploymentNotFound", "Gone.", "model", kind=MISSING),
    Shape("L digits", 401, {"error": {"code": "401", "message": "Access denied"}}, "401", "Access denied",
        text=("Status: 401 PermissionDenied",), kind=AUTH),
    Shape("M", 413, {"error": {"code": "tokens_limit_reached", "message": TOO_LARGE, "details": TOO_LARGE}},
        "tokens_limit_reached", TOO_LARGE),
    Shape("M null", 400, {"error": {"code": "unknown_model", "message": "Unknown model: x", "details": None}},
        "unknown_model", "Unknown model: x"),
    Shape("M more words", 413, {"error": {"code": "limit", "message": TOO_LARGE, "details": "5000 given"}},
        "limit", TOO_LARGE, text=("Exception Details:\n\t5000 given",)),
    Shape("N", 401, "Unauthorized", None, "Unauthorized", kind=AUTH, in_good_answer=False),
    Shape("O", 429, {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 56 seconds."}, None,
        "Rate limit is exceeded. Try again in 56 seconds."),
    Shape("O quota", 403, {"statusCode": 403, "message": "Out of call volume quota"}, None,
        "Out of call volume quota", kind=AUTH),
    Shape("P", 401, {"statusCode": 401, "message": AUDIENCE}, None, AUDIENCE, kind=AUTH),
    Shape("Q", 400, {"error": {"message": "Too long", "type": "exceed_context_size_error", "param": None, "code": 400}},
        "400", "Too long", text=("Type: exceed_context_size_error",)),
    Shape("Q no code", 404, {"error": {"message": "No model", "type": "not_found_error", "param": None, "code": None}},
        "not_found_error", "No model", kind=MISSING),
    Shape("Q flat", 400, {"object": "error", "message": "auto needs a parser", "type": "BadRequestError",
                          "param": None, "code": 400},
        "400", "auto needs a parser", text=("Type: BadRequestError",)),
    Shape("R", 200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"}, None,
        "Unexpected endpoint or method. (POST /chat/completions)"),
    Shape("S", 429, {"error": {"code": "429", "message": "Please retry after 7 seconds."}}, "429",
        "Please retry after 7 seconds."),
    Shape("T", 429, {"error": {"code": "RateLimitReached", "message": "Rate limit of 300000 per 60s exceeded."}},
        "RateLimitReached", "Rate limit of 300000 per 60s exceeded."),
    # Shapes outside the table: events of local servers, gateways, proxies.
    Shape("LM Studio", 500, {"error": {"message": "Compute error."}, "message": "Compute error."}, None,
        "Compute error."),
    Shape("type error", 529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        "overloaded_error", "Overloaded"),
    Shape("error is true", 500, {"error": True, "message": "Broken"}, None, "Broken"),
    Shape("error is JSON text", 500, {"error": '{"code":"x","message":"y"}'}, "x", "y"),
    Shape("error is a list", 400, {"error": [{"code": "x", "message": "y"}]}, "x", "y"),
    Shape("list of errors", 400, [{"error": {"code": 400, "message": "y"}}], "400", "y", in_good_answer=False),
    Shape("list of words", 400, {"detail": ["y", "z"]}, None, "y; z"),
    Shape("JSON string", 500, '"Boom"', None, "Boom", in_good_answer=False),
    Shape("brackets are words", 400, {"error": {"code": "x", "message": "[model] {x} is unknown"}},
        "x", "[model] {x} is unknown"),
    Shape("numbers in brackets", 400, {"error": {"code": "x", "message": "[1, 2]"}}, "x", "[1, 2]"),
    Shape("tag is a word", 400, {"error": {"code": "x", "message": "<model> is unknown"}}, "x", "<model> is unknown"),
    Shape("problem details", 401, {"type": "https://a/b", "title": "Unauthorized", "status": 401, "detail": "Sign in."},
        None, "Sign in.", kind=AUTH),
    Shape("no words", 400, {"error": {"code": "Bad"}}, "Bad", "", text=("(Bad) Operation returned",)),
    Shape("unknown members", 500, {"oops": [1]}, None, '{"oops": [1]}', in_good_answer=False),
    Shape("HTML", 502, PAGE, None, "502 Bad Gateway nginx & co", in_good_answer=False,
        headers={"Content-Type": "text/html"}),
    Shape("broken JSON", 503, '{"error": {"code": "x", "mess', None, '{"error": {"code": "x", "mess',
        in_good_answer=False),
    Shape("bad UTF-8", 503, b"caf\xe9 closed", None, "caf\ufffd closed", in_good_answer=False),
    Shape("byte order mark", 400, b'\xef\xbb\xbf{"error": {"code": "x", "message": "y"}}', "x", "y",
        in_good_answer=False),
]
# fmt: on
