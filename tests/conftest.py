"""Configuration of the whole test-suite. Being in the package `tests`, it also makes `tests.support` importable."""
