"""What keeps the bytes of files: one contract for the folder, for a real S3 server, and for both while files move."""

import importlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve

from runtime.config import SettingsError, load_settings
from runtime.files import s3
from runtime.files.blobs import PIECE, Blob, BlobStore, FolderStore
from runtime.files.places import S3Place, read_place
from runtime.files.s3 import PART, S3Error, S3Store
from runtime.files.s3_signing import NOTHING, Credentials, encoded_query, signed
from runtime.files.two_places import TwoPlaces
from tests.s3_server import CREDENTIALS, absent_bucket, new_place, place_of

KEYS = [letter * 32 for letter in "0369cf"]
BIG = bytes(range(256)) * (9 << 12)
"""More than a part."""


def folder(tmp_path: Path, name: str = "blobs") -> FolderStore:
    (tmp_path / name).mkdir()
    return FolderStore(tmp_path / name)


def store_of(kind: str, tmp_path: Path) -> BlobStore:
    match kind:
        case "folder":
            return folder(tmp_path)
        case "s3":
            return S3Store(new_place("some/prefix"), CREDENTIALS)
        case "bucket":
            return S3Store(new_place(), CREDENTIALS)
        case _:
            return TwoPlaces(S3Store(new_place("new"), CREDENTIALS), folder(tmp_path))


