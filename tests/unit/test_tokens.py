"""Access tokens with injected time."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from chatproto.tokens import LEEWAY, MAX_TOKEN_LENGTH, AccessClaims, TokenKeys, TokenRefusal

NOW = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)
OLD, NEW = b"o" * 48, b"n" * 48
SESSION_KEY, REFRESH_ID = bytes(range(16)), bytes(range(240, 256)) * 2
KEYS = TokenKeys(current="new", keys={"new": NEW, "old": OLD})


def signed(keys: TokenKeys = KEYS, now: datetime = NOW, lifetime: int = 900) -> str:
    return keys.sign(
        user_id=7, session_id=8, session_key=SESSION_KEY, refresh_id=REFRESH_ID, jti="j", now=now, lifetime=lifetime
    )


def encoded(*, key: bytes = NEW, algorithm: str = "HS256", kid: Any = "new", **changes: Any) -> str:
    """A token whose claims differ from a good one's; None leaves a claim out."""
    claims = {**jwt.decode(signed(), options={"verify_signature": False}), **changes}
    headers = None if kid is None else {"kid": kid}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers=headers)


def test_a_good_token() -> None:
    expected = AccessClaims(7, 8, SESSION_KEY, REFRESH_ID, NOW, NOW + timedelta(seconds=900))
    assert KEYS.check(signed(), NOW) == expected
    assert KEYS.check(signed(), NOW + timedelta(seconds=899, microseconds=999_999)) == expected


def test_it_ends() -> None:
    assert KEYS.check(signed(), NOW + timedelta(seconds=900)) is TokenRefusal.EXPIRED
    assert KEYS.check(signed(), NOW + timedelta(days=4000)) is TokenRefusal.EXPIRED


def test_fractions_of_a_second_are_cut_off() -> None:
    late = NOW + timedelta(microseconds=999_999)
    claims = KEYS.check(signed(now=late), late)
    assert isinstance(claims, AccessClaims) and claims.issued_at == NOW


def test_keys_are_rotated() -> None:
    before = TokenKeys(current="old", keys={"old": OLD})
    assert isinstance(KEYS.check(signed(before), NOW), AccessClaims)
    retired = TokenKeys(current="new", keys={"new": NEW})
    assert retired.check(signed(before), NOW) is TokenRefusal.INVALID


def test_clocks_of_servers_may_differ_a_little() -> None:
    assert isinstance(KEYS.check(signed(), NOW - timedelta(seconds=LEEWAY)), AccessClaims)
    assert KEYS.check(signed(), NOW - timedelta(seconds=LEEWAY + 1)) is TokenRefusal.INVALID
    soon = int(NOW.timestamp()) + LEEWAY + 1
    assert KEYS.check(encoded(nbf=soon), NOW) is TokenRefusal.INVALID
    assert isinstance(KEYS.check(encoded(nbf=soon - 1), NOW), AccessClaims)


@pytest.mark.parametrize(
    "changes",
    [{"aud": "other"}, {"iss": "other"}, {"aud": ["x"]}, {"sub": "-7"}, {"sub": "٧"}, {"sub": "x" * 5},
     {"sub": "9" * 17}, {"sid": "8"}, {"sid": 0}, {"sid": -1}, {"sid": True}, {"sid": 8.0}, {"sid": 2**53},
     {"rid": 1.5}, {"rid": ""}, {"rid": "A" * 44}, {"rid": "é" * 43}, {"skey": 8}, {"skey": "A" * 21},
     {"skey": "A" * 24}, {"skey": "+" * 22 + "!"}, {"skey": "é" * 22}, {"skey": ""},
     {"exp": float("inf")}, {"exp": float("nan")}, {"exp": "1"}, {"exp": 2**52}, {"iat": 2**52}, {"nbf": 2**52},
     {"nbf": "1"}, {"sub": ""}, *({name: None} for name in ("iss", "aud", "sub", "sid", "rid", "iat", "exp", "jti"))],
)  # fmt: skip
def test_wrong_claims(changes: dict[str, Any]) -> None:
    assert KEYS.check(encoded(**changes), NOW) is TokenRefusal.INVALID


