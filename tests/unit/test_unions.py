"""msgspec 0.22 reads and frees memory that is not its own where a text with a pattern shares a union with a list."""

from typing import Any

from msgspec import inspect

from chatproto.wire.frames import FromClient
from chatproto.wire.legacy import ChatMessage
from runtime.http.api import ROUTES


def parts(found: Any) -> Any:
    """A type and all it is made of."""
    yield found
    for name in getattr(found, "__struct_fields__", ()):
        value = getattr(found, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, inspect.Field):
                yield from parts(one.type)
            elif isinstance(one, inspect.Type):
                yield from parts(one)


def test_no_pattern_beside_a_list() -> None:
    given = [kind for route in ROUTES for kind in (route.body, route.query) if kind is not None]
    seen = 0
    for kind in [FromClient, ChatMessage, *given]:
        for one in parts(inspect.type_info(kind)):
            if isinstance(one, inspect.UnionType):
                seen += 1
                patterns = [part for part in one.types if isinstance(part, inspect.StrType) and part.pattern]
                others = [part for part in one.types if not isinstance(part, inspect.StrType | inspect.NoneType)]
                assert not (patterns and others), kind
    assert seen > 10
