"""Where the bytes of files are kept, as the operator writes it."""

import re
from typing import Final, Literal
from urllib.parse import parse_qs, urlsplit

from attrs import frozen

FOLDER: Final[Literal["folder"]] = "folder"
"""Of the data directory."""
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX: Final = re.compile(r"([A-Za-z0-9._-]+/)*[A-Za-z0-9._-]+|")
_REGION: Final = re.compile(r"[a-z0-9-]{1,32}")
FORM: Final = "must be `folder`, or like s3://bucket/prefix?endpoint=https://s3.example.org&region=us-east-1"


@frozen
class S3Place:
    """`base`: scheme and host of all URLs; `path`: what of their paths stands before a key, `bucket_path`: the path of
    the bucket itself; `prefix`: what all its keys begin with."""

    base: str
    path: str
    bucket_path: str
    prefix: str
    region: str


Place = S3Place | Literal["folder"]


def read_place(text: str) -> Place:
    """Raises ValueError.

    With an endpoint the bucket stands in the path, as all stores understand it; without one, in the name of Amazon's
    host, as that wants it."""
    if text == FOLDER:
        return FOLDER
    try:
        parts = urlsplit(text)
        query = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        endpoint = query.pop("endpoint", [""])[0].rstrip("/")
        region = query.pop("region", ["us-east-1"])[0]
        host = urlsplit(endpoint)
        port = host.port
    except ValueError:
        raise ValueError(FORM) from None
    bucket, prefix = parts.netloc, parts.path.strip("/")
    fine = parts.scheme == "s3" and not parts.fragment and not query and port != 0
    fine = fine and all((_BUCKET.fullmatch(bucket), _PREFIX.fullmatch(prefix), _REGION.fullmatch(region)))
    if endpoint:
        fine = fine and host.scheme in ("http", "https") and bool(host.hostname) and not (host.path or host.query)
        fine = fine and "@" not in host.netloc
    if not fine or ".." in bucket:
        raise ValueError(FORM)
    folder = f"{prefix}/" if prefix else ""
    if endpoint:
        return S3Place(endpoint, f"/{bucket}/{folder}", f"/{bucket}", folder, region)
    return S3Place(f"https://{bucket}.s3.{region}.amazonaws.com", f"/{folder}", "/", folder, region)
