"""Edit, delete, react, pin over HTTP and both WebSockets, against real storage (docs/protocol.md section 2)."""

from typing import Any, Final

import httpx
import pytest

from chatproto.server.knobs import Knobs
from runtime.http.message_changes import ROUTES
from runtime.http.routes import Route
from tests.server.answers import code_of, fields_of
from tests.server.conftest import OpenHouse
from tests.server.house import House, Person
from tests.server.sockets import Socket, open_socket

RANDOM: Final = 9_876_543
"""An id and a seq that nothing has."""
WRITES: Final = [route for route in ROUTES if route.method != "GET"]
REVISIONS, READERS, PINS = (
    next(route for route in ROUTES if route.path.endswith(end)) for end in ("/revisions", "/readers", "/pins")
)
ALLOWED: Final[dict[str, set[str]]] = {
    "edit_message": {"author"},
    "delete_message": {"author", "admin"},
    "add_reaction": {"member", "late", "author", "admin"},
    "remove_reaction": {"member", "late", "author", "admin"},
    "pin_message": {"admin"},
    "unpin_message": {"admin"},
}
COMMANDS: Final[dict[str, dict[str, Any]]] = {
    "edit": {"content": "y"}, "delete": {}, "react": {"emoji": "👍", "on": True}, "pin": {"on": True},
}  # fmt: skip


def url(chat_id: int, seq: int, rest: str = "") -> str:
    return f"/api/chats/{chat_id}/messages/{seq}{rest}"


def path_of(route: Route, chat_id: int, seq: int) -> str:
    return route.path.format(chat_id=chat_id, seq=seq, emoji="👍")


async def ask(house: House, person: Person | None, route: Route, chat_id: int, seq: int) -> httpx.Response:
    body = {"content": "changed"} if route.body else None
    if person is None:
        return await house.http.request(route.method, path_of(route, chat_id, seq), json=body)
    return await person.call(route.method, path_of(route, chat_id, seq), body)


async def people_of_a_group(house: House) -> tuple[dict[str, Person], int]:
    """A group in which everybody has a part: its first message is by `author`, the third one by nobody's right."""
    names = ("admin", "author", "member", "former", "late", "stranger")
    people = {name: await house.register(name) for name in names}
    admin = people["admin"]
    group = await admin.group("x", people["author"], people["member"], people["former"])
    await people["author"].send(group, "first")
    assert (await admin.delete(f"/api/chats/{group}/members/{people['former'].id}")).status_code == 204
    late = {"user_ids": [people["late"].id], "history": "none"}
    assert (await admin.post(f"/api/chats/{group}/members", late)).status_code == 200
    return people, group


async def test_b25_every_route_answers_who_may_not_as_if_there_were_nothing(house: House) -> None:
    """Anonymous, stranger, former member, member, late member, author and admin, each also for what does not exist."""
    people, group = await people_of_a_group(house)
    nothing = (await ask(house, people["stranger"], PINS, RANDOM, 1)).content
    for route in ROUTES:
        name = route.handler.__name__
        assert code_of(await ask(house, None, route, group, 1)) == "token_missing"
        assert code_of(await ask(house, None, route, RANDOM, RANDOM)) == "token_missing"
        for chat_id, seq in ((group, 1), (group, RANDOM), (RANDOM, 1), (RANDOM, RANDOM)):
            answer = await ask(house, people["stranger"], route, chat_id, seq)
            assert (answer.status_code, answer.content) == (404, nothing), name
        for who in ("former", "member", "late", "author", "admin"):
            answer = await ask(house, people[who], route, RANDOM, 1)
            assert (answer.status_code, answer.content) == (404, nothing), name
            if route is not PINS:
                answer = await ask(house, people[who], route, group, RANDOM)
                assert (answer.status_code, answer.content) == (404, nothing), name
    for route in WRITES:
        for who, seq in (("former", 1), ("late", 1), ("admin", 2)):  # not a member; before their time; no message
            answer = await ask(house, people[who], route, group, seq)
            assert (answer.status_code, answer.content) == (404, nothing), (route.handler.__name__, who)
    for who in ("former", "member", "late"):
        assert (await ask(house, people[who], REVISIONS, group, 1)).content == nothing
    for who in ("author", "admin"):
        assert (await ask(house, people[who], REVISIONS, group, 1)).status_code == 200
    for who in ("former", "late"):
        assert (await ask(house, people[who], READERS, group, 1)).content == nothing
    for who in ("member", "author", "admin"):
        answer = await ask(house, people[who], READERS, group, 1)
        assert answer.json() == {"read": [], "received": [], "users": []}
    for who in ("former", "member", "late", "author", "admin"):
        assert (await ask(house, people[who], PINS, group, 1)).json() == {"messages": [], "users": []}


