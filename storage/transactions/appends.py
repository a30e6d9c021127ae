"""Appending a message: the hot path of the whole house (docs/protocol.md I1, I3)."""

from datetime import datetime

from chatproto.operations import Appended, AppendMessage, Refused
from chatproto.wire.model import Message
from storage.statements import Steps
from storage.transactions.log import (
    FIND_COMMAND,
    INSERT_COMMAND,
    INSERT_MESSAGE,
    LOCK_CHAT,
    MEMBER_IDS,
    MEMBERSHIP,
    MESSAGE_AT,
    MOVE_HEAD,
    read_items,
)


def append_message(operation: AppendMessage) -> Steps[Appended | Refused]:
    """Lock, look the cid up, then everything else."""
    chat_id, actor_id = operation.chat_id, operation.actor_id
    chat = yield from LOCK_CHAT.one(chat_id=chat_id)
    if chat is None:
        return Refused("not_member")
    last_seq: int = chat[3]
    last_at: datetime | None = chat[4]
    repeated = yield from repeat(chat_id, actor_id, operation.cid, operation.digest, last_seq)
    if repeated is not None:
        return repeated
    membership = yield from MEMBERSHIP.one(chat_id=chat_id, user_id=actor_id)
    if membership is None:
        return Refused("not_member")
    if operation.refusal is not None:
        return Refused(operation.refusal, field="content")
    if operation.reply_to is not None and not (
        yield from is_message(chat_id, operation.reply_to, membership[1], operation.reply_at)
    ):
        return Refused("bad_seq", "reply_to names no message of this chat", "reply_to")
    message = yield from _insert(operation, last_seq + 1)
    member_ids = yield from MEMBER_IDS.column(chat_id=chat_id)
    return Appended(
        chat_id, (message,), dup=False, last_seq=message.seq, member_ids=tuple(member_ids), previous_at=last_at
    )


def repeat(chat_id: int, actor_id: int, cid: str, digest: bytes, last_seq: int) -> Steps[Appended | Refused | None]:
    """What a command ends in that was accepted before, or None. The chat is locked."""
    command = yield from FIND_COMMAND.one(chat_id=chat_id, actor_id=actor_id, cid=cid)
    if command is None:
        return None
    known_digest, first, last = command
    if known_digest != digest:
        return Refused("cid_conflict", "this cid was used for another content", "cid")
    items = yield from read_items(chat_id, first - 1, last)
    member_ids = yield from MEMBER_IDS.column(chat_id=chat_id)
    return Appended(chat_id, tuple(items), dup=True, last_seq=last_seq, member_ids=tuple(member_ids))


def is_message(chat_id: int, seq: int, first_seq: int, created_at: datetime | None) -> Steps[bool]:
    """Whether this seq is a message its replier may see, made at the time they think."""
    row = yield from MESSAGE_AT.one(chat_id=chat_id, seq=seq)
    return row is not None and seq >= first_seq and created_at in (None, row[0])


def _insert(operation: AppendMessage, seq: int) -> Steps[Message]:
    chat_id, now = operation.chat_id, operation.now
    yield from INSERT_COMMAND.run(
        chat_id=chat_id,
        actor_id=operation.actor_id,
        cid=operation.cid,
        digest=operation.digest,
        first_seq=seq,
        last_seq=seq,
    )
    inserted = yield from INSERT_MESSAGE.run(
        chat_id=chat_id,
        seq=seq,
        sender_id=operation.actor_id,
        content=operation.content,
        created_at=now,
        reply_to=operation.reply_to,
        cid=operation.cid,
    )
    yield from MOVE_HEAD.run(chat_id=chat_id, last_seq=seq, last_at=now, last_message_seq=seq)
    return Message(
        id=inserted.last_id,
        chat_id=chat_id,
        seq=seq,
        sender_id=operation.actor_id,
        content=operation.content,
        created_at=now,
        reply_to=operation.reply_to,
        cid=operation.cid,
    )
