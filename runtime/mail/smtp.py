"""One letter to an SMTP server, in a thread: `smtplib` waits."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from time import monotonic
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import field, frozen

SILENCE: Final = 20.0
"""Seconds without a byte from the server."""
ANSWERS: Final = 4
"""For which a letter waits: to its sender, its recipient, the announcement of its text, and the text."""
GOODBYE: Final = 5.0
"""Seconds that the answer to a goodbye is waited for: the letter is there already."""
PORTS: Final = {"smtp": 587, "smtps": 465}
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@frozen
class SmtpServer:
    """`tls`: `wrapped` from the first byte, `starttls` before anything is said, or `off`. `ca`: file of authorities,
    the system's where None."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: str
    ca: str | None


@frozen
class Sent:
    """The server has taken the letter upon itself."""


@frozen
class NotSent:
    """`passing`: another attempt may do it. `reason` is for the log: an SMTP code, or the kind of the error."""

    passing: bool
    reason: str


def parse_smtp_url(url: str) -> SmtpServer:
    """Read `smtp://user:password@host:port?tls=required&ca=path` or `smtps://...`.

    `smtp:` uses STARTTLS and fails without it; with `tls=off`, and on this machine by default, it does not. Raises
    ValueError, whose text never holds the URL (it has a password in it).
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError("must be a URL such as smtp://user:password@host:587") from None
    options = dict(pairs)
    if parts.scheme not in PORTS:
        raise ValueError("must begin with smtp:// or smtps://")
    if not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("must name a host and nothing behind it, such as smtp://user:password@host:587")
    if len(options) != len(pairs) or not options.keys() <= {"tls", "ca"}:
        raise ValueError("takes tls and ca, each at most once")
    tls = options.get("tls", "off" if parts.scheme == "smtp" and parts.hostname in LOCAL else "required")
    if tls not in ("required", "off") or (parts.scheme == "smtps" and tls == "off"):
        raise ValueError("tls is required or off, and with smtps:// always required")
    if parts.username and tls == "off" and parts.hostname not in LOCAL:
        raise ValueError("a password is not sent without TLS; leave tls=off out")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user.isascii() and password.isascii()):
        raise ValueError("takes a user and a password of ASCII characters, percent-encoded where they are special")
    return SmtpServer(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=user,
        password=password,
        tls="wrapped" if parts.scheme == "smtps" else ("starttls" if tls == "required" else "off"),
        ca=options.get("ca"),
    )


def deliver(server: SmtpServer, message: EmailMessage, until: float) -> Sent | NotSent:
    """Hand the letter over. Blocks; each wait for the server is bounded by SILENCE. Nothing is said of the letter once
    `until` (of time.monotonic) has passed, so that whoever waits for so long, and for ANSWERS more, knows the end."""

    def say(smtp: smtplib.SMTP) -> NotSent | None:
        smtp.ehlo_or_helo_if_needed()
        if monotonic() > until:
            return NotSent(passing=True, reason="too slow")
        smtp.send_message(message)
        return None

    return _talk(server, say, SILENCE) or Sent()


def log_in(server: SmtpServer, silence: float) -> NotSent | None:
    """Do all that comes before a letter, and send none; None: it went well. Blocks, as long as `silence` seconds for
    each answer."""

    def say(smtp: smtplib.SMTP) -> None:
        smtp.noop()

    return _talk(server, say, silence)


def _talk(server: SmtpServer, say: Callable[[smtplib.SMTP], NotSent | None], silence: float) -> NotSent | None:
    """Greet, encrypt, log in, then `say`."""
    try:
        with _connected(server, silence) as smtp:
            if server.tls == "starttls":
                smtp.starttls(context=_context(server))
            if server.user:
                smtp.login(server.user, server.password)
            return say(smtp)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return NotSent(passing=any(code < 500 for code in codes), reason=f"recipient refused: {codes[0]}")
    except smtplib.SMTPDataError as error:
        return NotSent(passing=error.smtp_code < 500, reason=f"refused: {error.smtp_code}")
    except smtplib.SMTPAuthenticationError as error:
        return NotSent(passing=True, reason=f"log-in refused: {error.smtp_code}")
    except smtplib.SMTPResponseException as error:  # before it knew the letter: an operator can mend that
        return NotSent(passing=True, reason=f"refused: {error.smtp_code}")
    except (smtplib.SMTPException, OSError) as error:
        return NotSent(passing=True, reason=type(error).__name__)


@contextmanager
def _connected(server: SmtpServer, silence: float) -> Iterator[smtplib.SMTP]:
    if server.tls == "wrapped":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=silence, context=_context(server))
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=silence)
    try:
        yield smtp
        with suppress(smtplib.SMTPException, OSError):  # a goodbye that fails takes nothing back that was accepted
            if smtp.sock is not None:
                smtp.sock.settimeout(min(silence, GOODBYE))
            smtp.quit()
    finally:
        smtp.close()


def _context(server: SmtpServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca)
