"""What somebody who was removed goes on seeing, over HTTP and the WebSocket: the group as it was then."""

from typing import Any

from tests.server.house import House, Person
from tests.server.sockets import open_socket

PICTURE = "https://example.org/a.png"


async def seen(house: House, person: Person, chat_id: int) -> dict[str, Any]:
    """Every answer that tells of the chat."""
    listed = (await person.get("/api/chats")).json()
    async with open_socket(house.url) as socket:
        ready = await socket.hello(person.token)
        await socket.send(type="sync", id="s", chat_id=chat_id, after_seq=0)
        page = await socket.until("page")
    return {
        "chat": (await person.get(f"/api/chats/{chat_id}")).json(),
        "chats": [chat for chat in listed["chats"] if chat["id"] == chat_id],
        "flags": (await person.patch(f"/api/chats/{chat_id}", {"muted": False})).json(),
        "messages": (await person.get(f"/api/chats/{chat_id}/messages")).json(),
        "items": (await person.get(f"/api/chats/{chat_id}/messages", after_seq=0)).json(),
        "place": (await person.get(f"/api/chats/{chat_id}/messages", around_seq=1)).json(),
        "moment": (await person.get(f"/api/chats/{chat_id}/messages", around_at="9000-01-01T00:00:00Z")).json(),
        "head": [head for head in ready["chats"] if head["chat_id"] == chat_id],
        "page": page,
    }


async def much_happens(chat_id: int, anna: Person, clara: Person, newcomer: Person) -> None:
    assert (await anna.patch(f"/api/chats/{chat_id}", {"title": "secret", "avatar_url": PICTURE})).status_code == 200
    await anna.send(chat_id, "after")
    members = f"/api/chats/{chat_id}/members"
    assert (await anna.post(members, {"user_ids": [newcomer.id]})).status_code == 200
    assert (await anna.patch(f"{members}/{clara.id}", {"role": "admin"})).status_code == 200
    for person in (clara, newcomer):
        assert (await person.post(f"/api/chats/{chat_id}/read", {})).status_code == 200


async def test_a_removed_member_sees_nothing_of_what_follows(house: House) -> None:
    anna, boris, clara, newcomer = [await house.register(name) for name in ("anna", "boris", "clara", "newcomer")]
    group = await anna.group("open", boris, clara)
    await boris.send(group, "before")
    assert (await anna.delete(f"/api/chats/{group}/members/{boris.id}")).status_code == 204
    before = await seen(house, boris, group)
    assert [member["user"]["id"] for member in before["chat"]["members"]] == [anna.id, clara.id]
    await much_happens(group, anna, clara, newcomer)
    after = await seen(house, boris, group)
    assert after == before
    assert "secret" not in str(after) and PICTURE not in str(after)
    shown = (await boris.get("/api/users/search", query="clara")).json()["users"]
    shown += [(await boris.get(f"/api/users/{clara.id}")).json(), *after["page"]["users"]]
    assert {(user["online"], user["last_seen_at"]) for user in map(_defaults, shown) if user["id"] != boris.id} == {
        (None, None)
    }
    assert (await anna.post(f"/api/chats/{group}/members", {"user_ids": [boris.id]})).status_code == 200
    again = (await boris.get(f"/api/chats/{group}")).json()
    assert (again["title"], again["avatar_url"], len(again["members"])) == ("secret", PICTURE, 4)


async def test_the_chat_frame_of_ones_own_flags_shows_what_was_there(house: House) -> None:
    anna, boris, clara, newcomer = [await house.register(name) for name in ("anna", "boris", "clara", "newcomer")]
    group = await anna.group("open", boris, clara)
    async with open_socket(house.url) as socket:
        await socket.hello(boris.token)
        assert (await anna.delete(f"/api/chats/{group}/members/{boris.id}")).status_code == 204
        removed = await socket.until("event")
        assert (removed["event"], removed["data"]["user_id"]) == ("member_removed", boris.id)
        await much_happens(group, anna, clara, newcomer)
        assert (await clara.patch("/api/auth/me", {"display_name": "Clara II"})).status_code == 200
        await boris.patch(f"/api/chats/{group}", {"favourite": True})
        frame = await socket.receive()
        assert frame["type"] == "chat", "nothing of the group came in between, neither items nor marks nor profiles"
        assert (frame["chat"]["title"], frame["chat"].get("avatar_url")) == ("open", None)
        assert (frame["chat"]["favourite"], frame["chat"]["left_seq"]) == (True, removed["seq"])
        assert (await anna.post(f"/api/chats/{group}/members", {"user_ids": [boris.id]})).status_code == 200
        frame = await socket.until("chat")
        assert (frame["chat"]["title"], frame["chat"]["avatar_url"]) == ("secret", PICTURE)


def _defaults(user: dict[str, Any]) -> dict[str, Any]:
    return {"online": None, "last_seen_at": None} | user
