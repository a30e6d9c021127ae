"""What browsers and clients say of themselves, and what their log-ins are called, written by hand."""

from typing import Any, Final

_WEBKIT: Final = "AppleWebKit/537.36 (KHTML, like Gecko)"
LABELS: Final = [
    ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Web, Firefox, Linux"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Web, Firefox, Windows"),
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Web, Chrome, Windows"),
    (f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} HeadlessChrome/140.0.0.0 Safari/537.36", "Web, Chrome, Linux"),
    (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Web, Chrome, ChromeOS"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36", "Web, Chrome, Android"),
    (f"Mozilla/5.0 (Windows NT 10.0) {_WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Web, Edge, Windows"),
    (f"Mozilla/5.0 (Windows NT 10.0) {_WEBKIT} Chrome/140.0 Safari/537.36 OPR/120.0", "Web, Opera, Windows"),
    (f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Chrome/140.0 Safari/537.36 Vivaldi/7.5", "Web, Vivaldi, Linux"),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Chrome/140 YaBrowser/25.8 Safari/537.36",
        "Web, Yandex Browser, Linux",
    ),
    (
        f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
        "Web, Samsung Internet, Android",
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.5 Safari/605.1.15",
        "Web, Safari, macOS",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.5 Mobile/15E148 Safari/604.1",
        "Web, Safari, iOS",
    ),
    ("Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko", "Web, Windows"),
    ("Mozilla/5.0", "Web"),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} vestnik-desktop/0.1.0 Chrome/108.0.5359.215 Electron/22.3.25 "
        "Safari/537.36",
        "Vestnik, Linux",
    ),
    ("vestnik-desktop/0.1.0 (Windows NT 10.0)", "Vestnik, Windows"),
    (f"Mozilla/5.0 (FreeBSD) {_WEBKIT} Chrome/108.0 Electron/22.3.25 Safari/537.36", "Vestnik"),
    ("Python, Linux", "Python, Linux"),
    ("curl/8.5.0", "curl/8.5.0"),
    ("", "unknown"),
    (" \x85 ", "unknown"),
    ("A" * 100, "A" * 64),
    ("Mozilla/5.0 (" + "vestnik" * 80 + ") Firefox/1", "Web"),
    ("<b>Web, Firefox, Windows</b>", "<b>Web, Firefox, Windows</b>"),
]


def labels() -> list[dict[str, Any]]:
    """Each User-Agent with its label."""
    return [{"agent": agent, "label": label} for agent, label in LABELS]
