"""RTP, RTCP and payload formats without I/O: bytes in, typed packets and frames out, and the reverse.

Every file is one job of RFC 3550 and its companions; nothing here reads a clock or touches a socket. The peer core
(``wsmedia.peer``) strings them together.
"""
