"""The commands for accounts, invitations and letters: what they take and print; account_commands does it."""

import argparse
import getpass
import sys
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import trio

from chatproto.operations.administration import Account
from runtime.commands import account_commands
from runtime.commands.ending import end_on_sigterm
from runtime.config import Settings
from runtime.http.invites import LONGEST, MAX_USES

LONGEST_DAYS = LONGEST // 86_400
ACCOUNT_CHANGES: dict[str, tuple[str, dict[str, object]]] = {
    "promote": ("make them an admin of the server", {"role": "admin"}),
    "demote": ("an admin of the server no more", {"role": "member"}),
    "disable": ("end all their sessions and let them in no more", {"disabled": True}),
    "enable": ("let them in again", {"disabled": False}),
}


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """`commands`: the subparsers of `vestnik`; `common`: the options that each has."""
    user = commands.add_parser("user", help="accounts").add_subparsers(required=True, metavar="ACTION")
    created = user.add_parser("create", parents=[common], help="make an account; asks for the password")
    created.add_argument("username")
    created.add_argument("--email")
    created.add_argument("--display-name")
    created.set_defaults(run=_user_create)
    listed = user.add_parser("list", parents=[common], help="all accounts, one a line, with role and state")
    listed.add_argument("--json", action="store_true", help="one JSON object a line")
    listed.set_defaults(run=_user_list)
    reset = user.add_parser("reset-password", parents=[common], help="set a new password and end all sessions")
    reset.add_argument("username")
    reset.set_defaults(run=_user_reset)
    link = user.add_parser("reset-link", parents=[common], help="a link to set a new password with, for an hour, once")
    link.add_argument("username")
    link.set_defaults(run=_user_reset_link)

    signed_out = user.add_parser("sign-out", parents=[common], help="end all their sessions")
    signed_out.add_argument("username")
    signed_out.add_argument("--session", type=int, metavar="ID", help="this one alone")
    signed_out.set_defaults(run=_user_sign_out)

    seen = user.add_parser("sessions", parents=[common], help="id, log-in, last use, address and device of each")
    seen.add_argument("username")
    seen.set_defaults(run=_user_sessions)

    deleted = user.add_parser("delete", parents=[common], help="erase an account for good; its messages stay")
    deleted.add_argument("username")
    deleted.set_defaults(run=_user_delete)

    exported = user.add_parser("export", parents=[common], help="what the server has of them, as a ZIP for them")
    exported.add_argument("username")
    exported.add_argument("--to", required=True, type=Path, metavar="FILE", help="a file that is not there yet")
    exported.set_defaults(run=_user_export)

    for action, (help_text, change) in ACCOUNT_CHANGES.items():
        changed = user.add_parser(action, parents=[common], help=help_text)
        changed.add_argument("username")
        changed.set_defaults(run=_user_change, change=change)

    invite = commands.add_parser("invite", help="invitations").add_subparsers(required=True, metavar="ACTION")
    invited = invite.add_parser("create", parents=[common], help="a link by which people register")
    invited.add_argument("--uses", type=int, default=1, help="how many people may come by it; by default 1")
    invited.add_argument("--days", type=int, default=7, help="how long it counts; by default 7")
    invited.set_defaults(run=_invite_create)
    invites = invite.add_parser("list", parents=[common], help="id, used of uses, end, state")
    invites.set_defaults(run=_invite_list)
    revoked = invite.add_parser("revoke", parents=[common], help="nobody comes by it any more")
    revoked.add_argument("id", type=int)
    revoked.set_defaults(run=_invite_revoke)

    audit = commands.add_parser("audit", parents=[common], help="what administrators did, the newest first")
    audit.add_argument("--limit", type=int, default=50, help="how many lines; by default 50")
    audit.set_defaults(run=_audit)

    mail = commands.add_parser("mail", help="letters to people").add_subparsers(required=True, metavar="ACTION")
    tested = mail.add_parser("test", parents=[common], help="send one now, and say what the server answered")
    tested.add_argument("address")
    tested.set_defaults(run=_mail_test)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise account_commands.AccountError("the passwords differ")
    return password


def _user_create(arguments: argparse.Namespace, settings: Settings) -> int:
    password = _password()
    user_id = trio.run(
        account_commands.create, settings, arguments.username, arguments.email, arguments.display_name, password
    )
    print(f"created {arguments.username} (id {user_id})")
    return 0


