"""What a client tells of itself, and how it behaves."""

import msgspec

from chatproto.client.timing import Timing


class ClientConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a client is. `whole_log`: it takes every log from its beginning, as an archive does."""

    device: str = "unknown"
    name: str | None = None
    version: str | None = None
    os: str | None = None
    whole_log: bool = False
    timing: Timing = Timing()
