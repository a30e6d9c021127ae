"""Pictures: what others get of them, their previews, and pictures that were made to do harm."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

Image = pytest.importorskip("PIL.Image")

from tests.server.answers import code_of  # noqa: E402
from tests.server.hostile_pictures import SECRET, chunk, hostile_pictures, png  # noqa: E402
from tests.server.house import House, Person  # noqa: E402
from tests.server.uploads import upload  # noqa: E402


def encoded(image: Any, kind: str, **options: Any) -> bytes:
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def picture(width: int = 800, height: int = 600) -> Any:
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def with_exif() -> dict[str, bytes]:
    """A JPEG, a PNG, a GIF and a WebP that tell more than the picture."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = 6  # to be turned by a quarter
    text = chunk(b"tEXt", b"Comment\0" + SECRET)
    plain = encoded(picture(), "PNG")
    frames = [picture(80, 60).rotate(angle) for angle in (0, 90, 180)]
    return {
        "image/jpeg": encoded(picture(), "JPEG", exif=exif, comment=SECRET),
        "image/png": plain[:33] + text + plain[33:],
        "image/gif": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], comment=SECRET, duration=70),
        "image/webp": encoded(picture(), "WEBP", exif=exif, xmp=SECRET),
    }


async def bytes_of(person: Person, file: dict[str, Any], kind: str = "") -> bytes:
    answer = await person.get(file["url"] + kind)
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.fixture
async def anna(house: House) -> Person:
    return await house.register("anna")


async def test_others_get_the_picture_and_nothing_else(anna: Person) -> None:
    for kind, data in with_exif().items():
        assert SECRET in data
        file = await upload(anna, data, "x.bin")
        assert file["content_type"] == kind
        turned = kind in ("image/jpeg", "image/webp")
        size = (80, 60) if kind == "image/gif" else (600, 800) if turned else (800, 600)
        assert (file["width"], file["height"]) == size, kind
        kept = await bytes_of(anna, file)
        assert SECRET not in kept and len(kept) == file["size"], kind
        assert (await anna.get(file["url"])).headers["Content-Disposition"].startswith("inline; ")
        with Image.open(BytesIO(kept)) as image:
            assert (image.size, Image.MIME[image.format]) == (size, kind)
            assert getattr(image, "n_frames", 1) == (3 if kind == "image/gif" else 1)


async def test_as_a_file_it_stays_as_it_is(anna: Person) -> None:
    for kind, data in with_exif().items():
        file = await upload(anna, data, "x.bin", as_file="1")
        assert (file["content_type"], file["size"]) == (kind, len(data))
        assert await bytes_of(anna, file) == data
        assert (await anna.get(file["url"])).headers["Content-Disposition"].startswith("attachment; ")
        assert SECRET not in await bytes_of(anna, file, "/preview")


async def test_previews(anna: Person, house: House) -> None:
    large, small = (
        await upload(anna, encoded(picture(3000, 1500), "PNG")),
        await upload(anna, encoded(picture(40, 30), "PNG")),
    )
    sizes = {}
    for file in (large, small):
        for size in (320, 1280):
            answer = await anna.get(file["preview_url"], size=size)
            assert answer.headers["Content-Type"] == "image/webp"
            with Image.open(BytesIO(answer.content)) as image:
                sizes[file["id"], size] = image.size
    assert list(sizes.values()) == [(320, 160), (1280, 640), (40, 30), (40, 30)]
    assert (await anna.get(large["preview_url"])).headers["ETag"] != (await anna.get(large["url"])).headers["ETag"]
    assert code_of(await anna.get(large["preview_url"], size=999)) == "validation_failed"
    text = await upload(anna, b"text")
    assert text["preview_url"] is None and code_of(await anna.get(f"{text['url']}/preview")) == "no_preview"
    link = (await anna.post(f"{large['url']}/link")).json()["url"]
    token = link.partition("?token=")[2]
    assert (await house.http.get(large["preview_url"], params={"token": token, "size": 320})).status_code == 200
    boris = await house.register("boris")
    assert (await boris.get(large["preview_url"])).status_code == 404


async def test_b22_pictures_that_were_made_to_do_harm(anna: Person, tmp_path: Path) -> None:
    """O15 of docs/security.md."""
    text = chunk(b"tEXt", b"Comment\0" + SECRET)
    large = encoded(Image.new("L", (8000, 7000)), "JPEG", comment=SECRET, exif=b"Exif\0\0" + SECRET)
    harmful = {
        **dict(list(hostile_pictures().items())[:3]),
        "56 megapixels": large,
        "nothing in it": png(10, 10, text),
        "cut": with_exif()["image/jpeg"][:-2000],
        "no chunk": b"\x89PNG\r\n\x1a\n" + bytes(1000),
        "a page": b"GIF89a<script>alert(1)</script>",
    }
    for what, data in harmful.items():
        file = await upload(anna, data, "x.png")
        kept = await bytes_of(anna, file)
        assert len(kept) == file["size"] and SECRET not in kept, what
        drawn = what in ("more than it says",) and file["width"] is not None
        if not drawn:
            assert (file["content_type"], file["preview_url"]) == ("application/octet-stream", None), what
            assert (await anna.get(file["url"])).headers["Content-Disposition"].startswith("attachment; "), what
    assert not list((tmp_path / "files" / "incoming").iterdir())
