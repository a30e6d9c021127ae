"""The garbage collector leaves alone what stays for the server's whole life."""

import gc

from runtime.collecting import ALL, YOUNG, settle


def test_what_is_there_when_the_server_is_ready_is_not_looked_through_again() -> None:
    before = gc.get_threshold()
    stays: list[object] = []
    try:
        settle()
        assert gc.get_threshold() == (YOUNG, 10, ALL)
        assert gc.get_freeze_count() > 1000
        assert all(one is not stays for one in gc.get_objects())
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
