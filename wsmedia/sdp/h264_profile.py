"""H.264 as SDP names it: which ``profile-level-id`` values mean the same profile (RFC 6184 §8.1, table 5)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

DEFAULT_PROFILE_LEVEL_ID = "42000a"
OFFERED_PROFILE_LEVEL_ID = "42e01f"


class Profile(IntEnum):
    """The profiles that wsmedia forwards; smaller is preferred, for more decoders know it."""

    CONSTRAINED_BASELINE = 0
    BASELINE = 1
    MAIN = 2
    CONSTRAINED_HIGH = 3
    HIGH = 4


# profile_idc, then the constraint octet as mask and value.
_PATTERNS = (
    (0x42, 0x4F, 0x40, Profile.CONSTRAINED_BASELINE),
    (0x4D, 0x8F, 0x80, Profile.CONSTRAINED_BASELINE),
    (0x58, 0xCF, 0xC0, Profile.CONSTRAINED_BASELINE),
    (0x42, 0x4F, 0x00, Profile.BASELINE),
    (0x58, 0xCF, 0x80, Profile.BASELINE),
    (0x4D, 0xAF, 0x00, Profile.MAIN),
    (0x64, 0xFF, 0x00, Profile.HIGH),
    (0x64, 0xFF, 0x0C, Profile.CONSTRAINED_HIGH),
)


def profile_of(parameters: Mapping[str, str]) -> Profile | None:
    """The profile that an ``fmtp`` line names; None when it is malformed or not forwarded.

    Args:
        parameters: as in ``PayloadFormat.parameters``; without ``profile-level-id`` it is baseline.
    """
    text = parameters.get("profile-level-id", DEFAULT_PROFILE_LEVEL_ID)
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        return None
    if len(octets) != 3:
        return None
    for profile_idc, mask, value, profile in _PATTERNS:
        if octets[0] == profile_idc and octets[1] & mask == value:
            return profile
    return None


def packetization_mode(parameters: Mapping[str, str]) -> int | None:
    """0 or 1; None for the interleaved mode 2, which wsmedia does not do, and for anything else."""
    return {"0": 0, "1": 1}.get(parameters.get("packetization-mode", "0"))


def preference(parameters: Mapping[str, str]) -> int | None:
    """How gladly a format is used, 0 the most; None if not at all."""
    profile, mode = profile_of(parameters), packetization_mode(parameters)
    if profile is None or mode is None:
        return None
    # Both baselines in either mode before any other profile: they are what every WebRTC decoder must know
    # (RFC 7742 §6.2).
    baseline = profile <= Profile.BASELINE
    return (0 if baseline else 10) + (0 if mode == 1 else 5) + profile
