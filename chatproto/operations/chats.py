"""What is asked about chats, as one member sees them."""

from datetime import datetime

from attrs import frozen

from chatproto.wire.model import Notify


@frozen
class CreateDirect:
    """The direct chat of two users; with oneself: saved messages. Outcome: ChatCreated; Refused not_found."""

    user_id: int
    peer_id: int
    now: datetime


@frozen
class CreateGroup:
    """`user_ids` without the creator, who becomes admin. Outcome: ChatCreated; Refused not_found (an unknown user)."""

    user_id: int
    title: str
    user_ids: tuple[int, ...]
    idempotency_key: str | None
    now: datetime


@frozen
class ListChats:
    """Every chat of the user with the public users it names. Outcome: ChatsFound."""

    user_id: int


@frozen
class LoadChat:
    """One chat as `user_id` sees it. Outcome: ChatFound or Refused not_found."""

    user_id: int
    chat_id: int
    with_members: bool = False


@frozen
class SetFlags:
    """One's own flags (None = leave). `muted` sets `muted_until` anew, None included. Outcome: ChatFound or Refused
    not_found."""

    user_id: int
    chat_id: int
    muted: bool | None
    favourite: bool | None
    hidden: bool | None
    notify: Notify | None = None
    muted_until: datetime | None = None
