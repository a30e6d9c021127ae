"""What the model of storage keeps beside rooms: people, sessions, letters, codes, invites, files (see model_store)."""

from datetime import datetime
from typing import Literal

from attrs import define, frozen

from chatproto.operations import Hides, OrderReset, StoredFile
from chatproto.operations.administration import AuditAction
from chatproto.operations.recovery import Language
from chatproto.wire.model import PrivateUser


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
    deleted_at: datetime | None = None
    language: Language | None = None
    old_key: str | None = None

    @property
    def hides(self) -> Hides:
        """As they have set it."""
        return Hides.of(self.user)

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


@frozen
class LoginMail:
    """What a log-in orders."""

    language: Language
    user_id: int
    address: str
    device: str
    network_address: str | None


@define
class WaitingMail:
    """A letter in the queue."""

    order: OrderReset | AddressMail | LoginMail
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
    address: str | None = None
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


@define
class KeptFile:
    """A file; the fields as those of AddFile."""

    stored: StoredFile
    source: bytes
    as_file: bool
    key: bytes
    expires_at: datetime | None
