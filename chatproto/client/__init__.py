"""The client's side of the protocol, pure: `session.ClientSession` and what it is made of."""
