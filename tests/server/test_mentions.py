"""Mentions, forwarding and one's own flags over HTTP and the WebSocket, against real storage (docs/protocol.md
section 2)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.server.answers import code_of, fields_of
from tests.server.house import House, Person
from tests.server.sockets import open_socket


async def counts(house: House, person: Person, chat_id: int) -> list[int]:
    """mention_count, wherever it is told: the chat, the list, the head."""
    chat = (await person.get(f"/api/chats/{chat_id}")).json()
    listed = [one for one in (await person.get("/api/chats")).json()["chats"] if one["id"] == chat_id]
    async with open_socket(house.url) as socket:
        ready = await socket.hello(person.token)
    heads = [head for head in ready["chats"] if head["chat_id"] == chat_id]
    return [one["mention_count"] for one in (chat, *listed, *heads)]


async def test_who_is_mentioned_and_counted(house: House) -> None:
    anna, boris, clara, _ = [await house.register(name) for name in ("anna", "boris", "clara", "eve")]
    group = await anna.group("x", boris, clara)
    sent = await anna.send(group, "@boris, @Clara and @eve; `@anna`")
    assert (sent["mentions"], sent["mentions_all"]) == ([boris.id, clara.id], False), "members only; no code"
    assert (await anna.send(group, "@all"))["mentions_all"]
    assert [await counts(house, person, group) for person in (anna, boris)] == [[0] * 3, [2] * 3]
    edited = (await anna.patch(f"/api/chats/{group}/messages/1", {"content": "@clara alone"})).json()
    assert edited["mentions"] == [clara.id]
    assert [await counts(house, person, group) for person in (boris, clara)] == [[1] * 3, [2] * 3]
    async with open_socket(house.url) as b:
        await b.hello(boris.token)
        await b.send(type="mark", id="m", chat_id=group, read_seq=1)
        marks = await b.until("marks")
        assert (marks["unread_count"], marks["mention_count"]) == (1, 1)
        await b.send(type="mark", id="n", chat_id=group, read_seq=3)
        assert (await b.until("marks", ref="n"))["mention_count"] == 0
        assert (await anna.patch(f"/api/chats/{group}/messages/1", {"content": "@boris"})).status_code == 200
        assert (await b.until("event"))["data"]["mentions"] == [boris.id]
        assert (await anna.patch(f"/api/chats/{group}/messages/1", {"content": "nobody"})).status_code == 200
        assert "mentions" not in (await b.until("event"))["data"]
    assert (await anna.delete(f"/api/chats/{group}/messages/2")).status_code == 204
    assert await counts(house, clara, group) == [0] * 3


async def test_a_text_is_forwarded_with_the_name_of_its_first_author(house: House) -> None:
    anna, boris, clara = [await house.register(name) for name in ("anna", "boris", "clara")]
    one, other, third = await anna.direct(boris), await boris.direct(clara), await clara.direct(clara)
    await anna.send(one, "@boris, look")
    forward: dict[str, Any] = {"chat_id": one, "seq": 1}
    answer = await boris.post(f"/api/chats/{other}/messages", {"forward": forward, "cid": "f"})
    copied = answer.json()
    author = {"user_id": anna.id, "display_name": "anna"}
    assert (answer.status_code, copied["content"], copied["forwarded"]) == (201, "@boris, look", author)
    assert (copied["mentions"], copied["sender_id"]) == ([], boris.id)
    assert (await boris.post(f"/api/chats/{other}/messages", {"forward": forward, "cid": "f"})).status_code == 200
    conflict = await boris.post(f"/api/chats/{other}/messages", {"forward": {**forward, "seq": 2}, "cid": "f"})
    assert code_of(conflict) == "cid_conflict"
    assert (await anna.patch(f"/api/chats/{one}/messages/1", {"content": "later"})).status_code == 200
    async with open_socket(house.url) as c:
        await c.hello(clara.token)
        source = {"chat_id": other, "seq": 1, "target_at": copied["created_at"]}
        await c.send(type="send", chat_id=third, cid="g", forward=source)
        message = await c.until("message")
        assert (message["content"], message["forwarded"]) == ("@boris, look", author)
        strange = []
        for chat_id, seq in ((one, 1), (one, 99), (9_876_543, 1), (other, 99)):
            await c.send(type="send", chat_id=third, cid="h", forward={**source, "chat_id": chat_id, "seq": seq})
            strange.append(await c.until("error"))
        assert all(error == strange[0] for error in strange), "B25: as what does not exist"
        assert (strange[0]["code"], strange[0]["field"]) == ("bad_seq", "forward")


async def test_what_is_not_forwarded(house: House) -> None:
    anna, boris, late = [await house.register(name) for name in ("anna", "boris", "late")]
    group = await anna.group("x", boris)
    saved = {person.id: await person.direct(person) for person in (anna, boris, late)}
    await anna.send(group, "secret")
    added = await anna.post(f"/api/chats/{group}/members", {"user_ids": [late.id], "history": "none"})
    assert added.status_code == 200

    async def forward(person: Person, seq: int, **more: Any) -> tuple[int, str, Any]:
        body = {"forward": {"chat_id": group, "seq": seq}, **more}
        answer = await person.post(f"/api/chats/{saved[person.id]}/messages", body)
        told = answer.json()
        return answer.status_code, told.get("code", "") or told["content"], told.get("errors")

    assert (await forward(late, 1))[:2] == (422, "bad_seq"), "before their time"
    assert (await forward(anna, 2))[:2] == (422, "bad_seq"), "an event"
    assert (await forward(anna, 1, content="x"))[:2] == (422, "validation_failed")
    assert (await forward(anna, 1, attachments=["f" * 22]))[:2] == (422, "attachment_invalid")
    assert (await anna.delete(f"/api/chats/{group}/members/{boris.id}")).status_code == 204
    assert (await anna.patch(f"/api/chats/{group}/messages/1", {"content": "Boris is gone"})).status_code == 200
    assert (await forward(boris, 1))[:2] == (201, "secret"), "as it was when they left"
    assert (await anna.delete(f"/api/chats/{group}/messages/1")).status_code == 204
    for person in (anna, boris):
        status, code, errors = await forward(person, 1)
        assert (status, code, errors[0]["field"]) == (409, "message_deleted", "forward")
    neither = await anna.post(f"/api/chats/{group}/messages", {})
    assert (neither.status_code, fields_of(neither)) == (422, {"content": "required"})


async def test_ones_own_flags(house: House) -> None:
    anna, boris = [await house.register(name) for name in ("anna", "boris")]
    chat_id = await anna.direct(boris)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat().replace("+00:00", "Z")

    async def flags(**body: Any) -> tuple[bool, str | None, str]:
        answer = await anna.patch(f"/api/chats/{chat_id}", body)
        assert answer.status_code == 200, answer.text
        chat = answer.json()
        return chat["muted"], chat["muted_until"], chat["notify"]

    async with open_socket(house.url) as a:
        await a.hello(anna.token)
        assert await flags(muted_until=until) == (True, until, "all")
        frame = await a.until("chat")
        assert (frame["chat"]["muted"], frame["chat"]["muted_until"]) == (True, until)
        assert await flags(notify="mentions") == (True, until, "mentions")
        assert await flags(muted=True) == (True, None, "mentions"), "for ever"
        assert await flags(muted=False, muted_until=until) == (False, None, "mentions")
        assert await flags(favourite=True, notify="none") == (False, None, "none")
    boris_sees = (await boris.get(f"/api/chats/{chat_id}")).json()
    assert (boris_sees["muted"], boris_sees["notify"]) == (False, "all")
    for body in (
        {"notify": "loud"}, {"muted_until": "x"}, {"muted_until": "2026-01-01T00:00:00"},
        {"muted_until": "0001-01-01T00:00:00Z"}, {"muted_until": "9999-12-31T23:59:59-14:00"}, {"muted_until": 5.5e30},
    ):  # fmt: skip
        answer = await anna.patch(f"/api/chats/{chat_id}", body)
        assert (answer.status_code, code_of(answer)) == (422, "validation_failed"), body
