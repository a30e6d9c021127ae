"""The model's hints."""

from chatproto.operations import Done, HearHints, HintRow, HintsHeard, Outcome, TellHints
from chatproto.operations.relay import MOST_HEARD
from chatproto.simulation.model_store import Store


def tell_hints(store: Store, operation: TellHints) -> Outcome:
    store.last_hint += 1
    store.hints = {number: row for number, row in store.hints.items() if number >= operation.before_id}
    store.hints[store.last_hint] = HintRow(store.last_hint, operation.sender, operation.data)
    return Done()


def hear_hints(store: Store, operation: HearHints) -> Outcome:
    found = [store.hints[number] for number in sorted(operation.missing) if number in store.hints]
    above = [row for row in store.hints.values() if row.id > operation.after_id]
    return HintsHeard((*found, *above[:MOST_HEARD]), max(store.hints, default=0))
