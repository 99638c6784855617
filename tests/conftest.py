"""Configuration of the whole test-suite. Being in the package `tests`, it also makes `tests.support` importable."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is slow: a test that hangs is ended by its timeout, and how fast one example is says nothing.
settings.register_profile("wsmedia", deadline=None)
settings.load_profile("wsmedia")
