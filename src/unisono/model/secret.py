"""A value that must not be seen: it prints as dots and is revealed only where it is sent."""

from __future__ import annotations


class Secret:
    """An API key, password or token. ``reveal`` may be called only in the files that a shape test lists."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, to be sent to the vendor it belongs to."""
        return self._value

    def tail(self) -> str:
        """The last four characters, for a person to recognise a key by; nothing of a short one."""
        return self._value[-4:] if len(self._value) >= 12 else ""

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __str__(self) -> str:
        return "•••"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not pickled")
