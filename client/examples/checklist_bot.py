"""A bot that keeps a checklist: who writes `list: milk, bread` gets one; a ✅ under a message of it ticks the item off.

    .venv/bin/python -m client.examples.checklist_bot --url http://127.0.0.1:8000 --user NAME --password WORDS

It shows how a program sends, edits, reacts and deletes, and hears of others doing so. Edit the list's message, and the
bot's follows; delete it, and the bot's items go.
"""

import argparse
import sys
from pathlib import Path

import trio

from chatproto.wire.model import Event, Message
from client.bot import Bot
from client.connection import Client
from client.exceptions import ChatError

START = "list:"
DONE = "✅"
bot = Bot()


def items_of(text: str) -> list[str]:
    """What stands in a list, at most 20 items."""
    return [item.strip() for item in text.removeprefix(START).split(",") if item.strip()][:20]


def of(message: Message, number: int) -> str:
    """The cid of an item: made from the list's message, so that an item handled twice is sent once."""
    return f"item-{message.id}-{number}"


async def near(chat: Client, event: Event) -> dict[int, Message]:
    """By seq, as they are now: the message that an event is about and those around it. The bot holds what came in this
    life; for the rest the server is asked."""
    seq = event.target_seq or 0
    older = [] if chat.message(event.chat_id, seq) else await chat.around(event.chat_id, seq, 200)
    return {item.seq: item for item in [*older, *chat.log(event.chat_id)] if isinstance(item, Message)}


def found(chat: Client, message: Message, there: dict[int, Message]) -> list[Message]:
    """The bot's items of a list that are still there."""
    mine = [item for item in there.values() if item.sender_id == chat.user_id and not item.deleted]
    return [item for item in mine if item.cid.startswith(f"item-{message.id}-")]


@bot.on_message
async def begin(message: Message, chat: Client) -> None:
    """A list: a message for each item, to be ticked off by a reaction."""
    if message.content and message.content.startswith(START):
        for number, item in enumerate(items_of(message.content)):
            await chat.send(message.chat_id, item, reply_to=message.seq, cid=of(message, number))
        await chat.react(message, "👍", cid=f"seen-{message.id}")


@bot.on_reaction
async def tick(event: Event, chat: Client) -> None:
    """A ✅ strikes an item through; without one it is open again."""
    message = (await near(chat, event)).get(event.target_seq or 0)
    if message is None or message.deleted or message.sender_id != chat.user_id or message.content is None:
        return
    text = message.content.strip("~")
    ticked = any(reaction.emoji == DONE for reaction in message.reactions)
    await chat.edit(message, f"~~{text}~~" if ticked else text)


@bot.on_edit
async def follow(event: Event, chat: Client) -> None:
    """A list that is edited is the new list: what is there changes, what is too much goes, what is missing comes."""
    around = await near(chat, event)
    message = around.get(event.target_seq or 0)
    if message is None or not (message.content or "").startswith(START):
        return
    wanted = items_of(message.content or "")
    there = found(chat, message, around)
    for item, text in zip(there, wanted, strict=False):
        await chat.edit(item, text)
    for item in there[len(wanted) :]:
        await chat.delete(item)
    for number, text in list(enumerate(wanted))[len(there) :]:
        await chat.send(message.chat_id, text, reply_to=message.seq, cid=f"{of(message, number)}-{event.seq}")


@bot.on_delete
async def end(event: Event, chat: Client) -> None:
    """A list that is deleted takes its items along."""
    around = await near(chat, event)
    message = around.get(event.target_seq or 0)
    for item in [] if message is None else found(chat, message, around):
        await chat.delete(item)


def main() -> int:
    """Exit code 1 where the server refuses."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--store", type=Path, default=Path("var/checklist.sqlite3"))
    given = parser.parse_args()
    try:
        trio.run(bot.run, given.url, given.user, given.password, given.store)
    except ChatError as refused:
        print(f"checklist bot: {refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
