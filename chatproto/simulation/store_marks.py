"""The model's watermarks (docs/protocol.md I6)."""

from chatproto.operations import Mark, Marked, Outcome, Refused
from chatproto.simulation.model_store import Store
from chatproto.simulation.store_chats import count_mentions, count_unread


def mark(store: Store, operation: Mark) -> Outcome:
    """Raise what is higher (I6)."""
    room = store.rooms.get(operation.chat_id)
    member = room.membership(operation.user_id) if room else None
    if room is None or member is None:
        return Refused("not_member")
    last_seq = room.last_seq
    read = last_seq if operation.read_seq == -1 else operation.read_seq
    delivered = operation.delivered_seq
    for name, seq in (("read_seq", read), ("delivered_seq", delivered)):
        if seq is not None and not 0 <= seq <= last_seq:
            return Refused("bad_seq", f"{name} is above the chat's last_seq", name)
    before = (member.read_seq, member.delivered_seq, member.own_read_seq, member.own_delivered_seq)
    if read is not None:
        delivered = max(read, delivered or 0)
        member.read_seq = max(member.read_seq, read)
        if not member.hides_reads:
            member.own_read_seq = max(member.own_read_seq, member.read_seq)
    if delivered is not None:
        member.delivered_seq = max(member.delivered_seq, delivered)
        member.own_delivered_seq = max(member.own_delivered_seq, member.delivered_seq)
    after = (member.read_seq, member.delivered_seq, member.own_read_seq, member.own_delivered_seq)
    return Marked(
        room.id,
        operation.user_id,
        delivered_seq=member.delivered_seq,
        read_seq=member.read_seq,
        unread_count=count_unread(room, operation.user_id, member.read_seq, last_seq),
        mention_count=count_mentions(room, member, last_seq),
        last_seq=last_seq,
        changed=after != before,
        is_group=room.type == "group",
        received=member.own_delivered_seq != before[3],
        told_read_seq=member.own_read_seq,
    )
