"""What `vestnik serve --host` takes."""

import json
import socket
import stat
from pathlib import Path

import httpx
import pytest
import trio
import trio_websocket

from runtime.serve import bind, url_of
from tests.faults.server_process import ServerProcess

HAS_IPV6 = socket.has_dualstack_ipv6()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_ipv4(host: str) -> None:
    with bind(host, 0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection((host, port), 60):
            pass


@pytest.mark.skipif(not HAS_IPV6, reason="no IPv6 here")
@pytest.mark.parametrize(("host", "addresses"), [("::", ["::1", "127.0.0.1"]), ("[::1]", ["::1"]), ("::1", ["::1"])])
def test_ipv6(host: str, addresses: list[str]) -> None:
    with bind(host, 0) as listener:
        assert url_of(listener).startswith("http://[::")
        for address in addresses:
            with socket.create_connection((address, listener.getsockname()[1]), 60):
                pass


def test_what_cannot_be_had_is_told_by_its_address() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"^127\.0\.0\.1 port {port}: is in use$"):
            bind("127.0.0.1", port)
    with pytest.raises(OSError, match=r"^no-such-host\.invalid port 1: "):
        bind("no-such-host.invalid", 1)
    with pytest.raises(OSError, match=r"^192\.0\.2\.1 port 0: "):
        bind("192.0.2.1", 0)


def test_the_path_of_a_socket_that_somebody_listens_on_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with bind(f"unix:{path}", 0) as listener:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660, "for its owner and its group"
        assert url_of(listener) == f"unix:{path}"
        with pytest.raises(OSError, match=rf"^unix:{path}: is in use$"):
            bind(f"unix:{path}", 0)
    with bind(f"unix:{path}", 0), socket.socket(socket.AF_UNIX) as caller:  # that of one that is gone gives way
        caller.connect(str(path))


@pytest.mark.parametrize(("name", "reason"), [("file", "is in use"), ("no/folder", "No such file or directory")])
def test_a_socket_takes_the_place_of_nothing_else(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match=rf"^unix:{tmp_path / name}: {reason}$"):
        bind(f"unix:{tmp_path / name}", 0)
    assert (tmp_path / "file").read_text() == "mine"


async def test_all_is_served_on_a_unix_socket_and_again_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    server = ServerProcess.on_free_port(tmp_path, f"sqlite:///{tmp_path / 'v.db'}", host=f"unix:{path}")
    account = {"username": "anna", "password": "correct horse battery"}
    async with server:
        await server.kill()
        await server.start()
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path)), timeout=60) as http:
            answer = await http.post("http://chat.example.org/api/auth/register", json=account)
        assert answer.status_code == 201, answer.text
        stream = await trio.open_unix_socket(path)
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                websocket = await trio_websocket.wrap_client_stream(
                    nursery, stream, "chat.example.org", "/ws", subprotocols=["vestnik.v1"]
                )
                token = answer.json()["access_token"]
                await websocket.send_message(json.dumps({"type": "hello", "v": [1], "token": token, "device": "here"}))
                assert json.loads(await websocket.get_message())["type"] == "ready"
                await websocket.aclose()
