"""What is asked to remove messages after a time: for how long they are kept, and what is too old by now.

The beginning of a log is removed, never its middle: everything up to a seq loses its content in every table, and from
then on each log begins behind it for everybody (`first_seq`), as it does for somebody who was added without history.
The entries keep their seqs, so logs stay dense.
"""

from datetime import datetime, timedelta

from attrs import frozen


@frozen
class FindExpired:
    """Which of the `limit` chats above `after_id` begin with an entry that is too old by now. `days`: how long messages
    are kept in all chats, 0: without limit; a chat may keep them for a shorter time. Outcome: ExpiredFound."""

    now: datetime
    days: int
    after_id: int
    limit: int


@frozen
class ExpiredFound:
    """`next_id`: where to go on, None at the end."""

    chat_ids: tuple[int, ...]
    next_id: int | None


@frozen
class Expire:
    """Remove what is too old by now from the beginning of a chat's log, at most `limit` entries of it, in one
    transaction; `days` as in FindExpired. May be run again, by several processes too. Outcome: EntriesExpired."""

    chat_id: int
    now: datetime
    days: int
    limit: int


@frozen
class EntriesExpired:
    """So many `messages` lost their content. `first_seq`: where the log begins now. `more`: the next entries may be too
    old as well."""

    chat_id: int
    messages: int
    first_seq: int
    more: bool


def kept_since(now: datetime, server_days: int, chat_days: int) -> datetime | None:
    """What was made before this is too old: the shorter time counts, of those that are not 0. None: nothing is."""
    days = min((days for days in (server_days, chat_days) if days), default=None)
    return None if days is None else now - timedelta(days=days)
