"""WebSockets, of our own listener and of a stock hypercorn."""
