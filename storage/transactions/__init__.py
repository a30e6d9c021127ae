"""Every operation as a transaction: a generator that yields queries and returns the outcome.

Nothing here knows which database runs it. What a runner does with a `Plan`:

- `look`, where there is one, is a read of its own, run before all else: `after_look` tells what it means. Most of these
  operations turn out to have nothing to write, and reads neither wait in line nor hold a lock.
- `first`, where there is one, is a small write of its own, run before; if it ends in `Refused`, that is the outcome.
- `start()` gives a fresh generator for each attempt. Send it a `Result` for each `Query` it yields; throw
  `DuplicateKey` into it where a unique key is met (the statement undone, the transaction not).
- `writes`: run it on the primary between BEGIN and COMMIT. It is committed whatever it returns, `Refused` included
  (a token used twice is refused and its session ended at once); it is rolled back only where it raises.
- Otherwise a read-only connection will do; what one reads before, bounds what it reads after (READ COMMITTED).
"""

from collections.abc import Callable
from functools import partial
from typing import assert_never

from attrs import evolve, frozen

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
    OperationFailed,
    OrderReset,
    Outcome,
    OutdateIndex,
    Pin,
    React,
    ReadLog,
    ReadUnindexed,
    Refused,
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
from storage.statements import Steps
from storage.transactions.accounts import create_user, find_login, list_users, save_last_seen, set_account, update_user
from storage.transactions.administration import administer
from storage.transactions.batches import append_alone, append_batch
from storage.transactions.blocks import list_blocks, set_block
from storage.transactions.chat_files import list_chat_files
from storage.transactions.chats import list_chats, load_chat, set_flags
from storage.transactions.cleaning import clean_up
from storage.transactions.codes import check_code, confirm_email, make_code, reset_password
from storage.transactions.deletion import delete_account
from storage.transactions.files import add_file, clean_files, find_file
from storage.transactions.groups import create_direct, create_group
from storage.transactions.index_versions import clear_index, measure_index, outdate_index
from storage.transactions.indexing import find_unindexed, read_unindexed, store_index
from storage.transactions.invites import create_invite, list_invites, open_invite, revoke_invite
from storage.transactions.mails import finish_mail, look_at_mails, order_reset, take_mail
from storage.transactions.marks import mark
from storage.transactions.message_reads import fetch_pins, fetch_readers, fetch_revisions
from storage.transactions.message_search import search_messages
from storage.transactions.pages import fetch_around, fetch_messages, fetch_page, read_log
from storage.transactions.people_search import find_users, search_users
from storage.transactions.relay import hear_hints, tell_hints
from storage.transactions.retention import expire, find_expired
from storage.transactions.server_views import list_accounts, list_audit, look_at_sessions, measure_server
from storage.transactions.sessions import (
    change_password,
    create_session,
    end_sessions,
    keep_device,
    list_sessions,
    look_at_session,
    renew_hash,
    rotate_refresh,
    touch_session,
)
from storage.transactions.sweeps import load_session, renew_epoch, sweep


@frozen
class Plan:
    """How to run one operation; see the module."""

    start: Callable[[], Steps[Outcome]]
    writes: bool
    first: Callable[[], Steps[Outcome]] | None = None
    look: Callable[[], Steps[Outcome]] | None = None


def after_look(plan: Plan, looked: Outcome) -> Plan | Outcome:
    """Done: there is something to write, run the plan. Refused and trouble are the outcome. Anything else says that
    nothing is to be written: it is the outcome of a plan that writes; another one goes on without its `first`."""
    if isinstance(looked, Done):
        return plan
    if plan.writes or isinstance(looked, Refused | OperationFailed):
        return looked
    return evolve(plan, first=None)


