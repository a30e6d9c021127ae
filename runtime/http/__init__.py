"""The HTTP API of PROTOCOL.md section 2: one module per resource, each a table of routes."""
