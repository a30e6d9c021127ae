"""What is removed after its time, as clients hear of it (docs/protocol.md section 3)."""

import msgspec

from chatproto.wire.frames import Expired, Marks
from tests.vectors.client_catch_up import asked
from tests.vectors.recorder import Recorder
from tests.vectors.scenarios import come_back, go_live, scenario
from tests.vectors.server_frames import (
    ME,
    error,
    event,
    head,
    messages,
    page,
)


def expired(chat_id: int, first_seq: int) -> Expired:
    return Expired(chat_id=chat_id, first_seq=first_seq)


def own_marks(r: Recorder, **counts: int) -> None:
    marks = {"delivered_seq": 4, "read_seq": 0, "unread_count": 4, "mention_count": 0, "last_seq": 4} | counts
    r.receive(Marks(ref="mark-5", chat_id=5, user_id=ME, **marks))


@scenario("The beginning of a log is removed: what is held of it goes, what is told later about it is hidden")
def expired_beginning(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(*messages(5, 1, 3))
    r.receive(expired(5, 3))
    assert r.done("expire") == [{"do": "expire", "chat_id": 5, "first_seq": 3}]
    r.receive(event(5, 4, "edited", content="again", rev=2), expired(5, 3), expired(5, 2), expired(6, 2))
    assert (r.outputs[0]["item"], r.done("expire")) == ({"type": "event", **r.outputs[0]["item"]}, [])
    r.receive(msgspec.structs.replace(event(5, 5, "edited", content="again", rev=2), target_seq=2))
    hidden = {"type": "hidden", "chat_id": 5, "seq": 5, "created_at": "2026-01-01T00:05:00Z"}
    assert r.done("apply") == [{"do": "apply", "item": hidden}]


@scenario("A page that was read before the beginning of a log was removed brings nothing of it")
def expired_while_a_page_is_on_its_way(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 3))
    r.receive(expired(5, 3))
    r.receive(page("sync-1", 5, 0, messages(5, 1, 3)))
    assert [output["item"]["type"] for output in r.done("apply")] == ["hidden", "hidden", "message"]


@scenario("Where something unread was removed a mark is sent again, until it brings the counts of now")
def expired_and_unread(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(*messages(5, 1, 4))
    r.saved(5, 4)
    own_marks(r)
    r.wait(1000)
    r.receive(expired(5, 4))
    assert [(mark["delivered_seq"], "read_seq" in mark) for mark in r.sent("mark")] == [(4, False)]
    assert r.wait(999) == []
    assert len([one for one in r.wait(1) if one.get("do") == "send"]) == 1
    own_marks(r, unread_count=1)
    assert r.wait(5_000) == []


@scenario("A mark that is sent for its counts alone is not sent again where it is refused, nor on the next link")
def expired_and_refused(r: Recorder) -> None:
    go_live(r, head(5, 0), head(6, 0))
    for chat_id in (5, 6):
        r.receive(*messages(chat_id, 1, 4))
        r.saved(chat_id, 4)
        r.receive(Marks(chat_id=chat_id, user_id=ME, delivered_seq=4, read_seq=0, unread_count=4, last_seq=4))
    r.wait(1000)
    r.receive(expired(5, 4), expired(6, 4))
    assert len(r.sent("mark")) == 2
    r.receive(error("mark-5", "store_unavailable", chat_id=5, retry_after_ms=500))
    r.receive(error("mark-6", "not_member", chat_id=6))
    assert [one["frame"]["chat_id"] for one in r.wait(1000) if one["do"] == "send"] == [5]
    come_back(r, head(5, 4, first_seq=4, delivered_seq=4), head(6, 4, first_seq=4, delivered_seq=4))
    assert r.sent("mark") == []


@scenario("What was read is not counted: nothing is marked for a beginning that is removed")
def expired_and_read(r: Recorder) -> None:
    go_live(r, head(5, 4, read_seq=4, delivered_seq=4))
    r.receive(expired(5, 5))
    assert (r.sent("mark"), r.done("expire")) == ([], [{"do": "expire", "chat_id": 5, "first_seq": 5}])


@scenario("The beginning of a log was removed while away: the heads tell it, the cursor stays")
def expired_while_away(r: Recorder) -> None:
    go_live(r, head(5, 12))
    come_back(r, head(5, 15, first_seq=10))
    assert (r.done("expire"), asked(r)) == ([{"do": "expire", "chat_id": 5, "first_seq": 10}], [(5, 12)])
