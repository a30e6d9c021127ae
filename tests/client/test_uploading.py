"""What becomes of an upload where the server, something before it, or this machine's disk refuses."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import trio
from attrs import define, field

from chatproto.client.session_outputs import LocalFile, Upload
from chatproto.client.timing import Backoff
from client.account import Account, log_in
from client.exceptions import ChatError
from client.kept_files import KeptFiles
from client.uploading import FEW, Brought, Uploader, Uploading
from runtime.http import uploads
from runtime.http.problem import Problem
from tests.client.test_files import FAST
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House

PAGE = b"<!doctype html><title>Not here</title>"
Answer = Callable[[httpx.Request], httpx.Response | None]


@define(eq=False)
class Between(httpx.AsyncBaseTransport):
    """What stands before the server. `answers`: what it says instead; None: the server is asked. `lost`: answers with
    this status do not arrive, so many of them."""

    answers: Answer = lambda _request: None
    lost: dict[int, int] = field(factory=dict)
    asked: list[str] = field(factory=list)
    _on: httpx.AsyncHTTPTransport = field(factory=httpx.AsyncHTTPTransport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = self.answers(request)
        if "/uploads" in request.url.path:
            self.asked.append(request.method)
        if said is not None:
            return said
        answer = await self._on.handle_async_request(request)
        if self.lost.get(answer.status_code, 0) > 0:
            self.lost[answer.status_code] -= 1
            await answer.aclose()
            raise httpx.ReadError("the answer is lost")
        return answer

    async def aclose(self) -> None:
        await self._on.aclose()


async def brought(house: House, between: Between, kept: KeptFiles, file: LocalFile) -> tuple[Brought, list[int]]:
    """How an upload by somebody behind that ended, and how far it was in between."""
    await house.register("ann")
    told: list[Any] = []
    async with httpx.AsyncClient(base_url=house.url, transport=between) as http:
        account: Account = await log_in(http, "ann", PASSWORD)
        uploader = Uploader(account, kept, lambda: Backoff(FAST, Random(1).random), told.append)
        with trio.fail_after(60):
            await uploader.bring(Upload("cid", file))
    assert isinstance(told[-1], Brought)
    return told[-1], [one.sent for one in told if isinstance(one, Uploading)]


def a_file(tmp_path: Path, size: int) -> tuple[KeptFiles, LocalFile]:
    source = tmp_path / "source.bin"
    source.write_bytes(Random(3).randbytes(size))
    kept = KeptFiles(tmp_path / "kept")
    return kept, kept.keep(source, "a.bin")


async def test_whoever_has_no_room_is_told_so_also_where_the_first_answer_is_lost(
    house_at: OpenHouse, tmp_path: Path
) -> None:
    async with house_at(limit_user_file_bytes=1000) as house:
        between = Between(lost={507: 1})
        end, _ = await brought(house, between, *a_file(tmp_path, 2000))
        assert end.code == "quota_exceeded" and not between.lost[507]


async def test_a_refusal_without_a_body_is_asked_for_with_one(house_at: OpenHouse, tmp_path: Path) -> None:
    """Something before the server answers HEAD itself, with whatever status."""
    async with house_at(limit_user_file_bytes=1000) as house:
        between = Between(lost={507: 1})
        between.answers = lambda asked: (
            httpx.Response(507) if asked.method == "HEAD" and not between.lost[507] else None
        )
        end, _ = await brought(house, between, *a_file(tmp_path, 2000))
        assert end.code == "quota_exceeded"


async def test_the_page_of_a_proxy_does_not_begin_an_upload_anew(house: House, tmp_path: Path) -> None:
    """It is not our server that knows nothing of it."""
    size, away = 700_000, [404, 410, 404, 404]

    def answers(request: httpx.Request) -> httpx.Response | None:
        if request.method in ("HEAD", "PATCH") and between.asked.count("PATCH") >= 2 and away:
            return httpx.Response(away.pop(), content=b"" if request.method == "HEAD" else PAGE)
        return None

    between = Between(answers)
    end, sent = await brought(house, between, *a_file(tmp_path, size))
    assert end.file_id and not away
    assert between.asked.count("POST") == 1 and sent == sorted(sent), "it went on from where it was"


async def test_a_server_that_fails_at_the_end_of_an_upload_is_not_asked_for_ever(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0

    async def fails(*_args: object, **_more: object) -> Problem:
        nonlocal made
        made += 1
        return Problem("internal")

    monkeypatch.setattr(uploads, "add_draft", fails)
    end, _ = await brought(house, Between(), *a_file(tmp_path, 2000))
    assert end.code == "internal" and made == FEW["internal"]


class Faulty(KeptFiles):
    """A disk that cannot be read so many times."""

    faults = 0

    def read(self, file: LocalFile, offset: int, size: int) -> bytes:
        if self.faults:
            self.faults -= 1
            raise ChatError("file_unreadable")
        return super().read(file, offset, size)


@pytest.mark.parametrize(("faults", "code"), [(FEW["file_unreadable"] - 1, ""), (1000, "file_unreadable")])
async def test_bytes_that_cannot_be_read_are_read_again(house: House, tmp_path: Path, faults: int, code: str) -> None:
    kept, file = a_file(tmp_path, 2000)
    faulty = Faulty(tmp_path / "kept")
    faulty.faults = faults
    end, _ = await brought(house, Between(), faulty, file)
    assert end.code == code and bool(end.file_id) == (not code)
    path = tmp_path / "kept" / file.local_id
    path.unlink()
    path.mkdir()
    with pytest.raises(ChatError, match="file_unreadable"):
        kept.read(file, 0, 10)
    path.rmdir()
    with pytest.raises(ChatError, match="file_lost"):
        kept.read(file, 0, 10)