@pytest.mark.parametrize("route", WRITES, ids=lambda route: route.handler.__name__)
async def test_who_may(house: House, route: Route) -> None:
    people, group = await people_of_a_group(house)
    name = route.handler.__name__
    for who in ("member", "late", "author", "admin"):
        message = await people["author"].send(group, who)
        answer = await ask(house, people[who], route, group, message["seq"])
        assert (answer.status_code < 300) == (who in ALLOWED[name]), (name, who)
        if answer.status_code >= 300:
            assert code_of(answer) == "forbidden"


async def test_b25_every_command_answers_who_may_not_as_if_there_were_nothing(house: House) -> None:
    people, group = await people_of_a_group(house)
    first = (await people["author"].get(url(group, 1, "")[: -len("/1")])).json()["messages"][0]
    for who, expected in (("stranger", "not_member"), ("former", "not_member"), ("late", "bad_seq")):
        async with open_socket(house.url) as socket:
            await socket.hello(people[who].token)
            for kind, more in COMMANDS.items():
                answers = []
                for seq in (1, RANDOM):
                    frame = {"chat_id": group, "cid": "c", "seq": seq, "target_at": first["created_at"]}
                    await socket.send(type=kind, **frame, **more)
                    answers.append(await socket.until("error"))
                assert answers[0] == answers[1] and answers[0]["code"] == expected, (who, kind)
    assert (await people["author"].get(f"/api/chats/{group}")).json()["last_seq"] == 3


async def test_a_message_is_edited(house: House) -> None:
    anna, boris = [await house.register(name) for name in ("anna", "boris")]
    chat_id = await anna.direct(boris)
    sent = await anna.send(chat_id, "Привет")
    answer = await anna.patch(url(chat_id, 1), {"content": "Здравствуй"})
    edited = answer.json()
    assert (answer.status_code, edited["content"], edited["rev"]) == (200, "Здравствуй", 2)
    assert edited == {**sent, "content": "Здравствуй", "rev": 2, "edited_at": edited["edited_at"]}
    assert edited["edited_at"] > sent["created_at"]
    for status, seq in ((200, 3), (200, 3), (409, 3)):  # once, again, and another text under the same key
        body = {"content": "third" if status == 200 else "fourth"}
        answer = await anna.call("PATCH", url(chat_id, 1), body, headers={"Idempotency-Key": "k"})
        assert answer.status_code == status
        assert (await anna.get(f"/api/chats/{chat_id}")).json()["last_seq"] == seq
    assert code_of(answer) == "cid_conflict"
    for content, code in (("", "empty_content"), ("x" * 4001, "content_too_long"), ("\0", "bad_unicode")):
        answer = await anna.patch(url(chat_id, 1), {"content": content})
        assert (answer.status_code, code_of(answer), fields_of(answer)) == (422, code, {"content": code})
    assert code_of(await anna.patch(url(chat_id, 1), {})) == "validation_failed"
    found = (await anna.get(url(chat_id, 1, "/revisions"))).json()["revisions"]
    assert [(one["rev"], one["content"]) for one in found] == [(1, "Привет"), (2, "Здравствуй"), (3, "third")]
    assert [one["edited_at"] is None for one in found] == [True, False, False]
    assert (await boris.get(url(chat_id, 1, "/revisions"))).status_code == 404
    wrong = await anna.call("PATCH", url(chat_id, 1), {"content": "x"}, params={"target_at": "2020-01-01T00:00:00Z"})
    assert code_of(wrong) == "not_found"
    right = await anna.call("PATCH", url(chat_id, 1), {"content": "x"}, params={"target_at": sent["created_at"]})
    assert right.status_code == 200
    assert code_of(await anna.call("PATCH", url(chat_id, 1), {"content": "x"}, params={"target_at": "x"})) == (
        "validation_failed"
    )


