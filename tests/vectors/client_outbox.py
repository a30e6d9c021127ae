"""The outbox: saved, sent, repeated, settled (docs/protocol.md section 3: C1, C3, C4, C7)."""

from functools import partial
from typing import Any

from chatproto.client.snapshot import ChatSnapshot, Snapshot
from tests.vectors.recorder import Recorder
from tests.vectors.scenarios import add, come_back, go_live, scenario
from tests.vectors.server_frames import ME, ack, at, error, head, message, page, ready, row

KEPT = Snapshot(user_id=ME, epoch="e1", chats=(ChatSnapshot(chat_id=5, first_seq=1, applied=3),), rows=(row(1), row(2)))


def cids(r: Recorder) -> list[str]:
    return [frame["cid"] for frame in r.sent("send")]


def sends(outputs: list[Any]) -> list[str]:
    """The same for several steps."""
    return [output["frame"]["cid"] for output in outputs if output["do"] == "send"]


@scenario("A row is sent only once it is durable")
def saved_before_sent(r: Recorder) -> None:
    go_live(r, head(5, 0))
    assert [output["do"] for output in r.send(row(1), save=False)] == ["save_row"]
    r.wait(1_000)
    r.row_saved("mine-1")
    assert cids(r) == ["mine-1"]


@scenario("A row that is not durable yet holds back what comes after it in its chat, and nothing else")
def unsaved_holds_back_its_chat(r: Recorder) -> None:
    go_live(r, head(5, 0), head(6, 0))
    r.send(row(1), save=False)
    r.send(row(2))
    assert cids(r) == []
    r.send(row(3, 6))
    assert cids(r) == ["mine-3"]
    r.row_saved("mine-1")
    assert cids(r) == ["mine-1", "mine-2"]