def _user_list(arguments: argparse.Namespace, settings: Settings) -> int:
    for account in trio.run(account_commands.list_all, settings):
        print(_json(account) if arguments.json else _line(account))
    return 0


def _json(account: Account) -> str:
    return msgspec.json.encode(account).decode()


def _line(account: Account) -> str:
    state = "-" if account.disabled_at is None else "disabled"
    email = account.email or "-"
    if account.email is not None and not account.email_verified:
        email += " (not confirmed)"
    seen = "-" if account.last_seen_at is None else f"{account.last_seen_at:%Y-%m-%d %H:%M}"
    made = f"{account.created_at:%Y-%m-%d}"
    shown = "".join(one if one.isprintable() else " " for one in account.display_name)  # a line and a column each
    columns = (account.id, account.username, shown, made, account.role, state, email, seen)
    return "\t".join(map(str, columns))


def _user_reset(arguments: argparse.Namespace, settings: Settings) -> int:
    ended = trio.run(account_commands.reset_password, settings, arguments.username, _password())
    print(f"the password of {arguments.username} is set; sessions ended: {ended}")
    return 0


def _user_reset_link(arguments: argparse.Namespace, settings: Settings) -> int:
    print(trio.run(account_commands.reset_link, settings, arguments.username))
    if not settings.public_url:
        print("set VESTNIK_PUBLIC_URL where people find the server elsewhere", file=sys.stderr)
    return 0


def _user_change(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(partial(account_commands.set_account, settings, arguments.username, **arguments.change))
    print(f"{arguments.username}: done")
    return 0


def _user_delete(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(account_commands.delete, settings, arguments.username)
    print(f"{arguments.username}: deleted")
    return 0


def _user_export(arguments: argparse.Namespace, settings: Settings) -> int:
    end_on_sigterm()
    missing = trio.run(account_commands.export, settings, arguments.username, arguments.to)
    for file_id in missing:
        print(f"the bytes of file {file_id} are missing", file=sys.stderr)
    print(f"{arguments.username}: written to {arguments.to}")
    return 1 if missing else 0


def _user_sign_out(arguments: argparse.Namespace, settings: Settings) -> int:
    ended = trio.run(account_commands.end_sessions, settings, arguments.username, arguments.session)
    print(f"{arguments.username}: sessions ended: {ended}")
    return 0


def _user_sessions(arguments: argparse.Namespace, settings: Settings) -> int:
    for one in trio.run(account_commands.list_sessions, settings, arguments.username):
        times = f"{one.created_at:%Y-%m-%d %H:%M}\t{one.last_used_at:%Y-%m-%d %H:%M}"
        device = "".join(character for character in one.device if character.isprintable())
        print(f"{one.id}\t{times}\t{one.address or '-'}\t{device}")
    return 0


def _audit(arguments: argparse.Namespace, settings: Settings) -> int:
    for line in trio.run(account_commands.list_audit, settings, arguments.limit):
        actor = "(operator)" if line.actor is None else line.actor.username
        subject = "-" if line.subject is None else line.subject.username
        what = line.action if line.invite_id is None else f"{line.action} {line.invite_id}"
        print(f"{line.at:%Y-%m-%d %H:%M:%S}\t{actor}\t{what}\t{subject}\t{line.address or '-'}")
    return 0


def _invite_create(arguments: argparse.Namespace, settings: Settings) -> int:
    if not (1 <= arguments.uses <= MAX_USES and 1 <= arguments.days <= LONGEST_DAYS):
        print(f"vestnik: uses are 1 to {MAX_USES}, days 1 to {LONGEST_DAYS}", file=sys.stderr)
        return 2
    print(trio.run(account_commands.create_invite, settings, arguments.uses, arguments.days))
    return 0


def _invite_list(arguments: argparse.Namespace, settings: Settings) -> int:
    for one in trio.run(account_commands.list_invites, settings):
        state = "revoked" if one.revoked else "-"
        print(f"{one.id}\t{one.used} of {one.uses}\t{one.expires_at:%Y-%m-%d %H:%M}\t{state}")
    return 0


def _invite_revoke(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(account_commands.revoke_invite, settings, arguments.id)
    print(f"{arguments.id}: revoked")
    return 0


def _mail_test(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(account_commands.send_test, settings, arguments.address)
    print(f"the server for letters has taken one for {arguments.address}")
    return 0
