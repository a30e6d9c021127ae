"""The model's people as others find them: by id, by the beginning of a name, all in turn."""

from chatproto.operations import FindUsers, ListUsers, Outcome, SearchUsers, UsersFound
from chatproto.simulation.model_store import Store


def find_users(store: Store, operation: FindUsers) -> Outcome:
    known = sorted(set(operation.user_ids) & store.accounts.keys())
    return UsersFound(tuple(store.seen_by(operation.user_id, user_id) for user_id in known))


def list_users(store: Store, operation: ListUsers) -> Outcome:
    users = [one.user for id_, one in store.accounts.items() if id_ > operation.after_id and one.deleted_at is None]
    return UsersFound(tuple(users[: operation.limit]))


def search_users(store: Store, operation: SearchUsers) -> Outcome:
    found: list[tuple[str, int]] = []
    for user_id, account in store.accounts.items():
        if user_id == operation.user_id:
            continue
        matches = [sorted(word for word in account.words if word.startswith(one)) for one in operation.prefixes]
        if (
            operation.email_key
            and account.email_key == operation.email_key
            and store.shares(operation.user_id, user_id)
        ):
            found.append(("", user_id))
        elif matches and all(matches):
            found.append((matches[0][0], user_id))
    ids = [user_id for _, user_id in sorted(found)][: operation.limit]
    return UsersFound(tuple(store.seen_by(operation.user_id, user_id) for user_id in ids))
