"""Janus' VideoRoom as the SFU: see ``JanusAdapter`` and docs/janus.md."""

from wsmedia.adapters.janus.adapter import JanusAdapter
from wsmedia.adapters.janus.config import JanusConfig

__all__ = ["JanusAdapter", "JanusConfig"]
