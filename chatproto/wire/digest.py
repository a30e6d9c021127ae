"""The digest that tells whether a repeated cid carries the same command (docs/protocol.md I3)."""

from hashlib import sha256

import msgspec


def command_digest(
    command: str,
    *,
    target_seq: int | None = None,
    content: str | None = None,
    emoji: str | None = None,
    on: bool | None = None,
    reply_to: int | None = None,
    attachment_ids: tuple[str, ...] = (),
    forward: tuple[int, int] | None = None,
) -> bytes:
    """SHA-256 over the JSON array of the fields, in the order docs/protocol.md names them. `forward`: chat and seq of
    the source; where there is none, the digest is that of versions that knew no forwarding."""
    fields: tuple[object, ...] = (command, target_seq, content, emoji, on, reply_to, attachment_ids)
    if forward is not None:
        fields += (forward,)
    return sha256(msgspec.json.encode(fields)).digest()
