"""How often somebody may do something that costs: token buckets by address, and one for all together.

Called by routes that anybody may ask without a token. Time is an argument.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class AddressRates:
    """Buckets that fill steadily.

    Args:
        per_second, burst: of one address.
        overall_per_second, overall_burst: of all together.
        max_addresses: beyond so many, the one that asked longest ago is forgotten, and begins with a full bucket.
    """

    def __init__(
        self,
        per_second: float,
        burst: float,
        overall_per_second: float,
        overall_burst: float,
        max_addresses: int = 1024,
    ) -> None:
        self._rate = per_second
        self._burst = burst
        self._overall_rate = overall_per_second
        self._overall_burst = overall_burst
        self._max_addresses = max_addresses
        self._overall: _Bucket | None = None
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, address: str, amount: float, now: float) -> float:
        """Take ``amount``, from both buckets or from none.

        Args:
            address: who asks.
            amount: in the unit of the rates; more than a burst is never given.
            now: seconds of a monotonic clock.
        Returns:
            0.0 when it was given; else seconds until it may be asked again.
        """
        overall = self._overall = self._filled(self._overall, self._overall_rate, self._overall_burst, now)
        bucket = self._filled(self._buckets.get(address), self._rate, self._burst, now)
        self._buckets[address] = bucket
        self._buckets.move_to_end(address)
        while len(self._buckets) > self._max_addresses:
            self._buckets.popitem(last=False)
        wait = max((amount - bucket.level) / self._rate, (amount - overall.level) / self._overall_rate)
        if wait > 0.0:
            return wait
        bucket.level -= amount
        overall.level -= amount
        return 0.0

    @staticmethod
    def _filled(bucket: _Bucket | None, rate: float, burst: float, now: float) -> _Bucket:
        if bucket is None:
            return _Bucket(burst, now)
        bucket.level = min(burst, bucket.level + (now - bucket.at) * rate)
        bucket.at = now
        return bucket
