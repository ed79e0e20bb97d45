"""Whose address is it? A credential goes to the vendor's own hosts only, and a host a user gives must be a place in the open internet."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import quote

from msgspec import Struct

from unisono.model.errors import Refused, Unavailable

Resolve = Callable[[str], Sequence[str]]
"""The addresses of a host name; ``OSError`` if it has none."""
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_END = re.compile(r"[/?#]")
_PLACE = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:@<>\"^`{|}]*))(?::(?P<port>[0-9]{0,7}))?")
_WIRE = re.compile(r"[!#-;=?-\[\]_a-z~]*")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_PLAIN = re.compile(r"[!-\[\]-~]*")
"""Visible ASCII without the back-slash: most addresses, told without looking at each letter."""


class Pinned(Struct, frozen=True):
    """A user's host, looked up once: connections go to ``address`` and nowhere else, whatever the name says tomorrow."""

    host: str
    port: int
    address: str
    path: str = ""
    """Where below the host the program lives, without a closing slash."""

    @property
    def pattern(self) -> str:
        """As an entry of a door's ``hosts``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"

    @property
    def base(self) -> str:
        """The address calls begin with."""
        return f"https://{self.pattern}{self.path}"


class Address(Struct, frozen=True):
    """Where a call goes: ``host`` in lower-case ASCII without brackets, ``port`` only if it was written, ``target`` path and query."""

    scheme: str
    host: str
    port: int | None
    target: str

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def url(self) -> str:
        """The address put together anew from what was checked, so that nobody can read another one out of it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if self.port is None else f':{self.port}'}{self.target}"


def checked_url(url: str, hosts: Sequence[str], *, insecure_loopback: bool = False) -> Address:
    """The address as it will be used, if it is one of ``hosts`` (an exact name or ``*.suffix``, with ``:port`` unless 443).

    https only; with ``insecure_loopback`` plain http to this machine on any port. Raises ``Refused`` naming the host alone.
    """
    scheme, authority, target = _parts(url)
    host, port = _checked_origin(scheme, authority, tuple(hosts), insecure_loopback)
    return Address(scheme, host, port, target)


@lru_cache(maxsize=256)
def _checked_origin(scheme: str, authority: str, hosts: tuple[str, ...], insecure_loopback: bool) -> tuple[str, int | None]:
    host, port = _origin(authority)
    told = {"host": host[:100]}
    here = insecure_loopback and _is_loopback(host)
    if scheme != "https" and not (here and scheme == "http"):
        raise Refused("address-not-https", told)
    if not any(_matches(host, port, pattern, any_port=here) for pattern in hosts):
        raise Refused("host-not-allowed", told)
    return host, port


def system_resolve(host: str) -> list[str]:
    """The addresses this machine's resolver gives. Raises ``OSError``."""
    return [str(row[4][0]) for row in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]


def check_host(given: str, resolve: Resolve = system_resolve, *, private_allowed: bool = False) -> Pinned:
    """What a user typed as the address of a self-hosted program, made safe to send a key to.

    Looked up once; every address found must be public, in whatever spelling. ``private_allowed`` (an administrator's tick) admits the
    own network and this machine, never the metadata services of clouds. Raises ``Refused`` (``address-malformed``,
    ``port-not-allowed``, ``address-not-https``, ``host-private``, ``host-metadata``) or ``Unavailable`` (``host-unknown``: no such name).
    """
    text = given.strip()
    if "://" not in text:
        text = f"https://{text}"
    scheme, authority, target = _parts(text)
    # A dot at the end of a name is no part of it.
    host, port = _origin(authority)
    host, port = host.removesuffix("."), 443 if port is None else port
    told = {"host": host[:100]}
    if scheme != "https":
        raise Refused("address-not-https", told)
    if "?" in text or "#" in text or not _is_name_or_address(host):
        raise Refused("address-malformed", told)
    if port != 443 and port < 1024:
        raise Refused("port-not-allowed", told | {"port": str(port)})
    if not private_allowed and _is_private_name(host):
        raise Refused("host-private", told)
    found = _looked_up(host, resolve)
    for place in found:
        verdict = _verdict(place)
        if verdict == "metadata" or (verdict == "private" and not private_allowed):
            raise Refused(f"host-{verdict}", told | {"address": str(place)})
    return Pinned(host, port, str(found[0]), target.rstrip("/"))


