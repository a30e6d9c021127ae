"""A log-in and the HTTP API: tokens, their exchange, and calls with them."""

import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import httpx
import msgspec
import trio

from chatproto.operations.recovery import Language
from chatproto.wire.model import SessionInfo
from client.exceptions import ChatError

T = TypeVar("T")
NO_CONNECTION: Final = "no_connection"
PASSING: Final = frozenset({NO_CONNECTION, "store_unavailable", "rate_limited", "internal", "busy", "draining"})
"""Codes of refusals that may be gone at the next attempt."""
BUSY_FOR: Final = 120.0
"""Seconds for which a log-in waits its turn while many people log in."""
PATIENCE: Final = 60.0
"""Seconds without a byte in either direction, while a file, or a piece of one, goes to a server that is busy."""
ENDS: Final = frozenset({"token_invalid", "token_reused", "token_expired", "token_missing", "revoked"})
"""Refusals of an exchange of tokens after which there is no log-in; whatever else may have been a proxy's."""
STALE: Final = frozenset({"token_expired", "token_invalid"})
"""Codes for which another access token may help: it ran out, or the server has another key or another clock now."""


async def register(
    http: httpx.AsyncClient,
    username: str,
    password: str,
    display_name: str | None = None,
    invite: str | None = None,
    email: str | None = None,
    language: Language = "en",
) -> "Account":
    """Make an account and log in to it. `invite`: the code of an invitation. `language`: of the letter that asks to
    confirm `email`, and of later ones. Raises ChatError: username_taken, email_taken, invite_invalid, ..."""
    body = {
        "username": username, "password": password, "display_name": display_name, "invite": invite, "email": email,
        "language": language,
    }  # fmt: skip
    return Account(http, await _in_turn(http, "/api/auth/register", body))


async def log_in(http: httpx.AsyncClient, login: str, password: str) -> "Account":
    """Log in by username or email. Raises ChatError, such as invalid_credentials."""
    return Account(http, await _in_turn(http, "/api/auth/login", {"login": login, "password": password}))


async def _in_turn(http: httpx.AsyncClient, path: str, body: Any) -> Any:
    """Come back as often as the server says that many people log in at once, for at most BUSY_FOR seconds."""
    until = trio.current_time() + BUSY_FOR
    while True:
        try:
            return await _call(http, "POST", path, body)
        except ChatError as refused:
            wait = (refused.retry_after or 1.0) * (1 + random.random() / 2)  # so that they do not all come at once
            if refused.code != "busy" or trio.current_time() + wait > until:
                raise
        await trio.sleep(wait)


async def ask_for_reset(http: httpx.AsyncClient, login: str, language: str = "en") -> None:
    """Ask for a letter to set a new password; it is never told whether there is such an account. Raises ChatError."""
    await _call(http, "POST", "/api/auth/reset", {"login": login, "language": language})


async def reset_password(http: httpx.AsyncClient, code: str, new_password: str) -> None:
    """Set a new password by the code of a link; all sessions end. Raises ChatError: code_used, code_expired."""
    await _call(http, "POST", "/api/auth/reset/confirm", {"code": code, "new_password": new_password})


async def confirm_email(http: httpx.AsyncClient, code: str) -> None:
    """Show by the code of a link that the address is one's own. Raises ChatError: code_used, code_expired."""
    await _call(http, "POST", "/api/auth/email/confirm", {"code": code})


