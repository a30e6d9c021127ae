"""A bot that answers everything with the same words, so that one person alone sees the messenger answer.

    .venv/bin/python -m client.examples.echo_bot --url http://127.0.0.1:8000

It makes its account `echo` where there is none, with a password that it keeps in ./var/echo.password.
"""

import argparse
import os
import secrets
import sys
from functools import partial
from pathlib import Path

import httpx
import trio

from chatproto.wire.model import Message
from client.account import register
from client.bot import Bot
from client.connection import Client
from client.exceptions import ChatError

bot = Bot()


@bot.on_message
async def echo(message: Message, chat: Client) -> None:
    """The same words, as an answer to the message."""
    chat.read(message.chat_id, message.seq)
    cid = f"echo-{message.id}"  # handled twice, after a crash, it is answered once
    await chat.send(message.chat_id, message.content or "…", reply_to=message.seq, cid=cid)


def kept_password(folder: Path) -> str:
    """The bot's password, made at its first start."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "echo.password"
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text()


async def run(url: str, folder: Path, task_status: trio.TaskStatus[Client] = trio.TASK_STATUS_IGNORED) -> None:
    """Log in, or register first where there is no such account, and answer until cancelled."""
    password = await trio.to_thread.run_sync(kept_password, folder)
    answering = partial(bot.run, url, "echo", password, folder / "echo.sqlite3", task_status=task_status)
    try:
        return await answering()
    except ChatError as refused:
        if refused.code != "invalid_credentials":
            raise
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        await (await register(http, "echo", password, "Echo")).log_out()
    await answering()


def main() -> int:
    """Exit code 1 where the server refuses."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--data-dir", type=Path, default=Path("var"))
    arguments = parser.parse_args()
    print(f"echo bot for {arguments.url}: write to the user `echo`. Ctrl-C stops.", flush=True)
    try:
        trio.run(run, arguments.url, arguments.data_dir)
    except ChatError as refused:
        print(f"echo bot: {refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
