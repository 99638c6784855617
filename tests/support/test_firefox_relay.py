"""What the relay says in Firefox's place, and what it leaves as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.firefox_relay import soften


def told(message: dict[str, Any], asked: dict[int, str] | None = None) -> Any:
    return json.loads(soften(json.dumps(message), asked if asked is not None else {}))


def test_an_emulation_that_is_unknown_counts_as_done() -> None:
    asked = {7: "emulation.setScreenOrientationOverride", 8: "script.evaluate"}
    unknown = {"type": "error", "error": "unknown command", "message": "", "stacktrace": ""}
    assert told(unknown | {"id": 7}, asked) == {"type": "success", "id": 7, "result": {}}
    # Whatever else is unknown stays an error, and so does an emulation that has failed.
    assert told(unknown | {"id": 8}, asked)["error"] == "unknown command"
    assert asked == {}
    refused = unknown | {"id": 9, "error": "invalid argument"}
    assert told(refused, {9: "emulation.setTimezoneOverride"}) == refused


@pytest.mark.parametrize("navigation", [None, "a-navigation"])
def test_a_download_has_one_identity_from_beginning_to_end(navigation: str | None) -> None:
    about = {"context": "a-tab", "navigation": navigation, "url": "blob:http://127.0.0.1/a-file"}
    began, ended = (
        told({"type": "event", "method": f"browsingContext.{method}", "params": about | {"status": "complete"}})
        for method in ("downloadWillBegin", "downloadEnd")
    )
    assert began["params"]["download"] == ended["params"]["download"] != ""
    other = about | {"url": "blob:http://127.0.0.1/another", "navigation": navigation and "another"}
    event = told({"type": "event", "method": "browsingContext.downloadWillBegin", "params": other})
    assert event["params"]["download"] != began["params"]["download"]
