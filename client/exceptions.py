"""What can go wrong for good."""


class ChatError(Exception):
    """A final refusal. `code` is the protocol's, or no_connection, stopped, slow_reader of this client.

    `retry_after`: seconds after which it may be gone, where the server said so.
    """

    def __init__(self, code: str, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
