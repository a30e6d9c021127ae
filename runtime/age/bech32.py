"""Bech32 (BIP 173), as keys of age are written: letters that are not mistaken for each other, and a checksum."""

from typing import Final

_LETTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM: Final = 6


def encode(kind: str, data: bytes) -> str:
    """`kind`, a 1, the data and a checksum, in lower case."""
    values = _regroup(data, 8, 5, pad=True)
    check = _polymod([*_spread(kind), *values, *[0] * _CHECKSUM]) ^ 1
    values += [check >> 5 * (_CHECKSUM - 1 - place) & 31 for place in range(_CHECKSUM)]
    return f"{kind}1{''.join(_LETTERS[value] for value in values)}"


def decode(text: str) -> tuple[str, bytes]:
    """Kind and data. Raises ValueError, which does not quote the text."""
    if not text.isascii() or text not in (text.lower(), text.upper()):
        raise ValueError("is no key: letters of one case only")
    kind, one, letters = text.lower().rpartition("1")
    values = [_LETTERS.find(letter) for letter in letters]
    if not kind or not one or len(values) < _CHECKSUM or -1 in values or _polymod([*_spread(kind), *values]) != 1:
        raise ValueError("is no key, or one with a slip of the pen")
    return kind, bytes(_regroup(values[:-_CHECKSUM], 5, 8, pad=False))


def _spread(kind: str) -> list[int]:
    return [ord(letter) >> 5 for letter in kind] + [0] + [ord(letter) & 31 for letter in kind]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            check ^= generator if top >> place & 1 else 0
    return check


def _regroup(values: bytes | list[int], of: int, to: int, *, pad: bool) -> list[int]:
    """Numbers of `of` bits as numbers of `to` bits. Raises ValueError where bits are left over that are not 0."""
    number, bits, found = 0, 0, list[int]()
    for value in values:
        number, bits = (number << of | value) & 0xFFF, bits + of
        while bits >= to:
            bits -= to
            found.append(number >> bits & (1 << to) - 1)
    rest = number & (1 << bits) - 1
    if pad and bits:
        found.append(rest << to - bits)
    elif not pad and (bits >= of or rest):
        raise ValueError("is no key: it ends within a letter")
    return found