class Account:
    """One session of one user. `token` is the access token; `user` their private profile as of the log-in."""

    def __init__(self, http: httpx.AsyncClient, answer: Any) -> None:
        self._http = http
        self._lock = trio.Lock()
        self.token, self._refresh_token = _tokens(answer)
        self.user: dict[str, Any] = answer["user"]

    async def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """The JSON of the answer, None where it has none. A stale token is exchanged once. Raises ChatError; and
        ValueError for what is no path of the server (`/api/...`), as it would take the token elsewhere."""
        _check(path)
        return await self._renewed(lambda: _call(self._http, method, path, body, self.token, params))

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, content: bytes = b""
    ) -> httpx.Response:
        """An answer with its headers, for what is no JSON. Else as `call`."""
        _check(path)

        async def send() -> httpx.Response:
            said = {"Authorization": f"Bearer {self.token}", "Content-Length": str(len(content)), **(headers or {})}
            request = self._http.build_request(method, path, headers=said, timeout=PATIENCE)
            request.stream = _Body(content)
            return await _sent(self._http, request)

        return await self._renewed(send)

    async def send_form(self, path: str, fields: dict[str, str], name: str, content: BinaryIO, key: str) -> Any:
        """Send a form with one file. Else as `call`."""
        _check(path)

        async def send() -> Any:
            headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
            content.seek(0)
            form = {"file": (name, content)}
            request = self._http.build_request("POST", path, data=fields, files=form, headers=headers, timeout=PATIENCE)
            return await _answer(self._http, request)

        return await self._renewed(send)

    async def _renewed(self, send: Callable[[], Awaitable[T]]) -> T:
        """What `send` gives, which uses `self.token`; once more with another one where that was stale."""
        used = self.token
        try:
            return await send()
        except ChatError as refused:
            if refused.code not in STALE:
                raise
        await self.refresh(used)
        return await send()

    async def hide(self, *, last_seen: bool | None = None, reads: bool | None = None) -> None:
        """Hide when one was last seen, and what one read, or show it again (False); what is None stays. Of whom it is
        hidden, those it is hidden from one does not see either. Raises ChatError."""
        self.user = await self.call("PATCH", "/api/auth/me", {"hide_last_seen": last_seen, "hide_reads": reads})

    async def change_email(self, email: str, language: Language = "en") -> None:
        """Another address, or none (""); a letter there asks to confirm it, the one before is told. The
        same again asks for another letter. Raises ChatError: email_taken, rate_limited, ..."""
        self.user = await self.call("PATCH", "/api/auth/me", {"email": email, "language": language})

    async def change_password(self, current: str, new: str) -> None:
        """Set another password; all other sessions end. Raises ChatError: invalid_credentials, ..."""
        await self.call("POST", "/api/auth/password", {"current_password": current, "new_password": new})

    async def sessions(self) -> tuple[SessionInfo, ...]:
        """Where this account is logged in, the oldest first. Raises ChatError."""
        return msgspec.convert((await self.call("GET", "/api/auth/sessions"))["sessions"], tuple[SessionInfo, ...])

    async def end_session(self, session_id: int) -> None:
        """End one of them, within a second everywhere. Raises ChatError: not_found, ..."""
        await self.call("DELETE", f"/api/auth/sessions/{session_id}")

    async def set_login_letters(self, wanted: bool) -> None:
        """Whether a log-in from a device that is not known is told by a letter. Raises ChatError."""
        self.user = await self.call("PATCH", "/api/auth/me", {"login_letters": wanted})

    async def log_out(self) -> None:
        """End this session; its tokens are of no use any more. Raises ChatError."""
        await self.call("POST", "/api/auth/logout")

    async def delete(self, password: str) -> None:
        """Delete the account for good; what was sent stays. Raises ChatError: invalid_credentials, last_admin, ..."""
        await self.call("DELETE", "/api/auth/me", {"password": password})

    async def export(self, password: str, path: Path | str) -> int:
        """Save a copy of what the server has of this account (a ZIP) at `path`, which must not be there; how many bytes
        it has. Three an hour. Raises ChatError (invalid_credentials, rate_limited, ...; no_connection where the link is
        cut, and then nothing is there) and OSError."""
        link = await self.call("POST", "/api/auth/me/export", {"password": password})
        return await self.save(str(link["url"]), Path(path))

    async def save(self, url: str, path: Path) -> int:
        """Save what is read there at `path`, which must not be there; how many bytes it has. Raises ChatError, also
        where the link is cut, OSError, and ValueError as `call` does."""
        _check(url)
        target = trio.Path(path)
        size = 0
        async with await target.open("xb") as file:
            try:
                async with self.read(url) as pieces:
                    async for piece in pieces:
                        size += await file.write(piece)
            except BaseException:
                with trio.CancelScope(shield=True):
                    await target.unlink()
                raise
        return size

    @asynccontextmanager
    async def read(self, path: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes of a file, piece by piece. Raises ChatError, also in the middle; and ValueError as `call` does."""
        _check(path)
        used = self.token
        async with AsyncExitStack() as stack:
            try:
                answer = await stack.enter_async_context(self._reading(path))
                if not answer.is_success and _refusal(answer, await answer.aread()).code in STALE:
                    await self.refresh(used)
                    answer = await stack.enter_async_context(self._reading(path))
                if not answer.is_success:
                    raise _refusal(answer, await answer.aread())
                yield answer.aiter_bytes()
            except httpx.HTTPError as error:
                raise ChatError(NO_CONNECTION, type(error).__name__) from None

    def _reading(self, path: str) -> AbstractAsyncContextManager[httpx.Response]:
        return self._http.stream("GET", path, headers={"Authorization": f"Bearer {self.token}"})

    async def refresh(self, used: str) -> None:
        """Exchange the tokens, unless somebody did since `used` was the access token. Raises ChatError."""
        async with self._lock:
            if self.token == used:
                answer = await _call(self._http, "POST", "/api/auth/refresh", {"refresh_token": self._refresh_token})
                self.token, self._refresh_token = _tokens(answer)


def _check(path: str) -> None:
    """Addresses are found in what strangers write, and the token goes along: to our server, and to no other."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(f"{path!r} is no path of the server")


def _tokens(answer: Any) -> tuple[str, str]:
    """The access token and the refresh token of a log-in or an exchange."""
    found = answer if isinstance(answer, dict) else {}
    access, refresh = found.get("access_token"), found.get("refresh_token")
    if not isinstance(access, str) or not isinstance(refresh, str):  # a portal's answer, not our server's
        raise ChatError(NO_CONNECTION, "an answer without tokens")
    return access, refresh


class _Body(httpx.AsyncByteStream):
    """Bytes of a request. httpx's own is an async generator, and one that is cut off is left to the collector."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Once(self._content)


class _Once(AsyncIterator[bytes]):
    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content

    async def __anext__(self) -> bytes:
        content, self._content = self._content, None
        if content is None:
            raise StopAsyncIteration
        return content


async def _call(
    http: httpx.AsyncClient, method: str, path: str, body: Any, token: str | None = None, params: Any = None
) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    content = {} if body is None else {"json": body}
    request = http.build_request(method, path, headers=headers, params=params or None, **content)
    return await _answer(http, request)


async def _answer(http: httpx.AsyncClient, request: httpx.Request) -> Any:
    return _json((await _sent(http, request)).content)


async def _sent(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    try:
        answer = await http.send(request)
    except httpx.HTTPError as error:
        raise ChatError(NO_CONNECTION, type(error).__name__) from None
    if not answer.is_success:
        raise _refusal(answer, answer.content)
    return answer


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError as error:  # so it was not our server that spoke
        raise ChatError(NO_CONNECTION, type(error).__name__) from None


SILENT: Final = "silent"
"""A refusal without a body, as one to HEAD is: it may be a proxy's as well, and nobody knows why."""


def _refusal(answer: httpx.Response, content: bytes) -> ChatError:
    if answer.request.method == "HEAD":
        return ChatError("token_expired" if answer.status_code == 401 else SILENT, f"HTTP status {answer.status_code}")
    if answer.status_code == 413 and not content.startswith(b"{"):
        return ChatError("too_large", "a proxy does not let it through")
    found = _json(content)
    if not isinstance(found, dict) or not isinstance(found.get("code"), str):
        return ChatError(NO_CONNECTION, f"HTTP status {answer.status_code}")
    after_ms = found.get("retry_after_ms")
    retry_after = after_ms / 1000 if isinstance(after_ms, int) else None
    return ChatError(found["code"], str(found.get("detail", "")), retry_after)
