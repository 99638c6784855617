"""What a network has to allow for calls with one gateway, as a text for its administrator.

``wsmedia allowlist`` prints it from the configuration; ``wsmedia doctor`` and the check page (``web/src/doctor``) add
what they have found. Nothing private is in it: no token, no room, no address of the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wsmedia.findings.report import Check

_RELAYS = {
    Check.STUN: "STUN",
    Check.TURN_UDP: "TURN",
    Check.TURN_TCP: "TURN over TCP",
    Check.TURN_TLS: "TURN over TLS",
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """One thing to allow.

    Attributes:
        host: a name or address.
        ports: one port or a range, as ``443`` or ``49152-65535``.
        protocol: ``TCP`` or ``UDP``.
        purpose: what runs there, for people.
        needed: calls do not work without it; what is not needed makes them better.
    """

    host: str
    ports: str
    protocol: str
    purpose: str
    needed: bool


def gateway_entries(host: str, port: int, *, secure: bool, native: bool) -> list[Allowed]:
    """What the gateway itself needs.

    Args:
        host, port: as clients reach it.
        secure: whether by https.
        native: whether native WebRTC goes to the gateway by UDP.
    """
    web = "HTTPS, and WebSocket inside it (Upgrade: websocket)" if secure else "HTTP and WebSocket"
    entries = [Allowed(host, str(port), "TCP", web, True)]
    if native:
        entries.append(Allowed(host, "1024-65535", "UDP", "WebRTC media (ICE, DTLS-SRTP)", False))
    return entries


def relay_entries(servers: Sequence[tuple[Check, str, int]]) -> list[Allowed]:
    """What STUN and TURN servers need; native WebRTC uses them, so calls work without them.

    Args:
        servers: the check that a server belongs to, its host and its port.
    """
    entries = []
    for check, host, port in servers:
        protocol = "UDP" if check in (Check.STUN, Check.TURN_UDP) else "TCP"
        purpose = _RELAYS[check]
        entry = Allowed(host, str(port), protocol, purpose, False)
        if entry not in entries:
            entries.append(entry)
    return entries


def allowlist_text(entries: Sequence[Allowed], requests: Sequence[str] = ()) -> str:
    """The text.

    Args:
        entries: what to allow; at least one. The first is the gateway, which the PAC line names.
        requests: sentences that ask for more, one for each hindrance that was found.
    Returns:
        Lines without a newline at the end.
    """
    gateway = entries[0]
    lines = [
        f"To the administrator of this network: video calls at {gateway.host}",
        "",
        "Please allow, from the clients to:",
        *(_line(entry) for entry in entries if entry.needed),
    ]
    optional = [_line(entry) for entry in entries if not entry.needed]
    if optional:
        lines += ["", "Better, though calls work without it:", *optional]
    lines += [
        "",
        f"Please exempt {gateway.host} from TLS inspection, content scanning and buffering: the connections are",
        "long-lived, carry small messages in both directions all the time, and are encrypted by TLS.",
        "",
        "In a proxy auto-configuration (PAC) file, to let these calls go without the proxy:",
        f'  if (host == "{gateway.host}") return "DIRECT";',
    ]
    if requests:
        lines += ["", "A check of this network has found:", *(f"  - {sentence}" for sentence in requests)]
    return "\n".join(lines)


def _line(entry: Allowed) -> str:
    return f"  - {entry.host}, {entry.protocol} port {entry.ports}: {entry.purpose}"
