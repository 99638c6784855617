"""wsmedia: media over secure WebSockets into standard WebRTC SFUs."""

__version__ = "0.1.0"
