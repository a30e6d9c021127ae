"""Accounts, log-ins and groups for a run, straight through the storage of Vestnik, before its server starts."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import trio
from argon2 import PasswordHasher
from attrs import frozen

from chatproto.operations import ChatCreated, CreateGroup, CreateSession, CreateUser, SessionCreated, UserFound
from chatproto.tokens import TokenKeys
from runtime.config import Settings
from runtime.opened_storage import open_prepared_storage
from runtime.secrets.signing_keys import load_keys
from storage.port import Storage

PASSWORD: Final = "a room full of people"
LIFETIME: Final = 86_400
"""Seconds the tokens live; longer than any run."""
AT_ONCE: Final = 64
"""Operations in line for the group commit."""


@frozen
class Person:
    """An account that is logged in."""

    id: int
    username: str
    token: str


@frozen
class Gathering:
    """Who and what is there. The first person is in every group."""

    people: tuple[Person, ...]
    rooms: tuple[int, ...]
    """Chat ids, in the order asked for."""


async def gather(settings: Settings, count: int, rooms: list[range]) -> Gathering:
    """Make `count` accounts and, of the people with these numbers, a group each."""
    keys = load_keys(settings, lambda: datetime.now(UTC))
    hashed = PasswordHasher().hash(PASSWORD)
    storage = await open_prepared_storage(settings)
    people: dict[int, Person] = {}
    chats: dict[int, int] = {}
    limiter = trio.CapacityLimiter(AT_ONCE)

    async def join(number: int) -> None:
        async with limiter:
            people[number] = await _person(storage, keys, hashed, number)

    async def found(number: int, members: range) -> None:
        async with limiter:
            ids = [people[member].id for member in members]
            now = datetime.now(UTC)
            outcome = await storage.perform(CreateGroup(ids[0], f"Room {number}", tuple(ids[1:]), None, now))
            assert isinstance(outcome, ChatCreated), outcome
            chats[number] = outcome.chat.id

    try:
        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(join, number)
        async with trio.open_nursery() as nursery:
            for number, members in enumerate(rooms):
                nursery.start_soon(found, number, members)
    finally:
        await storage.aclose()
    return Gathering(tuple(people[n] for n in range(count)), tuple(chats[n] for n in range(len(rooms))))


async def _person(storage: Storage, keys: TokenKeys, password_hash: str, number: int) -> Person:
    name, now = f"person{number}", datetime.now(UTC)
    user = await storage.perform(
        CreateUser(
            username=name,
            username_key=name,
            email=None,
            email_key=None,
            password_hash=password_hash,
            display_name=name,
            words=frozenset({name}),
            now=now,
        )
    )
    assert isinstance(user, UserFound), user
    refresh_hash = sha256(name.encode()).digest()
    session = await storage.perform(CreateSession(user.user.id, "bench", refresh_hash, refresh_hash[:16], now))
    assert isinstance(session, SessionCreated), session
    token = keys.sign(
        user_id=user.user.id,
        session_id=session.session_id,
        session_key=session.session_key,
        refresh_id=session.refresh_id,
        jti=name,
        now=now,
        lifetime=LIFETIME,
    )
    return Person(user.user.id, name, token)
