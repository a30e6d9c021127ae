"""Between the processes of one database: what this one tells the others, and what it does with what it is told."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from chatproto.operations import Appended, ChatCreated, Marked, Outcome, SessionsEnded
from chatproto.server import fanout, watermarks
from chatproto.server.hints import HeadMoved, Hint, MembersAdded

if TYPE_CHECKING:
    from chatproto.server.hub import Hub


def publish(hub: Hub, outcome: Outcome) -> None:
    """Tell the other processes what an outcome changed; a process that does not know its epoch yet tells nothing."""
    match outcome:
        case Appended(chat_id, items=items) if items:
            hub.publish(HeadMoved(chat_id, outcome.last_seq))
            if outcome.added_ids:
                hub.publish(MembersAdded(chat_id, outcome.added_ids))
        case ChatCreated(chat, created=True):
            hub.publish(MembersAdded(chat.id, outcome.member_ids))
        case Marked(changed=True):
            hub.publish(outcome)
        case SessionsEnded(session_ids) if session_ids:
            hub.publish(outcome)


def receive(hub: Hub, hint: Hint, now: datetime) -> None:
    """Look where a hint points, for those who are connected here."""
    if hint.epoch != hub.epoch:
        return
    news = hint.news
    match news:
        case HeadMoved():
            fanout.notice_head(hub, news.chat_id, news.last_seq)
        case MembersAdded():
            fanout.announce(hub, news.chat_id, news.user_ids)
        case Marked():
            watermarks.marked(hub, news, None, now)
        case SessionsEnded():
            fanout.end_sessions(hub, news.session_ids)
        case _:
            assert_never(news)
