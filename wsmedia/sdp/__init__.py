"""Session descriptions without I/O: parse and write them, and the rules of offer and answer that need no state."""

from wsmedia.sdp.candidate import format_candidate, parse_candidate
from wsmedia.sdp.codecs import Encoding, encodings, offered_formats, usable_formats
from wsmedia.sdp.description import (
    Candidate,
    Direction,
    Fingerprint,
    HeaderExtension,
    MediaSection,
    Msid,
    PayloadFormat,
    SessionDescription,
    Setup,
    SsrcGroup,
    TransportParameters,
)
from wsmedia.sdp.parse import parse
from wsmedia.sdp.write import write

__all__ = [
    "Candidate",
    "Direction",
    "Encoding",
    "Fingerprint",
    "HeaderExtension",
    "MediaSection",
    "Msid",
    "PayloadFormat",
    "SessionDescription",
    "Setup",
    "SsrcGroup",
    "TransportParameters",
    "encodings",
    "format_candidate",
    "offered_formats",
    "parse",
    "parse_candidate",
    "usable_formats",
    "write",
]
