"""Edit, delete, react, pin: what each does, who may, and what is as with every command (docs/protocol.md I4)."""

from typing import Any

import pytest

from chatproto.operations import (
    AppendBatch,
    AppendChange,
    Appended,
    AroundFound,
    BatchAppended,
    FetchAround,
    FetchPins,
    FetchReaders,
    Mark,
    PinsFound,
    ReadersFound,
    Refused,
)
from chatproto.operations.message_rules import MAX_EMOJI, MAX_OWN_EMOJI, MAX_PINS
from chatproto.server.hints import HeadMoved, Hint
from chatproto.server.knobs import Knobs
from chatproto.wire.emoji import MAX_EMOJI_BYTES
from chatproto.wire.limits import Limits
from chatproto.wire.model import Event
from tests.scenarios.changing import SECRET, begin, code, do, say, told
from tests.scenarios.hub_world import START

# --- each command ---


def test_i4_each_change_takes_a_seq_and_is_told_to_all() -> None:
    world, (ann, bob, _), (a, b, e), chat_id = begin()
    ack = do(a, "edit", chat_id, 1, content="another text")
    assert (ack["type"], ack["seq"], ack["dup"], ack.get("message_id")) == ("ack", 2, False, None)
    assert do(b, "react", chat_id, 1, emoji="👍", on=True)["seq"] == 3
    assert do(b, "react", chat_id, 1, emoji="👍", on=False)["seq"] == 4
    assert do(a, "pin", chat_id, 1, on=True)["seq"] == 5
    assert do(a, "pin", chat_id, 1, on=False)["seq"] == 6
    assert do(a, "delete", chat_id, 1)["seq"] == 7
    at = world.made_at(chat_id, 2)
    thumb = {"emoji": "👍", "count": 1, "user_ids": [bob.id]}
    expected = [
        ("edited", ann.id, {"content": "another text", "edited_at": at, "rev": 2}),
        ("reaction_added", bob.id, {"emoji": "👍", "reactions": [thumb], "rev": 3}),
        ("reaction_removed", bob.id, {"emoji": "👍", "reactions": [], "rev": 4}),
        ("pinned", ann.id, {"pinned_seq": 1}),
        ("unpinned", ann.id, {"pinned_seq": None}),
        ("deleted", ann.id, {"sender_id": ann.id, "rev": 5}),
    ]
    for peer in (a, b, e):
        events = peer.take("event")
        assert [(event["event"], event["actor_id"], event["data"]) for event in events] == expected
        assert {event["target_seq"] for event in events} == {1}
    e.send(type="sync", chat_id=chat_id, after_seq=0)
    [page] = e.take("page")
    tombstone = page["items"][0]
    assert (tombstone["content"], tombstone["deleted"], tombstone["rev"]) == (None, True, 5)
    assert [item["data"] for item in page["items"][1:4]] == [{}, {}, {}], "I4: a deleted target gives {}"


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("edit", {"content": SECRET}),
        ("react", {"emoji": "👍", "on": False}),
        ("pin", {"on": False}),
        ("delete", {}),
    ],
)
def test_i4_what_changes_nothing_is_acked_with_the_present_last_seq(kind: str, more: dict[str, Any]) -> None:
    world, _, (a, b, _), chat_id = begin()
    if kind == "delete":
        do(a, "delete", chat_id, 1)
    b.take()
    last_seq = world.hub.parts.rooms.place(chat_id)
    for dup in (False, True):
        ack = do(a, kind, chat_id, 1, cid="nothing", **more)
        assert (ack["type"], ack["seq"], ack["dup"]) == ("ack", last_seq, dup)
        assert ack["created_at"] == world.made_at(chat_id, last_seq)
        say(a, chat_id, f"{kind} {dup}")
        assert told(b) == [(last_seq + 1 + dup, "message")], "it took no seq"


