"""The model of storage: every operation of the port in memory, synchronously, with the same outcomes as the databases.

It is proven by the same contract suite as they are, so what is found with it counts for them. Plain data: it can be
copied, printed and compared.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Literal

import msgspec
from attrs import define, evolve, field, frozen

from chatproto.operations import (
    AcceptInvite,
    AddFile,
    Administer,
    AppendBatch,
    AppendChange,
    AppendMessage,
    ChangePassword,
    CheckCode,
    CleanFiles,
    CleanUp,
    ClearIndex,
    ConfirmEmail,
    CreateDirect,
    CreateGroup,
    CreateInvite,
    CreateSession,
    CreateUser,
    DeleteMessage,
    Done,
    EditMessage,
    EndSessions,
    FetchAround,
    FetchMessages,
    FetchPage,
    FetchPins,
    FetchReaders,
    FetchRevisions,
    FindFile,
    FindLogin,
    FindUnindexed,
    FindUsers,
    FinishMail,
    HearHints,
    HintRow,
    ListAccounts,
    ListAudit,
    ListChatFiles,
    ListChats,
    ListInvites,
    ListSessions,
    ListUsers,
    LoadChat,
    LoadSession,
    MakeCode,
    Mark,
    MeasureIndex,
    MeasureServer,
    Operation,
    OrderReset,
    Outcome,
    OutdateIndex,
    Pin,
    React,
    ReadLog,
    ReadUnindexed,
    RenewEpoch,
    RenewHash,
    ResetPassword,
    RevokeInvite,
    RotateRefresh,
    SaveLastSeen,
    SearchMessages,
    SearchUsers,
    SetAccount,
    SetFlags,
    StoredFile,
    StoreIndex,
    Sweep,
    Swept,
    TakeMail,
    TellHints,
    TouchSession,
    UpdateUser,
)
from chatproto.operations.administration import AuditAction
from chatproto.operations.recovery import Language
from chatproto.wire.model import Event, Message, Notify, PrivateUser, User, Writers


@define
class Account:
    """A user with what only the store knows of them."""

    user: PrivateUser
    username_key: str
    email_key: str | None
    password_hash: str
    words: frozenset[str]
    last_seen_at: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def disabled(self) -> bool:
        """Shut out."""
        return self.disabled_at is not None


@frozen
class AddressMail:
    """What a change of an address orders."""

    kind: Literal["verify", "changed"]
    language: Language
    user_id: int
    address: str


@define
class WaitingMail:
    """A letter in the queue."""

    order: OrderReset | AddressMail
    created_at: datetime
    next_at: datetime
    attempts: int = 0


@define
class KeptInvite:
    """An invitation; `by`: who came by it."""

    id: int
    code_hash: bytes
    chat_id: int | None
    created_by: int | None
    uses: int
    created_at: datetime
    expires_at: datetime
    revoked: bool = False
    by: frozenset[int] = frozenset()


@frozen
class KeptLine:
    """A line of the audit."""

    id: int
    at: datetime
    actor_id: int | None
    action: AuditAction
    subject_id: int | None
    invite_id: int | None
    address: str | None


@define
class KeptCode:
    """A code by its hash. `user_id`: 0, nobody yet."""

    kind: str
    user_id: int
    address: str | None
    created_at: datetime
    expires_at: datetime
    again: bool = False
    used: bool = False


@define
class Login:
    """A session."""

    id: int
    user_id: int
    device: str
    key: bytes
    created_at: datetime
    last_used_at: datetime
    ended_at: datetime | None = None


@define
class RefreshToken:
    """`parent`: the hash of the token this one was issued for; `used`: its access token was presented."""

    hash: bytes
    session_id: int
    parent: bytes | None
    created_at: datetime
    exchanged_at: datetime | None = None
    late_exchanges: int = 0
    used: bool = False


@frozen
class Departure:
    """What a former member goes on seeing: the chat as it was at the removal. `reads`: how far each user had read."""

    title: str | None
    avatar_url: str | None
    others_read_seq: int
    others_delivered_seq: int
    reads: dict[int, int]
    members: tuple["Membership", ...]


@define
class Membership:
    """A member, or a former one (`left_seq`, `departure`). `own_*`: what the user marked, 0 before the first mark."""

    user_id: int
    role: str
    joined_at: datetime
    joined_seq: int = 0
    first_seq: int = 1
    left_seq: int | None = None
    read_seq: int = 0
    delivered_seq: int = 0
    own_read_seq: int = 0
    own_delivered_seq: int = 0
    muted: bool = False
    favourite: bool = False
    hidden_seq: int | None = None
    notify: Notify = "all"
    muted_until: datetime | None = None
    departure: Departure | None = None


@define
class Room:
    """A chat with its log: entry i has seq i + 1. `commands`: digest, first and last seq by (actor, cid).

    Messages stand in the log as they were sent, but for erased ones. `texts`: what each `edited` wrote, by its seq, and
    `named` whom it named;
    `changes`: seqs of the events that changed a message, by its seq; `pins`: seq of the event, that of the message, on.
    """

    id: int
    type: str
    title: str | None
    created_by: int
    created_at: datetime
    avatar_url: str | None = None
    writers: Writers = "all"
    members: dict[int, Membership] = field(factory=dict)
    log: list[Message | Event] = field(factory=list)
    commands: dict[tuple[int, str], tuple[bytes, int, int]] = field(factory=dict)
    texts: dict[int, str] = field(factory=dict)
    named: dict[int, tuple[tuple[int, ...], bool]] = field(factory=dict)
    changes: dict[int, tuple[int, ...]] = field(factory=dict)
    pins: list[tuple[int, int, bool]] = field(factory=list)
    indexed_seq: int = 0
    index_version: int = 0

    @property
    def last_seq(self) -> int:
        """The head of the log."""
        return len(self.log)

    @property
    def head(self) -> tuple[int, datetime | None]:
        """The last entry's seq and time."""
        return (self.last_seq, self.log[-1].created_at) if self.log else (0, None)

    def copy(self) -> "Room":
        """As it is now."""
        members = {user_id: evolve(member) for user_id, member in self.members.items()}
        return evolve(
            self,
            members=members,
            log=list(self.log),
            commands=dict(self.commands),
            texts=dict(self.texts),
            named=dict(self.named),
            changes=dict(self.changes),
            pins=list(self.pins),
        )

    def depart(self, user_id: int) -> None:
        """The entry that is logged next removes this member: what they see stays as it is now."""
        others = [member for member in self.members.values() if member.user_id != user_id]
        present = [member for member in self.present().values() if member.user_id != user_id]
        leaving = self.members[user_id]
        leaving.departure = Departure(
            self.title,
            self.avatar_url,
            others_read_seq=max((member.own_read_seq for member in others), default=0),
            others_delivered_seq=max((member.own_delivered_seq for member in others), default=0),
            reads={member.user_id: member.own_read_seq for member in self.members.values()},
            members=tuple(map(evolve, present)),
        )
        leaving.left_seq = self.last_seq + 1

    def present(self) -> dict[int, Membership]:
        """The members of now, the longest-standing first."""
        ordered = sorted(self.members.values(), key=lambda member: (member.joined_seq, member.user_id))
        return {member.user_id: member for member in ordered if member.left_seq is None}

    def membership(self, user_id: int) -> Membership | None:
        """A present member."""
        member = self.members.get(user_id)
        return member if member is not None and member.left_seq is None else None


