"""Messages of many chats, appended to locked logs: what must be known is gathered, then judged, then written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from attrs import define, evolve, field, frozen
from sqlalchemy import select

from chatproto.operations import Appended, AppendMessage, Refused
from chatproto.operations.append_rules import NOT_MEMBER, Source, barred_from, judge_message
from chatproto.wire.markup import NOBODY
from chatproto.wire.model import Attachment, Message, Role, Writers
from storage.statements import Answers, DuplicateKey, Lookup, Steps, param, updates
from storage.tables import chat_users, chats, commands, messages
from storage.together import together
from storage.transactions.files import hold_files, lock_attachments, own_attachments
from storage.transactions.log import (
    INSERT_COMMAND,
    INSERT_MESSAGE,
    INSERT_MESSAGE_NAMING,
    write_attachments,
    write_ids,
)
from storage.transactions.naming import INSERT_MENTION, NONE_NAMED, Named, find_named, find_source, mention_rows
from storage.transactions.repeats import repeated
from storage.transactions.states import Place

Key = tuple[int, int, str]
"""Chat, actor and cid of a command."""


class Head(NamedTuple):
    """A locked chat: its last entry, when that was made, and who writes in it."""

    id: int
    last_seq: int
    last_at: datetime | None
    writers: Writers
    closed: bool


class _Member(NamedTuple):
    """Of those who are members now."""

    chat_id: int
    user_id: int
    first_seq: int
    role: Role


class _Accepted(NamedTuple):
    """A command that was accepted before."""

    chat_id: int
    actor_id: int
    cid: str
    digest: bytes
    first_seq: int
    last_seq: int


class _Made(NamedTuple):
    """When a message was made."""

    chat_id: int
    seq: int
    created_at: datetime


class _Id(NamedTuple):
    chat_id: int
    seq: int
    id: int


_MEMBERS: Final = Lookup(
    select(chat_users.c.chat_id, chat_users.c.user_id, chat_users.c.first_seq, chat_users.c.role).where(
        chat_users.c.left_seq.is_(None)
    ),
    key=(chat_users.c.chat_id, chat_users.c.user_id),
    row=_Member,
)
_ACCEPTED: Final = Lookup(
    select(
        commands.c.chat_id,
        commands.c.actor_id,
        commands.c.cid,
        commands.c.digest,
        commands.c.first_seq,
        commands.c.last_seq,
    ),
    key=(commands.c.chat_id, commands.c.actor_id, commands.c.cid),
    row=_Accepted,
)
_BY_SEQ: Final = (messages.c.chat_id, messages.c.seq)
_MADE: Final = Lookup(select(messages.c.chat_id, messages.c.seq, messages.c.created_at), key=_BY_SEQ, row=_Made)
_IDS: Final = Answers(
    select(messages.c.chat_id, messages.c.seq, messages.c.id).where(
        messages.c.chat_id == param("chat_id", messages.c.chat_id),
        messages.c.seq >= param("first", messages.c.seq),
        messages.c.seq <= param("last", messages.c.seq),
    ),
    row=_Id,
)
_MOVE_HEADS: Final = updates(chats, [chats.c.id], [chats.c.last_seq, chats.c.last_at, chats.c.last_message_seq])


@define(eq=False)
class _Fresh:
    """A message that has got its seq; `id` once it is inserted. `previous_at`: when the entry before it was made."""

    command: AppendMessage
    seq: int
    previous_at: datetime | None
    extra: "_Extra"
    id: int = 0


@frozen
class _Extra:
    """Of a command: whom it names, what it forwards, and its files; None where one of them is not there."""

    named: Named = NONE_NAMED
    source: Source | None = None
    files: tuple[Attachment, ...] | None = ()

    @property
    def is_plain(self) -> bool:
        """As nearly all are."""
        return self == _PLAIN


_PLAIN: Final = _Extra()


class _Again(NamedTuple):
    """The repetition of a command, which this batch or an earlier one has accepted; `last_seq`: the head by then."""

    first: _Fresh | _Accepted
    last_seq: int


_Verdict = Refused | _Fresh | _Again


def append_messages(sends: Sequence[AppendMessage], facts: "Facts", *, last: bool) -> Steps[list[Appended | Refused]]:
    """The chats are locked; `facts.heads` are moved on. `last`: nothing is asked after it.

    Nearly every cid is new, so the first try only assumes it: the unique key of `commands` contradicts where one is
    not. A refusal is given only after a look (I3: the cid comes before every other check)."""
    facts.extras = yield from _extras(sends)
    verdicts = facts.judge(sends)
    with_files = any(extra.files for extra in facts.extras.values())  # which are linked before a key may be met
    looked = with_files or any(isinstance(verdict, Refused) for verdict in verdicts)
    if looked:
        verdicts = facts.judge(sends, (yield from _look_up(sends)))
    stored = yield from _stored(verdicts, facts)
    try:
        yield from _write(verdicts, last=last)
    except DuplicateKey as met:
        if looked or met.place > 0:
            raise
        verdicts = facts.judge(sends, (yield from _look_up(sends)))
        stored = yield from _stored(verdicts, facts)
        yield from _write(verdicts, last=last)
    for one in verdicts:
        if isinstance(one, _Fresh):
            facts.heads[one.command.chat_id] = facts.heads[one.command.chat_id]._replace(
                last_seq=one.seq, last_at=one.command.now
            )
    return [_outcome(command, verdict, stored) for command, verdict in zip(sends, verdicts, strict=True)]


@define(eq=False)
class Facts:
    """What is known of the locked chats: heads, what each sender is there, when targets were made."""

    heads: dict[int, Head]
    members: dict[tuple[int, int], _Member]
    targets: dict[Place, datetime]
    extras: dict[int, _Extra] = field(factory=dict)

    def judge(self, sends: Sequence[AppendMessage], accepted: dict[Key, _Accepted] | None = None) -> list[_Verdict]:
        """What each ends in, one after another. `accepted`: what was there before this batch."""
        heads = dict(self.heads)
        here: dict[Key, _Fresh | _Accepted] = dict(accepted or {})
        made = dict(self.targets)
        verdicts: list[_Verdict] = []
        for command in sends:
            chat_id = command.chat_id
            head = heads.get(chat_id)
            if head is None:
                verdicts.append(NOT_MEMBER)
                continue
            key = (chat_id, command.actor_id, command.cid)
            first = here.get(key)
            extra = self.extras.get(id(command), _PLAIN)
            member = self.members.get((chat_id, command.actor_id))
            verdict = judge_message(
                command,
                accepted=None if first is None else _digest(first),
                first_seq=None if member is None else member.first_seq,
                barred=None if member is None else barred_from(head.writers, member.role, closed=head.closed),
                target_at=None if command.reply_to is None else made.get((chat_id, command.reply_to)),
                source=extra.source,
                has_files=extra.files is not None,
            )
            if isinstance(verdict, Refused):
                verdicts.append(verdict)
            elif first is not None:
                verdicts.append(_Again(first, head.last_seq))
            else:
                seq = head.last_seq + 1
                here[key] = fresh = _Fresh(command, seq, head.last_at, extra)
                heads[chat_id] = head._replace(last_seq=seq, last_at=command.now)
                made[chat_id, seq] = command.now
                verdicts.append(fresh)
        return verdicts


def _digest(first: _Fresh | _Accepted) -> bytes:
    return first.command.digest if isinstance(first, _Fresh) else first.digest


def _extras(sends: Sequence[AppendMessage]) -> Steps[dict[int, _Extra]]:
    """By the identity of the command, for those that have any."""
    naming = [command for command in sends if command.mentions != NOBODY]
    named = yield from find_named([(command.chat_id, command.actor_id, command.mentions) for command in naming])
    extras = {id(command): _Extra(named=one) for command, one in zip(naming, named, strict=True)}
    for command in sends:
        if command.forward is not None:
            source = yield from find_source(command.actor_id, command.forward)
            files = yield from lock_attachments(() if source is None else source.attachments)
            if source is not None and files is None:  # deleted since it was read
                source = evolve(source, content=None)
            extras[id(command)] = evolve(extras.get(id(command), _PLAIN), source=source, files=files or ())
        elif command.attachments:
            files = yield from own_attachments(command)
            extras[id(command)] = evolve(extras.get(id(command), _PLAIN), files=files)
    return extras


def find_members(sends: Sequence[AppendMessage]) -> Steps[dict[tuple[int, int], _Member]]:
    """Of the senders those who are members now."""
    senders = dict.fromkeys((command.chat_id, command.actor_id) for command in sends)
    rows = yield from _MEMBERS.of([{"chat_id": chat_id, "user_id": user_id} for chat_id, user_id in senders])
    return {(row.chat_id, row.user_id): row for row in rows}


def find_targets(sends: Sequence[AppendMessage]) -> Steps[dict[Place, datetime]]:
    """When the messages were made that are replied to."""
    places = dict.fromkeys((command.chat_id, command.reply_to) for command in sends if command.reply_to is not None)
    rows = yield from _MADE.of([{"chat_id": chat_id, "seq": seq} for chat_id, seq in places])
    return {(row.chat_id, row.seq): row.created_at for row in rows}


def _look_up(sends: Sequence[AppendMessage]) -> Steps[dict[Key, _Accepted]]:
    keys = dict.fromkeys((command.chat_id, command.actor_id, command.cid) for command in sends)
    rows = yield from _ACCEPTED.of([{"chat_id": chat, "actor_id": actor, "cid": cid} for chat, actor, cid in keys])
    return {(row.chat_id, row.actor_id, row.cid): row for row in rows}


def _write(verdicts: Sequence[_Verdict], *, last: bool) -> Steps[None]:
    """What is new, with all that goes with it; the messages get their ids."""
    fresh = [verdict for verdict in verdicts if isinstance(verdict, _Fresh)]
    plain = all(one.extra.is_plain for one in fresh)
    yield from hold_files([(one.command.chat_id, one.seq, one.extra.files) for one in fresh if one.extra.files])
    insert = INSERT_MESSAGE if plain else INSERT_MESSAGE_NAMING
    _, inserted, ids, _, _ = yield from together(
        INSERT_COMMAND.many([_command_row(one) for one in fresh]),
        insert.many([_message_row(one) if plain else _naming_row(one) for one in fresh]),
        _ids(fresh),
        INSERT_MENTION.many([row for one in fresh for row in mention_rows(_message(one))]),
        _move_heads(fresh),
        last=last,
    )
    for one in fresh:
        one.id = ids[one.command.chat_id, one.seq] if ids else inserted.last_id


def _ids(fresh: Sequence[_Fresh]) -> Steps[dict[Place, int]]:
    """The ids of several. They need not follow each other: a cluster leaves gaps."""
    if len(fresh) < 2:
        return {}
    ranges: dict[int, dict[str, int]] = {}
    for one in fresh:
        chat_id = one.command.chat_id
        ranges.setdefault(chat_id, {"chat_id": chat_id, "first": one.seq})["last"] = one.seq
    rows = yield from _IDS.of(list(ranges.values()))
    return {(row.chat_id, row.seq): row.id for row in rows}


def _move_heads(fresh: Sequence[_Fresh]) -> Steps[None]:
    newest = {one.command.chat_id: one for one in fresh}
    yield from _MOVE_HEADS.many(
        [
            {"id_key": chat_id, "last_seq": one.seq, "last_at": one.command.now, "last_message_seq": one.seq}
            for chat_id, one in sorted(newest.items())
        ]
    )


def _outcome(command: AppendMessage, verdict: _Verdict, stored: dict[Place, Message]) -> Appended | Refused:
    if isinstance(verdict, Refused):
        return verdict
    chat_id = command.chat_id
    if isinstance(verdict, _Fresh):
        message = _message(verdict)
        return Appended(chat_id, (message,), dup=False, last_seq=verdict.seq, previous_at=verdict.previous_at)
    first = verdict.first
    message = _message(first) if isinstance(first, _Fresh) else stored[chat_id, first.first_seq]
    return Appended(chat_id, (message,), dup=True, last_seq=verdict.last_seq)


def _stored(verdicts: Sequence[_Verdict], facts: "Facts") -> Steps[dict[Place, Message]]:
    """The messages that were accepted before this batch and are asked for again."""
    again = (one.first for one in verdicts if isinstance(one, _Again) and isinstance(one.first, _Accepted))
    return (yield from repeated(dict.fromkeys((one.chat_id, one.first_seq) for one in again), facts.members))


def _message(one: _Fresh) -> Message:
    command, source, files = one.command, one.extra.source, one.extra.files or ()
    return Message(
        id=one.id,
        chat_id=command.chat_id,
        seq=one.seq,
        sender_id=command.actor_id,
        content=command.content if source is None else source.content,
        created_at=command.now,
        reply_to=command.reply_to,
        mentions=one.extra.named.user_ids,
        mentions_all=one.extra.named.everybody,
        forwarded=None if source is None else source.author,
        attachment_url=files[0].url if files else None,
        attachments=files,
        cid=command.cid,
    )


def _command_row(one: _Fresh) -> dict[str, Any]:
    command = one.command
    return {
        "chat_id": command.chat_id,
        "actor_id": command.actor_id,
        "cid": command.cid,
        "digest": command.digest,
        "first_seq": one.seq,
        "last_seq": one.seq,
    }


def _message_row(one: _Fresh) -> dict[str, Any]:
    command = one.command
    return {
        "chat_id": command.chat_id,
        "seq": one.seq,
        "sender_id": command.actor_id,
        "content": command.content,
        "created_at": command.now,
        "reply_to": command.reply_to,
        "cid": command.cid,
    }


def _naming_row(one: _Fresh) -> dict[str, Any]:
    message = _message(one)
    return _message_row(one) | {
        "content": message.content,
        "mentions": write_ids(message.mentions),
        "mentions_all": message.mentions_all,
        "forwarded_id": None if message.forwarded is None else message.forwarded.user_id,
        "forwarded_name": None if message.forwarded is None else message.forwarded.display_name,
        "attachments": write_attachments(message.attachments),
        "attachment_url": message.attachment_url,
    }
