"""The model's codes."""

import msgspec

from chatproto.operations import CheckCode, ConfirmEmail, Done, MakeCode, Outcome, Refused, ResetPassword
from chatproto.simulation.model_rows import KeptCode
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_accounts import end_all
from chatproto.simulation.store_mails import end_resets, end_setups, usable


def make_code(store: Store, operation: MakeCode) -> Outcome:
    if operation.kind == "setup":
        end_setups(store)
    elif operation.user_id not in store.living():
        return Refused("not_found")
    store.codes[operation.code_hash] = KeptCode(
        operation.kind, operation.user_id or 0, None, operation.now, operation.expires_at
    )
    return Done()


def check_code(store: Store, operation: CheckCode) -> Outcome:
    found = usable(store, operation.code_hash, operation.kind, operation.now)
    return found if isinstance(found, Refused) else Done()


def reset_password(store: Store, operation: ResetPassword) -> Outcome:
    code = usable(store, operation.code_hash, "reset", operation.now)
    if isinstance(code, Refused):
        return code
    store.accounts[code.user_id].password_hash = operation.password_hash
    end_resets(store, code.user_id)
    return end_all(store, code.user_id, None, operation.now)


def confirm_email(store: Store, operation: ConfirmEmail) -> Outcome:
    code = usable(store, operation.code_hash, "email", operation.now)
    if isinstance(code, Refused):
        return code
    code.used = True
    account = store.accounts[code.user_id]
    if account.user.email != code.address:
        return Refused("code_expired")
    account.user = msgspec.structs.replace(account.user, email_verified=True)
    return Done()
