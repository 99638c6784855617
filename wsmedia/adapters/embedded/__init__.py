"""The embedded SFU: rooms in the gateway's own process, for tunnelled and native participants alike."""

from wsmedia.adapters.embedded.adapter import EmbeddedAdapter

__all__ = ["EmbeddedAdapter"]
