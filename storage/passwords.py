"""Passwords: what is accepted, and argon2id in the lanes of a thread of its own."""

from math import ceil
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from chatproto.wire.text import MAX_PASSWORD, MIN_PASSWORD, check_text, normalize
from storage.password_lanes import Busy, Lane, PasswordThread


def password_fault(password: str) -> str | None:
    """Why a new password is refused: too_short, too_long, bad_unicode or common; None means it is fine.

    `password` is in NFC. Letters are code points; leading and trailing spaces count.
    """
    if check_text(password) is not None:
        return "bad_unicode"
    if len(password) < MIN_PASSWORD:
        return "too_short"
    if len(password) > MAX_PASSWORD:
        return "too_long"
    return "common" if password.casefold().strip() in COMMON_PASSWORDS else None


class Passwords:
    """Hashing and checking. `hasher` sets the cost: RFC 9106's second choice (64 MiB, 3 passes) by default."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._thread = PasswordThread()
        self._nobody = _hash_of_nothing(self._hasher)

    @property
    def waiting(self) -> int:
        """Passwords that wait to be hashed or checked, the one under way included."""
        return self._thread.waiting

    async def hash(self, password: str, lane: Lane = Lane.LOG_IN) -> str | Busy:
        """A salted hash with its parameters, to be stored. `password` is in NFC."""
        return await self._thread.run(lambda: self._hasher.hash(password), lane)

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash, of a password that was right, was made at another cost than today's."""
        return self._hasher.check_needs_rehash(stored)

    async def verify(self, stored: str | None, password: str, lane: Lane = Lane.LOG_IN) -> bool | Busy:
        """Whether it is the password. Without a stored hash the same work is done, for nothing.

        Where somebody's hash is no argon2 hash (an account that was locked by hand) the answer is no.
        """
        password = normalize(password)
        return await self._thread.run(lambda: self._verify(stored or self._nobody, password), lane)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError, UnicodeEncodeError):
            return False


def hash_at_once(password: str) -> str:
    """A salted hash of a password in NFC, made in this thread: for commands, where nobody else waits for a turn."""
    return PasswordHasher().hash(password)


def _hash_of_nothing(hasher: PasswordHasher) -> str:
    """A well-formed hash of the same cost that no password leads to in practice (the output is all zeros)."""
    salt, output = ("A" * ceil(length * 8 / 6) for length in (hasher.salt_len, hasher.hash_len))  # base64, no padding
    return f"$argon2id$v=19$m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}${salt}${output}"


_LEAKED: Final = """
    00000000 000000000 0000000000 01234567 012345678 0123456789 01020304 09876543 0987654321 10203040 11111111
    111111111 1111111111 11112222 11223344 1122334455 12121212 12312312 123123123 1231231234 12341234 12344321
    1234512345 123454321 12345678 123456789 1234567890 12345678910 1234567891 123456789a 123456789q 123456abc
    12345678a 12345678q 12345qwert 1234qwer 12qwaszx 13131313 135792468 1357924680 147258369 1478963250 159357456
    159753456 1a2b3c4d 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz1qaz 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 1qazxsw23edc
    20202020 21212121 22222222 222222222 23232323 23456789 234567890 25252525 31415926 33333333 333333333
    36925814 44444444 444444444 45454545 456789123 55555555 555555555 5555555555 66666666 666666666 69696969
    741852963 77777777 777777777 7777777777 78787878 789456123 789456123a 87654321 88888888 888888888 88888888a
    963852741 98765432 987654321 9876543210 99999999 999999999 9999999999
    a1234567 a12345678 a123456789 a1b2c3d4 a1s2d3f4 aa123456 aa12345678 aaaaaaaa aaaaaaaaaa abc12345 abc123456
    abcd1234 abcdefgh abcdefghi abcdefg1 access14 admin123 admin1234 admin12345 administrator adminadmin
    alexander asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl asdf;lkj azertyuiop babygirl babygirl1 barcelona
    baseball baseball1 basketball bismillah blink182 butterfly changeme changeme1 changeme123 charlie1 chelsea1
    chocolate christopher christian cocacola computer computer1 corvette courtney creative danielle dearbook
    default1 download dragon123 elephant elizabeth einstein endgame1 everton1 facebook fatima123 firebird
    football football1 forever1 freedom1 fuckyou1 fuckyou2 garfield gfhjkm123 google123 gwerty123 harley123
    hello123 hellohello holahola hellokitty hunter123 iloveyou iloveyou1 iloveyou2 iloveyou! internet
    jennifer jonathan jordan23 juventus killer123 kristina kingkong letmein1 letmein123 linkedin liverpool
    liverpool1 login123 logitech lovelove love1234 loveyou1 manchester marlboro marseille maverick maximus1
    mercedes metallica michael1 michelle midnight minecraft monkey123 monkey12 motherlode mustang1 mynoob123
    naruto123 nicholas nintendo nothing1 november october1 online123 p@ssw0rd p@ssword pa55word pakistan
    pass1234 pass12345 passport passw0rd passw0rd1 password password! password0 password01 password1 password11
    password12 password123 password1234 password2 password3 password9 patricia picture1 pokemon1 poohbear
    princess princess1 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qazwsx123 qazwsxedc qazwsxedcrfv qq123456 qqqqqqqq
    qwaszx12 qwe12345 qwe123456 qweasd123 qweasdzxc qweqweqwe qwer1234 qwer12345 qwerasdf qwerty00 qwerty01
    qwerty1! qwerty11 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwerty77 qwertyui qwertyuio
    qwertyuiop qwertyqwerty ronaldo7 rootroot samantha scorpion secret12 secret123 security shadow12 sunshine
    sunshine1 superman superman1 starwars starwars1 stephanie student1 summer12 swordfish test1234 test12345
    testtest testing1 tinkerbell trinity1 trustno1 undertaker unknown1 valentina vestnik1 vestnik123 victoria
    village1 welcome1 welcome12 welcome123 whatever william1 winston1 xxxxxxxx xxxxxxxxxx yankees1 z1x2c3v4
    zaq12wsx zaq1zaq1 zaqwsxcde zxasqw12 zxcv1234 zxcvbnm1 zxcvbnm123 zxcvbnmzxcvbnm zxczxczxc zzzzzzzz
    йцукенгш йцукенгшщ йцукенгшщз йцукен123 пароль123 пароль12 парольпароль привет123 qwertyйцукен любовь123
"""
COMMON_PASSWORDS: Final = frozenset(_LEAKED.split())
"""The head of the lists that leak again and again, from 8 characters up, case-folded."""
