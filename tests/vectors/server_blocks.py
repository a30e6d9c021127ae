"""Blocks between people (docs/protocol.md section 2, Blocks)."""

from chatproto.operations import BlockSet, SetBlock
from chatproto.server.hints import Hint
from chatproto.simulation.model_operations import perform
from tests.vectors.server_recorder import RecordedWorld
from tests.vectors.server_scenarios import codes, first, say, server, two


@server("A block: the blocker's connections are told, the other one sees them go, and neither writes any more")
def blocked(world: RecordedWorld) -> None:
    ann, bob, chat_id = two(world)
    a, b = ann.connect(), bob.connect()
    world.request(SetBlock(ann.id, bob.id, True, world.now))
    assert first(a, "block")["user_id"] == bob.id
    assert [frame["online"] for frame in b.take("presence")] == [True, False]
    for peer in (a, b):
        say(peer, chat_id, "refused")
        assert codes(peer) == ["forbidden"]
    a.send(type="typing", chat_id=chat_id, on=True)
    b.send(type="typing", chat_id=chat_id, on=True)
    assert a.take("typing") == b.take("typing") == []
    assert first(ann.connect(), "ready")["blocked"] == [bob.id]
    world.request(SetBlock(ann.id, bob.id, False, world.now))
    assert first(b, "presence")["online"] is True
    say(b, chat_id, "again")
    assert first(b, "ack")["seq"] == 1


@server("A block that another process stored comes as a hint, or by the sweep")
def blocked_elsewhere(world: RecordedWorld) -> None:
    ann, bob, _ = two(world)
    a, b = ann.connect(), bob.connect()
    perform(world.store, SetBlock(ann.id, bob.id, True, world.now))
    world.hear(Hint("model", BlockSet(ann.id, bob.id, on=True)))
    assert first(a, "block")["on"] is True
    b.take()
    perform(world.store, SetBlock(ann.id, bob.id, False, world.now))
    world.sleep(1.25)
    assert (first(a, "block")["on"], first(b, "presence")["online"]) == (False, True)
