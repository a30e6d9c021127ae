"""The reader of WebSocket frames understands what wsproto understands, however the bytes are cut."""

from collections.abc import Callable
from random import Random
from typing import Final

from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from runtime.sockets.frame_reader import Ended, FrameReader, Pinged, Ponged, Received

MAX: Final = 70_000
SIZES: Final = (0, 1, 2, 5, 124, 125, 126, 127, 1000, 65_535, 65_536)


def frame(random: Random, first: int, payload: bytes, *, masked: bool = True, width: int | None = None) -> bytes:
    """One frame; `width`: in how many bytes its size stands, the fewest unless told."""
    size = len(payload)
    width = width if width is not None else 0 if size < 126 else 2 if size < 65_536 else 8
    head = bytes((first, masked << 7 | (size if width == 0 else 126 if width == 2 else 127)))
    head += size.to_bytes(width, "big") if width else b""
    if not masked:
        return head + payload
    mask = random.randbytes(4)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


def text(random: Random) -> bytes:
    size = random.choice(SIZES[:-2] if random.random() < 0.9 else SIZES)
    return ("ёx€" * size).encode()[: size // 2 * 2] if random.random() < 0.9 else random.randbytes(size)


def fragments(random: Random) -> bytes:
    """A message in several frames, with what may come between them; characters are cut anywhere."""
    whole, opcode = text(random), random.choice((1, 2))
    cuts = sorted(random.randrange(len(whole) + 1) for _ in range(random.randrange(1, 4)))
    parts = [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    found = b""
    for place, part in enumerate(parts):
        found += frame(random, (opcode if place == 0 else 0) | (place == len(parts) - 1) << 7, part)
        if random.random() < 0.3:
            found += frame(random, 0x89, b"between")
    return found


KINDS: Final[list[Callable[[Random], bytes]]] = [
    *[lambda random: frame(random, 0x81, text(random))] * 6,
    lambda random: frame(random, 0x82, random.randbytes(random.choice(SIZES))),
    *[fragments] * 3,
    lambda random: frame(random, 0x89, random.randbytes(random.choice((0, 4, 125)))),
    lambda random: frame(random, 0x8A, random.randbytes(random.choice((0, 4, 125)))),
]
ENDS: Final[list[Callable[[Random], bytes]]] = [
    lambda random: frame(random, 0x88, b""),
    lambda random: frame(random, 0x88, random.randrange(5100).to_bytes(2, "big") + b"why"),
    lambda random: frame(random, 0x88, (1000).to_bytes(2, "big") + random.choice(("ё".encode(), b"\xff"))),
    lambda random: frame(random, 0x88, b"x"),
    lambda random: frame(random, 0x81, b"{}", masked=False),
    lambda random: frame(random, random.randrange(256), b"{}"),
    lambda random: frame(random, 0x81, b"{}", width=random.choice((2, 8))),
    lambda random: frame(random, 0x89, bytes(126)),
    lambda random: frame(random, 0x09, b"in pieces"),
    lambda random: frame(random, 0x80, b"of nothing"),
    lambda random: frame(random, 0x01, b"ne") + frame(random, 0x81, b"ver ended"),
    lambda random: random.randbytes(40),
]


def theirs(data: bytes) -> list[Received]:
    """What wsproto makes of it."""
    protocol = Connection(ConnectionType.SERVER)
    protocol.receive_data(data)
    found: list[Received] = []
    parts: list[str | bytes] = []
    for event in protocol.events():
        match event:
            case TextMessage() | BytesMessage():
                parts.append(event.data if isinstance(event.data, str) else bytes(event.data))
                if event.message_finished:
                    found.append(parts[0][:0].join(parts))  # type: ignore[arg-type]  # all of them are of one type
                    parts = []
            case Ping():
                found.append(Pinged(bytes(event.payload)))
            case Pong():
                found.append(Ponged())
            case CloseConnection():
                return [*found, Ended(None if event.code == 1005 else int(event.code))]
    return found


def ours(pieces: list[bytes]) -> list[Received]:
    """What we make of it, in these pieces."""
    reader, found = FrameReader(MAX), list[Received]()
    for piece in pieces:
        reader.feed(piece)
        while (received := reader.next()) is not None:
            found.append(received)
            if isinstance(received, Ended):
                return found
    return found


def pieces_of(random: Random, data: bytes) -> list[bytes]:
    if random.random() < 0.3:
        return [data]
    found, at = [], 0
    while at < len(data):
        size = random.choice((1, 2, 3, 7, 100, 5000, 16_384)) if len(data) < 50_000 else 16_384
        found.append(data[at : at + size])
        at += size
    return found


def test_it_understands_what_wsproto_understands() -> None:
    seen: set[object] = set()
    for seed in range(600):
        random = Random(seed)
        data = b"".join(random.choice(KINDS)(random) for _ in range(random.randrange(6)))
        data += random.choice(ENDS)(random) if random.random() < 0.7 else b""
        expected, found = theirs(data), ours(pieces_of(random, data))
        if expected and expected[-1] == Ended(1007):  # in a message of several frames we find it at the last one only
            before = len(expected) - 1
            assert found[:before] == expected[:before], seed
            assert all(isinstance(one, Pinged | Ended) for one in found[before:]), seed
        else:
            assert found == expected, seed
        seen |= {type(one) for one in found} | {one.code for one in found if isinstance(one, Ended)}
    assert {str, bytes, Pinged, Ponged, None, 1000, 1002, 1007} <= seen


def test_nothing_is_kept_beyond_the_bound() -> None:
    random = Random(1)
    head = b"\x81\xff" + (MAX + 1).to_bytes(8, "big")
    assert ours([head]) == [Ended(1009, "message too big")], "before the first byte of it has come"
    small = FrameReader(8)
    small.feed(frame(random, 0x01, b"12345"))
    assert small.next() is None
    small.feed(frame(random, 0x00, b""))
    assert small.next() is None
    small.feed(frame(random, 0x89, b"not counted"))
    assert small.next() == Pinged(b"not counted")
    small.feed(frame(random, 0x80, b"6789"))
    assert small.next() == Ended(1009, "message too big")
    exact = FrameReader(8)
    exact.feed(frame(random, 0x81, b"12345678") + frame(random, 0x01, b"1234") + frame(random, 0x80, b"5678"))
    assert [exact.next(), exact.next(), exact.next()] == ["12345678", "12345678", None]
