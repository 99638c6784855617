from __future__ import annotations

import socket
import ssl

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.http11 import Response

from wsmedia.client.address import GatewayAddress
from wsmedia.client.refusal import ending_text, failure_text
from wsmedia.errors import CloseCode

PLAIN = GatewayAddress.parse("http://example.org:8080")
SECURE = GatewayAddress.parse("https://example.org")


def status(code: int) -> InvalidStatus:
    return InvalidStatus(Response(code, "", Headers()))


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("address", "error", "sentence"),
    [
        (
            SECURE,
            ssl.SSLError(1, "WRONG_VERSION_NUMBER"),
            "example.org:443 does not speak TLS; should the URL begin with",
        ),
        (SECURE, untrusted(), "the certificate of example.org:443 is not trusted"),
        (PLAIN, TimeoutError(), "example.org:8080 does not answer"),
        (PLAIN, socket.gaierror(-2, "Name or service not known"), "there is no host named example.org"),
        (PLAIN, ConnectionRefusedError(111, "Connection refused"), "nothing listens on example.org:8080"),
        (PLAIN, OSError(101, "Network is unreachable"), "example.org:8080 cannot be reached (Network is unreachable)"),
        (PLAIN, OSError(), "example.org:8080 cannot be reached (OSError)"),
        (PLAIN, InvalidMessage("garbage"), "example.org:8080 closed the connection without an answer; should the URL"),
        (SECURE, EOFError(), "example.org:443 closed the connection without an answer"),
        (PLAIN, InvalidHandshake("no subprotocol"), "example.org:8080 is not a wsmedia server"),
        (PLAIN, status(404), "example.org:8080 is not a wsmedia server (HTTP 404)"),
        (PLAIN, status(403), "example.org:8080 refuses the connection (HTTP 403)"),
        (PLAIN, status(503), "example.org:8080 is overloaded (HTTP 503)"),
    ],
)
def test_failures_are_told_in_plain_words(address: GatewayAddress, error: Exception, sentence: str) -> None:
    assert failure_text(address, error).startswith(sentence)


@pytest.mark.parametrize("code", list(CloseCode))
def test_every_close_code_has_a_sentence(code: CloseCode) -> None:
    assert code.reason not in ending_text(code, "")
    assert ending_text(code, "because").endswith(" (because)")


def test_codes_of_newer_servers_are_at_least_numbers() -> None:
    assert ending_text(4999, "") == "the server ended the session with code 4999"
