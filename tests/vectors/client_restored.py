"""Restored databases: another epoch, or one log that was replaced (docs/protocol.md, Restored databases)."""

from chatproto.client.snapshot import ChatSnapshot, Snapshot
from chatproto.wire.frames import ChatFrame, Chats, Lag
from tests.vectors.recorder import Recorder
from tests.vectors.scenarios import come_back, go_live, scenario
from tests.vectors.server_frames import ME, ack, at, chat, error, head, message, messages, page, ready, removed, row

KEPT = Snapshot(
    user_id=ME,
    epoch="e1",
    chats=(ChatSnapshot(chat_id=5, first_seq=1, applied=4, applied_at=at(4), read=3),),
)


def asked(r: Recorder) -> list[tuple[int, int]]:
    return [(frame["chat_id"], frame["after_seq"]) for frame in r.sent("sync")]


@scenario("Another epoch: caches and own marks go, the outbox stays and is sent without replies")
def another_epoch(r: Recorder) -> None:
    go_live(r, head(5, 3), head(6, 1))
    r.read(5, 3)
    r.send(row(1, reply_to=2, target_at=at(2)))
    come_back(r, head(5, 2, log=9), epoch="e2")
    assert r.done("forget") == [{"do": "forget", "chat_id": 5}, {"do": "forget", "chat_id": 6}]
    assert r.done("save_epoch") == [{"do": "save_epoch", "user_id": 1, "epoch": "e2"}]
    [saved] = r.done("save_row")
    assert saved["row"] == {
        "cid": "mine-1", "chat_id": 5, "kind": "send", "content": "hello 1", "attachments": [], "files": [],
        "reply_lost": True, "tried": True,
    }  # fmt: skip
    assert r.sent("mark") == [], "own marks went with the old history"
    assert ["reply_to" in output["frame"] for output in r.save_rows()] == [False]


@scenario("A row that lost its reply and is stored with it already is sent")
def conflict_after_a_restore(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1, reply_to=2))
    come_back(r, head(5, 2), epoch="e2")
    r.receive(error("mine-1", "cid_conflict", chat_id=5))
    assert r.done("sent") == [{"do": "sent", "cid": "mine-1", "chat_id": 5, "dup": True}]
    assert r.done("failed") == []


@scenario("What was acked before the restore is not sent again")
def acked_is_not_sent_again(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.receive(ack("mine-1", 5, 1))
    come_back(r, head(5, 0), epoch="e2")
    assert r.sent("send") == []


@scenario("The same epoch keeps everything", snapshot=KEPT)
def same_epoch(r: Recorder) -> None:
    go_live(r, head(5, 6, delivered_seq=4, read_seq=3))
    assert r.done("forget") == []
    assert asked(r) == [(5, 4)]
    assert r.sent("sync")[0]["after_at"] == "2026-01-01T00:04:00Z"


@scenario("Own marks of an earlier life are told where the server's are lower", snapshot=KEPT)
def marks_of_a_snapshot(r: Recorder) -> None:
    go_live(r, head(5, 4, delivered_seq=1, read_seq=0))
    assert r.sent("mark") == [{"type": "mark", "id": "mark-5", "chat_id": 5, "delivered_seq": 4, "read_seq": 3}]


@scenario("Another epoch than the one that was kept", snapshot=KEPT)
def another_epoch_than_kept(r: Recorder) -> None:
    go_live(r, head(5, 2), epoch="e2")
    assert r.done("forget") == [{"do": "forget", "chat_id": 5}]
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 2}]


@scenario("A head below what was applied: this log was replaced, and starts anew at its end")
def head_below(r: Recorder) -> None:
    go_live(r, head(5, 9), head(6, 1))
    r.send(row(1, reply_to=2))
    r.send(row(2, 6, reply_to=1))
    come_back(r, head(5, 4), head(6, 1))
    assert r.done("forget") == [{"do": "forget", "chat_id": 5}]
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 4}]
    assert [saved["row"]["cid"] for saved in r.done("save_row")] == ["mine-1"], "the other chat's replies stand"


