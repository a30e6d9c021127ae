"""When the world of a simulation is at rest, and what is noticed where it does not come to rest."""

import pytest

from chatproto.client.session_outputs import Row
from chatproto.simulation.trace import Violation
from chatproto.transitions import ClientState
from tests.simulation.settled import Act, Settled


def test_only_the_life_that_was_signed_out_signs_in_again() -> None:
    w = Settled()
    before = w.ann.session.state
    w.ann._log_in_again(w.ann.life - 1)
    w.ann._log_in_again(w.ann.life)
    assert w.ann.session.state is before is ClientState.LIVE


def sleeps(w: Settled) -> None:
    w.ann.asleep_until = w.world.scheduler.now + 1


def deceived(w: Settled) -> None:
    assert w.ann.link is not None
    w.ann.link.silent = True


def not_live(w: Settled) -> None:
    w.ann.session._connector.state = ClientState.BACKOFF


def unsent(w: Settled) -> None:
    w.ann.session.outbox.put(Row(cid="mine", chat_id=1, content="x"))


def shows_too_little(w: Settled) -> None:
    w.ann.shown[1] = 1


@pytest.mark.parametrize(
    ("act", "code"), [(sleeps, "L1"), (deceived, "L1"), (not_live, "L1"), (unsent, "L3"), (shows_too_little, "L2")]
)
def test_what_is_not_at_rest_is_told(act: Act, code: str) -> None:
    world = Settled()
    assert world.checkers.unsettled() is None
    act(world)
    why = world.checkers.unsettled()
    assert why is not None
    assert why.startswith(f"{code}: ")


def test_who_was_removed_need_not_show_what_came_and_went_since() -> None:
    world = Settled()
    event = world.remove(world.bob.user_id)
    world.ann.shown[1] = world.bob.shown[1] = event.seq
    assert world.checkers.unsettled() is None
    world.room.members[world.bob.user_id].left_seq = event.seq + 2
    assert world.checkers.unsettled() is None


def test_a_world_that_does_not_stay_at_rest_is_noticed() -> None:
    world = Settled().world
    world.network.cut(world.network.links[0])
    with pytest.raises(Violation, match="L4: somebody connected again without a reason"):
        world._stay()


def test_a_world_that_is_disturbed_at_rest_is_noticed() -> None:
    world = Settled().world
    world.scheduler.after(59_000, setattr, world.devices[0], "asleep_until", 10**9)
    with pytest.raises(Violation, match="L4: L1"):
        world._stay()


def test_who_is_out_after_a_restore_has_the_time_to_come_back() -> None:
    for until, comes_back in ((70_000, True), (10**9, False)):
        world = Settled().world
        world.checkers.restored = True
        world.scheduler.after(59_000, setattr, world.devices[0], "asleep_until", world.scheduler.now + until)
        if comes_back:
            world._stay()
            continue
        with pytest.raises(Violation, match="L4: L1"):
            world._stay()
