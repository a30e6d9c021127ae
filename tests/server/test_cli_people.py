"""Every command for accounts and invitations, as the operator gives it, on a real SQLite file."""

import json
import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trio

from chatproto.operations import CreateSession, UpdateUser
from chatproto.tokens import SESSION_KEY_BYTES
from runtime import cli
from runtime.config import load_settings
from runtime.opened_storage import storage_of_command
from tests.server.house import PASSWORD


class Operator:
    """Gives commands in one folder, each by `main` as a process would."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        monkeypatch.chdir(folder)
        monkeypatch.setenv("VESTNIK_DATA_DIR", str(folder / "var"))

    def __call__(self, command: str, said: str = "") -> list[str]:
        """The lines that it printed; it has to succeed."""
        code, out, err = self.tried(command, said)
        assert code == 0, err
        return out.splitlines()

    def tried(self, command: str, said: str = "") -> tuple[int, str, str]:
        """Exit code, and what was said on both streams."""
        self._monkeypatch.setattr("runtime.commands.cli_people._password", lambda: said)
        self._capsys.readouterr()
        code = cli.main(command.split())
        told = self._capsys.readouterr()
        return code, told.out, told.err


@pytest.fixture
def vestnik(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    operator = Operator(tmp_path, monkeypatch, capsys)
    operator("migrate")
    operator("user create ann --email ann@example.org", PASSWORD)
    operator("user create bob", PASSWORD)
    return operator


def actions(vestnik: Operator) -> list[tuple[str, str, str]]:
    """Who did what to whom, the newest first."""
    return [(line[1], line[2], line[3]) for line in (one.split("\t") for one in vestnik("audit"))]


def test_admins_come_and_go_and_the_last_one_stays(vestnik: Operator) -> None:
    vestnik("user promote ann")
    assert [line.split("\t")[4] for line in vestnik("user list")] == ["admin", "member"]
    code, _, err = vestnik.tried("user demote ann")
    assert code == 1 and err.startswith("vestnik: ann: ") and "Traceback" not in err
    vestnik("user promote bob")
    vestnik("user demote ann")
    assert [line.split("\t")[4] for line in vestnik("user list")] == ["member", "admin"]
    assert [(who, whom) for who, _, whom in actions(vestnik)][:3] == [
        ("(operator)", "ann"), ("(operator)", "bob"), ("(operator)", "ann"),
    ]  # fmt: skip


def test_the_list_tells_what_an_operator_asks(vestnik: Operator) -> None:
    vestnik("user disable bob")
    ann, bob = (line.split("\t") for line in vestnik("user list"))
    assert ann[:3] == ["1", "ann", "ann"] and re.fullmatch(r"\d{4}-\d\d-\d\d", ann[3])
    assert ann[4:] == ["member", "-", "ann@example.org (not confirmed)", "-"]
    assert bob[4:] == ["member", "disabled", "-", "-"]
    told = [json.loads(line) for line in vestnik("user list --json")]
    assert [one["username"] for one in told] == ["ann", "bob"]
    assert told[0]["email"] == "ann@example.org" and told[0]["disabled_at"] is None and told[1]["disabled_at"]
    vestnik("user enable bob")
    assert vestnik("user list")[1].split("\t")[5] == "-"


def test_nobody_writes_lines_of_their_own_into_the_list(vestnik: Operator) -> None:
    async def rename() -> None:
        async with storage_of_command(load_settings(os.environ)) as storage:
            name = "Eve\n1\troot\x9bRoot\r"
            await storage.perform(UpdateUser(2, name, None, None, None, frozenset(), datetime.now(UTC)))

    trio.run(rename)
    assert [line.split("\t")[1:3] for line in vestnik("user list")] == [["ann", "ann"], ["bob", "Eve 1 root Root "]]


def test_more_accounts_than_a_page_are_listed(vestnik: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.commands.account_commands.PAGE", 1)
    assert [line.split("\t")[1] for line in vestnik("user list")] == ["ann", "bob"]


def test_a_deleted_account_is_gone_from_the_list(vestnik: Operator) -> None:
    assert vestnik("user delete bob") == ["bob: deleted"]
    assert [line.split("\t")[1] for line in vestnik("user list")] == ["ann"]
    code, _, err = vestnik.tried("user delete bob")
    assert (code, err) == (1, "vestnik: bob: no such account\n")


async def log_in(user_id: int, device: str) -> None:
    """As the server would do it."""
    async with storage_of_command(load_settings(os.environ)) as storage:
        token, key = secrets.token_bytes(32), secrets.token_bytes(SESSION_KEY_BYTES)
        await storage.perform(CreateSession(user_id, device, token, key, datetime.now(UTC), "192.0.2.1", None))


def test_sessions_are_told_and_ended(vestnik: Operator) -> None:
    assert vestnik("user sessions ann") == []
    for device in ("Vestnik, Linux", "Web, Firefox, Windows"):
        trio.run(log_in, 1, device)
    first, second = (line.split("\t") for line in vestnik("user sessions ann"))
    assert (first[0], first[3:]) == ("1", ["192.0.2.1", "Vestnik, Linux"]) and second[4] == "Web, Firefox, Windows"
    assert vestnik("user sign-out ann --session 1") == ["ann: sessions ended: 1"]
    assert [line.split("\t")[0] for line in vestnik("user sessions ann")] == ["2"]
    assert vestnik("user sign-out ann") == ["ann: sessions ended: 1"]
    assert vestnik("user sessions ann") == []
    assert vestnik("user sign-out ann") == ["ann: sessions ended: 0"]
    code, _, err = vestnik.tried("user sign-out ann --session 7")
    assert (code, err) == (1, "vestnik: ann: no such session\n")
    code, _, err = vestnik.tried("user sessions nobody")
    assert (code, err) == (1, "vestnik: nobody: no such account\n")


def test_invitations_are_made_listed_and_revoked(vestnik: Operator) -> None:
    [link] = vestnik("invite create --uses 3 --days 2")
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/join#[\w-]{22}", link)
    [line] = vestnik("invite list")
    assert line.split("\t")[:2] == ["1", "0 of 3"] and line.endswith("\t-")
    assert vestnik("invite revoke 1") == ["1: revoked"]
    assert vestnik("invite list")[0].endswith("\trevoked")
    code, _, err = vestnik.tried("invite revoke 99")
    assert (code, err) == (1, "vestnik: 99: no such invitation\n")
    assert vestnik.tried("invite create --uses 0")[0] == 2


def test_what_was_done_by_commands_is_told_by_the_audit(vestnik: Operator) -> None:
    """O28: each act of the operator leaves a line, the newest first, under no name."""
    vestnik("user disable bob")
    vestnik("user enable bob")
    vestnik("invite create")
    vestnik("user reset-password bob", "another fine one")
    vestnik("user reset-link bob")
    vestnik("user delete bob")
    told = actions(vestnik)
    assert len(told) == 8 and {who for who, _, _ in told} == {"(operator)"}
    assert len(vestnik("audit --limit 3")) == 3
