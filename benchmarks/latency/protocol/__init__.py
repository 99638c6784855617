"""Capture to decodable without browsers: the Python client and reference carriers, many seeds in little time."""
