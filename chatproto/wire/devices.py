"""What a log-in is called: the program and the system that a User-Agent names.

A label is "Web, Firefox, Windows" of a browser, "Vestnik, Linux" of the app and "Python, Linux" of the Python client,
as these clients call themselves in `hello`; of anything else what it said of itself, cut. The desktop client names
browsers by the same tables (`words/device.js`); tests/vectors/agent/labels.json holds both to them.
"""

import re
from typing import Final

from attrs import frozen

LABEL_LENGTH: Final = 64
"""Characters of a label."""
LOOKED_AT: Final = 512
"""Characters of a User-Agent that are looked at."""
UNKNOWN: Final = "unknown"
"""The label of what says nothing of itself."""
APP: Final = "Vestnik"
WEB: Final = "Web"
PYTHON: Final = "Python"

_SYSTEMS: Final = (
    (re.compile("Android"), "Android"),
    (re.compile("iPhone|iPad"), "iOS"),
    (re.compile("Windows"), "Windows"),
    (re.compile("Mac OS X|Macintosh"), "macOS"),
    (re.compile("CrOS"), "ChromeOS"),
    (re.compile("Linux|X11"), "Linux"),
)
_BROWSERS: Final = (
    (re.compile("YaBrowser/"), "Yandex Browser"),
    (re.compile("Edg(?:e|A|iOS)?/"), "Edge"),
    (re.compile("OPR/|Opera"), "Opera"),
    (re.compile("Vivaldi/"), "Vivaldi"),
    (re.compile("Firefox/|FxiOS/"), "Firefox"),
    (re.compile("SamsungBrowser/"), "Samsung Internet"),
    (re.compile("HeadlessChrome/|Chrome/|CriOS/"), "Chrome"),
    (re.compile(r"Version/[\d.]{1,20} .{0,40}Safari/"), "Safari"),
)
"""The first that fits: most name others too, to be taken for them."""
_APP_AGENT: Final = re.compile(r"vestnik[\w-]{0,20}/|Electron/", re.IGNORECASE)
_SYSTEM_NAMES: Final = tuple(name for _, name in _SYSTEMS)
_BROWSER_NAMES: Final = frozenset(name for _, name in _BROWSERS)


@frozen
class Device:
    """What is certain of a log-in: names of our own tables, none that a stranger chose. `program`: APP, PYTHON, WEB (a
    browser that is not known) or the name of a browser; None where it is none of these. `system`: None where not known.
    """

    program: str | None
    system: str | None


def label_of(user_agent: str) -> str:
    """How a log-in is called, at most LABEL_LENGTH printable characters, never empty."""
    agent = _printable(user_agent[:LOOKED_AT]).strip()
    system = next((name for pattern, name in _SYSTEMS if pattern.search(agent)), None)
    if _APP_AGENT.search(agent):
        return _joined(APP, system)
    if not agent.startswith("Mozilla/"):
        return agent[:LABEL_LENGTH] or UNKNOWN
    return _joined(WEB, next((name for pattern, name in _BROWSERS if pattern.search(agent)), None), system)


def _joined(*names: str | None) -> str:
    return ", ".join(name for name in names if name is not None)


def device_of(label: str) -> Device:
    """What a label says that is certain. Versions of a system are left out: not every client knows them."""
    program, *rest = label.split(", ")
    system = next((name for name in _SYSTEM_NAMES if rest and rest[-1].startswith(name)), None)
    if program == WEB:
        return Device(rest[0] if rest and rest[0] in _BROWSER_NAMES else WEB, system)
    return Device(program if program in (APP, PYTHON) else None, system)


def clean_label(label: str | None) -> str:
    """What a client says of its device, without characters that cannot be seen; UNKNOWN where nothing is left."""
    return _printable(label or "") or UNKNOWN


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
