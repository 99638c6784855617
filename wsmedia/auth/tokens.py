"""Tokens: JSON Web Tokens (RFC 7519) signed with HS256, that let their bearer into one room for a while.

Claims: ``room`` (required; ``*`` is every room), ``exp`` (required, NumericDate), ``publish`` and ``subscribe``
(booleans, true when absent), ``name`` (the name that the bearer must use, free when absent). Other claims are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from wsmedia.errors import AdmissionError, CloseCode

MIN_KEY_LENGTH = 32
"""Octets: an HS256 key shorter than its hash is weaker than it (RFC 7518 §3.2)."""

MAX_NAME_LENGTH = 64
"""Characters of a name; the same rule as for the name in HELLO (PROTOCOL.md §3.1)."""

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ALGORITHM = "HS256"
_ANY_ROOM = "*"
_MAX_TOKEN_LENGTH = 4096
# Two machines' clocks differ by a few seconds.
_LEEWAY_S = 5.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What the bearer of a token may do in the room that it was checked for; ``name`` is None when free to choose."""

    publish: bool = True
    subscribe: bool = True
    name: str | None = None


EVERYTHING = Grant()
"""What everybody may do where no tokens are in use."""


class TokenVerifier:
    """Checks tokens against the configured keys, any of which may have signed.

    Args:
        keys: at least one, each of at least ``MIN_KEY_LENGTH`` octets.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = tuple(key.encode() for key in keys)

    def verify(self, token: str | None, room: str | None, now_s: float) -> Grant:
        """What ``token`` allows in ``room``.

        Args:
            token: as the client gave it; None when it gave none.
            room: the room to enter; None for whichever the token is for.
            now_s: seconds since the Unix epoch.
        Raises:
            AdmissionError: ``UNAUTHORIZED`` when the token is missing, malformed, expired or signed with no key of
                ours; ``FORBIDDEN`` when it is for another room or for nothing at all.
        """
        if not token:
            raise AdmissionError("A token is needed to enter.", CloseCode.UNAUTHORIZED)
        if len(token) > _MAX_TOKEN_LENGTH:
            raise AdmissionError("The token is too long to be one.", CloseCode.UNAUTHORIZED)
        claims = self._claims(token)
        if not isinstance(claims["exp"], int | float) or isinstance(claims["exp"], bool):
            raise AdmissionError("The token's exp is not a time.", CloseCode.UNAUTHORIZED)
        if now_s > claims["exp"] + _LEEWAY_S:
            raise AdmissionError("The token has expired.", CloseCode.UNAUTHORIZED)
        if room is not None and claims["room"] not in (room, _ANY_ROOM):
            raise AdmissionError("The token is for another room.", CloseCode.FORBIDDEN)
        name = claims.get("name")
        if isinstance(name, str) and (len(name) > MAX_NAME_LENGTH or _CONTROL_CHARACTERS.search(name)):
            raise AdmissionError("The token's name is too long or has control characters.", CloseCode.UNAUTHORIZED)
        grant = Grant(
            # Only a plain true grants: a token maker who writes "false" in quotes does not mean yes.
            publish=claims.get("publish", True) is True,
            subscribe=claims.get("subscribe", True) is True,
            name=name if isinstance(name, str) and name else None,
        )
        if not (grant.publish or grant.subscribe):
            raise AdmissionError("The token allows neither publishing nor subscribing.", CloseCode.FORBIDDEN)
        return grant

    def _claims(self, token: str) -> dict[str, Any]:
        for key in self._keys:
            try:
                # exp is compared by the caller, who has the time; the other registered claims are not used.
                return jwt.decode(
                    token,
                    key,
                    algorithms=[_ALGORITHM],
                    options={
                        "require": ["exp", "room"],
                        "verify_exp": False,
                        "verify_nbf": False,
                        "verify_iat": False,
                        "verify_aud": False,
                        "verify_iss": False,
                        "verify_sub": False,
                        "verify_jti": False,
                    },
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.MissingRequiredClaimError as error:
                raise AdmissionError(f"The token lacks the claim {error.claim}.", CloseCode.UNAUTHORIZED) from error
            except (jwt.PyJWTError, ValueError) as error:
                raise AdmissionError("The token is malformed.", CloseCode.UNAUTHORIZED) from error
        raise AdmissionError("The token was signed with a key that is not in use here.", CloseCode.UNAUTHORIZED)


def issue_token(
    key: str,
    room: str,
    expires_at_s: float,
    *,
    publish: bool = True,
    subscribe: bool = True,
    name: str | None = None,
) -> str:
    """Sign a token.

    Args:
        key: of at least ``MIN_KEY_LENGTH`` octets.
        room: the room it opens, or ``*`` for all.
        expires_at_s: seconds since the Unix epoch.
        publish, subscribe: what it allows.
        name: the name that the bearer must use; None leaves it free.
    Returns:
        The token in compact form.
    """
    claims: dict[str, Any] = {"room": room, "exp": int(expires_at_s), "publish": publish, "subscribe": subscribe}
    if name is not None:
        claims["name"] = name
    return jwt.encode(claims, key.encode(), algorithm=_ALGORITHM)
