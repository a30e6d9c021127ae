"""A world to run the protocol in: so far the model of storage."""
