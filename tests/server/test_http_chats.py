"""Chats and members (docs/protocol.md section 2, /api/chats)."""

from typing import Any

import httpx
import pytest
import trio

from chatproto.operations import AppendChange, OutcomeUnknown, SetAccount
from tests.server.answers import code_of, fields_of
from tests.server.house import House, Person


async def create(person: Person, **body: Any) -> httpx.Response:
    return await person.post("/api/chats", body)


async def test_a_direct_chat_is_made_once(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    made = await create(anna, type="direct", user_id=boris.id)
    assert made.status_code == 201
    assert made.json()["peer"]["username"] == "boris" and made.json()["is_group"] is False
    again = await create(boris, type="direct", user_id=anna.id)
    assert again.status_code == 200 and again.json()["id"] == made.json()["id"]
    assert again.json()["peer"]["username"] == "anna"


async def test_both_make_it_at_once(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    answers: list[httpx.Response] = []

    async def one(person: Person, other: Person) -> None:
        answers.append(await create(person, type="direct", user_id=other.id))

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(one, anna, boris)
            nursery.start_soon(one, boris, anna)
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_saved_messages_and_ghosts(house: House) -> None:
    anna = await house.register("anna")
    saved = await create(anna, type="direct", user_id=anna.id)
    assert saved.status_code == 201
    assert (await create(anna, type="direct", user_id=anna.id)).json()["id"] == saved.json()["id"]
    ghost = await create(anna, type="direct", user_id=999)
    assert ghost.status_code == 404 and code_of(ghost) == "not_found"
    assert (await create(anna, type="group", title="x", user_ids=[999])).json() == ghost.json()


async def test_a_group(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    made = await create(anna, type="group", title="Дача 🏡", user_ids=[boris.id, boris.id, anna.id])
    assert made.status_code == 201
    chat = made.json()
    assert (chat["title"], chat["role"], chat["is_group"], chat["last_seq"]) == ("Дача 🏡", "admin", True, 0)
    shown = (await boris.get(f"/api/chats/{chat['id']}")).json()
    assert {(entry["user"]["username"], entry["role"]) for entry in shown["members"]} == {
        ("anna", "admin"),
        ("boris", "member"),
    }
    assert (await create(anna, type="group", title="alone", user_ids=[])).status_code == 201
    full = await create(anna, type="group", title="x", user_ids=[anna.id, *range(1000, 1999), 1000])
    assert full.status_code == 404, "a thousand with oneself is no fault, but nobody is there"


async def test_b20_direct_chats_and_groups_at_their_edges(house: House) -> None:
    """With oneself, nobody, who has blocked, twice; groups of oneself, of too many, of ids that are repeated."""
    anna, boris = await house.register("anna"), await house.register("boris")
    own = await create(anna, type="direct", user_id=anna.id)
    assert own.status_code == 201 and own.json()["peer"]["id"] == anna.id
    assert (await create(anna, type="direct", user_id=999)).status_code == 404
    first = await create(anna, type="direct", user_id=boris.id)
    twice = [
        await create(anna, type="direct", user_id=boris.id),
        await create(boris, type="direct", user_id=anna.id),
    ]
    assert [answer.status_code for answer in twice] == [200, 200]
    assert {answer.json()["id"] for answer in twice} == {first.json()["id"]}
    clara = await house.register("clara")
    assert (await clara.call("PUT", f"/api/users/{anna.id}/block")).status_code in (200, 204)
    made = await create(anna, type="direct", user_id=clara.id)
    assert (made.status_code, code_of(made)) == (403, "forbidden"), "she has blocked the caller"
    for ids, status in (([], 201), ([anna.id], 201), ([boris.id] * 1001, 201), ([999], 404)):
        answer = await create(anna, type="group", title="x", user_ids=ids)
        assert answer.status_code == status, len(ids)
        if status == 201:
            shown = (await anna.get(f"/api/chats/{answer.json()['id']}")).json()
            assert len(shown["members"]) == len({anna.id, *ids}), "each once"
    many = await create(anna, type="group", title="x", user_ids=list(range(1, 1002)))
    assert fields_of(many) == {"user_ids": "too_long"}


async def test_a_key_makes_one_group(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    body = {"type": "group", "title": "x", "user_ids": []}
    key = {"headers": {"Idempotency-Key": "k:1"}}
    first, second = await anna.post("/api/chats", body, **key), await anna.post("/api/chats", body, **key)
    assert (first.status_code, second.status_code) == (201, 200) and first.json()["id"] == second.json()["id"]
    assert (await boris.post("/api/chats", body, **key)).status_code == 201
    bad = await anna.post("/api/chats", {"type": "group"}, headers={"Idempotency-Key": "k 1"})
    assert fields_of(bad) == {"Idempotency-Key": "bad_format"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [({}, {"type": "required"}), ({"type": "channel"}, {"type": "not_allowed"}),
     ({"type": "direct"}, {"user_id": "required"}), ({"type": "group", "user_ids": []}, {"title": "required"}),
     ({"type": "direct", "user_id": "12"}, {"user_id": "wrong_type"}),
     ({"type": "direct", "user_id": 12.0}, {"user_id": "wrong_type"}),
     ({"type": "direct", "user_id": True}, {"user_id": "wrong_type"}),
     ({"type": "direct", "user_id": 0}, {"user_id": "out_of_range"}),
     ({"type": "direct", "user_id": 2**53}, {"user_id": "out_of_range"}),
     ({"type": "direct", "user_id": 2**63}, {"user_id": "out_of_range"}),
     ({"type": "group", "title": "", "user_ids": [0]}, {"title": "too_short", "user_ids": "out_of_range"}),
     ({"type": "group", "title": "x" * 101, "user_ids": "1"}, {"title": "too_long", "user_ids": "wrong_type"}),
     ({"type": "group", "title": "a\u0000", "user_ids": [1, None]}, {"title": "bad_unicode", "user_ids": "wrong_type"}),
     ({"type": "group", "title": "x", "user_ids": list(range(1, 1002))}, {"user_ids": "too_long"}),
     ({"type": ["group"]}, {"type": "wrong_type"})],
)  # fmt: skip
async def test_bad_chats(house: House, body: dict[str, Any], fields: dict[str, str]) -> None:
    anna = await house.register("anna")
    answer = await anna.post("/api/chats", body)
    assert answer.status_code == 422 and fields_of(answer) == fields


async def test_the_list_is_newest_first(house: House) -> None:
    anna, boris, clara = [await house.register(name) for name in ("anna", "boris", "clara")]
    first, second = await anna.direct(boris), await anna.direct(clara)
    group = await anna.group("x", boris)
    listed = (await anna.get("/api/chats")).json()
    assert [chat["id"] for chat in listed["chats"]] == [group, second, first]
    assert {user["username"] for user in listed["users"]} >= {"boris", "clara"} and listed["epoch"]
    await boris.send(first, "hello")
    await anna.patch(f"/api/chats/{second}", {"muted": True})
    await anna.patch(f"/api/chats/{group}", {"title": "y"})
    assert [chat["id"] for chat in (await anna.get("/api/chats")).json()["chats"]] == [first, group, second]


async def test_who_writes_is_for_admins_to_say(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    made = await create(anna, type="group", title="News", user_ids=[boris.id])
    path = f"/api/chats/{made.json()['id']}"
    assert made.json()["writers"] == "all"
    refused = await boris.patch(path, {"writers": "admins"})
    assert refused.status_code == 403 and code_of(refused) == "forbidden"
    assert (await anna.patch(path, {"writers": "admins"})).json()["writers"] == "admins"
    sent = await boris.post(f"{path}/messages", {"content": "hello"})
    assert sent.status_code == 403 and code_of(sent) == "read_only"
    assert (await anna.post(f"{path}/messages", {"content": "hello"})).status_code == 201
    assert fields_of(await anna.patch(path, {"writers": "nobody"})) == {"writers": "not_allowed"}
    assert (await anna.patch(path, {"writers": "all"})).json()["writers"] == "all"
    assert (await boris.post(f"{path}/messages", {"content": "hello"})).status_code == 201


async def test_title_and_avatar_are_for_admins(house: House) -> None:
    """O10 of docs/security.md."""
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    group = await anna.group("old", boris)
    path = f"/api/chats/{group}"
    changed = await anna.patch(path, {"title": "new", "avatar_url": "https://example.org/x.png"})
    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["avatar_url"]) == ("new", "https://example.org/x.png")
    assert (await anna.patch(path, {"avatar_url": ""})).json()["avatar_url"] is None
    refused = await boris.patch(path, {"title": "mine"})
    assert refused.status_code == 403 and code_of(refused) == "forbidden"
    assert (await anna.patch(path, {})).json()["title"] == "new"
    both = await anna.patch(path, {"title": " ", "avatar_url": "x"})
    assert fields_of(both) == {"title": "too_short", "avatar_url": "bad_format"}
    direct = await anna.direct(boris)
    assert (await anna.patch(f"/api/chats/{direct}", {"title": "x"})).status_code == 403
    strange = await eve.patch(path, {"title": "mine"})
    assert strange.status_code == 404 and strange.json() == (await eve.patch("/api/chats/999", {"title": "a"})).json()


async def test_flags_are_ones_own(house: House) -> None:
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    group = await anna.group("x", boris)
    path = f"/api/chats/{group}"
    flagged = (await boris.patch(path, {"muted": True, "favourite": True, "hidden": True})).json()
    assert flagged["muted"] and flagged["favourite"] and flagged["hidden"]
    assert not (await anna.get(path)).json()["muted"]
    assert (await boris.patch(path, {"muted": False})).json()["favourite"]
    assert fields_of(await boris.patch(path, {"muted": "yes", "hidden": 1})) == {
        "muted": "wrong_type",
        "hidden": "wrong_type",
    }
    assert (await eve.patch(path, {"muted": True})).status_code == 404


async def test_members_come_and_go(house: House) -> None:
    anna, boris, clara = [await house.register(name) for name in ("anna", "boris", "clara")]
    group = await anna.group("x", boris)
    path = f"/api/chats/{group}/members"
    await anna.send(group, "before")
    assert (await boris.post(path, {"user_ids": [clara.id]})).status_code == 403
    added = await anna.post(path, {"user_ids": [clara.id, clara.id, boris.id], "history": "none"})
    assert added.status_code == 200 and len(added.json()["members"]) == 3
    assert (await clara.get(f"/api/chats/{group}")).json()["first_seq"] > 1
    made = await anna.patch(f"{path}/{clara.id}", {"role": "admin"})
    assert {m["user"]["id"]: m["role"] for m in made.json()["members"]}[clara.id] == "admin"
    assert (await boris.delete(f"{path}/{anna.id}")).status_code == 403
    assert (await clara.delete(f"{path}/{anna.id}")).status_code == 204
    assert (await boris.delete(f"{path}/{boris.id}")).status_code == 204, "one may leave"
    gone = (await boris.get(f"/api/chats/{group}")).json()
    assert gone["left_seq"] is not None
    assert code_of(await boris.post(f"/api/chats/{group}/messages", {"content": "still here"})) == "not_found"
    assert (await clara.delete(f"{path}/999")).status_code == 404
    assert fields_of(await clara.patch(f"{path}/{clara.id}", {"role": "owner"})) == {"role": "not_allowed"}
    assert (await clara.patch(f"{path}/999", {"role": "admin"})).status_code == 404


@pytest.mark.parametrize(
    ("body", "fields"),
    [({}, {"user_ids": "required"}), ({"user_ids": []}, {"user_ids": "too_short"}),
     ({"user_ids": [1], "history": "some"}, {"history": "not_allowed"}),
     ({"user_ids": list(range(1, 1002))}, {"user_ids": "too_long"})],
)  # fmt: skip
async def test_bad_members(house: House, body: dict[str, Any], fields: dict[str, str]) -> None:
    anna = await house.register("anna")
    group = await anna.group("x")
    assert fields_of(await anna.post(f"/api/chats/{group}/members", body)) == fields


async def test_direct_chats_have_two_fixed_members(house: House) -> None:
    anna, boris, clara = [await house.register(name) for name in ("anna", "boris", "clara")]
    path = f"/api/chats/{await anna.direct(boris)}/members"
    assert (await anna.post(path, {"user_ids": [clara.id]})).status_code == 403
    assert (await anna.delete(f"{path}/{boris.id}")).status_code == 403
    assert (await anna.delete(f"{path}/{anna.id}")).status_code == 403
    assert (await anna.patch(f"{path}/{boris.id}", {"role": "admin"})).status_code == 403


async def test_an_unknown_commit_of_a_change_is_tried_again(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    group = await anna.group("x")
    await anna.get("/api/auth/me")
    house.storage.answers.append((AppendChange, OutcomeUnknown()))
    added = await anna.post(f"/api/chats/{group}/members", {"user_ids": [boris.id]})
    assert added.status_code == 200 and len(added.json()["members"]) == 2


async def strange_requests(person: Person, chat: int, other: int) -> list[httpx.Response]:
    """Everything that names a chat."""
    path = f"/api/chats/{chat}"
    return [
        await person.get(path),
        await person.patch(path, {"muted": True}),
        await person.patch(path, {"title": "x"}),
        await person.post(f"{path}/members", {"user_ids": [person.id]}),
        await person.patch(f"{path}/members/{other}", {"role": "admin"}),
        await person.delete(f"{path}/members/{other}"),
        await person.delete(f"{path}/members/{person.id}"),
        await person.get(f"{path}/messages"),
        await person.get(f"{path}/messages", before_seq=2),
        await person.get(f"{path}/messages", after_seq=0),
        await person.get(f"{path}/messages", after_seq=999),
        await person.post(f"{path}/messages", {"content": "x"}),
        await person.post(f"{path}/messages", {"content": "x", "reply_to": 1}),
        await person.post(f"{path}/messages", {"content": ""}),
        await person.post(f"{path}/read", {}),
        await person.post(f"{path}/read", {"seq": 1}),
        await person.post(f"{path}/read", {"seq": 10**9}),
    ]


async def test_strange_chats_are_as_chats_that_do_not_exist(house: House) -> None:
    anna, boris, eve = [await house.register(name) for name in ("anna", "boris", "eve")]
    for chat in (await anna.direct(boris), await anna.group("x", boris)):
        await anna.send(chat, "secret")
        strange = await strange_requests(eve, chat, anna.id)
        random = await strange_requests(eve, 999_999, anna.id)
        assert {answer.status_code for answer in strange} == {404}
        assert [answer.text for answer in strange] == [answer.text for answer in random]
        assert len({answer.text for answer in strange}) == 1
        assert [dict(a.headers, date="") for a in strange] == [dict(a.headers, date="") for a in random]


async def test_the_list_comes_in_pages_too(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    ids = [(await create(anna, type="group", title=f"Группа {n}", user_ids=[boris.id])).json()["id"] for n in range(7)]
    for chat_id in (ids[2], ids[5]):
        await boris.post(f"/api/chats/{chat_id}/messages", {"content": "текст"})
    whole = (await anna.get("/api/chats")).json()
    assert set(whole) == {"chats", "users", "epoch"}, "without parameters the answer is as it was"
    assert [chat["id"] for chat in whole["chats"][:2]] == [ids[5], ids[2]]
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    pages = 0
    while True:
        page = (await anna.get("/api/chats", limit=3, **after)).json()
        assert page["epoch"] == whole["epoch"]
        found += page["chats"]
        pages += 1
        if pages == 1:
            assert [user["username"] for user in page["users"]] == ["boris"]
            # what moves up meanwhile is not told twice, and takes nobody's place
            await boris.post(f"/api/chats/{ids[0]}/messages", {"content": "наверх"})
        if page["next_cursor"] is None:
            break
        after = {"cursor": page["next_cursor"]}
    assert pages == 2
    assert [chat["id"] for chat in found] == [chat["id"] for chat in whole["chats"] if chat["id"] != ids[0]]
    large = (await anna.get("/api/chats", limit=200)).json()
    assert len(large["chats"]) == 7 and large["next_cursor"] is None
    rest = (await anna.get("/api/chats", **after)).json()
    assert rest["chats"] == found[3:] and rest["next_cursor"] is None
    for limit in ("0", "201", "x"):
        assert (await anna.get("/api/chats", limit=limit)).status_code == 422
    for wrong in ("x", "-", "1", "9-9-9", f"{'9' * 40}-1"):
        refused = await anna.get("/api/chats", cursor=wrong)
        assert fields_of(refused) == {"cursor": "bad_format"}, wrong


async def test_long_answers_are_packed_and_secret_ones_are_not(house: House) -> None:
    anna, boris = await house.register("anna", email="anna@example.org"), await house.register("boris")
    for n in range(30):
        await create(anna, type="group", title=f"Группа номер {n}", user_ids=[boris.id])
    plain = await anna.call("GET", "/api/chats", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and "Accept-Encoding" in plain.headers["vary"]
    for accepted in ("gzip", "br, GZIP;q=0.5", "deflate,gzip;q=1.0"):
        packed = await anna.call("GET", "/api/chats", headers={"Accept-Encoding": accepted})
        assert packed.headers["content-encoding"] == "gzip" and packed.json() == plain.json()
        assert int(packed.headers["content-length"]) < len(plain.content) / 5
    for accepted in ("br", "gzip;q=0", "gzip; q=0.000", ""):
        again = await anna.call("GET", "/api/chats", headers={"Accept-Encoding": accepted})
        assert "content-encoding" not in again.headers, accepted
    for _ in range(12):
        await house.login("anna")
    sessions = await anna.call("GET", "/api/auth/sessions", headers={"Accept-Encoding": "gzip"})
    assert len(sessions.content) > 1024 and "content-encoding" not in sessions.headers
    for number in range(20):
        await house.register(f"person{number}", email=f"person{number}@example.org")
    await house.services.driver.request(SetAccount(anna.id, None, "admin", house.services.now()))
    accounts = await anna.call("GET", "/api/admin/users", headers={"Accept-Encoding": "gzip"})
    assert len(accounts.content) > 1024 and "content-encoding" not in accounts.headers
    short = await anna.call("GET", f"/api/users/{boris.id}", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in short.headers
