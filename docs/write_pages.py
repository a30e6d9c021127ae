"""Writes the pages of docs/ that are made from the code. `python docs/write_pages.py` or `./just docs`."""

from pathlib import Path

from chatproto.transitions import CLIENT, CURSOR, SESSION, ClientState, CursorState, S, SessionState, Table, mermaid

PAGES = Path(__file__).parent

STATES = """# States

This page is made from the tables in `chatproto/transitions.py` by `./just docs`; a test compares them. A step that is
not drawn here is a bug of ours and raises `LocalProtocolError`.

## A connection

{session}
| State | Meaning |
|---|---|
{session_states}
## One chat on one connection

Items are pushed live only when `seq == sent + 1`. On a gap the log is read; over the queue's bound the chat's items
are dropped and one `lag` tells the client to page.

{cursor}
| State | Meaning |
|---|---|
{cursor_states}
## A client

What the client does in each state is said step by step in `tests/vectors`: [how to use them](testing-your-client.md).

{client}
| State | Meaning |
|---|---|
{client_states}"""

SESSION_MEANS = {
    SessionState.AWAITING_HELLO: "the socket is open; `hello` must come within 10 s",
    SessionState.LOADING: "the token was good; session and chats are read from storage; frames wait",
    SessionState.ACTIVE: "`ready` was sent; commands are taken and items pushed",
    SessionState.CLOSED: "over; what storage still does for it is finished and told to the others",
}
CURSOR_MEANS = {
    CursorState.LISTING: "a `chat` frame is being made; no item may come before it",
    CursorState.LIVE: "everything up to `sent` was pushed; the next item goes out at once",
    CursorState.CATCHING_UP: "a gap is being read from the log",
    CursorState.AHEAD: "it was given more than the room knows yet; it waits until the room has come as far",
    CursorState.LAGGING: "the client reads too slowly; it pages until it has caught up",
}
CLIENT_MEANS = {
    ClientState.IDLE: "nothing was started",
    ClientState.CONNECTING: "a WebSocket is being opened",
    ClientState.AUTHENTICATING: "`hello` is out",
    ClientState.RESUMING: "`ready` came; some chats are behind and are being paged",
    ClientState.LIVE: "every chat was caught up once on this link",
    ClientState.BACKOFF: "no link; waiting for the next attempt, or for a fresh token",
    ClientState.LOGGED_OUT: "the log-in is over; outbox and drafts are kept for the next one",
    ClientState.STOPPED: "over",
}


def _diagram(table: Table[S]) -> str:
    return f"```mermaid\n{mermaid(table)}\n```\n"


def _rows(meanings: dict[S, str]) -> str:
    return "".join(f"| `{state}` | {meaning} |\n" for state, meaning in meanings.items())


def states() -> str:
    """The text of docs/states.md."""
    return STATES.format(
        session=_diagram(SESSION),
        session_states=_rows(SESSION_MEANS),
        cursor=_diagram(CURSOR),
        cursor_states=_rows(CURSOR_MEANS),
        client=_diagram(CLIENT),
        client_states=_rows(CLIENT_MEANS),
    )


if __name__ == "__main__":
    (PAGES / "states.md").write_text(states(), encoding="utf-8")
