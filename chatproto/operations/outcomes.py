"""What an operation may end in.

Refusals are values with a stable code of docs/protocol.md section 1.
"""

from datetime import datetime

from attrs import Factory, frozen

from chatproto.operations.accounts import Hides
from chatproto.operations.administration import Account, AuditLine, Sizes
from chatproto.operations.blocks import BlockSet, BlocksFound
from chatproto.operations.files import ChatFilesFound, FileAdded, FileFound, FilesRemoved
from chatproto.operations.invites import Invite
from chatproto.operations.recovery import Letter
from chatproto.operations.relay import HintsHeard
from chatproto.operations.retention import EntriesExpired, ExpiredFound
from chatproto.operations.search import IndexCleared, IndexMeasured, MessagesMatched, UnindexedFound, UnindexedRead
from chatproto.wire.model import Chat, Event, Head, Message, Page, PrivateUser, Revision, SessionInfo, User


@frozen
class Refused:
    """The operation decided no; nothing was written (but see RotateRefresh)."""

    code: str
    detail: str = ""
    field: str | None = None


@frozen
class OperationFailed:
    """Nothing was written: the store is away or busy."""

    retryable: bool
    detail: str = ""


@frozen
class OutcomeUnknown:
    """The link to the store broke during the commit."""


@frozen
class Done:
    """Nothing to tell."""


@frozen
class UserFound:
    user: PrivateUser


@frozen
class LoginFound:
    user_id: int
    password_hash: str


@frozen
class SessionCreated:
    """`refresh_id` names the new refresh token: its hash. The access token issued with it carries it, the number of the
    session and its key. `told`: a letter about it was ordered."""

    user: PrivateUser
    session_id: int
    session_key: bytes
    refresh_id: bytes
    told: bool = False


@frozen
class UserUpdated:
    """`chat_ids`: the chats they are in, for those who should learn of it; none where others see no difference.
    `hides`: what they hide now, where that was said."""

    user: PrivateUser
    chat_ids: tuple[int, ...]
    hides: Hides | None = None


@frozen
class SessionsEnded:
    session_ids: tuple[int, ...]


@frozen
class AccountDeleted:
    """`chat_ids`: all chats they are or were in, for those who should learn of it; `session_ids`: those that ended."""

    user_id: int
    created_at: datetime
    chat_ids: tuple[int, ...]
    session_ids: tuple[int, ...]


@frozen
class GroupsToLeave:
    """The groups that an account is still in."""

    chat_ids: tuple[int, ...]


@frozen
class CleanedUp:
    """`removed` rows; sessions `ended` for want of use; `next_id`: where to go on, None at the end."""

    removed: int
    ended: int = 0
    next_id: int | None = None


@frozen
class InvitesFound:
    """The newest first."""

    invites: tuple[Invite, ...]


@frozen
class InviteOpened:
    """The group they may be added to now, in the name of the admin who invited them."""

    chat_id: int
    inviter_id: int


@frozen
class AccountsFound:
    """Ascending by id. `has_more`: others follow."""

    accounts: tuple[Account, ...]
    has_more: bool


@frozen
class AuditFound:
    """The newest first. `has_more`: older ones follow."""

    lines: tuple[AuditLine, ...]
    has_more: bool


@frozen
class ServerMeasured:
    sizes: Sizes


@frozen
class MailTaken:
    """`letter`: to be sent now, None where nothing is due."""

    letter: Letter | None


@frozen
class SessionsFound:
    sessions: tuple[SessionInfo, ...]


@frozen
class UsersFound:
    users: tuple[User, ...]


@frozen
class ChatCreated:
    """`created` is false where the chat was there before. `chat` is the caller's view."""

    chat: Chat
    created: bool
    member_ids: tuple[int, ...]


@frozen
class ChatsFound:
    chats: tuple[Chat, ...]
    users: tuple[User, ...]
    epoch: str


@frozen
class ChatFound:
    chat: Chat


@frozen
class Appended:
    """Items now in the log, ascending. `dup`: they stood there before. `last_seq`: the chat's head.

    `previous_at`: when the entry was made behind which they were put (None where there is none, or for a `dup`).
    `member_ids`: members after the last item, told of changes only; `added_ids` and `removed_ids` changed by these.
    `unchanged`: of a command about a message that changed nothing and has no items: the last seq at its acceptance, and
    when that entry was made; a repetition is answered with the same.
    """

    chat_id: int
    items: tuple[Message | Event, ...]
    dup: bool
    last_seq: int
    member_ids: tuple[int, ...] = ()
    added_ids: tuple[int, ...] = ()
    removed_ids: tuple[int, ...] = ()
    previous_at: datetime | None = None
    unchanged: tuple[int, datetime] | None = None


