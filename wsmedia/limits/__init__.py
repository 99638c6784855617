"""Bounds on how often something may happen, in time that the caller gives."""

from wsmedia.limits.keyframe_requests import KEYFRAME_REQUEST_INTERVAL, CallLater, KeyframeRequests

__all__ = ["KEYFRAME_REQUEST_INTERVAL", "CallLater", "KeyframeRequests"]
