"""A model is the JSON object.

`Model` is a `dict` that holds wire values and reads them through typed attributes. Parsing is `json.loads` and nothing
else: nested objects become models when they are first read (see `_nested_models`). Members that no field declares stay
in the dict and are sent back unchanged.

A field is an annotation in the class body. Its type says how the value is read: as a model, a list or dict of models,
an enum (known values as members, unknown ones as `str`), a `datetime` (unix seconds on the wire), or as it is.
"""

from collections.abc import Callable, Mapping
from inspect import currentframe
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import dataclass_transform

from ._annotations import DeferredType, enclosing_names, is_class_variable, is_unresolved, own_annotations
from ._model_fields import Convert, FieldSpec, constant, field, short_repr, to_plain, to_wire
from ._nested_models import WrappingDict, fill_defaults, is_plain_object, reader, wrap_and_keep

# The methods of `dict` itself, which wrap nothing.
_dict: Any = dict
_raw_get = _dict.get
_raw_set = _dict.__setitem__
_update = _dict.update

Models = list
"""The class of nested lists in release 1.0.0. Pickles that were written with it name it."""


@dataclass_transform(kw_only_default=True, field_specifiers=(field, constant))
class Model(WrappingDict):
    """A JSON object with typed attributes.

    Create one from keywords, one for each field, or from one mapping in wire form, whose unknown members are kept. An
    absent field reads `None`. Assigning `None` removes a field; assigning `azure.core.serialization.NULL` makes it a
    JSON null. Other attributes may be set on an instance; they are not part of the JSON.

    :raises TypeError: A keyword is unknown, or a positional argument is not a mapping.
    """

    _member_names: ClassVar[dict[str, str]] = {}
    """The JSON member of each attribute."""
    _leading: ClassVar[dict[str, str]] = {}
    """Constants that are written before the other members."""
    _trailing: ClassVar[dict[str, str]] = {}
    """Constants that are written after them."""
    _positional: ClassVar[str | None] = None

    def __init_subclass__(
        cls,
        *,
        positional: str | None = None,
        discriminator_field: str | None = None,
        discriminator: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Turn annotations into properties.

        :keyword positional: The field, a text or a list, that may be passed by position; it is then written last.
        :keyword discriminator_field: Makes this class the base of a family: the member that tells its subclasses apart.
        :keyword discriminator: The value of that member for this class.
        """
        super().__init_subclass__(**kwargs)
        if positional:
            cls._positional = positional
        cls._member_names, cls._wrappers = dict(cls._member_names), dict(cls._wrappers)
        cls._leading, cls._trailing, cls._defaults = dict(cls._leading), dict(cls._trailing), dict(cls._defaults)
        if discriminator_field:
            cls._subtypes, cls._discriminator_field = {}, discriminator_field
        if discriminator:
            cls._subtypes[discriminator] = cls
        frame = currentframe()
        for attribute, annotation in own_annotations(cls).items():
            if is_class_variable(annotation):
                continue
            if is_unresolved(annotation):
                annotation = DeferredType(annotation, cls, enclosing_names(frame)).resolve()
            cls._declare(attribute, annotation)

    @classmethod
    def _declare(cls, attribute: str, annotation: Any) -> None:
        spec = _field_spec(cls.__dict__.get(attribute))
        name, annotation, convert = spec.name or attribute, spec.read_as or annotation, spec.to_wire or to_wire
        if spec.constant is not None:
            (cls._trailing if spec.last else cls._leading)[name] = spec.constant
        if spec.default is not None:
            cls._defaults[name] = convert(spec.default)
        cls._member_names[attribute] = name
        get, wrap = _accessors(name, annotation)
        if wrap is not None:
            cls._wrappers[name] = wrap
        setattr(cls, attribute, property(get, _setter(name, convert)))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if len(args) == 1 and isinstance(args[0], Mapping):
            fill_defaults(self)
            _update(self, args[0])
            return
        # The order of members is part of the contract: recorded request bodies are compared as text.
        _update(self, self._leading)
        fill_defaults(self)
        self._take_keywords(kwargs)
        if args:
            self._take_positional(args, kwargs)
        _update(self, self._trailing)

    def _take_keywords(self, kwargs: Mapping[str, Any]) -> None:
        for attribute, value in kwargs.items():
            if attribute not in self._member_names:
                fields = ", ".join(self._member_names)
                raise TypeError(f"{type(self).__name__} has no field {attribute!r}; its fields are: {fields}")
            setattr(self, attribute, value)

    def _take_positional(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        name, (value, *more) = self._positional, args
        if name is None or more or not isinstance(value, (str, list)):
            takes = f"its {name} as a str or a list" if name else "keywords"
            given = ", ".join(type(arg).__name__ for arg in args)
            raise TypeError(f"{type(self).__name__} takes {takes}, or one mapping in wire form; got ({given})")
        if kwargs.get(name) is not None:
            raise ValueError(f"{name} cannot be provided as positional and keyword arguments")
        setattr(self, name, value)

    if TYPE_CHECKING:
        pass  # With `__getattr__`, type checkers would accept any attribute.
    else:

        def __getattr__(self, name: str) -> Any:
            """Raise `AttributeError`, naming what to read instead if other libraries have the attribute."""
            from ._attribute_hints import missing_attribute

            raise missing_attribute(self, name)

    def as_dict(self, *, exclude_readonly: bool = False) -> dict[str, Any]:
        """Return a deep copy in plain dicts, lists and wire values.

        :keyword exclude_readonly: Accepted for compatibility; no field is read-only.
        :return: What `json.dumps` of the model would write.
        """
        plain: dict[str, Any] = to_plain(self)
        return plain

    def __repr__(self) -> str:
        return short_repr(type(self).__name__, self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Allow pydantic, and so FastAPI, to use a model as a field: instances pass unchanged, mappings become models.

        pydantic refuses everything else, and a mapping whose discriminator names another class of the family, so that
        the next type of a union gets its turn.
        """
        from pydantic_core import core_schema

        def take(value: Any) -> Any:
            if not is_plain_object(value):
                return value
            kind = value.get(cls._discriminator_field)
            named = cls._subtypes.get(kind, cls) if isinstance(kind, str) else cls
            return named(value) if issubclass(named, cls) else value

        return core_schema.no_info_before_validator_function(
            take,
            core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(cls.as_dict),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "object", "title": cls.__name__}


def _field_spec(given: Any) -> FieldSpec:
    """Return what a class body declares for a field besides its annotation: a spec, a default, or nothing."""
    if given is None:
        return _NOTHING
    if isinstance(given, FieldSpec):
        return given
    return FieldSpec(default=None if hasattr(given, "__get__") else given)  # a method of that name is not a default


_NOTHING = FieldSpec()


def _accessors(name: str, annotation: Any) -> tuple[Convert, Convert | None]:
    """Return the function that reads a member, and the one that wraps it, if it may hold models."""
    if isinstance(annotation, DeferredType):
        return _deferred_getter(name, annotation), _deferred_wrapper(annotation)
    kind, read = reader(annotation)
    return _GETTERS[kind](name, read), read if kind == "nested" else None


def _setter(name: str, convert: Convert) -> Callable[[Any, Any], None]:
    def set_member(self: Model, value: Any) -> None:
        if value is None:
            _dict.pop(self, name, None)
        else:
            _raw_set(self, name, convert(value))

    return set_member


def _deferred_getter(name: str, deferred: DeferredType) -> Convert:
    def get(self: Model) -> Any:
        kind, read = _deferred_reader(deferred)
        return _GETTERS[kind](name, read)(self)

    return get


def _deferred_wrapper(deferred: DeferredType) -> Convert:
    def wrap(value: Any) -> Any:
        kind, read = _deferred_reader(deferred)
        return read(value) if kind == "nested" else value

    return wrap


def _deferred_reader(deferred: DeferredType) -> tuple[str, Any]:
    annotation = deferred.resolve()
    return ("plain", None) if annotation is deferred else reader(annotation)


def _plain_getter(name: str, read: Any) -> Convert:
    def get(self: Model) -> Any:
        return _raw_get(self, name)

    return get


def _nested_getter(name: str, read: Convert) -> Convert:
    # The hot path of every answer and update: a lookup and a type check once the member is wrapped.
    def get(self: Model) -> Any:
        value = _raw_get(self, name)
        if value.__class__ is list:
            # Most lists hold one model: the only choice, the only tool call.
            return value if len(value) == 1 and isinstance(value[0], Model) else wrap_and_keep(self, name, value, read)
        return value if value is None or isinstance(value, (Model, str)) else wrap_and_keep(self, name, value, read)

    return get


def _converting_getter(name: str, read: Convert) -> Convert:
    def get(self: Model) -> Any:
        return read(_raw_get(self, name))

    return get


_GETTERS = {"plain": _plain_getter, "nested": _nested_getter, "converted": _converting_getter}
