"""Starts Firefox for Playwright and stands between the two: an older Firefox lacks some of the newest of BiDi.

Playwright speaks WebDriver BiDi with an unchanged Firefox, and asks every new context for emulations that Debian's
long-term Firefox does not know yet; one "unknown command" would end the launch. Here such an answer to an
``emulation.*`` command becomes "done, nothing changed". A download that no navigation began has no identity in what
this Firefox tells of it, and Playwright would not hear of it: here it gets one. Everything else passes as it is.

``launcher`` writes a program that Playwright can be given as ``executable_path``; that program runs this module.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import sys
from pathlib import Path

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://[^\s/]+)")


def launcher(path: Path) -> Path:
    """Write the program that runs Firefox behind the relay."""
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).resolve()}" "$@"\n')
    path.chmod(0o755)
    return path


def soften(message: str | bytes, asked: dict[int, str]) -> str | bytes:
    """What Playwright is told instead of ``message``; ``asked`` are the open commands' methods by id."""
    answer = json.loads(message)
    if answer.get("method") in ("browsingContext.downloadWillBegin", "browsingContext.downloadEnd"):
        # Beginning and end of one download have its address in common; that of a page's own file is used only once.
        answer["params"].setdefault("download", answer["params"]["navigation"] or answer["params"]["url"])
        return json.dumps(answer)
    method = asked.pop(answer.get("id"), "")
    if answer.get("error") == "unknown command" and method.startswith("emulation."):
        return json.dumps({"type": "success", "id": answer["id"], "result": {}})
    return message


async def _relay(playwright: ServerConnection, address: str) -> None:
    asked: dict[int, str] = {}

    async def down(firefox: ClientConnection) -> None:
        async for message in firefox:
            await playwright.send(soften(message, asked))
        await playwright.close()

    async with websockets.connect(address, max_size=None, ping_interval=None, compression=None) as firefox:
        downward = asyncio.create_task(down(firefox))
        try:
            async for message in playwright:
                command = json.loads(message)
                asked[command["id"]] = command["method"]
                await firefox.send(message)
        finally:
            downward.cancel()
            await asyncio.gather(downward, return_exceptions=True)


def _serve(address: str) -> websockets.serve:
    async def accept(playwright: ServerConnection) -> None:
        await _relay(playwright, address + "/session")

    return websockets.serve(accept, "127.0.0.1", 0, max_size=None, ping_interval=None, compression=None)


async def run(arguments: list[str]) -> int:
    """Run Firefox with these arguments until it ends; give its exit code."""
    assert FIREFOX is not None
    firefox = await asyncio.create_subprocess_exec(FIREFOX, *arguments, stderr=asyncio.subprocess.PIPE)
    assert firefox.stderr is not None
    async with contextlib.AsyncExitStack() as stack:
        async for line in firefox.stderr:
            said = line.decode(errors="replace")
            if (found := _LISTENING.search(said)) is not None:
                server = await stack.enter_async_context(_serve(found[1]))
                port = next(iter(server.sockets)).getsockname()[1]
                said = said.replace(found[1], f"ws://127.0.0.1:{port}")
            sys.stderr.write(said)
            sys.stderr.flush()
        return await firefox.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(run(sys.argv[1:])))
