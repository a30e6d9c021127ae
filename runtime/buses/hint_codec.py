"""Hints as bytes, between processes that may be of different versions: what one does not know it passes over."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs
import msgspec

from chatproto.operations import AccountDeleted, BlockSet, Marked, SessionsEnded
from chatproto.server.hints import (
    Absent,
    FlagsSet,
    HeadMoved,
    HidingSet,
    Hint,
    MembersAdded,
    Present,
    ProfileChanged,
    Typed,
)
from runtime.buses.bus import Spent

_KINDS: Final[dict[str, type[Any]]] = {
    "head": HeadMoved,
    "members": MembersAdded,
    "marks": Marked,
    "ended": SessionsEnded,
    "block": BlockSet,
    "flags": FlagsSet,
    "profile": ProfileChanged,
    "deleted": AccountDeleted,
    "typing": Typed,
    "present": Present,
    "absent": Absent,
    "hiding": HidingSet,
}
RELIEVED: Final = b'["","redis",{}]'
"""What stands first where the sender hears others over Redis too."""
_SPENT: Final = "spent"
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_decode: Final = msgspec.json.Decoder(list[tuple[str, str, dict[str, Any]]]).decode


def encode_hints(hints: Iterable[Hint | Spent], *, relieved: bool = False) -> bytes:
    """All of them. `relieved`: the sender hears others over Redis too."""
    named = [_named(hint) for hint in hints]
    return msgspec.json.encode([("", "redis", {}), *named] if relieved else named)


def decode_hints(data: bytes) -> list[Hint | Spent] | None:
    """Those that are known here; None of what is not hints at all."""
    try:
        named = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # the table may hold what no server wrote
        return None
    return list(_known(named))


def _named(one: Hint | Spent) -> tuple[str, str, dict[str, Any]]:
    if isinstance(one, Spent):
        return "", _SPENT, attrs.asdict(one)
    return one.epoch, _NAMES[type(one.news)], attrs.asdict(one.news, recurse=False)


def _known(named: list[tuple[str, str, dict[str, Any]]]) -> Iterator[Hint | Spent]:
    for epoch, name, fields in named:
        kind = _KINDS.get(name)
        try:
            if name == _SPENT:
                yield msgspec.convert(fields, Spent)
            elif kind is not None:
                yield Hint(epoch, msgspec.convert(fields, kind))
        except msgspec.ValidationError:
            continue


def key_of(hint: Hint | Spent) -> object:
    """Of several hints with one key the last says all; None: it stands for itself."""
    if isinstance(hint, Spent):
        return None
    match hint.news:
        case HeadMoved(chat_id):
            return chat_id
        case Marked(chat_id, user_id, received=received):  # others may be told of what was received alone
            return chat_id, user_id, received
        case FlagsSet(user_id, chat_id):
            return "flags", user_id, chat_id
        case ProfileChanged(user_id):
            return "profile", user_id
        case Typed(chat_id, user_id):
            return "typing", chat_id, user_id
        case BlockSet(user_id, peer_id):
            return "block", user_id, peer_id
        case HidingSet(user_id):
            return "hiding", user_id
        case MembersAdded() | SessionsEnded() | AccountDeleted() | Present() | Absent():
            return None
