"""Marks: what is told of what was received and read, and what is heard of it (docs/protocol.md section 4)."""

from chatproto.wire.frames import Marks
from tests.vectors.recorder import Recorder
from tests.vectors.scenarios import come_back, go_live, scenario
from tests.vectors.server_frames import (
    ME,
    error,
    head,
    message,
)


@scenario("Delivered is told only of what is durable, at most once a second a chat")
def delivered(r: Recorder) -> None:
    go_live(r, head(5, 0))
    assert [output["do"] for output in r.receive(message(5, 1))] == ["apply"]
    r.saved(5, 1)
    assert r.sent("mark") == [{"type": "mark", "id": "mark-5", "chat_id": 5, "delivered_seq": 1}]
    r.receive(message(5, 2), message(5, 3))
    assert r.saved(5, 3) == []
    outputs = r.wait(1_000)
    assert [output["frame"]["delivered_seq"] for output in outputs] == [3]


@scenario("What is said to be durable but was never applied is not believed")
def saved_too_much(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    assert r.saved(5, 2) == []
    assert r.saved(99, 1) == []


@scenario("A read mark is made durable and told; it raises delivered with it at the server")
def read(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1), message(5, 2))
    r.saved(5, 2)
    r.read(5, 2)
    assert r.done("save_marks") == [{"do": "save_marks", "chat_id": 5, "read_seq": 2}]
    [output] = r.wait(1_000)
    assert output["frame"] == {"type": "mark", "id": "mark-5", "chat_id": 5, "read_seq": 2}


@scenario("Reading never goes back, and never beyond what is here")
def read_is_bounded(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.read(5, 99)
    assert r.done("save_marks")[0]["read_seq"] == 3
    assert r.read(5, 2) == []
    assert r.read(99, 1) == []


@scenario("What is not durable yet is not told as read")
def read_before_it_is_durable(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    r.read(5, 1)
    assert r.sent("mark") == []
    r.saved(5, 1)
    assert r.sent("mark") == [{"type": "mark", "id": "mark-5", "chat_id": 5, "delivered_seq": 1, "read_seq": 1}]


@scenario("One's own marks are told again after ready where the server's are lower")
def marks_again_after_ready(r: Recorder) -> None:
    go_live(r, head(5, 2, delivered_seq=2))
    r.read(5, 2)
    come_back(r, head(5, 2, delivered_seq=2, read_seq=0))
    assert r.sent("mark") == [{"type": "mark", "id": "mark-5", "chat_id": 5, "read_seq": 2}]


@scenario("What another device has read is known here too, and not told again")
def marks_of_another_device(r: Recorder) -> None:
    go_live(r, head(5, 2))
    r.receive(Marks(chat_id=5, user_id=ME, delivered_seq=2, read_seq=2, unread_count=0, last_seq=2))
    assert r.done("save_marks") == [{"do": "save_marks", "chat_id": 5, "read_seq": 2}]
    assert r.read(5, 2) == []
    r.receive(Marks(chat_id=99, user_id=ME, delivered_seq=2, read_seq=2))
    assert r.done("save_marks") == []


@scenario("A mark that was refused for now is told again")
def mark_refused(r: Recorder) -> None:
    go_live(r, head(5, 2, delivered_seq=0))
    assert r.sent("mark")
    r.receive(error("mark-5", "store_unavailable", chat_id=5, retry_after_ms=2_000))
    assert r.wait(1_999) == []
    assert [output["frame"]["type"] for output in r.wait(1)] == ["mark"]


@scenario("A mark that was refused for good is not told again on this link")
def mark_refused_for_good(r: Recorder) -> None:
    go_live(r, head(5, 2, delivered_seq=0))
    r.receive(error("mark-5", "bad_seq", chat_id=5))
    assert r.wait(15_000) == []
