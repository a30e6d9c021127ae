"""What a send says besides its text."""

from hashlib import sha256

from chatproto.operations import (
    AppendBatch,
    AppendMessage,
    EditMessage,
    ForwardSource,
    composing,
)
from chatproto.wire.limits import Limits
from chatproto.wire.markup import NOBODY
from tests.scenarios.changing import AT, begin, do, say
from tests.scenarios.hub_world import START


def test_a_send_has_content_or_is_forwarded() -> None:
    _, _, (a, _, _), chat_id = begin()
    for more in ({}, {"content": None}, {"content": "x", "forward": {"chat_id": 1, "seq": 1, "target_at": AT}}):
        if a.closed:
            a = a.world.people("zed")[0].connect()
        a.send(type="send", chat_id=chat_id, cid="c", **more)
        [error] = a.take("error")
        assert (error["code"], error["field"], error["ref"], error["chat_id"]) == ("bad_frame", "content", "c", chat_id)


def test_what_a_text_names_goes_to_storage_with_it() -> None:
    world, _, (a, _, _), chat_id = begin()
    say(a, chat_id, "@bob and @eve, `@ann` in code, @bob again")
    do(a, "edit", chat_id, 2, content="@all @nobody")
    say(a, chat_id, "nobody")
    a.send(type="send", chat_id=chat_id, cid="f", forward={"chat_id": chat_id, "seq": 1, "target_at": AT})
    named = []
    for operation in world.performed:
        if isinstance(operation, AppendBatch):
            for command in operation.commands:
                assert isinstance(command, AppendMessage | EditMessage)
                named.append((command.mentions.usernames, command.mentions.all))
    assert named == [((), False), (("bob", "eve"), False), (("nobody",), True), ((), False), ((), False)]
    last = operation.commands[0] if isinstance(operation, AppendBatch) else None
    assert isinstance(last, AppendMessage) and last.forward == ForwardSource(chat_id, 1, START)


def test_the_digest_of_a_forward_covers_its_source_and_that_of_others_stays() -> None:
    limits = Limits()
    source, other = ForwardSource(1, 2, START), ForwardSource(1, 3, START)
    one, same, another = [
        composing.forward(5, 1, "c", which, None, None, (), START).digest for which in (source, source, other)
    ]
    assert one == same != another
    sent = composing.send(5, 1, "c", "x", None, None, (), limits, START)
    assert sent.digest == sha256(b'["send",null,"x",null,null,null,[]]').digest(), "as every version so far made it"
    assert composing.forward(5, 1, "c", source, None, None, ("f" * 22,), START).refusal == "attachment_invalid"
    assert composing.send(5, 1, "c", "@bob" + "x" * 4000, None, None, (), limits, START).mentions == NOBODY