@define
class KeptFile:
    """A file; the fields as those of AddFile."""

    stored: StoredFile
    source: bytes
    as_file: bool
    key: bytes
    expires_at: datetime | None


@define
class Store:
    """All there is. Ids count up from 1 in each kind; refresh tokens are found by their hash."""

    epoch: str = "model"
    accounts: dict[int, Account] = field(factory=dict)
    logins: dict[int, Login] = field(factory=dict)
    tokens: dict[bytes, RefreshToken] = field(factory=dict)
    rooms: dict[int, Room] = field(factory=dict)
    keys: dict[tuple[int, str], tuple[int, datetime]] = field(factory=dict)
    files: dict[str, KeptFile] = field(factory=dict)
    mails: dict[int, WaitingMail] = field(factory=dict)
    codes: dict[bytes, KeptCode] = field(factory=dict)
    hints: dict[int, HintRow] = field(factory=dict)
    last_hint: int = 0
    invites: list[KeptInvite] = field(factory=list)
    audit: list[KeptLine] = field(factory=list)
    lines_written: int = 0
    mails_made: int = 0
    messages: int = 0
    logins_made: int = 0

    def copy(self) -> "Store":
        """As it is now; items and users never change, so both hold the same ones."""
        return evolve(
            self,
            accounts={key: evolve(account) for key, account in self.accounts.items()},
            logins={key: evolve(login) for key, login in self.logins.items()},
            tokens={key: evolve(token) for key, token in self.tokens.items()},
            rooms={key: room.copy() for key, room in self.rooms.items()},
            keys=dict(self.keys),
            files={key: evolve(file) for key, file in self.files.items()},
            mails={key: evolve(mail) for key, mail in self.mails.items()},
            codes={key: evolve(code) for key, code in self.codes.items()},
            hints=dict(self.hints),
            invites=[evolve(invite) for invite in self.invites],
            audit=list(self.audit),
        )

    def perform(self, operation: Operation) -> Outcome:
        """One operation, whole, as if in a transaction of its own."""
        act = _acts().get(type(operation))
        assert act is not None, "every operation has one"
        return act(self, operation)

    def sweep(self, operation: Sweep) -> Outcome:
        """What moved, who is out, who is where."""
        heads = {chat_id: self.rooms[chat_id].head for chat_id in operation.chat_ids if chat_id in self.rooms}
        ended = [login_id for login_id in operation.session_ids if self._ended(login_id)]
        memberships = {
            user_id: tuple(room.id for room in self.rooms.values() if room.membership(user_id))
            for user_id in operation.user_ids
        }
        return Swept(heads, tuple(ended), self.epoch, memberships)

    def renew_epoch(self, operation: RenewEpoch) -> Outcome:
        """Unless it has another name by now."""
        self.epoch = operation.new if self.epoch == operation.old else self.epoch
        return Done()

    def _ended(self, login_id: int) -> bool:
        login = self.logins.get(login_id)
        return login is not None and login.ended_at is not None

    # --- users as others see them ---

    def shares(self, viewer_id: int, user_id: int) -> bool:
        """Whether both are members of a chat now."""
        return any(room.membership(viewer_id) and room.membership(user_id) for room in self.rooms.values())

    def plain(self, user_id: int) -> User:
        """Without presence, as in events that go to everybody."""
        user = self.accounts[user_id].user
        return User(
            id=user.id,
            username=user.username,
            display_name=user.display_name,
            avatar_url=user.avatar_url,
            created_at=user.created_at,
        )

    def seen_by(self, viewer_id: int, user_id: int) -> User:
        """With presence where a chat is shared; `online` is False: who is connected, a store cannot know."""
        user = self.plain(user_id)
        if not self.shares(viewer_id, user_id):
            return user
        return msgspec.structs.replace(user, online=False, last_seen_at=self.accounts[user_id].last_seen_at)


