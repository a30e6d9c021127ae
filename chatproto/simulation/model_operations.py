"""The model of storage: every operation of the port in memory, synchronously, with the same outcomes as the databases.

It is proven by the same contract suite as they are, so what is found with it counts for them.
"""

from collections.abc import Callable
from typing import Any, Final

from chatproto.operations import (
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
    OpenInvite,
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
    TakeMail,
    TellHints,
    TouchSession,
    UpdateUser,
)
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
from chatproto.simulation import store_people as people
from chatproto.simulation import store_recovery as recovery
from chatproto.simulation import store_relay as relay
from chatproto.simulation import store_retention as retention
from chatproto.simulation import store_search as search
from chatproto.simulation.model_store import Store


def perform(store: Store, operation: Operation) -> Outcome:
    """One operation, whole, as if in a transaction of its own."""
    act = _ACTS.get(type(operation))
    assert act is not None, "every operation has one"
    return act(store, operation)


_ACTS: Final[dict[type, Callable[[Store, Any], Outcome]]] = {
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
    FindUsers: people.find_users,
    ListUsers: people.list_users,
    SearchUsers: people.search_users,
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
    OpenInvite: invites.open_invite,
    SetAccount: accounts.set_account,
    Administer: lambda store, operation: administration.administer(store, operation, perform),
    ListAccounts: administration.list_accounts,
    LookAtSessions: administration.look_at_sessions,
    MeasureServer: administration.measure_server,
    ListAudit: administration.list_audit,
    FindExpired: retention.find_expired,
    Expire: retention.expire,
}
"""What performs each operation."""
