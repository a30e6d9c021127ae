"""Exceptions of the core. A refusal is a value; these are bugs of ours or of the driver."""


class LocalProtocolError(Exception):
    """The core was driven in a way its tables do not allow: a bug on this side of the link."""
