"""What was never sent is changed or ended in the outbox; what may have been waits for its place (section 3, C1)."""

from typing import Any

from chatproto.client.outbox_changes import Target, delete_of, edit_of, pin_of, react_to
from chatproto.client.session_outputs import Row
from chatproto.client.snapshot import ChatSnapshot, Snapshot
from tests.vectors.recorder import Recorder
from tests.vectors.scenarios import come_back, go_live, scenario
from tests.vectors.server_frames import ME, ack, at, error, head, message, page, ready, row

THERE: Target = message(5, 2)
"""A message of the log."""


def kept(*rows: Row) -> Snapshot:
    chats = (ChatSnapshot(chat_id=5, first_seq=1, applied=3, applied_at=at(3)),)
    return Snapshot(user_id=ME, epoch="e1", chats=chats, rows=rows)


def dos(outputs: list[Any]) -> list[tuple[str, str]]:
    """What became of which row."""
    names = {"save_row", "drop_row", "merged", "sent", "failed"}
    return [(out["do"], out["row"]["cid"] if "row" in out else out["cid"]) for out in outputs if out["do"] in names]


def frames(outputs: list[Any]) -> list[tuple[str, str]]:
    """The commands that went out."""
    carried = [out["frame"] for out in outputs if out["do"] == "send" and "cid" in out["frame"]]
    return [(frame["type"], frame["cid"]) for frame in carried]


def link(r: Recorder, last_seq: int = 3) -> list[tuple[str, str]]:
    """Be ready; what goes out then."""
    r.connected()
    outputs = r.receive(ready(head(5, last_seq)))
    return frames(outputs + r.save_rows())


# --- a message that was never sent ---


@scenario("An edit of a message that was never sent changes its row")
def edit_of_an_unsent_message(r: Recorder) -> None:
    r.start()
    r.send(row(1))
    r.send(row(2))
    r.send(edit_of(row(1), "edit-1", "better"), save=False)
    assert dos(r.outputs) == [("save_row", "mine-1"), ("merged", "edit-1")]
    assert r.done("merged")[0]["into"] == "mine-1"
    r.save_rows()
    assert link(r) == [("send", "mine-1"), ("send", "mine-2")]


@scenario("An edit that is durable already is dropped once the row that it changed is")
def durable_edit_of_an_unsent_message(r: Recorder) -> None:
    r.start()
    r.send(row(1))
    r.send(edit_of(row(1), "edit-1", "better"), saved=True)
    assert dos(r.steps[-2]["outputs"]) == [("save_row", "mine-1"), ("drop_row", "edit-1"), ("merged", "edit-1")]


@scenario("A changed row is sent only once its change is durable, however often it was saved before")
def changed_before_it_was_saved(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1), save=False)
    r.send(edit_of(row(1), "edit-1", "better"), save=False)
    assert r.row_saved("mine-1") == [], "that was the text before"
    r.row_saved("mine-1")
    assert [frame["content"] for frame in r.sent()] == ["better"]


@scenario("A message that waits for room in the window was never sent either")
def edit_of_what_waits_for_room(r: Recorder) -> None:
    go_live(r, head(5, 3))
    for number in range(1, 10):
        r.send(row(number))
    r.send(edit_of(row(9), "edit-9", "better"), save=False)
    assert dos(r.outputs) == [("save_row", "mine-9"), ("merged", "edit-9")]
    r.save_rows()
    r.receive(ack("mine-1", 5, 4))
    assert [frame["content"] for frame in r.sent()] == ["better"]


@scenario("A deletion of a message that was never sent takes it away, with all that was about it")
def deletion_of_an_unsent_message(r: Recorder) -> None:
    r.start()
    r.send(row(1))
    r.send(react_to(row(1), "react-1", "👍", True))
    r.send(row(2))
    r.send(delete_of(row(1), "delete-1"), save=False)
    assert dos(r.outputs) == [
        ("drop_row", "mine-1"), ("merged", "mine-1"), ("drop_row", "react-1"), ("merged", "react-1"),
        ("merged", "delete-1"),
    ]  # fmt: skip
    assert all("into" not in merged for merged in r.done("merged"))
    assert link(r) == [("send", "mine-2")]