def _parts(text: str) -> tuple[str, str, str]:
    """Scheme, authority and target (path with query, without fragment), each as written."""
    # What parsers read differently (blanks, control characters, back-slashes, several @) is refused before any of them reads it.
    plain = _PLAIN.fullmatch(text) is not None or not any(c.isspace() or not c.isprintable() or c == "\\" for c in text)
    scheme, found, rest = text.partition("://")
    end = _END.search(rest)
    authority, target = (rest[: end.start()], rest[end.start() :].partition("#")[0]) if end else (rest, "")
    if plain and (text.startswith("//") or (found and scheme.lower() not in ("http", "https"))):
        raise Refused("address-not-https", {"host": (authority or text.strip("/")).rpartition("@")[2][:80]})
    if not plain or not found or "%" in authority:
        raise Refused("address-malformed", {})
    if not target.startswith("/"):
        target = f"/{target}"
    return scheme.lower(), authority, target if _WIRE.fullmatch(target) else quote(target, safe=_SAFE)


@lru_cache(maxsize=256)
def _origin(authority: str) -> tuple[str, int | None]:
    """Host (lower-case ASCII, no brackets) and port of an authority. Raises ``Refused`` (``address-malformed``)."""
    found = _PLACE.fullmatch(authority.rpartition("@")[2])
    host = _ascii((found["six"] or found["name"]) if found else "")
    port = int(found["port"]) if found and found["port"] else None
    if "@" in authority or not host or (port or 0) > 65_535:
        raise Refused("address-malformed", {"host": host[:100]})
    return host, port


def _ascii(host: str) -> str:
    """A host name in its ASCII form; empty if it has none."""
    if host.isascii():
        return host.lower()
    import idna

    try:
        return idna.encode(host.lower()).decode("ascii")
    except idna.IDNAError:
        return ""


def _matches(host: str, given: int | None, pattern: str, *, any_port: bool) -> bool:
    # The port is behind the last colon, unless that one belongs to an IPv6 address.
    name, _, port = pattern.lower().rpartition(":") if pattern.count(":") == 1 or "]:" in pattern else (pattern.lower(), "", "")
    name = name.strip("[]")
    if not any_port and (given or 443) != int(port or 443):
        return False
    return host.endswith(name[1:]) and len(host) >= len(name) if name.startswith("*.") else host == name


@lru_cache(maxsize=64)
def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_name_or_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
        return True
    except ValueError:
        pass
    labels = host.split(".")
    # 127.1, 2130706433, 0x7f.1 and 017700000001 are addresses to a resolver: what ends in a number and is no dotted quad is nobody's name.
    last = labels[-1]
    numeric = last.isdecimal() or last.startswith("0x")
    return not numeric and len(host) <= 253 and all(_is_label(label) for label in labels)


def _is_label(label: str) -> bool:
    plain = label.replace("-", "").replace("_", "")
    return 0 < len(label) <= 63 and plain.isascii() and plain.isalnum() and label[0] != "-" and label[-1] != "-"


def _is_private_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
        return False
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".onion"))


def _looked_up(host: str, resolve: Resolve) -> list[_Address]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    try:
        found = [ipaddress.ip_address(text.partition("%")[0]) for text in resolve(host)]
    except (OSError, ValueError, UnicodeError):
        found = []
    if not found:
        raise Unavailable("host-unknown", {"host": host[:100]})
    return found


_METADATA = tuple(
    # Link-local holds 169.254.169.254; the rest are the clouds that chose another place for the same thing.
    ipaddress.ip_network(text)
    for text in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "fd20:ce::/32", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32")
)
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
        *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _verdict(place: _Address) -> str:
    """``public``, ``private`` or ``metadata``; an IPv4 address wrapped in IPv6 is judged as what is inside."""
    inside = _wrapped(place)
    places = [place] if inside is None else [place, inside]
    if any(p in network for p in places for network in _METADATA if p.version == network.version):
        return "metadata"
    if inside is not None and place in _NAT64:
        return _verdict(inside)
    if any(p in network for p in places for network in _NOT_PUBLIC if p.version == network.version):
        return "private"
    return "public" if place.version == 4 or place in _PUBLIC_V6 else "private"


def _wrapped(place: _Address) -> ipaddress.IPv4Address | None:
    if isinstance(place, ipaddress.IPv4Address):
        return None
    if place.ipv4_mapped is not None:
        return place.ipv4_mapped
    if place.sixtofour is not None:
        return place.sixtofour
    if place.teredo is not None:
        return place.teredo[1]
    return ipaddress.IPv4Address(int(place) & 0xFFFFFFFF) if place in _NAT64 or int(place) >> 32 == 0 else None
