"""What holds callers back: failed log-ins, floods, and the second for which a session counts as alive unasked.

All of it is memory of this process, bounded, with the time as an argument: seconds of a monotonic clock, so that a wall
clock that is set back changes nothing. Most limits count what other processes let pass too (see Guards).
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final, Literal

from attrs import define, field, frozen

from chatproto.buckets import Buckets, Rate
from chatproto.operations import recovery
from chatproto.tokens import AccessClaims
from runtime.config import Settings
from runtime.files.downloads import MOST, MOST_OF_S3, Downloads
from runtime.files.places import S3Place
from runtime.files.under_way import UnderWay
from runtime.http.logins import LoginLimiter
from runtime.shared_limits import SharedLimits

RESETS_OF_A_PAIR_AN_HOUR: Final = 3
"""Requests for a new password that are listened to, for one name from one network address."""
RESETS_OF_A_NAME_AN_HOUR: Final = recovery.RESETS_AN_HOUR
"""The same from all addresses: one stranger does not keep a letter from its owner, and many do not flood a mailbox."""
CODES_AN_HOUR: Final = 60
"""Codes of one address that open nothing."""
LOGIN_LETTERS_AN_HOUR: Final = 5
"""Letters about log-ins that one account gets."""
OWN_LETTERS_AN_HOUR: Final = 10
"""Letters about one's own address that one user may cause."""
MEASURES_A_MINUTE: Final = 6
"""Counts of the whole server that one admin may ask for."""
FAILURE_WINDOW: Final = 900
"""Seconds over which failed log-ins are counted: so many at once, and then as many spread over this time."""
EXPORTS_AN_HOUR: Final = 3
"""Copies of their own data that one user may ask for."""
EXPORT_LINK_LIFETIME: Final = 600
"""Seconds for which it is remembered that a link to such a copy was used: longer than it is good."""
FORMS: Final = 8
"""Forms with a file that one user may have on their way to this process."""
HOUR: Final = 3600
MINUTE: Final = 60
REMEMBERED_ADDRESSES: Final = 20_000
REMEMBERED_SESSIONS: Final = 10_000
REMEMBERED_USERS: Final = 10_000
ALIVE_FOR: Final = 1.0
"""Seconds for which a session that storage called alive is believed to be."""
ENDED_FOR: Final = 60.0
"""Seconds for which a session that storage called ended is refused unasked."""
LONGEST_WAIT: Final = 2.0
"""Seconds that a request of a busy user is held back; one that would wait longer is refused."""

Kind = Literal["reads", "writes", "searches", "uploads"]


@define
class Remembered:
    """A set of at most REMEMBERED_ADDRESSES; what was added longest ago is forgotten."""

    _kept: OrderedDict[bytes, None] = field(factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: bytes) -> bool:
        return key in self._kept

    def add(self, key: bytes) -> None:
        """The newest from now on."""
        self._kept[key] = None
        self._kept.move_to_end(key)
        if len(self._kept) > REMEMBERED_ADDRESSES:
            self._kept.popitem(last=False)


_Key = tuple[int, bytes, bytes, int]


@define
class LiveSessions:
    """What storage said of sessions: alive, less than a second ago, or ended, less than a minute ago.

    So a burst of requests asks once, and a flood with a token that was revoked hardly ever. Whose a token is that was
    good before need not be found out again either, which costs more than most of the rest of a small request.
    """

    _alive: OrderedDict[_Key, tuple[str, float]] = field(factory=OrderedDict, repr=False)
    _ended: OrderedDict[_Key, float] = field(factory=OrderedDict)
    _tokens: dict[str, AccessClaims] = field(factory=dict, repr=False)

    def claims(self, token: str) -> AccessClaims | None:
        """What this very token says, where it was good before; its session may have ended since, or its time."""
        return self._tokens.get(token)

    def knows(self, claims: AccessClaims, now: float) -> bool | None:
        """Whether the session is alive; None: ask storage."""
        key = _key(claims)
        alive, ended = self._alive.get(key), self._ended.get(key)
        if alive is not None and 0 <= now - alive[1] < ALIVE_FOR:
            return True
        return False if ended is not None and 0 <= now - ended < ENDED_FOR else None

    def alive(self, claims: AccessClaims, token: str, asked: float) -> None:
        """Storage was asked at `asked`, for a request with this token."""
        self._drop(_key(claims))
        self._alive[_key(claims)] = (token, asked)
        self._tokens[token] = claims
        while len(self._alive) > REMEMBERED_SESSIONS:
            self._drop(next(iter(self._alive)))

    def ended(self, claims: AccessClaims, asked: float) -> None:
        """Storage, asked at `asked`, knows no such session any more."""
        self._drop(_key(claims))
        self._ended[_key(claims)] = asked
        self._ended.move_to_end(_key(claims))
        while len(self._ended) > REMEMBERED_SESSIONS:
            self._ended.popitem(last=False)

    def forget(self, session_ids: Iterable[int]) -> None:
        """These sessions were ended here: ask anew from now on."""
        ended = frozenset(session_ids)
        for key in [key for key in self._alive if key[0] in ended]:
            self._drop(key)

    def _drop(self, key: _Key) -> None:
        known = self._alive.pop(key, None)
        if known is not None:
            self._tokens.pop(known[0], None)


