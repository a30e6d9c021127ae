"""Whether a command may be appended: the rules and their order, once for every store (docs/protocol.md I3, I8).

The cid comes before everything else: who repeats a command is answered as the first time, even when they are no member
any more. Then membership, then the right to write, then what is wrong with the content, then the place that it names.

The facts are those of the moment at which the chat is locked. Nothing is looked up here, and nothing is changed.
"""

from datetime import datetime
from typing import Final, Literal

from attrs import frozen

from chatproto.operations.block_rules import CLOSED
from chatproto.operations.log import AppendChange, AppendMessage
from chatproto.operations.outcomes import Refused
from chatproto.wire.limits import MAX_CHATS
from chatproto.wire.model import Attachment, ChatType, Forwarded, Role, Writers

OPEN_TO_ALL: Final = 50
"""Members up to which anybody may mention everybody."""

Verdict = Literal["append", "repeat"] | Refused
"""`append`: it is new and may be; `repeat`: it was accepted before, and is answered with those entries."""

CID_CONFLICT: Final = Refused("cid_conflict", "this cid was used for another content", "cid")
NOT_MEMBER: Final = Refused("not_member")
BAD_REPLY: Final = Refused("bad_seq", "reply_to names no message of this chat", "reply_to")
BAD_FORWARD: Final = Refused("bad_seq", "forward names no message that you may see", "forward")
DELETED_SOURCE: Final = Refused("message_deleted", "the message was deleted", "forward")
BAD_FILES: Final = Refused("attachment_invalid", "there is no such file of yours", "attachments")
BAD_AVATAR: Final = Refused("validation_failed", "there is no such avatar of yours", "avatar_url")
NO_CHAT: Final = Refused("not_found")
DIRECT_STAYS: Final = Refused("forbidden", "a direct chat stays as it is")
ADMINS_ONLY: Final = Refused("forbidden", "only an admin of the group may do this")
READ_ONLY: Final = Refused("read_only", "only admins write in this group")

FULL: Final = Refused("too_many", f"nobody is in more than {MAX_CHATS} chats", "user_ids")
PEER_DELETED: Final = Refused("peer_deleted", "the other one deleted their account")


@frozen
class Source:
    """A message that is to be forwarded, as the actor may see it: of a chat they are in, or as it was when they left.

    `content`: None where it was deleted. `author`: who wrote it first, the one that it names where it was forwarded
    itself.
    """

    created_at: datetime
    content: str | None
    author: Forwarded
    attachments: tuple[Attachment, ...] = ()


def judge_message(
    command: AppendMessage,
    *,
    accepted: bytes | None,
    first_seq: int | None,
    barred: Refused | None = None,
    target_at: datetime | None,
    source: Source | None = None,
    has_files: bool = True,
) -> Verdict:
    """What a message comes to.

    `accepted`: digest of the command that was accepted under this cid, None where there is none. `first_seq`: the first
    entry that the sender may see, None where they are no member of the chat now (or there is no such chat).
    `barred`: why they may not write in it, see `barred_from`.
    `target_at`: when the message at `reply_to` was made, None where that is no message of this chat; not looked at
    without `reply_to`. `source`: the message that `forward` names, None where the actor may see no message there; not
    looked at without `forward`. `has_files`: every file that it names is there, and the actor's own.
    """
    if accepted is not None:
        return "repeat" if accepted == command.digest else CID_CONFLICT
    if first_seq is None:
        return NOT_MEMBER
    if barred is not None:
        return barred
    if command.refusal is not None:
        field = "attachments" if command.refusal == BAD_FILES.code else "content"
        return Refused(command.refusal, field=field)
    if command.reply_to is not None:
        seen = target_at is not None and command.reply_to >= first_seq
        if not seen or command.reply_at not in (None, target_at):
            return BAD_REPLY
    if command.forward is not None:
        if source is None or command.forward.target_at not in (None, source.created_at):
            return BAD_FORWARD
        if source.content is None:
            return DELETED_SOURCE
    return "append" if has_files else BAD_FILES


def judge_change(
    command: AppendChange, digest: bytes, *, accepted: bytes | None, chat_type: ChatType, role: Role | None
) -> Verdict:
    """What a change comes to, as far as that does not depend on other members.

    `digest`: that of the command; `accepted` as in `judge_message`; `role`: the actor's, None where they are no member
    now. Leaving needs no right.
    """
    if accepted is not None:
        return "repeat" if accepted == digest else CID_CONFLICT
    if role is None:
        return NO_CHAT
    if chat_type == "direct":
        return DIRECT_STAYS
    leaves = command.kind == "remove" and command.user_ids[0] == command.actor_id
    return "append" if role == "admin" or leaves else ADMINS_ONLY


def barred_from(writers: Writers, role: Role, *, closed: bool) -> Refused | None:
    """Why a member with this role may not write in a chat; None: they may. `closed`: one of a pair blocks the other."""
    if writers == "none":
        return PEER_DELETED
    if closed:
        return CLOSED
    return READ_ONLY if writers == "admins" and role != "admin" else None


def names_everybody(asked: bool, *, members: int, role: Role) -> bool:
    """Whether a text that mentions everybody does so: in a large group only the admins'. `members`: how many there are,
    the author included."""
    return asked and (members <= OPEN_TO_ALL or role == "admin")
