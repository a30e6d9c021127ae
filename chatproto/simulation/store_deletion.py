"""The model's deleted accounts."""

import msgspec
from msgspec import UNSET

from chatproto.operations import AccountDeleted, DeleteAccount, GroupsToLeave, OrderReset, Outcome, Refused
from chatproto.simulation.model_rows import WaitingMail
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_accounts import end_live
from chatproto.simulation.store_files import release_avatar
from chatproto.wire.model import DELETED_NAME, Event, Forwarded, Message, deleted_username


def delete_account(store: Store, operation: DeleteAccount) -> Outcome:
    """What the account wrote stays, without its name."""
    user_id, now = operation.user_id, operation.now
    account = store.accounts.get(user_id)
    if account is None or account.deleted_at is not None:
        return Refused("not_found")
    if operation.checked_hash not in (None, account.password_hash):
        return Refused("invalid_credentials")
    keepers = [one.user.id for one in store.accounts.values() if one.user.role == "admin" and not one.disabled]
    if keepers == [user_id]:
        return Refused("last_admin", "nobody else keeps this server")
    rooms = [room for room in store.rooms.values() if user_id in room.members]
    groups = tuple(room.id for room in rooms if room.type == "group" and room.membership(user_id))
    if groups:
        return GroupsToLeave(groups)
    for room in rooms:
        room.writers = "none" if room.type == "direct" else room.writers
        room.members[user_id].hides_reads = False
    store.blocks = {pair: at for pair, at in store.blocks.items() if pair[0] != user_id}
    _forget_letters(store, user_id, {account.username_key, account.email_key})
    avatar_url = account.user.avatar_url
    account.old_key = account.username_key
    account.username_key = deleted_username(user_id)
    account.email_key, account.password_hash, account.words = None, "", frozenset()
    account.language = None
    account.last_seen_at, account.disabled_at, account.deleted_at = None, now, now
    account.user = msgspec.structs.replace(
        account.user,
        username=account.username_key,
        display_name=DELETED_NAME,
        avatar_url=None,
        email=None,
        email_verified=UNSET,
        role=UNSET,
        hide_last_seen=UNSET,
        hide_reads=UNSET,
        login_letters=UNSET,
    )
    release_avatar(store, avatar_url, now)
    for room in store.rooms.values():
        room.log = [_unnamed(item, user_id) for item in room.log]
    ended = end_live(store, user_id, now)
    return AccountDeleted(user_id, account.user.created_at, tuple(room.id for room in rooms), ended)


def _forget_letters(store: Store, user_id: int, login_keys: set[str | None]) -> None:
    def concerns(mail: WaitingMail) -> bool:
        order = mail.order
        return order.login_key in login_keys if isinstance(order, OrderReset) else order.user_id == user_id

    store.mails = {mail_id: mail for mail_id, mail in store.mails.items() if not concerns(mail)}
    store.codes = {name: code for name, code in store.codes.items() if code.user_id != user_id}
    store.keys = {key: made for key, made in store.keys.items() if key[0] != user_id}


def _unnamed(item: Message | Event, user_id: int) -> Message | Event:
    if not isinstance(item, Message) or item.forwarded is None or item.forwarded.user_id != user_id:
        return item
    return msgspec.structs.replace(item, forwarded=Forwarded(user_id=user_id, display_name=DELETED_NAME))
