"""What does the gateway add to a frame's way, and what does it cost? Run as ``python -m benchmarks.hop``.

Four kinds of process on loopback: the gateway (the real server with a peer connection per participant in place of an
SFU), the load generator (tunnel clients on raw sockets, peer connections on the other side), and for the comparison
an endpoint, ours or aiortc's, that only passes encoded frames to or from a counterpart.

Latency is taken outside of the gateway: from the system call that hands the kernel a frame's last octet to the
kernel's receive time stamp of the frame's last octet on the other side. The load generator's own delays do not count,
the gateway's waiting for its turn does.
"""
