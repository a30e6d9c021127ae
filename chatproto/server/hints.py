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
    """These users are in the chat now; who went is told by the log."""

    chat_id: int
    user_ids: tuple[int, ...]


@frozen
class FlagsSet:
    """The user's own flags of the chat are others now."""

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
    """These users are online at that process. Each is told of over and over; who is not for a while is there no more.

    With nobody in it, it says that the process lives.
    """

    process: str
    user_ids: tuple[int, ...]


@frozen
class Absent:
    """This user is online at that process no more."""

    process: str
    user_id: int
    since: Annotated[datetime, Meta(tz=True)]


@frozen
class HidingSet:
    """What this user hides now. That they hide something counts at once, that they do not is read first. Of whoever
    hides when they were last seen, their process tells this over and over instead of `Present`."""

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
