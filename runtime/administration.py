"""What those who keep the server do, over HTTP and by commands: done with its line in the audit, and logged."""

from datetime import datetime

from chatproto.operations import Administer, GroupsToLeave, Outcome, Refused
from chatproto.operations.administration import Act
from chatproto.operations.auditing import about, actions_of
from runtime.addresses import known_address
from runtime.logs import get_logger
from storage.port import Ask

log = get_logger(__name__)


def tell_of_reading(actor_id: int, subject_id: int, address: str) -> None:
    """An admin looked where somebody is logged in: that changes nothing, and stands in the log alone."""
    known = known_address(address)
    log.info("administration", acts=("sessions_read",), actor_id=actor_id, subject_id=subject_id, address=known)


async def administer(
    ask: Ask, actor_id: int | None, address: str | None, act: Act, now: datetime,
    *, own: bool = False,
) -> Outcome:  # fmt: skip
    """Do `act` as an admin (`actor_id`), or as the operator (None); `own`: as anybody, with their own account.
    `address`: where the request came from, None for a command."""
    known = None if address is None else known_address(address)
    outcome = await ask(Administer(actor_id, known, act, now, own))
    if not isinstance(outcome, Refused | GroupsToLeave):
        subject_id, invite_id = about(act, outcome)
        log.info(
            "administration",
            acts=actions_of(act),
            outcome=type(outcome).__name__,
            actor_id=actor_id,
            subject_id=subject_id,
            invite_id=invite_id,
            address=known,
        )
    return outcome
