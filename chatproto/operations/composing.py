"""Commands that say or change a message, made of what a client said: once for the WebSocket and for HTTP
(docs/protocol.md I3).

Each gets the digest that tells another command under the same cid, and the refusal that it deserves should the cid be
new. `chat_id`, `actor_id`, `cid`, `seq` and `target_at` are as in the commands; `now` is the wall clock.
"""

from datetime import datetime

from chatproto.operations.log import AppendMessage, ForwardSource
from chatproto.operations.message_changes import DeleteMessage, EditMessage, Pin, React
from chatproto.wire.digest import command_digest
from chatproto.wire.emoji import qualified
from chatproto.wire.limits import Limits
from chatproto.wire.markup import NOBODY, mentions
from chatproto.wire.text import check_content


def send(
    chat_id: int, actor_id: int, cid: str, content: str, reply_to: int | None, reply_at: datetime | None,
    attachment_ids: tuple[str, ...], limits: Limits, now: datetime,
) -> AppendMessage:  # fmt: skip
    """A message, with files of the actor's own."""
    digest = command_digest("send", content=content, reply_to=reply_to, attachment_ids=attachment_ids)
    refusal = check_content(content, limits, has_files=bool(attachment_ids))
    if refusal is None and not len(set(attachment_ids)) == len(attachment_ids) <= limits.files_per_message:
        refusal = "attachment_invalid"
    named = NOBODY if refusal else mentions(content)
    return AppendMessage(
        chat_id, actor_id, cid, digest, content, reply_to, reply_at, now, refusal, named, attachments=attachment_ids
    )


def forward(
    chat_id: int, actor_id: int, cid: str, source: ForwardSource, reply_to: int | None, reply_at: datetime | None,
    attachment_ids: tuple[str, ...], now: datetime,
) -> AppendMessage:  # fmt: skip
    """A message with the text and the files of another one, which storage copies."""
    digest = command_digest(
        "send", reply_to=reply_to, attachment_ids=attachment_ids, forward=(source.chat_id, source.seq)
    )
    refusal = "attachment_invalid" if attachment_ids else None
    return AppendMessage(chat_id, actor_id, cid, digest, "", reply_to, reply_at, now, refusal, NOBODY, source)


def edit(
    chat_id: int, actor_id: int, cid: str, seq: int, target_at: datetime | None, content: str, limits: Limits,
    now: datetime,
) -> EditMessage:  # fmt: skip
    """Another text for a message."""
    digest = command_digest("edit", target_seq=seq, content=content)
    refusal = check_content(content, limits)
    named = NOBODY if refusal else mentions(content)
    return EditMessage(chat_id, actor_id, cid, digest, seq, target_at, content, now, refusal, named)


def delete(
    chat_id: int, actor_id: int, cid: str, seq: int, target_at: datetime | None, now: datetime
) -> DeleteMessage:  # fmt: skip
    """No message any more."""
    return DeleteMessage(chat_id, actor_id, cid, command_digest("delete", target_seq=seq), seq, target_at, now)


def react(
    chat_id: int, actor_id: int, cid: str, seq: int, target_at: datetime | None, emoji: str, on: bool, now: datetime
) -> React:
    """Set or take back an emoji, kept fully qualified. What is no emoji is passed on unchanged, with its refusal."""
    known = qualified(emoji)
    emoji = emoji if known is None else known
    digest = command_digest("react", target_seq=seq, emoji=emoji, on=on)
    refusal = "emoji_invalid" if known is None else None
    return React(chat_id, actor_id, cid, digest, seq, target_at, emoji, on, now, refusal)


def pin(
    chat_id: int, actor_id: int, cid: str, seq: int, target_at: datetime | None, on: bool, now: datetime
) -> Pin:  # fmt: skip
    """To be found by all."""
    digest = command_digest("pin", target_seq=seq, on=on)
    return Pin(chat_id, actor_id, cid, digest, seq, target_at, on, now)