@scenario("An ack ends a row")
def ack_settles(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.receive(ack("mine-1", 5, 1))
    assert [output["do"] for output in r.outputs[:2]] == ["drop_row", "sent"]
    assert r.receive(ack("mine-1", 5, 1)) == []


@scenario("An ack tells where a repetition was stored the first time")
def ack_of_a_repetition(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    come_back(r, head(5, 1))
    r.receive(ack("mine-1", 5, 1, dup=True))
    assert (r.done("sent")[0]["dup"], r.done("sent")[0]["seq"]) == (True, 1)


@scenario("One's own message is as good as its ack, which may come later")
def own_message_settles(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.receive(message(5, 1, sender_id=ME, cid="mine-1"))
    assert [output["do"] for output in r.outputs] == ["drop_row", "sent", "apply"]
    assert r.receive(ack("mine-1", 5, 1)) == []


@scenario("One's own message in a page is as good as its ack: it is not sent again")
def own_message_in_a_page_settles(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.lost()
    r.wait(250)
    r.connected()
    r.receive(ready(head(5, 1)))
    assert cids(r) == ["mine-1"], "nobody knows yet"
    r.receive(page("sync-1", 5, 0, [message(5, 1, sender_id=ME, cid="mine-1")]))
    assert r.done("sent")[0]["seq"] == 1


@scenario("Another's message with the same cid is another's")
def same_cid_of_another(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.receive(message(5, 1, cid="mine-1"))
    assert r.done("sent") == []
    r.receive(page("sync-9", 5, 0, [message(5, 1, cid="mine-1")]))
    assert r.done("sent") == []


@scenario("At most 8 rows of a chat are on their way")
def window_of_a_chat(r: Recorder) -> None:
    go_live(r, head(5, 0))
    for number in range(1, 11):
        r.send(row(number))
    assert cids(r) == []
    r.receive(ack("mine-1", 5, 1))
    assert cids(r) == ["mine-9"]


@scenario("At most 32 rows of a connection are on their way, and fewer where the server says so")
def window_of_a_connection(r: Recorder) -> None:
    go_live(r, *(head(chat_id, 0) for chat_id in range(1, 4)), inflight=3)
    for number in range(1, 6):
        r.send(row(number, chat_id=number % 3 + 1))
    assert cids(r) == []
    r.receive(ack("mine-1", 2, 1))
    assert len(cids(r)) == 1


@scenario("A server that allows more than 32 gets 32")
def window_is_never_above_32(r: Recorder) -> None:
    go_live(r, *(head(chat_id, 0) for chat_id in range(1, 6)), inflight=1000)
    sent = 0
    for number in range(40):
        r.send(row(number, chat_id=number % 5 + 1))
        sent += len(cids(r))
    assert sent == 32


@scenario("Rows given without a link are saved as surely unsent; after ready they are saved anew, and sent in order")
def rows_wait_for_a_link(r: Recorder) -> None:
    r.start()
    for number in (1, 2, 3):
        r.send(row(number))
        assert cids(r) == []
    r.connected()
    r.receive(ready(head(5, 0)))
    assert [output["row"]["tried"] for output in r.done("save_row")] == [True] * 3
    assert cids(r) == [], "an end here must leave them as what may have been sent"
    assert sends(r.save_rows()) == ["mine-1", "mine-2", "mine-3"]


@scenario("A link that ends before such a row is saved anew: it is sent on the next one")
def rows_wait_for_a_link_twice(r: Recorder) -> None:
    r.start()
    assert [output["row"]["tried"] for output in r.send(row(1)) if output["do"] == "save_row"] == [False]
    r.connected()
    r.receive(ready(head(5, 0)))
    r.lost()
    r.row_saved("mine-1")
    r.wait(250)
    r.connected()
    r.receive(ready(head(5, 0)))
    assert cids(r) == ["mine-1"]


@scenario("After a lost link all that is unacked is sent again in its order, with the same cids, before newer rows")
def resent_in_order(r: Recorder) -> None:
    go_live(r, head(5, 0))
    for number in (1, 2, 3):
        r.send(row(number))
    r.receive(ack("mine-1", 5, 1), message(5, 1, sender_id=ME, cid="mine-1"))
    r.lost()
    r.send(row(4))
    r.wait(250)
    r.connected()
    r.receive(ready(head(5, 1)))
    assert cids(r) + sends(r.save_rows()) == ["mine-2", "mine-3", "mine-4"]


@scenario("After a lost link what was on its way goes before what still waited for room")
def resent_before_waiting_ones(r: Recorder) -> None:
    go_live(r, head(5, 0))
    for number in range(1, 11):
        r.send(row(number))
    come_back(r, head(5, 0))
    assert cids(r) == [f"mine-{number}" for number in range(1, 9)]
    r.receive(ack("mine-1", 5, 1), ack("mine-2", 5, 2))
    assert cids(r) == ["mine-9", "mine-10"]


@scenario("An answer missing for 10 s on a live link: the whole line of the chat is sent again")
def resent_on_a_live_link(r: Recorder) -> None:
    go_live(r, head(5, 0), head(6, 0))
    r.send(row(1))
    r.wait(1_000)
    r.send(row(2))
    r.send(row(3, 6))
    outputs = r.wait(9_000)
    assert [output["frame"]["cid"] for output in outputs] == ["mine-1", "mine-2"]


@scenario("A retryable error: leave the link, so that nothing overtakes, and send all again")
def retryable_error(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.send(row(2))
    r.receive(error("mine-1", "store_unavailable", chat_id=5, retry_after_ms=1_000), ack("mine-2", 5, 1))
    assert r.done("close") == [{"do": "close", "code": 4503, "reason": "store_unavailable"}]
    assert r.done("sent") == [], "what follows on the abandoned link is passed over"
    r.wait(250)
    r.connected()
    r.receive(ready(head(5, 0)))
    assert cids(r) == ["mine-1", "mine-2"]


def _final(code: str, r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.send(row(2))
    r.receive(error("mine-1", code, chat_id=5))
    assert r.done("failed") == [{"do": "failed", "cid": "mine-1", "chat_id": 5, "code": code, "detail": code}]
    assert r.done("drop_row") == [{"do": "drop_row", "cid": "mine-1"}]
    r.receive(ack("mine-2", 5, 1))
    assert r.done("sent")[0]["cid"] == "mine-2"


for _code in (
    "not_member", "empty_content", "content_too_long", "bad_unicode", "cid_conflict", "attachment_invalid", "bad_frame",
    "forbidden", "read_only", "internal", "some_new_code",
):  # fmt: skip
    add(f"final_error_{_code}", f"The final error {_code} ends its row and no other", partial(_final, _code))


@scenario("Refused, but sent again meanwhile on the same link: the later answer decides")
def refused_then_accepted(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.wait(10_000)
    assert r.receive(error("mine-1", "not_member", chat_id=5)) == []
    r.receive(ack("mine-1", 5, 1))
    assert r.done("sent")[0]["seq"] == 1


@scenario("Refused as often as it was sent: it fails")
def refused_twice(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.wait(10_000)
    r.receive(error("mine-1", "not_member", chat_id=5), error("mine-1", "not_member", chat_id=5))
    assert [failed["cid"] for failed in r.done("failed")] == ["mine-1"]


@scenario("A row may be discarded before it is sent")
def discard_unsent(r: Recorder) -> None:
    r.start()
    r.send(row(1))
    r.send(row(2))
    assert r.discard("mine-1") == [{"do": "drop_row", "cid": "mine-1"}]
    r.connected()
    r.receive(ready(head(5, 0)))
    assert sends(r.save_rows()) == ["mine-2"]
    assert r.discard("mine-9") == []


@scenario("A row that is discarded on its way makes room; its late ack is passed over")
def discard_in_flight(r: Recorder) -> None:
    go_live(r, head(5, 0))
    for number in range(1, 10):
        r.send(row(number))
    r.discard("mine-1")
    assert cids(r) == ["mine-9"]
    assert r.done("sent") == []
    r.receive(ack("mine-1", 5, 1))
    assert r.done("sent") == []


@scenario("The same cid is taken once")
def same_cid_twice(r: Recorder) -> None:
    r.start()
    r.send(row(1))
    assert r.send(row(1), save=False) == []


@scenario("That a row is saved which has left already is no news")
def saved_after_it_left(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1), save=False)
    r.discard("mine-1")
    assert r.row_saved("mine-1") == []


def _poison(code: int, r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.send(row(2))
    come_back(r, head(5, 0), code=code)
    assert cids(r) == ["mine-1", "mine-2"]
    r.lost(code)
    assert r.done("failed") == [
        {"do": "failed", "cid": "mine-1", "chat_id": 5, "code": "too_large",
         "detail": "the server closed the connection on it twice"}
    ]  # fmt: skip
    r.wait((r.session.next_timer() or 0) - r.now)
    r.connected()
    r.receive(ready(head(5, 0)))
    assert cids(r) == ["mine-2"]


for _close in (1009, 4400):
    add(
        f"poison_{_close}", f"Two closes with {_close} while the same row was first: it fails", partial(_poison, _close)
    )


@scenario("Two such closes with different rows first: none fails")
def poison_of_different_rows(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    r.send(row(2))
    come_back(r, head(5, 0), code=4400)
    r.receive(ack("mine-1", 5, 1))
    r.lost(4400)
    assert r.done("failed") == []


@scenario("Ordinary losses never make a row poison")
def losses_are_no_poison(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1))
    for _ in range(5):
        come_back(r, head(5, 0), code=1006)
    assert cids(r) == ["mine-1"]


@scenario("Such a close while nothing is on its way blames nobody")
def poison_of_nothing(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 0), code=4400)
    r.lost(4400)
    assert r.done("failed") == []


@scenario(
    "A row from an earlier life is sent first, in its old order",
    snapshot=KEPT,
)
def rows_of_a_snapshot(r: Recorder) -> None:
    r.start()
    r.send(row(3))
    r.connected()
    assert r.sent("hello")[0]["epoch"] == "e1"
    r.receive(ready(head(5, 3)))
    assert cids(r) + sends(r.save_rows()) == ["mine-1", "mine-2", "mine-3"]


@scenario("A row that is durable already when it is given is sent at once")
def saved_when_it_is_given(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1), saved=True)
    assert r.done("save_row") == []
    assert cids(r) == ["mine-1"]


@scenario("A row that was saved as surely unsent, and is given with a link: it is saved anew before it is sent")
def saved_as_unsent_when_it_is_given(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.send(row(1, tried=False), saved=True, save=False)
    assert [output["row"]["tried"] for output in r.done("save_row")] == [True]
    assert cids(r) == []
    assert sends(r.save_rows()) == ["mine-1"]


@scenario("A reply names what it answers to, and when that was written")
def reply(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1, reply_to=2, target_at=at(2)))
    assert r.sent("send") == [
        {"type": "send", "chat_id": 5, "cid": "mine-1", "content": "hello 1", "reply_to": 2,
         "target_at": "2026-01-01T00:02:00Z", "attachments": []}
    ]  # fmt: skip


@scenario("Files go with their ids")
def attachments(r: Recorder) -> None:
    go_live(r, head(5, 3))
    r.send(row(1, attachments=("a" * 22, "b" * 22)))
    assert r.sent("send")[0]["attachments"] == ["a" * 22, "b" * 22]


@scenario("A chat that nobody listed takes rows all the same: it may just have been made")
def row_to_an_unlisted_chat(r: Recorder) -> None:
    go_live(r)
    r.send(row(1, 99))
    assert cids(r) == ["mine-1"]
