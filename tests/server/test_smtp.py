"""Letters go to a mail server as it asks for them: STARTTLS, TLS from the first byte, a log-in (docs/settings.md)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
import trio
from attrs import Factory, define

from chatproto.operations import Done, FinishMail, Letter, MailTaken, Operation, Outcome
from runtime.mail import sending, smtp
from runtime.mail.sending import ATTEMPT, BEGIN_WITHIN, LEASE, Mailer, MailSettings
from runtime.mail.smtp import ANSWERS, GOODBYE, SILENCE, NotSent, Sent, deliver, parse_smtp_url
from tests.server.proxied import certificate
from tests.smtp_server import PASSWORD, USER, Post, smtp_server, text_of


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    certificate(folder)
    return folder


@pytest.fixture(params=["smtp", "smtps"])
async def guarded(request: pytest.FixtureRequest, keys: Path, tmp_path: Path) -> AsyncIterator[tuple[str, Post]]:
    """A server that takes letters over TLS, from those who log in; and the scheme of its URL."""
    options = ["--cert", str(keys / "fullchain.pem"), "--key", str(keys / "privkey.pem")]
    async with smtp_server(tmp_path / "post", *options, *["--wrapped"] * (request.param == "smtps")) as post:
        yield request.param, post


async def send(url: str, to: str = "anna@example.org", until: float | None = None) -> Sent | NotSent:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "vestnik@example.org", to, "Проверка"
    message.set_content("Здравствуйте, Анна")
    until = monotonic() + 60 if until is None else until
    return await trio.to_thread.run_sync(deliver, parse_smtp_url(url), message, until)


async def test_over_tls_and_with_a_log_in(guarded: tuple[str, Post], keys: Path) -> None:
    scheme, post = guarded
    host, trusted = f"127.0.0.1:{post.port}", f"tls=required&ca={keys / 'fullchain.pem'}"
    assert await send(f"{scheme}://{USER}:{PASSWORD}@{host}?{trusted}") == Sent()
    letter = await post.next()
    assert (letter["To"], text_of(letter).strip()) == ("anna@example.org", "Здравствуйте, Анна")
    wrong = await send(f"{scheme}://{USER}:guess@{host}?{trusted}")
    assert wrong == NotSent(passing=True, reason="log-in refused: 535"), "an operator can mend that"
    assert isinstance(await send(f"{scheme}://{host}?{trusted}"), NotSent), "it wants a log-in"
    unknown = await send(f"{scheme}://{USER}:{PASSWORD}@{host}?tls=required")
    assert unknown == NotSent(passing=True, reason="SSLCertVerificationError"), "no password for whoever it may be"
    assert len(post.letters()) == 1


async def test_a_letter_that_was_taken_is_not_sent_again_because_of_a_goodbye_that_fails(tmp_path: Path) -> None:
    async with smtp_server(tmp_path / "post") as post:
        assert await send(f"smtp://127.0.0.1:{post.port}", to="rude@example.org") == Sent()
        assert len(post.letters()) == 1


async def test_where_starttls_is_wanted_nothing_is_said_without_it(tmp_path: Path) -> None:
    """A server, or somebody between, that does not offer it gets neither the letter nor the password."""
    async with smtp_server(tmp_path / "post") as post:
        refused = await send(f"smtp://{USER}:{PASSWORD}@127.0.0.1:{post.port}?tls=required")
        assert refused == NotSent(passing=True, reason="SMTPNotSupportedError")
        assert await send(f"smtp://127.0.0.1:{post.port}") == Sent(), "on this machine it is not wanted"


async def test_a_server_that_wants_starttls_is_not_served_without(keys: Path, tmp_path: Path) -> None:
    options = ["--cert", str(keys / "fullchain.pem"), "--key", str(keys / "privkey.pem")]
    async with smtp_server(tmp_path / "post", *options) as post:
        assert await send(f"smtp://127.0.0.1:{post.port}?tls=off") == NotSent(passing=True, reason="refused: 530")


async def test_only_the_letter_itself_is_refused_for_good(tmp_path: Path, nursery: trio.Nursery) -> None:
    """What is said before it an operator, or the owner of the server, can mend: letters wait."""
    async with smtp_server(tmp_path / "post") as post:
        host = f"smtp://127.0.0.1:{post.port}"
        assert await send(host, to="refused@example.org") == NotSent(passing=False, reason="recipient refused: 550")
        assert await send(host, to="spam@example.org") == NotSent(passing=False, reason="refused: 554")

    async def turn_away(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.send_all(b"554 no service for this address\r\n")
            await stream.receive_some()

    listeners = await nursery.start(partial(trio.serve_tcp, turn_away, 0, host="127.0.0.1"))
    turned_away = await send(f"smtp://127.0.0.1:{listeners[0].socket.getsockname()[1]}")
    assert turned_away == NotSent(passing=True, reason="refused: 554")
    nursery.cancel_scope.cancel()


def test_a_password_that_the_protocol_cannot_carry_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="ASCII"):
        parse_smtp_url("smtps://post:%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C@mail.example.org")


@define
class Slow:
    """A server each answer of which takes a while, by a clock of its own: `seconds`, by the command, of which "" is the
    first that it is told, `.` the end of the letter. `taken`: letters."""

    seconds: dict[str, float]
    now: float = 1000.0
    taken: int = 0
    port: int = 0
    heard: list[str] = Factory(list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def listen(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Until cancelled."""
        async with trio.open_nursery() as nursery:
            serve = partial(trio.serve_tcp, self._serve, 0, host="127.0.0.1")
            self.port = (await nursery.start(serve))[0].socket.getsockname()[1]
            task_status.started()

    async def _serve(self, stream: trio.SocketStream) -> None:
        async with stream:
            await self._answer(stream, "", b"220 hello")
            rest, in_letter = b"", False
            while data := await stream.receive_some():
                *lines, rest = (rest + data).split(b"\r\n")
                for line in lines:
                    verb = line[:4].decode().upper()
                    if in_letter and line != b".":
                        continue
                    if in_letter:
                        self.taken, in_letter = self.taken + 1, False
                    in_letter = in_letter or verb == "DATA"
                    await self._answer(stream, verb, b"354 go on" if in_letter else b"250 well")

    async def _answer(self, stream: trio.SocketStream, verb: str, text: bytes) -> None:
        self.heard.append(verb)
        self.now += self.seconds.get(verb, 0)
        await stream.send_all(text + b"\r\n")


