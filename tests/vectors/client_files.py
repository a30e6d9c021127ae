"""Files of rows: brought to the server first, a few at a time, and what that means for the order of a chat."""

from typing import Any

import msgspec

from chatproto.client.outbox_changes import delete_of, edit_of
from chatproto.client.session_outputs import LocalFile, Row
from chatproto.client.snapshot import ChatSnapshot, Snapshot
from tests.vectors.recorder import Recorder
from tests.vectors.scenarios import come_back, go_live, scenario
from tests.vectors.server_frames import ME, ack, error, head, ready, row


def local(local_id: str, **more: Any) -> LocalFile:
    return LocalFile(local_id=local_id, name=f"{local_id}.bin", size=1000, **more)


def holding(number: int, *local_ids: str, chat_id: int = 5, **more: Any) -> Row:
    """A message with files."""
    return row(number, chat_id, files=tuple(map(local, local_ids)), **more)


def begun(r: Recorder) -> list[str]:
    """The uploads that the last step began."""
    return [output["file"]["local_id"] for output in r.done("upload")]


def sent(outputs: list[Any]) -> list[str]:
    return [output["frame"]["cid"] for output in outputs if output["do"] == "send"]


def merged(outputs: list[Any]) -> list[tuple[str, str | None]]:
    return [(output["cid"], output.get("into")) for output in outputs if output["do"] == "merged"]


def brought(r: Recorder, local_id: str, file_id: str) -> list[Any]:
    """It is there, and that is saved. What came out of the saving."""
    r.uploaded(local_id, file_id)
    return r.save_rows()


HALF_BROUGHT = row(1, files=(local("f1", file_id="F1"), local("f2")))
KEPT = Snapshot(
    user_id=ME,
    epoch="e1",
    chats=(ChatSnapshot(chat_id=5, first_seq=1, applied=3),),
    rows=(HALF_BROUGHT, row(2)),
)


@scenario("A row with files is sent when all are there and that is durable; it names them in their order")
def file_row_goes_out(r: Recorder) -> None:
    go_live(r, head(5, 0))
    assert [output["do"] for output in r.send(holding(1, "f1", "f2"), save=False)] == ["save_row", "upload", "upload"]
    r.row_saved("mine-1")
    assert brought(r, "f2", "F2") == []
    assert [output["do"] for output in r.uploaded("f1", "F1")] == ["save_row"]
    assert sent(r.save_rows()) == ["mine-1"]
    assert r.sent("send")[0]["attachments"] == ["F1", "F2"]
    r.receive(ack("mine-1", 5, 1))
    assert [output["do"] for output in r.outputs] == ["drop_row", "sent"]


@scenario("What was written after it in its chat waits for its files; other chats do not")
def file_row_holds_back_its_chat(r: Recorder) -> None:
    go_live(r, head(5, 0), head(6, 0))
    assert sent(r.send(row(1))) == ["mine-1"]
    assert sent(r.send(holding(2, "f1")) + r.send(row(3))) == []
    assert sent(r.send(row(4, 6))) == ["mine-4"]
    assert sent(brought(r, "f1", "F1")) == ["mine-2", "mine-3"]


@scenario("Two files are brought at a time, in the order of their rows")
def file_uploads_two_at_a_time(r: Recorder) -> None:
    r.start()
    r.send(holding(1, "f1", "f2", "f3"), save=False)
    assert begun(r) == ["f1", "f2"], "without a link too: HTTP may have a way"
    r.send(holding(2, "f4", chat_id=6), save=False)
    assert begun(r) == []
    r.uploaded("f2", "F2")
    assert begun(r) == ["f3"]
    r.uploaded("f1", "F1")
    assert begun(r) == ["f4"]
    assert r.uploaded("f1", "F1") == [], "it was told already"
    assert r.uploaded("f9", "F9") == [], "nobody asked for it"


