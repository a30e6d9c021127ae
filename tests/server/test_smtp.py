"""Letters go to a mail server as it asks for them: STARTTLS, TLS from the first byte, a log-in (docs/settings.md)."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest
import trio

from runtime.mail.smtp import NotSent, Sent, deliver, parse_smtp_url
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


async def send(url: str, to: str = "anna@example.org") -> Sent | NotSent:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "vestnik@example.org", to, "Проверка"
    message.set_content("Здравствуйте, Анна")
    return await trio.to_thread.run_sync(deliver, parse_smtp_url(url), message)


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
