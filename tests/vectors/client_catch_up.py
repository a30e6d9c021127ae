"""Logs: applied in steps of one, gaps paged, marks told (docs/protocol.md sections 3 and 4)."""

import msgspec

from chatproto.wire.frames import ChatFrame, Chats, Lag
from chatproto.wire.model import Hidden, Reaction
from tests.vectors.recorder import Recorder
from tests.vectors.scenarios import come_back, go_live, scenario
from tests.vectors.server_frames import (
    ME,
    OTHER,
    ack,
    at,
    chat,
    error,
    event,
    head,
    hidden,
    message,
    messages,
    page,
    ready,
    removed,
    row,
    user,
)


def applied(r: Recorder) -> list[int]:
    return [output["item"]["seq"] for output in r.done("apply")]


def asked(r: Recorder) -> list[tuple[int, int]]:
    return [(frame["chat_id"], frame["after_seq"]) for frame in r.sent("sync")]


# --- where logs begin ---


@scenario("Without a cache a log begins at its end, and history is paged back on demand")
def first_listing(r: Recorder) -> None:
    go_live(r, head(5, 40), head(6, 0))
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 40}]
    assert r.sent("sync") == []
    assert r.state == "live"


@scenario("A client of whole logs takes them from their beginnings", whole_log=True)
def first_listing_of_a_whole_log(r: Recorder) -> None:
    go_live(r, head(5, 2))
    assert r.sent("sync") == [{"type": "sync", "id": "sync-1", "chat_id": 5, "after_seq": 0, "limit": 200}]
    assert r.state == "resuming"
    r.receive(page("sync-1", 5, 0, messages(5, 1, 2)))
    assert (applied(r), r.state) == ([1, 2], "live")


@scenario("A log that begins later for this user is taken from there", whole_log=True)
def whole_log_with_a_first_seq(r: Recorder) -> None:
    go_live(r, head(5, 12, first_seq=11, delivered_seq=0))
    assert asked(r) == [(5, 10)]
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 10}]
    r.receive(page("sync-1", 5, 10, messages(5, 11, 12)))
    assert applied(r) == [11, 12]


@scenario("Added again with all of the history: the log may be seen from its beginning, and what was held is read anew")
def added_again_with_history(r: Recorder) -> None:
    go_live(r, head(5, 12, first_seq=11))
    assert r.done("begins") == [{"do": "begins", "chat_id": 5, "first_seq": 11}]
    r.receive(removed(5, 13, ME))
    r.receive(ChatFrame(chat=msgspec.structs.replace(chat(5, 15), first_seq=1)))
    assert r.done("begins") == [{"do": "begins", "chat_id": 5, "first_seq": 1}]
    assert (r.done("jump"), asked(r)) == ([], [(5, 13)])
    r.receive(page("sync-1", 5, 13, messages(5, 14, 15)))
    assert applied(r) == [14, 15]
    r.receive(ChatFrame(chat=msgspec.structs.replace(chat(5, 15), first_seq=1)))
    assert r.done("begins") == []


@scenario("Added again with all of the history while away: the heads tell it, and it is compared with what was kept")
def added_again_with_history_while_away(r: Recorder) -> None:
    go_live(r, head(5, 12, first_seq=11))
    come_back(r, head(5, 15, first_seq=1))
    assert r.done("begins") == [{"do": "begins", "chat_id": 5, "first_seq": 1}]
    assert asked(r) == [(5, 12)]


@scenario("Added again with all of the history: who takes logs whole goes back for its beginning", whole_log=True)
def added_again_with_history_of_a_whole_log(r: Recorder) -> None:
    go_live(r, head(5, 12, first_seq=11))
    r.receive(page("sync-1", 5, 10, messages(5, 11, 12)))
    r.receive(ChatFrame(chat=msgspec.structs.replace(chat(5, 13), first_seq=1)))
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 0}]
    assert asked(r) == [(5, 0)]
    r.receive(page("sync-2", 5, 0, messages(5, 1, 13)))
    assert applied(r) == list(range(1, 14))


@scenario("A chat frame lists a chat before its items")
def chat_frame(r: Recorder) -> None:
    go_live(r)
    r.receive(ChatFrame(chat=chat(5, 0)), message(5, 1))
    assert [output["do"] for output in r.outputs[:2]] == ["tell", "apply"]
    r.receive(ChatFrame(chat=chat(6, 7)))
    assert r.done("jump") == [{"do": "jump", "chat_id": 6, "applied": 7}]


