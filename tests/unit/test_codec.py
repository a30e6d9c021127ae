"""Bytes that are no good frame get their exact answer, with the reference of the frame where it has one."""

import json
from datetime import UTC, datetime
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatproto.wire import codec
from chatproto.wire.codec import BadFrame
from chatproto.wire.frames import CLIENT_TYPES, ErrorFrame, FromClient, PageFrame, Ping, Pong, Send
from chatproto.wire.model import Hidden, Message

SEND = {"type": "send", "chat_id": 1, "cid": "c", "content": "x"}


def bad(data: str) -> BadFrame:
    found = codec.decode(data)
    assert isinstance(found, BadFrame), found
    return found


def send_with(**fields: object) -> str:
    return json.dumps({**SEND, **fields})


def raw_send(name: str, value: str) -> str:
    """With a value that json.dumps would not write."""
    return '{"type": "send", "cid": "c", "content": "x", "chat_id": 1, ' + f'"{name}": {value}' + "}"


def test_a_good_frame() -> None:
    assert codec.decode(send_with(colour="red")) == Send(chat_id=1, cid="c", content="x")


@pytest.mark.parametrize(
    "data",
    [
        "",
        "hello",
        "[]",
        '"x"',
        "null",
        "{",
        "{}}",
        "[" * 65_536,
        '{"type": "ping", "x": ' + "[" * 10_000 + "]" * 10_000 + "}",
        '{"a":' * 10_000,
        "\ufeff" + send_with(),
    ],
)
def test_what_is_no_object_at_all(data: str) -> None:
    assert bad(data).code == "bad_frame"


def test_unicode() -> None:
    assert bad("\ud800").code == "bad_unicode"
    for half in ("\\ud800", "\\udc00", "\\ud800x", "\\ud800\\u0041"):
        assert bad('{"type": "send", "chat_id": 7, "cid": "c1", "content": "' + half + '"}') == BadFrame(
            code="bad_unicode", detail="not valid Unicode", ref="c1", chat_id=7
        )
    assert bad('["\\ud800"]').code == "bad_frame"


@pytest.mark.parametrize("content", ["😀", "👩‍👩‍👧‍👦", "𠮷野家", "שלום", "a" + "\u0301" * 500, "line\r\nline\ttab"])
def test_texts_pass_unchanged(content: str) -> None:
    frame = codec.decode(send_with(content=content))
    assert isinstance(frame, Send)
    assert frame.content == content


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("chat_id", value) for value in ("1e400", "NaN", "-0", "0", "-1", "9007199254740992", "9223372036854775808")],
        *[("chat_id", value) for value in ('"12"', "12.5", "12.0", "true", "[1]", "{}", '"-1"')],
        *[("cid", value) for value in ('""', '"' + "c" * 65 + '"', '"a b"', '"ё"', '"c\\n"', "7")],
        *[("content", value) for value in ("7", "{}", "[]", "true")],
        *[("reply_to", value) for value in ("0", '"1"', "[]")],
        *[("attachments", value) for value in ("[0]", "{}", "[" + ",".join("1" * 11) + "]")],
        *[("id", value) for value in ('""', "1", '"' + "i" * 65 + '"')],
        ("target_at", '"yesterday"'),
    ],
)
def test_a_wrong_field_is_named(name: str, value: str) -> None:
    found = bad(raw_send(name, value))
    assert found.code == "bad_frame"
    if not value.startswith(("1e400", "NaN")):  # these are not JSON numbers at all
        assert (found.field or "").partition("[")[0] == name


@pytest.mark.parametrize(
    "data", ["{}", '{"type": null}', '{"type": []}', '{"type": {}}', '{"type": 7}', '{"id": "i", "chat_id": 5}']
)
def test_no_type(data: str) -> None:
    assert bad(data).code == "bad_frame"


def test_an_unknown_type_is_told_with_its_reference() -> None:
    found = bad('{"type": "dance", "id": "i1", "chat_id": 5}')
    assert (found.code, found.ref, found.chat_id) == ("unknown_type", "i1", 5)


def test_the_reference_is_the_cid_where_there_is_one() -> None:
    assert bad(send_with(id="i", content=1)).ref == "c"
    assert bad('{"type": "sync", "id": "i", "chat_id": "x"}').ref == "i"
    assert bad('{"type": "sync", "id": 7, "chat_id": "x"}').ref is None


