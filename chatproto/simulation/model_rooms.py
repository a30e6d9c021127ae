"""Rooms of the model of storage: a chat with its members and its log (see model_store)."""

from datetime import datetime

from attrs import define, evolve, field, frozen

from chatproto.wire.model import Event, Message, Notify, RetentionDays, Writers


@frozen
class Departure:
    """What a former member goes on seeing: the chat as it was at the removal. `reads`: how far each user had read."""

    title: str | None
    avatar_url: str | None
    others_read_seq: int
    others_delivered_seq: int
    reads: dict[int, int]
    members: tuple["Membership", ...]


@define
class Membership:
    """A member, or a former one (`left_seq`, `departure`). `own_*`: what the user marked, 0 before the first mark.
    `hides_reads`: others are not told what they read, nor they of others."""

    user_id: int
    role: str
    joined_at: datetime
    joined_seq: int = 0
    first_seq: int = 1
    left_seq: int | None = None
    read_seq: int = 0
    delivered_seq: int = 0
    own_read_seq: int = 0
    own_delivered_seq: int = 0
    muted: bool = False
    favourite: bool = False
    hidden_seq: int | None = None
    notify: Notify = "all"
    muted_until: datetime | None = None
    departure: Departure | None = None
    hides_reads: bool = False

    @property
    def told_read_seq(self) -> int:
        """How far others are told that they have read: of who hides it, where they began."""
        return max(self.joined_seq, self.own_read_seq)


@define
class Room:
    """A chat with its log: entry i has seq i + 1. `commands`: digest, first and last seq by (actor, cid).

    Messages stand in the log as they were sent, but for erased ones. `expired_seq`: up to which entry all were erased
    after their time. `texts`: what each `edited` wrote, by its seq, and `named` whom it named;
    `changes`: seqs of the events that changed a message, by its seq; `pins`: seq of the event, that of the message, on.
    """

    id: int
    type: str
    title: str | None
    created_by: int
    created_at: datetime
    avatar_url: str | None = None
    writers: Writers = "all"
    retention_days: RetentionDays = 0
    expired_seq: int = 0
    members: dict[int, Membership] = field(factory=dict)
    log: list[Message | Event] = field(factory=list)
    commands: dict[tuple[int, str], tuple[bytes, int, int]] = field(factory=dict)
    texts: dict[int, str] = field(factory=dict)
    named: dict[int, tuple[tuple[int, ...], bool]] = field(factory=dict)
    changes: dict[int, tuple[int, ...]] = field(factory=dict)
    pins: list[tuple[int, int, bool]] = field(factory=list)
    indexed_seq: int = 0
    index_version: int = 0

    @property
    def last_seq(self) -> int:
        """The head of the log."""
        return len(self.log)

    @property
    def head(self) -> tuple[int, datetime | None]:
        """The last entry's seq and time."""
        return (self.last_seq, self.log[-1].created_at) if self.log else (0, None)

    def copy(self) -> "Room":
        """As it is now."""
        members = {user_id: evolve(member) for user_id, member in self.members.items()}
        return evolve(
            self,
            members=members,
            log=list(self.log),
            commands=dict(self.commands),
            texts=dict(self.texts),
            named=dict(self.named),
            changes=dict(self.changes),
            pins=list(self.pins),
        )

    def depart(self, user_id: int) -> None:
        """The entry that is logged next removes this member: what they see stays as it is now."""
        others = [member for member in self.members.values() if member.user_id != user_id]
        present = [member for member in self.present().values() if member.user_id != user_id]
        leaving = self.members[user_id]
        leaving.departure = Departure(
            self.title,
            self.avatar_url,
            others_read_seq=max((member.own_read_seq for member in others), default=0),
            others_delivered_seq=max((member.own_delivered_seq for member in others), default=0),
            reads={member.user_id: member.own_read_seq for member in self.members.values()},
            members=tuple(map(evolve, present)),
        )
        leaving.left_seq = self.last_seq + 1

    def present(self) -> dict[int, Membership]:
        """The members of now, the longest-standing first."""
        ordered = sorted(self.members.values(), key=lambda member: (member.joined_seq, member.user_id))
        return {member.user_id: member for member in ordered if member.left_seq is None}

    def membership(self, user_id: int) -> Membership | None:
        """A present member."""
        member = self.members.get(user_id)
        return member if member is not None and member.left_seq is None else None
