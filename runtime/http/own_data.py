"""A copy of one's own data: /api/auth/me/export, and /api/auth/export, which is the link to it.

The password is shown once more for a link, and the link opens the archive, once: so a browser saves it to the disk by
itself, however large it is. The archive is made while it is sent; nothing of it is kept here.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec
import trio
from attrs import define, field

from chatproto.operations import Done, ListSessions, LoginFound, Operation, Outcome, Refused, SessionsFound
from chatproto.operations.administration import ExportData
from runtime.administration import administer
from runtime.data_export import Export, ExportError
from runtime.http.exchange import Exchange
from runtime.http.file_answers import disposition
from runtime.http.own_account import OwnPassword
from runtime.http.password_checks import LIMITED, as_owner
from runtime.http.problem import Problem, refusal
from runtime.http.routes import Answer, Call, FileAnswer, Result, Route, opening, take_turn
from runtime.http.shapes import FileLink
from runtime.services import Services

AT_ONCE: Final = 4
"""Archives that this process sends at the same time."""
BUSY_FOR: Final = 30.0
"""Seconds after which those are asked to come back who came while so many, or one of theirs, were on the way."""
NUMBER: Final = 16
"""Letters by which two links of the same second differ."""
LOOK_EVERY: Final = 5.0
"""Seconds after which it is looked at again whether the log-in that asked is still there."""
PATIENCE: Final = 300.0
"""Seconds that it may be waited for a reader, all in all, before it is looked at how fast they are."""
SLOWEST: Final = 16 * 1024
"""Bytes a second that they have to take from then on, over all: so that AT_ONCE of them shut nobody out for long."""
PATH: Final = "/api/auth/export"


class LinkQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`token`: of the link."""

    token: str


async def ask_for_export(call: Call[OwnPassword, None]) -> Result:
    """A link that opens the archive once, within five minutes."""
    return await as_owner(call, call.body.password, partial(_sign, call))


async def _sign(call: Call[OwnPassword, None], _shown: LoginFound) -> Result:
    services, me = call.services, call.me
    refused = _refused(services, me.user_id)
    if refused is not None:
        return refused
    wait = services.guards.exports.take(me.user_id, services.clock())
    if wait > 0:
        return Problem("rate_limited", "There was a copy of this account not long ago.", retry_after=wait)
    now = services.now()
    written = await administer(call.ask, me.user_id, call.address, ExportData(me.user_id), now, own=True)
    if written != Done():
        services.guards.exports.give_back(me.user_id, services.clock())
        return refusal(written)
    number = services.random_token()[:NUMBER]
    token, ends = services.files.links.sign(_name(me.session_id, number), me.user_id, now)
    return Answer(200, FileLink(url=f"{PATH}?token={me.session_id}.{number}.{token}", expires_at=ends))


async def get_export(call: Call[None, LinkQuery], exchange: Exchange) -> Result:
    """The archive (ZIP), of unknown length."""
    services = call.services
    session, _, rest = call.query.token.partition(".")
    number, _, signed = rest.partition(".")
    session_id = int(session) if session.isascii() and session.isdecimal() and len(session) <= 16 else 0
    user_id = services.files.links.viewer(signed, _name(session_id, number[: NUMBER + 1]), services.now())

    async def ask() -> Outcome:
        return Refused("not_found") if user_id is None else await services.ask(ListSessions(user_id, session_id))

    found = await opening(call, services.guards.refused_tokens, "Too many refused tokens.", ask)
    if isinstance(found, Problem):
        return found
    if not isinstance(found, SessionsFound) or user_id is None:
        return refusal(found)
    if not any(one.current for one in found.sessions):
        return Problem("revoked")
    refused = await take_turn(services, "reads", user_id) or _refused(services, user_id)
    if refused is not None:
        return refused
    once, key = services.guards.export_links, sha256(signed.encode()).digest()
    if exchange.method != "HEAD" and once.take(key, services.clock()) > 0:
        return Problem("not_found")
    name = f"vestnik-{services.now():%Y-%m-%d}.zip"
    headers = [
        (b"content-type", b"application/zip"),
        (b"content-disposition", disposition(name, inline=False).encode()),
        (b"x-accel-buffering", b"no"),  # nginx would put gigabytes aside for a slow reader
    ]
    services.guards.exporting.add(user_id)  # until the archive is closed
    return FileAnswer(200, headers, _Archive(services, user_id, session_id), 0, 0)


def _name(session_id: int, number: str) -> str:
    """What a link is signed for; no file has such an id."""
    return f"export {number} of {session_id}"


def _refused(services: Services, user_id: int) -> Problem | None:
    running = services.guards.exporting
    if user_id in running or len(running) >= AT_ONCE:
        return Problem("rate_limited", "Copies are being made; come back soon.", retry_after=BUSY_FOR)
    return None


@define
class _Archive:
    """An archive as a blob (runtime.files.blobs.Blob) whose size nobody knows; it is read once. `_taken`: bytes, and
    `_waited`: seconds that they took whoever reads; what the server takes is not their fault."""

    _services: Services
    _user_id: int
    _session_id: int
    size: int = 0
    place: str | None = None
    _looked: float = field(init=False, factory=trio.current_time)
    _taken: int = field(init=False, default=0)
    _waited: float = field(init=False, default=0.0)

    async def pieces(self, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        """All of it. Raises ExportError, OSError: then the connection ends before the archive does."""
        services = self._services
        export = Export(self._ask, services.files.store, self._user_id, services.now(), self._session_id)
        async with aclosing(export.pieces()) as pieces:
            async for piece in pieces:
                await self._look()
                began = trio.current_time()
                yield piece
                self._waited += trio.current_time() - began
                self._taken += len(piece)
                if self._waited > PATIENCE and self._taken < self._waited * SLOWEST:
                    raise ExportError("it is read too slowly")

    async def _ask(self, operation: Operation) -> Outcome:
        await self._look()
        return await self._services.ask(operation)

    async def _look(self) -> None:
        """What was shut meanwhile gets nothing more."""
        if trio.current_time() - self._looked > LOOK_EVERY:
            self._looked = trio.current_time()
            found = await self._services.ask(ListSessions(self._user_id, self._session_id))
            if isinstance(found, SessionsFound) and not any(one.current for one in found.sessions):
                raise ExportError("the log-in that asked has ended")

    async def aclose(self) -> None:
        """See Blob: another one may be made now."""
        self._services.guards.exporting.discard(self._user_id)


ROUTES = (
    Route(
        method="POST", path="/api/auth/me/export", handler=ask_for_export, summary="A link to a copy of one's own data",
        body=OwnPassword, answers={200: (FileLink,)}, codes=LIMITED,
    ),
    Route(
        method="GET", path=PATH, handler=get_export, summary="A copy of one's own data (ZIP)", streams=True,
        needs_token=False, query=LinkQuery, answers={200: ()}, content_type="application/zip",
        codes=("not_found", "revoked", "rate_limited", "store_unavailable"),
    ),
)  # fmt: skip
