"""How late pictures and sound are behind a bad link, by WebRTC, TURN and the tunnel: ``make bench-latency``."""
