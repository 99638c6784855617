"""The one error of the WebAssembly build."""

from __future__ import annotations


class BuildError(Exception):
    """What is missing or went wrong, in words for the person who builds, with what to do about it."""
