"""A failover by three real Sentinels: the master dies, another server takes over, and the bus goes on with that one."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
import trio
from attrs import frozen

from runtime.redis.link import Link
from runtime.redis.resp import Reply
from tests.redis_server import RedisServer, private_redis
from tests.server.test_redis_bus import crosses, everybody_is_up, processes, until

SENTINELS = 3
CONF = """sentinel monitor main 127.0.0.1 {port} 2
sentinel down-after-milliseconds main 5000
sentinel failover-timeout main 6000
"""


async def ask(server: RedisServer, *words: str) -> Reply:
    stream = await trio.open_tcp_stream("127.0.0.1", server.port)
    async with stream:
        return await Link(stream).ask(*(word.encode() for word in words))


@frozen
class Watched:
    """Two servers and who watches them."""

    first: RedisServer
    second: RedisServer
    sentinels: list[RedisServer]

    def url(self) -> str:
        places = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{places}/main?prefix=failover"

    async def is_whole(self) -> bool:
        """All Sentinels know each other and the replica, which has caught up."""
        role = await ask(self.second, "ROLE")
        if not (isinstance(role, list) and role[0] == b"slave" and role[3] == b"connected"):
            return False
        known = [
            (await ask(sentinel, "SENTINEL", "sentinels", "main"), await ask(sentinel, "SENTINEL", "replicas", "main"))
            for sentinel in self.sentinels
        ]
        return all(
            isinstance(others, list)
            and isinstance(replicas, list)
            and (len(others), len(replicas)) == (SENTINELS - 1, 1)
            for others, replicas in known
        )


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    async with AsyncExitStack() as started:

        async def start(*options: str, conf: Path | None = None) -> RedisServer:
            server = await trio.to_thread.run_sync(partial(private_redis, *options, conf=conf))
            started.callback(server.kill)
            return server

        first = await start()
        second = await start("--replicaof", "127.0.0.1", str(first.port))
        confs = [tmp_path / f"sentinel{number}.conf" for number in range(SENTINELS)]
        for conf in confs:
            await trio.Path(conf).write_text(CONF.format(port=first.port))
        found = Watched(first, second, [await start("--sentinel", conf=conf) for conf in confs])
        with trio.fail_after(120):
            while True:
                if await found.is_whole():
                    break
                await trio.sleep(0.1)
        yield found


@pytest.mark.parametrize("ends", ["killed", "frozen"])
async def test_the_bus_goes_on_with_the_server_that_takes_over(watched: Watched, ends: str) -> None:
    async with processes(watched.url()) as found:
        await until(lambda: everybody_is_up(found))
        await crosses(found, 1)
        began = trio.current_time()
        await trio.to_thread.run_sync(watched.first.kill if ends == "killed" else watched.first.pause)
        await until(lambda: not any(one.says("redis_up") for one in found))
        await crosses(found, 2)  # by way of the database
        await until(lambda: everybody_is_up(found))
        print(f"the master was {ends}: Redis carries again after {trio.current_time() - began:.1f} s")
        role = await ask(watched.second, "ROLE")
        assert isinstance(role, list) and role[0] == b"master"
        await crosses(found, 3)
        await trio.to_thread.run_sync(watched.sentinels[0].kill)  # the others know it as well
        if ends == "killed":
            await trio.to_thread.run_sync(watched.first.start)
        else:
            await trio.to_thread.run_sync(watched.first.resume)
        await crosses(found, 4)
        await until(lambda: everybody_is_up(found))  # who comes back is not listened to as a master