@scenario("The same head with another time: replaced")
def head_with_another_time(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    come_back(r, head(5, 1, log=9))
    assert r.done("forget") == [{"do": "forget", "chat_id": 5}]


@scenario("The same head with the same time: nothing happened")
def head_with_the_same_time(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    come_back(r, head(5, 1))
    assert r.done("forget") == []
    assert asked(r) == []


@scenario("A chats frame decides as ready does")
def chats_frame_below(r: Recorder) -> None:
    go_live(r, head(5, 9))
    r.receive(Chats(chats=(head(5, 4),), more=False))
    assert r.done("forget") == [{"do": "forget", "chat_id": 5}]


@scenario("A chat frame never decides that a log was replaced: the answer of a sync does")
def chat_frame_below(r: Recorder) -> None:
    go_live(r, head(5, 9))
    r.receive(ChatFrame(chat=chat(5, 4)))
    assert (r.done("forget"), asked(r)) == ([], [(5, 9)])
    r.receive(error("sync-1", "bad_seq", chat_id=5))
    assert r.done("forget") == [{"do": "forget", "chat_id": 5}]


@scenario("A chat frame that was read before one's removal makes nobody a member again")
def chat_frame_before_the_removal(r: Recorder) -> None:
    go_live(r, head(5, 3, delivered_seq=3))
    r.receive(removed(5, 4, ME), ChatFrame(chat=chat(5, 3)))
    assert asked(r) == [(5, 4)]
    r.receive(page("sync-1", 5, 4, [], last_seq=4))
    r.saved(5, 4)
    assert (r.wait(15_000), r.sent("mark")) == ([], []), "who has left marks nothing"


@scenario("Where such a frame was of another log, one is a member of that")
def chat_frame_of_a_log_without_the_removal(r: Recorder) -> None:
    go_live(r, head(5, 3, delivered_seq=3))
    r.receive(removed(5, 4, ME), ChatFrame(chat=chat(5, 3)))
    r.receive(error("sync-1", "bad_seq", chat_id=5))
    assert asked(r)[-1] == (5, 0)
    r.receive(page("sync-2", 5, 0, messages(5, 1, 3, log=9), last_seq=3))
    assert [mark["delivered_seq"] for mark in r.sent("mark")] == [3]


@scenario("A chat frame that tells of another time of the last entry is asked about")
def chat_frame_with_another_time(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    r.receive(ChatFrame(chat=chat(5, 1)))
    assert asked(r) == []
    r.receive(ChatFrame(chat=chat(5, 1, log=9)))
    assert asked(r) == [(5, 1)]


@scenario("What is pushed before that is answered is not applied: the log may be another one")
def chat_frame_with_another_time_and_no_answer(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    r.receive(ChatFrame(chat=chat(5, 1, log=9)))
    r.receive(error("sync-1", "store_unavailable", chat_id=5, retry_after_ms=1000))
    r.receive(message(5, 2))
    assert r.done("apply") == []
    r.wait(1000)
    assert asked(r) == [(5, 1)]
    r.receive(page("sync-2", 5, 1, [], last_seq=2))
    assert [one["item"]["seq"] for one in r.done("apply")] == [2], "it was the same log after all"


@scenario("A page that was asked for before a chat frame told of another log does not settle it")
def chat_frame_with_another_time_and_an_older_page(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1), Lag(chat_id=5, last_seq=2))
    assert asked(r) == [(5, 1)]
    r.receive(ChatFrame(chat=chat(5, 1, log=9)))
    assert asked(r) == [(5, 1)], "once more"
    r.receive(page("sync-1", 5, 1, [message(5, 2)]))
    assert r.done("apply") == []
    r.receive(error("sync-2", "bad_seq", chat_id=5))
    assert r.done("forget") == [{"do": "forget", "chat_id": 5}]


@scenario("What waits behind a gap is not applied where a chat frame tells of a lower head: a sync asks")
def chat_frame_below_what_waits(r: Recorder) -> None:
    go_live(r, head(5, 2))
    r.receive(*messages(5, 4, 6))
    assert asked(r) == [(5, 2)]
    r.receive(ChatFrame(chat=chat(5, 5, log=9)))
    assert asked(r) == [(5, 2)], "once more"
    r.receive(page("sync-1", 5, 2, messages(5, 3, 6)))
    assert r.done("apply") == [], "it was asked for before"
    r.receive(page("sync-2", 5, 2, messages(5, 3, 3, log=9), last_seq=5, log=9))
    assert [one["item"]["seq"] for one in r.done("apply")] == [3, 4, 5], "what may still be there stays"
    assert asked(r) == [(5, 5)]


@scenario("A chat frame that was read before what waits behind a gap costs one more sync")
def chat_frame_before_what_waits(r: Recorder) -> None:
    go_live(r, head(5, 2))
    r.receive(*messages(5, 4, 6))
    r.receive(ChatFrame(chat=chat(5, 5)))
    assert asked(r) == [(5, 2)], "once more"
    r.receive(message(5, 7))
    assert r.done("apply") == []
    r.receive(page("sync-2", 5, 2, messages(5, 3, 6), last_seq=7))
    assert [one["item"]["seq"] for one in r.done("apply")] == [3, 4, 5, 6, 7]


@scenario("A page whose head is below what was asked for: replaced; where the new log ends is asked first")
def page_below(r: Recorder) -> None:
    go_live(r, head(5, 9))
    come_back(r, head(5, 10))
    r.send(row(1, reply_to=3))
    r.receive(page("sync-1", 5, 0, [], last_seq=4))
    assert r.done("forget") == [{"do": "forget", "chat_id": 5}]
    assert r.done("save_row")[0]["row"]["reply_lost"]
    assert asked(r) == [(5, 0)]
    assert r.receive(message(5, 5)) == [], "nothing is applied before that is known"
    r.receive(page("sync-2", 5, 0, messages(5, 1, 4), last_seq=4))
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 4}]
    assert r.done("apply") == []


@scenario("A page at the same place with another time: replaced")
def page_with_another_time(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1), Lag(chat_id=5, last_seq=1))
    r.receive(page("sync-1", 5, 1, [], last_seq=1, log=9))
    assert r.done("forget") == [{"do": "forget", "chat_id": 5}]


