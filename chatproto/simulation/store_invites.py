"""The model's invitations."""

from datetime import datetime

from chatproto.operations import (
    CreateInvite,
    Done,
    Invite,
    InviteOpened,
    InvitesFound,
    ListInvites,
    OpenInvite,
    Outcome,
    Refused,
    RevokeInvite,
)
from chatproto.operations.invites import MAX_INVITES
from chatproto.simulation.model_rows import KeptInvite
from chatproto.simulation.model_store import Store


def create_invite(store: Store, operation: CreateInvite) -> Outcome:
    actor_id, now = operation.actor_id, operation.now
    if operation.chat_id is not None:
        room = store.rooms.get(operation.chat_id)
        member = None if room is None else room.membership(actor_id or 0)
        if room is None or member is None:
            return Refused("not_found")
        if room.type != "group" or member.role != "admin":
            return Refused("forbidden")
    elif not keeps(store, actor_id):
        return Refused("forbidden")
    own = [invite for invite in store.invites if actor_id is not None and invite.created_by == actor_id]
    if sum(not one.revoked and one.expires_at > now and len(one.by) < one.uses for one in own) >= MAX_INVITES:
        return Refused("too_many")
    made = KeptInvite(
        id=len(store.invites) + 1,
        code_hash=operation.code_hash,
        chat_id=operation.chat_id,
        created_by=actor_id,
        uses=operation.uses,
        created_at=now,
        expires_at=operation.expires_at,
    )
    store.invites.append(made)
    return InvitesFound((_shown(made),))


def keeps(store: Store, actor_id: int | None) -> bool:
    if actor_id is None:
        return True
    account = store.accounts[actor_id]
    return account.user.role == "admin" and not account.disabled


def _shown(invite: KeptInvite) -> Invite:
    return Invite(
        id=invite.id,
        chat_id=invite.chat_id,
        created_by=invite.created_by,
        uses=invite.uses,
        used=len(invite.by),
        created_at=invite.created_at,
        expires_at=invite.expires_at,
        revoked=invite.revoked,
    )


def _seen_by(store: Store, actor_id: int | None) -> list[KeptInvite]:
    sees_all = keeps(store, actor_id)
    return [invite for invite in reversed(store.invites) if sees_all or invite.created_by == actor_id]


def list_invites(store: Store, operation: ListInvites) -> Outcome:
    return InvitesFound(tuple(map(_shown, _seen_by(store, operation.actor_id)[: operation.limit])))


def revoke_invite(store: Store, operation: RevokeInvite) -> Outcome:
    for invite in _seen_by(store, operation.actor_id):
        if invite.id == operation.invite_id:
            invite.revoked = True
            return Done()
    return Refused("not_found")


def _valid(store: Store, code_hash: bytes, now: datetime) -> KeptInvite | None:
    found = [one for one in store.invites if one.code_hash == code_hash and not one.revoked and one.expires_at > now]
    if not found:
        return None
    (invite,) = found
    maker = invite.created_by
    if maker is not None and store.accounts[maker].disabled:
        return None
    if invite.chat_id is not None:
        member = store.rooms[invite.chat_id].membership(maker or 0)
        if member is None or member.role != "admin":
            return None
    return invite


def usable_invite(store: Store, code_hash: bytes, now: datetime) -> KeptInvite | None:
    """The invitation by which one more may register; None where it is none."""
    invite = _valid(store, code_hash, now)
    return None if invite is None or len(invite.by) >= invite.uses else invite


def open_invite(store: Store, operation: OpenInvite) -> Outcome:
    invite = _valid(store, operation.code_hash, operation.now)
    if invite is None or invite.chat_id is None or invite.created_by is None:
        return Refused("invite_invalid")
    if not _lets_in(store, invite, invite.chat_id, operation.user_id):
        return Refused("invite_invalid")
    return InviteOpened(invite.chat_id, invite.created_by)


def way_in(store: Store, code_hash: bytes, chat_id: int, user_id: int, now: datetime) -> KeptInvite | None:
    """The invitation by which somebody may be in this group; None where it is none."""
    invite = _valid(store, code_hash, now)
    if invite is None or invite.chat_id != chat_id or not _lets_in(store, invite, chat_id, user_id):
        return None
    return invite


def _lets_in(store: Store, invite: KeptInvite, chat_id: int, user_id: int) -> bool:
    member = store.rooms[chat_id].members.get(user_id)
    if member is not None:
        return member.left_seq is None
    return user_id in invite.by or len(invite.by) < invite.uses
