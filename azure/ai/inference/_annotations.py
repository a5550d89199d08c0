"""The annotations of a class body, including those that are text or name a class that does not exist yet.

Annotations are text in quotes and under `from __future__ import annotations`, and may name the class itself or one that
is defined further down. `resolve` turns them into types. While that fails, the caller keeps them unresolved.
"""

import sys
from collections.abc import Iterator, Mapping
from types import FrameType, UnionType
from typing import Annotated, Any, ClassVar, ForwardRef, Literal, Union, get_args, get_origin, get_type_hints

from typing_extensions import TypeAliasType


def own_annotations(cls: type[Any]) -> Mapping[str, Any]:
    """Return the annotations of a class body, without those of its bases.

    :param cls: The class.
    :return: The annotations by name, some of which may be text.
    """
    try:
        return cls.__annotations__
    except NameError:
        # Python 3.14 evaluates annotations when they are read, and one names a class that is not defined yet.
        from typing_extensions import Format, get_annotations

        return get_annotations(cls, format=Format.FORWARDREF)


_USUAL = (type, UnionType)
"""What most annotations are. They are tested first, because importing the models reads hundreds of annotations."""


def is_class_variable(annotation: Any) -> bool:
    """Return whether an annotation declares a `ClassVar`, which is not a field."""
    if type(annotation) in _USUAL:
        return False
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__forward_arg__", None)
    if text is not None:
        return str(text).partition("[")[0].strip().rpartition(".")[2] == "ClassVar"
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def choices(annotation: Any) -> Iterator[Any]:
    """Yield the members of a union, or the type itself. Aliases and `Annotated` are unwrapped."""
    if type(annotation) is type:
        yield annotation
        return
    origin = get_origin(annotation)
    if origin is Union or origin is UnionType:
        for choice in get_args(annotation):
            yield from choices(choice)
    elif origin is Annotated:
        yield from choices(get_args(annotation)[0])
    elif isinstance(annotation, TypeAliasType):
        yield from choices(annotation.__value__)
    else:
        yield annotation


def is_unresolved(annotation: Any) -> bool:
    """Return whether a type is text, or contains text that stands for a type."""
    if type(annotation) is type:
        return False
    if isinstance(annotation, (str, ForwardRef)):
        return True
    if {type}.issuperset(map(type, getattr(annotation, "__args__", ()))):  # a union of classes
        return False
    origin = get_origin(annotation)
    if origin is Literal:
        return False
    args = get_args(annotation)
    return any(map(is_unresolved, args[:1] if origin is Annotated else args))


def resolve(annotation: Any, module: str, names: Mapping[str, Any]) -> Any:
    """Turn text in an annotation into types.

    :param annotation: A type that is text, or has text in it.
    :param module: The name of the module that the text was written in.
    :param names: Names that are known beside those of the module.
    :return: The type.
    :raises NameError: A name in it is not defined, or not yet.
    """

    def holder() -> None: ...

    # `get_type_hints` is the one public function that evaluates text wherever it stands in a type.
    holder.__annotations__ = {"it": annotation}
    return get_type_hints(holder, vars(sys.modules[module]), dict(names), include_extras=True)["it"]


def enclosing_names(frame: FrameType | None) -> Mapping[str, Any]:
    """Return the local names of the function in which a class is being defined.

    :param frame: The frame of its `__init_subclass__`; a subclass may have put one of its own before it.
    :return: The names; none for a class of a module.
    """
    while frame is not None and frame.f_code.co_name == "__init_subclass__":
        frame = frame.f_back
    return {} if frame is None or frame.f_locals is frame.f_globals else dict(frame.f_locals)


class DeferredType:
    """The type of a field, as long as it names something that is not defined yet."""

    def __init__(self, annotation: Any, owner: type[Any], names: Mapping[str, Any]) -> None:
        self._annotation = annotation
        self._module = owner.__module__
        self._names = {**names, owner.__name__: owner}

    def resolve(self) -> Any:
        """Return the type, or this object if it cannot be resolved yet."""
        try:
            return resolve(self._annotation, self._module, self._names)
        except (NameError, AttributeError):
            return self
