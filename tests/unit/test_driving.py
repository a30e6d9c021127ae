"""The reference driver of docs/driving.md is run as it stands there."""

import json
import re
from pathlib import Path
from typing import Any

from chatproto.operations import (
    ChatCreated,
    CreateDirect,
    CreateSession,
    CreateUser,
    SessionCreated,
    UserFound,
)
from chatproto.tokens import TokenKeys
from chatproto.wire.text import search_words

PAGE = Path(__file__).parents[2] / "docs/driving.md"


def the_class() -> Any:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names["ReferenceDriver"]


def test_two_people_talk_through_the_reference_driver() -> None:
    keys = TokenKeys("k", {"k": b"0" * 32})
    driver = the_class()(keys)
    sockets, ids = [], []
    for name in ("ann", "bob"):
        user = driver.request(CreateUser(name, name, None, None, "h", name, search_words(name, name), driver.now))
        assert isinstance(user, UserFound)
        login = driver.request(CreateSession(user.user.id, "test", name.encode(), name.encode().ljust(16), driver.now))
        assert isinstance(login, SessionCreated)
        token = keys.sign(
            user_id=user.user.id, session_id=login.session_id, session_key=login.session_key,
            refresh_id=login.refresh_id, jti="x", now=driver.now, lifetime=60,
        )  # fmt: skip
        ids.append(user.user.id)
        connection = driver.open()
        driver.receive(connection, json.dumps({"type": "hello", "v": [1], "token": token}))
        sockets.append(connection)
    chat = driver.request(CreateDirect(ids[0], ids[1], driver.now))
    assert isinstance(chat, ChatCreated)
    driver.receive(sockets[0], json.dumps({"type": "send", "chat_id": chat.chat.id, "cid": "c", "content": "hello"}))
    text = b"".join(driver.sockets[sockets[1]])
    assert b'"content":"hello"' in text
    assert b'"type":"ack"' in b"".join(driver.sockets[sockets[0]])
    driver.sleep(121)
    driver.sleep(1)
    assert set(driver.closed.values()) == {4408}