@scenario("A chat frame of a known chat moves nothing back; one that is behind what is here is asked about")
def chat_frame_again(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1), message(5, 2))
    r.receive(ChatFrame(chat=chat(5, 2)))
    assert [output["do"] for output in r.outputs] == ["tell"]
    r.receive(ChatFrame(chat=chat(5, 1)))
    assert asked(r) == [(5, 2)]
    r.receive(page("sync-1", 5, 2, [], last_seq=2))
    assert r.outputs == []


@scenario("A chat frame may tell of more than has come")
def chat_frame_ahead(r: Recorder) -> None:
    go_live(r, head(5, 1))
    r.receive(ChatFrame(chat=chat(5, 3)))
    assert asked(r) == [(5, 1)]


@scenario("Further chats come in chats frames")
def more_chats(r: Recorder) -> None:
    go_live(r, head(5, 0), more=True)
    r.receive(Chats(chats=(head(6, 4), head(7, 0)), more=False))
    assert r.done("jump") == [{"do": "jump", "chat_id": 6, "applied": 4}]


@scenario("Items of a chat that was never listed are passed over")
def unlisted_chat(r: Recorder) -> None:
    go_live(r)
    assert r.receive(message(5, 1)) == []
    assert r.receive(Lag(chat_id=5, last_seq=9)) == []
    assert r.receive(page("sync-1", 5, 0, [])) == []


# --- in order, each once ---


@scenario("The next item is applied, once")
def next_item(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    assert applied(r) == [1]
    assert r.receive(message(5, 1)) == []
    r.receive(message(5, 2), event(5, 3, "chat_updated", title="Coffee"), hidden(5, 4))
    assert applied(r) == [2, 3, 4]


@scenario("Who writes in a group is told by its log: a row refused meanwhile fails, and the next one goes out")
def writers_change(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    r.receive(event(5, 2, "chat_updated", writers="admins"))
    assert [output["item"]["data"] for output in r.done("apply")] == [{"writers": "admins"}]
    r.send(row(1))
    r.receive(error("mine-1", "read_only", chat_id=5))
    assert [(failed["cid"], failed["code"]) for failed in r.done("failed")] == [("mine-1", "read_only")]
    r.receive(event(5, 3, "chat_updated", writers="all"))
    r.send(row(2))
    r.receive(ack("mine-2", 5, 4))
    assert [sent["seq"] for sent in r.done("sent")] == [4]


@scenario("An event that names writers nobody knows is applied as any other")
def writers_of_tomorrow(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(event(5, 1, "chat_updated", writers="everybody but one"))
    assert applied(r) == [1]


@scenario("A message that leaves out what has its default is the one that says it, pushed and in a page")
def message_says_less(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    [sparse] = r.steps[-1]["args"]["frames"]
    [applied_item] = [output["item"] for output in r.done("apply")]
    unsaid = {"deleted": False, "is_read": False, "attachments": [], "reactions": []}
    assert applied_item == sparse | unsaid | {"mentions": [], "mentions_all": False}
    r.receive(message(5, 2), whole=True)
    r.receive(message(5, 5))
    r.receive(page("sync-1", 5, 2, messages(5, 3, 4), last_seq=5))
    assert applied(r) == [3, 4, 5]


@scenario("What differs from its default is said, and kept")
def message_says_more(r: Recorder) -> None:
    go_live(r, head(5, 0))
    changed = msgspec.structs.replace(message(5, 1), rev=3, edited_at=at(2), is_read=True, reply_to=1)
    reacted = msgspec.structs.replace(message(5, 2), reactions=(Reaction(emoji="+1", count=1, user_ids=(OTHER,)),))
    erased = msgspec.structs.replace(message(5, 3), rev=2, content=None, deleted=True)
    r.receive(changed, reacted, message(5, 4))
    assert [frame["rev"] for frame in r.steps[-1]["args"]["frames"]] == [3, 1, 1]
    r.receive(page("sync-1", 5, 2, [erased], last_seq=4))
    assert [output["item"]["deleted"] for output in r.done("apply")] == [True, False]


@scenario("An event of an unknown word counts as applied")
def unknown_event(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(event(5, 1, "danced", with_whom=OTHER))
    assert applied(r) == [1]


@scenario("A gap is asked for; what came early is kept and applied behind it")
def gap(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1), message(5, 4), message(5, 5))
    assert (applied(r), asked(r)) == ([1], [(5, 1)])
    r.receive(page("sync-1", 5, 1, messages(5, 2, 3), last_seq=5))
    assert (applied(r), asked(r)) == ([2, 3, 4, 5], [])


@scenario("What is missing comes by itself before the page: the page then brings nothing new")
def gap_closes_by_itself(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 2))
    r.receive(message(5, 1))
    assert applied(r) == [1, 2]
    r.receive(page("sync-1", 5, 0, messages(5, 1, 2)))
    assert applied(r) == []


@scenario("What came early and is in the page as well is applied once")
def page_covers_what_came_early(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 3))
    r.receive(page("sync-1", 5, 0, messages(5, 1, 4)))
    assert applied(r) == [1, 2, 3, 4]
    r.receive(message(5, 5))
    assert applied(r) == [5]


@scenario("At most 200 early items are kept; the rest is paged")
def early_items_are_bounded(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(*messages(5, 2, 205))
    r.receive(page("sync-1", 5, 0, messages(5, 1, 1), last_seq=205))
    assert applied(r) == list(range(1, 202))
    assert asked(r) == [(5, 201)]


@scenario("Page after page until the end")
def pages_go_on(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 5))
    assert asked(r) == [(5, 0)]
    r.receive(page("sync-1", 5, 0, messages(5, 1, 2), last_seq=5))
    assert asked(r) == [(5, 2)]
    r.receive(page("sync-2", 5, 2, messages(5, 3, 5)))
    assert (applied(r), asked(r), r.state) == ([3, 4, 5], [], "live")


@scenario("A sync names when its last item was stored, so that a replaced log is noticed")
def sync_names_the_time(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1))
    come_back(r, head(5, 2))
    assert r.sent("sync")[0]["after_at"] == "2026-01-01T00:01:00Z"


@scenario("A hidden item has a time as well, by which a replaced log is noticed")
def sync_after_a_hidden_item(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1), hidden(5, 2))
    come_back(r, head(5, 3))
    assert r.sent("sync")[0]["after_at"] == "2026-01-01T00:02:00Z"


