"""Hiding when one was last seen, and what one read, over HTTP and sockets (docs/protocol.md, "Privacy"; O29)."""

from tests.server.answers import fields_of
from tests.server.house import House, Person
from tests.server.sockets import open_socket


async def hide(person: Person, **settings: bool) -> dict[str, object]:
    answer = await person.patch("/api/auth/me", settings)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_what_somebody_hides_is_told_to_nobody_else(house: House) -> None:
    ann, bob = await house.register("ann"), await house.register("bob")
    chat = await ann.direct(bob)
    await ann.send(chat, "one")
    async with open_socket(house.url) as a, open_socket(house.url) as b, open_socket(house.url) as b2:
        await a.hello(ann.token)
        await b.hello(bob.token)
        await a.until("presence", user_id=bob.id, online=True)
        me = await hide(bob, hide_last_seen=True, hide_reads=True)
        assert (me["hide_last_seen"], me["hide_reads"]) == (True, True)
        own = await b.until("user")
        assert (own["user"]["hide_reads"], own["user"]["id"]) == (True, bob.id)
        await a.until("presence", user_id=bob.id, online=None)
        ready = await b2.hello(bob.token)
        assert ready["user"]["hide_last_seen"] is True
        await b.send(type="mark", chat_id=chat, delivered_seq=1, read_seq=1)
        told = await a.until("marks", user_id=bob.id)
        assert (told["delivered_seq"], told["read_seq"]) == (1, 0)
        seen = (await ann.get(f"/api/users/{bob.id}")).json()
        assert (seen["online"], seen["last_seen_at"]) == (None, None)
        assert "hide_reads" not in seen, "nor that they hide anything"
        assert (await bob.get(f"/api/users/{ann.id}")).json()["online"] is None
        readers = (await ann.get(f"/api/chats/{chat}/messages/1/readers")).json()
        assert (readers["read"], readers["received"]) == ([], [bob.id])
        listed = (await ann.get("/api/chats")).json()["chats"][0]
        assert (listed["others_read_seq"], listed["others_delivered_seq"]) == (0, 1)
        assert "hide_reads" not in await hide(bob, hide_reads=False, hide_last_seen=False)
        await a.until("presence", user_id=bob.id, online=True)
        await bob.post(f"/api/chats/{chat}/read", {})
        readers = (await ann.get(f"/api/chats/{chat}/messages/1/readers")).json()
        assert (readers["read"], readers["received"]) == ([bob.id], [])


async def test_settings_are_true_or_false(house: House) -> None:
    ann = await house.register("ann")
    wrong = await ann.patch("/api/auth/me", {"hide_last_seen": "yes", "hide_reads": 1})
    assert fields_of(wrong) == {"hide_last_seen": "wrong_type", "hide_reads": "wrong_type"}
    assert await hide(ann, hide_reads=True) == await hide(ann), "what is left out stays as it is"
