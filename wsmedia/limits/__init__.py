"""Bounds on how often something may happen, in time that the caller gives."""

from wsmedia.limits.keyframe_requests import KEYFRAME_REQUEST_INTERVAL, CallLater, KeyframeRequests
from wsmedia.limits.rates import AddressRates

__all__ = ["KEYFRAME_REQUEST_INTERVAL", "AddressRates", "CallLater", "KeyframeRequests"]
