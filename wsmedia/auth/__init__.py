"""Who may enter which room: tokens, origins, loopback."""

from wsmedia.auth.origins import is_loopback_address, is_loopback_host, is_origin_allowed
from wsmedia.auth.tokens import EVERYTHING, MIN_KEY_LENGTH, Grant, TokenVerifier, issue_token
from wsmedia.auth.turn_credentials import TurnCredentials, issue_turn_credentials, turn_expiry, turn_password

__all__ = [
    "EVERYTHING",
    "MIN_KEY_LENGTH",
    "Grant",
    "TokenVerifier",
    "TurnCredentials",
    "is_loopback_address",
    "is_loopback_host",
    "is_origin_allowed",
    "issue_token",
    "issue_turn_credentials",
    "turn_expiry",
    "turn_password",
]