@pytest.fixture(params=["folder", "s3", "bucket", "two places"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BlobStore]:
    async with aclosing(store_of(request.param, tmp_path)) as opened:
        yield opened


@pytest.fixture
def put(tmp_path: Path) -> Callable[[BlobStore, str, bytes], Awaitable[None]]:
    async def take(store: BlobStore, key: str, data: bytes) -> None:
        path = tmp_path / "draft"
        path.write_bytes(data)
        await store.put(path, key)
        assert not path.exists(), "it was taken away"

    return take


Put = Callable[[BlobStore, str, bytes], Awaitable[None]]


async def part(blob: Blob, offset: int, length: int) -> bytes:
    async with aclosing(blob.pieces(offset, length)) as pieces:
        found = [piece async for piece in pieces]
    assert all(0 < len(piece) <= PIECE for piece in found)
    return b"".join(found)


async def read(store: BlobStore, key: str) -> bytes | None:
    blob = await store.open(key)
    if blob is None:
        return None
    async with aclosing(blob):
        return await part(blob, 0, blob.size)


async def listed(store: BlobStore) -> list[tuple[str, int]]:
    async with aclosing(store.entries()) as entries:
        return [(entry.key, entry.size) async for entry in entries]


async def test_what_is_put_is_there_whole_and_in_parts(store: BlobStore, put: Put) -> None:
    for key, data in zip(KEYS, (b"x", b"y" * PIECE, BIG), strict=False):
        await put(store, key, data)
        assert await read(store, key) == data
    blob = await store.open(KEYS[2])
    assert blob is not None and blob.size == len(BIG)
    async with aclosing(blob):
        for offset, length in ((0, 1), (5, 10), (PIECE - 1, PIECE + 2), (len(BIG) - 3, 3), (PART - 1, 2), (7, 0)):
            assert await part(blob, offset, length) == BIG[offset : offset + length]
        async with aclosing(blob.pieces(0, len(BIG))) as pieces:
            assert await anext(pieces), "and is left in the middle"


async def test_nothing_is_left_of_what_was_removed(store: BlobStore, put: Put) -> None:
    await put(store, KEYS[0], b"x")
    await store.remove(KEYS[0])
    await store.remove(KEYS[0])
    assert await read(store, KEYS[0]) is None and await listed(store) == []


async def test_all_are_listed_in_the_order_of_their_keys(store: BlobStore, put: Put) -> None:
    assert await listed(store) == []
    keys = [*reversed(KEYS), f"{KEYS[0]}-320", f"{KEYS[5]}-1280"]
    for size, key in enumerate(keys, 1):
        await put(store, key, b"x" * size)
    assert await listed(store) == sorted((key, size) for size, key in enumerate(keys, 1))


async def test_what_is_no_key_is_no_path(store: BlobStore) -> None:
    """O16 of docs/security.md."""
    for wrong in ("../../etc/passwd", "A" * 32, "", "a" * 32 + "\n"):
        with pytest.raises(ValueError, match="key"):
            await store.open(wrong)


async def test_a_link_in_the_folder_is_not_followed(tmp_path: Path, put: Put) -> None:
    """O16. Somebody who can write into the folder is not handed what the server alone may read."""
    store, secret = folder(tmp_path), tmp_path / "secret"
    await put(store, KEYS[0], b"x")
    secret.write_bytes(b"a key of ours")
    place = tmp_path / "blobs" / KEYS[0][:2] / KEYS[0]
    place.unlink()
    place.symlink_to(secret)
    with pytest.raises(OSError, match="symbolic links"):
        await store.open(KEYS[0])
    await put(store, KEYS[0], b"new")
    assert await read(store, KEYS[0]) == b"new" and secret.read_bytes() == b"a key of ours"


async def test_two_stores_are_one(tmp_path: Path, put: Put) -> None:
    new, old = folder(tmp_path, "new"), folder(tmp_path, "old")
    both = TwoPlaces(new, old)
    await put(old, KEYS[0], b"old")
    await put(old, KEYS[2], b"other")
    await put(new, KEYS[2], b"other")
    await put(both, KEYS[1], b"new")
    assert [await read(both, key) for key in KEYS[:3]] == [b"old", b"new", b"other"]
    assert await read(new, KEYS[1]) == b"new" and await read(old, KEYS[1]) is None
    assert await listed(both) == [(KEYS[0], 3), (KEYS[1], 3), (KEYS[2], 5)]
    for key in KEYS[:3]:
        await both.remove(key)
    assert await listed(both) == [] == await listed(old) == await listed(new)


async def test_a_list_of_many_pages(monkeypatch: pytest.MonkeyPatch, put: Put) -> None:
    monkeypatch.setattr(s3, "PAGE", 2)
    async with aclosing(S3Store(new_place("p"), CREDENTIALS)) as store:
        for key in KEYS[:5]:
            await put(store, key, b"x")
        assert await listed(store) == [(key, 1) for key in KEYS[:5]]


# --- an S3 server that is away, slow, or cut off ---


@asynccontextmanager
async def proxied(place: S3Place, cut_after: list[int | None]) -> AsyncIterator[S3Place]:
    """The same place behind a link that is cut after so many bytes of an answer, connection by connection."""
    target = int(place.base.rpartition(":")[2])

    async def carry(source: trio.SocketStream, goal: trio.SocketStream, budget: int | None) -> None:
        async for data in source:
            if budget is not None and len(data) >= budget:
                return await goal.send_all(bytes(data[:budget]))
            budget = None if budget is None else budget - len(data)
            await goal.send_all(data)

    async def serve(client: trio.SocketStream) -> None:
        budget = cut_after.pop(0) if cut_after else None
        async with client, await trio.open_tcp_stream("127.0.0.1", target) as server, trio.open_nursery() as nursery:

            async def run(source: trio.SocketStream, goal: trio.SocketStream, budget: int | None) -> None:
                with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                    await carry(source, goal, budget)
                nursery.cancel_scope.cancel()

            nursery.start_soon(run, client, server, None)
            nursery.start_soon(run, server, client, budget)

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        port = listeners[0].socket.getsockname()[1]
        yield evolve(place, base=f"http://127.0.0.1:{port}")
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def busy(place: S3Place, refuse: int) -> AsyncIterator[S3Place]:
    """The same place behind something that answers 503 to the first so many downloads."""
    target, left = int(place.base.rpartition(":")[2]), refuse

    async def carry(source: trio.SocketStream, goal: trio.SocketStream) -> None:
        async for data in source:
            await goal.send_all(data)

    async def serve(client: trio.SocketStream) -> None:
        nonlocal left
        async with client, await trio.open_tcp_stream("127.0.0.1", target) as server, trio.open_nursery() as nursery:
            begun = bytes(await client.receive_some())
            if begun.startswith(b"GET ") and left:
                left -= 1
                await client.send_all(b"HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                return
            await server.send_all(begun)

            async def run(source: trio.SocketStream, goal: trio.SocketStream) -> None:
                with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                    await carry(source, goal)
                nursery.cancel_scope.cancel()

            nursery.start_soon(run, client, server)
            nursery.start_soon(run, server, client)

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        yield evolve(place, base=f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}")
        nursery.cancel_scope.cancel()


async def test_cut_links_are_outlived(put: Put) -> None:
    place = new_place("p")
    async with aclosing(S3Store(place, CREDENTIALS)) as plain:
        await put(plain, KEYS[0], BIG)
    cuts: list[int | None] = [10, 20, None, 3_000_000, 600, 4_000_000]
    async with proxied(place, cuts) as cut, aclosing(S3Store(cut, CREDENTIALS)) as store:
        assert await read(store, KEYS[0]) == BIG
        cuts += [5, 5, None, 0]
        await put(store, KEYS[1], BIG)
    async with aclosing(S3Store(place, CREDENTIALS)) as plain:
        assert await read(plain, KEYS[1]) == BIG


async def test_a_store_that_is_busy_is_asked_again_for_what_a_file_lacks(put: Put) -> None:
    place = new_place("p")
    async with aclosing(S3Store(place, CREDENTIALS)) as plain:
        await put(plain, KEYS[0], BIG)
    async with busy(place, refuse=2) as sometimes, aclosing(S3Store(sometimes, CREDENTIALS)) as store:
        assert await read(store, KEYS[0]) == BIG
    async with busy(place, refuse=99) as never, aclosing(S3Store(never, CREDENTIALS)) as store:
        with pytest.raises(S3Error, match="answered 503"):
            await read(store, KEYS[0])


async def test_a_store_that_is_away_is_told(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        nowhere = S3Place(f"http://127.0.0.1:{port}", "/b/", "/b", "", "us-east-1")
        path = tmp_path / "draft"
        path.write_bytes(b"x")
        async with aclosing(S3Store(nowhere, CREDENTIALS)) as store:
            for ask in (lambda: store.open(KEYS[0]), lambda: store.put(path, KEYS[0]), lambda: listed(store)):
                with pytest.raises(S3Error, match="cannot be reached") as caught:
                    await ask()
                assert CREDENTIALS.secret_key not in str(caught.value)
        assert path.exists(), "nothing is lost"


async def test_a_bucket_that_is_not_there_is_told(tmp_path: Path) -> None:
    gone = place_of(absent_bucket("p"))
    path = tmp_path / "draft"
    path.write_bytes(b"x")
    async with aclosing(S3Store(gone, CREDENTIALS)) as store:
        with pytest.raises(S3Error, match="no such bucket"):
            await store.put(path, KEYS[0])
        with pytest.raises(S3Error, match="no such bucket"):
            await listed(store)


async def test_an_upload_that_fails_leaves_no_parts(monkeypatch: pytest.MonkeyPatch, put: Put) -> None:
    place = new_place("p")
    async with aclosing(S3Store(place, CREDENTIALS)) as store:
        send = S3Store._send

        async def fail(self: S3Store, path: str, body: Any, query: Any = ()) -> str:
            if ("partNumber", "2") in query:
                raise OSError("the disk is gone")
            return await send(self, path, body, query)

        monkeypatch.setattr(S3Store, "_send", fail)
        with pytest.raises(OSError, match="disk"):
            await put(store, KEYS[0], BIG)
        answer = await store._ask("GET", place.bucket_path, [("uploads", "")])
        assert b"<Upload>" not in answer.content and await listed(store) == []


# --- signatures and settings ---


def test_a_signature_is_the_one_of_the_manual() -> None:
    """The example of Amazon's documentation: GET of a range, in its own words."""
    who = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
    now = datetime(2013, 5, 24, tzinfo=UTC)
    headers = {"host": "examplebucket.s3.amazonaws.com", "range": "bytes=0-9"}
    told = signed(who, now, "GET", "/test.txt", [], headers)
    expected = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    assert told["authorization"].endswith(f"Signature={expected}")
    assert "wJalr" not in repr(who)


def test_signatures_are_those_of_another_implementation() -> None:
    pytest.importorskip("botocore")
    auth: Any = importlib.import_module("botocore.auth")
    requests: Any = importlib.import_module("botocore.awsrequest")
    credentials: Any = importlib.import_module("botocore.credentials")
    theirs = credentials.Credentials(CREDENTIALS.access_key, CREDENTIALS.secret_key)
    queries = [[], [("list-type", "2"), ("prefix", "a/b c"), ("continuation-token", "x+/=ü")], [("uploads", "")]]
    for query in queries:
        for digest in (NOTHING, sha256(b"x").hexdigest()):
            request = requests.AWSRequest("PUT", f"http://h:9/b/k?{encoded_query(query)}".rstrip("?"))
            request.headers["X-Amz-Content-SHA256"] = digest
            signer = auth.S3SigV4Auth(theirs, "s3", "us-east-1")
            signer.payload = lambda _request, digest=digest: digest
            signer.add_auth(request)
            moment = datetime.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            ours = signed(CREDENTIALS, moment, "PUT", "/b/k", query, {"host": "h:9"}, digest)
            assert ours["authorization"].rpartition("=")[2] == request.headers["Authorization"].rpartition("=")[2]


def test_places() -> None:
    assert read_place("folder") == "folder"
    plain = read_place("s3://bucket/a/b/?endpoint=https://s3.example.org:9000/&region=eu-1")
    assert plain == S3Place("https://s3.example.org:9000", "/bucket/a/b/", "/bucket", "a/b/", "eu-1")
    amazon = read_place("s3://bucket?region=eu-central-1")
    assert amazon == S3Place("https://bucket.s3.eu-central-1.amazonaws.com", "/", "/", "", "eu-central-1")
    for wrong in (
        "", "s3://", "http://bucket", "s3://B", "s3://bucket/a b", "s3://bucket?endpoint=ftp://x", "s3://bucket?other=1",
        "s3://bucket?endpoint=https://me:secret@host", "s3://bucket?endpoint=https://host/path", "s3://bucket#x",
        "s3://bucket/..%2f?region=", "s3://bucket?endpoint=https://host:0", "/var/files",
    ):  # fmt: skip
        with pytest.raises(ValueError, match="must be"):
            read_place(wrong)


def test_settings_of_an_s3_store_need_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    url = {"VESTNIK_FILES_URL": "s3://bucket"}
    with pytest.raises(SettingsError) as caught:
        load_settings(url)
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "VESTNIK_FILES_ACCESS_KEY",
        "VESTNIK_FILES_SECRET_KEY",
    ]
    keys = {"VESTNIK_FILES_ACCESS_KEY": "who", "VESTNIK_FILES_SECRET_KEY": "hush"}
    settings = load_settings(url | keys)
    assert "hush" not in repr(settings) and "hush" not in json.dumps(repr(settings.files_secret_key))
