"""The chat server most people would write: FastAPI, SQLAlchemy 2 async, asyncmy, uvicorn; one commit a message.

Runs in an environment of its own (requirements.txt beside it). `PEER_DATABASE` is an SQLAlchemy URL, `PEER_KEY` the
key of the tokens. A per-chat seq is taken under the row lock of the chat, as Vestnik promises one too.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException, WebSocket, WebSocketDisconnect
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

KEY = os.environ["PEER_KEY"]
engine = create_async_engine(os.environ["PEER_DATABASE"], pool_size=20, max_overflow=0)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
rooms: dict[int, set[WebSocket]] = {}
loud: set[WebSocket] = set()


class Base(DeclarativeBase):
    pass


class Chat(Base):
    __tablename__ = "chats"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last_seq: Mapped[int] = mapped_column(BigInteger)


class Member(Base):
    __tablename__ = "members"
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class Message(Base):
    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger)
    sender_id: Mapped[int] = mapped_column(BigInteger)
    cid: Mapped[str] = mapped_column(String(36))
    content: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DATETIME(fsp=6))


class MessageOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    chat_id: int
    seq: int
    sender_id: int
    cid: str
    content: str
    created_at: datetime


def user_of(token: str) -> int:
    try:
        return int(jwt.decode(token, KEY, algorithms=["HS256"])["sub"])
    except jwt.InvalidTokenError:
        raise HTTPException(401) from None


def current_user(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> int:
    return user_of(credentials.credentials)


async def database() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


async def broadcast(sockets: set[WebSocket], text: str) -> None:
    for socket in list(sockets):
        with suppress(WebSocketDisconnect, RuntimeError):  # it is gone; its own task clears it away
            await socket.send_text(text)


@app.websocket("/ws")
async def chat(websocket: WebSocket, token: str) -> None:
    """`send` frames in; `ack` to the sender and `message` to every member out."""
    user_id = user_of(token)
    await websocket.accept()
    async with sessions() as session:
        mine = (await session.execute(select(Member.chat_id).where(Member.user_id == user_id))).scalars().all()
    for chat_id in mine:
        rooms.setdefault(chat_id, set()).add(websocket)
    try:
        while True:
            frame = json.loads(await websocket.receive_text())
            now = datetime.now(UTC).replace(tzinfo=None)
            async with sessions() as session:
                membership = await session.execute(
                    select(Member).where(Member.chat_id == frame["chat_id"], Member.user_id == user_id)
                )
                if membership.scalar_one_or_none() is None:
                    continue
                locked = await session.get_one(Chat, frame["chat_id"], with_for_update=True)
                locked.last_seq += 1
                message = Message(
                    chat_id=locked.id,
                    seq=locked.last_seq,
                    sender_id=user_id,
                    cid=frame["cid"],
                    content=frame["content"],
                    created_at=now,
                )
                session.add(message)
                await session.commit()
            ack = {"type": "ack", "cid": message.cid, "chat_id": message.chat_id, "seq": message.seq}
            await websocket.send_text(json.dumps(ack, separators=(",", ":")))
            event = {"type": "message"} | MessageOut.model_validate(message).model_dump(mode="json")
            await broadcast(rooms[message.chat_id], json.dumps(event, separators=(",", ":")))
    except WebSocketDisconnect:
        pass
    finally:
        for chat_id in mine:
            rooms[chat_id].discard(websocket)


@app.websocket("/fanout")
async def fanout(websocket: WebSocket) -> None:
    """Fan-out alone: nothing is stored, nobody is asked."""
    await websocket.accept()
    loud.add(websocket)
    try:
        while True:
            frame = json.loads(await websocket.receive_text())
            now = datetime.now(UTC).isoformat()
            event = {"type": "message", "id": 1, "sender_id": 1, "created_at": now} | {
                name: frame[name] for name in ("chat_id", "content", "cid")
            }
            await websocket.send_text(json.dumps({"type": "ack", "cid": frame["cid"]}, separators=(",", ":")))
            await broadcast(loud, json.dumps(event, separators=(",", ":")))
    except WebSocketDisconnect:
        pass
    finally:
        loud.discard(websocket)


@app.get("/chats/{chat_id}/messages")
async def page(
    chat_id: int,
    user_id: Annotated[int, Depends(current_user)],
    session: Annotated[AsyncSession, Depends(database)],
    limit: int = 50,
) -> list[MessageOut]:
    """The newest messages, ascending."""
    if await session.get(Member, (chat_id, user_id)) is None:
        raise HTTPException(404)
    newest = select(Message).where(Message.chat_id == chat_id).order_by(Message.seq.desc()).limit(limit)
    found = (await session.execute(newest)).scalars().all()
    return [MessageOut.model_validate(message) for message in reversed(found)]
