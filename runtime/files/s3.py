"""Blobs in an S3 store, over its HTTP API: any that knows Signature Version 4 and multipart uploads.

Nothing is held as a whole: bodies are read from the disk and answers passed on piece by piece. Every wait has an end.
What fails in passing (a cut link, 429, 5xx) is tried again; all else is an OSError, whose text holds no secret.
"""

import errno
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import httpx
import trio

from runtime.files.blobs import CLEAN_UP, KEY, PIECE, THREADS, Entry
from runtime.files.places import S3Place
from runtime.files.s3_signing import NOTHING, Credentials, encoded_query, signed

PART: Final = 8 << 20
"""Bytes up to which a blob is sent in one request, and of each part of a larger one."""
MAX_PARTS: Final = 9_000
"""Of one upload; the API allows 10,000."""
UPLOADS: Final = 4
"""Uploads to the store at a time; others wait."""
CONNECTIONS: Final = 32
DOWNLOADS: Final = 128
"""Connections of their own: each is held as long as its reader takes."""
QUEUE: Final = 5.0
"""Seconds that a download waits for one of them, before anything of it is answered."""
TIMES: Final = httpx.Timeout(connect=5.0, read=30.0, write=30.0, pool=30.0)
"""Seconds without progress."""
PAUSES: Final = (0.2, 1.0)
"""Seconds before the second and the third attempt."""
PAGE: Final = 1000
"""Keys of a list that are asked for at a time."""
_ANSWER: Final = 4 << 20
"""Bytes of an answer that is read as a whole: a list of a thousand keys has a tenth of that."""


class S3Error(OSError):
    """The store could not be asked, or refused. `passing`: it may be otherwise a moment later."""

    passing = False


def _error(what: str) -> S3Error:
    return S3Error(errno.EIO, f"the store of files {what}")


def _unreached(error: httpx.HTTPError) -> S3Error:
    fault = _error(f"cannot be reached ({type(error).__name__})")
    fault.passing = True
    return fault


def _refused(status: int) -> S3Error:
    error = _error(f"answered {status}")
    error.passing = status >= 500 or status == 429
    return error


