"""A client as a process of its own, to be killed: `python -m tests.faults.sending_client URL CHAT STORE FILE`.

In its first life it sends a text, the file and a text; in each it says "live", waits until all is sent, and says "sent".
"""

import sys
from pathlib import Path

import trio

from client.connection import connect
from tests.faults.talkers import PASSWORD, TIMING


async def main(url: str, chat_id: int, store: Path, file: Path) -> None:
    first = not store.exists()
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
    trio.run(main, sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
