"""What is told to connections of people who hide when they were last seen, or what they read (O29)."""

from chatproto.operations import (
    ChatFound,
    FindUsers,
    LoadChat,
    LoadSession,
    Mark,
    OperationFailed,
    SetBlock,
    Sweep,
    UpdateUser,
    UsersFound,
)
from chatproto.server.hints import HidingSet, Hint, Present, ProfileChanged
from chatproto.simulation.model_operations import perform
from tests.scenarios.hub_world import Person, World
from tests.scenarios.test_people import marks, presence, say
from tests.scenarios.test_presence_elsewhere import online, two

EPOCH = "model"


def hide(person: Person, *, last_seen: bool | None = None, reads: bool | None = None) -> UpdateUser:
    return UpdateUser(person.id, None, None, None, None, None, person.world.now, None, last_seen, reads)


def test_who_hides_when_they_were_last_seen_goes_unseen_and_sees_nobody() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    world.direct(ann, bob)
    world.direct(bob, eve)
    chat_id = world.group(ann, bob)
    a, b, joined = ann.connect(), bob.connect(), ann.join(chat_id)
    for peer in (a, b, joined):
        peer.take()
    world.request(hide(bob, last_seen=True))
    assert [(frame["user"]["id"], frame["user"]["hide_last_seen"]) for frame in b.take("user")] == [(bob.id, True)]
    assert a.take("user") == [], "others are not told what somebody hides"
    assert a.take("presence") == [{"type": "presence", "user_id": bob.id, "online": None}]
    assert [frame["state"] for frame in joined.take("status")] == ["offline"]
    found = world.request(FindUsers(ann.id, (bob.id,)))
    assert isinstance(found, UsersFound) and found.users[0].online is None
    e = eve.connect()
    b2 = bob.connect()
    assert presence(e) == presence(b) == presence(b2) == presence(a) == []
    b.leave()
    b2.leave()
    world.sleep(31)
    assert presence(a) == presence(e) == [] and joined.take("status") == []
    b = bob.connect()
    assert presence(a) == presence(b) == [] and joined.take("status") == []
    world.request(hide(bob, last_seen=False))
    assert presence(a) == [], "only what is read after the last news shows anything"
    world.sleep(1)
    assert presence(a) == presence(e) == [(bob.id, True)]
    assert presence(b) == [(ann.id, True), (eve.id, True)]
    assert [frame["state"] for frame in joined.take("status")] == ["online"]


def test_a_new_name_says_nothing_of_presence_to_or_of_whoever_hides_it() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    world.group(ann, bob, eve)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    world.request(hide(bob, last_seen=True))
    for person, peers, told in ((ann, (b, e), [None, True]), (bob, (a, e), [None, None])):
        for peer in (a, b, e):
            peer.take()
        world.request(UpdateUser(person.id, "New", None, None, None, frozenset({"new"}), world.now))
        assert [peer.take("user")[0]["user"]["online"] for peer in peers] == told


def test_a_new_name_of_somebody_who_is_not_here_says_nothing_of_their_presence() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    here.group(ann, bob)
    a = ann.connect()
    b = bob.connect(to=there)
    here.hear(*there.hints)
    there.hints.clear()
    there.request(hide(bob, last_seen=True))
    there.request(UpdateUser(bob.id, "New", None, None, None, frozenset({"new"}), there.now))
    here.hear(*there.hints)
    assert [(frame["user"]["display_name"], frame["user"]["online"]) for frame in a.take("user")] == [("New", None)]
    b.leave()
    there.sleep(31)
    here.request(UpdateUser(bob.id, "Newer", None, None, None, frozenset({"newer"}), here.now))
    assert [frame["user"]["online"] for frame in a.take("user")] == [None]