@scenario("Of a hidden item that an earlier server told there is no time to name")
def sync_after_a_hidden_item_without_a_time(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1), Hidden(chat_id=5, seq=2))
    come_back(r, head(5, 3))
    assert "after_at" not in r.sent("sync")[0]


@scenario("A page may begin later than asked: what lies before is not for this user")
def page_begins_later(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 9))
    r.receive(page("sync-1", 5, 7, messages(5, 8, 9)))
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 7}]
    assert applied(r) == [8, 9]


@scenario("A page that brings nothing is not asked for in a circle")
def empty_page(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 3))
    assert r.receive(page("sync-1", 5, 0, [], last_seq=3)) == []
    assert [output["frame"]["type"] for output in r.wait(1_000)] == ["sync"]


@scenario("A page that nobody asked for is passed over")
def strange_page(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 3))
    assert r.receive(page("sync-9", 5, 0, messages(5, 1, 3))) == []


@scenario("One sync a chat, four a connection, the newest activity first")
def four_syncs(r: Recorder) -> None:
    go_live(r, *(head(chat_id, 0) for chat_id in range(1, 7)))
    come_back(r, *(head(chat_id, chat_id) for chat_id in range(1, 7)))
    assert asked(r) == [(6, 0), (5, 0), (4, 0), (3, 0)]
    r.receive(page("sync-1", 6, 0, messages(6, 1, 6)))
    assert asked(r) == [(2, 0)]


@scenario("A sync without an answer for 10 s is asked again")
def sync_unanswered(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 1))
    assert [output["frame"]["id"] for output in r.wait(10_000)] == ["sync-2"]
    assert r.receive(page("sync-1", 5, 0, messages(5, 1, 1))) == [], "too late"


@scenario("A refused sync is asked again when the server says")
def sync_refused_for_now(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 1))
    r.receive(error("sync-1", "store_unavailable", chat_id=5, retry_after_ms=3_000))
    assert r.wait(2_999) == []
    assert len(r.wait(1)) == 1


@scenario("A sync that fails for good is asked again after a second, not at once")
def sync_refused(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 1))
    r.receive(error("sync-1", "internal", chat_id=5))
    assert r.wait(999) == []
    assert len(r.wait(1)) == 1


@scenario("A sync refused because the membership ended is not repeated")
def sync_refused_to_a_stranger(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 1))
    r.receive(error("sync-1", "not_member", chat_id=5))
    assert r.state == "live"
    assert r.session.next_timer() == r.now + 20_000 - 0 or r.wait(15_000) == []


@scenario("Syncs on their way are forgotten with their link")
def sync_lost_with_its_link(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 1))
    come_back(r, head(5, 1))
    assert [frame["id"] for frame in r.sent("sync")] == ["sync-2"]


