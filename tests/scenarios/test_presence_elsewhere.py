"""Who is online is the same on all processes of one database (docs/protocol.md section 4, `presence`)."""

from datetime import timedelta
from functools import partial

from chatproto.operations import FindUsers, SaveLastSeen, SetBlock, UsersFound
from chatproto.server import elsewhere
from chatproto.server.hints import Absent, Hint, News, Present
from chatproto.server.hub import Hub
from chatproto.server.knobs import Knobs
from chatproto.server.whereabouts import AT_ONCE
from tests.scenarios.hub_world import Peer, Person, World

EPOCH = "model"
SILENCE, EXPIRY, AWAY = Knobs().process_silence, Knobs().presence_expiry, Knobs().offline_after


class Processes:
    """Several on one database. What they publish is carried by `carry` and by `sleep`; to `deaf` ones it is not."""

    def __init__(self, count: int) -> None:
        first = World(make_hub=partial(Hub, process="process 0"))
        more = [World(store=first.store, make_hub=partial(Hub, process=f"process {n}")) for n in range(1, count)]
        self.worlds = [first, *more]
        self.deaf: set[World] = set()
        self.dead: set[World] = set()

    def carry(self) -> None:
        for world in self.worlds:
            hints, world.hints = world.hints, []
            for other in self.worlds:
                if other is not world and not {other, world} & (self.deaf | self.dead):
                    other.hear(*hints)

    def sleep(self, seconds: float) -> None:
        for step in range(int(seconds * 2)):
            for world in self.worlds:
                if world not in self.dead:
                    world.sleep(0.5)
                    for peer in list(world.peers.values()) if step % 40 == 0 else ():
                        peer.send(type="ping")
            self.carry()


def presence(peer: Peer) -> list[tuple[int, bool]]:
    return [(frame["user_id"], frame["online"]) for frame in peer.take("presence")]


def two() -> tuple[Processes, World, World, Person, Person]:
    """And two people with a direct chat."""
    both = Processes(2)
    here, there = both.worlds
    ann, bob = here.people("ann", "bob")
    here.direct(ann, bob)
    both.carry()
    return both, here, there, ann, bob


def online(world: World, viewer: Person, seen: Person) -> bool | None:
    found = world.request(FindUsers(viewer.id, (seen.id,)))
    assert isinstance(found, UsersFound)
    return found.users[0].online


def test_people_at_two_processes_see_each_other_come_and_go() -> None:
    both, here, there, ann, bob = two()
    a = ann.connect()
    both.carry()
    assert online(here, ann, bob) is False
    b = bob.connect(to=there)
    both.carry()
    assert presence(a) == [(bob.id, True)] == [(bob.id, online(here, ann, bob))]
    both.sleep(0.5)
    assert presence(b) == [(ann.id, True)] == [(ann.id, online(there, bob, ann))]
    later = ann.connect()
    assert presence(later) == [(bob.id, True)] and presence(b) == []
    both.sleep(100)
    assert presence(a) == presence(b) == [], "what is told over and over is told to nobody"
    left = there.now
    b.leave()
    both.sleep(AWAY - 1)
    assert presence(a) == [] and online(here, ann, bob)
    both.sleep(2)
    [gone] = a.take("presence")
    assert (gone["user_id"], gone["online"]) == (bob.id, False)
    assert gone["last_seen_at"][:19] == left.isoformat()[:19]
    assert online(here, ann, bob) is False


def test_each_of_several_who_know_somebody_is_told_but_for_old_clients() -> None:
    both, here, there, ann, bob = two()
    eve, old = here.people("eve", "old")
    here.direct(eve, bob)
    legacy = old.join(here.direct(old, bob))
    a, e = ann.connect(), eve.connect()
    both.carry()
    bob.connect(to=there)
    both.carry()
    assert presence(a) == presence(e) == [(bob.id, True)] and legacy.frames == []
    e.leave()
    both.sleep(AWAY + 2)
    there.peers.popitem()[1].leave()
    both.sleep(AWAY + 2)
    assert presence(a) == [(bob.id, False)]


