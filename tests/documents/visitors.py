"""Two people at https://chat.example.org, behind nginx: what they write arrives, and is there after a restore."""

import json
import ssl
import time
from collections.abc import Callable
from typing import Any, Final

import httpx
import trio

from tests.server.sockets import open_socket

WITHIN: Final = 120.0
"""Seconds for anything that is waited for."""
TEXT: Final = "through nginx, with TLS: привет 😀"


def until(reached: Callable[[], object]) -> None:
    """By looking."""
    end = time.monotonic() + WITHIN
    while not reached():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.02)


def write(certificate: str, host: str, password: str) -> None:
    """anna, who is there, and bob, who registers, talk: over HTTP, and heard over the WebSocket."""
    trusted = ssl.create_default_context(cafile=certificate)
    with httpx.Client(verify=trusted, timeout=60) as http:
        plain = http.get(f"http://{host}/rooms?token=x")
        assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{host}/rooms")
        assert "<html" in http.get(f"https://{host}/").text
        made = http.post(f"https://{host}/api/auth/register", json={"username": "bob", "password": password})
        assert made.status_code == 201, made.text
        anna, bob = _enter(http, host, "anna", password), _enter(http, host, "bob", password)
        chat = _asked(
            http.post(
                f"https://{host}/api/chats", json={"type": "direct", "user_id": anna["id"]}, headers=bob["headers"]
            )
        )
        trio.run(_hear, trusted, host, anna, bob, int(chat["id"]))
        assert http.get(f"https://{host}/metrics").status_code == 200, "this is the machine itself"


def read(certificate: str, host: str, password: str) -> None:
    """What was written is there."""
    with httpx.Client(verify=ssl.create_default_context(cafile=certificate), timeout=60) as http:
        anna = _enter(http, host, "anna", password)
        [chat] = _asked(http.get(f"https://{host}/api/chats", headers=anna["headers"]))["chats"]
        page = _asked(http.get(f"https://{host}/api/chats/{chat['id']}/messages", headers=anna["headers"]))
        assert TEXT in json.dumps(page, ensure_ascii=False), page


async def _hear(trusted: ssl.SSLContext, host: str, anna: Any, bob: Any, chat: int) -> None:
    async with (
        open_socket(f"https://{host}:443", tls=trusted) as socket,
        httpx.AsyncClient(verify=trusted, timeout=60) as http,
    ):
        await socket.hello(anna["token"])
        body = {"content": TEXT}
        sent = await http.post(f"https://{host}/api/chats/{chat}/messages", json=body, headers=bob["headers"])
        assert sent.status_code in (200, 201), sent.text
        assert (await socket.until("message"))["content"] == TEXT


def _enter(http: httpx.Client, host: str, name: str, password: str) -> dict[str, Any]:
    told = _asked(http.post(f"https://{host}/api/auth/login", json={"login": name, "password": password}))
    token = told["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    me = _asked(http.get(f"https://{host}/api/auth/me", headers=headers))
    return {"token": token, "headers": headers, "id": me["id"]}


def _asked(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()
