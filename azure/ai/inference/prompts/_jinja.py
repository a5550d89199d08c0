"""Jinja2 templates, rendered in Jinja2's sandbox: a template can read its variables, and cannot change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._mustache import MAX_OUTPUT
from ._prompt_error import PromptError

try:
    from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, Undefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment
except ModuleNotFoundError as error:
    raise ImportError("a template with `template: jinja2` needs Jinja2: pip install jinja2") from error

_FAILURES = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_TEMPLATE_FRAME = "<template>"


def parse(source: str, *, strict: bool = False) -> Template:
    """Parse a template. Rendering it escapes nothing: a prompt is not HTML.

    :param source: The template text.
    :keyword strict: Whether a missing variable is an error. Default: False, which renders it as nothing.
    :return: The template.
    :raises PromptError: The template is invalid.
    """
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined if strict else Undefined, keep_trailing_newline=True
    )
    try:
        return environment.from_string(source)
    except TemplateSyntaxError as error:
        raise PromptError(str(error.message), line=error.lineno) from error
    except (RecursionError, SyntaxError) as error:  # Python allows 20 nested blocks.
        raise PromptError(f"the template is nested too deeply: {error}") from error


def render(template: Template, variables: Mapping[str, Any]) -> str:
    """Render a template.

    :param template: The result of :func:`parse`.
    :param variables: The variables by name.
    :return: The text.
    :raises PromptError: The template tries to leave the sandbox, a variable is missing in strict mode, the template
        fails with these values, or the text exceeds 16 Mi characters.
    """
    parts: list[str] = []
    size = 0
    try:
        for part in template.generate(variables):
            size += len(part)
            if size > MAX_OUTPUT:
                break
            parts.append(part)
    except _FAILURES as error:
        raise PromptError(str(error), line=_template_line(error)) from error
    if size > MAX_OUTPUT:
        raise PromptError(f"the template renders to more than {MAX_OUTPUT:,} characters; pass less text")
    return "".join(parts)


def _template_line(error: BaseException) -> int:
    """Return the line of the template at which an error was raised.

    Jinja2 rewrites the traceback so that the innermost frame of the template has the template's own line number.
    """
    line = 1
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _TEMPLATE_FRAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
