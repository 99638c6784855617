"""The network namespace isolates the thread that enters it, and only that."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest

from tests.support import netns
from tests.support.netns import NetworkNamespace


@pytest.fixture
def namespace() -> Iterator[NetworkNamespace]:
    reason = netns.unavailable_reason()
    if reason is not None:
        pytest.skip(reason)
    namespace = NetworkNamespace()
    yield namespace
    namespace.close()


def names_of_interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


def test_inside_there_is_loopback_and_one_pair(namespace: NetworkNamespace) -> None:
    outside = names_of_interfaces()
    with namespace.entered():
        assert names_of_interfaces() == {"lo", "v0", "v1"}
        with socket.create_server((namespace.address, 0)) as server:
            address = server.getsockname()
            with socket.create_connection(address, timeout=5):
                pass
    assert names_of_interfaces() == outside


def test_children_and_threads_follow_and_others_do_not(namespace: NetworkNamespace) -> None:
    seen: dict[str, set[str]] = {}
    entered, checked = threading.Event(), threading.Event()

    def elsewhere() -> None:
        entered.wait()
        seen["before"] = names_of_interfaces()
        checked.set()

    bystander = threading.Thread(target=elsewhere)
    bystander.start()
    with namespace.entered():
        entered.set()
        checked.wait()
        follower = threading.Thread(target=lambda: seen.update(inside=names_of_interfaces()))
        follower.start()
        follower.join()
        child = subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True)
    bystander.join()
    assert "v0" not in seen["before"]
    assert "v0" in seen["inside"]
    assert "v0" in child.stdout


def test_a_wrapped_command_runs_inside(namespace: NetworkNamespace) -> None:
    child = subprocess.run(namespace.command("ip", "-brief", "link"), capture_output=True, text=True, check=True)
    assert "v0" in child.stdout
