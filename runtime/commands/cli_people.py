"""The commands for accounts, invitations and letters: what they take and print; account_commands does it."""

import argparse
import getpass
import sys
from functools import partial

import msgspec
import trio

from chatproto.operations.administration import Account
from runtime.bounds import LONGEST_INVITE, MAX_USES
from runtime.commands import account_commands
from runtime.commands.ending import end_on_sigterm
from runtime.config import Settings

LONGEST_DAYS = LONGEST_INVITE // 86_400


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise account_commands.AccountError("the passwords differ")
    return password


def user_create(arguments: argparse.Namespace, settings: Settings) -> int:
    password = _password()
    user_id = trio.run(
        account_commands.create, settings, arguments.username, arguments.email, arguments.display_name, password
    )
    print(f"created {arguments.username} (id {user_id})")
    return 0


def user_list(arguments: argparse.Namespace, settings: Settings) -> int:
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


def user_reset(arguments: argparse.Namespace, settings: Settings) -> int:
    ended = trio.run(account_commands.reset_password, settings, arguments.username, _password())
    print(f"the password of {arguments.username} is set; sessions ended: {ended}")
    return 0


def user_reset_link(arguments: argparse.Namespace, settings: Settings) -> int:
    print(trio.run(account_commands.reset_link, settings, arguments.username))
    if not settings.public_url:
        print("set VESTNIK_PUBLIC_URL where people find the server elsewhere", file=sys.stderr)
    return 0


def user_change(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(partial(account_commands.set_account, settings, arguments.username, **arguments.change))
    print(f"{arguments.username}: done")
    return 0


def user_delete(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(account_commands.delete, settings, arguments.username)
    print(f"{arguments.username}: deleted")
    return 0


def user_export(arguments: argparse.Namespace, settings: Settings) -> int:
    end_on_sigterm()
    missing = trio.run(account_commands.export, settings, arguments.username, arguments.to)
    for file_id in missing:
        print(f"the bytes of file {file_id} are missing", file=sys.stderr)
    print(f"{arguments.username}: written to {arguments.to}")
    return 1 if missing else 0


def user_sign_out(arguments: argparse.Namespace, settings: Settings) -> int:
    ended = trio.run(account_commands.end_sessions, settings, arguments.username, arguments.session)
    print(f"{arguments.username}: sessions ended: {ended}")
    return 0


def user_sessions(arguments: argparse.Namespace, settings: Settings) -> int:
    for one in trio.run(account_commands.list_sessions, settings, arguments.username):
        times = f"{one.created_at:%Y-%m-%d %H:%M}\t{one.last_used_at:%Y-%m-%d %H:%M}"
        device = "".join(character for character in one.device if character.isprintable())
        print(f"{one.id}\t{times}\t{one.address or '-'}\t{device}")
    return 0


def audit(arguments: argparse.Namespace, settings: Settings) -> int:
    for line in trio.run(account_commands.list_audit, settings, arguments.limit):
        actor = "(operator)" if line.actor is None else line.actor.username
        subject = "-" if line.subject is None else line.subject.username
        what = line.action if line.invite_id is None else f"{line.action} {line.invite_id}"
        print(f"{line.at:%Y-%m-%d %H:%M:%S}\t{actor}\t{what}\t{subject}\t{line.address or '-'}")
    return 0


def invite_create(arguments: argparse.Namespace, settings: Settings) -> int:
    if not (1 <= arguments.uses <= MAX_USES and 1 <= arguments.days <= LONGEST_DAYS):
        print(f"vestnik: uses are 1 to {MAX_USES}, days 1 to {LONGEST_DAYS}", file=sys.stderr)
        return 2
    print(trio.run(account_commands.create_invite, settings, arguments.uses, arguments.days))
    return 0


def invite_list(arguments: argparse.Namespace, settings: Settings) -> int:
    for one in trio.run(account_commands.list_invites, settings):
        state = "revoked" if one.revoked else "-"
        print(f"{one.id}\t{one.used} of {one.uses}\t{one.expires_at:%Y-%m-%d %H:%M}\t{state}")
    return 0


def invite_revoke(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(account_commands.revoke_invite, settings, arguments.id)
    print(f"{arguments.id}: revoked")
    return 0


def mail_test(arguments: argparse.Namespace, settings: Settings) -> int:
    trio.run(account_commands.send_test, settings, arguments.address)
    print(f"the server for letters has taken one for {arguments.address}")
    return 0