@scenario("A file that is refused ends its row and the uploads of its other files; what comes after it goes on")
def file_refused(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(holding(1, "f1", "f2", "f3"))
    r.send(row(2))
    r.send(edit_of(Row(cid="mine-1", chat_id=5), "mine-3", "another text"))
    r.upload_failed("f2", "quota_exceeded", "full")
    assert [(output["cid"], output["code"]) for output in r.done("failed")] == [("mine-1", "quota_exceeded")]
    assert r.sent("send")[0]["cid"] == "mine-2"
    assert r.upload_failed("f1", "too_large") == []


@scenario("A row whose files are on their way is taken back: they end with it, and the next ones begin")
def file_row_discarded(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(holding(1, "f1", "f2", "f3"))
    r.send(holding(2, "f4"))
    r.discard("mine-1")
    assert [output["do"] for output in r.outputs] == ["upload", "drop_row"]
    assert begun(r) == ["f4"]
    assert sent(brought(r, "f4", "F4")) == ["mine-2"]


@scenario("Until its files are there the text of a message may still be changed, on a live link too")
def file_row_edited(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(holding(1, "f1"))
    assert merged(r.send(edit_of(Row(cid="mine-1", chat_id=5), "mine-2", "another text"))) == [("mine-2", "mine-1")]
    outputs = brought(r, "f1", "F1")
    assert [(one["frame"]["cid"], one["frame"]["content"]) for one in outputs] == [("mine-1", "another text")]


@scenario("A message is deleted before its files are there: nothing of it is sent")
def file_row_deleted(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(holding(1, "f1"))
    outputs = r.send(delete_of(Row(cid="mine-1", chat_id=5), "mine-2"))
    assert merged(outputs) == [("mine-1", None), ("mine-2", None)]
    assert r.uploaded("f1", "F1") == []


@scenario("The next life brings what is missing of a row's files; nothing of it was sent before", snapshot=KEPT)
def file_rows_of_a_snapshot(r: Recorder) -> None:
    r.start()
    assert begun(r) == ["f2"]
    r.connected()
    r.receive(ready(head(5, 3)))
    assert sent(r.outputs) == []
    assert merged(r.send(edit_of(Row(cid="mine-1", chat_id=5), "mine-3", "another text"))) == [("mine-3", "mine-1")]
    assert sent(brought(r, "f2", "F2")) == ["mine-1", "mine-2"]
    assert r.sent("send")[0]["attachments"] == ["F1", "F2"]


@scenario("Files that the server has removed meanwhile are brought again, once; the row keeps its place")
def file_row_uploaded_again(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(holding(1, "f1"))
    brought(r, "f1", "F1")
    r.receive(error("mine-1", "attachment_invalid"))
    assert [output["do"] for output in r.outputs] == ["save_row", "upload"]
    assert r.done("upload")[0]["anew"] is True
    r.save_rows()
    r.send(row(2))
    assert sent(brought(r, "f1", "F2")) == ["mine-1", "mine-2"]
    assert r.sent("send")[0]["attachments"] == ["F2"]
    r.receive(error("mine-1", "attachment_invalid"))
    assert r.done("failed")[0]["code"] == "attachment_invalid"


@scenario("Files that are there stand behind those that were there before; a link that is cut changes nothing")
def file_row_with_attachments(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(msgspec.structs.replace(holding(1, "f1"), attachments=("F0",)))
    come_back(r, head(5, 0))
    assert r.done("upload") == []
    assert sent(brought(r, "f1", "F1")) == ["mine-1"]
    assert r.sent("send")[0]["attachments"] == ["F0", "F1"]


@scenario("A refusal that comes before the row was sent has its files brought again all the same")
def file_row_refused_before_it_was_sent(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(holding(1, "f1"))
    r.uploaded("f1", "F1")
    r.receive(error("mine-1", "attachment_invalid"))
    assert [output["do"] for output in r.outputs] == ["save_row", "upload"]
    r.row_saved("mine-1")
    r.row_saved("mine-1")
    assert sent(brought(r, "f1", "F2")) == ["mine-1"]


@scenario("A refusal that comes before the files are there ends the row")
def file_row_refused_before_its_files_are_there(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(holding(1, "f1"))
    r.receive(error("mine-1", "attachment_invalid"))
    assert r.done("failed")[0]["cid"] == "mine-1"
