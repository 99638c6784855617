"""Runs a program behind a bad link: ``python -m benchmarks.link --rtt 80 --loss 2 --rate 20 -- CMD``."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import replace

from benchmarks.link.emulator import Link, LinkConfig, Step
from benchmarks.link.model import Bursts, ConditionError
from benchmarks.link.namespaces import LinkError

_END_SECONDS = 5.0


def _share(text: str) -> float:
    percent = float(text)
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"a percentage is from 0 to 100, not {text}")
    return percent / 100


def _bursts(text: str) -> Bursts:
    try:
        mean_ms, share, loss = text.split(",")
        return Bursts(float(mean_ms), _share(share), _share(loss))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; as 50,2,80") from error


def _step(text: str) -> tuple[float, float]:
    at_seconds, rate = (float(part) for part in text.split(":"))
    return at_seconds, rate


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.link",
        description="Run a program behind an emulated link, as root. LINK_CLIENT and LINK_SERVER hold both addresses.",
    )
    parser.add_argument("--rtt", type=float, default=0.0, metavar="MS", help="round trip of the idle link")
    parser.add_argument("--jitter", type=float, default=0.0, metavar="MS", help="more than that at most, each way")
    parser.add_argument("--loss", type=_share, default=0.0, metavar="PERCENT", help="at random, each way")
    parser.add_argument(
        "--bursts", type=_bursts, metavar="MS,PERCENT,PERCENT", help="of loss: mean length, share of time, loss within"
    )
    parser.add_argument("--rate", type=float, metavar="MBPS", help="each way, in Mb/s; default: no limit")
    parser.add_argument("--queue", type=float, default=200.0, metavar="MS", help="bound of the queue before it; 200")
    parser.add_argument(
        "--step", type=_step, action="append", default=[], metavar="SECONDS:MBPS", help="another rate from then on"
    )
    parser.add_argument("--seed", type=int, default=1, help="of all chance")
    parser.add_argument("--server", metavar="CMD", help="what to run at the server's end meanwhile")
    parser.add_argument("--congestion-control", default="cubic", help="of TCP at both ends; cubic")
    parser.add_argument("command", nargs="+", help="what to run at the client's end")
    return parser


def _config(options: argparse.Namespace) -> LinkConfig:
    config = LinkConfig.symmetric(
        rtt_ms=options.rtt,
        jitter_ms=options.jitter,
        loss=options.loss,
        bursts=options.bursts,
        rate_mbps=options.rate,
        queue_ms=options.queue,
        seed=options.seed,
    )
    steps = []
    for at_seconds, rate in options.step:
        way = replace(config.up, rate_bps=rate * 1e6)
        steps.append(Step(at_seconds, way, way))
    control = options.congestion_control
    return replace(
        config, steps=tuple(steps), client_congestion_control=control, server_congestion_control=control
    )  # fmt: skip


def main() -> int:
    """Run it and pass its exit status on; what became of the packets goes to standard error."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and so end what runs at both ends
    try:
        with Link(_config(options)) as link:
            environment = os.environ | {"LINK_CLIENT": link.client_address, "LINK_SERVER": link.server_address}
            server = None
            try:
                if options.server is not None:
                    server = link.server.popen(shlex.split(options.server), env=environment)
                status = link.client.run(options.command, env=environment).returncode
            finally:
                if server is not None:
                    server.terminate()
                    try:
                        server.wait(_END_SECONDS)
                    except subprocess.TimeoutExpired:
                        server.kill()
                        server.wait()
            print(json.dumps(link.statistics(), indent=2), file=sys.stderr)
            return status
    except (LinkError, ConditionError) as error:
        print(f"benchmarks.link: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
