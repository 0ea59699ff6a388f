"""The command line `upstream`: registers the verbs and turns trouble into three lines. Holds no work of its own."""

import sys

import typer

from upstream_client.broker import silence
from upstream_client.check_command import check
from upstream_client.provider import verbs
from upstream_client.provider.listen import listen
from upstream_client.publish import publish
from upstream_client.results import results
from upstream_client.terminal import print_trouble
from upstream_client.trouble import Trouble

app = typer.Typer(
    name="upstream",
    help="For partners of Upstream: sources publish submissions, providers get referrals and answer them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(check)
app.command()(publish)
app.command()(results)
app.command()(listen)
verbs.register(app)


def run() -> None:
    """The program."""
    silence()
    try:
        app()
    except Trouble as trouble:
        print_trouble(trouble)
        sys.exit(trouble.exit_code)