@scenario("bad_seq answers a sync: replaced")
def bad_seq(r: Recorder) -> None:
    go_live(r, head(5, 9))
    come_back(r, head(5, 10))
    r.receive(error("sync-1", "bad_seq", chat_id=5))
    assert r.done("forget") == [{"do": "forget", "chat_id": 5}]
    assert asked(r) == [(5, 0)]
    r.receive(error("sync-2", "bad_seq", chat_id=5))
    assert r.done("forget") == [], "once is enough"


@scenario("A client of whole logs takes the new log from its beginning", whole_log=True)
def whole_log_replaced(r: Recorder) -> None:
    go_live(r, head(5, 2))
    r.receive(page("sync-1", 5, 0, messages(5, 1, 2)))
    come_back(r, head(5, 3))
    r.receive(error("sync-2", "bad_seq", chat_id=5))
    r.receive(page("sync-3", 5, 0, messages(5, 1, 2, log=9), log=9))
    assert [output["item"]["seq"] for output in r.done("apply")] == [1, 2]


@scenario("A new log in which this user was removed and added again goes on behind the removal", whole_log=True)
def whole_log_replaced_with_an_old_removal(r: Recorder) -> None:
    go_live(r, head(5, 2))
    r.receive(page("sync-1", 5, 0, messages(5, 1, 2)))
    come_back(r, head(5, 6))
    r.receive(error("sync-2", "bad_seq", chat_id=5))
    r.receive(page("sync-3", 5, 0, [removed(5, 1, ME), *messages(5, 2, 3, log=9)], last_seq=6, log=9))
    assert [output["item"]["seq"] for output in r.done("apply")] == [1, 2, 3]
    assert asked(r) == [(5, 3)], "the page's head is above the removal"


@scenario("A link that ends while the new end is asked for: the next ready tells it")
def replaced_and_lost(r: Recorder) -> None:
    go_live(r, head(5, 9))
    come_back(r, head(5, 10))
    r.receive(error("sync-1", "bad_seq", chat_id=5))
    come_back(r, head(5, 4))
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 4}]
    assert asked(r) == []


@scenario("The membership ended meanwhile: nothing more is asked")
def replaced_and_not_a_member(r: Recorder) -> None:
    go_live(r, head(5, 9))
    come_back(r, head(5, 10))
    r.receive(error("sync-1", "bad_seq", chat_id=5))
    r.receive(error("sync-2", "not_member", chat_id=5))
    assert r.wait(15_000) == []


@scenario("What came early on one link is not applied on the next: it may be of a log that was lost")
def early_items_end_with_their_link(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 3))
    come_back(r, head(5, 2))
    [sync] = r.sent("sync")
    r.receive(page(sync["id"], 5, 0, messages(5, 1, 2)))
    assert [output["item"]["seq"] for output in r.done("apply")] == [1, 2]
    assert r.state == "live"


@scenario("What was heard of on one link is not waited for on the next: it may be of a log that was lost")
def heads_heard_of_end_with_their_link(r: Recorder) -> None:
    go_live(r, head(5, 1))
    r.receive(ChatFrame(chat=chat(5, 9)))
    assert asked(r) == [(5, 1)]
    come_back(r, head(5, 1))
    assert (asked(r), r.state) == ([], "live")


@scenario("What is pushed while a replaced log is asked for is not missed")
def pushed_while_a_log_begins_anew(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(*messages(5, 1, 4))
    r.lost()
    r.wait(10_000)
    r.connected()
    r.receive(ready(head(5, 6, log=9)))
    [sync] = r.sent("sync")
    r.receive(error(sync["id"], "bad_seq", chat_id=5))
    r.wait(1_000)
    assert r.receive(message(5, 7)) == [], "where the new log ends is not known yet"
    r.receive(page("sync-2", 5, 5, [message(5, 6)], last_seq=6))
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 6}]
    assert asked(r) == [(5, 6)]
    r.receive(page("sync-3", 5, 6, [message(5, 7)]))
    assert ([output["item"]["seq"] for output in r.done("apply")], r.state) == ([7], "live")


@scenario("A page that was asked for later than a seq was heard of, and ends below it, is believed")
def heard_of_what_is_not_there(r: Recorder) -> None:
    go_live(r, head(5, 1))
    r.receive(ChatFrame(chat=chat(5, 9)))
    [sync] = r.sent("sync")
    r.receive(page(sync["id"], 5, 1, [message(5, 2)], last_seq=2))
    assert (asked(r), r.state) == ([], "live")
    assert r.wait(5_000) == []


@scenario("What was heard of after a page was asked for is asked for again")
def heard_of_after_a_page_was_asked_for(r: Recorder) -> None:
    go_live(r, head(5, 1))
    r.receive(ChatFrame(chat=chat(5, 2)))
    [sync] = r.sent("sync")
    r.receive(ChatFrame(chat=chat(5, 3)))
    r.receive(page(sync["id"], 5, 1, [message(5, 2)], last_seq=2))
    assert asked(r) == [(5, 2)]
