"""What is asked about letters and the codes in them; codes arrive hashed.

The queue holds orders, not letters: who is to be told what. A letter is written, and its code made, when it is sent, so
nothing that waits or is kept opens anything. An order by name is looked up then too: taking it tells nobody, not even
by its time, whether there is such a person. Letters about an address are ordered with its change (UpdateUser).
"""

from datetime import datetime, timedelta
from typing import Final, Literal

from attrs import frozen

MailKind = Literal["reset", "verify", "changed", "login"]
CodeKind = Literal["reset", "email", "setup"]
Language = Literal["ru", "en"]

MAX_WAITING: Final = 1000
"""Letters in the queue; further ones are not taken."""
RESET_LIFETIME: Final = timedelta(hours=1)
EMAIL_LIFETIME: Final = timedelta(days=3)
"""How long the code in a letter counts."""
RESETS_AN_HOUR: Final = 12
"""Letters with a reset that one account gets; what was ordered beyond is dropped."""


@frozen
class OrderReset:
    """Put a letter with a code for a new password into the queue, for the verified address of the account whose folded
    name or address is `login_key`; without such an account, nothing. Outcome: Done, or Refused too_many where
    MAX_WAITING letters wait."""

    login_key: str
    language: Language
    now: datetime


@frozen
class Letter:
    """An order that was taken. `attempts`: how often, this time included. `device`, `network_address`: of a log-in, as
    its session has them, the log-in having been at `created_at`."""

    id: int
    kind: MailKind
    language: Language
    address: str
    username: str
    attempts: int
    created_at: datetime
    device: str = ""
    network_address: str | None = None


@frozen
class TakeMail:
    """Take the next order that is due, and keep it from others until `until`. A code that its letter needs is stored as
    `code_hash`. Orders that have become void are removed. Outcome: MailTaken."""

    code_hash: bytes
    now: datetime
    until: datetime


@frozen
class FinishMail:
    """The letter was sent or given up; or is to be tried again at `again_at`. `created_at`: as in the letter, as an
    SQLite gives the number of one that is gone to another. Outcome: Done."""

    mail_id: int
    created_at: datetime
    again_at: datetime | None


@frozen
class MakeCode:
    """A code for somebody to hand over. `reset`: a new password for `user_id`. `setup`: the first admin's, for nobody
    yet; such codes of before end. Outcome: Done, or Refused not_found."""

    code_hash: bytes
    kind: Literal["reset", "setup"]
    user_id: int | None
    now: datetime
    expires_at: datetime


@frozen
class CheckCode:
    """Whether a code could be used now. Outcome: Done, or Refused code_used / code_expired (unknown ones too)."""

    code_hash: bytes
    kind: CodeKind
    now: datetime


@frozen
class ResetPassword:
    """Use a code for a new password, and end every session. Outcome: SessionsEnded, or as CheckCode."""

    code_hash: bytes
    password_hash: str
    now: datetime


@frozen
class ConfirmEmail:
    """Use a code to show that an address is the account's. Outcome: Done, or as CheckCode; code_expired where the
    account has another address by now."""

    code_hash: bytes
    now: datetime
