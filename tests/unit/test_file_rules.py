"""Names, types, ranges and links of files: what a stranger can say, and what is made of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatproto.operations.files import kind_of, preview_url_of, url_of
from chatproto.wire.text import MOST_NORMALIZED
from runtime.files.blobs import FolderStore
from runtime.files.links import FileLinks
from runtime.files.names import MAX_BYTES, clean_name
from runtime.files.ranges import read_range
from runtime.files.sniffing import BINARY, sniff
from runtime.http.file_answers import disposition
from runtime.http.multipart import BadForm, FieldRead, FileBegins, FileData, FileEnds, FormReader


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("report.pdf", "report.pdf"), ("Отчёт 2.docx", "Отчёт 2.docx"), ("и\u0306.txt", "й.txt"),
        ("../../etc/passwd", "passwd"), ("a/../../b", "b"), ("c:\\x\\y.txt", "y.txt"), ("dir/", "file"),
        ("", "file"), (".", "file"), ("..", "file"), ("...", "file"), (" ", "file"), ("\u200b", "file"),
        ("photo\u202egpj.exe", "photogpj.exe"), ("a\x00b.txt", "ab.txt"), ("a\nb\r.txt", "ab.txt"),
        ("a\u2028b", "ab"), ("a\ud800b", "ab"),
        ("CON", "_CON"), ("con.txt", "_con.txt"), ("NUL .tar.gz", "_NUL .tar.gz"),
        ("com1", "_com1"), ("LPT³.x", "_LPT³.x"),
        ("console.log", "console.log"), ("com10", "com10"),
        ('a<b>c:d"e|f?g*h', "a_b_c_d_e_f_g_h"), ("trailing. . ", "trailing"), (".gitignore", ".gitignore"),
        ("x" * 300 + ".jpg", "x" * 196 + ".jpg"), ("ж" * 300, "ж" * 100), ("x." + "y" * 300, "x." + "y" * 198),
        ("😀" * 60 + ".png", "😀" * 49 + ".png"),
    ],
)  # fmt: skip
def test_b21_names(given: str, expected: str) -> None:
    assert clean_name(given) == expected
    assert len(clean_name(given).encode()) <= MAX_BYTES


def test_a_name_of_any_length_is_looked_at_in_part() -> None:
    """The work for a run of marks grows with its square."""
    middle = MOST_NORMALIZED // 2
    marks = "\u202e" * middle + "lost" * 9_000 + "\u202e" * (middle - 8)
    assert clean_name(f"{marks}kept.txt") == "kept.txt", "what is in the middle of it is not looked at"
    assert clean_name("a" * 40_000 + ".txt").endswith("a.txt")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"GIF89a", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"), (b"RIFF....WAVEfmt ", "audio/wav"), (b"RIFF....AVI ", BINARY),
        (b"ID3\x04", "audio/mpeg"), (b"\xff\xfb\x90\x64", "audio/mpeg"), (b"\xff\xff\xff\xff", BINARY),
        (b"fLaC", "audio/flac"), (b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"), (b"OggS" + bytes(60), BINARY),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"), (b"\0\0\0\x20ftypisom", "video/mp4"), (b"\0\0\0\x20ftypheic", BINARY),
        (b"\x1aE\xdf\xa3....webm", "video/webm"), (b"\x1aE\xdf\xa3....matroska", BINARY),
        (b"%PDF-1.7", "application/pdf"), (b"PK\x03\x04", "application/zip"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "text/plain"),
        (b"<html><script>", "text/plain"), ("Привет".encode(), "text/plain"), ("Привет".encode()[:-1], "text/plain"),
        (b"abc\0", BINARY), (b"\xfe\xff\x00a", BINARY), (b"MZ\x90\0", BINARY),
        (b"\xff", BINARY),
    ],
)  # fmt: skip
def test_b21_types(head: bytes, kind: str) -> None:
    assert sniff(head) == kind


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "whole"), ("bytes=0-", (0, 10)), ("bytes=2-4", (2, 3)), ("bytes=2-99", (2, 8)), ("bytes=-3", (7, 3)),
        ("bytes=-99", (0, 10)), ("bytes=10-", "nothing"), ("bytes=-0", "nothing"), ("bytes=4-2", "whole"),
        ("bytes=-", "whole"), ("bytes=0-1,2-3", "whole"), ("lines=1-2", "whole"), ("bytes=" + "9" * 30 + "-", "whole"),
        ("", "whole"),
    ],
)  # fmt: skip
def test_ranges(header: str | None, expected: tuple[int, int] | str) -> None:
    assert read_range(header, 10) == expected


def test_a_link_names_one_file_one_viewer_and_an_end() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    links, other = FileLinks({"1": b"k" * 32}), FileLinks({"2": b"x" * 32})
    token, ends = links.sign("f" * 22, 7, now)
    assert ends == now + timedelta(minutes=5)
    assert links.viewer(token, "f" * 22, now) == 7
    assert FileLinks({"2": b"x" * 32, "1": b"k" * 32}).viewer(token, "f" * 22, now) == 7, "a key that is retired"
    assert links.viewer(token, "g" * 22, now) is None
    assert links.viewer(token, "f" * 22, ends) is None
    assert other.viewer(token, "f" * 22, now) is None
    for wrong in ("", "a.b.c", "1.2", token + "x", "²." + token.partition(".")[2], "9" * 200):
        assert links.viewer(wrong, "f" * 22, now) is None


def test_a_key_of_a_blob_is_nothing_else(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for wrong in ("../../etc/passwd", "A" * 32, "a" * 31, "", "a" * 32 + "\n"):
        with pytest.raises(ValueError, match="key"):
            store._place(wrong)


def test_names_in_headers_end_nothing() -> None:
    value = disposition('a"\\%;ы\u00e9.txt', inline=False)
    assert value == "attachment; filename=\"a___;__.txt\"; filename*=UTF-8''a%22%5C%25%3B%D1%8B%C3%A9.txt"


def form(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


FILE = b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 10_000])
def test_a_form_in_pieces(step: int) -> None:
    data = b"\r\n--\r\n--bb\r\n" + bytes(range(256)) * 4
    body = form(b'Content-Disposition: form-data; name="as_file"\r\n\r\n1', FILE + data)
    reader = FormReader('multipart/form-data; boundary="b"')
    found = [one for at in range(0, len(body), step) for one in reader.feed(body[at : at + step])] + reader.feed(b"")
    assert [one for one in found if not isinstance(one, FileData)] == [
        FieldRead("as_file", "1"), FileBegins("file", "a.txt"), FileEnds()
    ]  # fmt: skip
    assert b"".join(one.data for one in found if isinstance(one, FileData)) == data


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", form(FILE + b"abc", end=b""), form(b"\r\n\r\nabc"), form(*[FILE + b"x"] * 9),
        form(b'Content-Disposition: form-data; name="as_file"\r\n\r\n' + b"1" * 1025), b"--b\r\n" + b"A" * 2_000_000,
        form(b"Content-Disposition: form-data; name=\"file\"; filename=\"\xff\"\r\n\r\nabc"),
    ],
    ids=["nothing", "no form", "cut", "no name", "too many parts", "a long field", "an endless head", "no UTF-8"],
)  # fmt: skip
def test_forms_that_are_none(body: bytes) -> None:
    reader = FormReader("multipart/form-data; boundary=b")
    with pytest.raises(BadForm):
        for at in range(0, len(body), 60_000):
            reader.feed(body[at : at + 60_000])
        reader.feed(b"")


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "multipart/form-data",
        f"multipart/form-data; boundary={'x' * 71}",
        "multipart/mixed; boundary=b",
    ],
)
def test_media_types_that_are_no_form(kind: str) -> None:
    with pytest.raises(BadForm):
        FormReader(kind)


def test_kinds() -> None:
    types = ("image/png", "video/mp4", "audio/ogg", "application/pdf", "text/html")
    assert [kind_of(one) for one in types] == ["image", "video", "audio", "other", "other"]
    assert preview_url_of("f" * 22, None) is None and preview_url_of("f" * 22, 9) == f"{url_of('f' * 22)}/preview"
