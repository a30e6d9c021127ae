"""The queue at work: takes what is due, writes it, hands it to the SMTP server, and comes back to what did not go.

The queue is in the database, so it outlives a restart, and several processes share it: each takes a letter for a while.
A letter may go out twice where a process, or its link to the server, died between the server's yes and its own note;
never not at all.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from time import monotonic
from typing import Final, Self

import trio
from attrs import define, field, frozen

from chatproto.operations import FinishMail, Letter, MailTaken, TakeMail
from runtime.codes import hash_of, new_code
from runtime.config import Settings
from runtime.logs import get_logger
from runtime.mail.letters import Envelope, write
from runtime.mail.smtp import NotSent, Sent, SmtpServer, deliver, parse_smtp_url
from storage.port import Ask

log = get_logger(__name__)

BEGIN_WITHIN: Final = 60.0
"""Seconds in which an attempt has to come to the letter itself; else nothing is said of it."""
ATTEMPT: Final = 150.0
"""Seconds after which an attempt is left alone. It would go on, and the letter go out again by the next one: so it is
longer than BEGIN_WITHIN and all waits for the server that may follow."""
LEASE: Final = timedelta(minutes=3)
"""So long a letter is kept from other processes; longer than an attempt."""
LOOK: Final = 5.0
"""Seconds until the queue is looked at again where nothing was heard: for what commands and other processes order."""
FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(hours=1)
GIVE_UP: Final = timedelta(hours=24)


@frozen
class MailSettings:
    """`sender`: the address letters come from. `public_url`: where people find this server, without a slash behind."""

    server: SmtpServer
    sender: str
    public_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Where a server for letters is named."""
        return cls(parse_smtp_url(settings.smtp_url), settings.mail_from, settings.public_url)

    def envelope(self, name: str, now: datetime) -> Envelope:
        """Of one letter; `name`: random letters that no other has."""
        return Envelope(self.sender, f"<{name}@{self.sender.rpartition('@')[2]}>", self.public_url, now)


@define(eq=False)
class Mailer:
    """`now` is aware UTC time; `random_token` 256 random bits in URL-safe letters."""

    settings: MailSettings
    ask: Ask
    now: Callable[[], datetime]
    random_token: Callable[[], str]
    _heard: trio.Event = field(factory=trio.Event)

    def hear(self) -> None:
        """Something was ordered here: look at once."""
        self._heard.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._heard = trio.Event()
            while await self.send_next():
                pass
            with trio.move_on_after(LOOK):
                await self._heard.wait()

    async def send_next(self) -> bool:
        """Send one letter, or try to; False where none is due or the database is away."""
        code = new_code(self.random_token)
        now = self.now()
        taken = await self.ask(TakeMail(hash_of(code), now, now + LEASE))
        if not isinstance(taken, MailTaken) or taken.letter is None:
            return False
        try:
            result = await self._deliver(taken.letter, code)
        except Exception as error:  # a letter that cannot be written must not stop the others
            log.error("mail_failed", kind=taken.letter.kind, exc_info=error)
            result = NotSent(passing=False, reason=type(error).__name__)
        await self._finish(taken.letter, result)
        return True

    async def _deliver(self, letter: Letter, code: str) -> Sent | NotSent:
        settings = self.settings
        message = write(letter, code, settings.envelope(self.random_token(), self.now()))
        return await hand_over(settings.server, message)

    async def _finish(self, letter: Letter, result: Sent | NotSent) -> None:
        """No line names the person: addresses stay out of the log."""
        now, again_at = self.now(), None
        if isinstance(result, Sent):
            log.info("mail_sent", kind=letter.kind, attempts=letter.attempts)
        elif result.passing and now - letter.created_at < GIVE_UP:
            pause = min(FIRST_PAUSE * 2 ** min(letter.attempts - 1, 20), LONGEST_PAUSE)
            again_at = now + pause
            log.warning("mail_delayed", kind=letter.kind, reason=result.reason, seconds=pause.total_seconds())
        else:
            log.error("mail_given_up", kind=letter.kind, reason=result.reason, attempts=letter.attempts)
        await self.ask(FinishMail(letter.id, letter.created_at, again_at))


async def hand_over(server: SmtpServer, message: EmailMessage) -> Sent | NotSent:
    """One attempt."""
    result: Sent | NotSent = NotSent(passing=True, reason="too slow")
    with trio.move_on_after(ATTEMPT):
        work = partial(deliver, server, message, monotonic() + BEGIN_WITHIN)
        result = await trio.to_thread.run_sync(work, abandon_on_cancel=True)
    return result
