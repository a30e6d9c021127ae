"""From the bytes of a request to a checked Struct, or to the names of all that is wrong with it.

Fields are read one by one, so that one wrong field hides no other. Unknown fields are never looked at, and null is the
same as absent (docs/protocol.md section 1).
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from attrs import frozen

from chatproto.wire import codec
from chatproto.wire.limits import Limits
from runtime.config import Settings
from runtime.http.problem import FieldError, Problem

S = TypeVar("S", bound=msgspec.Struct)

_BOUND: Final = re.compile(r"Expected `(\w+)` (of length )?([<>]=?) (-?\d+)")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,29})")
_NULL: Final = b"null"


@frozen
class Context:
    """What the rules of fields may depend on."""

    settings: Settings
    limits: Limits


@frozen
class Fault:
    """Why a value is refused; `limit` is the bound it passed."""

    code: str
    detail: str
    limit: int | None = None


@frozen
class Rule:
    """Stands in an Annotated type: `check` gives the value to go on with (cleaned), or a Fault."""

    check: Callable[[Any, Context], Any]


def parse_object(data: bytes) -> dict[str, msgspec.Raw] | Problem:
    """The members of a JSON object, undecoded; no bytes at all count as `{}`. Of duplicate keys the last wins."""
    if not data:
        return {}
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return Problem("bad_unicode", "The body is not valid UTF-8.")
    if text.startswith("\ufeff"):
        return Problem("bad_unicode", "The body begins with a byte order mark.")
    try:
        return msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except RecursionError:
        return Problem("bad_json", "The body is nested too deeply.")
    except msgspec.DecodeError:
        return Problem("bad_json" if codec.parse_lone_surrogate(text) is None else "bad_unicode")


def read_fields(
    kind: type[S], given: Mapping[str, Any], context: Context, decode: Callable[[Any, Any], Any]
) -> S | list[FieldError]:
    """A Struct of `kind` from raw values by name, or every error. `decode` takes a raw value and a type."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for attribute, name, hint, rule, required in _plan(kind):
        raw = given.get(name)
        if raw is None:
            if required:
                errors.append(FieldError(field=name, code="required", detail="This field is needed."))
            continue
        value = _value(raw, hint, decode)
        if rule is not None and not isinstance(value, Fault):
            value = rule.check(value, context)
        if isinstance(value, Fault):
            errors.append(FieldError(field=name, code=value.code, detail=value.detail, limit=value.limit))
        else:
            values[attribute] = value
    return errors or kind(**values)


def read_body(kind: type[S], data: bytes, context: Context) -> S | list[FieldError] | Problem:
    """The body of a request."""
    given = parse_object(data)
    if isinstance(given, Problem):
        return given
    return read_fields(kind, {key: raw for key, raw in given.items() if bytes(raw) != _NULL}, context, _from_json)


def read_query(kind: type[S], args: Mapping[str, str], context: Context) -> S | list[FieldError]:
    """The parameters of a URL; numbers are decimal."""
    return read_fields(kind, args, context, _from_text)


def _from_json(raw: msgspec.Raw, hint: Any) -> Any:
    return _decoder(hint).decode(raw)


def _from_text(raw: str, hint: Any) -> Any:
    value = int(raw) if _is_number(hint) and _DECIMAL.fullmatch(raw) else raw
    return msgspec.convert(value, hint)


def _value(raw: Any, hint: Any, decode: Callable[[Any, Any], Any]) -> Any:
    try:
        return decode(raw, hint)
    except msgspec.ValidationError as error:  # no other: the whole was parsed before, with its depth and its strings
        return _explain(str(error))


def _explain(message: str) -> Fault:
    """The msgspec messages for bounds, in our codes; it quotes values, so its own text is not passed on."""
    bound = _BOUND.search(message)
    if bound is not None:
        kind, length, sign, number = bound.groups()
        limit = int(number) + {">": 1, "<": -1}.get(sign, 0)
        word = "least" if sign.startswith(">") else "most"
        if not length:
            return Fault("out_of_range", f"Must be at {word} {limit}.", limit)
        unit = "characters" if kind == "str" else "entries"
        return Fault("too_short" if word == "least" else "too_long", f"Must have at {word} {limit} {unit}.", limit)
    if message.startswith("Number out of range"):
        return Fault("out_of_range", "The number is out of range.")
    if "matching regex" in message:
        return Fault("bad_format", "Not of the form that is wanted here.")
    if message.startswith("Invalid enum value"):
        return Fault("not_allowed", "Not one of the values that are allowed here.")
    expected = re.match(r"Expected `([^`]+?)(?: \| null)?`", message)
    return Fault("wrong_type", f"Must be {expected[1]}." if expected else "Not of the type that is wanted here.")


@cache
def _decoder(hint: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(hint)


@cache
def _plan(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, Any, Rule | None, bool], ...]:
    """Attribute, name on the wire, type, rule and whether it is required, of each field."""
    hints = get_type_hints(kind, include_extras=True)
    fields = msgspec.structs.fields(kind)
    return tuple((f.name, f.encode_name, hints[f.name], _rule(hints[f.name]), f.required) for f in fields)


@cache
def _is_number(hint: Any) -> bool:
    return hint is int or any(_is_number(part) for part in get_args(hint) if isinstance(part, type) or get_args(part))


def _rule(hint: Any) -> Rule | None:
    if get_origin(hint) is Annotated:
        return next((note for note in hint.__metadata__ if isinstance(note, Rule)), None)
    if get_origin(hint) in (Union, UnionType):
        return next((rule for part in get_args(hint) if (rule := _rule(part)) is not None), None)
    return None