@scenario(
    "A message that was saved without a link is unsent in the next life too, and can be taken away",
    snapshot=kept(row(1, tried=False), row(2, tried=False)),
)
def deletion_of_an_unsent_message_of_an_earlier_life(r: Recorder) -> None:
    r.start()
    r.send(delete_of(row(1), "delete-1"), saved=True)
    assert dos(r.outputs) == [
        ("drop_row", "mine-1"), ("merged", "mine-1"), ("drop_row", "delete-1"), ("merged", "delete-1"),
    ]  # fmt: skip
    assert link(r) == [("send", "mine-2")]


@scenario(
    "Changes that an earlier life saved, but did not come to make, are made at the start",
    snapshot=kept(
        row(1, tried=False), row(2, tried=False), row(3),
        delete_of(row(1), "delete-1"), edit_of(row(2), "edit-2", "better"), edit_of(row(3), "edit-3", "better"),
    ),
)  # fmt: skip
def changes_that_an_earlier_life_did_not_make(r: Recorder) -> None:
    r.start()
    assert dos(r.outputs) == [
        ("drop_row", "mine-1"), ("merged", "mine-1"), ("drop_row", "delete-1"), ("merged", "delete-1"),
        ("save_row", "mine-2"), ("drop_row", "edit-2"), ("merged", "edit-2"),
    ]  # fmt: skip
    r.save_rows()
    assert link(r) == [("send", "mine-2"), ("send", "mine-3")]
    assert r.sent("send")[0]["content"] == "better"


@scenario("A reaction and a pin of a message that was never sent go out behind it, once its place is known")
def reaction_to_an_unsent_message(r: Recorder) -> None:
    r.start()
    r.send(row(1))
    r.send(react_to(row(1), "react-1", "👍", True))
    r.send(pin_of(row(1), "pin-1", True))
    r.send(row(2))
    assert link(r) == [("send", "mine-1")]
    r.receive(ack("mine-1", 5, 4))
    assert dos(r.outputs) == [
        ("save_row", "react-1"), ("save_row", "pin-1"), ("drop_row", "mine-1"), ("sent", "mine-1"),
    ]  # fmt: skip
    assert frames(r.save_rows()) == [("react", "react-1"), ("pin", "pin-1"), ("send", "mine-2")]


# --- a message that may have been sent ---


@scenario("An edit of a message on its way waits for its ack, and holds back what comes after it in its chat")
def edit_of_a_message_on_its_way(r: Recorder) -> None:
    go_live(r, head(5, 3), head(6, 0))
    r.send(row(1))
    r.send(edit_of(row(1), "edit-1", "better"))
    r.send(row(2))
    assert frames(r.outputs) == []
    r.send(row(3, 6))
    assert frames(r.outputs) == [("send", "mine-3")]
    r.receive(ack("mine-1", 5, 4))
    assert dos(r.outputs) == [("save_row", "edit-1"), ("drop_row", "mine-1"), ("sent", "mine-1")]
    assert "of_cid" not in r.done("save_row")[0]["row"]
    r.save_rows()
    assert r.sent() == [
        {"type": "edit", "chat_id": 5, "cid": "edit-1", "seq": 4, "target_at": "2026-01-01T00:04:00Z",
         "content": "better"},
        {"type": "send", "chat_id": 5, "cid": "mine-2", "content": "hello 2", "attachments": []},
    ]  # fmt: skip


@scenario("One's own message in a page is as good as its ack for what waits for it")
def edit_waits_for_a_page(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1))
    r.send(delete_of(row(1), "delete-1"))
    come_back(r, head(5, 4))
    assert frames(r.outputs) == [("send", "mine-1")]
    r.receive(page("sync-1", 5, 3, [message(5, 4, sender_id=ME, cid="mine-1")]))
    assert frames(r.save_rows()) == [("delete", "delete-1")]


@scenario("Of several edits that wait for an ack the newest goes out")
def edits_of_a_message_on_its_way(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1))
    r.send(edit_of(row(1), "edit-1", "better"))
    r.send(edit_of(row(1), "edit-2", "best"), save=False)
    assert dos(r.outputs) == [("save_row", "edit-1"), ("merged", "edit-2")]
    r.save_rows()
    r.receive(ack("mine-1", 5, 4))
    r.save_rows()
    assert [frame["content"] for frame in r.sent()] == ["best"]


