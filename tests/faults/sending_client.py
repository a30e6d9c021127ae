"""A client as a process of its own, to be killed: `python -m tests.faults.sending_client URL CHAT STORE FILE`.

In its first life it sends a text, the file and a text. In each it says "live", waits until all is sent, says "sent".
"""

import sys
from functools import partial
from pathlib import Path

import trio

from client.connection import connect
from tests.faults.talkers import PASSWORD, TIMING


async def main(url: str, chat_id: int, store: Path, file: Path, *, first: bool) -> None:
    async with connect(url, "ann", PASSWORD, store=store, timing=TIMING) as ann:
        if first:
            ann.enqueue(chat_id, "before")
            ann.enqueue(chat_id, "", files=[await ann.keep(file)])
            ann.enqueue(chat_id, "after")
            await ann.saved()
        print("live", flush=True)
        await ann.flushed()
    print("sent", flush=True)


if __name__ == "__main__":
    store = Path(sys.argv[3])
    trio.run(partial(main, sys.argv[1], int(sys.argv[2]), store, Path(sys.argv[4]), first=not store.exists()))
