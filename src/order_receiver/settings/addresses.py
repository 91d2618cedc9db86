"""Which addresses stay on this machine, and which URLs may carry secrets."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")


def is_label(text: str) -> bool:
    """True where the text can be one part of a host name."""
    return len(text) <= 63 and _LABEL.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """True for localhost and for addresses that no other machine can reach."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def url_fault(url: str) -> str | None:
    """What makes a base URL unusable at all, as the end of a sentence; None where it can be used."""
    if " " in url or not url.isprintable():
        return "must hold no blanks or control characters"
    try:
        parts = urlsplit(url)
        port_given = parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https") or not parts.hostname or not _HOST.fullmatch(parts.hostname):
        return "must begin with https:// (or http:// on this machine) and a host name"
    if port_given == 0:
        return "names port 0"
    if parts.username is not None or parts.query or parts.fragment:
        return "must hold no user, query or fragment"
    return None


def is_plain(url: str) -> bool:
    """True where the URL would carry secrets over a network without TLS."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")
