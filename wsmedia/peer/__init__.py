"""WebRTC peers: ICE, DTLS and SRTP on aiortc, negotiation and RTP of our own; encoded frames in and out."""

from wsmedia.peer.config import PeerConfig, PeerState
from wsmedia.peer.connection import PeerConnection
from wsmedia.peer.local_links import LocalLinks
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.relay import LocalRelay, SocketRelay
from wsmedia.peer.seam import Certificate
from wsmedia.peer.sender import RtpSender

__all__ = [
    "Certificate",
    "LocalLinks",
    "LocalRelay",
    "PeerConfig",
    "PeerConnection",
    "PeerState",
    "RtpReceiver",
    "RtpSender",
    "SocketRelay",
]