@scenario("An edit that was durable already and whose message has its place by now ends durably in an earlier one")
def durable_edit_of_a_message_that_has_its_place(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1))
    r.receive(ack("mine-1", 5, 4))
    r.lost()
    r.send(edit_of(row(1), "edit-1", "better"))
    r.send(edit_of(row(1), "edit-2", "best"), save=False, saved=True)
    assert dos(r.outputs) == [("save_row", "edit-1"), ("drop_row", "edit-2"), ("merged", "edit-2")]


@scenario("A message on its way that is refused takes along what waits for it")
def edit_of_a_message_that_is_refused(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1))
    r.send(edit_of(row(1), "edit-1", "better"))
    r.send(row(2))
    r.receive(error("mine-1", "not_member", chat_id=5))
    assert dos(r.outputs) == [
        ("drop_row", "mine-1"), ("failed", "mine-1"), ("drop_row", "edit-1"), ("failed", "edit-1"),
    ]  # fmt: skip
    assert frames(r.outputs) == [("send", "mine-2")]


@scenario("A message on its way that is discarded takes along what waits for it")
def edit_of_a_message_that_is_discarded(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1))
    r.send(edit_of(row(1), "edit-1", "better"))
    r.discard("mine-1")
    assert dos(r.outputs) == [("drop_row", "mine-1"), ("drop_row", "edit-1"), ("merged", "edit-1")]


@scenario("After a restore what names a message by its cid goes on: it will have a place in the new log")
def edit_of_a_message_on_its_way_and_a_restore(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1))
    r.send(edit_of(row(1), "edit-1", "better"))
    come_back(r, head(5, 2, log=9), epoch="e2")
    assert r.done("failed") == []
    r.receive(ack("mine-1", 5, 3))
    assert frames(r.save_rows()) == [("edit", "edit-1")]


@scenario("A message that is stored nobody knows where: what waits for it fails")
def edit_of_a_message_without_a_place(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1, reply_to=2))
    r.send(edit_of(row(1), "edit-1", "better"))
    come_back(r, head(5, 2), epoch="e2")
    r.save_rows()
    r.receive(error("mine-1", "cid_conflict", chat_id=5))
    assert dos(r.outputs)[-2:] == [("drop_row", "edit-1"), ("failed", "edit-1")]
    assert r.done("failed")[0]["code"] == "bad_seq"


@scenario("What names a message that was acked meanwhile finds its place")
def edit_of_a_message_acked_meanwhile(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1))
    r.receive(ack("mine-1", 5, 4))
    r.send(edit_of(row(1), "edit-1", "better"), saved=True, save=False)
    assert dos(r.outputs) == [("save_row", "edit-1")]
    assert frames(r.save_rows()) == [("edit", "edit-1")]


@scenario("What names a message that was acked in a log that was replaced fails")
def edit_of_a_message_of_a_replaced_log(r: Recorder) -> None:
    go_live(r, head(5, 3), head(6, 3))
    r.send(row(1))
    r.send(row(2, 6))
    r.receive(ack("mine-1", 5, 4), ack("mine-2", 6, 4))
    come_back(r, head(5, 2, log=9), head(6, 4))
    r.send(edit_of(row(1), "edit-1", "better"), save=False)
    assert dos(r.outputs) == [("drop_row", "edit-1"), ("failed", "edit-1")]
    r.send(edit_of(row(2, 6), "edit-2", "better"), save=False)
    assert dos(r.outputs) == [("save_row", "edit-2")]


@scenario(
    "Rows of an earlier life that wait for one another still do; one whose message is not there fails",
    snapshot=kept(row(1), edit_of(row(1), "edit-1", "better"), delete_of(row(9), "delete-9")),
)
def edits_of_a_snapshot(r: Recorder) -> None:
    r.start()
    assert dos(r.outputs) == [("drop_row", "delete-9"), ("failed", "delete-9")]
    assert link(r) == [("send", "mine-1")]
    r.receive(ack("mine-1", 5, 4, dup=True))
    assert frames(r.save_rows()) == [("edit", "edit-1")]


