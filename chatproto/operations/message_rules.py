"""Whether a message may be changed: the rules and their order, once for every store (docs/protocol.md I3, I4, I8).

The cid comes first, then membership, then what is wrong with what was sent, then the place that it names, then the
right, then whether there is still something to change, and the caps last.

The facts are those of the moment at which the chat is locked. Nothing is looked up here, and nothing is changed.
"""

from datetime import datetime
from typing import Final, Literal, assert_never

from attrs import frozen

from chatproto.operations.append_rules import ADMINS_ONLY, CID_CONFLICT, NOT_MEMBER, Verdict
from chatproto.operations.block_rules import CLOSED
from chatproto.operations.message_changes import DeleteMessage, EditMessage, MessageChange, Pin, React
from chatproto.operations.outcomes import Refused
from chatproto.wire.model import ChatType, Role

MAX_EMOJI: Final = 20
"""Kinds of emoji under one message."""
MAX_OWN_EMOJI: Final = 3
"""Of them by one person."""
MAX_PINS: Final = 50
"""Pinned messages of a chat."""

BAD_TARGET: Final = Refused("bad_seq", "seq names no message of this chat", "seq")
AUTHOR_ONLY: Final = Refused("forbidden", "only its author may do this")
DELETED: Final = Refused("message_deleted", "the message was deleted")
TOO_MANY_EMOJI: Final = Refused("too_many", f"a message has at most {MAX_EMOJI} kinds of emoji")
TOO_MANY_OWN_EMOJI: Final = Refused("too_many", f"at most {MAX_OWN_EMOJI} emoji of one person under a message")
TOO_MANY_PINS: Final = Refused("too_many", f"a chat has at most {MAX_PINS} pinned messages")

ChangeVerdict = Verdict | Literal["unchanged"]
"""`unchanged`: the command is remembered under its cid and acked with the present last_seq; nothing is appended."""


@frozen
class Actor:
    """Who asks, where they are a member now. `first_seq`: the first entry they may see; `barred`: why they may not
    write in the chat (`barred_from`); where it is closed, they do not react and pin either."""

    role: Role
    first_seq: int
    barred: Refused | None = None

    @property
    def shut(self) -> Refused | None:
        """Why they may leave no mark of theirs, not even one without words."""
        return CLOSED if self.barred == CLOSED else None


@frozen
class Target:
    """The message in question. `emoji`: the kinds under it, `own_emoji`: those of the actor. `pins`: how many messages
    are pinned in the chat, this one included where it is."""

    sender_id: int
    created_at: datetime
    content: str | None
    deleted: bool = False
    emoji: frozenset[str] = frozenset()
    own_emoji: frozenset[str] = frozenset()
    pinned: bool = False
    pins: int = 0
    has_files: bool = False


def judge_message_change(
    command: MessageChange,
    *,
    accepted: bytes | None,
    chat_type: ChatType,
    actor: Actor | None,
    target: Target | None,
) -> ChangeVerdict:
    """What a command about a message comes to.

    `accepted`: digest of the command that was accepted under this cid, None where there is none. `actor`: None where
    they are no member now (or there is no such chat). `target`: the message at `command.seq`, None where that is no
    message of this chat.
    """
    if accepted is not None:
        return "repeat" if accepted == command.digest else CID_CONFLICT
    if actor is None:
        return NOT_MEMBER
    refused = _refused(command, actor, target)
    if refused is not None:
        return refused
    if target is None or command.seq < actor.first_seq or command.target_at not in (None, target.created_at):
        return BAD_TARGET
    forbidden = _forbidden(command, chat_type, actor, target)
    if forbidden is not None:
        return forbidden
    if target.deleted:
        return "unchanged" if isinstance(command, DeleteMessage) else DELETED
    return _effect(command, target)


def _refused(command: MessageChange, actor: Actor, target: Target | None) -> Refused | None:
    """What is wrong with the content. The text beside files may be removed, by somebody who may see the message."""
    if not isinstance(command, EditMessage | React) or command.refusal is None:
        return None
    has_files = target is not None and target.has_files and command.seq >= actor.first_seq
    if command.refusal == "empty_content" and has_files:
        return None
    return Refused(command.refusal, field="content" if isinstance(command, EditMessage) else "emoji")


def _forbidden(command: MessageChange, chat_type: ChatType, actor: Actor, target: Target) -> Refused | None:
    is_author = target.sender_id == command.actor_id
    is_group_admin = chat_type == "group" and actor.role == "admin"
    match command:
        case EditMessage():
            return actor.barred if is_author else AUTHOR_ONLY
        case DeleteMessage():
            return None if is_author or is_group_admin else AUTHOR_ONLY
        case React():
            return actor.shut
        case Pin():
            return actor.shut if chat_type == "direct" or is_group_admin else ADMINS_ONLY
        case _:
            assert_never(command)


def _effect(command: MessageChange, target: Target) -> ChangeVerdict:
    match command:
        case EditMessage():
            return "unchanged" if command.content == target.content else "append"
        case DeleteMessage():
            return "append"
        case React():
            return _reaction(command, target)
        case Pin():
            if command.on == target.pinned:
                return "unchanged"
            return TOO_MANY_PINS if command.on and target.pins >= MAX_PINS else "append"
        case _:
            assert_never(command)


def _reaction(command: React, target: Target) -> ChangeVerdict:
    if command.on == (command.emoji in target.own_emoji):
        return "unchanged"
    if not command.on:
        return "append"
    if len(target.own_emoji) >= MAX_OWN_EMOJI:
        return TOO_MANY_OWN_EMOJI
    return TOO_MANY_EMOJI if command.emoji not in target.emoji and len(target.emoji) >= MAX_EMOJI else "append"
