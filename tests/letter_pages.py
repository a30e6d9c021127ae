"""Each letter in each language as the page that a mail program shows: `python -m tests.letter_pages FOLDER`."""

import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import get_args

from chatproto.operations.recovery import Language, Letter, MailKind
from chatproto.wire.devices import label_of
from runtime.mail.letters import Envelope, write, write_test

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
TO = "anna@example.org"
ENVELOPE = Envelope("vestnik@example.org", "<1@example.org>", "https://chat.example.org", NOW)
DEVICE = label_of("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
LONGEST_NAME = "w" * 32


def main(folder: Path) -> None:
    """Writes KIND-LANGUAGE.html, with the longest username and a link as long as they are."""
    for language in get_args(Language):
        for kind in get_args(MailKind):
            letter = Letter(1, kind, language, TO, LONGEST_NAME, 1, NOW, device=DEVICE, network_address="203.0.113.7")
            _save(folder / f"{kind}-{language}.html", write(letter, "A" * 22, ENVELOPE))
        _save(folder / f"test-{language}.html", write_test(TO, language, ENVELOPE))


def _save(file: Path, message: EmailMessage) -> None:
    body = message.get_body(("html",))
    assert body is not None
    file.write_text(body.get_content(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
