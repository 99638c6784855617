"""``wsmedia doctor`` examines the network; ``wsmedia allowlist`` prints what a network has to allow."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from wsmedia.app.config import ConfigError, load_settings
from wsmedia.cli.client_command import InsecureOption, TokenOption, run
from wsmedia.client.address import GatewayAddress
from wsmedia.client.errors import ClientError
from wsmedia.doctor import Examination, SendingError, Site, request_of, send_report, sentence_of, verdict_sentences
from wsmedia.doctor.relays import IceServer
from wsmedia.doctor.report_sending import report_of
from wsmedia.doctor.words import TITLES
from wsmedia.findings import (
    Allowed,
    Check,
    Grade,
    Outcome,
    Result,
    Verdict,
    allowlist_text,
    gateway_entries,
    judge,
    relay_entries,
)

_MARKS = {Outcome.WELL: "ok", Outcome.HINDERED: "!", Outcome.BLOCKED: "no", Outcome.UNTESTED: "-"}
# 2 is a wrong command line.
_STATUS = {Grade.WELL: 0, Grade.BLOCKED: 1, Grade.HINDERED: 3}


def doctor(
    *,
    url: Annotated[str, typer.Argument(help="The gateway, as https://example.org:8443.")],
    token: TokenOption = None,
    insecure: InsecureOption = False,
    silence: Annotated[
        int, typer.Option("--silence", min=1, max=600, metavar="SECONDS", help="How long to watch silent connections.")
    ] = 33,
    long: Annotated[bool, typer.Option("--long", help="Watch silent connections for ten minutes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as one JSON object.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Send the results to the gateway's operator.")] = False,
) -> None:
    """Check the network between this machine and a gateway, and say what calls will use.

    Results come as they are found; silent connections are watched for half a
    minute beside everything else. At the end stands a text for the network's
    administrator. Nothing is sent anywhere without --send.

    The exit status is 0 when calls work, 3 when they work and something is
    in their way, 1 when they do not.

    Example: wsmedia doctor https://gateway.example:8443 --token TOKEN
    """

    async def command(_: asyncio.Event) -> int:
        site = Site(GatewayAddress.parse(url), token=token, insecure=insecure, silence_s=600 if long else silence)

        def say(text: str) -> None:
            if not as_json:
                typer.echo(text)

        say(f"Checking the way to {site.base} …")
        results, servers = await _examined(site, say)
        verdict = judge(results)
        native = any(one.check is Check.NATIVE and one.finding != "other-sfu" for one in results)
        entries = gateway_entries(site.address.host, site.address.port, secure=site.address.secure, native=native)
        entries += relay_entries([(one.check, one.host, one.port) for one in servers])
        text = allowlist_text(entries, [request for one in verdict.hindrances if (request := request_of(one))])
        if as_json:
            typer.echo(json.dumps(_object(results, verdict, text), indent=1))
        else:
            say("")
            for sentence in verdict_sentences(verdict):
                say(sentence)
            if verdict.hindrances:
                say(f"\n{text}")
        if send:
            try:
                await send_report(site, report_of(results, verdict))
            except SendingError as error:
                raise ClientError(str(error)) from error
            say("\nThe results were sent to the gateway.")
        return _STATUS[verdict.grade]

    run(command)


def allowlist(
    *,
    url: Annotated[
        str | None,
        typer.Option("--url", help="The gateway as its users reach it; by default this machine's name and the port."),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="TOML file of the gateway.")] = None,
) -> None:
    """Print what a network has to allow for calls with this gateway: hosts, ports, protocols, a PAC line.

    It is for the administrators of your users' networks. The gateway's
    configuration is read as by wsmedia serve.
    """
    try:
        settings = load_settings({}, config)
        port = settings.port if settings.https else settings.http_port
        address = GatewayAddress.parse(url or f"http{'s' * settings.https}://{socket.getfqdn()}:{port}")
    except (ConfigError, ClientError) as error:
        typer.echo(f"wsmedia: {error}", err=True)
        raise typer.Exit(2) from None
    native = settings.adapter == "embedded"
    entries = gateway_entries(address.host, address.port, secure=address.secure, native=native)
    if native:
        entries += [
            Allowed(other, entries[-1].ports, "UDP", entries[-1].purpose, False) for other in settings.native_address
        ]
    typer.echo(allowlist_text(entries))


async def _examined(site: Site, say: Callable[[str], None]) -> tuple[list[Result], list[IceServer]]:
    """Run all checks and say each result as it comes; and what is still waited for."""
    running: set[Check] = set()

    def found(result: Result) -> None:
        running.discard(result.check)
        say(_line(result))
        if running == {Check.IDLE} and result.check is Check.TURN_TLS:
            say("     (silent connections are still being watched)")

    examination = Examination(site, running.add, found)
    return await examination.run(), examination.ice_servers


def _line(result: Result) -> str:
    return f"  {_MARKS[result.outcome]:<3}{TITLES[result.check]:<24}{sentence_of(result)}"


def _object(results: list[Result], verdict: Verdict, text: str) -> dict[str, object]:
    return {
        "grade": verdict.grade.value,
        "way": verdict.way.value,
        "tried": verdict.tried,
        "verdict": " ".join(verdict_sentences(verdict)),
        "results": [{**msgspec.to_builtins(one), "sentence": sentence_of(one)} for one in results],
        "administrator": text,
    }
