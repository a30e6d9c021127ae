"""What is asked of the logs: appending, reading, marks, and what keeps a server up to date with them."""

from datetime import datetime
from typing import Literal

from attrs import frozen

from chatproto.operations.message_changes import MessageChange
from chatproto.wire.markup import NOBODY, Mentions
from chatproto.wire.model import RetentionDays, Role, Writers


@frozen
class ForwardSource:
    """A message that is forwarded; `target_at`: its created_at where the client gave it."""

    chat_id: int
    seq: int
    target_at: datetime | None = None


@frozen
class AppendMessage:
    """Append under the chat's lock (I1, I3). `digest`: SHA-256 of the command. `reply_at`: created_at of the reply's
    target where the client gave it. `refusal`: what is wrong with the content; told once the cid was looked up in vain
    and the actor is a member. `mentions`: whom the text names, members or not. `forward`: the message whose text is
    and files are copied instead of `content`. `attachments`: ids of files of the actor's own. Outcome: Appended, or
    Refused not_member / cid_conflict / read_only / `refusal` / bad_seq (field reply_to or forward) / message_deleted
    (of a forward) / attachment_invalid."""

    chat_id: int
    actor_id: int
    cid: str
    digest: bytes
    content: str
    reply_to: int | None
    reply_at: datetime | None
    now: datetime
    refusal: str | None = None
    mentions: Mentions = NOBODY
    forward: ForwardSource | None = None
    attachments: tuple[str, ...] = ()


@frozen
class AppendChange:
    """Log events of membership or of the chat itself; all admin rules are checked under the lock. `cid` is made by
    the server for this call, so that one whose commit is unknown can be run again.

    `kind` add: `user_ids` join (history all or none), or `user_ids[0]` comes by the actor's invitation of this hash,
    which counts them once (Refused invite_invalid: see OpenInvite); remove: `user_ids[0]` goes; role: `user_ids[0]`
    gets `role`; update: title, who may send (`writers`), how long messages are kept, or avatar, which may be the path
    of a file of the actor's (see UpdateUser). Outcome: Appended; Refused not_found / forbidden / cid_conflict /
    validation_failed.
    """

    chat_id: int
    actor_id: int
    kind: Literal["add", "remove", "role", "update"]
    user_ids: tuple[int, ...]
    history: Literal["all", "none"]
    role: Role | None
    title: str | None
    avatar_url: str | None
    cid: str
    now: datetime
    writers: Writers | None = None
    retention_days: RetentionDays | None = None
    invite_hash: bytes | None = None


LogCommand = AppendMessage | AppendChange | MessageChange
"""Everything that extends a log."""


@frozen
class AppendBatch:
    """Commands of one chat, appended one after another in one transaction.

    Outcome: BatchAppended, with what each of them would have ended in alone; or, for all of them, one OperationFailed
    (nothing was written) or OutcomeUnknown.
    """

    chat_id: int
    commands: tuple[LogCommand, ...]


@frozen
class FetchPage:
    """Exactly one of the cursors is given. Outcome: PageFound, or Refused not_member, or bad_seq: after_seq above
    last_seq, or `after_at` given and not the time of the entry at after_seq."""

    user_id: int
    chat_id: int
    after_seq: int | None
    before_seq: int | None
    limit: int
    after_at: datetime | None = None


@frozen
class FetchAround:
    """The place in the log where `seq` stands, or else the first entry made at `at` or later (the last one, where all
    are older; where the clock was set back in between, one of those that fit). Half of `limit` lies below it. Outcome:
    AroundFound, or Refused not_member, or bad_seq: `seq` is not in what they may see."""

    user_id: int
    chat_id: int
    seq: int | None
    at: datetime | None
    limit: int


@frozen
class ReadLog:
    """The log as every member may see it, above `after_seq`, at most `limit` entries within `page_bytes`: for those who
    were given everything up to `after_seq`. It ends with the first removal of somebody who did not come back, and tells
    messages as they were then, for that is what they go on seeing (I8).

    Outcome: LogRead, or Refused bad_seq: after_seq above last_seq, or `after_at` given and not the time of the entry at
    after_seq."""

    chat_id: int
    after_seq: int
    after_at: datetime | None
    limit: int


@frozen
class FetchMessages:
    """The HTTP page: by offset from the newest, or older than before_seq. Outcome: MessagesFound; not_found."""

    user_id: int
    chat_id: int
    offset: int | None
    before_seq: int | None
    limit: int


@frozen
class FetchRevisions:
    """The former texts of a message; for its author and, in a group, for admins. For a former member the texts up to
    left_seq, where they were its author or an admin then. Outcome: RevisionsFound, or Refused not_found: the message
    is not there, is not theirs to look into, or was deleted."""

    user_id: int
    chat_id: int
    seq: int


@frozen
class FetchReaders:
    """Which members have read a message, and which have received it only, by their own marks; its sender is left out.
    For members. Outcome: ReadersFound, or Refused not_found: no such message for them, or it was deleted; too_many: the
    group has more than `MAX_WATCHED` members."""

    user_id: int
    chat_id: int
    seq: int


@frozen
class FetchPins:
    """The pinned messages that the user may see. Outcome: PinsFound; Refused not_found."""

    user_id: int
    chat_id: int


@frozen
class Mark:
    """Raise watermarks (max-merge); `read_seq=-1` means all. Outcome: Marked, or Refused not_member / bad_seq."""

    user_id: int
    chat_id: int
    delivered_seq: int | None
    read_seq: int | None
    now: datetime


@frozen
class LoadSession:
    """What `ready` needs: the session's user, all their heads newest first, the epoch; marks the tokens issued with
    `refresh_id` as used and keeps the label of the device. Outcome: SessionLoaded, or Refused revoked."""

    user_id: int
    session_id: int
    session_key: bytes
    refresh_id: bytes
    device: str
    now: datetime


@frozen
class Sweep:
    """I9: the heads of the given chats and where their logs begin, which of the sessions ended, the chats that the
    users are members of now, what they hide, the epoch. It must see everything that was committed before it was asked
    for. Outcome: Swept."""

    chat_ids: tuple[int, ...]
    session_ids: tuple[int, ...]
    user_ids: tuple[int, ...] = ()


@frozen
class RenewEpoch:
    """A log turned out to be replaced under `old`: name the history `new`, unless it has another name by now (compare
    and set). Outcome: Done."""

    old: str
    new: str
