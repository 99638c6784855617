"""Bounds on how often something may happen, as plain arithmetic over a clock that the caller gives."""

from wsmedia.limits.keyframe_requests import KEYFRAME_REQUEST_INTERVAL, CallLater, KeyframeRequests
from wsmedia.limits.token_bucket import TokenBucket

__all__ = ["KEYFRAME_REQUEST_INTERVAL", "CallLater", "KeyframeRequests", "TokenBucket"]
