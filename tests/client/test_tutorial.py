"""The page docs/python-client.md is true: its examples are run as they stand, but for the address and the store."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import trio

from chatproto.wire.model import Message
from client.bot import Bot
from client.connection import Client, connect
from tests.server.house import PASSWORD, House

PAGE = Path(__file__).parents[2] / "docs/python-client.md"
TEXT = PAGE.read_text(encoding="utf-8")
FIRST, BOT = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"


def run_text(code: str, names: dict[str, Any]) -> dict[str, Any]:
    """Execute a piece of the page; what it defined."""
    exec(compile(code, str(PAGE), "exec"), names)
    return names


async def test_the_first_example_sends_a_message(house: House) -> None:
    alice = await house.register("alice", password="correct horse battery")
    code = FIRST.replace(ADDRESS, house.url)
    imports, body = code.split("\n\n", 1)
    function = f"{imports}\n\nasync def example(chat_id):\n{textwrap.indent(body, '    ')}    return ack\n"
    example: Callable[[int], Coroutine[Any, Any, Any]] = run_text(function, {})["example"]
    async with connect(house.url, "alice", "correct horse battery") as other:
        chat_id = await other.create_direct(alice.id)
    ack = await example(chat_id)
    assert (ack.seq, ack.dup) == (1, False)


async def test_the_bot_of_the_page_answers(house: House, tmp_path: Path) -> None:
    bot_user = await house.register("botname", password="a long password")
    await house.register("ann")
    before, call = BOT.split("trio.run(")
    bot = run_text(before, {})["bot"]
    assert isinstance(bot, Bot)
    run, url, name, password, store = ast.parse(f"f({call}").body[0].value.args  # type: ignore[attr-defined]
    assert ast.unparse(run) == "bot.run"
    values = [ast.literal_eval(value) for value in (url, name, password, store)]
    assert values[0] == ADDRESS
    async with trio.open_nursery() as nursery:
        await nursery.start(bot.run, house.url, values[1], values[2], tmp_path / values[3])
        async with connect(house.url, "ann", PASSWORD) as ann:
            chat_id = await ann.create_direct(bot_user.id)
            heard = ann.messages()
            await ann.send(chat_id, "anybody there?")
            with trio.fail_after(60):
                said: list[Message] = [await anext(heard), await anext(heard)]
        nursery.cancel_scope.cancel()
    assert [message.content for message in said] == ["anybody there?", "Hello!"]
    assert said[1].reply_to == said[0].seq
    assert (tmp_path / "bot.sqlite3").exists()


def test_every_call_of_the_page_is_there() -> None:
    rows = re.findall(r"^\| (`.*?) \|", TEXT, re.MULTILINE)
    calls = re.findall(r"`([\w.]+)(?:\((.*?)\))?`", " ".join(rows))
    assert len(calls) > 12
    for name, arguments in calls:
        if "." in name:
            continue  # of the account
        found = getattr(Client, name, None)
        assert found is not None, name
        if arguments not in ("", "..."):
            known = inspect.signature(found).parameters
            wanted = [word.partition("=")[0].strip() for word in arguments.split(",")]
            assert set(wanted) <= set(known), (name, wanted, list(known))


def test_every_option_of_connect_of_the_page_is_there() -> None:
    options = set(re.findall(r"connect\(\.\.\., (\w+)=", TEXT))
    assert options
    assert options <= set(inspect.signature(connect).parameters)
