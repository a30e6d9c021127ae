"""How much of a file one request carries."""

from chatproto.client.pieces import GROWS_AFTER, KIB, LARGEST, QUICK, SLOW, SMALLEST, Pieces


def test_pieces_grow_on_a_link_that_is_quick_and_shrink_on_one_that_is_not() -> None:
    pieces = Pieces()
    for _ in range(GROWS_AFTER):
        assert pieces.size == 256 * KIB
        pieces.took(QUICK - 1)
    assert pieces.size == 512 * KIB
    for _ in range(10 * GROWS_AFTER):
        pieces.took(0)
    assert pieces.size == LARGEST
    for _ in range(10 * GROWS_AFTER):
        pieces.took(QUICK)
    pieces.took(SLOW)
    assert pieces.size == LARGEST
    pieces.took(SLOW + 1)
    assert pieces.size == LARGEST // 2
    for _ in range(10):
        pieces.lost()
    assert pieces.size == SMALLEST