def test_who_is_at_two_processes_is_gone_when_the_last_connection_ended() -> None:
    both, here, there, ann, bob = two()
    a, first, second = ann.connect(), bob.connect(), bob.connect(to=there)
    both.carry()
    assert presence(a) == [(bob.id, True)]
    first.leave()
    both.sleep(AWAY + 5)
    assert presence(a) == [] and online(here, ann, bob)
    third = bob.connect()
    second.leave()
    both.sleep(AWAY + 5)
    assert presence(a) == [] and online(here, ann, bob)
    third.leave()
    both.sleep(AWAY + 5)
    assert presence(a) == [(bob.id, False)]


def test_people_of_a_process_that_was_killed_are_gone_unless_they_came_back_elsewhere() -> None:
    three = Processes(3)
    here, there, third = three.worlds
    ann, bob, eve = here.people("ann", "bob", "eve")
    here.direct(ann, bob)
    here.direct(ann, eve)
    a = ann.connect()
    bob.connect(to=there)
    eve.connect(to=there)
    three.sleep(5)
    assert sorted(presence(a)) == [(bob.id, True), (eve.id, True)]
    died = there.now
    three.dead.add(there)
    eve.connect(to=third)
    here.performed.clear()
    third.performed.clear()
    three.sleep(SILENCE - 2)
    assert presence(a) == []
    three.sleep(4)
    [gone] = a.take("presence")
    assert (gone["user_id"], gone["online"]) == (bob.id, False)
    [saved] = [operation for operation in here.performed if isinstance(operation, SaveLastSeen)]
    [(user_id, at)] = saved.seen
    assert user_id == bob.id and abs(at - died) <= timedelta(seconds=2)
    assert not any(isinstance(operation, SaveLastSeen) for operation in third.performed), "nobody there knows bob"


def test_where_nobody_is_connected_the_dead_are_forgotten_too() -> None:
    """Who comes hours later is not told that they are there, and nothing old is written over what is known since."""
    three = Processes(3)
    here, there, third = three.worlds
    ann, bob = here.people("ann", "bob")
    here.direct(ann, bob)
    bob.connect(to=there)
    three.sleep(2)
    three.dead.add(there)
    b = bob.connect(to=third)
    three.sleep(2 * SILENCE)
    b.leave()
    three.sleep(AWAY + 2)
    seen = here.store.accounts[bob.id].last_seen_at
    three.sleep(2 * SILENCE)
    a = ann.connect()
    three.sleep(2)
    assert presence(a) == [] and here.store.accounts[bob.id].last_seen_at == seen
    assert here.hub.next_timer() is not None
    a.leave()
    three.sleep(2 * SILENCE + AWAY)
    assert here.hub.next_timer() is None, "where there is nobody, nothing rings"


def test_hints_that_are_lost_are_made_up_for() -> None:
    both, here, there, ann, bob = two()
    a = ann.connect()
    both.deaf.add(here)
    b = bob.connect(to=there)
    both.sleep(5)
    both.deaf.clear()
    assert presence(a) == []
    both.sleep(2)
    assert presence(a) == [(bob.id, True)], "a process that nobody knew tells all, and is told all"
    assert presence(b) == [(ann.id, True)]
    eve = here.person("eve")
    here.direct(eve, bob)
    both.deaf.add(there)
    eve.connect()
    both.carry()
    both.deaf.clear()
    both.sleep(Knobs().presence_rounds + 1)
    assert presence(b) == [(eve.id, True)] and online(there, bob, eve), "in her turn she is told of again"
    bob.connect(to=there)
    both.deaf.add(here)
    b.leave()
    for peer in list(there.peers.values()):
        peer.leave()
    both.sleep(1)
    for _ in range(int(EXPIRY)):
        here.sleep(1)
        here.hear(Hint(EPOCH, Present("process 1", ())))
    assert presence(a) == [(bob.id, False)], "the process lives, and does not tell of bob any more"


