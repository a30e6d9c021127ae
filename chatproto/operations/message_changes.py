"""Commands about a message that is in the log: edit, delete, react, pin (docs/protocol.md sections 1 and 4).

Each is appended like a message, under its chat's lock and its cid (I3), and takes one seq for its event, or none where
it changes nothing.
"""

from datetime import datetime

from attrs import frozen

from chatproto.wire.markup import NOBODY, Mentions


@frozen
class AboutMessage:
    """What they have in common. `seq`: the message; `target_at`: its created_at where the client gave it, another time
    means another log."""

    chat_id: int
    actor_id: int
    cid: str
    digest: bytes
    seq: int
    target_at: datetime | None


@frozen
class EditMessage(AboutMessage):
    """Replace the text; by its author. `refusal`: what is wrong with the text, told after the cid and the membership.
    `mentions`: whom the new text names, members or not.

    Outcome: Appended with `edited`; Refused not_member / cid_conflict / `refusal` / bad_seq / forbidden /
    read_only / message_deleted.
    """

    content: str
    now: datetime
    refusal: str | None = None
    mentions: Mentions = NOBODY


@frozen
class DeleteMessage(AboutMessage):
    """Leave a tombstone and erase the rest; by its author, in a group by admins too.

    Outcome: Appended with `deleted`; Refused not_member / cid_conflict / bad_seq / forbidden.
    """

    now: datetime


@frozen
class React(AboutMessage):
    """Put an emoji under a message, or take one's own away. `refusal`: `emoji_invalid` for what is no emoji.

    Outcome: Appended with `reaction_added` or `reaction_removed`; Refused not_member / cid_conflict / `refusal` /
    bad_seq / message_deleted / too_many.
    """

    emoji: str
    on: bool
    now: datetime
    refusal: str | None = None


@frozen
class Pin(AboutMessage):
    """Pin a message or take the pin away; in a group by admins.

    Outcome: Appended with `pinned` or `unpinned`; Refused not_member / cid_conflict / bad_seq / forbidden /
    message_deleted / too_many.
    """

    on: bool
    now: datetime


MessageChange = EditMessage | DeleteMessage | React | Pin
