"""Reading chats, and one's own flags in them."""

from typing import Final

from attrs import evolve
from msgspec import structs
from sqlalchemy import bindparam, select, update

from chatproto.operations import ChatFound, ChatsFound, ListChats, LoadChat, Outcome, Refused, SetFlags
from chatproto.wire.model import Chat, Member
from storage.statements import Statement, Steps
from storage.tables import chat_users, meta
from storage.transactions.departures import TOLD_READ_SEQ, MemberThen, members_then
from storage.transactions.hiding import who_hides_reads
from storage.transactions.people import users_seen_by
from storage.transactions.views import ChatView, to_chat, view_of, views_of

_EPOCH: Final = Statement(select(meta.c.value).where(meta.c.name == "epoch"))
_MEMBERS: Final = Statement(
    select(
        chat_users.c.user_id,
        chat_users.c.role,
        chat_users.c.joined_at,
        TOLD_READ_SEQ,
        chat_users.c.delivered_seq,
    )
    .where(chat_users.c.chat_id == bindparam("chat_id"), chat_users.c.left_seq.is_(None))
    .order_by(chat_users.c.joined_seq, chat_users.c.user_id)
)
_LOCK_OWN: Final = Statement(
    select(chat_users.c.role)
    .where(chat_users.c.chat_id == bindparam("chat_id"), chat_users.c.user_id == bindparam("user_id"))
    .with_for_update()
)
_SET_FLAGS: Final = Statement(
    update(chat_users)
    .where(chat_users.c.chat_id == bindparam("chat_key"), chat_users.c.user_id == bindparam("user_key"))
    .values(
        muted=bindparam("muted"),
        muted_until=bindparam("muted_until", type_=chat_users.c.muted_until.type),
        notify=bindparam("notify"),
        favourite=bindparam("favourite"),
        hidden_seq=bindparam("hidden_seq"),
    )
)


class NoEpoch(Exception):
    """The database has no epoch: it was not made by `vestnik migrate`."""


def read_epoch() -> Steps[str]:
    """The name of this database's history."""
    row = yield from _EPOCH.one()
    if row is None:
        raise NoEpoch
    return str(row[0])


def list_chats(operation: ListChats) -> Steps[Outcome]:
    """Peers and the senders of last messages come along."""
    user_id = operation.user_id
    views = yield from views_of(user_id)
    named = {view.last_message.sender_id for view in views if view.last_message}
    named |= {peer_id for view in views if (peer_id := view.peer_id(user_id)) is not None}
    users = yield from users_seen_by(user_id, named)
    epoch = yield from read_epoch()
    return ChatsFound(tuple(to_chat(view, user_id, users) for view in views), tuple(users.values()), epoch)


def load_chat(operation: LoadChat) -> Steps[Outcome]:
    """A chat that is not theirs answers as one that does not exist."""
    view = yield from view_of(operation.user_id, operation.chat_id)
    if view is None:
        return Refused("not_found")
    chat = yield from chat_of(view, operation.user_id)
    if operation.with_members:
        members = yield from _members(view, operation.user_id)
        chat = structs.replace(chat, members=members)
    return ChatFound(chat)


def chat_of(view: ChatView, user_id: int) -> Steps[Chat]:
    """One view as `chat`, with its peer."""
    peer_id = view.peer_id(user_id)
    users = yield from users_seen_by(user_id, () if peer_id is None else (peer_id,))
    return to_chat(view, user_id, users)


def _members(view: ChatView, viewer_id: int) -> Steps[tuple[Member, ...]]:
    """Longest-standing first. A former member sees those who were there at the removal, as they were then."""
    if view.left_seq is None:
        rows = yield from _MEMBERS.rows(chat_id=view.id)
        members = [MemberThen(*row) for row in rows]
    else:
        members = yield from members_then(view.id, viewer_id)
    users = yield from users_seen_by(viewer_id, (member.user_id for member in members))
    hiders = yield from who_hides_reads([*users, viewer_id])
    told = {one.user_id: 0 if hiders & {one.user_id, viewer_id} else one.read_seq for one in members}
    told[viewer_id] = view.read_seq
    return tuple(
        Member(
            user=users[member.user_id],
            role=member.role,
            joined_at=member.joined_at,
            read_seq=told[member.user_id],
            delivered_seq=member.delivered_seq,
        )
        for member in members
    )


def set_flags(operation: SetFlags) -> Steps[Outcome]:
    """Former members may still tidy up their list. The row is locked, so two flags set at once are both kept."""
    yield from _LOCK_OWN.run(chat_id=operation.chat_id, user_id=operation.user_id)
    view = yield from view_of(operation.user_id, operation.chat_id)
    if view is None:
        return Refused("not_found")
    changed = evolve(
        view,
        muted=view.muted if operation.muted is None else operation.muted,
        muted_until=view.muted_until if operation.muted is None else operation.muted_until,
        notify=operation.notify or view.notify,
        favourite=view.favourite if operation.favourite is None else operation.favourite,
    )
    if operation.hidden is not None:
        changed = evolve(changed, hidden_seq=view.last_message_seq if operation.hidden else None)
    if changed != view:
        yield from _SET_FLAGS.run(
            chat_key=view.id,
            user_key=operation.user_id,
            muted=changed.muted,
            muted_until=changed.muted_until,
            notify=changed.notify,
            favourite=changed.favourite,
            hidden_seq=changed.hidden_seq,
        )
    chat = yield from chat_of(changed, operation.user_id)
    return ChatFound(chat)
