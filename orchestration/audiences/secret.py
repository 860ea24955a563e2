"""Secrets: named in `destinations.yml`, valued in the environment, and shown nowhere."""

from __future__ import annotations


class Secret:
    """A value that is only ever given to the service it belongs to: it prints as asterisks, and cannot be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")