def test_of_duplicate_keys_the_last_wins() -> None:
    frame = codec.decode('{"type": "ping", "t": 1, "t": 2}')
    assert isinstance(frame, Ping)
    assert frame.t == 2


def test_a_duplicate_type_is_bad() -> None:
    assert bad('{"type": "ping", "type": "send", "chat_id": 1}').code == "bad_frame"


@given(st.text() | st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists).map(str))
def test_no_text_raises(data: str) -> None:
    answered(codec.decode(data))


def answered(found: FromClient | BadFrame) -> None:
    """What is wrong with it can be told."""
    if isinstance(found, BadFrame):
        refusal = ErrorFrame(code=found.code, detail=found.detail, ref=found.ref, field=found.field, retryable=False)
        assert codec.encode(refusal)


@pytest.mark.parametrize("name", ["id", "cid", "content", "type"])
def test_half_a_surrogate_pair_is_answered_wherever_it_is(name: str) -> None:
    found = bad(raw_send(name, '"\\ud800"'))
    answered(found)
    assert found.code in ("bad_unicode", "bad_frame", "unknown_type") and found.ref in (None, "c")


@pytest.mark.parametrize(
    ("frame", "absent"),
    [
        ({"type": "hello", "v": [1], "token": "t"}, ["id", "device", "client", "epoch"]),
        ({"type": "sync", "chat_id": 1, "after_seq": 0}, ["id", "after_at", "before_seq", "limit"]),
        (SEND, ["id", "forward", "reply_to", "target_at", "attachments"]),
        ({"type": "mark", "chat_id": 1}, ["id", "delivered_seq", "read_seq"]),
    ],
)
def test_null_is_as_good_as_absent(frame: dict[str, object], absent: list[str]) -> None:
    found = codec.decode(json.dumps(frame))
    assert not isinstance(found, BadFrame)
    assert codec.decode(json.dumps(frame | dict.fromkeys(absent))) == found


@given(
    st.dictionaries(
        st.sampled_from(["type", "id", "cid", "chat_id", "content", "token", "v", "after_seq", "limit", "on", "t"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=5)
        | st.text(st.characters(categories=["Cs"]), min_size=1, max_size=5)
        | st.sampled_from(sorted(CLIENT_TYPES)),
    )
)
def test_no_object_raises(fields: dict[str, object]) -> None:
    answered(codec.decode(json.dumps(fields)))


def test_the_types_are_those_of_the_union() -> None:
    tags = {kind.__struct_config__.tag for kind in get_args(FromClient)}
    assert tags == CLIENT_TYPES


def test_a_message_leaves_out_what_has_its_default() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    plain = Message(id=9, chat_id=1, seq=2, sender_id=3, content="x", created_at=now, cid="c")
    said = {"type": "message", "id": 9, "chat_id": 1, "seq": 2, "rev": 1, "sender_id": 3, "content": "x", "cid": "c"}
    assert json.loads(codec.encode(plain)) == said | {"created_at": "2026-01-01T00:00:00Z"}
    erased = msgspec.structs.replace(plain, content=None, deleted=True, rev=2, reply_to=1)
    hidden = Hidden(chat_id=1, seq=3, created_at=now)
    page = PageFrame(
        chat_id=1, from_seq=1, to_seq=3, items=(erased, hidden), users=(), more=False, last_seq=3, last_at=now
    )
    first, second = json.loads(codec.encode(page))["items"]
    assert (first["content"], first["deleted"], first["rev"], first["reply_to"]) == (None, True, 2, 1)
    assert "is_read" not in first
    assert second == {"type": "hidden", "chat_id": 1, "seq": 3, "created_at": "2026-01-01T00:00:00Z"}


def test_one_frame_leaves_alone_and_several_as_an_array() -> None:
    now = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
    one, two = (codec.encode(Pong(t=t, server_time=now)) for t in (1, 2))
    assert json.loads(codec.join([one])) == {"type": "pong", "t": 1, "server_time": "2026-01-01T12:00:00.000001Z"}
    assert [frame["t"] for frame in json.loads(codec.join([one, two]))] == [1, 2]
