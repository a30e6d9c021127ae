"""What the core asks of storage: one operation = one transaction = one decision, and its possible outcomes.

Every operation may also end in `OperationFailed` (nothing was written) or `OutcomeUnknown` (perhaps written; the
same append run again with the same cid tells). Refusals are values with a stable code of docs/protocol.md section 1.
`now` is stamped by the server; secrets arrive hashed.
"""

from chatproto.operations.accounts import (
    ChangePassword,
    CleanUp,
    CreateSession,
    CreateUser,
    DeleteAccount,
    EndSessions,
    FindLogin,
    FindUsers,
    Hides,
    ListSessions,
    ListUsers,
    RenewHash,
    RotateRefresh,
    SaveLastSeen,
    SearchUsers,
    TouchSession,
    UpdateUser,
)
from chatproto.operations.administration import (
    Account,
    Administer,
    AuditLine,
    ListAccounts,
    ListAudit,
    LookAtSessions,
    MeasureServer,
    Sizes,
)
from chatproto.operations.blocks import BlockSet, BlocksFound, ListBlocks, SetBlock
from chatproto.operations.chats import (
    CreateDirect,
    CreateGroup,
    ListChats,
    LoadChat,
    SetFlags,
)
from chatproto.operations.files import (
    AddFile,
    ChatFilesFound,
    CleanFiles,
    FileAdded,
    FileFound,
    FilesRemoved,
    FindFile,
    ListChatFiles,
    StoredFile,
)
from chatproto.operations.invites import (
    CreateInvite,
    Invite,
    ListInvites,
    OpenInvite,
    RevokeInvite,
    SetAccount,
)
from chatproto.operations.log import (
    AppendBatch,
    AppendChange,
    AppendMessage,
    FetchAround,
    FetchMessages,
    FetchPage,
    FetchPins,
    FetchReaders,
    FetchRevisions,
    ForwardSource,
    LoadSession,
    LogCommand,
    Mark,
    ReadLog,
    RenewEpoch,
    Sweep,
)
from chatproto.operations.message_changes import DeleteMessage, EditMessage, MessageChange, Pin, React
from chatproto.operations.outcomes import (
    AccountDeleted,
    AccountsFound,
    Appended,
    AroundFound,
    AuditFound,
    BatchAppended,
    ChatCreated,
    ChatFound,
    ChatsFound,
    CleanedUp,
    Done,
    GroupsToLeave,
    InviteOpened,
    InvitesFound,
    LoginFound,
    LogRead,
    MailTaken,
    Marked,
    MessagesFound,
    OperationFailed,
    Outcome,
    OutcomeUnknown,
    PageFound,
    PinsFound,
    ReadersFound,
    Refused,
    RevisionsFound,
    ServerMeasured,
    SessionCreated,
    SessionLoaded,
    SessionsEnded,
    SessionsFound,
    Swept,
    UserFound,
    UsersFound,
    UserUpdated,
)
from chatproto.operations.recovery import (
    CheckCode,
    ConfirmEmail,
    FinishMail,
    Letter,
    MakeCode,
    OrderReset,
    ResetPassword,
    TakeMail,
)
from chatproto.operations.relay import HearHints, HintRow, HintsHeard, TellHints
from chatproto.operations.retention import EntriesExpired, Expire, ExpiredFound, FindExpired
from chatproto.operations.search import (
    ClearIndex,
    FindUnindexed,
    FoundPlace,
    IndexCleared,
    IndexedMessage,
    IndexedSpan,
    IndexMeasured,
    Match,
    MeasureIndex,
    MessagesMatched,
    OutdateIndex,
    ReadUnindexed,
    SearchMessages,
    StoreIndex,
    Unindexed,
    UnindexedFound,
    UnindexedRead,
)

