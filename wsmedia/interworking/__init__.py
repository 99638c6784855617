"""Between the tunnel and a room: frames both ways, keyframe requests, bitrates, and who is there."""

from wsmedia.interworking.bridge import Bridge

__all__ = ["Bridge"]
