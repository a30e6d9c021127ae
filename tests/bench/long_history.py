"""Fills an empty data directory with people and a long history, straight through the storage: `python -m
tests.bench.long_history --data-dir DIR`. Prints as JSON what a client needs to look at it."""

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import trio

from chatproto.operations import Appended, AppendMessage, ChatCreated, CreateDirect, CreateGroup
from chatproto.wire.digest import command_digest
from runtime.commands import account_commands
from runtime.config import load_settings
from runtime.opened_storage import open_prepared_storage
from storage.port import Storage

PASSWORD: Final = "correct horse battery"
NAMES: Final = ("anna", "boris")
AT_ONCE: Final = 1024
"""Operations in line for the group commit."""
WORDS: Final = (
    "да",
    "нет",
    "завтра",
    "готово",
    "поезд",
    "спасибо",
    "вечером",
    "письмо",
    "встреча",
    "красиво",
    "🙂",
    "👍",
)


def main() -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(prog="tests.bench.long_history", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--messages", type=int, default=100_000, help="in the direct chat (%(default)s)")
    parser.add_argument("--groups", type=int, default=200, help="further chats (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(trio.run(fill, parser.parse_args())))
    return 0


async def fill(arguments: argparse.Namespace) -> dict[str, object]:
    """Make accounts, then chats, then messages from a year ago until now."""
    settings = load_settings({}, overrides={"data_dir": arguments.data_dir})
    await (await open_prepared_storage(settings)).aclose()  # what commands of the operator find must be there
    anna, boris = [await account_commands.create(settings, name, None, name.capitalize(), PASSWORD) for name in NAMES]
    random, now = Random(arguments.seed), datetime.now(UTC)
    storage = await open_prepared_storage(settings)
    try:
        direct = _made(await storage.perform(CreateDirect(anna, boris, now)))
        groups = [
            _made(await storage.perform(CreateGroup(anna, f"Group {number}", (boris,), None, now)))
            for number in range(arguments.groups)
        ]
        lines = [(group, 3) for group in groups] + [(direct, arguments.messages)]
        for chat_id, count in lines:
            for first in range(0, count, AT_ONCE):
                at = now - timedelta(days=365 * (1 - first / count))
                sends = [
                    _message(chat_id, random.choice((anna, boris)), f"{chat_id}-{number}", random, at)
                    for number in range(first, min(first + AT_ONCE, count))
                ]
                async with trio.open_nursery() as nursery:
                    for send in sends:
                        nursery.start_soon(_append, storage, send)
    finally:
        await storage.aclose()
    return {"names": NAMES, "password": PASSWORD, "chat_id": direct, "group_ids": groups}


def _made(outcome: object) -> int:
    assert isinstance(outcome, ChatCreated), outcome
    return outcome.chat.id


def _message(chat_id: int, actor_id: int, cid: str, random: Random, now: datetime) -> AppendMessage:
    content = " ".join(random.choices(WORDS, k=random.choice((1, 2, 5, 12, 40))))
    digest = command_digest("send", content=content)
    return AppendMessage(chat_id, actor_id, cid, digest, content, None, None, now)


async def _append(storage: Storage, send: AppendMessage) -> None:
    outcome = await storage.perform(send)
    assert isinstance(outcome, Appended), outcome


if __name__ == "__main__":
    sys.exit(main())
