"""The page docs/python-client.md is true: its examples are run as they stand, but for the address and the store."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import ModuleType
from typing import Any

import trio

from chatproto.wire.model import Message
from client import account, administration
from client.account import Account
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


def test_every_option_of_connect_of_the_page_is_there() -> None:
    options = set(re.findall(r"connect\(\.\.\., (\w+)=", TEXT))
    assert options
    assert options <= set(inspect.signature(connect).parameters)


OWN = {"Client.held", "Client.entered", "Account.refresh"}
"""What parts of the client ask of each other."""


def calls_of(part: str) -> dict[str, list[str]]:
    """The calls in the first column of the tables of a part, and the words of their arguments."""
    rows = re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
    found = re.findall(r"`([\w.]+)(?:\((.*?)\))?`", " ".join(rows))
    assert found, part[:80]
    words = {name: [word.partition("=")[0].strip(" *") for word in said.split(",")] for name, said in found}
    return {name: [] if said in ([""], ["..."]) else said for name, said in words.items()}


def public(owner: type | ModuleType) -> dict[str, Any]:
    """What others may call there by its name: `Client.send`, `administration.measure`."""
    names = vars(owner) if isinstance(owner, ModuleType) else dir(owner)
    short = owner.__name__.rpartition(".")[2]
    found = {f"{short}.{name}": getattr(owner, name) for name in names if not name.startswith("_")}
    if isinstance(owner, ModuleType):  # functions that are its own
        own = {name: one for name, one in found.items() if getattr(one, "__module__", "") == owner.__name__}
        return {name: one for name, one in own.items() if inspect.isfunction(one)}
    return {name: one for name, one in found.items() if callable(one) or isinstance(one, property)}


def test_the_page_has_every_call_and_no_other() -> None:
    _, first, before, administering, bots = re.split(
        r"^(?:# |## Before|## Invitations|## A bot)", TEXT, flags=re.MULTILINE
    )
    written = {
        f"{'Account' if name.startswith('account.') else 'Client'}.{name.removeprefix('account.')}": words
        for name, words in calls_of(first).items()
    }
    written |= {f"account.{name}": words for name, words in calls_of(before).items()}
    written |= {f"administration.{name}": words for name, words in calls_of(administering).items()}
    known = public(Client) | public(Account) | public(account) | public(administration)
    assert set(written) == set(known) - OWN
    assert set(known) >= OWN
    for name, words in written.items():
        if words:
            assert set(words) <= set(inspect.signature(known[name]).parameters), name
    assert [name for name in vars(Bot) if name.startswith("on_") and f"`{name}`" not in bots] == ["on_message"]
    assert "bot.on_message" in bots
