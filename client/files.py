"""Files over HTTP: sent with a key, so that one whose answer was lost is not stored twice; read piece by piece."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import trio

from chatproto.wire.model import Attachment, File
from client.account import PASSING, Account
from client.exceptions import ChatError

TRIES: Final = 6
PAUSE: Final = 0.5
"""Seconds before the second attempt; doubled before each further one."""

Attachable = File | Attachment | str
"""A file that was uploaded, or its id."""


def file_id(file: Attachable) -> str:
    """The id alone."""
    return file if isinstance(file, str) else file.id


class Files:
    """Files of somebody who is logged in."""

    account: Account
    _make_cid: Callable[[], str]

    async def upload(self, path: Path | str, *, name: str | None = None, as_file: bool = False) -> File:
        """Send a file to the server, to be named in `send` within a day. Cut links are outlived for some seconds, and
        one copy is stored. `name`: what others see; `as_file`: nothing is taken out of a picture.

        Raises ChatError (too_large, file_empty, quota_exceeded, no_connection, ...) and OSError.
        """
        path = Path(path)
        return await _upload(self.account, path, name or path.name, self._make_cid(), as_file=as_file)

    async def download(self, file: Attachment, path: Path | str) -> int:
        """Save a file of a message at `path`, which must not be there; how many bytes it has. Raises ChatError, also
        where the link is cut, and OSError."""
        return await _download(self.account, file.url, Path(path))


async def _upload(account: Account, path: Path, name: str, key: str, *, as_file: bool) -> File:
    """Send a file; again, with the same key, where the link is cut or the server is away. Raises ChatError, OSError."""
    fields = {"as_file": "1"} if as_file else {}
    pause = PAUSE
    for tries_left in reversed(range(TRIES)):
        try:
            with path.open("rb") as content:
                answer = await account.send_form("/api/files", fields, name, content, key)
            return msgspec.convert(answer, File)
        except ChatError as refused:
            if refused.code not in PASSING or not tries_left:
                raise
        await trio.sleep(pause)
        pause *= 2
    raise AssertionError("the last attempt returns or raises")


async def _download(account: Account, url: str, path: Path) -> int:
    """Save a file at `path`, which must not be there; how many bytes it has. Raises ChatError, OSError."""
    target = trio.Path(path)
    size = 0
    async with await target.open("xb") as file:
        try:
            async with account.read(url) as pieces:
                async for piece in pieces:
                    size += await file.write(piece)
        except BaseException:
            with trio.CancelScope(shield=True):
                await target.unlink()
            raise
    return size
