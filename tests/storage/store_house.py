"""A store with people in it: short names for the operations, so that tests read like what happens."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any, Literal, TypeVar

from chatproto.operations import (
    AppendChange,
    Appended,
    AppendMessage,
    ChatCreated,
    ChatFound,
    CreateDirect,
    CreateGroup,
    CreateSession,
    CreateUser,
    DeleteMessage,
    EditMessage,
    EntriesExpired,
    Expire,
    FetchPage,
    LoadChat,
    LoadSession,
    LogCommand,
    Mark,
    Marked,
    Operation,
    Outcome,
    PageFound,
    Pin,
    React,
    Refused,
    SessionCreated,
    SessionLoaded,
    UserFound,
)
from chatproto.wire.digest import command_digest
from chatproto.wire.model import Chat, Event, Head, Message, Page, RetentionDays, Role, Writers
from chatproto.wire.text import fold, search_words
from storage.port import Storage

T = TypeVar("T")
START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def expect(kind: type[T], outcome: Outcome) -> T:
    """The outcome, which must be of this kind."""
    assert isinstance(outcome, kind), outcome
    return outcome


def refusal(outcome: Outcome) -> str:
    """The code of a refusal, which the outcome must be."""
    return expect(Refused, outcome).code


class House:
    """The store and its clock, which stands still unless told to go."""

    def __init__(self, store: Storage) -> None:
        self.store = store
        self.now = START
        self._cids = count(1)

    def cid(self) -> str:
        """One that was not used before."""
        return f"cid-{next(self._cids)}"

    def wait(self, **span: float) -> datetime:
        """Move the clock on."""
        self.now += timedelta(**span)
        return self.now

    async def do(self, operation: Operation) -> Outcome:
        """Perform it."""
        return await self.store.perform(operation)

    async def try_user(self, name: str, *, display_name: str | None = None, email: str | None = None) -> Outcome:
        """Register."""
        display_name = display_name or name
        return await self.do(
            CreateUser(
                username=name,
                username_key=fold(name),
                email=email,
                email_key=None if email is None else fold(email),
                password_hash=f"hash of {name}",
                display_name=display_name,
                words=search_words(name, display_name),
                now=self.now,
            )
        )

    async def user(self, name: str, **fields: Any) -> int:
        """Register; the id."""
        return expect(UserFound, await self.try_user(name, **fields)).user.id

    async def people(self, number: int) -> list[int]:
        """So many users."""
        return [await self.user(f"user{position}") for position in range(number)]

    async def log_in(
        self, user_id: int, refresh: bytes, device: str = "a device", address: str | None = None
    ) -> SessionCreated:
        """A session; `refresh` stands for the token's hash."""
        outcome = await self.do(
            CreateSession(
                user_id,
                device,
                refresh.ljust(32, b"."),
                sha256(refresh + b"%d" % user_id).digest()[:16],
                self.now,
                address,
            )
        )
        return expect(SessionCreated, outcome)

    async def direct(self, user_id: int, peer_id: int) -> int:
        """Their direct chat."""
        return expect(ChatCreated, await self.do(CreateDirect(user_id, peer_id, self.now))).chat.id

    async def group(self, creator: int, *others: int, title: str = "A group") -> int:
        """A group."""
        outcome = await self.do(CreateGroup(creator, title, others, None, self.now))
        return expect(ChatCreated, outcome).chat.id

    def message(
        self,
        chat_id: int,
        actor_id: int,
        text: str = "hello",
        *,
        cid: str | None = None,
        reply_to: int | None = None,
        reply_at: datetime | None = None,
        refusal: str | None = None,
    ) -> AppendMessage:
        """The command that appends a message; `refusal` is what its content would be refused for."""
        digest = command_digest("send", content=text, reply_to=reply_to)
        return AppendMessage(chat_id, actor_id, cid or self.cid(), digest, text, reply_to, reply_at, self.now, refusal)

    async def try_send(self, chat_id: int, actor_id: int, text: str = "hello", **fields: Any) -> Outcome:
        """Append a message; `fields` as those of `message`."""
        return await self.do(self.message(chat_id, actor_id, text, **fields))

    async def send(self, chat_id: int, actor_id: int, text: str = "hello", **fields: Any) -> Message:
        """Append a message, which must succeed."""
        appended = expect(Appended, await self.try_send(chat_id, actor_id, text, **fields))
        message = appended.items[0]
        assert isinstance(message, Message)
        assert appended.last_seq >= message.seq
        return message

    def change_of(
        self,
        kind: Literal["add", "remove", "role", "update"],
        chat_id: int,
        actor_id: int,
        *user_ids: int,
        history: Literal["all", "none"] = "all",
        role: Role | None = None,
        title: str | None = None,
        avatar_url: str | None = None,
        writers: Writers | None = None,
        retention_days: RetentionDays | None = None,
        cid: str | None = None,
    ) -> AppendChange:
        """The command that changes a chat."""
        cid = cid or self.cid()
        return AppendChange(
            chat_id, actor_id, kind, user_ids, history, role, title, avatar_url, cid, self.now, writers, retention_days
        )

    async def try_change(self, *args: Any, **fields: Any) -> Outcome:
        """Append a change; as `change_of`."""
        return await self.do(self.change_of(*args, **fields))

    async def change(self, *args: Any, **fields: Any) -> Appended:
        """Append a change, which must succeed."""
        return expect(Appended, await self.try_change(*args, **fields))

    def edit_of(self, chat_id: int, actor_id: int, seq: int, text: str, **fields: Any) -> EditMessage:
        """The command that edits a message; `fields`: cid, target_at, refusal."""
        digest = command_digest("edit", target_seq=seq, content=text)
        return EditMessage(content=text, **self._change_of(chat_id, actor_id, seq, digest, fields))

    def delete_of(self, chat_id: int, actor_id: int, seq: int, **fields: Any) -> DeleteMessage:
        """The command that deletes a message; `fields`: cid, target_at."""
        digest = command_digest("delete", target_seq=seq)
        return DeleteMessage(**self._change_of(chat_id, actor_id, seq, digest, fields))

    def react_of(self, chat_id: int, actor_id: int, seq: int, emoji: str, on: bool = True, **fields: Any) -> React:
        """The command that puts or takes away an emoji; `fields`: cid, target_at, refusal."""
        digest = command_digest("react", target_seq=seq, emoji=emoji, on=on)
        return React(emoji=emoji, on=on, **self._change_of(chat_id, actor_id, seq, digest, fields))

    def pin_of(self, chat_id: int, actor_id: int, seq: int, on: bool = True, **fields: Any) -> Pin:
        """The command that pins or unpins a message; `fields`: cid, target_at."""
        digest = command_digest("pin", target_seq=seq, on=on)
        return Pin(on=on, **self._change_of(chat_id, actor_id, seq, digest, fields))

    def _change_of(
        self, chat_id: int, actor_id: int, seq: int, digest: bytes, fields: dict[str, Any]
    ) -> dict[str, Any]:
        names = {"chat_id": chat_id, "actor_id": actor_id, "seq": seq, "digest": digest, "now": self.now}
        return {"cid": self.cid(), "target_at": None} | fields | names

    async def expire(self, chat_id: int, days: int = 0, limit: int = 100) -> EntriesExpired:
        """Remove what is too old by now; `days` as in Expire."""
        return expect(EntriesExpired, await self.do(Expire(chat_id, self.now, days, limit)))

    async def changed(self, command: LogCommand) -> Event:
        """Append a command about a message, which must change something."""
        (item,) = expect(Appended, await self.do(command)).items
        assert isinstance(item, Event)
        return item

    async def message_at(self, user_id: int, chat_id: int, seq: int) -> Message:
        """A message as they see it."""
        (item,) = (await self.page(user_id, chat_id, after=seq - 1, limit=1)).items
        assert isinstance(item, Message)
        return item

    async def try_page(
        self,
        user_id: int,
        chat_id: int,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 200,
        after_at: datetime | None = None,
    ) -> Outcome:
        """A page, by default from the beginning."""
        after = 0 if after is None and before is None else after
        return await self.do(FetchPage(user_id, chat_id, after, before, limit, after_at))

    async def page(self, user_id: int, chat_id: int, **fields: Any) -> Page:
        """A page, which must be given."""
        return expect(PageFound, await self.try_page(user_id, chat_id, **fields)).page

    async def chat(self, user_id: int, chat_id: int, *, with_members: bool = False) -> Chat:
        """The chat as they see it."""
        return expect(ChatFound, await self.do(LoadChat(user_id, chat_id, with_members))).chat

    async def head(self, user_id: int, chat_id: int) -> Head:
        """What `ready` tells them of this chat."""
        session = await self.log_in(user_id, self.cid().encode())
        operation = LoadSession(
            user_id, session.session_id, session.session_key, session.refresh_id, "a device", self.now
        )
        loaded = expect(SessionLoaded, await self.do(operation))
        (head,) = (head for head in loaded.heads if head.chat_id == chat_id)
        return head

    async def try_mark(
        self, user_id: int, chat_id: int, *, delivered: int | None = None, read: int | None = None
    ) -> Outcome:
        """Mark."""
        return await self.do(Mark(user_id, chat_id, delivered, read, self.now))

    async def mark(self, user_id: int, chat_id: int, **seqs: int | None) -> Marked:
        """Mark, which must succeed."""
        return expect(Marked, await self.try_mark(user_id, chat_id, **seqs))