@pytest.mark.parametrize("kind", ["edit", "delete", "react", "pin"])
def test_a_repetition_is_acked_as_the_first_time_and_told_to_nobody(kind: str) -> None:
    _, _, (a, b, _), chat_id = begin()
    more: dict[str, Any] = {"edit": {"content": "y"}, "react": {"emoji": "👍", "on": True}, "pin": {"on": True}}
    first = do(a, kind, chat_id, 1, cid="c", **more.get(kind, {}))
    assert len(told(b)) == 1
    again = do(a, kind, chat_id, 1, cid="c", **more.get(kind, {}))
    assert again == {**first, "dup": True}
    assert told(b) == []
    assert code(do(a, "delete" if kind == "pin" else "pin", chat_id, 1, cid="c", on=True)) == "cid_conflict"


def test_an_emoji_is_kept_fully_qualified_whatever_was_typed() -> None:
    _, _, (a, b, _), chat_id = begin()
    do(a, "react", chat_id, 1, cid="c", emoji="❤", on=True)
    assert [event["data"]["emoji"] for event in b.take("event")] == ["❤️"]
    assert do(a, "react", chat_id, 1, cid="c", emoji="❤️", on=True)["dup"], "the digest is of what is kept"
    assert do(b, "react", chat_id, 1, emoji="❤️", on=True)["type"] == "ack"
    assert [event["data"]["reactions"][0]["count"] for event in b.take("event")] == [2]


# --- what is refused ---


def test_what_is_refused() -> None:
    world, _, (a, b, _), chat_id = begin()
    say(b, chat_id, "two")
    assert code(do(b, "edit", chat_id, 1, content="y")) == "forbidden"
    assert code(do(b, "delete", chat_id, 1)) == "forbidden"
    assert code(do(b, "pin", chat_id, 1, on=True)) == "forbidden"
    assert code(do(a, "edit", chat_id, 1, content=" ")) == "empty_content"
    assert code(do(a, "edit", chat_id, 1, content="x" * 4001)) == "content_too_long"
    assert code(do(a, "react", chat_id, 1, emoji="ab", on=True)) == "emoji_invalid"
    for seq, target_at in ((3, "2026-01-01T00:00:00Z"), (1, "2026-01-01T00:00:01Z"), (1, "2026-01-01T00:00:00")):
        answer = do(a, "edit", chat_id, seq, content="y", target_at=target_at)
        assert (code(answer), answer["field"], answer["retryable"]) == ("bad_seq", "seq", False)
    do(a, "delete", chat_id, 2)  # of somebody else: an admin may
    assert code(do(b, "edit", chat_id, 2, content="y")) == "message_deleted"
    assert code(do(b, "react", chat_id, 2, emoji="👍", on=True)) == "message_deleted"
    assert code(do(a, "pin", chat_id, 2, on=True)) == "message_deleted"
    assert code(do(a, "delete", chat_id, 3)) == "bad_seq", "that is no message"
    assert a.closed is b.closed is None, "none of it is a violation"
    assert world.hub.parts.rooms.place(chat_id) == 3


@pytest.mark.parametrize("kind", ["edit", "delete", "react", "pin"])
def test_b25_strange_and_unknown_chats_answer_alike(kind: str) -> None:
    world, _, _, chat_id = begin()
    tom = world.person("tom").connect()
    more = {"content": "y", "emoji": "👍", "on": True}
    known, unknown = [do(tom, kind, number, 1, cid="c", **more) for number in (chat_id, 999)]
    assert known == {**unknown, "chat_id": chat_id}
    assert code(known) == "not_member"


