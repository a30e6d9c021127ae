"""What people write stands in no line of the log, of any level: neither what is sent, edited and deleted over both
sockets and HTTP, nor what is refused or fails on its way."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from chatproto.operations import AppendBatch, Done, Operation, Outcome, SearchMessages
from runtime.config import LogFormat
from runtime.logs import configure_logging
from tests.faults.server_process import ServerProcess
from tests.server.conftest import OpenHouse
from tests.server.house import PASSWORD, House, Person
from tests.server.sockets import Socket, open_socket
from tests.server.uploads import upload

SECRET = "canary"
"""In each text and name, and in no name of ours."""
OUR_OWN = ("httpx", "httpcore", "trio-websocket")
"""Loggers of the client in the same process: these tell of addresses that it asks for."""


@pytest.fixture(params=["json", "console"])
def stream(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """The log of this process, with all there is, in both forms."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    written = io.StringIO()
    log_format: LogFormat = request.param
    configure_logging(log_format, level="DEBUG", stream=written, per_second=1_000_000)
    root.handlers[0].addFilter(lambda record: not record.name.startswith(OUR_OWN))
    yield written
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("transport", ["own", "quart"])
async def test_of_no_level(house_at: OpenHouse, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """O1 of docs/security.md."""
    async with house_at(env="development") as house:
        ann, bob = await house.register("ann"), await house.register("bob")
        assert (await house.http.get("/healthz")).status_code == 200
        await talk(house.url, ann, bob)
        await fail(house, ann, monkeypatch)
    text = stream.getvalue()
    for told in ("debug", "info", "error", "/healthz", "request_failed", "operation_failed", "the disk"):
        assert told in text, told
    assert SECRET not in text.lower()


async def fail(house: House, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours, on the way of a message over both, and of a search; and a store that is away."""
    chat_id = await ann.direct(ann)
    text = f"{SECRET} that is lost"
    perform = type(house.storage).perform

    async def broken(valve: Any, operation: Operation) -> Outcome:
        if isinstance(operation, AppendBatch):
            raise RuntimeError("the disk is of wood")
        return await perform(valve, operation)

    async with open_socket(house.url) as socket:
        await socket.hello(ann.token)
        with monkeypatch.context() as patched:
            patched.setattr(type(house.storage), "perform", broken)
            await socket.send(type="send", chat_id=chat_id, cid="lost", content=text)
            await socket.until("error")
            answer = await ann.post(f"/api/chats/{chat_id}/messages", {"content": text})
            assert answer.status_code == 500
        house.storage.answers.append((SearchMessages, Done()))
        answer = await ann.get("/api/search", query=text)
        assert answer.status_code == 500
        house.storage.broken = True
        answer = await ann.post(f"/api/chats/{chat_id}/messages", {"content": text})
        assert answer.status_code == 503
        house.storage.broken = False


async def test_of_the_process(tmp_path: Path) -> None:
    """O1 of docs/security.md: its error stream, as its operator keeps it."""
    settings = {"env": "development", "limit_log_lines": "100000"}
    server = ServerProcess.on_free_port(tmp_path, f"sqlite:///{tmp_path}/vestnik.sqlite3", **settings)
    async with server, httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        people = []
        for name in ("ann", "bob"):
            answer = await http.post("/api/auth/register", json={"username": name, "password": PASSWORD})
            assert answer.status_code == 201, answer.text
            found = answer.json()
            people.append(Person(http, found["user"], found["access_token"], found["refresh_token"]))
        await talk(server.url, *people)
        assert await server.stop() == 0
    text = (tmp_path / "server.log").read_text()
    routes = [json.loads(line).get("route") for line in text.splitlines()]
    assert {"/api/search", "/api/files", "/api/chats/{chat_id}/messages"} <= set(routes)
    assert SECRET not in text.lower()


async def talk(url: str, ann: Person, bob: Person) -> None:
    """All that one can write, and much that is not taken."""
    answer = await ann.post("/api/chats", {"type": "group", "title": f"{SECRET}s", "user_ids": [bob.id]})
    chat_id = int(answer.json()["id"])
    assert (await ann.patch("/api/auth/me", {"display_name": f"Ann {SECRET}"})).status_code == 200
    async with (
        open_socket(url) as socket,
        open_socket(url, f"/ws/chat/{chat_id}?token={bob.token}&after_seq=0") as direct,
    ):
        await socket.hello(ann.token)
        await changes(socket, direct, chat_id)
        await refused(socket, direct, chat_id)
        await over_http(ann, chat_id)


async def changes(socket: Socket, direct: Socket, chat_id: int) -> None:
    """Sent, edited and deleted, by each and seen by both."""
    await socket.send(type="send", chat_id=chat_id, cid="1", content=f"{SECRET} one")
    ack = await socket.until("ack", cid="1")
    target: dict[str, Any] = {"chat_id": chat_id, "seq": ack["seq"], "target_at": ack["created_at"]}
    await socket.send(type="edit", cid="2", content=f"{SECRET} two", **target)
    await socket.until("ack", cid="2")
    assert SECRET in str(await direct.until("system", event="edited"))
    await socket.send(type="delete", cid="3", **target)
    await socket.until("ack", cid="3")
    await direct.until("system", event="deleted")
    await direct.send(type="message", cid="4", content=f"{SECRET} three")
    said = await socket.until("message")
    assert SECRET in said["content"]
    target |= {"seq": said["seq"], "target_at": said["created_at"]}
    await socket.send(type="delete", cid="5", **target)  # an admin, of another's
    await socket.until("ack", cid="5")
    await direct.until("system", event="deleted")


async def refused(socket: Socket, direct: Socket, chat_id: int) -> None:
    """Where the server could quote what it did not take."""
    await socket.send(type="send", chat_id=chat_id + 99, cid="6", content=f"{SECRET} elsewhere")
    await socket.until("error", ref="6")
    await socket.send(type="send", chat_id=chat_id, cid="7", content=f"{SECRET} " * 3000)
    await socket.until("error", ref="7")
    await socket.send(type=f"{SECRET}-type", id="8", content=SECRET)
    await socket.until("error", ref="8")
    await socket.send(type="edit", chat_id=chat_id, cid="9", seq=1, target_at=SECRET, content=SECRET)
    await socket.until("error")
    for one in (direct, socket):
        await one.send_raw('{"type": "message", "content": "' + SECRET)  # no JSON
        await one.until("system" if one is direct else "error")


async def over_http(ann: Person, chat_id: int) -> None:
    file = await upload(ann, SECRET.encode(), f"{SECRET}.txt")
    path = f"/api/chats/{chat_id}/messages"
    sent = await ann.send(chat_id, f"{SECRET} four", attachments=[file["id"]])
    assert (await ann.patch(f"{path}/{sent['seq']}", {"content": f"{SECRET} five"})).status_code == 200
    assert (await ann.get("/api/search", query=SECRET)).status_code == 200
    assert (await ann.get("/api/users/search", query=SECRET)).status_code == 200
    assert (await ann.delete(f"{path}/{sent['seq']}")).status_code == 204
    for body in ({"content": [SECRET]}, {"content": SECRET, "attachments": SECRET}, {"content": SECRET * 5000}):
        assert (await ann.post(path, body)).status_code in (400, 413, 422)
    headers = {"Content-Type": "application/json"}
    broken = await ann.call("POST", path, headers=headers, content=b'{"content": "' + SECRET.encode())
    assert broken.status_code in (400, 422)
