"""What one process tells the others over the bus.

A hint may be lost, doubled, late, overtaken by another one, or of a history that was replaced. It never carries an
item: it says where to look, and the log is read (I5). What no hint brings, the sweep does (I9).
"""

from datetime import datetime
from typing import Annotated

from attrs import frozen
from msgspec import Meta

from chatproto.operations import AccountDeleted, BlockSet, Marked, SessionsEnded


@frozen
class HeadMoved:
    """The chat's log reaches to `last_seq`."""

    chat_id: int
    last_seq: int


@frozen
class MembersAdded:
    """These users are in the chat now; removals are told by the log."""

    chat_id: int
    user_ids: tuple[int, ...]


@frozen
class FlagsSet:
    """The user has changed their own flags of the chat."""

    user_id: int
    chat_id: int


@frozen
class ProfileChanged:
    """The user, who is in these chats, has another name or picture."""

    user_id: int
    chat_ids: tuple[int, ...]


@frozen
class Typed:
    """This user types in the chat, or no longer does. Where it is lost nothing makes up for it."""

    chat_id: int
    user_id: int
    on: bool


@frozen
class Present:
    """These users are online at that process. It repeats this; a user who is not repeated for a while counts as gone.

    Without any users it only says that the process lives.
    """

    process: str
    user_ids: tuple[int, ...]


@frozen
class Absent:
    """This user is no longer online at that process."""

    process: str
    user_id: int
    since: Annotated[datetime, Meta(tz=True)]


@frozen
class HidingSet:
    """What this user hides now. That something is hidden counts at once; that it is shown is read from the database
    first. While a user hides when they were last seen, their process repeats this instead of `Present`."""

    user_id: int
    last_seen: bool
    reads: bool


News = (
    HeadMoved
    | MembersAdded
    | Marked
    | SessionsEnded
    | AccountDeleted
    | BlockSet
    | FlagsSet
    | ProfileChanged
    | Typed
    | Present
    | Absent
    | HidingSet
)


@frozen
class Hint:
    """News of the database whose history is `epoch`; of another history they are void, as seqs mean other items."""

    epoch: str
    news: News
