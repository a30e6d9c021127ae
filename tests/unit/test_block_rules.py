"""What a block forbids, both ways."""

import pytest

from chatproto.operations.block_rules import CLOSED, Blocks, barred_by, may_add, sees_presence


@pytest.mark.parametrize(
    ("blocks", "closed", "adds_and_sees"),
    [
        (Blocks(), False, True),
        (Blocks(by_actor=True), True, True),
        (Blocks(by_other=True), True, False),
        (Blocks(by_actor=True, by_other=True), True, False),
    ],
)
def test_a_block_closes_the_direct_chat_both_ways_and_hides_one_way(
    blocks: Blocks, closed: bool, adds_and_sees: bool
) -> None:
    assert barred_by(blocks) == (CLOSED if closed else None)
    assert may_add(blocks) is adds_and_sees
    assert sees_presence(blocks) is adds_and_sees
