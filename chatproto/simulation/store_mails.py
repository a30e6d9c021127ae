"""The model's queue of letters."""

from datetime import datetime, timedelta
from typing import assert_never

from chatproto.operations import (
    CreateSession,
    Done,
    FinishMail,
    Letter,
    MailTaken,
    OrderReset,
    Outcome,
    Refused,
    TakeMail,
    UpdateUser,
)
from chatproto.operations.known_devices import is_known
from chatproto.operations.recovery import (
    EMAIL_LIFETIME,
    MAX_WAITING,
    RESET_LIFETIME,
    RESETS_AN_HOUR,
    Language,
    MailKind,
)
from chatproto.simulation.model_rows import Account, AddressMail, KeptCode, Login, LoginMail, WaitingMail
from chatproto.simulation.model_store import Store
from chatproto.wire.model import PrivateUser


def order_reset(store: Store, operation: OrderReset) -> Outcome:
    return Done() if order(store, operation, operation.now) else Refused("too_many")


def order(store: Store, what: OrderReset | AddressMail | LoginMail, now: datetime) -> bool:
    """False where the queue is full."""
    if len(store.mails) >= MAX_WAITING:
        return False
    store.mails_made += 1
    store.mails[store.mails_made] = WaitingMail(what, now, now)
    return True


def address_given(store: Store, language: Language, user_id: int, address: str, now: datetime) -> None:
    """They are asked to confirm it."""
    order(store, AddressMail("verify", language, user_id, address), now)


def tell_of_address(store: Store, operation: UpdateUser, old: PrivateUser, new: PrivateUser) -> None:
    """What a change of the address orders, and ends."""
    language = operation.language
    if old.email_verified and not new.email_verified:
        end_resets(store, new.id)
        if language is not None and old.email is not None:
            order(store, AddressMail("changed", language, new.id, old.email), operation.now)
    if language is not None and new.email is not None and not new.email_verified:
        address_given(store, language, new.id, new.email, operation.now)


def tell_of_login(store: Store, operation: CreateSession, account: Account, live: list[Login]) -> bool:
    """Whether a letter about it was ordered. `live`: their sessions before it."""
    user, letter = account.user, operation.letter
    if letter is None or user.email is None or not user.email_verified or user.login_letters is False:
        return False
    if is_known(operation.device, operation.address, ((one.device, one.address) for one in live)):
        return False
    if account.last_seen_at is None and all(login.user_id != user.id for login in store.logins.values()):
        return False
    news = LoginMail(account.language or letter, user.id, user.email, operation.device, operation.address)
    return order(store, news, operation.now)


def take_mail(store: Store, operation: TakeMail) -> Outcome:
    due = sorted((mail.next_at, mail_id) for mail_id, mail in store.mails.items() if mail.next_at <= operation.now)
    for _, mail_id in due:
        letter = _letter(store, mail_id, store.mails[mail_id], operation)
        if letter is not None:
            store.mails[mail_id].next_at = operation.until
            store.mails[mail_id].attempts += 1
            return MailTaken(letter)
        del store.mails[mail_id]
    return MailTaken(None)


def _letter(store: Store, mail_id: int, mail: WaitingMail, operation: TakeMail) -> Letter | None:
    order, again = mail.order, mail.attempts > 0
    kind: MailKind
    match order:
        case OrderReset():
            who = _named(store, order.login_key)
            if who is None or who.disabled or not who.user.email_verified:
                return None
            kind, address = "reset", who.user.email
            if not again and _has_enough(store, who.user.id, operation.now):
                return None
            _keep(store, operation, "reset", who, address, RESET_LIFETIME, again)
        case AddressMail():
            who, kind, address = store.accounts[order.user_id], order.kind, order.address
            if kind == "verify":
                if who.disabled or who.user.email_verified or who.user.email != address:
                    return None
                _keep(store, operation, "email", who, address, EMAIL_LIFETIME, again)
        case LoginMail():
            who, kind, address = store.accounts[order.user_id], "login", order.address
        case _:
            assert_never(order)
    told = order if isinstance(order, LoginMail) else None
    return Letter(
        id=mail_id,
        kind=kind,
        language=order.language,
        address=str(address),
        username=who.user.username,
        attempts=mail.attempts + 1,
        created_at=mail.created_at,
        device="" if told is None else told.device,
        network_address=None if told is None else told.network_address,
    )


def _named(store: Store, key: str) -> Account | None:
    named = (account for account in store.accounts.values() if key in (account.username_key, account.email_key))
    return next(named, None)


def _has_enough(store: Store, user_id: int, now: datetime) -> bool:
    since = now - timedelta(hours=1)
    lately = [
        code
        for code in store.codes.values()
        if (code.user_id, code.kind, code.again) == (user_id, "reset", False)
        and code.address is not None
        and code.created_at > since
    ]
    return len(lately) >= RESETS_AN_HOUR


def _keep(
    store: Store, operation: TakeMail, kind: str, who: Account, address: str | None, lifetime: timedelta, again: bool
) -> None:
    now = operation.now
    store.codes[operation.code_hash] = KeptCode(kind, who.user.id, address, now, now + lifetime, again)


def finish_mail(store: Store, operation: FinishMail) -> Outcome:
    mail = store.mails.get(operation.mail_id)
    if mail is None or mail.created_at != operation.created_at:
        return Done()
    if operation.again_at is None:
        del store.mails[operation.mail_id]
    else:
        mail.next_at = operation.again_at
    return Done()


def end_resets(store: Store, user_id: int) -> None:
    """Codes for a new password open nothing any more."""
    for code in store.codes.values():
        code.used = code.used or (code.user_id, code.kind) == (user_id, "reset")


def end_setups(store: Store) -> None:
    """Nobody becomes the first admin by a code that was made before."""
    for code in store.codes.values():
        code.used = code.used or code.kind == "setup"


def usable(store: Store, code_hash: bytes, kind: str, now: datetime) -> KeptCode | Refused:
    code = store.codes.get(code_hash)
    if code is None or code.kind != kind:
        return Refused("code_expired")
    if code.used:
        return Refused("code_used")
    return Refused("code_expired") if code.expires_at <= now else code
