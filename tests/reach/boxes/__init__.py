"""Boxes that bad networks put in the way and nobody packages: programs of our own, started in the middle."""
