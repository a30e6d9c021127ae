"""What the core asks of storage: one operation = one transaction = one decision, and its possible outcomes.

Every operation may also end in `OperationFailed` (nothing was written) or `OutcomeUnknown` (perhaps written; the
same append run again with the same cid tells). Refusals are values with a stable code of docs/protocol.md section 1.
`now` is stamped by the server; secrets arrive hashed.
"""

from datetime import datetime
from typing import Literal

from attrs import Factory, frozen

from chatproto.model import Chat, Event, Head, Message, Page, PrivateUser, Role, SessionInfo, User

# --- accounts and sessions -------------------------------------------------------------------------------------


@frozen
class CreateUser:
    """Register. Outcome: UserFound, or Refused username_taken / email_taken."""

    username: str
    username_key: str
    email: str | None
    email_key: str | None
    password_hash: str
    display_name: str
    words: frozenset[str]
    now: datetime


@frozen
class FindLogin:
    """Look up by folded username, or folded email. Outcome: LoginFound or Refused not_found."""

    login_key: str


@frozen
class CreateSession:
    """Log in. `refresh_hash`: SHA-256 of the refresh token. Outcome: SessionCreated."""

    user_id: int
    device: str
    refresh_hash: bytes
    now: datetime


@frozen
class RotateRefresh:
    """Exchange a refresh token (docs/protocol.md section 2: grace, reuse). Outcome: SessionCreated, or Refused
    token_invalid / revoked / token_reused (the session is then ended in the same transaction)."""

    refresh_hash: bytes
    new_refresh_hash: bytes
    now: datetime


@frozen
class TouchSession:
    """Is the session alive? Marks the tokens issued with `refresh_id` as used, and once a minute the time of use.
    Outcome: UserFound or Refused revoked."""

    user_id: int
    session_id: int
    refresh_id: int
    now: datetime


@frozen
class EndSessions:
    """End one session (`session_id`), or all of the user but `keep`. Outcome: SessionsEnded; not_found."""

    user_id: int
    session_id: int | None
    keep: int | None
    now: datetime


@frozen
class ListSessions:
    """Outcome: SessionsFound."""

    user_id: int
    current_session_id: int


@frozen
class ChangePassword:
    """Set the hash and end every session but `keep`. Outcome: SessionsEnded."""

    user_id: int
    password_hash: str
    keep: int | None
    now: datetime


@frozen
class UpdateUser:
    """Change the given fields (None = leave, "" = clear avatar or email). Outcome: UserUpdated, Refused email_taken."""

    user_id: int
    display_name: str | None
    avatar_url: str | None
    email: str | None
    email_key: str | None
    words: frozenset[str] | None


@frozen
class SaveLastSeen:
    """The user's last connection has gone. Outcome: Done."""

    user_id: int
    now: datetime


@frozen
class FindUsers:
    """Public users by ids (at most 100). Outcome: UsersFound, ascending by id; unknown ids are left out.

    Here and wherever users are named: `last_seen_at` and `online` (False; the Hub knows better) only where the
    caller `user_id` shares a chat with them, else null."""

    user_id: int
    user_ids: tuple[int, ...]


@frozen
class ListUsers:
    """Every account, by id, for the operator. Outcome: UsersFound with PrivateUsers above `after_id`."""

    after_id: int
    limit: int


@frozen
class SearchUsers:
    """Prefix search over folded words. Outcome: UsersFound, at most `limit`, the caller left out."""

    user_id: int
    prefix: str
    limit: int


# --- chats -----------------------------------------------------------------------------------------------------


@frozen
class CreateDirect:
    """The direct chat of two users; with oneself: saved messages. Outcome: ChatCreated; Refused not_found."""

    user_id: int
    peer_id: int
    now: datetime


@frozen
class CreateGroup:
    """`user_ids` without the creator, who becomes admin. Outcome: ChatCreated; Refused not_found (an unknown user)."""

    user_id: int
    title: str
    user_ids: tuple[int, ...]
    idempotency_key: str | None
    now: datetime


@frozen
class ListChats:
    """Every chat of the user with the public users it names. Outcome: ChatsFound."""

    user_id: int


@frozen
class LoadChat:
    """One chat as `user_id` sees it. Outcome: ChatFound or Refused not_found."""

    user_id: int
    chat_id: int
    with_members: bool = False


@frozen
class SetFlags:
    """One's own flags (None = leave). Outcome: ChatFound or Refused not_found."""

    user_id: int
    chat_id: int
    muted: bool | None
    favourite: bool | None
    hidden: bool | None


# --- the log ---------------------------------------------------------------------------------------------------


