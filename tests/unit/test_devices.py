"""What log-ins are called, and what of it is certain."""

import json

import pytest

from chatproto.wire.devices import LABEL_LENGTH, LOOKED_AT, Device, device_of, label_of
from tests.vectors.agents import LABELS
from tests.vectors.generate import FOLDER


@pytest.mark.parametrize(("agent", "label"), LABELS)
def test_a_user_agent_has_its_label(agent: str, label: str) -> None:
    assert label_of(agent) == label


def test_the_desktop_client_is_held_to_the_same() -> None:
    kept = json.loads((FOLDER / "agent" / "labels.json").read_text(encoding="utf-8"))
    assert [(one["agent"], one["label"]) for one in kept] == LABELS


@pytest.mark.parametrize(
    ("label", "device"),
    [
        ("Web, Firefox, Windows", Device("Firefox", "Windows")),
        ("Web, Yandex Browser, Linux", Device("Yandex Browser", "Linux")),
        ("Web, Windows", Device("Web", "Windows")),
        ("Web, Firefox", Device("Firefox", None)),
        ("Web", Device("Web", None)),
        ("Vestnik, Windows 11", Device("Vestnik", "Windows")),
        ("Vestnik, freebsd", Device("Vestnik", None)),
        ("Vestnik", Device("Vestnik", None)),
        ("Python, Linux", Device("Python", "Linux")),
        ("Your account is closed, see http://evil.example, Linux", Device(None, "Linux")),
        ("Web, call 555-01-02, Windows", Device("Web", "Windows")),
        ("curl/8.5.0", Device(None, None)),
        ("unknown", Device(None, None)),
        ("", Device(None, None)),
    ],
)
def test_of_a_label_only_names_of_our_own_are_certain(label: str, device: Device) -> None:
    assert device_of(label) == device


def test_a_hostile_agent_costs_little() -> None:
    """Only its beginning is looked at, and no pattern goes back over it more than a few times."""
    for piece in ("vestnik", "Version/1 ", "Mozilla/5.0 Version/", "Edg", "\u202e", "\x00", "😀", "\ud800"):
        label = label_of("Mozilla/5.0 " + piece * 100_000)
        assert label == "Web", piece
        assert 1 <= len(label_of(piece * 100_000)) <= LABEL_LENGTH
    assert label_of("x" * LOOKED_AT + " Electron/1") == "x" * LABEL_LENGTH
