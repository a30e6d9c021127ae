"""What an accepted edit, deletion, reaction or pin makes of its message, and of the tables under it.

What a deletion erases is gone from every table when its transaction commits: the text, its former versions, the
reactions, and the emoji in the events that told of them.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, assert_never

from attrs import frozen
from msgspec import structs
from sqlalchemy import Column, Table, bindparam, delete, func, select, update

from chatproto.operations import DeleteMessage, EditMessage, MessageChange, Pin, React
from chatproto.operations.message_events import OF_CONTENT, UNPINNED, gathered, tombstone
from chatproto.wire.model import Message
from storage.statements import Statement, Steps, into
from storage.tables import chat_events, chat_users, messages, pins, reactions, revisions
from storage.transactions.files import release_files
from storage.transactions.log import write_attachments, write_ids
from storage.transactions.naming import INSERT_MENTION, find_named, forget_mentions, mention_rows


class UnderMessage(NamedTuple):
    user_id: int
    emoji: str
    event_seq: int


class PinnedMessage(NamedTuple):
    seq: int
    event_seq: int


_LAST_LEFT: Final = Statement(
    select(func.max(chat_users.c.left_seq)).where(chat_users.c.chat_id == bindparam("chat_id"))
)
_CHANGE_MESSAGE: Final = Statement(
    update(messages)
    .where(messages.c.id == bindparam("message_id"))
    .values(
        content=bindparam("content", type_=messages.c.content.type),
        attachment_url=bindparam("attachment_url", type_=messages.c.attachment_url.type),
        edited_at=bindparam("edited_at", type_=messages.c.edited_at.type),
        rev=bindparam("rev"),
        deleted=bindparam("deleted", type_=messages.c.deleted.type),
        mentions=bindparam("mentions", type_=messages.c.mentions.type),
        mentions_all=bindparam("mentions_all", type_=messages.c.mentions_all.type),
        forwarded_id=bindparam("forwarded_id", type_=messages.c.forwarded_id.type),
        forwarded_name=bindparam("forwarded_name", type_=messages.c.forwarded_name.type),
        attachments=bindparam("attachments", type_=messages.c.attachments.type),
    )
)
_INSERT_REVISION: Final = Statement(
    into(revisions, "chat_id", "seq", "rev", "content", "edited_at", "at_seq", "mentions", "mentions_all")
)
_INSERT_REACTION: Final = Statement(into(reactions, "chat_id", "seq", "event_seq", "user_id", "emoji"))
_INSERT_PIN: Final = Statement(into(pins, "chat_id", "seq", "event_seq"))
_ERASE_EVENTS: Final = Statement(
    update(chat_events)
    .where(
        chat_events.c.chat_id == bindparam("chat_key"),
        chat_events.c.target_seq == bindparam("target"),
        chat_events.c.event.in_(sorted(OF_CONTENT)),
    )
    .values(data="{}")
)


def _of_message(table: Table) -> tuple[Any, ...]:
    return table.c.chat_id == bindparam("chat_key"), table.c.seq == bindparam("seq_key")


_ERASE_REVISIONS: Final = Statement(delete(revisions).where(*_of_message(revisions)))
_ERASE_REACTIONS: Final = Statement(delete(reactions).where(*_of_message(reactions)))


@frozen
class _Ending:
    """How rows of a table end: by an entry that they stay until, or at once."""

    until: Statement
    remove: Statement


def _ending(table: Table) -> _Ending:
    event_seq: Column[int] = table.c.event_seq
    key = (*_of_message(table), event_seq == bindparam("event_key"))
    return _Ending(
        Statement(update(table).where(*key).values(until_seq=bindparam("until_seq"))),
        Statement(delete(table).where(*key)),
    )


_REACTION_ENDS: Final = _ending(reactions)
_PIN_ENDS: Final = _ending(pins)


@frozen
class AcceptedChange:
    """A command that is accepted, with its chat locked, whose event gets `seq`. `message`, `pinned_seq` (of the chat),
    `reactions`, `pins`: as they were before, the last two where they matter."""

    operation: MessageChange
    message: Message
    seq: int
    pinned_seq: int
    reactions: Sequence[UnderMessage]
    pins: Sequence[PinnedMessage]

    @property
    def place(self) -> dict[str, int]:
        """The message, as parameters."""
        return {"chat_key": self.message.chat_id, "seq_key": self.message.seq}


class Effect(NamedTuple):
    """What an accepted command made of its message, and the event to be told, with what is stored of it."""

    message: Message
    event: str
    data: dict[str, Any]
    pinned_seq: int


def perform(change: AcceptedChange) -> Steps[Effect]:
    """Write it, its event and the head of the chat excepted."""
    operation = change.operation
    match operation:
        case EditMessage(content=content):
            return (yield from _edit(change, operation, content))
        case DeleteMessage():
            return (yield from _delete(change))
        case React(emoji=emoji, on=on):
            return (yield from _react(change, emoji, on=on))
        case Pin(on=on):
            return (yield from _pin(change, on=on))
        case _:
            assert_never(operation)


def _edit(change: AcceptedChange, operation: EditMessage, content: str) -> Steps[Effect]:
    before, now = change.message, operation.now
    named = (yield from find_named([(before.chat_id, operation.actor_id, operation.mentions)]))[0]
    message = structs.replace(
        before,
        content=content,
        edited_at=now,
        rev=before.rev + 1,
        mentions=named.user_ids,
        mentions_all=named.everybody,
    )
    yield from forget_mentions(before)
    yield from INSERT_MENTION.many(mention_rows(message))
    texts = [(message, change.seq)]
    if before.edited_at is None:
        texts.insert(0, (structs.replace(before, rev=1), before.seq))
    yield from _INSERT_REVISION.many(
        [
            {
                "chat_id": one.chat_id,
                "seq": one.seq,
                "rev": one.rev,
                "content": one.content,
                "edited_at": one.edited_at,
                "at_seq": at_seq,
                "mentions": write_ids(one.mentions),
                "mentions_all": one.mentions_all,
            }
            for one, at_seq in texts
        ]
    )
    yield from _write(message)
    return Effect(message, "edited", {"rev": message.rev}, change.pinned_seq)


def _delete(change: AcceptedChange) -> Steps[Effect]:
    message = tombstone(change.message, change.message.rev + 1)
    yield from _write(message)
    yield from forget_mentions(change.message)
    yield from release_files(change.message, change.operation.now)
    if change.message.rev > 1:
        yield from _ERASE_REVISIONS.run(**change.place)
        yield from _ERASE_REACTIONS.run(**change.place)
        yield from _ERASE_EVENTS.run(chat_key=message.chat_id, target=message.seq)
    pinned = next((one for one in change.pins if one.seq == message.seq), None)
    if pinned is None:
        return Effect(message, "deleted", {}, change.pinned_seq)
    yield from _end(change, _PIN_ENDS, pinned.event_seq)
    return Effect(message, "deleted", {UNPINNED: True}, _highest(change.pins, without=message.seq))


def _react(change: AcceptedChange, emoji: str, *, on: bool) -> Steps[Effect]:
    actor_id, seq, message = change.operation.actor_id, change.seq, change.message
    under = [one for one in change.reactions if (one.user_id, one.emoji) != (actor_id, emoji)]
    if on:
        under.append(UnderMessage(actor_id, emoji, seq))
        yield from _INSERT_REACTION.run(
            chat_id=message.chat_id, seq=message.seq, event_seq=seq, user_id=actor_id, emoji=emoji
        )
    else:
        (own,) = (one for one in change.reactions if (one.user_id, one.emoji) == (actor_id, emoji))
        yield from _end(change, _REACTION_ENDS, own.event_seq)
    message = structs.replace(message, rev=message.rev + 1, reactions=gathered(under))
    yield from _write(message)
    data = {"rev": message.rev, "emoji": emoji}
    return Effect(message, "reaction_added" if on else "reaction_removed", data, change.pinned_seq)


def _pin(change: AcceptedChange, *, on: bool) -> Steps[Effect]:
    message, before = change.message, change.pinned_seq
    if on:
        yield from _INSERT_PIN.run(chat_id=message.chat_id, seq=message.seq, event_seq=change.seq)
        return Effect(message, "pinned", {}, max(before, message.seq))
    (own,) = (one for one in change.pins if one.seq == message.seq)
    yield from _end(change, _PIN_ENDS, own.event_seq)
    return Effect(message, "unpinned", {}, _highest(change.pins, without=message.seq))


def _highest(found: Sequence[PinnedMessage], *, without: int) -> int:
    return max((one.seq for one in found if one.seq != without), default=0)


def _end(change: AcceptedChange, ending: _Ending, event_seq: int) -> Steps[None]:
    """Take away what the entry `event_seq` put under the message, but keep it for those who have left since then."""
    (left,) = yield from _LAST_LEFT.column(chat_id=change.message.chat_id)
    if left is None or left < event_seq:
        yield from ending.remove.run(**change.place, event_key=event_seq)
    else:
        yield from ending.until.run(**change.place, event_key=event_seq, until_seq=change.seq)


def _write(message: Message) -> Steps[None]:
    yield from _CHANGE_MESSAGE.run(
        message_id=message.id,
        content=message.content,
        attachment_url=message.attachment_url,
        edited_at=message.edited_at,
        rev=message.rev,
        deleted=message.deleted,
        mentions=write_ids(message.mentions),
        mentions_all=message.mentions_all,
        forwarded_id=None if message.forwarded is None else message.forwarded.user_id,
        forwarded_name=None if message.forwarded is None else message.forwarded.display_name,
        attachments=write_attachments(message.attachments),
    )