async def test_a_message_is_deleted_with_all_that_belongs_to_it(house: House) -> None:
    anna, boris = [await house.register(name) for name in ("anna", "boris")]
    chat_id = await anna.direct(boris)
    await anna.send(chat_id, "a secret")
    assert (await anna.patch(url(chat_id, 1), {"content": "another secret"})).status_code == 200
    assert (await boris.call("PUT", url(chat_id, 1, "/reactions/👍"))).status_code == 204
    assert (await boris.call("PUT", url(chat_id, 1, "/pin"))).status_code == 204
    assert (await anna.get(f"/api/chats/{chat_id}")).json()["pinned_seq"] == 1
    assert (await boris.get(f"/api/chats/{chat_id}")).json()["unread_count"] == 1
    for _ in range(2):
        assert (await anna.delete(url(chat_id, 1))).status_code == 204
    chat = (await boris.get(f"/api/chats/{chat_id}")).json()
    assert (chat["last_seq"], chat["pinned_seq"], chat["unread_count"]) == (5, None, 0)
    assert (chat["last_message"]["content"], chat["last_message"]["deleted"]) == (None, True)
    for answer in (
        await anna.patch(url(chat_id, 1), {"content": "x"}),
        await boris.call("PUT", url(chat_id, 1, "/reactions/👍")),
        await boris.call("DELETE", url(chat_id, 1, "/reactions/👍")),
        await boris.call("PUT", url(chat_id, 1, "/pin")),
        await boris.call("DELETE", url(chat_id, 1, "/pin")),
    ):
        assert (answer.status_code, code_of(answer)) == (409, "message_deleted")
    assert (await anna.get(url(chat_id, 1, "/revisions"))).status_code == 404
    for path in ("messages", "messages?after_seq=0", "pins"):
        assert "secret" not in (await boris.get(f"/api/chats/{chat_id}/{path}")).text


