"""User-defined classes with string annotations: how each field is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Optional, Union

import pytest
from typing_extensions import TypeAliasType

from azure.ai.inference._annotations import own_annotations
from azure.ai.inference._model import Model
from azure.ai.inference._model_fields import field
from azure.ai.inference.models import CompletionsFinishReason

if TYPE_CHECKING:
    from decimal import Decimal


class Node(Model):
    limit: ClassVar[int] = 3
    name: str
    own: Node | None = None
    quoted: "Optional[Node]" = None  # noqa: UP037 (text within text)
    nodes: list[Node] = field(default=None)
    sequence: Sequence[Node]
    pair: tuple[Node, ...]
    by_name: dict[str, Node]
    mapping: Mapping[str, Node | None]
    either: Union[Node, list[Node], str]
    nested: list[list[Node]]
    annotated: Annotated[Node, {"unhashable": []}]
    optional: Annotated[Optional[Node], {"unhashable": []}]
    listed: list[Annotated[Node, {"unhashable": []}]]
    later_listed: list[Annotated[Leaf, {"unhashable": []}]]
    later: Leaf
    laters: list[Leaf]
    aliased: Alias
    reason: str | CompletionsFinishReason
    made: datetime
    kind: Literal["Node"]
    unknown: Decimal
    count: int = field(name="theCount")


class Leaf(Model):
    value: int


Alias = TypeAliasType("Alias", Optional[Leaf])


class Default(Model):
    name: str = "bob"
    nodes: list[Node] = field(default=[])


PLAIN = {"name": "x"}
READ: list[tuple[str, Any, Any]] = [
    ("own", PLAIN, Node),
    ("quoted", PLAIN, Node),
    ("nodes", [PLAIN], [Node]),
    ("sequence", (PLAIN,), [Node]),
    ("pair", [PLAIN, PLAIN], [Node, Node]),
    ("by_name", {"a": PLAIN}, {"a": Node}),
    ("by_name", [1], [int]),
    ("mapping", {"a": PLAIN, "b": None}, {"a": Node, "b": type(None)}),
    ("either", PLAIN, Node),
    ("either", [PLAIN], [Node]),
    ("either", "text", str),
    ("nested", [[PLAIN], []], [[Node], []]),
    ("annotated", PLAIN, Node),
    ("optional", PLAIN, Node),
    ("listed", [PLAIN], [Node]),
    ("later_listed", [{"value": 1}], [Leaf]),
    ("later", {"value": 1}, Leaf),
    ("laters", [{"value": 1}], [Leaf]),
    ("aliased", {"value": 1}, Leaf),
    ("kind", "Node", str),
    ("unknown", {"a": 1}, dict),
    ("count", 3, int),
]


def classes(value: Any) -> Any:
    if type(value) is list:
        return [classes(item) for item in value]
    if type(value) is dict:
        return {name: classes(item) for name, item in value.items()} if value != {"a": 1} else dict
    return type(value)


@pytest.mark.parametrize(("name", "wire", "read"), READ)
@pytest.mark.parametrize("first", ["attribute", "item", "items"])
def test_string_annotations(name: str, wire: Any, read: Any, first: str) -> None:
    member = "theCount" if name == "count" else name
    node = Node({member: wire})
    ways: dict[str, Any] = {
        "attribute": lambda: getattr(node, name),
        "item": lambda: node[member],
        "items": lambda: dict(node.items())[member],
    }
    value = ways[first]()
    assert classes(value) == read
    assert value == (list(wire) if isinstance(wire, tuple) else wire)
    assert all(way() is value for way in ways.values())


def test_defaults_with_string_annotations() -> None:
    default = Default()
    assert default.name == "bob"
    default.nodes.append(Node(name="x"))
    assert Default() == {"name": "bob", "nodes": []}
    assert Default({"nodes": [PLAIN]}).nodes[0].name == "x"


def test_fields_whose_values_are_converted() -> None:
    node = Node({"reason": "stop", "made": 0, "name": None})
    assert node.reason is CompletionsFinishReason.STOPPED
    assert node.made == datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert node["made"] == 0
    node.made = datetime(1970, 1, 2, tzinfo=timezone.utc)
    assert node["made"] == 86400


def test_class_variables_are_not_fields() -> None:
    assert Node.limit == 3
    with pytest.raises(TypeError, match="no field 'limit'"):
        Node(limit=3)  # type: ignore[call-arg]


def test_local_classes_resolve_local_names() -> None:
    class Inner(Model):
        value: int

    class Outer(Model):
        inner: Inner
        outers: list[Outer]

    outer = Outer({"inner": {"value": 1}, "outers": [{"inner": {"value": 2}}]})
    assert outer.inner.value == 1
    assert outer.outers[0].inner.value == 2
    assert type(outer.outers[0]) is Outer


def test_subclass_with_its_own_init_subclass() -> None:
    class Hooked(Model):
        def __init_subclass__(cls, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)

    class Inner(Model):
        value: int

    class Outer(Hooked):
        inner: Inner

    assert Outer({"inner": {"value": 1}}).inner.value == 1


def test_deferred_annotations() -> None:
    """Python 3.14 raises if an annotation names something that is not defined yet."""

    class Late(type):
        @property
        def __annotations__(cls) -> Any:  # type: ignore[override]
            raise NameError("name 'Node' is not defined")

        @__annotations__.setter
        def __annotations__(cls, value: Any) -> None: ...

    cls = Late("cls", (), {"__annotations__": {"x": "Node"}})
    assert own_annotations(cls) == {"x": "Node"}
