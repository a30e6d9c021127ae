"""What of a device outlives a crash: what its app has saved."""

from attrs import define, field

from chatproto.client.session_outputs import (
    Apply,
    Begins,
    DropRow,
    Expire,
    Forget,
    Jump,
    Output,
    Row,
    SaveEpoch,
    SaveMarks,
    SaveRow,
)
from chatproto.client.snapshot import ChatSnapshot, Snapshot
from chatproto.simulation.app_items import ShownChat
from chatproto.wire.model import LogItem


@define
class Disk:
    """What outlives a crash. `chats`: what an app would have saved of each."""

    user_id: int = 0
    epoch: str | None = None
    rows: dict[str, Row] = field(factory=dict)
    cursors: dict[int, tuple[int, LogItem | None]] = field(factory=dict)
    reads: dict[int, int] = field(factory=dict)
    firsts: dict[int, int] = field(factory=dict)
    chats: dict[int, ShownChat] = field(factory=dict)

    def save(self, outputs: list[Output]) -> None:
        """One transaction."""
        for output in outputs:
            match output:
                case Apply(item):
                    self.cursors[item.chat_id] = (item.seq, item)
                    self.chats.setdefault(item.chat_id, ShownChat()).apply(item)
                case SaveRow(row):
                    self.rows[row.cid] = row
                case DropRow(cid):
                    self.rows.pop(cid, None)
                case SaveMarks(chat_id, read_seq):
                    self.reads[chat_id] = read_seq
                case SaveEpoch(user_id, epoch):
                    self.user_id, self.epoch = user_id, epoch
                case Jump(chat_id, applied):
                    self.cursors[chat_id] = (applied, None)
                    self.chats.setdefault(chat_id, ShownChat()).jump()
                case Expire(chat_id, first_seq):
                    self.firsts[chat_id] = first_seq
                    self.chats.setdefault(chat_id, ShownChat()).expire(first_seq)
                case Begins(chat_id, first_seq):
                    self.firsts[chat_id] = first_seq
                    self.chats.setdefault(chat_id, ShownChat()).jump()
                case Forget(chat_id):
                    for table in (self.cursors, self.reads, self.firsts, self.chats):
                        table.pop(chat_id, None)

    def snapshot(self) -> Snapshot | None:
        """For the next session."""
        chats = tuple(
            ChatSnapshot(
                chat_id=chat_id,
                first_seq=self.firsts.get(chat_id, 1),
                applied=applied,
                applied_at=None if item is None else item.created_at,
                read=self.reads.get(chat_id, 0),
            )
            for chat_id, (applied, item) in self.cursors.items()
        )
        rows = tuple(self.rows.values())
        return Snapshot(user_id=self.user_id, epoch=self.epoch, chats=chats, rows=rows)
