"""Hints that wait to be told: a bounded number, and of several with one key the last."""

from collections.abc import Mapping
from itertools import count, islice

from attrs import frozen

from chatproto.server.hints import Hint
from runtime.buses.bus import Spent
from runtime.buses.hint_codec import key_of


@frozen
class Waiting:
    """`since`: monotonic seconds."""

    hint: Hint | Spent
    since: float


class HintQueue:
    """Holds at most `most`; of more the oldest are left out."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[object, Waiting] = {}
        self._single = count()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, hint: Hint | Spent, now: float) -> None:
        """It stands last, also where one with its key waited already."""
        key = key_of(hint)
        key = ("single", next(self._single)) if key is None else key
        self._waiting.pop(key, None)
        self._waiting[key] = Waiting(hint, now)
        if len(self._waiting) > self._most:
            del self._waiting[next(iter(self._waiting))]

    def first(self, most: int) -> dict[object, Waiting]:
        """The oldest ones, by key; they stay until they are `told`."""
        return dict(islice(self._waiting.items(), most))

    def told(self, told: Mapping[object, Waiting]) -> None:
        """These are out."""
        for key, one in told.items():
            if self._waiting.get(key) is one:  # else there is newer news
                del self._waiting[key]

    def forget(self, before: float) -> None:
        """What waits since before then is no news any more."""
        self._waiting = {key: one for key, one in self._waiting.items() if one.since > before}