Operation = (
    CreateUser
    | FindLogin
    | CreateSession
    | RotateRefresh
    | TouchSession
    | EndSessions
    | CleanUp
    | ListSessions
    | ChangePassword
    | RenewHash
    | UpdateUser
    | DeleteAccount
    | SaveLastSeen
    | FindUsers
    | ListUsers
    | SearchUsers
    | SetBlock
    | ListBlocks
    | CreateDirect
    | CreateGroup
    | ListChats
    | LoadChat
    | SetFlags
    | AppendMessage
    | AppendChange
    | EditMessage
    | DeleteMessage
    | React
    | Pin
    | AppendBatch
    | FetchPage
    | FetchAround
    | ReadLog
    | FetchMessages
    | FetchRevisions
    | FetchReaders
    | FetchPins
    | AddFile
    | FindFile
    | ListChatFiles
    | CleanFiles
    | Mark
    | LoadSession
    | Sweep
    | RenewEpoch
    | TellHints
    | HearHints
    | SearchMessages
    | FindUnindexed
    | ClearIndex
    | OutdateIndex
    | MeasureIndex
    | ReadUnindexed
    | StoreIndex
    | OrderReset
    | TakeMail
    | FinishMail
    | MakeCode
    | CheckCode
    | ResetPassword
    | ConfirmEmail
    | OpenInvite
    | CreateInvite
    | ListInvites
    | RevokeInvite
    | SetAccount
    | Administer
    | ListAccounts
    | LookAtSessions
    | MeasureServer
    | ListAudit
    | FindExpired
    | Expire
)

__all__ = [
    "Account",
    "AccountDeleted",
    "AccountsFound",
    "AddFile",
    "Administer",
    "AppendBatch",
    "AppendChange",
    "AppendMessage",
    "Appended",
    "AroundFound",
    "AuditFound",
    "AuditLine",
    "BatchAppended",
    "BlockSet",
    "BlocksFound",
    "ChangePassword",
    "ChatCreated",
    "ChatFilesFound",
    "ChatFound",
    "ChatsFound",
    "CheckCode",
    "CleanFiles",
    "CleanUp",
    "CleanedUp",
    "ClearIndex",
    "ConfirmEmail",
    "CreateDirect",
    "CreateGroup",
    "CreateInvite",
    "CreateSession",
    "CreateUser",
    "DeleteAccount",
    "DeleteMessage",
    "Done",
    "EditMessage",
    "EndSessions",
    "EntriesExpired",
    "Expire",
    "ExpiredFound",
    "FetchAround",
    "FetchMessages",
    "FetchPage",
    "FetchPins",
    "FetchReaders",
    "FetchRevisions",
    "FileAdded",
    "FileFound",
    "FilesRemoved",
    "FindExpired",
    "FindFile",
    "FindLogin",
    "FindUnindexed",
    "FindUsers",
    "FinishMail",
    "ForwardSource",
    "FoundPlace",
    "GroupsToLeave",
    "HearHints",
    "Hides",
    "HintRow",
    "HintsHeard",
    "IndexCleared",
    "IndexMeasured",
    "IndexedMessage",
    "IndexedSpan",
    "Invite",
    "InviteOpened",
    "InvitesFound",
    "Letter",
    "ListAccounts",
    "ListAudit",
    "ListBlocks",
    "ListChatFiles",
    "ListChats",
    "ListInvites",
    "ListSessions",
    "ListUsers",
    "LoadChat",
    "LoadSession",
    "LogCommand",
    "LogRead",
    "LoginFound",
    "LookAtSessions",
    "MailTaken",
    "MakeCode",
    "Mark",
    "Marked",
    "Match",
    "MeasureIndex",
    "MeasureServer",
    "MessageChange",
    "MessagesFound",
    "MessagesMatched",
    "OpenInvite",
    "Operation",
    "OperationFailed",
    "OrderReset",
    "Outcome",
    "OutcomeUnknown",
    "OutdateIndex",
    "PageFound",
    "Pin",
    "PinsFound",
    "React",
    "ReadLog",
    "ReadUnindexed",
    "ReadersFound",
    "Refused",
    "RenewEpoch",
    "RenewHash",
    "ResetPassword",
    "RevisionsFound",
    "RevokeInvite",
    "RotateRefresh",
    "SaveLastSeen",
    "SearchMessages",
    "SearchUsers",
    "ServerMeasured",
    "SessionCreated",
    "SessionLoaded",
    "SessionsEnded",
    "SessionsFound",
    "SetAccount",
    "SetBlock",
    "SetFlags",
    "Sizes",
    "StoreIndex",
    "StoredFile",
    "Sweep",
    "Swept",
    "TakeMail",
    "TellHints",
    "TouchSession",
    "Unindexed",
    "UnindexedFound",
    "UnindexedRead",
    "UpdateUser",
    "UserFound",
    "UserUpdated",
    "UsersFound",
]
