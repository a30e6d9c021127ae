"""What else crosses from server to server: marks, who types, who is online, removals, and files in a shared store.

Two people of their own, each at one of the servers, while the others talk.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final

import httpx
import trio
from attrs import define, field, frozen

from tests.server.sockets import Socket, open_socket

PASSWORD: Final = "correct horse battery"
APART: Final = 3.5
"""Seconds between two of a kind, at least: servers tell others of typing no more often than every three."""
FILE_BYTES: Final = 100_000


@frozen
class Sign:
    """How long one took: until it was seen at the other server, in seconds."""

    what: str
    took: float


@frozen
class _Person:
    id: int
    token: str
    http: httpx.AsyncClient


@define(eq=False)
class Watch:
    """`one`, `other`: addresses of the servers; `name` tells these two people from others of other watches."""

    one: str
    other: str
    name: str
    random: Random
    signs: list[Sign] = field(factory=list)

    async def look(self, times: int) -> list[Sign]:
        """All of it, so many times. AssertionError where something wrong is seen."""
        async with self._come(self.one, "a") as ann, self._come(self.other, "b") as bob:
            chat = (await _asked(ann.http.post("/api/chats", json={"type": "direct", "user_id": bob.id})))["id"]
            body = {"type": "group", "title": "a group", "user_ids": [bob.id]}
            group = (await _asked(ann.http.post("/api/chats", json=body)))["id"]
            async with open_socket(self.one) as a, open_socket(self.other) as b:
                await a.hello(ann.token)
                began = trio.current_time()
                await b.hello(bob.token)
                await a.until("presence", user_id=bob.id, online=True)
                self._took("presence", began)
                two = _Two(ann, bob, a, b)
                for number in range(1, times + 1):
                    await self._type(two, chat)
                    await self._mark(two, chat, number)
                    await self._remove(two, group)
                    await self._share(two, chat)
                    await trio.sleep(APART)
        return self.signs

    @asynccontextmanager
    async def _come(self, url: str, name: str) -> AsyncIterator[_Person]:
        async with httpx.AsyncClient(base_url=url, timeout=60) as http:
            body = {"username": f"{self.name}{name}", "password": PASSWORD}
            told = await _asked(http.post("/api/auth/register", json=body))
            http.headers["Authorization"] = f"Bearer {told['access_token']}"
            yield _Person(told["user"]["id"], told["access_token"], http)

    async def _type(self, two: "_Two", chat: int) -> None:
        began = trio.current_time()
        await two.a.send(type="typing", chat_id=chat, on=True)
        await two.b.until("typing", chat_id=chat, user_id=two.ann.id, on=True)
        self._took("typing", began)
        await two.a.send(type="typing", chat_id=chat, on=False)
        await two.b.until("typing", chat_id=chat, user_id=two.ann.id, on=False)

    async def _mark(self, two: "_Two", chat: int, number: int) -> None:
        await two.a.send(type="send", chat_id=chat, cid=f"{self.name}{number}", content="hello")
        seq = (await two.b.until("message", chat_id=chat))["seq"]
        began = trio.current_time()
        await two.b.send(type="mark", chat_id=chat, read_seq=seq, delivered_seq=seq)
        await two.a.until("marks", chat_id=chat, user_id=two.bob.id, read_seq=seq)
        self._took("mark", began)

    async def _remove(self, two: "_Two", group: int) -> None:
        members = f"/api/chats/{group}/members"
        began = trio.current_time()
        await _asked(two.ann.http.delete(f"{members}/{two.bob.id}"))
        await two.b.until("event", chat_id=group, event="member_removed")
        self._took("removal", began)
        refused = await two.bob.http.post(f"/api/chats/{group}/messages", json={"content": "?"})
        assert refused.status_code in (403, 404), refused.text
        await _asked(two.ann.http.post(members, json={"user_ids": [two.bob.id]}))
        while (await two.b.until("chat"))["chat"]["id"] != group:
            pass

    async def _share(self, two: "_Two", chat: int) -> None:
        data = self.random.randbytes(FILE_BYTES)
        began = trio.current_time()
        file = await _asked(two.ann.http.post("/api/files", files={"file": ("a.bin", data)}))
        body = {"content": "a file", "attachments": [file["id"]]}
        await _asked(two.ann.http.post(f"/api/chats/{chat}/messages", json=body))
        got = await two.b.until("message", chat_id=chat, content="a file")
        there = await two.bob.http.get(got["attachments"][0]["url"])
        assert hashlib.sha256(there.content).digest() == hashlib.sha256(data).digest(), there.status_code
        self._took("file", began)

    def _took(self, what: str, began: float) -> None:
        self.signs.append(Sign(what, trio.current_time() - began))


@frozen
class _Two:
    """`a`, `b`: their sockets."""

    ann: _Person
    bob: _Person
    a: Socket
    b: Socket


async def _asked(answer: Awaitable[httpx.Response]) -> Any:
    found = await answer
    assert found.is_success, found.text
    return found.json() if found.content else None
