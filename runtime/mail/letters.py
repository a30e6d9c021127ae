"""What letters say, in Russian and English, as text and as HTML with the same words."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Final, Literal

from attrs import frozen

from chatproto.operations.recovery import Language, Letter, MailKind
from chatproto.wire.devices import APP, WEB, device_of


@frozen
class Words:
    """`lines` come before the button, `after` behind it. `{username}` is the account, `{server}` the server's address;
    `{device}`, `{moment}` and `{address}` are of a log-in. `button` is empty where there is nothing to open.

    The name that people choose for themselves stands nowhere: whoever registers with the address of somebody else
    must not be able to tell them anything. Nor does what a program says of itself, but for names that we know."""

    subject: str
    lines: tuple[str, ...]
    button: str
    after: tuple[str, ...]


Kind = MailKind | Literal["test"]

_GREETING: Final[dict[Language, str]] = {"ru": "Здравствуйте!", "en": "Hello,"}
_FOOT: Final[dict[Language, str]] = {
    "ru": "Это письмо отправил сервер Vestnik {server}. Отвечать на него не нужно.",
    "en": "This letter was sent by the Vestnik server {server}. There is no need to answer it.",
}
_WORDS: Final[dict[tuple[Kind, Language], Words]] = {
    ("reset", "ru"): Words(
        "Новый пароль для Vestnik",
        ("Кто-то, скорее всего вы, попросил новый пароль для учётной записи @{username}.",),
        "Задать новый пароль",
        (
            "Ссылка действует один час и только один раз. После смены пароля все устройства выйдут из учётной записи.",
            "Если вы об этом не просили, ничего делать не нужно: пароль останется прежним.",
        ),
    ),
    ("reset", "en"): Words(
        "A new password for Vestnik",
        ("Somebody, most likely you, asked for a new password for the account @{username}.",),
        "Set a new password",
        (
            "The link works for one hour and only once. With the new password all devices are signed out.",
            "If you did not ask for this, there is nothing to do: your password stays as it is.",
        ),
    ),
    ("verify", "ru"): Words(
        "Подтвердите адрес для Vestnik",
        ("Этот адрес указан в учётной записи @{username}. Подтвердите, что он ваш.",),
        "Подтвердить адрес",
        (
            "По подтверждённому адресу можно вернуть доступ, если забудется пароль. Ссылка действует три дня.",
            "Если учётная запись не ваша, просто удалите это письмо.",
        ),
    ),
    ("verify", "en"): Words(
        "Confirm your address for Vestnik",
        ("This address was entered for the account @{username}. Confirm that it is yours.",),
        "Confirm the address",
        (
            "With a confirmed address you can get back in if you forget your password. The link works for three days.",
            "If the account is not yours, simply delete this letter.",
        ),
    ),
    ("changed", "ru"): Words(
        "Адрес в Vestnik изменён",
        (
            "В учётной записи @{username} указан другой адрес, или он удалён. Сюда письма больше не придут.",
            "Если это сделали не вы, сразу обратитесь к администратору сервера.",
        ),
        "",
        (),
    ),
    ("changed", "en"): Words(
        "Your address in Vestnik was changed",
        (
            "The account @{username} has another address now, or none. No more letters will come here.",
            "If this was not you, turn to the administrator of the server at once.",
        ),
        "",
        (),
    ),
    ("login", "ru"): Words(
        "Новый вход в Vestnik",
        (
            "В учётную запись @{username} вошли с устройства, с которого раньше не входили.",
            "Программа: {device}",
            "Время: {moment}",
            "Адрес в сети: {address}",
            "Если это были вы, ничего делать не нужно.",
            "Если не вы, сразу смените пароль в настройках: все остальные сеансы при этом завершатся. "
            "Если войти не получается, обратитесь к администратору сервера.",
            "Такие письма отключаются в настройках, в разделе «Сеансы».",
        ),
        "",
        (),
    ),
    ("login", "en"): Words(
        "A new sign-in to Vestnik",
        (
            "Somebody signed in to the account @{username} on a device that was not used for it before.",
            "Program: {device}",
            "Time: {moment}",
            "Network address: {address}",
            "If this was you, there is nothing to do.",
            "If it was not, change your password in the settings at once: all other sessions end with that. "
            "If you cannot sign in, turn to the administrator of the server.",
            "Such letters can be switched off in the settings, under Sessions.",
        ),
        "",
        (),
    ),
    ("test", "ru"): Words("Проверка почты Vestnik", ("Почта этого сервера работает.",), "", ()),
    ("test", "en"): Words("Vestnik can send mail", ("The mail of this server works.",), "", ()),
}
_PROGRAMS: Final[dict[tuple[str | None, Language], str]] = {
    (APP, "ru"): "Вестник",
    (WEB, "ru"): "браузер",
    (WEB, "en"): "a browser",
    (None, "ru"): "неизвестная программа",
    (None, "en"): "an unknown program",
}
"""Those that are called otherwise than by their name."""
_NOWHERE: Final[dict[Language, str]] = {"ru": "неизвестен", "en": "unknown"}
_MOMENT: Final[dict[Language, str]] = {"ru": "%d.%m.%Y, %H:%M UTC", "en": "%Y-%m-%d, %H:%M UTC"}
_PLACES: Final[dict[MailKind, str]] = {"reset": "reset", "verify": "confirm"}

_HTML: Final = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>{subject}</title></head>
<body style="margin:0;padding:24px 12px;background:#f2f4f7;font:16px/1.5 -apple-system,'Segoe UI',Roboto,Arial,sans-serif;color:#1c2430">
<div role="main" style="max-width:480px;margin:0 auto;padding:28px 28px 20px;background:#ffffff;border:1px solid #dfe4ea;border-radius:12px;overflow-wrap:anywhere;word-break:break-word">
<p style="margin:0 0 20px;font-size:14px;font-weight:600;color:#3156c4">Vestnik</p>
<h1 style="margin:0 0 16px;font-size:20px;line-height:1.3">{subject}</h1>
{body}
<p style="margin:24px 0 0;padding-top:16px;border-top:1px solid #dfe4ea;font-size:13px;color:#5b6675">{foot}</p>
</div></body></html>
"""  # noqa: E501  # mail programs know no style sheets
_LINE: Final = '<p style="margin:0 0 14px">{line}</p>'
_BUTTON: Final = """<p style="margin:22px 0 10px"><a href="{link}" style="display:inline-block;padding:11px 20px;\
background:#3156c4;color:#ffffff;text-decoration:none;border-radius:8px;font-weight:600">{button}</a></p>
<p style="margin:0 0 18px;font-size:13px;color:#5b6675;word-break:break-all">{link}</p>"""


