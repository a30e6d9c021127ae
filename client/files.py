"""Files over HTTP: sent with a key, so that one whose answer was lost is not stored twice; read piece by piece."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import trio

from chatproto.client.session_outputs import LocalFile
from chatproto.wire.model import Attachment, Chat, File, PrivateUser
from client.account import BUSY_FOR, PASSING, Account
from client.exceptions import ChatError
from client.kept_files import KeptFiles

TRIES: Final = 6
PAUSE: Final = 0.5
"""Seconds before the second attempt; doubled before each further one."""

Attachable = File | Attachment | str | LocalFile
"""A file that was uploaded, or its id; or what `keep` gave."""


def parted(files: Sequence[Attachable]) -> tuple[tuple[str, ...], tuple[LocalFile, ...]]:
    """The ids of those that the server has, and those that are still to be brought there."""
    ids = [file if isinstance(file, str) else file.id for file in files if not isinstance(file, LocalFile)]
    return tuple(ids), tuple(file for file in files if isinstance(file, LocalFile))


class Files:
    """Files of somebody who is logged in."""

    account: Account
    kept: KeptFiles
    _make_cid: Callable[[], str]

    async def keep(self, path: Path | str, *, name: str | None = None, as_file: bool = False) -> LocalFile:
        """Copy a file to where the outbox is, to be named in `send` or `enqueue` once: it is uploaded with its message,
        over cut links and, with a store, over the end of this process. `name` and `as_file`: as in `upload`.

        Raises ChatError (file_empty; disk_full, where there is no room, or more than 1 GiB would wait) and OSError.
        """
        path = Path(path)
        work = partial(self.kept.keep, path, _sayable(name or path.name), as_file=as_file)
        return await trio.to_thread.run_sync(work)

    async def upload(self, path: Path | str, *, name: str | None = None, as_file: bool = False) -> File:
        """Send a file to the server, to be named in `send` within a day. Cut links are outlived for some seconds, and
        one copy is stored. `name`: what others see; `as_file`: nothing is taken out of a picture.

        Raises ChatError (too_large, file_empty, quota_exceeded, no_connection, ...) and OSError.
        """
        path = Path(path)
        return await _upload(self.account, path, _sayable(name or path.name), self._make_cid(), as_file=as_file)

    async def set_avatar(self, path: Path | str | None) -> PrivateUser:
        """Show a picture (JPEG, PNG, GIF, WebP) beside one's name, the middle of it as a square; None: none any more.
        Raises ChatError (validation_failed, too_large, no_connection, ...) and OSError."""
        return msgspec.convert(
            await _set_avatar(self.account, "/api/auth/me/avatar", path, self._make_cid()), PrivateUser
        )

    async def set_chat_avatar(self, chat_id: int, path: Path | str | None) -> Chat:
        """The same for a group, of which one must be an admin."""
        answer = await _set_avatar(self.account, f"/api/chats/{chat_id}/avatar", path, self._make_cid())
        return msgspec.convert(answer, Chat)

    async def download(self, file: Attachment, path: Path | str) -> int:
        """Save a file of a message at `path`, which must not be there; how many bytes it has. Raises ChatError, also
        where the link is cut, and OSError."""
        return await self.account.save(file.url, Path(path))


def _sayable(name: str) -> str:
    """A name on a disk is bytes, which need be no UTF-8; what cannot be told to others becomes another sign."""
    return name.encode("utf-8", "replace").decode()


async def _upload(account: Account, path: Path, name: str, key: str, *, as_file: bool) -> File:
    """Send a file; again, with the same key, where the link is cut or the server is away. Raises ChatError, OSError."""
    return msgspec.convert(await _send(account, "/api/files", path, name, key, as_file=as_file), File)


async def _set_avatar(account: Account, url: str, path: Path | str | None, key: str) -> object:
    if path is None:
        return await account.call("DELETE", url)
    return await _send(account, url, Path(path), "avatar", key)


async def _send(account: Account, url: str, path: Path, name: str, key: str, *, as_file: bool = False) -> object:
    fields = {"as_file": "1"} if as_file else {}
    pause = PAUSE
    for tries_left in reversed(range(TRIES)):
        try:
            with path.open("rb") as content:
                return await account.send_form(url, fields, name, content, key)
        except ChatError as refused:
            wait = max(pause, refused.retry_after or 0)
            if refused.code not in PASSING or not tries_left or wait > BUSY_FOR:
                raise
        await trio.sleep(wait)
        pause *= 2
    raise AssertionError("the last attempt returns or raises")
