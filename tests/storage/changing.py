"""Messages that are changed: emoji, and what is read of them and of what happened to them."""

from typing import Any

from chatproto.operations import (
    AppendBatch,
    Appended,
    BatchAppended,
    FetchMessages,
    FetchPins,
    FetchRevisions,
    LogCommand,
    MessagesFound,
    PinsFound,
    Refused,
    RevisionsFound,
)
from chatproto.wire.model import Event, LogItem, Message
from tests.storage.store_house import House, expect

HEART, THUMB, FIRE, PARTY = "\u2764\ufe0f", "\U0001f44d", "\U0001f525", "\U0001f389"
SMILE, GRIN = "\U0001f600", "\U0001f601"


def data_of(item: LogItem) -> dict[str, Any]:
    assert isinstance(item, Event)
    return item.data


async def batch(house: House, chat: int, *commands: LogCommand) -> list[Appended | Refused]:
    """What each comes to in one transaction."""
    outcomes = expect(BatchAppended, await house.do(AppendBatch(chat, commands))).outcomes
    assert all(isinstance(one, Appended | Refused) for one in outcomes)
    return [one for one in outcomes if isinstance(one, Appended | Refused)]


async def texts(house: House, user_id: int, chat: int, seq: int) -> list[tuple[int, str, object]]:
    found = expect(RevisionsFound, await house.do(FetchRevisions(user_id, chat, seq))).revisions
    return [(one.rev, one.content, one.edited_at) for one in found]


async def pins(house: House, user_id: int, chat: int) -> list[int]:
    found = expect(PinsFound, await house.do(FetchPins(user_id, chat)))
    assert {user.id for user in found.users} == {message.sender_id for message in found.messages}
    return [message.seq for message in found.messages]


async def everywhere(house: House, user_id: int, chat: int, seq: int) -> list[Message]:
    """A message in every answer that holds messages, the newest of the chat in `last_message`."""
    found = [await house.message_at(user_id, chat, seq)]
    older = (await house.page(user_id, chat, before=seq + 1, limit=1)).items[0]
    listed = expect(MessagesFound, await house.do(FetchMessages(user_id, chat, None, seq + 1, 1))).messages[0]
    last = (await house.chat(user_id, chat)).last_message
    assert isinstance(older, Message) and last is not None
    return [*found, older, listed, *([last] if last.seq == seq else [])]
