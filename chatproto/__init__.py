"""The pure heart of Vestnik: a sans-IO state machine for auth, membership, ordering and delivery.

Nothing here reads a clock, opens a socket, or draws a random number: time, ids and secrets are arguments.
"""
