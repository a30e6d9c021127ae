"""What holds back those who guess passwords, and keeps nobody out of their own account (docs/protocol.md section 2).

Three counts, each by network address; nothing is counted by account alone:

- the account from this address: few failures. Whoever sits beside the owner, or behind the same NAT, can use them up;
- the account from a device there that it is logged in on, or was: as many again, which others' guesses leave alone;
- the address: many failures. They hold back only accounts that are not known there.

So the guesses at one account are bounded for each address: as many as one count allows, for each program and system on
which the account is known there, and once more. A device is known by what it calls itself: who sits at the owner's
address and pretends to be the owner's program can use up that count too. All is memory of this process, bounded, with
the time as an argument: seconds of a monotonic clock. What is known comes from storage, so a restart forgets only the
devices that signed out.
"""

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from attrs import define, field, frozen

from chatproto.buckets import Buckets, Rate
from chatproto.operations.known_devices import MAX_LOOKED_AT, device_key
from chatproto.wire.networks import network_of
from storage.password_lanes import Lane

REMEMBERED_PAIRS: Final = 20_000
"""Pairs of account and address of which it is remembered what is known there."""
BELIEVED_FOR: Final = 60.0
"""Seconds until storage is asked again what is known of a pair."""
LOOKS: Final = Rate(5.0, 300)
"""Questions about attempts that would be refused otherwise, for one address: what a flood costs storage."""


@frozen
class Caller:
    """Who wants in: the account (a name of any length), the address, and the device, as digests. `device` is None for
    somebody who is logged in already."""

    pair: bytes
    address: bytes
    device: bytes | None

    @classmethod
    def at_log_in(cls, name: str, label: str, address: str) -> "Caller":
        """`label`: what the device calls itself."""
        network = network_of(address)
        pair = _digest(f"{network} name {name}")
        return cls(pair, _digest(network), _device(pair, label, address))

    @classmethod
    def logged_in(cls, session_id: int, address: str) -> "Caller":
        """Whoever guesses at the log-in does not keep this session from anything; nor does another network give whoever
        has its token further guesses."""
        network = network_of(address)
        return cls(_digest(f"session {session_id}"), _digest(network), None)


@frozen
class Attempt:
    """A log-in under way, counted as failed until it is taken back: for its device, or for its account and address."""

    caller: Caller
    by_device: bool


@frozen
class Unsure:
    """It would be refused, unless storage says that this is a known device: ask, `learn`, and begin again."""

    caller: Caller


@frozen
class _Known:
    devices: frozenset[bytes]
    asked: float


@define
class LoginLimiter:
    """Failed log-ins. For an account an attempt counts from its beginning, so that many at once are no way around it;
    for the address at its end, as a whole office may log in at once from one."""

    pairs: Buckets[bytes]
    devices: Buckets[bytes]
    addresses: Buckets[bytes]
    lately: Buckets[bytes]
    """By address: empty for a while after a failure."""
    looks: Buckets[bytes] = field(factory=lambda: Buckets(LOOKS, REMEMBERED_PAIRS))
    _known: OrderedDict[bytes, _Known] = field(factory=OrderedDict)

    def begin(self, caller: Caller, now: float) -> Attempt | Unsure | float:
        """An attempt that may go on, or the seconds until one may, or what has to be asked first."""
        if self._is_known(caller):
            wait = self.devices.take(caller.device, now) if caller.device is not None else 0.0
            return Attempt(caller, by_device=True) if wait <= 0 else wait
        here = caller.device is None or self._is_at_home(caller)
        wait = max(self.pairs.wait(caller.pair, now), 0.0 if here else self.addresses.wait(caller.address, now))
        if wait <= 0:
            self.pairs.spend(caller.pair, now)
            return Attempt(caller, by_device=False)
        if caller.device is not None and self.must_ask(caller, now) and self.looks.take(caller.address, now) <= 0:
            return Unsure(caller)
        return wait

    def must_ask(self, caller: Caller, now: float) -> bool:
        """Whether storage was not asked lately what is known of this account at this address."""
        known = self._known.get(caller.pair)
        return known is None or not 0 <= now - known.asked < BELIEVED_FOR

    def learn(self, caller: Caller, sessions: Iterable[tuple[str, str | None]], address: str, now: float) -> None:
        """`sessions`: label and address of each that has not ended; of those in the network of `address` the devices
        are known from now on."""
        there = [label for label, of in sessions if of is not None and network_of(of) == network_of(address)]
        devices = {_device(caller.pair, label, address) for label in there[-MAX_LOOKED_AT:]}
        known = self._known.get(caller.pair)
        if known is not None and len(known.devices) < MAX_LOOKED_AT:  # it may have signed out since
            devices |= known.devices
        self._keep(caller.pair, _Known(frozenset(devices), now))

    def lane(self, caller: Caller, now: float) -> Lane:
        """Whose turn comes before whose."""
        if caller.device is None:
            return Lane.LOG_IN
        if self._is_known(caller):
            return Lane.KNOWN
        return Lane.LOG_IN if self.lately.wait(caller.address, now) == 0 else Lane.AFTER_FAILURES

    def failed(self, attempt: Attempt, now: float) -> None:
        """It was a wrong password, or nobody's."""
        self.addresses.spend(attempt.caller.address, now)
        self.lately.give_back(attempt.caller.address, now)  # so that many last no longer than one
        self.lately.spend(attempt.caller.address, now)

    def got_in(self, attempt: Attempt, now: float) -> None:
        """It was the right password."""
        self.take_back(attempt, now)
        caller = attempt.caller
        if caller.device is not None:
            known = self._known.get(caller.pair, _Known(frozenset(), float("-inf")))
            devices = known.devices if len(known.devices) >= MAX_LOOKED_AT else known.devices | {caller.device}
            self._keep(caller.pair, _Known(devices, known.asked))

    def take_back(self, attempt: Attempt, now: float) -> None:
        """It ended without an answer to whether the password is right."""
        caller = attempt.caller
        if not attempt.by_device:
            self.pairs.give_back(caller.pair, now)
        elif caller.device is not None:
            self.devices.give_back(caller.device, now)

    def _is_known(self, caller: Caller) -> bool:
        known = self._known.get(caller.pair)
        return known is not None and caller.device in known.devices

    def _is_at_home(self, caller: Caller) -> bool:
        """Whether the account is known at the address, on whatever device."""
        known = self._known.get(caller.pair)
        return known is not None and bool(known.devices)

    def _keep(self, pair: bytes, known: _Known) -> None:
        self._known[pair] = known
        self._known.move_to_end(pair)
        if len(self._known) > REMEMBERED_PAIRS:
            self._known.popitem(last=False)


def _device(pair: bytes, label: str, address: str) -> bytes:
    program, named, _ = device_key(label, address)
    return _digest(f"{pair.hex()} {program.program} {program.system} {named}")


def _digest(text: str) -> bytes:
    """Names of any length take the same little room, and are not kept in clear."""
    return sha256(text.encode(errors="surrogatepass")).digest()[:16]
