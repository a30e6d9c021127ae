"""What a WebSocket of ours speaks."""

from typing import Final

SUBPROTOCOL: Final = "chatproto.v1"