def link_of(public_url: str, place: str, code: str) -> str:
    """Where a code leads; what is behind the # no server is told."""
    return f"{public_url}/{place}#{code}"


@frozen
class Envelope:
    """`sender`: the address a letter comes from; `message_id`: a name that no other has; `public_url`: the server's."""

    sender: str
    message_id: str
    public_url: str
    now: datetime


def write(letter: Letter, code: str, envelope: Envelope) -> EmailMessage:
    """The letter that was ordered."""
    link = link_of(envelope.public_url, _PLACES[letter.kind], code) if letter.kind in _PLACES else ""
    news = _news(letter) if letter.kind == "login" else {}
    return _written(letter.kind, letter.language, letter.address, letter.username, link, envelope, news)


def _news(letter: Letter) -> dict[str, str]:
    """What there is to tell of a log-in; the time in UTC, as the server does not know where they are."""
    device, language = device_of(letter.device), letter.language
    program = _PROGRAMS.get((device.program, language), device.program or "")
    return {
        "device": " · ".join(filter(None, (program, device.system))),
        "moment": letter.created_at.astimezone(UTC).strftime(_MOMENT[language]),
        "address": letter.network_address or _NOWHERE[language],
    }


def write_test(address: str, language: Language, envelope: Envelope) -> EmailMessage:
    """One that says nothing but that it came."""
    return _written("test", language, address, "", "", envelope, {})


def _written(
    kind: Kind,
    language: Language,
    address: str,
    username: str,
    link: str,
    envelope: Envelope,
    news: dict[str, str],
) -> EmailMessage:
    words = _WORDS[kind, language]
    given = {"username": username, "server": envelope.public_url, **news}
    before = [_GREETING[language], *(line.format(**given) for line in words.lines)]
    after = [line.format(**given) for line in words.after]
    foot = _FOOT[language].format(**given)
    message = EmailMessage()
    message["From"] = Address("Vestnik", addr_spec=envelope.sender)
    message["To"] = Address(addr_spec=address)
    message["Subject"] = words.subject
    message["Date"] = format_datetime(envelope.now)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    middle = [f"{words.button}:\n{link}"] if link else []
    message.set_content("\n\n".join([*before, *middle, *after, f"-- \n{foot}"]) + "\n", cte="quoted-printable")
    message.add_alternative(_html(language, words, before, after, foot, link), "html", cte="quoted-printable")
    return message


def _html(language: Language, words: Words, before: list[str], after: list[str], foot: str, link: str) -> str:
    button = _BUTTON.format(link=escape(link), button=escape(words.button)) if link else ""
    parts = [*map(_line, before), button, *map(_line, after)]
    return _HTML.format(
        language=language, subject=escape(words.subject), body="\n".join(filter(None, parts)), foot=escape(foot)
    )


def _line(text: str) -> str:
    return _LINE.format(line=escape(text))