def test_what_somebody_read_before_they_left_and_hid_it_is_forgotten() -> None:
    world = World()
    ann, bob, eve, dan = world.people("ann", "bob", "eve", "dan")
    chat_id = world.group(ann, bob, eve, dan)
    a, b, d = ann.connect(), bob.connect(), dan.connect()
    say(a, chat_id, 6)
    b.send(type="mark", chat_id=chat_id, read_seq=4)
    world.sleep(2)
    b.leave()
    world.sleep(31)
    world.request(hide(bob, reads=True))
    e = eve.connect()
    d.send(type="mark", chat_id=chat_id, read_seq=2)
    world.sleep(2)
    told = marks(e)
    assert told and all(read <= 2 for _, _, read in told)


def test_what_was_read_of_somebody_before_they_hid_it_is_not_told_after() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    ann.connect()
    bob.connect()
    world.hold = {LoadChat}
    request = world.hub.request(LoadChat(ann.id, chat_id, with_members=True), world.moment)
    world.pump()
    loaded = perform(world.store, world.held[0].operation)
    world.request(hide(bob, last_seen=True))
    world.release(loaded)
    chat = world.replies[request]
    assert isinstance(chat, ChatFound) and chat.chat.peer is not None and chat.chat.peer.online is None


def test_the_peer_of_a_direct_chat_is_told_what_was_received_alone() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    chat_id = world.direct(ann, bob)
    a, b, b2 = ann.connect(), bob.connect(), bob.connect()
    say(a, chat_id, 3)
    world.request(hide(bob, reads=True))
    for peer in (a, b, b2):
        peer.take()
    b.send(type="mark", chat_id=chat_id, delivered_seq=2)
    assert marks(a) == [(bob.id, 2, 0)]
    world.sleep(1)
    b.send(type="mark", chat_id=chat_id, read_seq=2)
    assert marks(a) == [], "that something was read is nothing to be told"
    assert marks(b)[-1] == marks(b2)[-1] == (bob.id, 2, 2)
    say(b, chat_id, 1, start=3)
    marks(b)
    a.send(type="mark", chat_id=chat_id, delivered_seq=4)
    assert marks(b) == [(ann.id, 4, 0)]
    world.sleep(1)
    a.send(type="mark", chat_id=chat_id, read_seq=4)
    assert marks(b) == []
    assert marks(a)[-1] == (ann.id, 4, 4)
    world.request(hide(bob, reads=False))
    world.sleep(1)
    b.send(type="mark", chat_id=chat_id, read_seq=4)
    assert marks(a) == [(bob.id, 4, 4)]


def test_in_a_group_their_marks_count_as_received() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id = world.group(ann, bob, eve)
    a, b, e = ann.connect(), bob.connect(), eve.connect()
    say(a, chat_id, 3)
    world.request(hide(bob, reads=True))
    for peer in (a, b, e):
        peer.take()
    world.request(Mark(bob.id, chat_id, None, 3, world.now))
    world.sleep(1)
    assert marks(a) == [(bob.id, 3, 0)] and marks(b) == [(bob.id, 3, 3)] and marks(e) == [(bob.id, 3, 0)]
    world.request(Mark(eve.id, chat_id, None, 2, world.now))
    world.sleep(1)
    assert marks(a) == [(eve.id, 2, 2)]
    assert marks(b) == [(eve.id, 2, 0)], "others have received it, that is all"
    world.request(Mark(bob.id, chat_id, None, 3, world.now))
    world.sleep(1)
    assert marks(a) == []


def test_a_mark_that_waits_to_be_told_is_forgotten_when_it_is_hidden() -> None:
    world = World()
    ann, bob, eve = world.people("ann", "bob", "eve")
    chat_id, other = world.group(ann, bob, eve), world.group(ann, eve)
    a = ann.connect()
    say(a, chat_id, 3)
    say(a, other, 1, start=3)
    world.request(Mark(eve.id, other, None, 1, world.now))
    world.request(Mark(eve.id, chat_id, None, 1, world.now))
    world.request(Mark(bob.id, chat_id, None, 3, world.now))
    bob.connect()
    a.take()
    world.request(hide(bob, reads=True))
    world.sleep(1)
    assert sorted(marks(a)) == [(bob.id, 3, 0), (eve.id, 1, 1), (eve.id, 1, 1)]


