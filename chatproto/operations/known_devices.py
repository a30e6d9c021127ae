"""Which log-ins tell nothing new: those of a device that is logged in to the account already."""

from collections.abc import Iterable

from chatproto.wire.devices import Device, device_of
from chatproto.wire.networks import network_of

MAX_LOOKED_AT = 200
"""Sessions that are looked at, the newest first."""


def is_known(label: str, address: str | None, sessions: Iterable[tuple[str, str | None]]) -> bool:
    """Whether one of `sessions` (label and address of each that has not ended) is of the same program, on the same
    system, in the same network."""
    return device_key(label, address) in {device_key(*one) for one in sessions}


def device_key(label: str, address: str | None) -> tuple[Device, str, str | None]:
    """What makes two log-ins those of one device. A label that is not known stands for itself."""
    device = device_of(label)
    return device, label if device.program is None else "", None if address is None else network_of(address)
