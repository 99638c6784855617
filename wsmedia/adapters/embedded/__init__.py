"""The embedded SFU: rooms in the gateway's own process, for tunnelled and native participants alike."""

from wsmedia.adapters.embedded.adapter import EmbeddedAdapter
from wsmedia.adapters.embedded.echo import NativeEcho
from wsmedia.adapters.embedded.native import NativePeer, NativePublisher, NativeSubscriber

__all__ = ["EmbeddedAdapter", "NativeEcho", "NativePeer", "NativePublisher", "NativeSubscriber"]
