"""The bus over Redis: hints reach the other processes within milliseconds, by publish and subscribe on one channel.

The database's bus stays beside it, for whom Redis does not reach (runtime/buses/database_bus.py): where Redis is
away, for one process or for all, it takes over with what was told in the last seconds, and gives way once Redis is
back. That Redis carries is believed only while this process hears itself there.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from random import Random
from typing import Final

import trio

from chatproto.server.hints import Hint
from runtime.buses.bus import Missed, Publish, Receive, Spent
from runtime.buses.database_bus import DatabaseBus
from runtime.buses.hint_codec import decode_hints, encode_hints
from runtime.buses.hint_queue import HintQueue
from runtime.logs import get_logger
from runtime.metrics import Metrics
from runtime.redis.address import RedisAddress
from runtime.redis.link import Link, RedisAway, connected
from runtime.redis.resp import Refused, Reply

log = get_logger(__name__)

SIGN_OF_LIFE: Final = 1.0
"""Seconds after which even a process with nothing to tell publishes."""
SILENCE: Final = 4.0
"""Seconds without its own words until a process gives Redis up, and without another's until that counts as away."""
MOST: Final = 20_000
"""Hints that wait to be told; of more the oldest are left out."""
AT_ONCE: Final = 250
"""Hints in one message, which so is far from what a reader takes (runtime/redis/resp.py)."""
SHORTEST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0
"""Seconds between two attempts to reach it."""
MOST_HEARD: Final = 1_000
"""Processes that are remembered; those that are gone make room."""


Reach = Callable[[RedisAddress], AbstractAsyncContextManager[Link]]
"""A new connection; entering it raises RedisAway."""


class RedisBus:
    """`database`: the bus for the time that Redis is away, with the same `number` of this process. `random` spreads the
    attempts of several processes, `clock` gives monotonic seconds."""

    def __init__(
        self, address: RedisAddress, database: DatabaseBus, number: int, random: Random, clock: Callable[[], float],
        metrics: Metrics, reach: Reach = connected,
    ) -> None:  # fmt: skip
        self.link: Link | None = None
        self._address = address
        self._reach = reach
        self._channel = f"{address.prefix}:hints".encode()
        self._database = database
        self._number = number
        self._random = random
        self._clock = clock
        self._metrics = metrics
        self._receive: Receive | None = None
        self._waiting = HintQueue(MOST)
        self._roused = trio.Event()
        self._heard: dict[int, float] = {}
        self._away_since: float | None = None
        self._pause = SHORTEST_PAUSE

    def join(self, receive: Receive) -> Publish:
        """See Bus; for one driver."""
        self._receive = receive
        tell_database = self._database.join(receive)

        def publish(hint: Hint | Spent) -> None:
            tell_database(hint)
            self._waiting.put(hint, self._clock())
            self._roused.set()

        return publish

    async def check(self) -> str | None:
        """See Bus: without Redis hints take longer, and get through."""
        return await self._database.check()

    async def run(self) -> None:
        """Until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._database.run)
            while True:
                self._fell(await self._serve())
                await trio.sleep(self._random.uniform(0.5, 1) * self._pause)
                self._pause = min(2 * self._pause, LONGEST_PAUSE)

    async def _serve(self) -> str:
        """As long as it goes well; why it does no longer."""
        reasons = ["ended"]
        try:
            async with self._reach(self._address) as telling, self._reach(self._address) as hearing:
                subscribed = await hearing.ask(b"SUBSCRIBE", self._channel)
                if isinstance(subscribed, Refused):
                    raise RedisAway(subscribed.text)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._hear, hearing, telling)
                    nursery.start_soon(self._tell, telling)
        except* RedisAway as group:
            reasons = [str(error) for error in _leaves(group)]
        return reasons[0]

    async def _tell(self, link: Link) -> None:
        began = self._clock()
        self._waiting.forget(began - SILENCE)  # the database's bus has told it, or the sweep has found it
        while True:
            told = self._waiting.first(AT_ONCE)
            data = b"%d %b" % (self._number, encode_hints(one.hint for one in told.values()))
            answer = await link.ask(b"PUBLISH", self._channel, data)
            if isinstance(answer, Refused):
                raise RedisAway(answer.text)
            if told and self._clock() - max(began, next(iter(told.values())).since) > SILENCE:
                raise RedisAway("more is to be told than it takes")
            self._waiting.told(told)
            if not self._waiting:
                self._roused = trio.Event()
                with trio.move_on_after(SIGN_OF_LIFE):
                    await self._roused.wait()

    async def _hear(self, link: Link, telling: Link) -> None:
        self._miss()  # what was told before the subscription
        echoed = self._clock()
        while True:
            message = await link.told(max(0.0, echoed + SILENCE - self._clock()))
            sender = self._take(message)
            if sender == self._number:
                echoed = self._clock()
                if self.link is None:
                    self._rose(telling)

    def _take(self, message: Reply) -> int | None:
        """Who told it; None: nobody of ours."""
        match message:
            case [b"message", _, bytes(data)]:
                head, _, rest = data.partition(b" ")
            case _:
                head, rest = b"", b""
        hints = decode_hints(rest) if head.isdigit() and len(head) <= len(str(2**53)) else None
        if hints is None:
            self._metrics.hints_garbled.inc()
            return None
        sender = int(head)
        if len(self._heard) >= MOST_HEARD:
            self._heard = {number: at for number, at in self._heard.items() if self._hears(number)}
        if sender in self._heard or len(self._heard) < MOST_HEARD:
            self._heard[sender] = self._clock()
        if sender != self._number and self._receive is not None:
            for hint in hints:
                self._receive(hint)
        return sender

    def _miss(self) -> None:
        if self._receive is not None:
            self._receive(Missed())

    def _hears(self, number: int) -> bool:
        return self._clock() - self._heard.get(number, float("-inf")) < SILENCE

    def _rose(self, link: Link) -> None:
        self.link = link
        self._pause = SHORTEST_PAUSE
        self._metrics.redis_up.set(1)
        self._database.relieve(self._hears)
        if self._away_since is None:
            log.info("redis_connected")
        else:
            log.warning("redis_back", away_seconds=round(self._clock() - self._away_since, 1))

    def _fell(self, reason: str) -> None:
        if self.link is not None or self._away_since is None:
            log.error("redis_away", reason=reason)
            self._away_since = self._clock()
        self.link = None
        self._heard.clear()
        self._metrics.redis_up.set(0)
        self._database.relieve(None)


def _leaves(error: BaseException) -> list[BaseException]:
    """The errors of a group of groups."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]
