"""The rules of appending as a decision table: every combination of facts, and which reason of several is told (O10)."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Literal

import pytest
from attrs import evolve

from chatproto.operations import AppendChange, AppendMessage, ForwardSource, Refused
from chatproto.operations.append_rules import (
    READ_ONLY,
    Source,
    Verdict,
    barred_from,
    judge_change,
    judge_message,
    names_everybody,
)
from chatproto.operations.block_rules import CLOSED
from chatproto.wire.model import ChatType, Forwarded, Role, Writers

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINE, OTHER = b"mine", b"other"


def word(verdict: Verdict) -> str:
    return verdict.code if isinstance(verdict, Refused) else verdict


def message(refusal: str | None = None, reply_to: int | None = None, reply_at: datetime | None = None) -> AppendMessage:
    return AppendMessage(1, 2, "cid", MINE, "hello", reply_to, reply_at, NOON, refusal)


# accepted, first_seq, refusal, reply_to, reply_at, target_at -> verdict
_TABLE: list[tuple[bytes | None, int | None, str | None, int | None, datetime | None, datetime | None, str]] = [
    (None, 1, None, None, None, None, "append"),
    (None, 1, None, None, None, NOON, "append"),  # nothing is asked of a target that is not named
    (None, 1, None, 5, None, NOON, "append"),
    (None, 5, None, 5, None, NOON, "append"),
    (None, 5, None, 5, NOON, NOON, "append"),
    (None, 6, None, 5, NOON, NOON, "bad_seq"),  # before what the sender may see
    (None, 1, None, 5, None, None, "bad_seq"),  # no message there
    (None, 1, None, 5, NOON, None, "bad_seq"),
    (None, 1, None, 5, NOON + timedelta(microseconds=1), NOON, "bad_seq"),  # another message than they mean
]


@pytest.mark.parametrize("accepted, first_seq, refusal, reply_to, reply_at, target_at, expected", _TABLE)
def test_where_a_message_may_stand(
    accepted: bytes | None,
    first_seq: int | None,
    refusal: str | None,
    reply_to: int | None,
    reply_at: datetime | None,
    target_at: datetime | None,
    expected: str,
) -> None:
    command = message(refusal, reply_to, reply_at)
    assert word(judge_message(command, accepted=accepted, first_seq=first_seq, target_at=target_at)) == expected


ANN = Forwarded(user_id=7, display_name="Ann")


@pytest.mark.parametrize(
    ("target_at", "source", "expected"),
    [
        (None, Source(NOON, "text", ANN), "append"),
        (NOON, Source(NOON, "text", ANN), "append"),
        (NOON + timedelta(microseconds=1), Source(NOON, "text", ANN), "bad_seq"),  # another message than they mean
        (None, None, "bad_seq"),  # no message there, or none that they may see
        (None, Source(NOON, None, ANN), "message_deleted"),
        (NOON + timedelta(microseconds=1), Source(NOON, None, ANN), "bad_seq"),
    ],
)
def test_what_may_be_forwarded(target_at: datetime | None, source: Source | None, expected: str) -> None:
    command = evolve(message(), content="", forward=ForwardSource(3, 5, target_at))
    verdict = judge_message(command, accepted=None, first_seq=1, target_at=None, source=source)
    assert word(verdict) == expected
    assert not isinstance(verdict, Refused) or verdict.field == "forward"
    assert word(judge_message(command, accepted=None, first_seq=None, target_at=None, source=source)) == "not_member"
    assert word(judge_message(command, accepted=MINE, first_seq=None, target_at=None)) == "repeat"


@pytest.mark.parametrize(
    ("asked", "members", "role", "expected"),
    [
        (False, 2, "admin", False),
        (True, 50, "member", True),
        (True, 51, "member", False),
        (True, 51, "admin", True),
    ],
)
def test_who_may_mention_everybody(asked: bool, members: int, role: Role, expected: bool) -> None:
    assert names_everybody(asked, members=members, role=role) is expected


@pytest.mark.parametrize(
    ("writers", "role", "expected"),
    [("all", "member", None), ("all", "admin", None), ("admins", "admin", None), ("admins", "member", READ_ONLY)],
)
def test_who_may_write(writers: Writers, role: Role, expected: Refused | None) -> None:
    assert barred_from(writers, role, closed=False) == expected
    assert barred_from(writers, role, closed=True) == CLOSED


@pytest.mark.parametrize(
    "accepted, member, barred, refusal, bad_reply",
    list(product([None, MINE, OTHER], [True, False], [None, READ_ONLY], [None, "too_long"], [True, False])),
)
def test_the_first_reason_of_several_is_the_one_that_is_told(
    accepted: bytes | None, member: bool, barred: Refused | None, refusal: str | None, bad_reply: bool
) -> None:
    command = message(refusal, reply_to=3)
    verdict = judge_message(
        command,
        accepted=accepted,
        first_seq=1 if member else None,
        barred=barred,
        target_at=None if bad_reply else NOON,
    )
    if accepted is not None:
        expected = "repeat" if accepted == MINE else "cid_conflict"
    elif not member:
        expected = "not_member"
    elif barred is not None:
        expected = "read_only"
    elif refusal is not None:
        expected = refusal
    else:
        expected = "bad_seq" if bad_reply else "append"
    assert word(verdict) == expected


@pytest.mark.parametrize(
    "accepted, chat_type, role, kind, own",
    list(
        product([None, MINE, OTHER], ["direct", "group"], [None, "member", "admin"], ["add", "remove"], [True, False])
    ),
)
def test_who_may_change_a_chat(
    accepted: bytes | None,
    chat_type: ChatType,
    role: Role | None,
    kind: Literal["add", "remove"],
    own: bool,
) -> None:
    command = AppendChange(1, 2, kind, (2 if own else 3,), "all", None, None, None, "cid", NOON)
    verdict = judge_change(command, MINE, accepted=accepted, chat_type=chat_type, role=role)
    if accepted is not None:
        expected = "repeat" if accepted == MINE else "cid_conflict"
    elif role is None:
        expected = "not_found"
    elif chat_type == "direct":
        expected = "forbidden"
    else:
        expected = "append" if role == "admin" or (kind == "remove" and own) else "forbidden"
    assert word(verdict) == expected
