"""Files: added once, seen by those who see a message that holds them, gone when none does."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

from attrs import evolve

from chatproto.operations import (
    AddFile,
    AppendBatch,
    Appended,
    BatchAppended,
    ChatFound,
    CleanFiles,
    EditMessage,
    FetchMessages,
    FileAdded,
    FileFound,
    FilesRemoved,
    FindFile,
    ForwardSource,
    LoadChat,
    MessagesFound,
    Outcome,
    StoredFile,
)
from chatproto.operations.files import preview_url_of, url_of
from chatproto.wire.digest import command_digest
from chatproto.wire.model import File, Message, attachment_of
from tests.storage.store_house import House, expect, refusal

DAY = timedelta(hours=24)


def adding(
    house: House,
    owner_id: int,
    data: bytes = b"x",
    *,
    name: str = "a.txt",
    quota: int = 10**9,
    kind: str = "text/plain",
    width: int | None = None,
    **fields: Any,
) -> AddFile:
    """The operation for these bytes, under an id and a blob of its own."""
    number = house.cid()
    file_id = f"{number:_<22}"
    file = File(
        id=file_id,
        url=url_of(file_id),
        name=name,
        size=len(data),
        preview_url=preview_url_of(file_id, width),
        content_type=kind,
        width=width,
        height=width,
        sha256=sha256(data).hexdigest(),
        created_at=house.now,
    )
    given: dict[str, Any] = {
        "blob": f"blob-{number}",
        "as_file": False,
        "key": sha256(number.encode()).digest(),
    } | fields
    return AddFile(
        owner_id, file, source=sha256(data).digest(), quota=quota, expires_at=house.now + DAY, **given
    )  # fmt: skip


async def add(house: House, owner_id: int, data: bytes = b"x", **fields: Any) -> StoredFile:
    added = expect(FileAdded, await house.do(adding(house, owner_id, data, **fields)))
    assert added.created
    return added.stored


async def try_send(house: House, chat: int, actor: int, files: Sequence[StoredFile], text: str = "") -> Outcome:
    ids = tuple(one.file.id for one in files)
    command = house.message(chat, actor, text)
    return await house.do(
        evolve(command, attachments=ids, digest=command_digest("send", content=text, attachment_ids=ids))
    )


async def send(house: House, chat: int, actor: int, *files: StoredFile, text: str = "") -> Message:
    (item,) = expect(Appended, await try_send(house, chat, actor, files, text)).items
    assert isinstance(item, Message)
    return item


async def sees(house: House, user_id: int, one: StoredFile) -> bool:
    outcome = await house.do(FindFile(user_id, one.file.id, house.now))
    if isinstance(outcome, FileFound):
        assert outcome.stored == one
        return True
    assert refusal(outcome) == "not_found"
    return False


async def seen_by(house: House, people: Sequence[int], one: StoredFile) -> list[bool]:
    return [await sees(house, user_id, one) for user_id in people]


async def clean(house: House, limit: int = 100) -> FilesRemoved:
    return expect(FilesRemoved, await house.do(CleanFiles(house.now, limit)))


async def test_a_file_is_its_owners_until_it_is_sent(house: House) -> None:
    ann, bob, _ = people = await house.people(3)
    chat = await house.direct(ann, bob)
    one = await add(house, ann)
    assert await seen_by(house, people, one) == [True, False, False]
    message = await send(house, chat, ann, one)
    assert message.attachments == (attachment_of(one.file),)
    assert (message.attachment_url, message.content) == (one.file.url, "")
    assert await seen_by(house, people, one) == [True, True, False]
    house.wait(hours=48)
    assert await clean(house) == FilesRemoved(0, ())
    assert await seen_by(house, people, one) == [True, True, False]


async def test_every_view_tells_the_files_of_a_message_in_their_order(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    kinds = ["image/png", "video/mp4", *["text/plain"] * 8]
    files = [
        await add(house, ann, b"%d" % number, name=f"файл {number}", kind=kind, width=640 if number == 0 else None)
        for number, kind in enumerate(kinds)
    ]
    sent = await send(house, chat, ann, *reversed(files), text="ten")
    plain = await house.send(chat, ann)
    assert sent.attachments[-1].preview_url == f"{files[0].file.url}/preview"
    assert [one.name for one in sent.attachments] == [f"файл {number}" for number in range(9, -1, -1)]
    assert await house.message_at(bob, chat, sent.seq) == sent
    page = expect(MessagesFound, await house.do(FetchMessages(bob, chat, 0, None, 9)))
    assert page.messages == (sent, plain) and plain.attachments == ()
    await house.changed(house.delete_of(chat, ann, plain.seq))
    again = await send(house, chat, ann, files[0])
    assert expect(ChatFound, await house.do(LoadChat(bob, chat, False))).chat.last_message == again


async def test_what_cannot_be_sent(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    own, other, old = await add(house, ann), await add(house, bob), await add(house, ann, b"old")
    nowhere = evolve(own, file=evolve_file(own.file, "nowhere".ljust(22, "-")))
    for files in ([other], [own, other], [nowhere]):
        assert refusal(await try_send(house, chat, ann, files)) == "attachment_invalid"
    house.wait(hours=24)
    assert refusal(await try_send(house, chat, ann, [old])) == "attachment_invalid"
    assert not await sees(house, ann, old)
    assert (await house.chat(ann, chat)).last_seq == 0


def evolve_file(file: File, file_id: str) -> File:
    return File(
        id=file_id, url=url_of(file_id), name=file.name, size=file.size, content_type=file.content_type,
        sha256=file.sha256, created_at=file.created_at,
    )  # fmt: skip


async def test_a_repeated_send_is_the_first_one(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    one, two = await add(house, ann), await add(house, ann, b"2")
    digest = command_digest("send", content="", attachment_ids=(one.file.id,))
    command = evolve(house.message(chat, ann, ""), attachments=(one.file.id,), digest=digest)
    first = expect(Appended, await house.do(command))
    await house.changed(house.delete_of(chat, ann, 1))
    house.wait(seconds=1)
    again = expect(Appended, await house.do(evolve(command, now=house.now)))
    assert again.dup and first.items[0].seq == again.items[0].seq
    other = evolve(command, attachments=(two.file.id,), digest=command_digest("send", attachment_ids=(two.file.id,)))
    assert refusal(await house.do(other)) == "cid_conflict"
    assert await sees(house, ann, two)


async def test_several_in_one_batch(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    one, two = await add(house, ann), await add(house, ann, b"2")
    base = [house.message(chat, ann, f"m{number}") for number in range(4)]
    commands = (
        evolve(base[0], attachments=(one.file.id,)),
        base[1],
        evolve(base[2], attachments=(one.file.id, two.file.id)),
        evolve(base[3], attachments=("-" * 22,)),
        house.delete_of(chat, ann, 1),
        house.delete_of(chat, ann, 3),
        evolve(house.message(chat, ann, "late"), attachments=(one.file.id,)),
    )
    outcomes = expect(BatchAppended, await house.do(AppendBatch(chat, commands))).outcomes
    codes = [getattr(outcome, "code", None) for outcome in outcomes]
    assert codes == [None, None, None, "attachment_invalid", None, None, "attachment_invalid"]
    assert sorted((await clean(house)).blobs) == sorted([one.blob, two.blob])


async def test_the_last_deletion_ends_a_file(house: House) -> None:
    ann, bob = people = await house.people(2)
    chat, other = await house.direct(ann, bob), await house.group(ann, bob)
    one, two = await add(house, ann), await add(house, ann, b"2")
    await send(house, chat, ann, one, two)
    await send(house, other, ann, one)
    await house.changed(house.delete_of(chat, ann, 1))
    assert (await house.message_at(bob, chat, 1)).attachments == ()
    assert await seen_by(house, people, one) == [True, True]
    assert await seen_by(house, people, two) == [False, False]
    assert await clean(house) == FilesRemoved(1, (two.blob,))
    await house.changed(house.delete_of(other, ann, 1))
    assert await seen_by(house, people, one) == [False, False]
    assert refusal(await try_send(house, chat, ann, [one])) == "attachment_invalid"
    assert await clean(house) == FilesRemoved(1, (one.blob,))
    assert await clean(house) == FilesRemoved(0, ())


async def test_forwarded_files(house: House) -> None:
    ann, bob, eve = people = await house.people(3)
    chat, other = await house.direct(ann, bob), await house.direct(bob, eve)
    one = await add(house, ann)
    sent = await send(house, chat, ann, one)
    command = evolve(house.message(other, bob, ""), forward=ForwardSource(chat, sent.seq))
    (copy,) = expect(Appended, await house.do(command)).items
    assert isinstance(copy, Message) and copy.attachments == sent.attachments and copy.content == ""
    assert await seen_by(house, people, one) == [True, True, True]
    await house.changed(house.delete_of(chat, ann, sent.seq))
    assert await seen_by(house, people, one) == [True, True, True], "its owner, and who sees the copy"
    assert await clean(house) == FilesRemoved(0, ())
    gone = evolve(house.message(other, bob, ""), forward=ForwardSource(chat, sent.seq))
    assert refusal(await house.do(gone)) == "message_deleted"
    await house.changed(house.delete_of(other, bob, 1))
    assert await clean(house) == FilesRemoved(1, (one.blob,))


async def test_rights_end_and_begin_with_membership(house: House) -> None:
    ann, bob, eve = await house.people(3)
    chat = await house.group(ann, bob)
    early, late = await add(house, ann), await add(house, ann, b"2")
    await send(house, chat, ann, early)
    await house.change("add", chat, ann, eve, history="none")
    assert await seen_by(house, [bob, eve], early) == [True, False], "before first_seq"
    await house.change("remove", chat, ann, bob)
    await send(house, chat, ann, late)
    assert await seen_by(house, [bob, eve], late) == [False, True], "after left_seq"
    assert await sees(house, bob, early), "a former member goes on seeing what they were given"
    assert (await house.message_at(bob, chat, 1)).attachments == (attachment_of(early.file),)
    await house.changed(house.delete_of(chat, ann, 1))
    assert not await sees(house, bob, early), "deletions reach them too"


async def test_a_text_beside_files_may_be_taken_away(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    sent = await send(house, chat, ann, await add(house, ann), text="a caption")
    await house.send(chat, ann)

    def emptied(seq: int) -> EditMessage:
        return house.edit_of(chat, ann, seq, "", refusal="empty_content")

    event = await house.changed(emptied(sent.seq))
    assert (event.event, event.data["content"]) == ("edited", "")
    shown = await house.message_at(bob, chat, sent.seq)
    assert (shown.content, shown.attachments) == ("", sent.attachments)
    assert refusal(await house.do(emptied(2))) == "empty_content"
    assert refusal(await house.do(emptied(99))) == "empty_content"
    long = house.edit_of(chat, ann, sent.seq, "x", refusal="content_too_long")
    assert refusal(await house.do(long)) == "content_too_long"


async def test_equal_bytes_of_one_user_are_kept_once(house: House) -> None:
    ann, bob = await house.people(2)
    chat = await house.direct(ann, bob)
    one = await add(house, ann, b"same", name="one", kind="image/png", width=640)
    same = await add(house, ann, b"same", name="two", kind="image/png", width=640)
    assert one.blob == same.blob and (one.file.name, same.file.name) == ("one", "two")
    assert same.file.preview_url == f"{same.file.url}/preview" and same.file.width == 640
    assert (await add(house, bob, b"same")).blob != one.blob
    assert (await add(house, ann, b"same", as_file=True)).blob != one.blob, "nothing was taken out of it"
    await send(house, chat, ann, one)
    house.wait(hours=24)
    removed = await clean(house)
    assert removed.removed == 3 and one.blob not in removed.blobs and len(removed.blobs) == 2
    await house.changed(house.delete_of(chat, ann, 1))
    assert await clean(house) == FilesRemoved(1, (one.blob,))


async def test_a_key_stands_for_one_upload(house: House) -> None:
    ann, bob = await house.people(2)
    key = sha256(b"key").digest()
    one = await add(house, ann, b"1", key=key)
    again = expect(FileAdded, await house.do(adding(house, ann, b"1", key=key)))
    assert again == FileAdded(one, created=False)
    assert refusal(await house.do(adding(house, ann, b"2", key=key))) == "cid_conflict"
    assert (await add(house, bob, b"2", key=key)).blob != one.blob
    house.wait(hours=30)
    assert not await sees(house, ann, one)
    await house.do(adding(house, ann, b"1", key=key))
    assert await sees(house, ann, one), "its bytes came again"
    chat = await house.direct(ann, bob)
    await send(house, chat, ann, one)
    await house.do(adding(house, ann, b"1", key=key))
    house.wait(hours=30)
    assert await sees(house, bob, one), "it is held"


async def test_the_quota_of_a_user(house: House) -> None:
    ann, bob = await house.people(2)
    await add(house, ann, b"12345678", quota=10)
    assert refusal(await house.do(adding(house, ann, b"123", quota=10))) == "quota_exceeded"
    await add(house, ann, b"12", quota=10)
    await add(house, bob, b"123", quota=10)


async def test_a_slice_is_cleaned_at_a_time(house: House) -> None:
    (ann,) = await house.people(1)
    blobs = []
    for number in range(5):
        blobs.append((await add(house, ann, b"%d" % number)).blob)
        house.wait(seconds=1)
    house.wait(hours=24)
    found = [await clean(house, limit=2) for _ in range(4)]
    assert [one.removed for one in found] == [2, 2, 1, 0]
    assert [blob for one in found for blob in one.blobs] == blobs
