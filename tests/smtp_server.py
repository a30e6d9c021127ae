"""A real SMTP server on loopback, as a process of its own: what it takes stands as files in a folder.

`python -m tests.smtp_server FOLDER` prints its port. By the name before the @ of a recipient it refuses for good
(`refused`; `spam`: only once it has read the letter), or at the first attempt only (`later`). With a certificate
(`--cert`, `--key`) it wants STARTTLS and a log-in (`post`, `secret`); with `--wrapped` it speaks TLS from the first
byte instead.
"""

import argparse
import asyncio
import contextlib
import email
import email.policy
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from email.message import EmailMessage
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import trio
from attrs import field, frozen

USER, PASSWORD = "post", "secret"


class _Handler:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._seen: Counter[str] = Counter()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        name = address.partition("@")[0]
        self._seen[address] += 1
        if name == "refused":
            return "550 nobody of this name"
        if name == "later" and self._seen[address] == 1:
            return "451 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        return "421 I am busy" if self._seen["rude@example.org"] else "221 Bye"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos[0].startswith("spam@"):
            return "554 nobody wants that"
        number = next(self._numbers)
        draft = self._folder / f".{number}"
        draft.write_bytes(envelope.content)
        draft.rename(self._folder / f"{number:04}.eml")
        return "250 OK"


def main() -> None:
    """Serve until killed."""
    from aiosmtpd.smtp import SMTP, AuthResult

    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--wrapped", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {}
    wrapped: ssl.SSLContext | None = None
    if arguments.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.cert, arguments.key)

        def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
            right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
            return AuthResult(success=right, handled=False)

        options = {"auth_required": True, "authenticator": check}
        if arguments.wrapped:
            wrapped = context
            options["auth_require_tls"] = False  # it is there: aiosmtpd looks for STARTTLS only
        else:
            options |= {"tls_context": context, "require_starttls": True}

    async def serve() -> None:
        make = partial(SMTP, _Handler(arguments.folder), **options)
        server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0, ssl=wrapped)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(serve())


@frozen
class Post:
    """The server, as a test sees it. `read`: how many letters were looked at."""

    folder: Path
    port: int
    _read: list[Path] = field(factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, Any]:
        """Of a server that sends its letters here."""
        return {"smtp_url": self.url, "mail_from": "vestnik@example.org", "public_url": "https://chat.example.org"}

    def letters(self) -> list[EmailMessage]:
        """All that came, in their order."""
        return [_parsed(path) for path in sorted(self.folder.glob("*.eml"))]

    async def next(self) -> EmailMessage:
        """The next one that was not given yet; waits for it."""
        with trio.fail_after(60):
            while True:  # another process writes them
                new = [path for path in sorted(self.folder.glob("*.eml")) if path not in self._read]
                if new:
                    self._read.append(new[0])
                    return _parsed(new[0])
                await trio.sleep(0.02)


def _parsed(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """Its text, or its HTML."""
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def code_of(letter: EmailMessage) -> str:
    """The code in its link."""
    (link,) = [line for line in text_of(letter).splitlines() if line.startswith("https://chat.example.org/")]
    return link.partition("#")[2]


@contextlib.asynccontextmanager
async def smtp_server(folder: Path, *options: str) -> AsyncIterator[Post]:
    """Run one for a while."""
    command = [sys.executable, "-m", "tests.smtp_server", str(folder), *options]
    process = await trio.to_thread.run_sync(
        lambda: subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    )
    try:
        assert process.stdout is not None
        line = await trio.to_thread.run_sync(process.stdout.readline)
        yield Post(folder, int(line))
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


if __name__ == "__main__":
    main()
