"""The protocol in worlds where everything fails."""
