"""WebRTC peers: ICE, DTLS and SRTP on aiortc, negotiation and RTP of our own; encoded frames in and out."""

from wsmedia.peer.config import PeerConfig, PeerState
from wsmedia.peer.connection import PeerConnection
from wsmedia.peer.receiver import RtpReceiver
from wsmedia.peer.seam import Certificate
from wsmedia.peer.sender import RtpSender

__all__ = ["Certificate", "PeerConfig", "PeerConnection", "PeerState", "RtpReceiver", "RtpSender"]
