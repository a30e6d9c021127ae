"""Frames of a server, short to write, for scenarios."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chatproto.client.session_outputs import Kind, Row
from chatproto.wire.frames import Ack, ErrorFrame, PageFrame, Ready
from chatproto.wire.limits import Limits
from chatproto.wire.model import Chat, Event, Head, Hidden, LogItem, Message, PrivateUser, User

ME: Final = 1
OTHER: Final = 2
BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)


def at(seq: int, log: int = 0) -> datetime:
    """When the item `seq` of a log was stored; another `log` has other times."""
    return BEGIN + timedelta(minutes=seq, seconds=log)


def user(user_id: int) -> User:
    name = f"user{user_id}"
    return User(
        id=user_id, username=name, display_name=name.title(), avatar_url=None, created_at=BEGIN, online=None,
        last_seen_at=None,
    )  # fmt: skip


def head(chat_id: int, last_seq: int, *, first_seq: int = 1, log: int = 0, **more: Any) -> Head:
    fields: dict[str, Any] = {"left_seq": None, "read_seq": 0, "delivered_seq": last_seq, "others_read_seq": 0}
    fields |= {"others_delivered_seq": 0, "unread_count": 0, "last_at": at(last_seq, log) if last_seq else None}
    return Head(chat_id=chat_id, first_seq=first_seq, last_seq=last_seq, **{**fields, **more})


def ready(*heads: Head, epoch: str = "e1", more: bool = False, user_id: int = ME, inflight: int = 32) -> Ready:
    me = PrivateUser(
        id=user_id, username="me", display_name="Me", avatar_url=None, created_at=BEGIN, email=None, online=None,
        last_seen_at=None,
    )  # fmt: skip
    return Ready(
        v=1, session_id=7, user=me, epoch=epoch, server_time=BEGIN, token_exp=BEGIN + timedelta(minutes=15),
        heartbeat_ms=20_000, limits=Limits(inflight=inflight), chats=heads, more=more,
    )  # fmt: skip


def message(chat_id: int, seq: int, *, sender_id: int = OTHER, cid: str | None = None, log: int = 0) -> Message:
    return Message(
        id=100 * chat_id + seq, chat_id=chat_id, seq=seq, sender_id=sender_id, content=f"text {seq}",
        created_at=at(seq, log), cid=cid or f"theirs-{seq}",
    )  # fmt: skip


def messages(chat_id: int, first: int, last: int, log: int = 0) -> list[LogItem]:
    return [message(chat_id, seq, log=log) for seq in range(first, last + 1)]


def hidden(chat_id: int, seq: int, log: int = 0) -> Hidden:
    return Hidden(chat_id=chat_id, seq=seq, created_at=at(seq, log))


def event(chat_id: int, seq: int, word: str, **data: Any) -> Event:
    return Event(chat_id=chat_id, seq=seq, event=word, actor_id=OTHER, created_at=at(seq), data=data)


def removed(chat_id: int, seq: int, user_id: int) -> Event:
    return event(chat_id, seq, "member_removed", user_id=user_id, reason="removed")


def page(
    ref: str, chat_id: int, from_seq: int, items: list[LogItem], *, last_seq: int | None = None, log: int = 0
) -> PageFrame:
    """The answer of a sync with `after_seq`."""
    to_seq = items[-1].seq if items else from_seq
    end = to_seq if last_seq is None else last_seq
    return PageFrame(
        ref=ref, chat_id=chat_id, from_seq=from_seq, to_seq=to_seq, items=tuple(items), users=(),
        more=to_seq < end, last_seq=end, last_at=at(end, log) if end else None,
    )  # fmt: skip


def ack(cid: str, chat_id: int, seq: int, *, dup: bool = False) -> Ack:
    return Ack(ref=cid, cid=cid, chat_id=chat_id, seq=seq, created_at=at(seq), dup=dup, message_id=100 * chat_id + seq)


def error(ref: str | None, code: str, *, chat_id: int | None = None, retry_after_ms: int | None = None) -> ErrorFrame:
    retryable = retry_after_ms is not None
    return ErrorFrame(
        ref=ref, code=code, detail=code, retryable=retryable, chat_id=chat_id, retry_after_ms=retry_after_ms
    )


def chat(chat_id: int, last_seq: int, *, first_seq: int = 1, left_seq: int | None = None, log: int = 0) -> Chat:
    """`log` as in `head`: another one has other times."""
    last_at = at(last_seq, log) if last_seq else None
    return Chat(
        id=chat_id, type="group", is_group=True, title="Tea", avatar_url=None, created_at=BEGIN, role="member",
        first_seq=first_seq, last_seq=last_seq, last_at=last_at, left_seq=left_seq,
        last_message=None, read_seq=0, delivered_seq=0, others_read_seq=0, others_delivered_seq=0, unread_count=0,
        muted=False, favourite=False, hidden=False, peer=None,
    )  # fmt: skip


def row(number: int, chat_id: int = 5, **more: Any) -> Row:
    return Row(cid=f"mine-{number}", chat_id=chat_id, content=f"hello {number}", **more)


def change(number: int, kind: Kind, seq: int = 2, chat_id: int = 5, **more: Any) -> Row:
    """A row about the message `seq` of `messages`."""
    fields: dict[str, Any] = {"target_at": at(seq), **more}
    return Row(cid=f"mine-{number}", chat_id=chat_id, kind=kind, seq=seq, **fields)