@frozen
class BatchAppended:
    """One outcome for each command of an AppendBatch, in their order."""

    outcomes: tuple["Appended | Refused | OperationFailed", ...]


@frozen
class PageFound:
    page: Page


@frozen
class AroundFound:
    """`seq`: the entry that was looked for, None in an empty log; `has_before`: older ones than those of the page
    exist."""

    page: Page
    seq: int | None
    has_before: bool


@frozen
class LogRead:
    """Exactly the entries above the `after_seq` that was asked for, ascending, perhaps not all of them. `last_seq` and
    `last_at`: the chat's head."""

    chat_id: int
    items: tuple[Message | Event, ...]
    last_seq: int
    last_at: datetime | None


@frozen
class MessagesFound:
    messages: tuple[Message, ...]
    users: tuple[User, ...]
    has_more: bool
    last_seq: int


@frozen
class RevisionsFound:
    """Ascending by `rev`, the present text last."""

    revisions: tuple[Revision, ...]


@frozen
class ReadersFound:
    """Ascending by id. `received` does not hold those who have `read` it; `users` are all of them."""

    read: tuple[int, ...]
    received: tuple[int, ...]
    users: tuple[User, ...]


@frozen
class PinsFound:
    """Ascending by seq; `users` are those they name."""

    messages: tuple[Message, ...]
    users: tuple[User, ...]


@frozen
class Marked:
    """`changed`: something rose; `received`: what they have received did. Counts are exact up to `last_seq`.
    `told_read_seq`: how far others are told that they have read, 0 where that is hidden."""

    chat_id: int
    user_id: int
    delivered_seq: int
    read_seq: int
    unread_count: int
    last_seq: int
    changed: bool
    is_group: bool
    mention_count: int = 0
    received: bool = True
    told_read_seq: int = 0


@frozen
class SessionLoaded:
    """`peer_ids`: the other users of their direct chats, who are told of their presence. `blocks`: those by the user
    and those of the user, as pairs: who blocks whom."""

    user: PrivateUser
    heads: tuple[Head, ...]
    peer_ids: tuple[int, ...]
    epoch: str
    blocks: tuple[tuple[int, int], ...] = ()


@frozen
class Swept:
    """`heads` by chat id: the last seq, and when that entry was made; `ended` session ids; `epoch` of the database;
    `memberships`: chat ids by user id; `blocks`: of the same users, those by them and those of them; `begins`: of the
    chats whose first entries were removed after their time, by chat id, the seq that their logs begin with; `hides`:
    what each user hides."""

    heads: dict[int, tuple[int, datetime | None]]
    ended: tuple[int, ...]
    epoch: str
    memberships: dict[int, tuple[int, ...]] = Factory(dict)
    blocks: tuple[tuple[int, int], ...] = ()
    begins: dict[int, int] = Factory(dict)
    hides: dict[int, Hides] = Factory(dict)


Outcome = (
    Refused
    | OperationFailed
    | OutcomeUnknown
    | Done
    | UserFound
    | LoginFound
    | SessionCreated
    | UserUpdated
    | SessionsEnded
    | AccountDeleted
    | GroupsToLeave
    | CleanedUp
    | SessionsFound
    | MailTaken
    | InvitesFound
    | InviteOpened
    | AccountsFound
    | AuditFound
    | ServerMeasured
    | UsersFound
    | BlockSet
    | BlocksFound
    | ChatCreated
    | ChatsFound
    | ChatFound
    | Appended
    | BatchAppended
    | FileAdded
    | FileFound
    | ChatFilesFound
    | FilesRemoved
    | PageFound
    | AroundFound
    | LogRead
    | MessagesFound
    | RevisionsFound
    | ReadersFound
    | PinsFound
    | Marked
    | SessionLoaded
    | Swept
    | HintsHeard
    | MessagesMatched
    | UnindexedFound
    | IndexCleared
    | IndexMeasured
    | UnindexedRead
    | ExpiredFound
    | EntriesExpired
)
