"""The tables, once for MySQL, MariaDB and SQLite.

Times are naive UTC in the database and aware UTC outside of it. Every text is compared byte by byte (`utf8mb4_bin`),
because no other collation is common to the three and the usual ones call 😀 and 😁 equal; what has to be found
regardless of case has a folded key beside it, made in Python.

A chat's log is `messages` and `chat_events` together: one dense run of seqs from 1 to `chats.last_seq`. `commands`
remembers for ever which entries a cid made, so its primary key is the one key over both tables (docs/protocol.md I3).
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.dialects import mysql

from storage.columns import ASCIIBytes, UTCDateTime, UTF8Bytes, digest, flag, row_id, session_key, zero

NAMES: Final = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
}
AVATAR_PREFIX: Final = 40
"""Characters."""
metadata = MetaData(naming_convention=NAMES)

_OPTIONS: Final[dict[str, Any]] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def _table(name: str, *parts: Any, **options: Any) -> Table:
    return Table(name, metadata, *parts, **_OPTIONS, **options)


def _avatar_index() -> Index:
    """Who has a file as an avatar: the paths of files are shorter than what of an address MySQL puts into it."""
    return Index(None, "avatar_url", mysql_length=AVATAR_PREFIX, mariadb_length=AVATAR_PREFIX)


meta = _table(
    "meta",
    Column("name", String(64), primary_key=True),
    Column("value", String(255), nullable=False),
)
"""`epoch`: the name of this database's history (docs/protocol.md section 4, restored databases)."""

