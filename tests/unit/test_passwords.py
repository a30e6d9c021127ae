"""Which passwords are accepted, and that hashing never stands in anybody's way."""

from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters

from storage.passwords import COMMON_PASSWORDS, Passwords, password_fault

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
