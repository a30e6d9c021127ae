"""Which passwords are accepted, and that hashing never stands in anybody's way."""

import threading
from functools import partial
from typing import Literal

import pytest
import trio
import trio.testing
from argon2 import PasswordHasher, extract_parameters

from storage.passwords import COMMON_PASSWORDS, MAX_WAITING, Busy, Passwords, PasswordThread, password_fault

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.mark.parametrize(
    ("password", "fault"),
    [("1234567", "too_short"), ("correct horse", None), ("x" * 128, None), ("x" * 129, "too_long"), ("ё" * 8, None),
     ("😀" * 7, "too_short"), ("a\x00bcdefgh", "bad_unicode"), ("PASSWORD", "common"), (" password1 ", "common"),
     ("        ", None), ("12345678", "common")],
)  # fmt: skip
def test_rules(password: str, fault: str | None) -> None:
    assert password_fault(password) == fault


def test_the_list_holds_what_could_be_chosen() -> None:
    assert len(COMMON_PASSWORDS) >= 200
    assert all(len(word) >= 8 and word == word.casefold() for word in COMMON_PASSWORDS)


async def test_hash_and_verify() -> None:
    passwords = Passwords(CHEAP)
    stored = await passwords.hash("пароль номер один")
    assert isinstance(stored, str) and stored.startswith("$argon2id$")
    assert stored != await passwords.hash("пароль номер один"), "salted"
    assert await passwords.verify(stored, "пароль номер один") is True
    assert await passwords.verify(stored, "пароль номер два") is False
    decomposed = await passwords.hash("и\u0306ййййййй")
    assert isinstance(decomposed, str)
    assert await passwords.verify(decomposed, "йййййййй") is False, "hash takes NFC"
    nfc = await passwords.hash("йййййййй")
    assert isinstance(nfc, str) and await passwords.verify(nfc, "и\u0306ййййййй") is True


@pytest.mark.parametrize("stored", ["!", "", "$argon2id$v=19$broken", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_an_account_without_a_usable_hash(stored: str) -> None:
    assert await Passwords(CHEAP).verify(stored, "anything at all") is False


async def test_halves_of_characters_are_wrong_passwords() -> None:
    passwords = Passwords(CHEAP)
    stored = await passwords.hash("correct horse")
    assert isinstance(stored, str) and await passwords.verify(stored, "\ud800") is False


async def test_nobody_costs_as_much_as_somebody() -> None:
    """The same parameters, and the comparison is reached: a malformed hash would be refused before any work."""
    seen: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            seen.append(str(hash))
            return super().verify(hash, password)

    hasher = Watched(time_cost=2, memory_cost=64, parallelism=1)
    passwords = Passwords(hasher)
    stored = await passwords.hash("correct horse")
    assert isinstance(stored, str)
    assert await passwords.verify(None, "correct horse") is False
    assert extract_parameters(seen[0]) == extract_parameters(stored)
    assert len(seen[0]) == len(stored)


def test_the_usual_cost_is_high() -> None:
    assert (PasswordHasher().memory_cost, PasswordHasher().time_cost) == (64 * 1024, 3)


async def test_one_thread_and_a_bounded_line(nursery: trio.Nursery) -> None:
    thread, gate, names = PasswordThread(max_waiting=2), threading.Event(), set[str]()
    results: list[object] = []

    def work() -> str:
        gate.wait(60)
        names.add(threading.current_thread().name)
        return "done"

    async def wait() -> None:
        results.append(await thread.run(work))

    for _ in range(3):
        nursery.start_soon(wait)
    await trio.testing.wait_all_tasks_blocked()
    assert await thread.run(work) == Busy()
    gate.set()
    with trio.fail_after(60):
        while len(results) < 3:
            await trio.lowlevel.checkpoint()
    assert results == ["done"] * 3 and names == {"passwords"}
    assert await thread.run(lambda: "room again") == "room again"


async def test_who_left_is_not_worked_for() -> None:
    thread, gate, done = PasswordThread(), threading.Event(), list[int]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(thread.run, partial(gate.wait, 60))
        await trio.testing.wait_all_tasks_blocked()  # trio starts tasks in any order; the gate is to be first in line
        for number in range(3):
            nursery.start_soon(thread.run, partial(done.append, number))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    gate.set()
    assert await thread.run(lambda: "still working") == "still working"
    assert done == []


async def test_bugs_come_back_to_the_caller() -> None:
    thread = PasswordThread()
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 // 0)
    assert await thread.run(lambda: 1) == 1
    assert MAX_WAITING > 0


def test_the_thread_outlives_its_loop() -> None:
    """Work that ends after trio has: nobody is told, nothing breaks, the next loop is served."""
    thread, gate = PasswordThread(), threading.Event()

    async def leave() -> None:
        with trio.move_on_after(0.01):
            await thread.run(partial(gate.wait, 60))

    async def stay() -> object:
        return await thread.run(lambda: "served")

    trio.run(leave)
    gate.set()
    assert trio.run(stay) == "served"
