"""Several workers on one port, their parent, and the service manager above it."""
