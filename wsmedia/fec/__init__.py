"""The erasure code of messages in fragments (PROTOCOL.md §3.8): parity for the sender, assembly for the receiver."""

from wsmedia.fec.assembler import Assembler
from wsmedia.fec.erasure import MAX_DATA_COUNT, MAX_INDEX, data_count_for, encode_parity, fragment_size, recover, split

__all__ = [
    "MAX_DATA_COUNT",
    "MAX_INDEX",
    "Assembler",
    "data_count_for",
    "encode_parity",
    "fragment_size",
    "recover",
    "split",
]
