"""A string that nobody reads by accident."""


class Secret(str):
    """A string that does not show itself in a repr, and so not in tracebacks, logs of objects or `asdict` prints."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"
