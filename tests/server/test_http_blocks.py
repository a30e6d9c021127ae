"""Blocks over HTTP, and what whoever is blocked is answered (docs/protocol.md section 2, Blocks)."""

from typing import Any

import httpx

from tests.server.answers import code_of
from tests.server.house import House, Person
from tests.server.sockets import open_socket


async def blocks(person: Person) -> list[str]:
    return [one["user"]["username"] for one in (await person.get("/api/blocks")).json()["blocks"]]


async def block(person: Person, other: Person) -> None:
    assert (await person.call("PUT", f"/api/users/{other.id}/block")).status_code == 204


async def unblock(person: Person, other: Person) -> None:
    assert (await person.delete(f"/api/users/{other.id}/block")).status_code == 204


async def begin(person: Person, other: Person) -> httpx.Response:
    return await person.post("/api/chats", {"type": "direct", "user_id": other.id})


async def test_blocks_are_set_listed_and_lifted(house: House) -> None:
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    assert await blocks(anna) == []
    await block(anna, boris)
    await block(anna, boris)
    await block(anna, eve)
    [newest, oldest] = (await anna.get("/api/blocks")).json()["blocks"]
    assert (newest["user"]["id"], oldest["user"]["id"]) == (eve.id, boris.id)
    assert newest["created_at"] >= oldest["created_at"] and set(newest) == {"user", "created_at"}
    assert await blocks(boris) == []
    await unblock(anna, boris)
    await unblock(anna, boris)
    assert await blocks(anna) == ["eve"]
    assert code_of(await anna.call("PUT", "/api/users/999/block")) == "not_found"
    assert code_of(await anna.call("PUT", f"/api/users/{anna.id}/block")) == "forbidden"


async def test_what_whoever_is_blocked_is_answered_is_what_their_blocker_is(house: House) -> None:
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    await block(anna, boris)
    refused = [await begin(boris, anna), await begin(anna, boris)]
    assert [code_of(answer) for answer in refused] == ["forbidden", "forbidden"]
    assert refused[0].content == refused[1].content
    await unblock(anna, boris)
    chat = await boris.direct(anna)
    await boris.send(chat, "before")
    await block(anna, boris)
    answers = await both(anna, boris, "POST", f"/api/chats/{chat}/messages", {"content": "after"})
    answers += await both(anna, boris, "PUT", f"/api/chats/{chat}/messages/1/reactions/👍")
    answers += await both(anna, boris, "PUT", f"/api/chats/{chat}/messages/1/pin")
    answers.append(await boris.patch(f"/api/chats/{chat}/messages/1", {"content": "after"}))
    assert {code_of(answer) for answer in answers} == {"forbidden"}
    assert len({answer.content for answer in answers}) == 1
    assert (await begin(boris, anna)).status_code == 200, "what there is may be read"
    assert (await boris.post(f"/api/chats/{chat}/read", {})).status_code == 200
    assert (await boris.delete(f"/api/chats/{chat}/messages/1")).status_code == 204
    group = await boris.group("Friends", eve)
    add = await boris.post(f"/api/chats/{group}/members", {"user_ids": [anna.id]})
    make = await boris.post("/api/chats", {"type": "group", "title": "x", "user_ids": [eve.id, anna.id]})
    assert [code_of(answer) for answer in (add, make)] == ["forbidden", "forbidden"]


async def both(one: Person, other: Person, method: str, path: str, body: Any = None) -> list[httpx.Response]:
    return [await person.call(method, path, body) for person in (one, other)]


async def test_what_others_are_shown_of_whoever_is_blocked_or_blocks_stays(house: House) -> None:
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    await anna.direct(boris)
    await anna.group("Friends", boris, eve)
    paths = (f"/api/users/{anna.id}", f"/api/users?ids={anna.id}", "/api/users/search?query=anna", "/api/chats")
    async with open_socket(house.url) as socket:
        await socket.hello(anna.token)
        seen = {person.id: [(await person.get(path)).json() for path in paths] for person in (boris, eve)}
        await block(anna, boris)
        assert [(await eve.get(path)).json() for path in paths] == seen[eve.id]
        now = [(await boris.get(path)).json() for path in paths]
        for before, after in zip(seen[boris.id], now, strict=True):
            assert without_presence(before) == after
        await unblock(anna, boris)
        assert [(await boris.get(path)).json() for path in paths] == seen[boris.id]


def without_presence(value: Any) -> Any:
    if isinstance(value, list):
        return [without_presence(one) for one in value]
    if not isinstance(value, dict):
        return value
    unseen = {"online": None, "last_seen_at": None} if value.get("username") == "anna" else {}
    return {name: without_presence(one) for name, one in value.items()} | unseen


async def test_a_refused_frame_names_the_reason_and_own_connections_hear_of_the_block(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    chat = await anna.direct(boris)
    async with open_socket(house.url) as a, open_socket(house.url) as b:
        await a.hello(anna.token)
        await b.hello(boris.token)
        await b.until("presence", user_id=anna.id, online=True)
        await block(anna, boris)
        assert (await a.until("block"))["user_id"] == boris.id
        await b.until("presence", user_id=anna.id, online=False)
        await b.send(type="send", chat_id=chat, cid="c", content="x")
        refused = await b.until("error")
        assert (refused["code"], refused["ref"], refused["retryable"]) == ("forbidden", "c", False)


async def test_an_invitation_of_somebody_whom_one_blocks_leads_nowhere(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    group = await boris.group("Friends", boris)
    invite = (await boris.post("/api/invites", {"chat_id": group})).json()
    await block(anna, boris)
    assert code_of(await anna.post("/api/invites/accept", {"code": invite["code"]})) == "invite_invalid"
    await unblock(anna, boris)
    assert (await anna.post("/api/invites/accept", {"code": invite["code"]})).status_code == 200
