"""Time-limited TURN credentials, made from a secret that the TURN server knows too.

The scheme is that of draft-uberti-behave-turn-rest, which coturn and others share (``use-auth-secret``): the user name
is ``expiry:label``, seconds since the epoch and anything; the password is the base64 of the user name's HMAC-SHA1. The
server keeps no list: it makes the password again and looks at the time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

MAX_USERNAME = 128
_USERNAME = re.compile(r"([0-9]{1,12}):[\x21-\x39\x3b-\x7e]{1,100}")


@dataclass(frozen=True, slots=True)
class TurnCredentials:
    """What a client shows a TURN server; ``expires_at_s`` is in seconds since the epoch."""

    username: str
    password: str
    expires_at_s: int


def issue_turn_credentials(secret: str, label: str, expires_at_s: int) -> TurnCredentials:
    """Make credentials.

    Args:
        secret: what the TURN server knows too.
        label: printable ASCII without a colon, 1 to 100 characters; random, for it is all that tells users apart.
        expires_at_s: seconds since the epoch.
    """
    username = f"{expires_at_s}:{label}"
    return TurnCredentials(username, turn_password(secret, username), expires_at_s)


def turn_password(secret: str, username: str) -> str:
    """The password that belongs to a user name."""
    return base64.b64encode(hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()).decode()


def turn_expiry(username: str) -> int | None:
    """When a user name expires, in seconds since the epoch; None if it is not of this scheme."""
    found = _USERNAME.fullmatch(username)
    return None if found is None else int(found.group(1))
