"""What a client keeps across its own end."""

from datetime import timedelta

import msgspec
import pytest

from chatproto.client.client_config import ClientConfig
from chatproto.client.client_session import ClientSession
from chatproto.client.replica import FAR_BEHIND
from chatproto.client.session_outputs import Jump, SendFrame
from chatproto.client.snapshot import ChatSnapshot, Snapshot
from chatproto.wire.frames import ChatFrame, Lag, Sync
from tests.vectors.recorder import Recorder
from tests.vectors.server_frames import BEGIN, ME, at, chat, error, head, message, page, ready, row


def restored(snapshot: Snapshot) -> ClientSession:
    return ClientSession(ClientConfig(), lambda: 0.5, snapshot)


def test_a_session_that_never_began_keeps_nothing() -> None:
    assert Recorder().session.snapshot() == Snapshot()


def test_cursors_stand_where_the_log_is_durable_and_rows_keep_their_order() -> None:
    r = Recorder()
    r.start()
    r.send(row(1))
    r.connected()
    r.receive(ready(head(5, 0), head(6, 9)))
    r.receive(message(5, 1), message(5, 2))
    r.saved(5, 1)
    r.read(6, 9)
    r.send(row(2), save=False)
    kept = r.session.snapshot()
    assert kept == Snapshot(
        user_id=ME,
        epoch="e1",
        chats=(
            ChatSnapshot(chat_id=5, first_seq=1, applied=1),
            ChatSnapshot(chat_id=6, first_seq=1, applied=9, applied_at=at(9), read=9),
        ),
        rows=(row(1), row(2)),
    )
    assert restored(kept).snapshot() == kept
    r.saved(5, 2)
    assert r.session.snapshot().chats[0] == ChatSnapshot(chat_id=5, first_seq=1, applied=2, applied_at=at(2))


def test_a_log_whose_new_end_is_not_known_yet_is_not_kept() -> None:
    r = Recorder()
    r.start()
    r.connected()
    r.receive(ready(head(5, 9)))
    r.receive(Lag(chat_id=5, last_seq=10))
    r.receive(error("sync-1", "bad_seq", chat_id=5))
    assert r.session.snapshot().chats == ()
    r.receive(page("sync-2", 5, 0, [], last_seq=4))
    assert [chat.applied for chat in r.session.snapshot().chats] == [4]


@pytest.mark.parametrize("skips", [True, False])
def test_a_chat_far_behind_is_left_out_only_by_who_may_skip(skips: bool) -> None:
    last = 10 + FAR_BEHIND + 1
    kept = Snapshot(user_id=1, epoch="e1", chats=(ChatSnapshot(chat_id=5, first_seq=1, applied=10),))
    session = ClientSession(ClientConfig(), lambda: 0.5, kept, skips=skips)
    session.start("token", 0)
    session.connected(session.link, 0)
    session.outputs()
    session.receive(session.link, [ready(head(5, last))], 0)
    outputs = session.outputs()
    jumps = [output for output in outputs if isinstance(output, Jump)]
    asked = [output.frame for output in outputs if isinstance(output, SendFrame)]
    assert jumps == ([Jump(5, last)] if skips else [])
    assert [frame.after_seq for frame in asked if isinstance(frame, Sync)] == ([] if skips else [10])


@pytest.mark.parametrize(("skips", "created", "applied"), [(False, 0, 0), (False, -5, 3), (True, 0, 3)])
def test_a_chat_made_since_ready_is_taken_from_its_first_message_by_who_skips_nothing(
    skips: bool, created: int, applied: int
) -> None:
    session = ClientSession(ClientConfig(), lambda: 0.5, skips=skips)
    session.start("token", 0)
    session.connected(session.link, 0)
    session.receive(session.link, [ready()], 0)
    session.outputs()
    made = msgspec.structs.replace(chat(5, 3), created_at=BEGIN + timedelta(minutes=created))
    session.receive(session.link, [ChatFrame(chat=made)], 0)
    assert [output for output in session.outputs() if isinstance(output, Jump)] == [Jump(5, applied)]
    assert session.replica.chats[5].applied == applied
