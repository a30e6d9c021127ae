"""Edits, deletions, reactions and pins in the outbox (docs/protocol.md sections 3 and 4)."""

from functools import partial
from typing import Any, Final

from chatproto.client.outbox_changes import edit_of
from chatproto.client.session_outputs import Kind, Row
from chatproto.client.snapshot import ChatSnapshot, Snapshot
from chatproto.wire.frames import ForwardField
from tests.vectors.recorder import Recorder
from tests.vectors.scenarios import add, come_back, go_live, scenario
from tests.vectors.server_frames import ME, ack, at, change, error, head, page, ready, row

ABOUT: Final[dict[str, Any]] = {"chat_id": 5, "cid": "mine-1", "seq": 2, "target_at": "2026-01-01T00:02:00Z"}
KINDS: Final[dict[Kind, dict[str, Any]]] = {
    "edit": {"content": "better"},
    "delete": {},
    "react": {"emoji": "👍", "on": True},
    "pin": {"on": False},
}


def kept(*rows: Row) -> Snapshot:
    chats = (ChatSnapshot(chat_id=5, first_seq=1, applied=3, applied_at=at(3)),)
    return Snapshot(user_id=ME, epoch="e1", chats=chats, rows=rows)


def commands(r: Recorder) -> list[tuple[str, str]]:
    return [(frame["type"], frame["cid"]) for frame in r.sent() if "cid" in frame]


def _goes_out(kind: Kind, r: Recorder) -> None:
    go_live(r, head(5, 3))
    assert [output["do"] for output in r.send(change(1, kind, **KINDS[kind]), save=False)] == ["save_row"]
    r.row_saved("mine-1")
    assert r.sent() == [{"type": kind, **ABOUT, **KINDS[kind]}]
    r.receive(ack("mine-1", 5, 4))
    assert [output["do"] for output in r.outputs] == ["drop_row", "sent"]


