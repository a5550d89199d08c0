"""Signatures: the `**options` of a function in `help()`, and the errors for missing and for unnamed arguments."""

import inspect
from collections.abc import Callable
from functools import cached_property, wraps
from types import MappingProxyType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


class SpelledOutSignature(inspect.Signature):
    """The signature of a function whose `**options` are spelled out, built when it is first looked at.

    A signature has some eighty parameters; most programs never look, and imports are on a budget.

    :param function: The function, whose last parameter is `**options`.
    :param options: The TypedDicts that declare its options.
    """

    __slots__ = ("__dict__",)

    def __init__(self, function: Callable[..., Any], options: tuple[Any, ...]) -> None:
        self._function = function
        self._options = options

    @cached_property
    def _made(self) -> inspect.Signature:
        from .option_help import spell_out

        return spell_out(self._function, self._options)

    @property
    def parameters(self) -> MappingProxyType[str, inspect.Parameter]:
        """The parameters by name."""
        return self._made.parameters

    @property
    def return_annotation(self) -> Any:
        """The return type of the function."""
        return self._made.return_annotation

    def replace(self, **changes: Any) -> Any:
        """As `inspect.Signature.replace`."""
        return self._made.replace(**changes)

    __replace__ = replace

    def format(self, **_: Any) -> str:
        """Format the signature, with one parameter per line."""
        return str(self._made)

    __str__ = format

    def __reduce__(self) -> Any:
        """Copy and pickle as the plain signature, since a function's globals cannot be pickled."""
        return self._made.__reduce__()


class OptionsDocstring(str):
    """A docstring that ends with the descriptions of the options, which are read when first needed.

    As a `str` it is only the docstring. `help()`, IPython's `?` and `inspect.getdoc` expand its tabs first, and
    `print` takes its `str()`: these include the descriptions.
    """

    options: tuple[Any, ...]

    def __str__(self) -> str:
        from .option_help import docstring

        return docstring(super().__str__(), self.options)

    def expandtabs(self, *tabsize: Any, **named: Any) -> str:
        """As `str.expandtabs`."""
        return str(self).expandtabs(*tabsize, **named)


def needs_endpoint_and_credential(init: F) -> F:
    """Make a constructor name a missing argument, and translate the argument names of other libraries.

    :param init: A client's `__init__`, whose first two arguments are endpoint and credential.
    """

    @wraps(init)
    def checked(self: Any, *args: Any, **options: Any) -> None:
        missing = [name for name in ("endpoint", "credential")[len(args) :] if name not in options]
        if missing:
            from .other_libraries import missing_arguments

            raise missing_arguments(type(self).__name__, missing, options)
        init(self, *args, **options)

    return cast(F, checked)


def with_options(*options: Any) -> Callable[[F], F]:
    """Spell out a function's `**options` in the signature and the docstring that `help()` shows.

    :param options: The TypedDicts that declare its options.
    """

    def spell_out(function: F) -> F:
        shown: Any = by_name(function)
        shown.__signature__ = SpelledOutSignature(function, options)
        shown.__doc__ = text = OptionsDocstring(function.__doc__ or "")
        text.options = options
        return cast(F, shown)

    return spell_out


def by_name(function: F) -> F:
    """Make a function refuse arguments that are passed by position but have to be named.

    Python's own error only counts them. Whoever looks at the signature sees that of the function.

    :param function: The function, which may be asynchronous.
    """
    most = function.__code__.co_argcount

    @wraps(function)
    def checked(*args: Any, **named: Any) -> Any:
        if len(args) > most:
            raise _unnamed(shown)
        return function(*args, **named)

    @wraps(function)
    async def checked_async(*args: Any, **named: Any) -> Any:
        return await checked(*args, **named)

    shown = cast(F, checked_async if inspect.iscoroutinefunction(function) else checked)
    return shown


_TELLING = ("messages", "input", "model")
"""The arguments to name as examples: what people pass by position in other libraries."""


def _unnamed(function: Any) -> TypeError:
    """Return the error for too many positional arguments. It shows no value: one of them may be the key."""
    name = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]
    parameters = inspect.signature(function).parameters.values()
    taken = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD and each.name != "self"]
    named = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    if not hasattr(function, "__signature__"):  # `load_client`, whose options are those of the clients
        named = ["model"]
    known = f"only {' and '.join(taken)} by position" if taken else "no argument by position"
    return TypeError(f"{name}() takes {known}. Pass all others by name, such as {_examples(named)}.")


def _examples(named: list[str]) -> str:
    return ", ".join(f"{each}=..." for each in [each for each in _TELLING if each in named] or named[:1])
