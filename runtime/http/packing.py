"""Answers made smaller by gzip (RFC 9110, 8.4.1), for whoever takes that.

Packed together with what an attacker chose, a secret can be guessed from the size of the answer (BREACH). So answers
that hold tokens, addresses or sessions are never packed; those of chats hold what people wrote, and nothing that opens
a door.
"""

import gzip
from typing import Final

import trio

from runtime.http.exchange import Headers, Reply

LEAST: Final = 1024
"""Bytes; what is smaller travels in the same packet either way."""
MUCH: Final = 128 * 1024
"""Bytes; more is packed in a thread, which takes some milliseconds and longer."""
LEVEL: Final = 1
"""Of gzip: half of the time of the usual level, and a tenth more bytes."""
SECRET: Final = ("/api/auth/", "/api/admin/")
"""Paths below them answer with tokens, mail addresses and sessions."""


def may_be_packed(path: str, reply: Reply) -> bool:
    """Whether the answer depends on what the client takes."""
    if reply.status != 200 or len(reply.content) < LEAST or path.startswith(SECRET):
        return False
    return any(name == b"content-type" and value == b"application/json" for name, value in reply.headers)


def takes_gzip(accepted: str | None) -> bool:
    """Whether an Accept-Encoding header names gzip, and not with the weight 0."""
    for part in (accepted or "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return False


async def packed(reply: Reply) -> Reply:
    """The same answer by gzip."""
    if len(reply.content) < MUCH:
        content = _packed(reply.content)
    else:
        content = await trio.to_thread.run_sync(_packed, reply.content)
    headers: Headers = [(name, value) for name, value in reply.headers if name != b"content-length"]
    headers += [(b"content-encoding", b"gzip"), (b"content-length", b"%d" % len(content))]
    return Reply(reply.status, headers, content)


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, LEVEL, mtime=0)
