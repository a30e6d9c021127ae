"""Addresses in a text: https and http, bare domains, e-mail, places of Vestnik (docs/text.md).

Each function is asked at the beginning of a word and says what stands there and where it ends, or None. What it looked
at is bounded by what it took or by the next word, so that a text is read a bounded number of times.
"""

import re
from typing import Final

from chatproto.wire.markup.nodes import Inline, Link, Place, Text
from chatproto.wire.markup.scanner import AUTHORITY, HOST, REST, RUN, Scanner, is_word
from chatproto.wire.markup.tlds import TLDS

_PORT: Final = re.compile(r":([0-9]{1,5})(?![0-9])")
_LITERAL: Final = re.compile(r"\[[0-9A-Fa-f:.]{2,45}\]")
_PLACE: Final = re.compile(r"://chat/([1-9][0-9]{0,14})/([1-9][0-9]{0,14})")
_SCHEMES: Final = ("https", "http", "mailto", "vestnik")
_TAIL: Final = frozenset(".,;:!?…”»’\"'*_~|")
"""What ends a sentence or a mark rather than an address."""
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}
_NOT_BEFORE: Final = frozenset("/\\@.$#")
"""Before a bare domain: what makes it a part of a path, an address or code."""
_NOT_AFTER: Final = frozenset("@([{=")
"""After a bare domain: what makes it code, as in `items.at(0)`."""
_FILES: Final = frozenset({"md", "mov", "py", "rs", "sh", "zip"})
"""Domains that are known as endings of files: `main.py` is none's site; `docs.rs/trio` is."""
_SCHEME: Final = max(map(len, _SCHEMES))
_LABEL: Final = 63
_NAME: Final = 253
_LOCAL: Final = 64
_PORTS: Final = 65535


def scheme_start(scanner: Scanner, start: int, end: int) -> int:
    """Where a scheme begins in a run of words that a colon follows, as in `see.https:`; else where the run begins."""
    if scanner.at(end) != ":":
        return start
    for scheme in _SCHEMES:
        begin = end - len(scheme)
        if begin > start and scanner.text[begin:end].lower() == scheme and not is_word(scanner.at(begin - 1)):
            return begin
    return start


def find(scanner: Scanner, start: int, end: int) -> tuple[Inline, int] | None:
    """What stands at `start`, where a run of words begins that ends at `end`."""
    following = scanner.at(end)
    if following == ":":
        word = scanner.text[start:end].lower() if end - start <= _SCHEME else ""
        if word in ("http", "https"):
            return _web(scanner, start, end)
        if word == "vestnik":
            return _place(scanner, start, end)
        if word == "mailto":
            return _mailto(scanner, start, end + 1)
    if following == "@":
        return _email(scanner, start, end)
    return _bare(scanner, start, end) if following not in _NOT_AFTER else None


def _web(scanner: Scanner, start: int, colon: int) -> tuple[Inline, int] | None:
    """`https://host:port/path`. With a name before the host it is no link: that is written to deceive."""
    text = scanner.text
    if not text.startswith("://", colon):
        return None
    host = colon + 3
    authority = scanner.end(AUTHORITY, host)
    if "@" in text[host:authority]:
        return Text(text[start:authority]), authority
    end = scanner.end(_LITERAL, host)
    if end == host:
        end = scanner.end(HOST, host)
    if not 0 < end - host <= _NAME:
        return None
    end = _rest(scanner, _port(scanner, end))
    return Link(text[start:end], text[start:end]), end


def _place(scanner: Scanner, start: int, colon: int) -> tuple[Inline, int] | None:
    end = scanner.end(_PLACE, colon)
    if end == colon or scanner.end(RUN, end) > end or scanner.at(end) == "/":
        return None
    _, _, _, chat_id, seq = scanner.text[start:end].split("/")
    return Place(scanner.text[start:end], int(chat_id), int(seq)), end


def _mailto(scanner: Scanner, start: int, address: int) -> tuple[Inline, int] | None:
    local = scanner.end(RUN, address)
    end = _mail_end(scanner, address, local)
    return (Link(scanner.text[start:end], scanner.text[start:end]), end) if end else None


def _email(scanner: Scanner, start: int, at: int) -> tuple[Inline, int] | None:
    if scanner.at(start - 1) == "@":
        return None
    end = _mail_end(scanner, start, at)
    return (Link(scanner.text[start:end], "mailto:" + scanner.text[start:end]), end) if end else None


def _mail_end(scanner: Scanner, start: int, at: int) -> int:
    """Where the address ends whose local part is between the two; 0 where it is none."""
    if not 0 < at - start <= _LOCAL or scanner.at(at) != "@":
        return 0
    end = scanner.end(HOST, at + 1)
    return end if scanner.at(end) != "@" and _labels(scanner.text[at + 1 : end]) else 0


def _bare(scanner: Scanner, start: int, end: int) -> tuple[Inline, int] | None:
    """`example.com/path`, where the top-level domain is known."""
    name = scanner.text[start:end]
    labels = _labels(name)
    if not labels or scanner.at(start - 1) in _NOT_BEFORE:
        return None
    top = labels[-1]
    if top not in (top.lower(), top.upper()):
        return None  # the next sentence begins without a space
    port = _port(scanner, end)
    if len(labels) == 2 and top.lower() in _FILES and scanner.at(port) != "/":
        return None
    end = _rest(scanner, port)
    return Link(scanner.text[start:end], "https://" + scanner.text[start:end]), end


def _labels(name: str) -> list[str]:
    """Of a domain name whose last part is a known top-level domain; else none."""
    if len(name) > _NAME or "." not in name or any(sign in name for sign in "_+%"):
        return []
    labels = name.split(".")
    fits = labels[-1].lower() in TLDS and all(len(label) <= _LABEL for label in labels)
    return labels if fits else []


def _port(scanner: Scanner, at: int) -> int:
    end = scanner.end(_PORT, at)
    return end if end > at and int(scanner.text[at + 1 : end]) <= _PORTS else at


def _rest(scanner: Scanner, at: int) -> int:
    """Where path, query and fragment end: before closing brackets that were not opened, and signs of a sentence."""
    if scanner.at(at) not in ("/", "?", "#"):
        return at
    text = scanner.text
    end = scanner.end(REST, at)
    scanner.steps += 6 * (end - at)
    counts = {sign: text.count(sign, at, end) for sign in "()[]{}"}
    while end > at:
        scanner.steps += 1
        last = text[end - 1]
        opening = _BRACKETS.get(last)
        if opening is None and last not in _TAIL and last not in "([{":
            break
        if opening is not None and counts[last] <= counts[opening]:
            break
        if last in counts:
            counts[last] -= 1
        end -= 1
    return end