def test_b26_an_emoji_of_5_kib_is_a_bad_frame() -> None:
    _, _, (a, _, _), chat_id = begin()
    answers = [do(a, "react", chat_id, 1, emoji="👍" * times, on=True) for times in (1280, 17)]
    assert [(code(answer), answer["field"]) for answer in answers] == [("bad_frame", "emoji")] * 2
    assert (
        a.closed is None and code(do(a, "react", chat_id, 1, emoji="x" * MAX_EMOJI_BYTES, on=True)) == "emoji_invalid"
    )
    assert code(do(a, "react", chat_id, 1, emoji="é" * (MAX_EMOJI_BYTES // 2 + 1), on=True)) == "bad_frame"
    assert a.closed is not None and a.closed[0] == 4400, "three violations"


EMOJI = [
    "😀",
    "😃",
    "😄",
    "😁",
    "😆",
    "😅",
    "🤣",
    "😂",
    "🙂",
    "🙃",
    "😉",
    "😊",
    "😇",
    "🥰",
    "😍",
    "🤩",
    "😘",
    "😗",
    "😚",
    "😙",
    "🥲",
]


def test_b26_10_000_reactions_end_at_the_caps() -> None:
    world, people, peers, chat_id = begin()
    for number in range(5):
        people.append(world.person(f"p{number}"))
        world.request(
            AppendChange(
                chat_id, people[0].id, "add", (people[-1].id,), "all", None, None, None, f"add-{number}", world.now
            )
        )
        peers.append(people[-1].connect())
    codes: dict[str, int] = {}
    for number in range(10_000 // len(peers)):
        for place, peer in enumerate(peers):
            answer = do(peer, "react", chat_id, 1, cid=f"r{number}", emoji=EMOJI[(number + 3 * place) % 21], on=True)
            codes[answer.get("code", "ack")] = codes.get(answer.get("code", "ack"), 0) + 1
            peer.frames.clear()
    assert set(codes) == {"ack", "too_many"}
    found = world.store.rooms[chat_id].log
    added = [item for item in found if isinstance(item, Event) and item.event == "reaction_added"]
    assert len({item.data["emoji"] for item in added}) == MAX_EMOJI
    assert all(sum(item.actor_id == person.id for item in added) <= MAX_OWN_EMOJI for person in people)


def test_a_chat_has_so_many_pins_and_no_more() -> None:
    _, _, (a, _, _), chat_id = begin()
    for number in range(2, MAX_PINS + 2):
        say(a, chat_id, str(number))
    for seq in range(1, MAX_PINS + 1):
        assert do(a, "pin", chat_id, seq, on=True)["type"] == "ack"
    assert code(do(a, "pin", chat_id, MAX_PINS + 1, on=True)) == "too_many"


# --- as every command ---


def test_a_slow_reader_of_changes_gets_one_lag() -> None:
    _, _, (a, b, _), chat_id = begin(limits=Limits(queue_items=8))
    b.reading = False
    for number in range(20):
        do(a, "react", chat_id, 1, emoji="👍", on=number % 2 == 0)
    b.read_all()
    [lag] = b.take("lag")
    assert lag["chat_id"] == chat_id
    after_seq, more = 1, True
    while more:
        b.send(type="sync", chat_id=chat_id, after_seq=after_seq)
        [page] = b.take("page")
        after_seq, more = page["to_seq"], page["more"]
    assert after_seq == 21
    do(a, "pin", chat_id, 1, on=True)
    assert (22, "pinned") in told(b)


@pytest.mark.parametrize("kind", ["edit", "delete", "react", "pin"])
def test_changes_cost_and_wait_like_messages(kind: str) -> None:
    world, people, _, chat_id = begin(Knobs(rate=1, burst=3))
    world.sleep(30)
    a = people[0].connect(lifetime=20)  # the hello costs too
    more = {"content": "y", "emoji": "👍", "on": True}
    for number in range(2):
        do(a, kind, chat_id, 1, cid=f"c{number}", **more)
    assert world.hub.read_delay(a.id, 0, world.moment) == 0
    world.hold = {AppendBatch}
    for number in range(2, 4):
        frame = {"chat_id": chat_id, "cid": f"c{number}", "seq": 1, "target_at": "2026-01-01T00:00:00Z"}
        a.send(type=kind, **frame, **more)
    assert a.session.admission.in_flight == 2
    assert (world.hub.read_delay(a.id, 0, world.moment) or 0) > 0, "over the bucket"
    world.hold = set()
    world.release()
    world.sleep(21)
    a.take()
    a.send(type=kind, chat_id=chat_id, cid="held", seq=1, target_at="2026-01-01T00:00:00Z", **more)
    assert a.take("ack") == [], "held while the token is expired"
    a.send(type="auth", token=people[0].token())
    assert [ack["cid"] for ack in a.take("ack")] == ["held"]


def test_each_change_has_its_own_word_in_the_first_contract() -> None:
    world, (ann, bob, _), (a, _, _), chat_id = begin()
    j = bob.join(chat_id)
    do(a, "edit", chat_id, 1, content="y")
    do(a, "react", chat_id, 1, emoji="👍", on=True)
    do(a, "react", chat_id, 1, emoji="👍", on=False)
    do(a, "pin", chat_id, 1, on=True)
    do(a, "delete", chat_id, 1)
    frames = [frame for frame in j.take("system") if "seq" in frame]
    assert [frame["event"] for frame in frames] == ["edited", "reaction_added", "reaction_removed", "pinned", "deleted"]
    assert frames[0]["data"] == {"content": "y", "edited_at": world.made_at(chat_id, 2), "rev": 2}
    assert frames[-1]["data"] == {"sender_id": ann.id, "rev": 5, "pinned_seq": None}
    j.send(type="edit", chat_id=chat_id, cid="c", seq=1, target_at="2026-01-01T00:00:00Z", content="z")
    assert [frame["code"] for frame in j.take("system") if frame["event"] == "error"] == ["unknown_type"]


def test_a_bug_in_a_change_costs_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, (a, b, _), chat_id = begin()

    def broken(*_arguments: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(b.world.hub.parts.appends, "change", broken)
        a.send(type="edit", chat_id=chat_id, cid="c", seq=1, target_at="2026-01-01T00:00:00Z", content="y")
    assert a.closed == (1011, "internal")
    assert do(b, "react", chat_id, 1, emoji="👍", on=True)["type"] == "ack"


def test_an_unchanged_command_below_a_known_head_tells_of_a_replaced_log() -> None:
    world, _, (a, b, _), chat_id = begin()
    say(a, chat_id, "two")
    world.hear(Hint("model", HeadMoved(chat_id, 2)))
    world.hold = {AppendBatch}
    a.send(type="pin", chat_id=chat_id, cid="c", seq=1, target_at="2026-01-01T00:00:00Z", on=False)
    world.hold = set()
    world.release(BatchAppended((Appended(chat_id, (), False, 1, unchanged=(1, START)),)))
    assert a.closed == b.closed == (1012, "the log was replaced")


def test_what_is_fetched_names_people_with_their_presence() -> None:
    world, (ann, bob, _), (a, b, _), chat_id = begin()
    say(b, chat_id, "two")
    do(a, "pin", chat_id, 1, on=True)
    do(a, "pin", chat_id, 2, on=True)
    b.leave()
    world.sleep(31)
    found = world.request(FetchPins(ann.id, chat_id))
    assert isinstance(found, PinsFound)
    assert [message.seq for message in found.messages] == [1, 2]
    assert {user.id: user.online for user in found.users} == {ann.id: True, bob.id: False}
    assert world.request(FetchPins(99, chat_id)) == Refused("not_found")
    around = world.request(FetchAround(ann.id, chat_id, 2, None, 10))
    assert isinstance(around, AroundFound) and (around.seq, around.has_before) == (2, False)
    assert {user.id: user.online for user in around.page.users} == {ann.id: True, bob.id: False}
    world.request(Mark(bob.id, chat_id, None, 1, world.now))
    readers = world.request(FetchReaders(ann.id, chat_id, 1))
    assert isinstance(readers, ReadersFound)
    assert [(user.id, user.online) for user in readers.users] == [(bob.id, False)]
