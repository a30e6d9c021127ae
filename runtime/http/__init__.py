"""The HTTP API of docs/protocol.md section 2: one module per resource, each a table of routes."""