@pytest.fixture
async def slow(nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slow]:
    """Its clock is the one by which letters are sent."""
    server = Slow({})
    for module in (smtp, sending):
        monkeypatch.setattr(module, "monotonic", lambda: server.now)
    await nursery.start(server.listen)
    yield server
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize("seconds", [{"": 61.0}, {"": 35.0, "EHLO": 35.0}])
async def test_nothing_is_said_of_a_letter_for_which_it_is_too_late(slow: Slow, seconds: dict[str, float]) -> None:
    slow.seconds = seconds
    assert await send(slow.url, until=slow.now + 60) == NotSent(passing=True, reason="too slow")
    assert slow.heard == ["", "EHLO", "QUIT"] and slow.taken == 0


async def test_a_letter_that_was_begun_in_time_is_brought_to_its_end(slow: Slow) -> None:
    slow.seconds = dict.fromkeys(("", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"), 19.0)
    assert await send(slow.url, until=slow.now + 60) == Sent()
    assert slow.taken == 1 and slow.now > 1000 + 60
    assert BEGIN_WITHIN + ANSWERS * SILENCE + GOODBYE < ATTEMPT < LEASE.total_seconds()


async def test_a_slow_server_gets_a_letter_once(slow: Slow) -> None:
    """Each attempt before was given up, and said nothing of it."""
    finished: list[bool] = []

    async def ask(operation: Operation) -> Outcome:
        if isinstance(operation, FinishMail):
            finished.append(operation.again_at is None)
            return Done()
        letter = Letter(
            id=1, kind="changed", language="en", address="anna@example.org", username="anna",
            attempts=len(finished) + 1, created_at=datetime.now(UTC), device="", network_address=None,
        )  # fmt: skip
        return MailTaken(letter)

    settings = MailSettings(parse_smtp_url(slow.url), "vestnik@example.org", "https://chat.example.org")
    mailer = Mailer(settings, ask, lambda: datetime.now(UTC), lambda: "x" * 43)
    slow.seconds = dict.fromkeys(("", "EHLO", "MAIL", "RCPT", "DATA", "."), 31.0)
    for _ in range(3):
        assert await mailer.send_next()
    assert (finished, slow.taken) == ([False] * 3, 0)
    slow.seconds = {"DATA": 100.0}
    assert await mailer.send_next()
    assert (finished, slow.taken) == ([False] * 3 + [True], 1)