def two_processes() -> tuple[World, World]:
    here = World()
    return here, World(store=here.store)


def test_other_processes_are_told() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    chat_id = here.direct(ann, bob)
    a, b = ann.connect(to=there), bob.connect(to=there)
    here_too = ann.connect()
    say(here_too, chat_id, 2)
    there.hear(*here.hints)
    here.hints.clear()
    for peer in (a, b):
        peer.take()
    here.request(hide(bob, last_seen=True, reads=True))
    assert here.hints == [Hint(EPOCH, ProfileChanged(bob.id, ())), Hint(EPOCH, HidingSet(bob.id, True, True))]
    there.hear(*here.hints)
    [told] = b.take("user")
    assert (told["user"]["hide_last_seen"], told["user"]["hide_reads"]) == (True, True), "to themselves"
    assert a.take("user") == []
    assert a.take("presence") == [{"type": "presence", "user_id": bob.id, "online": None}]
    here.hints.clear()
    here.request(Mark(bob.id, chat_id, 2, None, here.now))
    here.request(Mark(bob.id, chat_id, None, 2, here.now))
    there.hear(*here.hints)
    assert marks(a) == [(bob.id, 2, 0)]
    assert [frame["read_seq"] for frame in b.take("marks")] == [0, 2]
    there.hear(Hint(EPOCH, HidingSet(bob.id, False, False)))
    there.sleep(1)
    assert a.take("presence") == [], "a hint that came late is not believed"
    here.request(hide(bob, last_seen=False, reads=False))
    there.hear(Hint(EPOCH, HidingSet(bob.id, False, False)))
    there.sleep(1)
    assert presence(a) == [(bob.id, True)]
    strangers = Hint(EPOCH, HidingSet(10_000, True, True))
    there.hear(strangers)
    assert there.hub.parts.hiding.last_seen == there.hub.parts.hiding.reads == set()


def test_the_sweep_finds_what_no_hint_brought() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    here.direct(ann, bob)
    a, b = ann.connect(to=there), bob.connect(to=there)
    presence(a)
    here.request(hide(bob, last_seen=True, reads=True))
    there.sleep(1)
    assert a.take("presence") == [{"type": "presence", "user_id": bob.id, "online": None}]
    assert there.hub.parts.hiding.reads == {bob.id}
    here.request(hide(bob, last_seen=False, reads=False))
    there.sleep(1)
    assert presence(a) == [(bob.id, True)] and there.hub.parts.hiding.reads == set()
    b.leave()
    perform(there.store, hide(bob, last_seen=True))
    there.hear(Hint(EPOCH, HidingSet(bob.id, True, False)))
    assert presence(a) == [(bob.id, None)], "while they are away and still shown to be here, too"
    there.sleep(31)
    assert presence(a) == [] and there.hub.parts.hiding.last_seen == {bob.id}
    a.leave()
    there.sleep(31)
    assert there.hub.parts.hiding.last_seen == set(), "nobody here is told of them any more"


def test_a_sweep_that_began_before_the_news_is_not_believed() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    world.direct(ann, bob)
    a, _ = ann.connect(), bob.connect()
    presence(a)
    world.hold = {Sweep}
    world.sleep(1)
    swept = perform(world.store, world.held[0].operation)
    world.request(hide(bob, last_seen=True))
    assert presence(a) == [(bob.id, None)]
    world.release(swept)
    assert presence(a) == []
    world.hold = set()
    world.sleep(2)
    assert presence(a) == [] and world.hub.parts.hiding.last_seen == {bob.id}


def test_a_connection_may_bring_the_news() -> None:
    here, there = two_processes()
    ann, bob = here.people("ann", "bob")
    here.direct(ann, bob)
    a, _ = ann.connect(to=there), bob.connect(to=there)
    presence(a)
    here.request(hide(bob, last_seen=True))
    bob.connect(to=there)
    assert presence(a) == [(bob.id, None)]


