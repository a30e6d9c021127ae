"""Deleting an account: its groups are left, one change of a log each, and then it is erased.

Where that is cut short, some groups were left and the account is as it was: it is deleted by asking again.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from chatproto.operations import AppendChange, Appended, DeleteAccount, GroupsToLeave, Outcome, Refused
from storage.port import Ask

ROUNDS = 3
"""So often groups are left that somebody added the account to meanwhile."""


async def delete_account(
    erase: Callable[[DeleteAccount], Awaitable[Outcome]],
    ask: Ask,
    user_id: int,
    new_cid: Callable[[], str],
    now: datetime,
    checked_hash: str | None = None,
) -> Outcome:
    """Outcome: AccountDeleted, or what kept it from that; GroupsToLeave where it is added to groups all the time.
    `erase` asks as whoever deletes it, `ask` for what is done before in the groups; `checked_hash`: see there."""
    deletion = DeleteAccount(user_id, now, checked_hash)
    outcome = await erase(deletion)
    for _ in range(ROUNDS):
        if not isinstance(outcome, GroupsToLeave):
            break
        for chat_id in outcome.chat_ids:
            left = await ask(leaving(chat_id, user_id, new_cid(), now))
            gone = isinstance(left, Refused) and left.code in ("not_found", "not_member")  # somebody removed them
            if not isinstance(left, Appended) and not gone:
                return left
        outcome = await erase(deletion)
    return outcome


def leaving(chat_id: int, user_id: int, cid: str, now: datetime) -> AppendChange:
    """The change by which somebody leaves a group."""
    return AppendChange(
        chat_id=chat_id,
        actor_id=user_id,
        kind="remove",
        user_ids=(user_id,),
        history="all",
        role=None,
        title=None,
        avatar_url=None,
        cid=cid,
        now=now,
    )
