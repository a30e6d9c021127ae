"""What is asked about accounts, sessions and people; secrets arrive hashed."""

from datetime import datetime, timedelta
from typing import Final, Literal

from attrs import frozen

from chatproto.operations.recovery import Language
from chatproto.wire.model import PrivateUser

NAME_KEPT: Final = timedelta(days=90)
"""For so long nobody takes the username of a deleted account."""


@frozen
class CreateUser:
    """Register. `language`: of the letter that asks to confirm the address, and of later ones; None orders none.
    `invite_hash`: of the code by which they come: that of an invitation, which is counted, or the one for the first
    admin. Outcome: UserFound, or Refused username_taken / email_taken / invite_invalid."""

    username: str
    username_key: str
    email: str | None
    email_key: str | None
    password_hash: str
    display_name: str
    words: frozenset[str]
    now: datetime
    language: Language | None = None
    invite_hash: bytes | None = None


@frozen
class FindLogin:
    """Look up by folded username, or folded email. Outcome: LoginFound or Refused not_found."""

    login_key: str


@frozen
class CreateSession:
    """Log in. `refresh_hash`: SHA-256 of the refresh token. `key`: 16 random bytes that name the session in its access
    tokens, never to be used again, whatever becomes of the database. `address`: where the request came from, at most
    64 characters, null where that is not known. `letter`: order one where the device is not known, to the verified
    address of an account that was used before, unless they want none; in this language where they have said none.
    None: order none. `checked_hash`: of the password by which they come, None where they come without one. Outcome:
    SessionCreated, or Refused not_found / account_disabled; invalid_credentials where that is not theirs any more."""

    user_id: int
    device: str
    refresh_hash: bytes
    key: bytes
    now: datetime
    address: str | None = None
    letter: Language | None = None
    checked_hash: str | None = None


@frozen
class RotateRefresh:
    """Exchange a refresh token (docs/protocol.md section 2: grace, reuse). Outcome: SessionCreated, or Refused
    token_invalid / revoked / token_reused (the session is then ended in the same transaction). `address`: as in
    CreateSession; with null the session keeps the one it has."""

    refresh_hash: bytes
    new_refresh_hash: bytes
    now: datetime
    address: str | None = None


@frozen
class TouchSession:
    """Is the session alive, and is it this user's under this number and this key? Marks the tokens issued with
    `refresh_id` (a refresh token's hash) as used, and once a minute the time of use.
    Outcome: UserFound or Refused revoked."""

    user_id: int
    session_id: int
    session_key: bytes
    refresh_id: bytes
    now: datetime


@frozen
class CleanUp:
    """Remove what has no meaning any more, of one kind, among at most `limit` rows above `after_id`; one transaction.

    `tokens`: refresh tokens that were exchanged more than 7 days ago and whose successor was used; those of sessions
    that ended more than 7 days ago; those that nobody exchanged for 90 days. `sessions`: those that were not used for
    90 days are ended, those that ended 30 days ago and have no tokens are removed. `keys`: idempotency keys of 24
    hours ago. `codes`: those of letters that expired 7 days ago. `audit`: lines of a year ago. `names`: what keeps the
    usernames of accounts deleted NAME_KEPT ago. Outcome: CleanedUp."""

    kind: Literal["tokens", "sessions", "keys", "codes", "audit", "names"]
    after_id: int
    limit: int
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
    """Set the hash and end every session but `keep`; codes for a reset end too. `checked_hash`: of the password that
    was shown for it, None where none was asked for. Outcome: SessionsEnded, or Refused invalid_credentials where that
    is not theirs any more."""

    user_id: int
    password_hash: str
    keep: int | None
    now: datetime
    checked_hash: str | None = None


@frozen
class RenewHash:
    """The same password, hashed at today's cost; nothing where the stored hash is another by now. Outcome: Done."""

    user_id: int
    old_hash: str
    new_hash: str


@frozen
class UpdateUser:
    """Change the given fields (None = leave, "" = clear avatar or email).

    An avatar that is the path of a file holds that file, which must be as the avatar routes made it for this user; the
    one before lets its own go. Another email is not verified yet, and codes for a reset that went to the old one end.
    With a `language`, letters are ordered: to a given address that is not verified, and to a verified one that was
    given up; with a given address it becomes theirs. From the moment that a user hides what they read (`hide_reads`),
    others are told that they have read nothing.
    Outcome: UserUpdated; Refused email_taken / validation_failed."""

    user_id: int
    display_name: str | None
    avatar_url: str | None
    email: str | None
    email_key: str | None
    words: frozenset[str] | None
    now: datetime
    language: Language | None = None
    hide_last_seen: bool | None = None
    hide_reads: bool | None = None
    login_letters: bool | None = None


@frozen
class Hides:
    """What somebody hides of themselves, and is not told of others: when they were last seen, what they have read."""

    last_seen: bool = False
    reads: bool = False

    @classmethod
    def of(cls, user: PrivateUser) -> "Hides":
        """As their profile says."""
        return cls(user.hide_last_seen is True, user.hide_reads is True)


@frozen
class DeleteAccount:
    """Erase an account: its names, address, password, avatar, words, codes and letters; its messages stay.

    It leaves its groups first, by changes of their logs. Its direct chats are written in no more. Nobody
    takes its username for NAME_KEPT. `checked_hash`: as in ChangePassword. Outcome: AccountDeleted; GroupsToLeave, and
    nothing was done; Refused not_found, last_admin where nobody else keeps the server, or invalid_credentials."""

    user_id: int
    now: datetime
    checked_hash: str | None = None


@frozen
class SaveLastSeen:
    """`seen`: users whose last connection has gone, each with the time it ended; what is later already stays. Outcome:
    Done."""

    seen: tuple[tuple[int, datetime], ...]


@frozen
class FindUsers:
    """Public users by ids (at most 100). Outcome: UsersFound, ascending by id; unknown ids are left out.

    Here and wherever users are named: `last_seen_at` and `online` (False; the Hub knows better) only where the
    caller `user_id` shares a chat with them and neither hides it, else null."""

    user_id: int
    user_ids: tuple[int, ...]


@frozen
class ListUsers:
    """Every account, by id, for the operator. Outcome: UsersFound with PrivateUsers above `after_id`."""

    after_id: int
    limit: int


@frozen
class SearchUsers:
    """Those who have, for each of `prefixes`, a word that begins with it; all folded, at most `SEARCHED_WORDS`, none
    with white space. `email_key`: whose address it is, is found too where they share a chat with the caller. Outcome:
    UsersFound, at most `limit`, the caller left out."""

    user_id: int
    prefixes: tuple[str, ...]
    email_key: str | None
    limit: int
