"""A secret is revealed only where it is sent to its vendor or locked away."""

from __future__ import annotations

from tests.shape.project import calls_of, python_files

MAY_REVEAL = (
    "src/unisono/systems/*/client.py",  # signs a request
    "src/unisono/connect/http.py",  # puts it on the wire
    "src/unisono/connect/exact.py",  # writes it into a body on its way to the wire
    "src/unisono/connect/redact.py",  # looks for it, to take it out of what people may see
    "src/unisono/store/secrets.py",  # encrypts it
    "src/unisono/connect/mail.py",  # signs in at the mail server
    "src/unisono/connect/chat.py",  # an address that holds a room's token
    "src/unisono/connect/oidc.py",  # our secret at the provider people sign in with
)


def test_only_listed_files_reveal_a_secret() -> None:
    revealing = {str(path): lines for path in python_files("src") if (lines := calls_of(path, "reveal"))}
    unlisted = {path: lines for path, lines in revealing.items() if not any(_matches(path, pattern) for pattern in MAY_REVEAL)}
    assert unlisted == {}


def test_the_search_for_reveal_finds_the_door_to_the_network() -> None:
    """Without this the rule above would pass for ever once the method is renamed."""
    assert any(_matches(str(path), "src/unisono/connect/http.py") and calls_of(path, "reveal") for path in python_files("src"))


def _matches(path: str, pattern: str) -> bool:
    ours, theirs = path.split("/"), pattern.split("/")
    return len(ours) == len(theirs) and all(b in ("*", a) for a, b in zip(ours, theirs, strict=True))