class S3Store:
    """See BlobStore."""

    def __init__(self, place: S3Place, credentials: Credentials) -> None:
        self._place, self._credentials = place, credentials
        self._client, self._downloads = _client(CONNECTIONS), _client(DOWNLOADS)
        self._host = httpx.URL(place.base).netloc.decode()
        self._uploads, self._free = trio.CapacityLimiter(UPLOADS), trio.Semaphore(DOWNLOADS, max_value=DOWNLOADS)

    async def aclose(self) -> None:
        """See BlobStore."""
        await self._client.aclose()
        await self._downloads.aclose()

    async def put(self, path: Path, key: str) -> None:
        """See BlobStore. The store compares what it gets with its digest."""
        size = (await trio.to_thread.run_sync(os.stat, path, limiter=THREADS)).st_size
        async with self._uploads:
            if size <= PART:
                await self._send(self._path(key), _Part(path, 0, size))
            else:
                await self._put_parts(path, size, self._path(key))
        await trio.to_thread.run_sync(partial(path.unlink, missing_ok=True), limiter=THREADS)

    async def open(self, key: str) -> "S3Blob | None":
        """See BlobStore. A connection for its bytes is its own until it is closed: who cannot have one learns that
        instead of the size, not instead of the bytes."""
        with trio.move_on_after(QUEUE) as patience:
            await self._free.acquire()
        if patience.cancelled_caught:
            raise S3Error(errno.EBUSY, "no connection to the store of files is free")
        blob = None
        try:
            answer = await self._ask("HEAD", self._path(key))
            if answer.status_code != 404:
                blob = S3Blob(self, key, int(answer.headers["content-length"]), self._free.release)
        finally:
            if blob is None:
                self._free.release()
        return blob

    async def remove(self, key: str) -> None:
        """See BlobStore."""
        await self._ask("DELETE", self._path(key))

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """See BlobStore."""
        token: str | None = None
        while True:
            query = [("list-type", "2"), ("prefix", self._place.prefix), ("max-keys", str(PAGE))]
            query += [] if token is None else [("continuation-token", token)]
            answer = await self._ask("GET", self._place.bucket_path, query)
            if answer.status_code == 404:
                raise _error("has no such bucket")
            found = _xml(answer.content)
            for one in found.iterfind("{*}Contents"):
                key = _text(one, "Key").removeprefix(self._place.prefix)
                if KEY.fullmatch(key):
                    changed = datetime.fromisoformat(_text(one, "LastModified")).timestamp()
                    yield Entry(key, int(_text(one, "Size")), changed)
            token = found.findtext("{*}NextContinuationToken")
            if token is None:
                return

    @asynccontextmanager
    async def reading(self, key: str, first: int, last: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """A part of a blob, on its way. Raises S3Error, httpx.HTTPError."""
        request = self._request("GET", self._path(key), headers={"range": f"bytes={first}-{last}"})
        answer = await self._downloads.send(request, stream=True)
        async with _pieces(answer) as pieces:
            if answer.status_code != 206:
                raise _refused(answer.status_code)
            yield pieces

    async def _put_parts(self, path: Path, size: int, target: str) -> None:
        begun = await self._ask("POST", target, [("uploads", "")])
        upload = ("uploadId", _text(_xml(begun.content), "UploadId"))
        try:
            parts = ElementTree.Element("CompleteMultipartUpload")
            length = max(PART, -(-size // MAX_PARTS))
            for number, offset in enumerate(range(0, size, length), 1):
                part = _Part(path, offset, min(length, size - offset))
                etag = await self._send(target, part, [("partNumber", str(number)), upload])
                one = ElementTree.SubElement(parts, "Part")
                ElementTree.SubElement(one, "PartNumber").text = str(number)
                ElementTree.SubElement(one, "ETag").text = etag
            done = await self._ask("POST", target, [upload], body=ElementTree.tostring(parts))
            if _xml(done.content).tag.rpartition("}")[2] == "Error":  # the status was sent before it was known
                raise _error("could not put an upload together")
        except BaseException:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + CLEAN_UP):
                await self._ask("DELETE", target, [upload])
            raise

    async def _send(self, path: str, part: "_Part", query: Sequence[tuple[str, str]] = ()) -> str:
        """A body from the disk; its ETag."""
        digest = await trio.to_thread.run_sync(part.digest, limiter=THREADS)
        headers = {"content-length": str(part.length)}
        answer = await self._ask("PUT", path, query, body=part, digest=digest, headers=headers)
        if answer.status_code == 404:
            raise _error("has no such bucket")
        return str(answer.headers.get("etag", ""))

    async def _ask(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        *,
        body: "bytes | _Part" = b"",
        digest: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The answer: 2xx, or 404. Raises S3Error."""
        if isinstance(body, bytes):
            digest = sha256(body).hexdigest()
        for pause in (*PAUSES, None):
            try:
                request = self._request(method, path, query, headers or {}, body, digest or NOTHING)
                answer = await self._answer(request)
            except httpx.HTTPError as error:
                fault = _unreached(error)
            else:
                if answer.is_success or answer.status_code == 404:
                    return answer
                fault = _refused(answer.status_code)
                if not fault.passing:
                    break
            if pause is not None:
                await trio.sleep(pause)
        raise fault

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._client.send(request, stream=True)
        content = bytearray()
        async with _pieces(answer) as pieces:
            async for piece in pieces:
                content += piece
                if len(content) > _ANSWER:
                    raise _error("answers more than it should")
        return httpx.Response(answer.status_code, headers=answer.headers, content=bytes(content))

    def _request(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: "bytes | _Part" = b"",
        digest: str = NOTHING,
    ) -> httpx.Request:
        told = {"host": self._host, **(headers or {})}
        told = signed(self._credentials, datetime.now(UTC), method, path, query, told, digest)
        url = f"{self._place.base}{path}" + (f"?{encoded_query(query)}" if query else "")
        if isinstance(body, bytes):
            return self._client.build_request(method, url, headers=told, content=body or None)
        request = self._client.build_request(method, url, headers=told)
        request.stream = body  # as content it would be read by a generator, which a cut request leaves behind
        return request

    def _path(self, key: str) -> str:
        if not KEY.fullmatch(key):
            raise ValueError("not a key of a blob")
        return self._place.path + key


class S3Blob:
    """See Blob."""

    def __init__(self, store: S3Store, key: str, size: int, closed: Callable[[], None]) -> None:
        self._store, self._key, self._closed = store, key, closed
        self.size = size
        self.place: str | None = None

    async def pieces(self, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        """See Blob. Where the link is cut, or the store is busy, it is asked for the rest, as long as that brings
        something."""
        end, tries = offset + length, 0
        while offset < end:
            try:
                async with self._store.reading(self._key, offset, end - 1) as pieces:
                    async for piece in pieces:
                        offset += len(piece)
                        tries = 0
                        yield piece
            except (httpx.HTTPError, S3Error) as error:
                fault = error if isinstance(error, S3Error) else _unreached(error)
                tries += 1
                if tries > len(PAUSES) or not fault.passing:
                    raise fault from None
                await trio.sleep(PAUSES[tries - 1])

    async def aclose(self) -> None:
        """See Blob."""
        self._closed()


def _client(connections: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=TIMES,
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=16),
        trust_env=False,
        headers={"accept-encoding": "identity"},
    )


@asynccontextmanager
async def _pieces(answer: httpx.Response) -> AsyncIterator[AsyncIterator[bytes]]:
    """The body of an answer, which may be left before its end.

    httpx reads by generators within generators, and closing the outermost leaves the others to the garbage collector:
    so the connection is closed, and then they are led to the error that this is."""
    pieces = answer.aiter_raw(PIECE)
    try:
        yield pieces
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + CLEAN_UP):
            await answer.aclose()
            with suppress(httpx.HTTPError, httpx.StreamError):
                async for _ in pieces:
                    pass


class _Part(httpx.AsyncByteStream):
    """A part of a file, as the body of a request that may be sent again."""

    def __init__(self, path: Path, offset: int, length: int) -> None:
        self._path, self._offset, self.length = path, offset, length

    def digest(self) -> str:
        """SHA-256. Blocks."""
        digest = sha256()
        with self._path.open("rb") as file:
            file.seek(self._offset)
            rest = self.length
            while rest and (data := file.read(min(PIECE, rest))):
                digest.update(data)
                rest -= len(data)
        return digest.hexdigest()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Reading(self._path, self._offset, self.length)


class _Reading:
    """No generator: one that a cut request leaves behind would have to be closed."""

    def __init__(self, path: Path, offset: int, length: int) -> None:
        self._path, self._at, self._end = path, offset, offset + length

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        data = await trio.to_thread.run_sync(self._read, limiter=THREADS)
        if not data:
            raise StopAsyncIteration
        return data

    def _read(self) -> bytes:
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read(min(PIECE, self._end - self._at))
        self._at += len(data)
        return data


def _xml(content: bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(content)
    except ElementTree.ParseError:
        raise _error("answers what cannot be read") from None


def _text(element: ElementTree.Element, name: str) -> str:
    found = element.findtext(f"{{*}}{name}")
    if found is None:
        raise _error("answers what cannot be read")
    return found
