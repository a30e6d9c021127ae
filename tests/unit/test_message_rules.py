"""The table of commands about a message (docs/protocol.md sections 1 and 4; I3, I4, O10): each row by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from chatproto.operations.append_rules import ADMINS_ONLY, CID_CONFLICT, NOT_MEMBER, READ_ONLY
from chatproto.operations.message_changes import DeleteMessage, EditMessage, MessageChange, Pin, React
from chatproto.operations.message_rules import (
    AUTHOR_ONLY,
    BAD_TARGET,
    DELETED,
    MAX_EMOJI,
    MAX_PINS,
    TOO_MANY_EMOJI,
    TOO_MANY_OWN_EMOJI,
    TOO_MANY_PINS,
    Actor,
    ChangeVerdict,
    Target,
    judge_message_change,
)
from chatproto.operations.outcomes import Refused
from chatproto.wire.model import ChatType

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EDIT = EditMessage(1, 7, "c", b"d", 5, NOW, "new", NOW)
DELETE = DeleteMessage(1, 7, "c", b"d", 5, NOW, NOW)
REACT = React(1, 7, "c", b"d", 5, NOW, "👍", True, NOW)
UNREACT = evolve(REACT, on=False)
PIN = Pin(1, 7, "c", b"d", 5, NOW, True, NOW)
UNPIN = evolve(PIN, on=False)
COMMANDS = [EDIT, DELETE, REACT, UNREACT, PIN, UNPIN]

MEMBER, ADMIN = Actor("member", 1), Actor("admin", 1)
OWN = Target(7, NOW, "old", own_emoji=frozenset("a"), emoji=frozenset("a"))
STRANGE = evolve(OWN, sender_id=8)
FULL = evolve(OWN, emoji=frozenset(chr(0x1F600 + n) for n in range(MAX_EMOJI)), own_emoji=frozenset())


def judge(
    command: MessageChange,
    *,
    accepted: bytes | None = None,
    chat_type: ChatType = "group",
    actor: Actor | None = ADMIN,
    target: Target | None = OWN,
) -> ChangeVerdict:
    return judge_message_change(command, accepted=accepted, chat_type=chat_type, actor=actor, target=target)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_cid_comes_first(command: MessageChange) -> None:
    """I3: whoever repeats is answered as the first time, a former member included."""
    assert judge(command, accepted=b"d", actor=None, target=None) == "repeat"
    assert judge(command, accepted=b"other") == CID_CONFLICT


@pytest.mark.parametrize("command", COMMANDS)
def test_then_membership_and_the_place(command: MessageChange) -> None:
    assert judge(command, actor=None, target=None) == NOT_MEMBER
    assert judge(command, target=None) == BAD_TARGET
    assert judge(command, actor=Actor("admin", 6)) == BAD_TARGET
    assert judge(evolve(command, target_at=NOW + timedelta(microseconds=1))) == BAD_TARGET


def test_what_is_wrong_is_told_to_members_only_and_before_the_place() -> None:
    bad_edit, bad_react = evolve(EDIT, refusal="empty_content"), evolve(REACT, refusal="emoji_invalid")
    assert judge(bad_edit, target=None) == Refused("empty_content", field="content")
    assert judge(bad_react, target=None) == Refused("emoji_invalid", field="emoji")
    assert judge(bad_edit, actor=None) == NOT_MEMBER


@pytest.mark.parametrize(
    ("command", "target", "direct", "by_member", "by_admin"),
    [
        (EDIT, OWN, "append", "append", "append"),
        (EDIT, STRANGE, AUTHOR_ONLY, AUTHOR_ONLY, AUTHOR_ONLY),
        (DELETE, OWN, "append", "append", "append"),
        (DELETE, STRANGE, AUTHOR_ONLY, AUTHOR_ONLY, "append"),
        (REACT, STRANGE, "append", "append", "append"),
        (PIN, STRANGE, "append", ADMINS_ONLY, "append"),
        (UNPIN, evolve(STRANGE, pinned=True), "append", ADMINS_ONLY, "append"),
    ],
)
def test_who_may(
    command: MessageChange,
    target: Target,
    direct: ChangeVerdict,
    by_member: ChangeVerdict,
    by_admin: ChangeVerdict,
) -> None:
    """The role means nothing in a direct chat."""
    assert judge(command, target=target, chat_type="direct", actor=ADMIN) == direct
    assert judge(command, target=target, actor=MEMBER) == by_member
    assert judge(command, target=target, actor=ADMIN) == by_admin


def test_who_may_not_write_edits_nothing_but_may_delete_and_react() -> None:
    reader = evolve(MEMBER, barred=READ_ONLY)
    assert judge(EDIT, actor=reader) == READ_ONLY
    assert judge(EDIT, actor=reader, target=STRANGE) == AUTHOR_ONLY
    assert judge(EDIT, actor=reader, accepted=b"d") == "repeat"
    assert judge(DELETE, actor=reader) == judge(REACT, actor=reader) == "append"


@pytest.mark.parametrize(
    ("command", "verdict"),
    [(EDIT, DELETED), (DELETE, "unchanged"), (REACT, DELETED), (UNREACT, DELETED), (PIN, DELETED)],
)
def test_a_deleted_message_stays_as_it_is(command: MessageChange, verdict: ChangeVerdict) -> None:
    assert judge(command, target=evolve(OWN, deleted=True, content=None)) == verdict


@pytest.mark.parametrize(
    ("command", "target"),
    [
        (EDIT, evolve(OWN, content="new")),
        (REACT, evolve(FULL, own_emoji=frozenset("👍abc"))),
        (UNREACT, OWN),
        (PIN, evolve(OWN, pinned=True, pins=MAX_PINS)),
        (UNPIN, OWN),
    ],
)
def test_what_changes_nothing_takes_no_seq_whatever_the_caps_are(command: MessageChange, target: Target) -> None:
    assert judge(command, target=target) == "unchanged"


def test_the_caps() -> None:
    assert judge(REACT, target=FULL) == TOO_MANY_EMOJI
    assert judge(REACT, target=evolve(FULL, emoji=FULL.emoji | {"👍"})) == "append"
    assert judge(REACT, target=evolve(OWN, own_emoji=frozenset("abc"))) == TOO_MANY_OWN_EMOJI
    assert judge(UNREACT, target=evolve(FULL, own_emoji=frozenset("👍abc"))) == "append"
    assert judge(PIN, target=evolve(OWN, pins=MAX_PINS)) == TOO_MANY_PINS
    assert judge(PIN, target=evolve(OWN, pins=MAX_PINS - 1)) == "append"
    assert judge(UNPIN, target=evolve(OWN, pinned=True, pins=MAX_PINS)) == "append"
