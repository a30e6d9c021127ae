"""The model's codes."""

from datetime import datetime

import msgspec

from chatproto.operations import CheckCode, ConfirmEmail, Done, MakeCode, Outcome, Refused, ResetPassword
from chatproto.simulation.model_store import KeptCode, Store
from chatproto.simulation.store_accounts import end_all
from chatproto.simulation.store_mails import end_resets


def make_code(store: Store, operation: MakeCode) -> Outcome:
    if operation.user_id not in store.accounts:
        return Refused("not_found")
    store.codes[operation.code_hash] = KeptCode(
        operation.kind, operation.user_id, None, operation.now, operation.expires_at
    )
    return Done()


def check_code(store: Store, operation: CheckCode) -> Outcome:
    found = _usable(store, operation.code_hash, operation.kind, operation.now)
    return found if isinstance(found, Refused) else Done()


def _usable(store: Store, code_hash: bytes, kind: str, now: datetime) -> KeptCode | Refused:
    code = store.codes.get(code_hash)
    if code is None or code.kind != kind:
        return Refused("code_expired")
    if code.used:
        return Refused("code_used")
    return Refused("code_expired") if code.expires_at <= now else code


def reset_password(store: Store, operation: ResetPassword) -> Outcome:
    code = _usable(store, operation.code_hash, "reset", operation.now)
    if isinstance(code, Refused):
        return code
    store.accounts[code.user_id].password_hash = operation.password_hash
    end_resets(store, code.user_id)
    return end_all(store, code.user_id, None, operation.now)


def confirm_email(store: Store, operation: ConfirmEmail) -> Outcome:
    code = _usable(store, operation.code_hash, "email", operation.now)
    if isinstance(code, Refused):
        return code
    code.used = True
    account = store.accounts[code.user_id]
    if account.user.email != code.address:
        return Refused("code_expired")
    account.user = msgspec.structs.replace(account.user, email_verified=True)
    return Done()
