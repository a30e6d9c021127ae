"""What a client makes of a server's bytes, an older or newer one's too."""

import pytest

from chatproto.client.lenient_codec import BadServerFrame, decode, encode
from chatproto.wire.frames import Lag, Ping, Typing

LAG = '{"type":"lag","chat_id":5,"last_seq":9}'


def test_one_object_or_an_array() -> None:
    lag = Lag(chat_id=5, last_seq=9)
    assert decode(LAG) == [lag]
    assert decode(f"[{LAG},{LAG}]") == [lag, lag]
    assert decode("[]") == []
    assert decode(LAG.encode()) == [lag]


def test_words_and_fields_of_a_newer_server_are_passed_over() -> None:
    assert decode('[{"type":"dance","partner":[1]},' + LAG + "]") == [Lag(chat_id=5, last_seq=9)]
    assert decode('{"type":"typing","chat_id":5,"user_id":2,"on":true,"mood":"good"}') == [
        Typing(chat_id=5, user_id=2, on=True)
    ]


@pytest.mark.parametrize(
    "data",
    ["", "hello", "<html>captive portal</html>", "7", "[7]", '{"type":"lag"}', '{"type":7}', "{}", "[[", "[" * 50_000],
)
def test_what_is_no_frame_of_the_protocol_is_refused(data: str) -> None:
    if data in ('{"type":7}', "{}"):
        assert decode(data) == [], "a word we do not know"
    else:
        with pytest.raises(BadServerFrame):
            decode(data)


def test_a_frame_for_the_server() -> None:
    assert encode(Ping(t=5)) == '{"type":"ping","id":null,"t":5}'
