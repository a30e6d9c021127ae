"""What a new command of the log means for those before it that were never sent, so that nothing goes out in vain."""

from collections.abc import Sequence
from typing import assert_never

import msgspec
from attrs import frozen

from chatproto.client.session_outputs import Row


@frozen
class Plan:
    """`into`: the cid of the row that does what the new one is for: its own where it takes its place in the line; None
    where nothing is left to be done. `change`: an earlier row, as it is from now on. `drops`: earlier rows that go."""

    into: str | None
    change: Row | None = None
    drops: tuple[str, ...] = ()


def plan_of(row: Row, earlier: Sequence[Row]) -> Plan:
    """`earlier`: the rows about the same message that no link has carried, the message itself among them where it is
    one, in their order."""
    match row.kind:
        case "send":
            return Plan(row.cid)
        case "edit":
            texts = [one for one in earlier if one.kind in ("send", "edit") and one.forward is None]
            text = texts[-1] if texts else None
            if text is None:
                return Plan(row.cid)
            return Plan(text.cid, change=msgspec.structs.replace(text, content=row.content))
        case "delete":
            return _delete(row, earlier)
        case "react" | "pin":
            same = [one for one in earlier if (one.kind, one.emoji) == (row.kind, row.emoji)]
            if not same:
                return Plan(row.cid)
            return Plan(same[-1].cid) if same[-1].on == row.on else Plan(None, drops=(same[-1].cid,))
        case _:
            assert_never(row.kind)


def _delete(row: Row, earlier: Sequence[Row]) -> Plan:
    cids = tuple(one.cid for one in earlier)
    if any(one.kind == "send" for one in earlier):
        return Plan(None, drops=cids)
    same = next((one for one in earlier if one.kind == "delete"), None)
    return Plan(row.cid, drops=cids) if same is None else Plan(same.cid)