@frozen
class AppendMessage:
    """Append under the chat's lock (I1, I3). `digest`: SHA-256 of the command. `reply_at`: created_at of the reply's
    target where the client gave it. `refusal`: what is wrong with the content; told once the cid was looked up in vain
    and the actor is a member. Outcome: Appended, or Refused not_member / cid_conflict / bad_seq / `refusal`."""

    chat_id: int
    actor_id: int
    cid: str
    digest: bytes
    content: str
    reply_to: int | None
    reply_at: datetime | None
    now: datetime
    refusal: str | None = None


@frozen
class AppendChange:
    """Log events of membership or of the chat itself; all admin rules are checked under the lock. `cid` is made by
    the server for this call, so that one whose commit is unknown can be run again.

    `kind` add: `user_ids` join (history all or none); remove: `user_ids[0]` goes; role: `user_ids[0]` gets `role`;
    update: title or avatar. Outcome: Appended; Refused not_found / forbidden / cid_conflict / validation_failed.
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
class FetchMessages:
    """The HTTP page: by offset from the newest, or older than before_seq. Outcome: MessagesFound; not_found."""

    user_id: int
    chat_id: int
    offset: int | None
    before_seq: int | None
    limit: int


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
    """What `ready` needs: the session's user, all his heads newest first, the epoch; marks the tokens issued with
    `refresh_id` as used and keeps the label of the device. Outcome: SessionLoaded, or Refused revoked."""

    user_id: int
    session_id: int
    refresh_id: int
    device: str
    now: datetime


@frozen
class Sweep:
    """I9: the heads of the given chats, which of the sessions ended, the chats that the users are members of now, the
    epoch. It must see everything that was committed before it was asked for. Outcome: Swept."""

    chat_ids: tuple[int, ...]
    session_ids: tuple[int, ...]
    user_ids: tuple[int, ...] = ()


@frozen
class RenewEpoch:
    """A log turned out to be replaced under `old`: name the history `new`, unless it has another name by now (compare
    and set). Outcome: Done."""

    old: str
    new: str


Operation = (
    CreateUser
    | FindLogin
    | CreateSession
    | RotateRefresh
    | TouchSession
    | EndSessions
    | ListSessions
    | ChangePassword
    | UpdateUser
    | SaveLastSeen
    | FindUsers
    | ListUsers
    | SearchUsers
    | CreateDirect
    | CreateGroup
    | ListChats
    | LoadChat
    | SetFlags
    | AppendMessage
    | AppendChange
    | FetchPage
    | FetchMessages
    | Mark
    | LoadSession
    | Sweep
    | RenewEpoch
)

# --- outcomes --------------------------------------------------------------------------------------------------


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
    """`refresh_id` names the new refresh token; the access token issued with it carries it."""

    user: PrivateUser
    session_id: int
    refresh_id: int


@frozen
class UserUpdated:
    """`chat_ids`: the chats he is in, for those who should learn of it."""

    user: PrivateUser
    chat_ids: tuple[int, ...]


@frozen
class SessionsEnded:
    session_ids: tuple[int, ...]


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
    `member_ids`: members after the last item; `added_ids` and `removed_ids` changed by these items.
    """

    chat_id: int
    items: tuple[Message | Event, ...]
    dup: bool
    last_seq: int
    member_ids: tuple[int, ...]
    added_ids: tuple[int, ...] = ()
    removed_ids: tuple[int, ...] = ()
    previous_at: datetime | None = None


@frozen
class PageFound:
    page: Page


@frozen
class MessagesFound:
    messages: tuple[Message, ...]
    users: tuple[User, ...]
    has_more: bool
    last_seq: int


@frozen
class Marked:
    """`changed`: something rose. Counts are exact up to `last_seq`."""

    chat_id: int
    user_id: int
    delivered_seq: int
    read_seq: int
    unread_count: int
    last_seq: int
    changed: bool
    is_group: bool


@frozen
class SessionLoaded:
    """`peer_ids`: the other users of his direct chats, who are told of his presence."""

    user: PrivateUser
    heads: tuple[Head, ...]
    peer_ids: tuple[int, ...]
    epoch: str


@frozen
class Swept:
    """`heads` by chat id: the last seq, and when that entry was made; `ended` session ids; `epoch` of the database;
    `memberships`: chat ids by user id."""

    heads: dict[int, tuple[int, datetime | None]]
    ended: tuple[int, ...]
    epoch: str
    memberships: dict[int, tuple[int, ...]] = Factory(dict)


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
    | SessionsFound
    | UsersFound
    | ChatCreated
    | ChatsFound
    | ChatFound
    | Appended
    | PageFound
    | MessagesFound
    | Marked
    | SessionLoaded
    | Swept
)