@cache
def _acts() -> dict[type, Callable[[Store, Any], Outcome]]:
    """What performs each operation; these modules import this one."""
    from chatproto.simulation import store_accounts as accounts
    from chatproto.simulation import store_administration as administration
    from chatproto.simulation import store_chats as chats
    from chatproto.simulation import store_files as files
    from chatproto.simulation import store_invites as invites
    from chatproto.simulation import store_log as log
    from chatproto.simulation import store_mails as mails
    from chatproto.simulation import store_marks as marks
    from chatproto.simulation import store_messages as messages
    from chatproto.simulation import store_pages as pages
    from chatproto.simulation import store_recovery as recovery
    from chatproto.simulation import store_relay as relay
    from chatproto.simulation import store_search as search

    return {
        Sweep: Store.sweep,
        AppendMessage: log.append_message,
        Mark: marks.mark,
        FetchPage: pages.fetch_page,
        ReadLog: pages.read_log,
        LoadSession: chats.load_session,
        RotateRefresh: accounts.rotate_refresh,
        TouchSession: lambda store, operation: accounts.touch(store, operation, None),
        AppendChange: log.append_change,
        AppendBatch: log.append_batch,
        CreateUser: accounts.create_user,
        FindLogin: accounts.find_login,
        CreateSession: accounts.create_session,
        CleanUp: accounts.clean_up,
        EndSessions: accounts.end_sessions,
        ListSessions: accounts.list_sessions,
        ChangePassword: accounts.change_password,
        RenewHash: accounts.renew_hash,
        UpdateUser: accounts.update_user,
        SaveLastSeen: accounts.save_last_seen,
        FindUsers: accounts.find_users,
        ListUsers: accounts.list_users,
        SearchUsers: accounts.search_users,
        CreateDirect: chats.create_direct,
        CreateGroup: chats.create_group,
        ListChats: chats.list_chats,
        LoadChat: chats.load_chat,
        SetFlags: chats.set_flags,
        FetchAround: pages.fetch_around,
        FetchMessages: pages.fetch_messages,
        EditMessage: messages.change_message,
        DeleteMessage: messages.change_message,
        React: messages.change_message,
        Pin: messages.change_message,
        FetchRevisions: messages.fetch_revisions,
        FetchReaders: messages.fetch_readers,
        FetchPins: messages.fetch_pins,
        AddFile: files.add_file,
        FindFile: files.find_file,
        ListChatFiles: files.list_chat_files,
        CleanFiles: files.clean_files,
        SearchMessages: search.search_messages,
        FindUnindexed: search.find_unindexed,
        ClearIndex: search.clear_index,
        OutdateIndex: search.outdate_index,
        MeasureIndex: search.measure_index,
        ReadUnindexed: search.read_unindexed,
        StoreIndex: search.store_index,
        RenewEpoch: Store.renew_epoch,
        TellHints: relay.tell_hints,
        HearHints: relay.hear_hints,
        OrderReset: mails.order_reset,
        TakeMail: mails.take_mail,
        FinishMail: mails.finish_mail,
        MakeCode: recovery.make_code,
        CheckCode: recovery.check_code,
        ResetPassword: recovery.reset_password,
        ConfirmEmail: recovery.confirm_email,
        CreateInvite: invites.create_invite,
        ListInvites: invites.list_invites,
        RevokeInvite: invites.revoke_invite,
        AcceptInvite: invites.accept_invite,
        SetAccount: accounts.set_account,
        Administer: administration.administer,
        ListAccounts: administration.list_accounts,
        MeasureServer: administration.measure_server,
        ListAudit: administration.list_audit,
    }
