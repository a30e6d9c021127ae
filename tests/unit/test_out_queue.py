"""The bounded queue in front of one socket (docs/protocol.md section 4, back-pressure out)."""

from hypothesis import given
from hypothesis import strategies as st

from chatproto.server.hub_outputs import Broadcast, Kind, SendFrame
from chatproto.server.out_queue import OutQueue, arrays, items_of
from chatproto.wire.limits import Limits

SMALL = Limits(queue_items=4, queue_bytes=100, array_items=3, frame_out_bytes=50)


def frame(kind: Kind, chat_id: int = 0, seq: int = 0, user_id: int = 0, size: int = 1) -> SendFrame:
    return SendFrame(1, b"x" * size, kind, chat_id, seq, user_id)


def all_of(queue: OutQueue) -> list[bytes]:
    taken: list[bytes] = []
    while queue:
        taken += queue.take().frames
    return taken


def test_answers_are_never_dropped_and_do_not_count() -> None:
    queue = OutQueue(SMALL)
    for _ in range(50):
        assert queue.put(frame("answer", size=40)) is None
        assert queue.put(frame("page", size=40)) is None
    assert (len(queue), queue.answers) == (100, 100)


def test_hints_go_first() -> None:
    queue = OutQueue(SMALL)
    for seq in range(1, 5):
        assert queue.put(frame("item", 1, seq)) is None
    assert queue.put(frame("hint", 1)) is None
    assert len(queue) == 4


def test_then_marks_are_merged_and_the_newest_stays() -> None:
    queue = OutQueue(SMALL)
    for seq in range(3):
        queue.put(SendFrame(1, b"old", "mark", 1, user_id=7))
        queue.put(SendFrame(1, b"new%d" % seq, "mark", 1, user_id=7))
    assert all_of(queue)[-1] == b"new2"


def test_then_the_busiest_chats_items_go_and_the_first_of_them_is_told() -> None:
    queue = OutQueue(SMALL)
    for chat_id, seq in ((1, 5), (2, 8), (2, 9), (1, 6)):
        assert queue.put(frame("item", chat_id, seq)) is None
    assert queue.put(frame("item", 2, 10)) == (2, 8)
    assert len(queue) == 2


def test_items_on_their_way_before_the_lag_are_dropped_too() -> None:
    queue = OutQueue(SMALL)
    for seq in range(1, 6):
        queue.put(frame("item", 1, seq))
    assert len(queue) == 0
    assert queue.put(frame("item", 1, 6)) is None
    assert len(queue) == 0
    queue.put(frame("lag", 1))
    assert queue.put(frame("item", 1, 9)) is None
    assert len(queue) == 2


def test_marks_of_very_many_chats_are_dropped_where_nothing_else_can_be() -> None:
    queue = OutQueue(SMALL)
    for chat_id in range(1, 7):
        assert queue.put(frame("mark", chat_id, user_id=7)) is None
    assert len(queue) <= SMALL.queue_items


def test_marks_go_too_where_the_items_of_a_chat_were_not_the_weight() -> None:
    queue = OutQueue(SMALL)
    queue.put(frame("item", 1, 1, size=10))
    queue.put(frame("item", 2, 1, size=20))
    queue.put(frame("mark", 1, user_id=7, size=60))
    assert queue.put(frame("mark", 2, user_id=7, size=60)) == (2, 1)
    assert queue.put(frame("answer")) is None
    assert queue.bounded_bytes == 10, "the item of the other chat"


def test_one_write_is_bounded_in_frames_and_bytes_but_holds_at_least_one() -> None:
    queue = OutQueue(SMALL)
    for size in (60, 20, 20, 20, 1, 1, 1, 1):
        queue.put(frame("page" if size == 60 else "answer", size=size))
    batches = [queue.take() for _ in range(5)]
    assert [(len(batch.frames), batch.pages) for batch in batches] == [(1, 1), (2, 0), (3, 0), (2, 0), (0, 0)]


frames = st.builds(
    frame,
    st.sampled_from(["answer", "page", "lag", "item", "mark", "hint"]),
    st.integers(1, 3),
    st.integers(1, 9),
    st.integers(1, 2),
    st.integers(1, 60),
)


@given(st.lists(frames, max_size=60))
def test_whatever_comes_it_stays_bounded_and_loses_no_answer(coming: list[SendFrame]) -> None:
    queue = OutQueue(SMALL)
    answers = 0
    for one in coming:
        dropped = queue.put(one)
        answers += one.kind in ("answer", "page", "lag")
        assert len(queue) - queue.answers <= SMALL.queue_items
        assert queue.bounded_bytes <= SMALL.queue_bytes
        assert queue.answers == answers
        assert dropped is None or one.kind != "answer"
    taken = all_of(queue)
    assert len(taken) >= answers
    assert (len(queue), queue.answers) == (0, 0)


def test_a_broadcast_is_an_item_for_each_frame() -> None:
    items = items_of(Broadcast((1, 2), (b"a", b"b"), 7, 3, 4))
    assert [(item.kind, item.chat_id, item.seq, item.data) for item in items] == [
        ("item", 7, 3, b"a"), ("item", 7, 4, b"b"),
    ]  # fmt: skip


def test_frames_leave_in_arrays_within_both_bounds() -> None:
    assert list(arrays([], SMALL)) == []
    assert list(arrays([b"1"], SMALL)) == [(1, b"1")]
    assert list(arrays([b"1", b"2", b"3", b"4"], SMALL)) == [(3, b"[1,2,3]"), (1, b"4")]
    assert [count for count, _ in arrays([b"x" * 40, b"y" * 40, b"z" * 5], SMALL)] == [1, 2]


def test_what_a_lagging_chat_drops_is_known() -> None:
    queue = OutQueue(SMALL)
    for seq in range(1, 6):
        queue.put(frame("item", 1, seq))
    assert (queue.lagging, queue.bounded_bytes) == ({1}, 0)