def test_a_direct_chat_that_began_at_another_process_makes_peers() -> None:
    both = Processes(2)
    here, there = both.worlds
    ann, bob = here.people("ann", "bob")
    a, b = ann.connect(), bob.connect(to=there)
    here.direct(ann, bob)
    both.carry()
    [listed] = b.take("chat")
    assert listed["chat"]["peer"]["online"] is True
    both.sleep(1)
    a.leave()
    both.sleep(AWAY + 2)
    assert presence(b) == [(ann.id, False)]


def test_a_process_that_stops_in_order_lets_its_people_come_back_unnoticed() -> None:
    both, here, there, ann, bob = two()
    a = ann.connect()
    bob.connect(to=there)
    both.sleep(2)
    assert presence(a) == [(bob.id, True)]
    there.hub.drain(lambda: 0, "restart", there.moment)
    there.pump()
    both.sleep(5)
    bob.connect(to=here)
    both.dead.add(there)
    both.sleep(SILENCE + 5)
    assert presence(a) == []


def test_a_new_process_is_told_of_everybody_at_once_and_in_parts() -> None:
    both, here, there, ann, bob = two()
    ann.connect()
    here.hub.parts.presence.peers.update({number: set() for number in range(10_000, 10_000 + 2 * AT_ONCE)})
    bob.connect(to=there)
    both.carry()
    here.sleep(0.1)
    told = [hint.news for hint in here.hints if isinstance(hint.news, Present)]
    assert [len(news.user_ids) for news in told] == [AT_ONCE, AT_ONCE, 1]
    here.hints.clear()
    here.sleep(1.1)
    [part] = [hint.news for hint in here.hints if isinstance(hint.news, Present)]
    assert len(part.user_ids) == (2 * AT_ONCE + 1) // Knobs().presence_rounds


def test_what_is_nobodys_is_passed_over() -> None:
    _, here, _, ann, bob = two()
    a = ann.connect()
    odd: list[News] = [
        Present("process 0", (bob.id,)), Absent("process 0", bob.id, here.now), Absent("nobody", bob.id, here.now),
        Present("p", (ann.id,)), Absent("p", ann.id, here.now), Absent("p", bob.id, here.now), Present("p", (99999,)),
    ]  # fmt: skip
    here.hear(*[Hint(EPOCH, news) for news in odd])
    assert presence(a) == []
    alone = World(store=here.store)
    ann.connect(to=alone)
    alone.hear(Hint(EPOCH, Present("p", (bob.id,))))
    alone.sleep(5)
    assert alone.hints == [] and online(alone, ann, bob) is False, "who has no name has no others"


def test_more_than_can_be_kept_is_left_out() -> None:
    known = elsewhere.Elsewhere(Knobs())
    most = elsewhere.MOST_USERS
    assert len(known.present("p", tuple(range(most)), 0.0)) == most
    assert known.present("p", (1, most), 1.0) == [] and most not in known and 1 in known
    for number in range(elsewhere.MOST_PROCESSES):
        known.present(f"p{number}", (), 1.0)
    assert known.knows("p0") and not known.knows(f"p{elsewhere.MOST_PROCESSES - 1}")


def test_a_process_tells_nothing_to_who_was_blocked() -> None:
    both, here, there, ann, bob = two()
    here.request(SetBlock(bob.id, ann.id, True, here.now))
    a, b = ann.connect(), bob.connect(to=there)
    both.sleep(2)
    assert presence(a) == [] and presence(b) == [(ann.id, True)]


def test_a_process_that_died_while_nobody_was_here_has_nobody_online_for_whoever_comes() -> None:
    both, here, there, ann, bob = two()
    ann.connect().leave()
    both.sleep(AWAY + 5)
    bob.connect(to=there)
    both.carry()
    assert online(here, ann, bob)
    both.dead.add(there)
    both.sleep(SILENCE + 5)
    assert online(here, ann, bob) is False
    assert presence(ann.connect()) == []
