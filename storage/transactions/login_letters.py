"""Letters about log-ins from devices that an account was not used on before."""

from typing import Final

from sqlalchemy import bindparam, exists, select

from chatproto.operations import CreateSession
from chatproto.operations.known_devices import MAX_LOOKED_AT, is_known
from chatproto.wire.model import PrivateUser
from storage.statements import Statement, Steps
from storage.tables import sessions, users
from storage.transactions.mails import LoginNews, order

_LIVE: Final = Statement(
    select(sessions.c.device, sessions.c.address)
    .where(sessions.c.user_id == bindparam("user_id"), sessions.c.ended_at.is_(None))
    .order_by(sessions.c.id.desc())
    .limit(MAX_LOOKED_AT)
)
_ACCOUNT: Final = Statement(
    select(
        users.c.language,
        users.c.last_seen_at.is_not(None) | exists().where(sessions.c.user_id == users.c.id),
    ).where(users.c.id == bindparam("user_id"))
)


def tell_of_login(operation: CreateSession, user: PrivateUser) -> Steps[bool]:
    """Order a letter where there is news and somebody to be told; whether that was done. Asked before the session is
    there. The first log-in of an account is none."""
    if operation.letter is None or user.email is None or not user.email_verified or user.login_letters is False:
        return False
    live = yield from _LIVE.rows(user_id=user.id)
    if is_known(operation.device, operation.address, ((device, address) for device, address in live)):
        return False
    account = yield from _ACCOUNT.one(user_id=user.id)
    assert account is not None
    language, used_before = account
    if not used_before:
        return False
    news = LoginNews(operation.device, operation.address)
    return (
        yield from order(
            "login", language or operation.letter, operation.now, user_id=user.id, address=user.email, news=news
        )
    )