def test_a_connection_that_was_loaded_before_shows_nothing_again() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    world.direct(ann, bob)
    a = ann.connect()
    world.hold = {LoadSession}
    bob.connect()
    loaded = perform(world.store, world.held[0].operation)
    world.request(hide(bob, last_seen=True))
    assert presence(a) == [(bob.id, None)], "what was known of them is void, whether they are here or not"
    world.release(loaded)
    assert presence(a) == []
    world.sleep(2)
    assert presence(a) == []


def test_nothing_is_kept_of_connections_that_failed_to_begin() -> None:
    world = World()
    (bob,) = world.people("bob")
    world.hold = {LoadSession}
    b = bob.connect()
    world.request(hide(bob, last_seen=True))
    assert world.hub.parts.hiding.last_seen == {bob.id}
    world.release(OperationFailed(retryable=True))
    assert b.closed is not None
    assert world.hub.parts.hiding.last_seen == set() and not world.hub.parts.hiding.unsure


def test_a_connection_that_is_still_loaded_is_told_nothing() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    world.direct(ann, bob)
    a = ann.connect()
    world.hold = {LoadSession}
    first = bob.connect()
    for told in ([(bob.id, None)], [(bob.id, None), (bob.id, True)]):
        world.request(hide(bob, last_seen=True))
        world.request(hide(bob, last_seen=False))
        world.sleep(1)
        assert presence(a) == told and world.hub.parts.hiding.last_seen == set()
        if len(told) == 1:
            world.release()
            assert presence(first) == [(ann.id, True)] and presence(a) == [(bob.id, True)]
            second = bob.connect()
    assert presence(first) == [(ann.id, True)] and second.take() == []


def test_who_is_at_another_process_hides_it_there_too() -> None:
    both, here, there, ann, bob = two()
    a, b = ann.connect(), bob.connect(to=there)
    both.sleep(1)
    assert presence(a) == [(bob.id, True)]
    here.request(hide(bob, last_seen=True))
    both.carry()
    assert presence(a) == [(bob.id, None)] and online(here, ann, bob) is None
    both.sleep(90)
    b.leave()
    both.sleep(40)
    b = bob.connect(to=there)
    both.sleep(30)
    assert presence(a) == [], "nothing is told of them for as long as that"
    there.request(hide(bob, last_seen=False))
    both.sleep(3)
    assert presence(a)[-1] == (bob.id, True) and online(here, ann, bob) is True
    assert presence(b)[-1] == (ann.id, True)


def test_a_hint_that_was_lost_is_made_up_for() -> None:
    both, here, there, ann, bob = two()
    a, _ = ann.connect(), bob.connect(to=there)
    both.sleep(1)
    assert presence(a) == [(bob.id, True)]
    both.deaf = {here}
    there.request(hide(bob, last_seen=True))
    both.carry()
    both.deaf = set()
    assert presence(a) == []
    both.sleep(25)
    assert presence(a) == [(bob.id, None)]
    here.hear(Hint(EPOCH, Present("process 1", (bob.id,))))
    assert presence(a) == [], "it was on its way for long"
    both.sleep(70)
    assert presence(a) == []


def test_who_begins_to_hide_before_they_are_anywhere() -> None:
    both, _, there, ann, bob = two()
    a = ann.connect()
    perform(there.store, hide(bob, last_seen=True))
    b = bob.connect(to=there)
    both.sleep(40)
    assert set(presence(a)) <= {(bob.id, None)} and presence(b) == []
    b.leave()
    both.sleep(40)
    assert presence(a) == []


def test_a_block_that_is_lifted_shows_nobody_who_hides() -> None:
    world = World()
    ann, bob = world.people("ann", "bob")
    world.direct(ann, bob)
    a, _ = ann.connect(), bob.connect()
    world.request(SetBlock(bob.id, ann.id, True, world.now))
    world.request(hide(bob, last_seen=True))
    presence(a)
    world.request(SetBlock(bob.id, ann.id, False, world.now))
    assert presence(a) == []