def _refused(kind: Kind, r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(change(1, kind, **KINDS[kind]))
    r.receive(error("mine-1", "message_deleted", chat_id=5))
    assert r.done("drop_row") == [{"do": "drop_row", "cid": "mine-1"}]
    assert [failed["code"] for failed in r.done("failed")] == ["message_deleted"]


def _restored(kind: Kind, r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(change(1, kind, **KINDS[kind]))
    r.send(row(2))
    come_back(r, head(5, 3, log=9), epoch="e2")
    assert [(failed["cid"], failed["code"]) for failed in r.done("failed")] == [("mine-1", "bad_seq")]
    assert commands(r) == [("send", "mine-2")]


for _kind in KINDS:
    add(f"{_kind}_goes_out", f"A row of kind {_kind} is saved, sent, acked", partial(_goes_out, _kind))
    add(f"{_kind}_refused", f"A row of kind {_kind} that is refused is told with the reason", partial(_refused, _kind))
    add(f"{_kind}_restored", f"A row of kind {_kind} fails after a restore", partial(_restored, _kind))


@scenario("Commands of all kinds keep their order, before and after a lost link")
def all_kinds_in_order(r: Recorder) -> None:
    go_live(r, head(5, 3))
    wanted = [("send", "mine-1"), ("edit", "mine-2"), ("react", "mine-3"), ("pin", "mine-4"), ("delete", "mine-5")]
    r.send(row(1))
    r.send(change(2, "edit", **KINDS["edit"]))
    r.send(change(3, "react", 1, **KINDS["react"]))
    r.send(change(4, "pin", 1, **KINDS["pin"]))
    r.send(change(5, "delete", 3))
    come_back(r, head(5, 3))
    assert commands(r) == wanted
    r.receive(ack("mine-2", 5, 5))
    come_back(r, head(5, 5))
    assert commands(r) == [one for one in wanted if one[1] != "mine-2"]


@scenario("All kinds share the 8 of a chat")
def all_kinds_in_one_window(r: Recorder) -> None:
    go_live(r, head(5, 20))
    for number in range(1, 11):
        r.send(change(number, "react", number, emoji="👍", on=True))
    assert commands(r) == []
    r.receive(ack("mine-1", 5, 21))
    assert commands(r) == [("react", "mine-9")]


@scenario("An answer that is missing for 10 s: the edit is sent again")
def edit_resent(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(change(1, "edit", content="better"))
    assert [output["frame"]["cid"] for output in r.wait(10_000)] == ["mine-1"]


@scenario("Two closes with 4400 while the same edit was first: it fails")
def edit_poison(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(change(1, "edit", content="better"))
    come_back(r, head(5, 3), code=4400)
    r.lost(4400)
    assert [failed["code"] for failed in r.done("failed")] == ["too_large"]


@scenario("The log of one chat was replaced: what is about its messages fails, what is about others' does not")
def changes_of_a_replaced_log(r: Recorder) -> None:
    go_live(r, head(5, 9), head(6, 9))
    come_back(r, head(5, 10), head(6, 9))
    r.send(change(1, "edit", content="better"))
    r.send(change(2, "react", 2, 6, emoji="👍", on=True))
    r.send(row(3, reply_to=2))
    r.receive(page("sync-1", 5, 0, [], last_seq=4))
    assert [failed["cid"] for failed in r.done("failed")] == ["mine-1"]
    assert [saved["row"]["cid"] for saved in r.done("save_row")] == ["mine-3"]
    assert r.receive(ack("mine-1", 5, 5)) == [], "a late ack changes nothing"
    r.receive(ack("mine-2", 6, 10))
    assert [sent["cid"] for sent in r.done("sent")] == ["mine-2"]


@scenario(
    "Rows of an earlier life go out as they were saved; one without what it needs fails",
    snapshot=kept(
        change(1, "edit", content="better"),
        Row(cid="mine-2", chat_id=5, kind="delete"),
        change(3, "react", emoji="👍"),
        change(4, "react", on=True),
        change(5, "pin", on=True),
    ),
)
def changes_of_a_snapshot(r: Recorder) -> None:
    r.start()
    assert [failed["cid"] for failed in r.done("failed")] == ["mine-2", "mine-3", "mine-4"]
    r.connected()
    r.receive(ready(head(5, 3)))
    assert commands(r) == [("edit", "mine-1"), ("pin", "mine-5")]


FROM: Final = ForwardField(chat_id=6, seq=2, target_at=at(2))


@scenario("A forwarded message names its source; the text that is shown meanwhile is not sent")
def forward(r: Recorder) -> None:
    go_live(r, head(5, 3), head(6, 3))
    r.send(row(1, forward=FROM))
    [frame] = r.sent()
    assert frame["forward"] == {"chat_id": 6, "seq": 2, "target_at": "2026-01-01T00:02:00Z"}
    assert "content" not in frame


@scenario("The log from which a message is forwarded was replaced: it fails, and so after a restore")
def forward_out_of_a_replaced_log(r: Recorder) -> None:
    go_live(r, head(5, 3), head(6, 9))
    come_back(r, head(5, 3), head(6, 10))
    r.send(row(1, forward=FROM))
    r.send(row(2, 6, forward=ForwardField(chat_id=5, seq=1, target_at=at(1)), reply_to=3))
    r.receive(page("sync-1", 6, 0, [], last_seq=4))
    assert [failed["cid"] for failed in r.done("failed")] == ["mine-1"]
    assert [saved["row"]["cid"] for saved in r.done("save_row")] == ["mine-2"], "the source is in another chat"
    come_back(r, head(5, 3), head(6, 4), epoch="e2")
    assert [(failed["cid"], failed["code"]) for failed in r.done("failed")] == [("mine-2", "bad_seq")]


@scenario("An edit of a forwarded message that was never sent goes out behind it: its text is the server's to take")
def edit_of_an_unsent_forward(r: Recorder) -> None:
    r.start()
    r.send(row(1, forward=FROM))
    r.send(edit_of(row(1), "edit-1", "better"))
    r.send(edit_of(row(1), "edit-2", "best"), save=False)
    assert r.done("merged") == [{"do": "merged", "cid": "edit-2", "chat_id": 5, "into": "edit-1"}]
    r.save_rows()
    r.connected()
    r.receive(ready(head(5, 3)))
    r.save_rows()
    r.receive(ack("mine-1", 5, 4))
    r.save_rows()
    assert [frame["content"] for frame in r.sent("edit")] == ["best"]