# --- a message of the log ---


@scenario("An edit in the place of one that was never sent: the newest text goes out, once")
def edit_after_an_unsent_edit(r: Recorder) -> None:
    r.start()
    r.send(edit_of(THERE, "edit-1", "better"))
    r.send(row(1))
    r.send(edit_of(THERE, "edit-2", "best"), save=False)
    assert dos(r.outputs) == [("save_row", "edit-1"), ("merged", "edit-2")]
    r.save_rows()
    assert link(r) == [("edit", "edit-1"), ("send", "mine-1")]


@scenario("An edit behind one that was sent goes out itself: a command that was sent keeps its bytes")
def edit_after_a_sent_edit(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(edit_of(THERE, "edit-1", "better"))
    r.lost()
    r.send(edit_of(THERE, "edit-2", "best"))
    r.wait(250)
    assert link(r) == [("edit", "edit-1"), ("edit", "edit-2")]


@scenario("A deletion takes the place of everything about its message that was never sent")
def deletion_after_unsent_changes(r: Recorder) -> None:
    r.start()
    r.send(edit_of(THERE, "edit-1", "better"))
    r.send(react_to(THERE, "react-1", "👍", True))
    r.send(pin_of(THERE, "pin-1", True))
    r.send(edit_of(message(5, 3), "edit-3", "another"))
    r.send(delete_of(THERE, "delete-1"), save=False)
    assert dos(r.outputs) == [
        ("save_row", "delete-1"), ("drop_row", "edit-1"), ("merged", "edit-1"), ("drop_row", "react-1"),
        ("merged", "react-1"), ("drop_row", "pin-1"), ("merged", "pin-1"),
    ]  # fmt: skip
    assert [merged["into"] for merged in r.done("merged")] == ["delete-1"] * 3
    r.save_rows()
    assert link(r) == [("edit", "edit-3"), ("delete", "delete-1")]


@scenario("A second deletion is the first one")
def deletion_twice(r: Recorder) -> None:
    r.start()
    r.send(delete_of(THERE, "delete-1"))
    r.send(delete_of(THERE, "delete-2"), save=False)
    assert dos(r.outputs) == [("merged", "delete-2")]
    assert r.done("merged")[0]["into"] == "delete-1"


@scenario("A reaction that is taken back before it was sent cancels out, and so does a pin")
def reaction_taken_back(r: Recorder) -> None:
    r.start()
    r.send(react_to(THERE, "react-1", "👍", True))
    r.send(react_to(THERE, "react-2", "🎉", True))
    r.send(pin_of(THERE, "pin-1", False))
    r.send(react_to(THERE, "react-3", "👍", False), saved=True)
    assert dos(r.outputs) == [
        ("drop_row", "react-1"), ("merged", "react-1"), ("drop_row", "react-3"), ("merged", "react-3"),
    ]  # fmt: skip
    r.send(pin_of(THERE, "pin-2", True))
    assert dos(r.outputs) == [("drop_row", "pin-1"), ("merged", "pin-1"), ("merged", "pin-2")]
    assert link(r) == [("react", "react-2")]


@scenario("The same reaction again is the first one, as long as that was not sent")
def reaction_twice(r: Recorder) -> None:
    r.start()
    r.send(react_to(THERE, "react-1", "👍", True))
    r.send(react_to(THERE, "react-2", "👍", True))
    assert r.done("merged") == [{"do": "merged", "cid": "react-2", "chat_id": 5, "into": "react-1"}]


@scenario("A reaction that is taken back after it was sent is taken back on the wire")
def sent_reaction_taken_back(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(react_to(THERE, "react-1", "👍", True))
    r.send(react_to(THERE, "react-2", "👍", False))
    assert frames(r.outputs) == [("react", "react-2")]


@scenario("Rows about the messages of one chat leave those of another alone")
def changes_of_two_chats(r: Recorder) -> None:
    r.start()
    r.send(edit_of(message(6, 2), "edit-6", "better"))
    r.send(edit_of(THERE, "edit-5", "better"))
    r.send(edit_of(message(6, 2), "edit-7", "best"), save=False)
    assert [merged["into"] for merged in r.done("merged")] == ["edit-6"]
