"""Whom messages name, and where forwarded ones come from. Looked up under the lock of the chat that is written to."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from attrs import frozen
from sqlalchemy import and_, bindparam, delete, func, select

from chatproto.operations import ForwardSource
from chatproto.operations.append_rules import Source, names_everybody
from chatproto.wire.markup import Mentions
from chatproto.wire.model import DELETED_NAME, Forwarded, Message, Role
from storage.statements import Lookup, Select, Statement, Steps, into
from storage.tables import chat_users, mentions, messages, users
from storage.transactions.departures import within_sight
from storage.transactions.log import MESSAGE_COLUMNS, MessageRow, read_message
from storage.transactions.people import SHARE_LIVING
from storage.transactions.states import completed
from storage.transactions.unread import EVERYBODY


@frozen
class Named:
    """The members whom a text names, in its order; `everybody`: it names all."""

    user_ids: tuple[int, ...]
    everybody: bool


NONE_NAMED: Final = Named((), False)
Text = tuple[int, int, Mentions]
"""A chat, the author of a text in it, and whom the text mentions, members or not."""


class _Member(NamedTuple):
    chat_id: int
    username: str
    user_id: int


class _Role(NamedTuple):
    role: Role


_members: Final = (
    select(chat_users.c.chat_id, users.c.username, users.c.id)
    .select_from(chat_users.join(users, users.c.id == chat_users.c.user_id))
    .where(chat_users.c.left_seq.is_(None))
)
_MEMBERS: Final = Lookup(_members, key=(chat_users.c.chat_id, users.c.username_key), row=_Member)
_ALL_MEMBERS: Final = Lookup(_members, key=(chat_users.c.chat_id,), row=_Member)
FEW_NAMES: Final = 32
"""Where texts name more in a chat, all its members are read, who are a thousand at most; a text can name 800."""
_PRESENT: Final = and_(chat_users.c.chat_id == bindparam("chat_id"), chat_users.c.left_seq.is_(None))
_HOW_MANY: Final = Statement(select(func.count()).select_from(chat_users).where(_PRESENT))
_ROLE: Final = Select(
    select(chat_users.c.role).where(_PRESENT, chat_users.c.user_id == bindparam("user_id")), row=_Role
)
INSERT_MENTION: Final = Statement(into(mentions, "chat_id", "user_id", "seq", "sender_id"))
_FORGET: Final = Statement(
    delete(mentions).where(
        mentions.c.chat_id == bindparam("chat_id"),
        mentions.c.user_id.in_(bindparam("user_ids", expanding=True)),
        mentions.c.seq == bindparam("seq"),
    )
)
_SOURCE: Final = Statement(
    select(chat_users.c.left_seq, users.c.display_name, *MESSAGE_COLUMNS)
    .select_from(
        chat_users.join(messages, messages.c.chat_id == chat_users.c.chat_id).join(
            users, users.c.id == messages.c.sender_id
        )
    )
    .where(
        chat_users.c.chat_id == bindparam("chat_id"),
        chat_users.c.user_id == bindparam("user_id"),
        messages.c.seq == bindparam("seq"),
        within_sight(messages.c.seq),
    )
)


def find_named(texts: Sequence[Text]) -> Steps[list[Named]]:
    """Of each text, the members of its chat now, and whether its author may name everybody."""
    names: dict[int, set[str]] = {}
    for chat_id, _, asked in texts:
        names.setdefault(chat_id, set()).update(asked.usernames)
    few = [(chat_id, name) for chat_id, of in names.items() if len(of) <= FEW_NAMES for name in sorted(of)]
    rows = yield from _MEMBERS.of([{"chat_id": chat_id, "username_key": name} for chat_id, name in few])
    rows += yield from _ALL_MEMBERS.of([{"chat_id": chat_id} for chat_id, of in names.items() if len(of) > FEW_NAMES])
    members = {(row.chat_id, row.username): row.user_id for row in rows}
    found: list[Named] = []
    for chat_id, author_id, asked in texts:
        ids = tuple(members[chat_id, name] for name in asked.usernames if (chat_id, name) in members)
        everybody = asked.all and (yield from _may_name_everybody(chat_id, author_id))
        found.append(Named(ids, everybody))
    return found


def _may_name_everybody(chat_id: int, author_id: int) -> Steps[bool]:
    (count,) = yield from _HOW_MANY.column(chat_id=chat_id)
    author = yield from _ROLE.first(chat_id=chat_id, user_id=author_id)
    return author is not None and names_everybody(True, members=count, role=author.role)


def mention_rows(message: Message) -> list[dict[str, Any]]:
    """By what its mentions are counted."""
    user_ids = [*message.mentions, *([EVERYBODY] if message.mentions_all else [])]
    return [
        {"chat_id": message.chat_id, "user_id": user_id, "seq": message.seq, "sender_id": message.sender_id}
        for user_id in user_ids
    ]


def forget_mentions(message: Message) -> Steps[None]:
    """Of a message as it was before it was edited or deleted."""
    user_ids = [row["user_id"] for row in mention_rows(message)]
    if user_ids:
        yield from _FORGET.run(chat_id=message.chat_id, user_ids=user_ids, seq=message.seq)


def find_source(actor_id: int, forward: ForwardSource) -> Steps[Source | None]:
    """A message as the actor sees it, or saw it last where they have left; None where they may see none there."""
    row = yield from _SOURCE.one(chat_id=forward.chat_id, user_id=actor_id, seq=forward.seq)
    if row is None:
        return None
    left_seq, display_name, *columns = row
    ends = {} if left_seq is None else {forward.chat_id: left_seq}
    (message,) = yield from completed([read_message(MessageRow(*columns), is_read=False)], ends)
    author = message.forwarded or Forwarded(user_id=message.sender_id, display_name=display_name)
    if not (yield from SHARE_LIVING.column(user_ids=[author.user_id])):
        author = Forwarded(user_id=author.user_id, display_name=DELETED_NAME)
    return Source(message.created_at, message.content, author, message.attachments)
