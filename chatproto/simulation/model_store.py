"""What the model of storage holds: plain data, which can be copied, printed and compared, and what is read from it.

What is done with it is in the modules store_*; `model_operations` knows which of them performs which operation.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from attrs import define, evolve, field

from chatproto.operations import Done, Hides, HintRow, Outcome, RenewEpoch, Sweep, Swept
from chatproto.simulation.model_rooms import Room
from chatproto.simulation.model_rows import (
    Account,
    KeptCode,
    KeptFile,
    KeptInvite,
    KeptLine,
    Login,
    RefreshToken,
    WaitingMail,
)
from chatproto.wire.model import User, deleted_user


@define
class Store:
    """All there is. Ids count up from 1 in each kind; refresh tokens are found by their hash, blocks by who
    blocks whom."""

    epoch: str = "model"
    accounts: dict[int, Account] = field(factory=dict)
    logins: dict[int, Login] = field(factory=dict)
    tokens: dict[bytes, RefreshToken] = field(factory=dict)
    rooms: dict[int, Room] = field(factory=dict)
    keys: dict[tuple[int, str], tuple[int, datetime]] = field(factory=dict)
    blocks: dict[tuple[int, int], datetime] = field(factory=dict)
    files: dict[str, KeptFile] = field(factory=dict)
    mails: dict[int, WaitingMail] = field(factory=dict)
    codes: dict[bytes, KeptCode] = field(factory=dict)
    hints: dict[int, HintRow] = field(factory=dict)
    last_hint: int = 0
    invites: list[KeptInvite] = field(factory=list)
    audit: list[KeptLine] = field(factory=list)
    lines_written: int = 0
    mails_made: int = 0
    messages: int = 0
    logins_made: int = 0

    def copy(self) -> "Store":
        """As it is now; items and users never change, so both hold the same ones."""
        return evolve(
            self,
            accounts={key: evolve(account) for key, account in self.accounts.items()},
            logins={key: evolve(login) for key, login in self.logins.items()},
            tokens={key: evolve(token) for key, token in self.tokens.items()},
            rooms={key: room.copy() for key, room in self.rooms.items()},
            keys=dict(self.keys),
            blocks=dict(self.blocks),
            files={key: evolve(file) for key, file in self.files.items()},
            mails={key: evolve(mail) for key, mail in self.mails.items()},
            codes={key: evolve(code) for key, code in self.codes.items()},
            hints=dict(self.hints),
            invites=[evolve(invite) for invite in self.invites],
            audit=list(self.audit),
        )

    def sweep(self, operation: Sweep) -> Outcome:
        """What moved, who is out, who is where."""
        heads = {chat_id: self.rooms[chat_id].head for chat_id in operation.chat_ids if chat_id in self.rooms}
        ended = [login_id for login_id in operation.session_ids if self._ended(login_id)]
        memberships = {
            user_id: tuple(room.id for room in self.rooms.values() if room.membership(user_id))
            for user_id in operation.user_ids
        }
        blocks = self.blocks_of(*operation.user_ids)
        begins = {chat_id: self.rooms[chat_id].expired_seq + 1 for chat_id in heads if self.rooms[chat_id].expired_seq}
        hides = {user_id: self.hides(user_id) for user_id in operation.user_ids if user_id in self.accounts}
        return Swept(heads, tuple(ended), self.epoch, memberships, blocks, begins, hides)

    def renew_epoch(self, operation: RenewEpoch) -> Outcome:
        """Unless it has another name by now."""
        self.epoch = operation.new if self.epoch == operation.old else self.epoch
        return Done()

    def _ended(self, login_id: int) -> bool:
        login = self.logins.get(login_id)
        return login is not None and login.ended_at is not None

    def living(self) -> set[int]:
        """Accounts that were not deleted."""
        return {user_id for user_id, account in self.accounts.items() if account.deleted_at is None}

    # --- blocks ---

    def blocks_of(self, *user_ids: int) -> tuple[tuple[int, int], ...]:
        """Those by them and those of them."""
        return tuple(sorted(pair for pair in self.blocks if not {*user_ids}.isdisjoint(pair)))

    def is_closed(self, room: Room) -> bool:
        """A direct chat of two of whom one blocks the other."""
        if room.type != "direct" or len(room.members) != 2:
            return False
        one, other = room.members
        return (one, other) in self.blocks or (other, one) in self.blocks

    def can_add(self, actor_id: int, user_ids: Iterable[int]) -> bool:
        """None of them blocks the actor."""
        return not any((user_id, actor_id) in self.blocks for user_id in user_ids)

    # --- users as others see them ---

    def hides(self, user_id: int) -> Hides:
        """What somebody hides."""
        return self.accounts[user_id].hides

    def shares(self, viewer_id: int, user_id: int) -> bool:
        """Whether both are members of a chat now."""
        return any(room.membership(viewer_id) and room.membership(user_id) for room in self.rooms.values())

    def plain(self, user_id: int) -> User:
        """Without presence, as in events that go to everybody."""
        user = self.accounts[user_id].user
        if self.accounts[user_id].deleted_at is not None:
            return deleted_user(user_id, user.created_at)
        return User(
            id=user.id,
            username=user.username,
            display_name=user.display_name,
            avatar_url=user.avatar_url,
            created_at=user.created_at,
        )

    def seen_by(self, viewer_id: int, user_id: int) -> User:
        """With presence where a chat is shared, neither hides it and they do not block the viewer; `online` is False:
        who is connected, a store cannot know."""
        user = self.plain(user_id)
        hidden = user.deleted or (user_id, viewer_id) in self.blocks
        hidden = hidden or self.hides(viewer_id).last_seen or self.hides(user_id).last_seen
        if hidden or not self.shares(viewer_id, user_id):
            return user
        return msgspec.structs.replace(user, online=False, last_seen_at=self.accounts[user_id].last_seen_at)
