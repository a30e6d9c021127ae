"""Signatures of requests to an S3 store: AWS Signature Version 4, in headers."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from attrs import field, frozen

NOTHING: Final = sha256(b"").hexdigest()
"""The digest of a request without a body."""
_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@frozen
class Credentials:
    """Who asks. `region`: as the store calls it."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str


def encoded_query(query: Sequence[tuple[str, str]]) -> str:
    """As it is signed and as it must be sent."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query))


def signed(
    who: Credentials,
    now: datetime,
    method: str,
    path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    digest: str = NOTHING,
) -> dict[str, str]:
    """All headers of a request, `headers` among them, which hold `host` and have names in lower case.

    `path` is encoded already; `digest`: SHA-256 of the body in hexadecimal, which the store compares. `now` is UTC.
    """
    moment = f"{now:%Y%m%dT%H%M%SZ}"
    told = {**headers, "x-amz-content-sha256": digest, "x-amz-date": moment}
    names = ";".join(sorted(told))
    lines = "".join(f"{name}:{told[name].strip()}\n" for name in sorted(told))
    request = "\n".join([method, path, encoded_query(query), lines, names, digest])
    scope = f"{now:%Y%m%d}/{who.region}/s3/aws4_request"
    text = "\n".join([_ALGORITHM, moment, scope, sha256(request.encode()).hexdigest()])
    key = f"AWS4{who.secret_key}".encode()
    for part in (f"{now:%Y%m%d}", who.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), sha256)
    signature = hmac.digest(key, text.encode(), sha256).hex()
    told["authorization"] = (
        f"{_ALGORITHM} Credential={who.access_key}/{scope},SignedHeaders={names},Signature={signature}"
    )
    return told