users = _table(
    "users",
    Column("id", row_id(), primary_key=True, autoincrement=True),
    Column("username", String(64), nullable=False),
    Column("username_key", String(64), nullable=False, unique=True),
    Column("email", String(254)),
    Column("email_key", String(254), unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("display_name", String(64), nullable=False),
    Column("avatar_url", String(2048)),
    Column("created_at", UTCDateTime, nullable=False),
    Column("last_seen_at", UTCDateTime),
    flag("email_verified"),
    flag("hide_last_seen"),
    flag("hide_reads"),
    Column("language", String(8)),
    Column("login_letters", Boolean, nullable=False, server_default=true()),
    Column("role", String(8), nullable=False, server_default="member"),
    Column("disabled_at", UTCDateTime),
    Column("deleted_at", UTCDateTime),
    Column("name_digest", digest()),
    _avatar_index(),
    Index(None, "role"),
    Index(None, "name_digest"),
)
"""`role`: member or admin, of the whole server. Whoever is disabled cannot log in.
`deleted_at`: the account is erased, and disabled; `name_digest`: SHA-256 of the username it had. `hide_last_seen`,
`hide_reads`: what others are not told of them, nor they of others. `language`: of letters, as it was when they entered
their address; `login_letters`: whether they want those about log-ins."""

user_words = _table(
    "user_words",
    Column("word", String(64), primary_key=True),
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Index(None, "user_id"),
)
"""Folded words a user is found by; the primary key serves the prefix search."""

sessions = _table(
    "sessions",
    Column("id", row_id(), primary_key=True, autoincrement=True),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("device", String(64), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("last_used_at", UTCDateTime, nullable=False),
    Column("ended_at", UTCDateTime),
    Column("key", session_key()),
    Column("address", String(64)),
    Index(None, "user_id", "ended_at"),
    Index("uq_sessions_key", "key", unique=True),
)
"""`key`: random, names the session in its access tokens; unlike the id it is never given again, also not after the
database was put back to an older state. Nothing signs in to a session without one. `address`: where it logged in or
exchanged its token last; null again from its end on."""

refresh_tokens = _table(
    "refresh_tokens",
    Column("id", row_id(), primary_key=True, autoincrement=True),
    Column("session_id", BigInteger, ForeignKey("sessions.id"), nullable=False),
    Column("parent_id", BigInteger, ForeignKey("refresh_tokens.id")),
    Column("hash", digest(), nullable=False, unique=True),
    Column("created_at", UTCDateTime, nullable=False),
    Column("exchanged_at", UTCDateTime),
    Column("late_exchanges", Integer, nullable=False, server_default=text("0")),
    flag("used"),
    Index(None, "session_id"),
    Index(None, "parent_id"),
)
"""`parent_id`: the token this one was issued for. `exchanged_at`: the first time. `used`: the access token issued
with it was presented."""

chats = _table(
    "chats",
    Column("id", row_id(), primary_key=True, autoincrement=True),
    Column("type", String(8), nullable=False),
    Column("is_group", Boolean, Computed("type = 'group'")),
    Column("title", String(100)),
    Column("avatar_url", String(2048)),
    Column("created_by", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("direct_low", BigInteger, ForeignKey("users.id")),
    Column("direct_high", BigInteger, ForeignKey("users.id")),
    zero("last_seq"),
    Column("last_at", UTCDateTime),
    zero("last_message_seq"),
    zero("pinned_seq"),
    zero("indexed_seq"),
    Column("index_version", Integer, nullable=False, server_default=text("0")),
    Column("writers", String(8), nullable=False, server_default=text("'all'")),
    flag("closed"),
    Column("retention_days", Integer, nullable=False, server_default=text("0")),
    zero("expired_seq"),
    UniqueConstraint("direct_low", "direct_high"),
    Index(None, "direct_high"),
    Index(None, "created_by"),
    _avatar_index(),
)
"""`is_group` is for other readers. `direct_low`, `direct_high`: the ordered pair of a direct chat, null for groups.
`last_at`: when the entry `last_seq` was made. `last_message_seq`, `pinned_seq`: the newest message, and the newest of
those that are pinned, 0 where there is none. `indexed_seq`: up to which entry `message_words` holds the messages; -1
while the words of the chat are being removed. `index_version`: by which version of the words, 0 where nothing is
indexed yet, or to be indexed anew. `writers`: who may send, all or admins; none in a
direct chat of a deleted account. `closed`: one of the pair of a direct chat
blocks the other; it follows from `blocks`, and stands here because whoever writes reads it with the lock of the
chat. `retention_days`: after which messages are removed, 0: never. `expired_seq`: up to which entry that was done; no
`first_seq` of a member is below the next one."""

blocks = _table(
    "blocks",
    Column("blocker_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("blocked_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("created_at", UTCDateTime, nullable=False),
    Index(None, "blocked_id", "blocker_id"),
)
"""Who blocks whom; each pair may have one each way."""

chat_users = _table(
    "chat_users",
    Column("chat_id", BigInteger, ForeignKey("chats.id"), primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("role", Enum("member", "admin", name="role", create_constraint=True), nullable=False),
    Column("joined_at", UTCDateTime, nullable=False),
    zero("joined_seq"),
    Column("first_seq", BigInteger, nullable=False, server_default=text("1")),
    Column("left_seq", BigInteger),
    Column("left_at", UTCDateTime),
    zero("read_seq"),
    zero("delivered_seq"),
    zero("own_read_seq"),
    zero("own_delivered_seq"),
    flag("muted"),
    flag("favourite"),
    Column("hidden_seq", BigInteger),
    Column("notify", String(8), nullable=False, server_default="all"),
    Column("muted_until", UTCDateTime),
    Index(None, "user_id", "chat_id"),
    Index(None, "chat_id", "own_read_seq", "user_id"),
    Index(None, "chat_id", "own_delivered_seq", "user_id"),
)
"""Members and former members (`left_seq`). `joined_seq`: their member_added, 0 for initial members.

`read_seq` and `delivered_seq` start at `joined_seq`; the `own_` ones are what they marked themselves (0 before the
first mark) and are what others are told, so they survive leaving and coming back; who hides what they read has
`own_read_seq` 0. `hidden_seq`: the chat is hidden
while no message is newer than this, so that a new message shows it to all without a write for each member."""

departures = _table(
    "departures",
    Column("chat_id", BigInteger, ForeignKey("chats.id"), primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("title", String(100)),
    Column("avatar_url", String(2048)),
    zero("last_message_seq"),
    zero("others_read_seq"),
    zero("others_delivered_seq"),
    zero("reader_id"),
    zero("reader_seq"),
    zero("second_reader_seq"),
    zero("pinned_seq"),
    Column("members", Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb"), nullable=False),
    Index(None, "user_id"),
    _avatar_index(),
)
"""What a former member goes on seeing: the chat as it was when they were removed (`chat_users.left_seq`). Of a
deleted account it has neither title, picture nor members.

`reader_id`, `reader_seq`: who had read furthest, and how far; `second_reader_seq`: the next one, so that of any
message it is known whether somebody other than its sender had read it. `members`: JSON, made in
`storage.transactions.departures`."""

messages = _table(
    "messages",
    Column("id", row_id(), primary_key=True, autoincrement=True),
    Column("chat_id", BigInteger, ForeignKey("chats.id"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sender_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("content", Text),
    Column("attachment_url", String(2048)),
    Column("created_at", UTCDateTime, nullable=False),
    flag("is_read"),
    Column("rev", Integer, nullable=False, server_default=text("1")),
    Column("edited_at", UTCDateTime),
    flag("deleted"),
    Column("reply_to", BigInteger),
    Column("cid", ASCIIBytes(64), nullable=False),
    Column("mentions", Text),
    flag("mentions_all"),
    Column("forwarded_id", BigInteger),
    Column("forwarded_name", String(64)),
    Column("attachments", Text),
    UniqueConstraint("chat_id", "seq"),
    Index(None, "sender_id"),
    Index(None, "forwarded_id"),
)
"""`reply_to` is a seq of the same chat. `mentions`: a JSON array of users, null where it names none. `forwarded_id`,
`forwarded_name`: who wrote a forwarded text first. `is_read` is for the owner's own reports; the server never reads
it. `attachments`: a JSON array of its files as they are told, null where it has none; `attachment_url`: that of the
first."""

chat_events = _table(
    "chat_events",
    Column("chat_id", BigInteger, ForeignKey("chats.id"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("event", String(32), nullable=False),
    Column("actor_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("target_seq", BigInteger),
    Column("subject_id", BigInteger, ForeignKey("users.id")),
    Column("data", Text, nullable=False),
    Index(None, "actor_id"),
    Index(None, "subject_id"),
    Index(None, "chat_id", "target_seq"),
)
"""`data`: a JSON object of what the event carries besides its subject, who is rendered when it is read. What happened
to a message (`target_seq`) is told from its present state: such an event holds no text, but the emoji of a reaction
and the `rev` that it made."""

revisions = _table(
    "revisions",
    Column("chat_id", BigInteger, ForeignKey("chats.id"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("rev", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("edited_at", UTCDateTime),
    Column("at_seq", BigInteger, nullable=False),
    Column("mentions", Text),
    flag("mentions_all"),
)
"""Every text of a message that was edited, the first and the present one too: from `rev` on, made by the entry
`at_seq`."""

reactions = _table(
    "reactions",
    Column("chat_id", BigInteger, ForeignKey("chats.id"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("event_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("emoji", String(64), nullable=False),
    Column("until_seq", BigInteger),
    Index(None, "user_id"),
)
"""Who put what under the message `seq`, by the entry `event_seq`. `until_seq`: the entry that took it away again; such
a row stays only where somebody has left the chat in between, who goes on seeing it."""

mentions = _table(
    "mentions",
    Column("chat_id", BigInteger, ForeignKey("chats.id"), primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("sender_id", BigInteger, nullable=False),
)
"""Live messages by whom they name, to be counted; `user_id` 0: everybody."""

message_words = _table(
    "message_words",
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("word", UTF8Bytes(128), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""What messages are searched by (`chatproto.wire.words.entries`), made from their texts behind the commit. No foreign
key: with one, each of these rows would lock that of its chat, which every send waits for."""

pins = _table(
    "pins",
    Column("chat_id", BigInteger, ForeignKey("chats.id"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("event_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("until_seq", BigInteger),
)
"""Pinned messages; `event_seq` and `until_seq` as in `reactions`."""

files = _table(
    "files",
    Column("id", ASCIIBytes(22), primary_key=True),
    Column("owner_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("sha256", digest(), nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("created_at", UTCDateTime, nullable=False),
    Column("blob", ASCIIBytes(64), nullable=False),
    Column("source", digest(), nullable=False),
    flag("as_file"),
    Column("key_hash", digest(), nullable=False),
    Column("expires_at", UTCDateTime),
    UniqueConstraint("owner_id", "key_hash"),
    Index(None, "owner_id", "source"),
    Index(None, "blob"),
    Index(None, "expires_at"),
)
"""`blob` names the bytes in the store of files; equal ones of one user are kept once, so several rows may name it.
`source`: SHA-256 of what was uploaded, `as_file`: nothing was taken out of it. `key_hash`: what stands for the
upload. `expires_at`: when it ends, null as long as something holds it: a row of `message_files`, or an `avatar_url` of
`users`, `chats` or `departures` that is its path."""

message_files = _table(
    "message_files",
    Column("chat_id", BigInteger, ForeignKey("chats.id"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("file_id", ASCIIBytes(22), ForeignKey("files.id"), nullable=False),
    Column("kind", String(8), nullable=False),
    Index(None, "file_id"),
    Index(None, "chat_id", "kind", "seq"),
)
"""Which live messages hold which files, in the order of `place`: what rights are decided by. `kind`: image, video,
audio or other."""

mails = _table(
    "mails",
    Column("id", row_id(), primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),
    Column("language", String(8), nullable=False),
    Column("login_key", String(254)),
    Column("user_id", BigInteger, ForeignKey("users.id")),
    Column("address", String(254)),
    Column("created_at", UTCDateTime, nullable=False),
    Column("next_at", UTCDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("device", String(64)),
    Column("network_address", String(64)),
    Index(None, "user_id"),
    Index(None, "next_at"),
)
"""Letters that are to be sent, as orders (`chatproto.operations.recovery`); a row leaves when its letter is sent.
`device`, `network_address`: of the log-in that a letter is about."""

codes = _table(
    "codes",
    Column("hash", digest(), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("user_id", BigInteger, ForeignKey("users.id")),
    Column("address", String(254)),
    Column("created_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Column("used_at", UTCDateTime),
    flag("again"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)
"""SHA-256 of codes that open something once. `address`: the one that was written to. `again`: of a further attempt to
send the same letter."""

invites = _table(
    "invites",
    Column("id", row_id(), primary_key=True, autoincrement=True),
    Column("hash", digest(), nullable=False, unique=True),
    Column("chat_id", BigInteger, ForeignKey("chats.id")),
    Column("created_by", BigInteger, ForeignKey("users.id")),
    Column("uses", Integer, nullable=False),
    Column("used", Integer, nullable=False, server_default=text("0")),
    Column("created_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Column("revoked_at", UTCDateTime),
    Index(None, "chat_id"),
    Index(None, "created_by"),
)
"""By which people register or join the group `chat_id`, `uses` times at most. `hash`: SHA-256 of the code.
`created_by`: null, the operator."""

invite_uses = _table(
    "invite_uses",
    Column("invite_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("used_at", UTCDateTime, nullable=False),
    Index(None, "user_id"),
)
"""Who came by which invitation."""

hints = _table(
    "hints",
    Column("id", row_id(), primary_key=True, autoincrement=True),
    Column("sender", BigInteger, nullable=False),
    Column("data", LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb"), nullable=False),
    Column("made_at", UTCDateTime, nullable=False),
)
"""What processes tell each other (`chatproto.operations.relay`); a row is removed a minute later. `sender`: the number
of a process."""

audit = _table(
    "audit",
    Column("id", row_id(), primary_key=True, autoincrement=True),
    Column("at", UTCDateTime, nullable=False),
    Column("actor_id", BigInteger, ForeignKey("users.id")),
    Column("action", String(32), nullable=False),
    Column("subject_id", BigInteger, ForeignKey("users.id")),
    Column("invite_id", BigInteger),
    Column("address", String(64)),
    Index(None, "at"),
    Index(None, "actor_id"),
    Index(None, "subject_id"),
)
"""What those who keep the server did (`chatproto.operations.administration.AuditLine`). `actor_id`: null, the operator
by a command. A line is never changed; it is removed after a year."""

commands = _table(
    "commands",
    Column("chat_id", BigInteger, ForeignKey("chats.id"), primary_key=True, autoincrement=False),
    Column("actor_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("cid", ASCIIBytes(64), primary_key=True),
    Column("digest", digest(), nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Index(None, "actor_id"),
)
"""Which entries a command made; `digest` is the SHA-256 that tells another content under the same cid."""

idempotency_keys = _table(
    "idempotency_keys",
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    Column("key_hash", digest(), primary_key=True),
    Column("chat_id", BigInteger, ForeignKey("chats.id"), nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Index(None, "chat_id"),
    Index(None, "created_at"),
)
"""SHA-256 of the keys groups were created with; they count for 24 hours."""
