"""What a local copy of a log shows: the vectors, and its bounds."""

import json
from typing import Any

import msgspec
import pytest

from chatproto.client.session_outputs import Row
from chatproto.client.timeline import REMEMBERED, Timeline, shown
from chatproto.wire.model import LogItem, Message, Reaction
from tests.vectors.generate import FOLDER
from tests.vectors.server_frames import ME, OTHER, event, hidden, message
from tests.vectors.timelines import Read, about, edited, replay, state, state_of

FILES = sorted(FOLDER.glob("timeline-*.json"))


def step_of(given: Any) -> LogItem | Read:
    if "read" in given:
        return Read(msgspec.convert(given["read"], Message))
    item: LogItem = msgspec.convert(given["apply"], LogItem)
    return item


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_vector_is_replayed(path: Any) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    rows = msgspec.convert(vector["rows"], list[Row])
    found = replay([step_of(given) for given in vector["steps"]], rows)
    assert [state_of(one) for one in found] == vector["shown"]


def test_what_an_event_changed_is_told() -> None:
    timeline = Timeline(10)
    assert timeline.apply(message(5, 1)) is None
    changed = timeline.apply(edited(2, 1, "better", 2))
    assert changed is not None
    assert (changed.content, changed.edited_at is not None) == ("better", True)
    assert timeline.items[1] is changed
    assert timeline.apply(about(3, "edited", 1)) is None


def test_of_two_copies_the_newer_counts() -> None:
    timeline = Timeline(10)
    timeline.apply(state(1, rev=3, content="best"))
    assert timeline.current(message(5, 1)).content == "best"


def test_the_last_items_are_kept() -> None:
    timeline = Timeline(3)
    for seq in range(1, 6):
        timeline.apply(message(5, seq))
    assert list(timeline.items) == [3, 4, 5]
    timeline.apply(edited(6, 3, "better", 2))
    assert list(timeline.items) == [4, 5, 6]


def test_the_changes_of_the_last_messages_are_remembered() -> None:
    timeline = Timeline(1)
    for seq in range(1, REMEMBERED + 2):
        timeline.apply(edited(seq + 5000, seq, "better", 2))
    assert timeline.current(message(5, 1)).content == "text 1"
    assert timeline.current(message(5, 2)).content == "better"


def test_pins_come_and_go() -> None:
    timeline = Timeline(10)
    for seq in (1, 2, 3):
        timeline.apply(message(5, seq))
    for seq, target in ((4, 1), (5, 2), (6, 3)):
        timeline.apply(about(seq, "pinned", target, pinned_seq=target))
    timeline.apply(about(7, "unpinned", 1, pinned_seq=3))
    timeline.apply(about(8, "deleted", 3, sender_id=OTHER, rev=2, pinned_seq=2))
    assert timeline.pins == {2}


def test_oneself_is_named_behind_however_many() -> None:
    ids = tuple(range(100, 120))
    liked = state(1, reactions=(Reaction(emoji="👍", count=20, user_ids=ids),))
    own = Row(cid="a", chat_id=5, kind="react", seq=1, target_at=liked.created_at, emoji="👍", on=True)
    [after] = shown(liked, [own], ME).reactions
    assert (after.count, after.user_ids) == (21, (*ids, ME))


def test_what_expired_is_nowhere() -> None:
    """Neither is what is told of it later, nor a copy that was read before."""
    timeline = Timeline(10)
    held = [message(5, 1), message(5, 2), message(5, 3)]
    edit = msgspec.structs.replace(event(5, 4, "edited", content="again", rev=2), target_seq=1)
    pin = msgspec.structs.replace(event(5, 5, "pinned", pinned_seq=2), target_seq=2)
    items: list[LogItem] = [*held, edit, pin]
    for item in items:
        timeline.apply(item)
    timeline.expire(3)
    assert list(timeline.items.values()) == [held[2], hidden(5, 4), hidden(5, 5)]
    assert timeline.pins == set()
    assert timeline.current(held[0]).content is None
    assert timeline.current(held[2]).content == "text 3"
