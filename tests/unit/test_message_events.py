"""What an item is to somebody who may not see all of a log (docs/protocol.md I8)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chatproto.operations.message_events import pinned_from, seen_from
from chatproto.wire.model import Event, Hidden, LogItem, Message

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEXT = Message(id=1, chat_id=1, seq=3, sender_id=2, content="x", created_at=NOON, cid="c")
NOTHING = Hidden(chat_id=1, seq=9, created_at=NOON)


def event(target_seq: int | None, **data: Any) -> Event:
    return Event(chat_id=1, seq=9, event="x", actor_id=2, created_at=NOON, target_seq=target_seq, data=data)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (TEXT, TEXT),
        (NOTHING, NOTHING),
        (event(None, title="x"), event(None, title="x")),
        (event(5, rev=2), event(5, rev=2)),
        (event(4, rev=2), NOTHING),
        (event(5, pinned_seq=5), event(5, pinned_seq=5)),
        (event(5, pinned_seq=4, rev=2), event(5, pinned_seq=None, rev=2)),
        (event(5, pinned_seq=None), event(5, pinned_seq=None)),
        (event(4, pinned_seq=5), NOTHING),
    ],
)
def test_what_is_seen_from_5_on(item: LogItem, expected: LogItem) -> None:
    assert seen_from(item, 5) == expected


def test_a_pin_before_ones_time_is_none() -> None:
    assert [pinned_from(seq, 5) for seq in (None, 4, 5, 6)] == [None, None, 5, 6]
