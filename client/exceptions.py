"""What can go wrong for good."""


class ChatError(Exception):
    """A final refusal. `code` is the protocol's, or no_connection, stopped, slow_reader of this client."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