@scenario("A timeline that is more than 1,000 behind starts anew at the end")
def far_behind(r: Recorder) -> None:
    go_live(r, head(5, 10))
    come_back(r, head(5, 1011, delivered_seq=10))
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 1011}]
    assert [frame["delivered_seq"] for frame in r.sent("mark")] == [1011]


@scenario("1,000 behind is paged")
def nearly_far_behind(r: Recorder) -> None:
    go_live(r, head(5, 10))
    come_back(r, head(5, 1010))
    assert asked(r) == [(5, 10)]


@scenario("A client of whole logs pages on, however far behind", whole_log=True)
def far_behind_with_a_whole_log(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 5000))
    assert asked(r) == [(5, 0)]


@scenario("A second ready keeps what was applied and asks for the rest of each chat")
def resume(r: Recorder) -> None:
    go_live(r, head(5, 0), head(6, 0))
    r.receive(message(5, 1))
    r.lost()
    r.wait(250)
    r.connected()
    r.receive(ready(head(5, 3), head(6, 0)))
    assert asked(r) == [(5, 1)]


# --- slow readers ---


@scenario("After a lag the log is paged to its end, though all that was pushed had come")
def lag(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1), Lag(chat_id=5, last_seq=1))
    assert asked(r) == [(5, 1)]
    assert r.receive(page("sync-1", 5, 1, [], last_seq=1)) == []
    r.receive(message(5, 2))
    assert applied(r) == [2]


@scenario("A lag ends with the page that says more: false")
def lag_over_several_pages(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(Lag(chat_id=5, last_seq=3))
    r.receive(page("sync-1", 5, 0, messages(5, 1, 2), last_seq=3))
    assert asked(r) == [(5, 2)]
    r.receive(page("sync-2", 5, 2, messages(5, 3, 3)))
    assert asked(r) == []


# --- membership ---


@scenario("One's own removal is the last item, and nothing is asked for after it")
def own_removal(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 1), removed(5, 2, ME))
    assert applied(r) == [1, 2]
    r.wait(1_000)
    assert r.sent("mark") == []
    assert r.wait(15_000) == []


@scenario("Another's removal is an item like any other")
def removal_of_another(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(removed(5, 1, OTHER), message(5, 2))
    assert applied(r) == [1, 2]


@scenario("One's own removal behind a gap empties what came early")
def own_removal_in_a_page(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(message(5, 3))
    r.receive(page("sync-1", 5, 0, [message(5, 1), removed(5, 2, ME)]))
    assert applied(r) == [1, 2]
    assert r.wait(15_000) == []


@scenario("Removed and added again: the log goes on where the new membership begins")
def added_again(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(removed(5, 1, ME))
    r.receive(ChatFrame(chat=chat(5, 6, first_seq=6)))
    assert asked(r) == [(5, 1)]
    r.receive(page("sync-1", 5, 5, [event(5, 6, "member_added", user=user(ME), role="member")]))
    assert r.done("jump") == [{"do": "jump", "chat_id": 5, "applied": 5}]
    assert applied(r) == [6]


@scenario("One's own removal in the midst of a page, for one who was added again since: the log goes on")
def old_removal_in_a_page(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 6))
    r.receive(page("sync-1", 5, 0, [message(5, 1), removed(5, 2, ME), *messages(5, 3, 4)], last_seq=6))
    assert applied(r) == [1, 2, 3, 4]
    assert asked(r) == [(5, 4)]


@scenario("Of several removals of one's own only the last is the end, for one who is not a member any more")
def several_removals(r: Recorder) -> None:
    go_live(r, head(5, 0))
    come_back(r, head(5, 6, left_seq=6))
    r.receive(page("sync-1", 5, 0, [message(5, 1), removed(5, 2, ME), *messages(5, 3, 4)], last_seq=6))
    assert asked(r) == [(5, 4)]
    r.receive(page("sync-2", 5, 4, [message(5, 5), removed(5, 6, ME)]))
    assert applied(r) == [5, 6]
    assert r.wait(15_000) == []


@scenario("One's own removal that comes behind the news of being a member again is not the end")
def old_removal_behind_a_chat_frame(r: Recorder) -> None:
    go_live(r, head(5, 0))
    r.receive(ChatFrame(chat=chat(5, 3)), removed(5, 1, ME), message(5, 4))
    assert asked(r) == [(5, 1)]
    r.receive(page("sync-1", 5, 1, messages(5, 2, 3)))
    assert applied(r) == [2, 3, 4]


@scenario("A chat that was left is listed, read-only, up to its end")
def left_chat(r: Recorder) -> None:
    go_live(r, head(5, 4, left_seq=4, delivered_seq=0))
    assert r.sent("mark") == []
    assert r.state == "live"