def test_a_token_of_the_first_version_is_to_be_exchanged() -> None:
    """It names its session by a number only, which may be somebody else's by now."""
    assert KEYS.check(encoded(skey=None, rid=9), NOW) is TokenRefusal.EXPIRED
    assert KEYS.check(encoded(skey=None, rid=9, key=b"x" * 48), NOW) is TokenRefusal.INVALID


def test_a_number_as_subject() -> None:
    """PyJWT itself will not write one."""
    header, payload, _ = signed().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = base64.urlsafe_b64encode(json.dumps({**claims, "sub": 7}).encode()).rstrip(b"=").decode()
    signature = jwt.get_algorithm_by_name("HS256").sign(f"{header}.{forged}".encode(), NEW)
    token = f"{header}.{forged}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    assert KEYS.check(token, NOW) is TokenRefusal.INVALID


@pytest.mark.parametrize(
    "changes",
    [{"key": OLD}, {"key": b"x" * 48}, {"algorithm": "HS384"}, {"kid": "old"}, {"kid": "../../dev/null"}, {"kid": None},
     {"kid": ""}],
)  # fmt: skip
def test_wrong_keys(changes: dict[str, Any]) -> None:
    assert KEYS.check(encoded(**changes), NOW) is TokenRefusal.INVALID


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "RS256"])
def test_unsigned(algorithm: str) -> None:
    """O3 of docs/security.md."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "new"}).encode()).rstrip(b"=").decode()
    _, payload, signature = signed().split(".")
    for end in ("", signature):
        assert KEYS.check(f"{header}.{payload}.{end}", NOW) is TokenRefusal.INVALID


@pytest.mark.parametrize("kid", [7, ["new"], {"a": 1}])
def test_odd_kids(kid: Any) -> None:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": kid}).encode()).rstrip(b"=").decode()
    assert KEYS.check(".".join([header, *signed().split(".")[1:]]), NOW) is TokenRefusal.INVALID


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "тoкен", "\ud800", signed() + "x", signed()[:-2], "." + signed(), "[" * 4000,
              "x" * (MAX_TOKEN_LENGTH + 1)]
)  # fmt: skip
def test_rubbish(token: str) -> None:
    assert KEYS.check(token, NOW) is TokenRefusal.INVALID


def test_a_long_token_is_not_even_read() -> None:
    token = KEYS.sign(
        user_id=7, session_id=8, session_key=SESSION_KEY, refresh_id=REFRESH_ID, jti="x" * MAX_TOKEN_LENGTH, now=NOW,
        lifetime=900,
    )  # fmt: skip
    assert KEYS.check(token, NOW) is TokenRefusal.INVALID


def test_keys_are_long_and_do_not_show() -> None:
    for keys in ({}, {"1": b"short"}, {"1": NEW, "2": b"x" * 31}):
        with pytest.raises(ValueError, match="32 bytes"):
            TokenKeys(current="1", keys=keys)
    assert "nnnn" not in repr(KEYS)


def test_expiry_beyond_what_datetime_knows() -> None:
    assert KEYS.check(encoded(exp=2**53 - 1), NOW) is TokenRefusal.INVALID


def test_a_token_that_says_it_lasts_for_years_is_good_for_as_long_as_tokens_are() -> None:
    """Somebody had the key, which may be retired by then: it is asked for again."""
    keys = TokenKeys("new", {"new": NEW}, longest=timedelta(minutes=15))
    forged = KEYS.sign(
        user_id=1, session_id=1, session_key=b"k" * 16, refresh_id=b"r", jti="j", now=NOW, lifetime=10**9
    )
    found = keys.check(forged, NOW)
    assert isinstance(found, AccessClaims) and found.expires_at == NOW + timedelta(minutes=15)
