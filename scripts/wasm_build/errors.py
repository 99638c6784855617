"""The errors of the WebAssembly build."""

from __future__ import annotations


class BuildError(Exception):
    """What is missing or went wrong, in words for the person who builds, with what to do about it."""


class SourcesMissingError(BuildError):
    """The codecs' sources cannot be had on this machine by itself; everything else may be in order."""
