"""Conformance vectors: what a client's (and a server's) state machine does, step by step, as JSON for any language."""