def _key(claims: AccessClaims) -> _Key:
    return (claims.session_id, claims.session_key, claims.refresh_id, claims.user_id)


@frozen(kw_only=True)
class Guards:
    """Every limit of HTTP. Those in seconds hold a caller back for a while first; the others refuse at once.

    By user: `reads`, `writes`, `searches`, `uploads` (requests), `new_chats`, `new_members` (people added to groups),
    `measures` (of the whole server).
    By address: `registrations`, `reset_addresses` (requests for a new password), and `refused_tokens`, `refused_codes`:
    wrong ones. `reset_pairs`: by the name that was given and the address; `resets`: by that name, from all addresses.
    `own_letters`, `login_letters`, `exports`: by user. `export_links`: by the link to a copy, which is good once;
    `exporting`: whose copies are on their way from this process; `downloads`: of files, by user; `forms`: that bring
    one, by user. `devices`: from where and with what somebody got in.

    All but `reads`, `writes` and `measures` count what other processes let pass too, where there are some.
    """

    reads: Buckets[int]
    writes: Buckets[int]
    searches: Buckets[int]
    uploads: Buckets[int]
    new_chats: Buckets[int]
    new_members: Buckets[int]
    registrations: Buckets[str]
    refused_tokens: Buckets[str]
    logins: LoginLimiter
    reset_pairs: Buckets[bytes]
    resets: Buckets[bytes]
    reset_addresses: Buckets[str]
    refused_codes: Buckets[str]
    own_letters: Buckets[int]
    login_letters: Buckets[int]
    measures: Buckets[int]
    exports: Buckets[int]
    export_links: Buckets[bytes]
    exporting: set[int] = field(factory=set)
    downloads: Downloads = field(factory=Downloads)
    forms: UnderWay = field(factory=lambda: UnderWay(FORMS))
    devices: Remembered = field(factory=Remembered)
    sessions: LiveSessions = field(factory=LiveSessions)

    @classmethod
    def of(cls, settings: Settings, shared: SharedLimits | None = None) -> "Guards":
        """Full buckets of the configured sizes. `shared`: with other processes."""

        def over(kind: str, count: float, seconds: float, remembered: int = REMEMBERED_ADDRESSES) -> Buckets[Any]:
            """So many at once, and then as many spread over this time."""
            rate = Rate(count / seconds, count)
            return Buckets(rate, remembered) if shared is None else shared.buckets(kind, rate, remembered)

        return cls(
            reads=_by_user(settings.limit_reads_rate, settings.limit_reads_burst),
            writes=_by_user(settings.bucket_rate, settings.bucket_burst),
            searches=over(
                "searches",
                settings.limit_searches_burst,
                settings.limit_searches_burst / settings.limit_searches_rate,
                REMEMBERED_USERS,
            ),
            uploads=over("uploads", settings.limit_uploads, MINUTE, REMEMBERED_USERS),
            new_chats=over("new_chats", settings.limit_new_chats, HOUR, REMEMBERED_USERS),
            new_members=over("new_members", settings.limit_new_members, HOUR, REMEMBERED_USERS),
            registrations=over("registrations", settings.limit_registrations, HOUR),
            refused_tokens=over("refused_tokens", settings.limit_refused_tokens, MINUTE),
            reset_pairs=over("reset_pairs", RESETS_OF_A_PAIR_AN_HOUR, HOUR),
            resets=over("resets", RESETS_OF_A_NAME_AN_HOUR, HOUR),
            reset_addresses=over("reset_addresses", settings.limit_resets, HOUR),
            refused_codes=over("refused_codes", CODES_AN_HOUR, HOUR),
            measures=_by_user(MEASURES_A_MINUTE / MINUTE, MEASURES_A_MINUTE),
            own_letters=over("own_letters", OWN_LETTERS_AN_HOUR, HOUR, REMEMBERED_USERS),
            exports=over("exports", EXPORTS_AN_HOUR, HOUR, REMEMBERED_USERS),
            export_links=over("export_links", 1, EXPORT_LINK_LIFETIME),
            login_letters=over("login_letters", LOGIN_LETTERS_AN_HOUR, HOUR, REMEMBERED_USERS),
            downloads=Downloads(UnderWay(MOST_OF_S3 if _on_s3(settings) else MOST)),
            logins=LoginLimiter(
                pairs=over("logins", settings.limit_login_failures, FAILURE_WINDOW),
                devices=over("login_devices", settings.limit_login_failures, FAILURE_WINDOW),
                addresses=over("login_addresses", settings.limit_address_failures, FAILURE_WINDOW),
                lately=over("logins_lately", 1, FAILURE_WINDOW),
            ),
        )

    def delay(self, kind: Kind, user_id: int, now: float) -> float:
        """Seconds to wait before going on; above LONGEST_WAIT the request is refused and costs nothing."""
        buckets: Buckets[int] = getattr(self, kind)
        return buckets.take(user_id, now, patience=LONGEST_WAIT)


def _on_s3(settings: Settings) -> bool:
    return isinstance(settings.files_url, S3Place) or isinstance(settings.files_old_url, S3Place)


def _by_user(rate: float, burst: int) -> Buckets[int]:
    return Buckets(Rate(rate, burst), REMEMBERED_USERS)
