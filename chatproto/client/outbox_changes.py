"""Rows of the outbox that change a message: one of the log, or one that is itself in the outbox."""

from typing import Any

from chatproto.client.outbox import Place
from chatproto.client.session_outputs import Row
from chatproto.wire.model import Message

Target = Message | Place | Row
"""A message of the log or its place, or the row of one that is not acknowledged yet."""


def edit_of(target: Target, cid: str, content: str) -> Row:
    """Replace its text."""
    return Row(cid=cid, kind="edit", content=content, **_about(target))


def delete_of(target: Target, cid: str) -> Row:
    """Delete it for all."""
    return Row(cid=cid, kind="delete", **_about(target))


def react_to(target: Target, cid: str, emoji: str, on: bool) -> Row:
    """Put an emoji under it, or take one's own away."""
    return Row(cid=cid, kind="react", emoji=emoji, on=on, **_about(target))


def pin_of(target: Target, cid: str, on: bool) -> Row:
    """Pin it, or take the pin away."""
    return Row(cid=cid, kind="pin", on=on, **_about(target))


def _about(target: Target) -> dict[str, Any]:
    if isinstance(target, Row):
        return {"chat_id": target.chat_id, "of_cid": target.cid}
    return {"chat_id": target.chat_id, "seq": target.seq, "target_at": target.created_at}