def transaction_for(operation: Operation) -> Plan:
    """The plan of an operation."""
    match operation:
        case CreateUser():
            return Plan(partial(create_user, operation), writes=True)
        case FindLogin():
            return Plan(partial(find_login, operation), writes=False)
        case UpdateUser():
            return Plan(partial(update_user, operation), writes=True)
        case DeleteAccount():
            return Plan(partial(delete_account, operation), writes=True)
        case SaveLastSeen():
            return Plan(partial(save_last_seen, operation), writes=True)
        case ListUsers():
            return Plan(partial(list_users, operation), writes=False)
        case CreateSession():
            return Plan(partial(create_session, operation), writes=True)
        case RotateRefresh():
            return Plan(partial(rotate_refresh, operation), writes=True)
        case TouchSession():
            return Plan(partial(touch_session, operation), writes=True, look=partial(look_at_session, operation))
        case EndSessions():
            return Plan(partial(end_sessions, operation), writes=True)
        case ListSessions():
            return Plan(partial(list_sessions, operation), writes=False)
        case ChangePassword():
            return Plan(partial(change_password, operation), writes=True)
        case RenewHash():
            return Plan(partial(renew_hash, operation), writes=True)
        case FindUsers():
            return Plan(partial(find_users, operation), writes=False)
        case SearchUsers():
            return Plan(partial(search_users, operation), writes=False)
        case SetBlock():
            return Plan(partial(set_block, operation), writes=True)
        case ListBlocks():
            return Plan(partial(list_blocks, operation), writes=False)
        case CreateDirect():
            return Plan(partial(create_direct, operation), writes=True)
        case CreateGroup():
            return Plan(partial(create_group, operation), writes=True)
        case ListChats():
            return Plan(partial(list_chats, operation), writes=False)
        case LoadChat():
            return Plan(partial(load_chat, operation), writes=False)
        case SetFlags():
            return Plan(partial(set_flags, operation), writes=True)
        case AppendMessage() | AppendChange() | EditMessage() | DeleteMessage() | React() | Pin():
            # The stores never ask for these, AppendBatch and Mark: isolation.py runs them together. All three are here
            # for the match to be complete, and for tests that count statements.
            return Plan(partial(append_alone, operation), writes=True)
        case AppendBatch():
            return Plan(partial(append_batch, operation), writes=True)
        case FetchPage():
            return Plan(partial(fetch_page, operation), writes=False)
        case FetchAround():
            return Plan(partial(fetch_around, operation), writes=False)
        case ReadLog():
            return Plan(partial(read_log, operation), writes=False)
        case FetchMessages():
            return Plan(partial(fetch_messages, operation), writes=False)
        case FetchRevisions():
            return Plan(partial(fetch_revisions, operation), writes=False)
        case FetchReaders():
            return Plan(partial(fetch_readers, operation), writes=False)
        case FetchPins():
            return Plan(partial(fetch_pins, operation), writes=False)
        case AddFile():
            return Plan(partial(add_file, operation), writes=True)
        case FindFile():
            return Plan(partial(find_file, operation), writes=False)
        case ListChatFiles():
            return Plan(partial(list_chat_files, operation), writes=False)
        case CleanFiles():
            return Plan(partial(clean_files, operation), writes=True)
        case Mark():
            return Plan(partial(mark, operation), writes=True)
        case LoadSession():
            # what it reads is much and may lag behind; what it writes is little
            first, look = partial(keep_device, operation), partial(look_at_session, operation)
            return Plan(partial(load_session, operation), writes=False, first=first, look=look)
        case CleanUp():
            return Plan(partial(clean_up, operation), writes=True)
        case Sweep():
            return Plan(partial(sweep, operation), writes=False)
        case RenewEpoch():
            return Plan(partial(renew_epoch, operation), writes=True)
        case TellHints():
            return Plan(partial(tell_hints, operation), writes=True)
        case HearHints():
            return Plan(partial(hear_hints, operation), writes=False)
        case SearchMessages():
            return Plan(partial(search_messages, operation), writes=False)
        case FindUnindexed():
            return Plan(partial(find_unindexed, operation), writes=False)
        case ClearIndex():
            return Plan(partial(clear_index, operation), writes=True)
        case OutdateIndex():
            return Plan(partial(outdate_index, operation), writes=True)
        case MeasureIndex():
            return Plan(partial(measure_index, operation), writes=False)
        case ReadUnindexed():
            return Plan(partial(read_unindexed, operation), writes=False)
        case StoreIndex():
            return Plan(partial(store_index, operation), writes=True)
        case OrderReset():
            return Plan(partial(order_reset, operation), writes=True)
        case TakeMail():
            return Plan(partial(take_mail, operation), writes=True, look=partial(look_at_mails, operation))
        case FinishMail():
            return Plan(partial(finish_mail, operation), writes=True)
        case MakeCode():
            return Plan(partial(make_code, operation), writes=True)
        case CheckCode():
            return Plan(partial(check_code, operation), writes=False)
        case ResetPassword():
            return Plan(partial(reset_password, operation), writes=True)
        case ConfirmEmail():
            return Plan(partial(confirm_email, operation), writes=True)
        case CreateInvite():
            return Plan(partial(create_invite, operation), writes=True)
        case ListInvites():
            return Plan(partial(list_invites, operation), writes=False)
        case RevokeInvite():
            return Plan(partial(revoke_invite, operation), writes=True)
        case OpenInvite():
            return Plan(partial(open_invite, operation), writes=False)
        case SetAccount():
            return Plan(partial(set_account, operation), writes=True)
        case Administer():
            return Plan(partial(administer, operation), writes=True)
        case ListAccounts():
            return Plan(partial(list_accounts, operation), writes=False)
        case LookAtSessions():
            return Plan(partial(look_at_sessions, operation), writes=False)
        case MeasureServer():
            return Plan(partial(measure_server, operation), writes=False)
        case ListAudit():
            return Plan(partial(list_audit, operation), writes=False)
        case FindExpired():
            return Plan(partial(find_expired, operation), writes=False)
        case Expire():
            return Plan(partial(expire, operation), writes=True)
        case _:
            assert_never(operation)
