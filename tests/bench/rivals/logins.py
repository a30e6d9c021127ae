"""Ten people a second who log in with their right password, each over a connection of their own."""

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Final, Self

from tests.bench.rivals.seeding import PASSWORD

RATE: Final = 10.0
PATIENCE: Final = 30.0


class LogIns:
    """Goes on within a `with`, by the clock, whether or not earlier ones were answered."""

    def __init__(self, port: int, names: Sequence[str]) -> None:
        self._port = port
        self._names = names
        self._over = threading.Event()
        self._answers: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._go_on, name="log-ins")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def summary(self) -> str:
        """How many were answered how."""
        return ", ".join(f"{count} x {answer}" for answer, count in sorted(self._answers.items()))

    def _go_on(self) -> None:
        started, each = time.monotonic(), []
        for number in range(1_000_000):
            if self._over.wait(max(0.0, started + number / RATE - time.monotonic())):
                break
            one = threading.Thread(target=self._log_in, args=(self._names[number % len(self._names)],), daemon=True)
            one.start()
            each.append(one)
        for one in each:
            one.join()

    def _log_in(self, name: str) -> None:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            body = json.dumps({"username": name, "password": PASSWORD})
            connection.request("POST", "/api/auth/login", body, {"Content-Type": "application/json"})
            answer = str(connection.getresponse().status)
        except (OSError, HTTPException) as error:
            answer = type(error).__name__
        finally:
            connection.close()
        with self._lock:
            self._answers[answer] += 1
