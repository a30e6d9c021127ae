"""What is said to a Redis and what comes back, without one."""

import pytest

from runtime.redis.address import RedisAddress, parse_redis_url
from runtime.redis.resp import Refused, Replies, Reply, RespError, command

FEW = RedisAddress((("r", 6379),), None, tls=False, user="", password="", ca=None, prefix="vestnik")


def test_addresses() -> None:
    ways = {
        "redis://r": FEW,
        "redis://r:6379/0": FEW,
        "redis://u:p%40ss@r:1?prefix=two": RedisAddress((("r", 1),), None, False, "u", "p@ss", None, "two"),
        "rediss://:p@[::1]:7?ca=/x.pem": RedisAddress((("::1", 7),), None, True, "", "p", "/x.pem", "vestnik"),
        "redis+sentinel://:p@one,two:7/main": RedisAddress(
            (("one", 26379), ("two", 7)), "main", False, "", "p", None, "vestnik"
        ),
    }
    assert {url: parse_redis_url(url) for url in ways} == ways
    assert "p@ss" not in repr(ways["redis://u:p%40ss@r:1?prefix=two"])


@pytest.mark.parametrize(
    "url",
    [
        "", "r:6379", "http://r", "redis://", "redis://:secret@", "redis://r:secret", "redis://r/3", "redis://one,two",
        "redis+cluster://r", "redis+sentinel://r", "redis+sentinel://r/a/b", "redis://r?ca=/x", "redis://r?db=3",
        "redis://r?prefix=", "redis://r?prefix=a&prefix=b", "redis://r?prefix=%00", "redis://[secret", "redis://r#x",
    ],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_redis_url(url)
    assert "secret" not in str(caught.value)


def taken(data: bytes, size: int) -> list[Reply]:
    """All replies in it, fed in pieces of that size."""
    replies, found = Replies(), list[Reply]()
    for place in range(0, len(data), size):
        replies.feed(data[place : place + size])
        while (one := replies.take()) is not None:
            found += one
    return found


def test_replies_in_pieces_of_any_size() -> None:
    data = b"+OK\r\n:-7\r\n$-1\r\n$4\r\na\r\nb\r\n-NOAUTH no\r\n*-1\r\n*3\r\n$7\r\nmessage\r\n*1\r\n:1\r\n$0\r\n\r\n"
    expected: list[Reply] = [b"OK", -7, None, b"a\r\nb", Refused("NOAUTH no"), None, [b"message", [1], b""]]
    for size in range(1, len(data) + 1):
        assert taken(data, size) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400\r\n", b"\r\n", b":x\r\n", b":" + b"9" * 21 + b"\r\n", b"$4\r\nabcdef\r\n", b"$99999999\r\n",
        b"*1001\r\n", b"*1\r\n" * 6, b"x" * 70_000,
    ],
)  # fmt: skip
def test_what_is_no_resp_or_too_much(data: bytes) -> None:
    with pytest.raises(RespError):
        taken(data, len(data))


def test_commands() -> None:
    assert command(b"PUBLISH", b"a b", b"") == b"*3\r\n$7\r\nPUBLISH\r\n$3\r\na b\r\n$0\r\n\r\n"
