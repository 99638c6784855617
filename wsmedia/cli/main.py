"""The ``wsmedia`` command: one subcommand per file of this package."""

from __future__ import annotations

import typer

from wsmedia import __version__
from wsmedia.cli.doctor import allowlist, doctor
from wsmedia.cli.publish import publish
from wsmedia.cli.record import record
from wsmedia.cli.serve import serve
from wsmedia.cli.settings_options import with_settings
from wsmedia.cli.token import token

app = typer.Typer(
    name="wsmedia",
    help="WebRTC that always connects: media over secure WebSockets into standard WebRTC SFUs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
app.command("serve")(with_settings(serve))
app.command("publish")(publish)
app.command("record")(record)
app.command("token")(token)
app.command("doctor")(doctor)
app.command("allowlist")(allowlist)


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; the entry point of the package."""
    app()