async def test_reactions(house: House) -> None:
    anna, boris = [await house.register(name) for name in ("anna", "boris")]
    chat_id = await anna.direct(boris)
    await anna.send(chat_id, "hello")
    for person, emoji in ((boris, "👍"), (anna, "❤"), (anna, "👍"), (anna, "👍"), (anna, "🏴󠁧󠁢󠁥󠁮󠁧󠁿")):
        assert (await person.call("PUT", url(chat_id, 1, f"/reactions/{emoji}"))).status_code == 204
    message = (await anna.get(f"/api/chats/{chat_id}/messages")).json()["messages"][0]
    assert message["reactions"] == [
        {"emoji": "👍", "count": 2, "user_ids": [boris.id, anna.id]},
        {"emoji": "❤️", "count": 1, "user_ids": [anna.id]},
        {"emoji": "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "count": 1, "user_ids": [anna.id]},
    ]
    assert (message["rev"], (await anna.get(f"/api/chats/{chat_id}")).json()["last_seq"]) == (5, 5)
    answer = await anna.call("PUT", url(chat_id, 1, "/reactions/😀"))
    assert (answer.status_code, code_of(answer)) == (409, "too_many")
    for _ in range(2):
        assert (await anna.call("DELETE", url(chat_id, 1, "/reactions/%E2%9D%A4"))).status_code == 204
    for emoji in ("x", "👍👍", "5", "%FF", "👍" * 1280, "%2B"):
        answer = await anna.call("PUT", url(chat_id, 1, f"/reactions/{emoji}"))
        assert (answer.status_code, code_of(answer)) == (422, "emoji_invalid"), emoji
    for emoji in ("", "a%2Fb", "a/b"):
        assert (await anna.call("PUT", url(chat_id, 1, f"/reactions/{emoji}"))).status_code == 404
    assert (await anna.get(url(chat_id, 1, "/reactions/👍"))).status_code == 405
    key = {"Idempotency-Key": "once"}
    assert (await boris.call("PUT", url(chat_id, 1, "/reactions/😀"), headers=key)).status_code == 204
    assert (await boris.call("DELETE", url(chat_id, 1, "/reactions/😀"))).status_code == 204
    assert (await boris.call("PUT", url(chat_id, 1, "/reactions/😀"), headers=key)).status_code == 204
    message = (await anna.get(f"/api/chats/{chat_id}/messages")).json()["messages"][0]
    assert "😀" not in str(message["reactions"]), "a repetition does nothing"


async def test_pins(house: House) -> None:
    anna, boris, late = [await house.register(name) for name in ("anna", "boris", "late")]
    group = await anna.group("x", boris)
    await boris.send(group, "one")
    await anna.send(group, "two")
    added = await anna.post(f"/api/chats/{group}/members", {"user_ids": [late.id], "history": "none"})
    assert added.status_code == 200
    await anna.send(group, "four")
    for seq in (4, 1, 2):
        assert (await anna.call("PUT", url(group, seq, "/pin"))).status_code == 204
    found = (await boris.get(f"/api/chats/{group}/pins")).json()
    assert [message["content"] for message in found["messages"]] == ["one", "two", "four"]
    assert {user["id"]: user["username"] for user in found["users"]} == {anna.id: "anna", boris.id: "boris"}
    of_late = (await late.get(f"/api/chats/{group}/pins")).json()
    assert [message["content"] for message in of_late["messages"]] == ["four"]
    assert (await anna.call("DELETE", url(group, 4, "/pin"))).status_code == 204
    pinned = {person.id: (await person.get(f"/api/chats/{group}")).json()["pinned_seq"] for person in (boris, late)}
    assert pinned == {boris.id: 2, late.id: None}
    items = (await late.get(f"/api/chats/{group}/messages", after_seq=4)).json()["items"]
    assert [item.get("data", item["type"]) for item in items] == [
        {"pinned_seq": None},
        "hidden",
        "hidden",
        {"pinned_seq": None},
    ]


@pytest.mark.parametrize("transport", ["own", "quart"])
async def test_what_one_does_the_others_see_on_their_sockets(house: House) -> None:
    anna, boris, late = [await house.register(name) for name in ("anna", "boris", "late")]
    group = await anna.group("x", boris)
    sent = await anna.send(group, "one")
    added = await anna.post(f"/api/chats/{group}/members", {"user_ids": [late.id], "history": "none"})
    assert added.status_code == 200
    path = f"/ws/chat/{group}?token={boris.token}"
    async with open_socket(house.url) as a, open_socket(house.url) as t, open_socket(house.url, path) as j:
        await a.hello(anna.token)
        await t.hello(late.token)
        at = sent["created_at"]
        await a.send(type="react", chat_id=group, cid="r", seq=1, target_at=at, emoji="👍", on=True)
        ack = await a.until("ack")
        assert (ack["seq"], ack["dup"]) == (3, False)
        thumb = [{"emoji": "👍", "count": 1, "user_ids": [anna.id]}]
        assert (await a.until("event"))["data"] == {"emoji": "👍", "reactions": thumb, "rev": 2}
        assert (await j.until("system", event="reaction_added"))["data"]["reactions"] == thumb
        assert (await t.until("hidden"))["seq"] == 3
        await a.send(type="pin", chat_id=group, cid="p", seq=1, target_at=at, on=True)
        assert (await j.until("system", event="pinned"))["data"] == {"pinned_seq": 1}
        assert (await t.until("hidden"))["seq"] == 4
        assert (await anna.patch(url(group, 1), {"content": "uno"})).status_code == 200
        assert (await a.until("event", event="edited"))["data"]["content"] == "uno"
        assert (await j.until("system", event="edited"))["data"]["content"] == "uno"
        await a.send(type="delete", chat_id=group, cid="d", seq=1, target_at=at)
        gone = {"sender_id": anna.id, "rev": 4, "pinned_seq": None}
        assert (await j.until("system", event="deleted"))["data"] == gone
        await a.send(type="delete", chat_id=group, cid="d2", seq=1, target_at=at)
        assert (await a.until("ack", cid="d2"))["seq"] == 6, "nothing to do: the last entry"
        await a.send(type="sync", id="s", chat_id=group, after_seq=0)
        page = await a.until("page")
        assert "uno" not in str(page) and [item["type"] for item in page["items"]] == ["message"] + ["event"] * 5
        assert [frame["seq"] for frame in await hidden(t)] == [5, 6]
        async with open_socket(house.url, f"/ws/chat/{group}?token={late.token}&after_seq=0") as again:
            words = [(await again.until("system"))["event"] for _ in range(5)]
            assert words == ["member_added"] + ["hidden"] * 4


async def hidden(socket: Socket) -> list[dict[str, Any]]:
    """The next two of them."""
    return [await socket.until("hidden") for _ in range(2)]


async def test_changes_over_http_spend_the_writers_bucket(house_at: OpenHouse) -> None:
    async with house_at(bucket_rate=0.1, bucket_burst=3, knobs=Knobs(store_wait=0.5)) as house:
        anna = await house.register("anna")
        chat_id = await anna.direct(anna)
        await anna.send(chat_id, "x")
        assert (await anna.call("PUT", url(chat_id, 1, "/reactions/👍"))).status_code == 204
        answer = await anna.call("PUT", url(chat_id, 1, "/pin"))
        assert (answer.status_code, code_of(answer)) == (429, "rate_limited")
