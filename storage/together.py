"""Parts of a transaction that do not wait for each other, run side by side: what they ask at the same time goes to the
database as one script, for one round trip."""

from typing import Any, TypeVar, overload

from storage.statements import Query, Result, Script, Steps

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")


@overload
def together(a: Steps[A], b: Steps[B], /, *, last: bool = ...) -> Steps[tuple[A, B]]: ...
@overload
def together(a: Steps[A], b: Steps[B], c: Steps[C], /, *, last: bool = ...) -> Steps[tuple[A, B, C]]: ...
@overload
def together(
    a: Steps[A], b: Steps[B], c: Steps[C], d: Steps[D], /, *, last: bool = ...
) -> Steps[tuple[A, B, C, D]]: ...
@overload
def together(
    a: Steps[A], b: Steps[B], c: Steps[C], d: Steps[D], e: Steps[E], /, *, last: bool = ...
) -> Steps[tuple[A, B, C, D, E]]: ...
def together(*parts: Steps[Any], last: bool = False) -> Steps[tuple[Any, ...]]:
    """What each of the parts returns. Their first queries form a script in the order of the parts, then their second
    ones, and so on: a part may rely on the first query of another that stands before it, as on a lock.

    `last`: they ask one query each, or none, and the transaction asks nothing after them. It may have been committed
    when this returns. After a DuplicateKey it has not, and may go on."""
    values: dict[int, Any] = {}
    asked: dict[int, Query] = {}

    def step(number: int, result: Result | None) -> None:
        try:
            query = next(parts[number]) if result is None else parts[number].send(result)
        except StopIteration as stop:
            values[number] = stop.value
        else:
            if not isinstance(query, Query):
                raise TypeError("a part asks one query at a time")
            asked[number] = query

    for number in range(len(parts)):
        step(number, None)
    while asked:
        numbers = sorted(asked)
        result = yield Script([asked[number] for number in numbers], last=last)
        asked.clear()
        for number, answer in zip(numbers, result.parts, strict=True):
            step(number, answer)
        if last and asked:
            raise TypeError("more was asked after what was to be the last")
    return tuple(values[number] for number in range(len(parts)))
