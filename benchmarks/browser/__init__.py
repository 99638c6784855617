"""How long pictures take from one browser's camera to another's canvas, and what that costs: ``make bench-browser``."""
