"""The model of storage: every operation of the port in memory, synchronously, with the same outcomes as the databases.

It is proven by the same contract suite as they are, so what is found with it counts for them. Plain data: it can be
copied, printed and compared.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from attrs import define, evolve, field

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
    DeleteAccount,
    DeleteMessage,
    Done,
    EditMessage,
    EndSessions,
    Expire,
    FetchAround,
    FetchMessages,
    FetchPage,
    FetchPins,
    FetchReaders,
    FetchRevisions,
    FindExpired,
    FindFile,
    FindLogin,
    FindUnindexed,
    FindUsers,
    FinishMail,
    HearHints,
    Hides,
    HintRow,
    ListAccounts,
    ListAudit,
    ListBlocks,
    ListChatFiles,
    ListChats,
    ListInvites,
    ListSessions,
    ListUsers,
    LoadChat,
    LoadSession,
    LookAtSessions,
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
    SetBlock,
    SetFlags,
    StoreIndex,
    Sweep,
    Swept,
    TakeMail,
    TellHints,
    TouchSession,
    UpdateUser,
)
from chatproto.simulation.model_rooms import Room
from chatproto.simulation.model_rows import (
    Account,
    KeptCode,
    KeptFile,
    KeptInvite,
    KeptLine,
    Login,
    RefreshToken,
    WaitingMail,
)
from chatproto.wire.model import User, deleted_user


@define
class Store:
    """All there is. Ids count up from 1 in each kind; refresh tokens are found by their hash, blocks by who
    blocks whom."""

    epoch: str = "model"
    accounts: dict[int, Account] = field(factory=dict)
    logins: dict[int, Login] = field(factory=dict)
    tokens: dict[bytes, RefreshToken] = field(factory=dict)
    rooms: dict[int, Room] = field(factory=dict)
    keys: dict[tuple[int, str], tuple[int, datetime]] = field(factory=dict)
    blocks: dict[tuple[int, int], datetime] = field(factory=dict)
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
            blocks=dict(self.blocks),
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
        blocks = self.blocks_of(*operation.user_ids)
        begins = {chat_id: self.rooms[chat_id].expired_seq + 1 for chat_id in heads if self.rooms[chat_id].expired_seq}
        hides = {user_id: self.hides(user_id) for user_id in operation.user_ids if user_id in self.accounts}
        return Swept(heads, tuple(ended), self.epoch, memberships, blocks, begins, hides)

    def renew_epoch(self, operation: RenewEpoch) -> Outcome:
        """Unless it has another name by now."""
        self.epoch = operation.new if self.epoch == operation.old else self.epoch
        return Done()

    def _ended(self, login_id: int) -> bool:
        login = self.logins.get(login_id)
        return login is not None and login.ended_at is not None

    def living(self) -> set[int]:
        """Accounts that were not deleted."""
        return {user_id for user_id, account in self.accounts.items() if account.deleted_at is None}

    # --- blocks ---

    def blocks_of(self, *user_ids: int) -> tuple[tuple[int, int], ...]:
        """Those by them and those of them."""
        return tuple(sorted(pair for pair in self.blocks if not {*user_ids}.isdisjoint(pair)))

    def is_closed(self, room: Room) -> bool:
        """A direct chat of two of whom one blocks the other."""
        if room.type != "direct" or len(room.members) != 2:
            return False
        one, other = room.members
        return (one, other) in self.blocks or (other, one) in self.blocks

    def can_add(self, actor_id: int, user_ids: Iterable[int]) -> bool:
        """None of them blocks the actor."""
        return not any((user_id, actor_id) in self.blocks for user_id in user_ids)

    # --- users as others see them ---

    def hides(self, user_id: int) -> Hides:
        """What somebody hides."""
        return self.accounts[user_id].hides

    def shares(self, viewer_id: int, user_id: int) -> bool:
        """Whether both are members of a chat now."""
        return any(room.membership(viewer_id) and room.membership(user_id) for room in self.rooms.values())

    def plain(self, user_id: int) -> User:
        """Without presence, as in events that go to everybody."""
        user = self.accounts[user_id].user
        if self.accounts[user_id].deleted_at is not None:
            return deleted_user(user_id, user.created_at)
        return User(
            id=user.id,
            username=user.username,
            display_name=user.display_name,
            avatar_url=user.avatar_url,
            created_at=user.created_at,
        )

    def seen_by(self, viewer_id: int, user_id: int) -> User:
        """With presence where a chat is shared, neither hides it and they do not block the viewer; `online` is False:
        who is connected, a store cannot know."""
        user = self.plain(user_id)
        hidden = user.deleted or (user_id, viewer_id) in self.blocks
        hidden = hidden or self.hides(viewer_id).last_seen or self.hides(user_id).last_seen
        if hidden or not self.shares(viewer_id, user_id):
            return user
        return msgspec.structs.replace(user, online=False, last_seen_at=self.accounts[user_id].last_seen_at)


@cache
def _acts() -> dict[type, Callable[[Store, Any], Outcome]]:
    """What performs each operation; these modules import this one."""
    from chatproto.simulation import store_accounts as accounts
    from chatproto.simulation import store_administration as administration
    from chatproto.simulation import store_blocks as blocks
    from chatproto.simulation import store_chats as chats
    from chatproto.simulation import store_deletion as deletion
    from chatproto.simulation import store_files as files
    from chatproto.simulation import store_invites as invites
    from chatproto.simulation import store_log as log
    from chatproto.simulation import store_mails as mails
    from chatproto.simulation import store_marks as marks
    from chatproto.simulation import store_messages as messages
    from chatproto.simulation import store_pages as pages
    from chatproto.simulation import store_recovery as recovery
    from chatproto.simulation import store_relay as relay
    from chatproto.simulation import store_retention as retention
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
        DeleteAccount: deletion.delete_account,
        SaveLastSeen: accounts.save_last_seen,
        FindUsers: accounts.find_users,
        ListUsers: accounts.list_users,
        SearchUsers: accounts.search_users,
        SetBlock: blocks.set_block,
        ListBlocks: blocks.list_blocks,
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
        LookAtSessions: administration.look_at_sessions,
        MeasureServer: administration.measure_server,
        ListAudit: administration.list_audit,
        FindExpired: retention.find_expired,
        Expire: retention.expire,
    }
