"""The command line `upstream-stack`: registers the verbs and turns trouble into three lines. Holds no work of its own."""

import sys

import typer

from upstream_stack import (
    clock_commands,
    dead_letters,
    demo_command,
    life_commands,
    lifecycle,
    party_commands,
    referral_commands,
    topics_view,
    triage_commands,
    waiting_commands,
)
from upstream_stack.errors import Trouble
from upstream_stack.terminal import print_trouble

app = typer.Typer(
    name="upstream-stack",
    help="Real Kafka, real PostgreSQL and the services of Upstream on this machine. RUN_DIR and PORT_BASE choose which stack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verb in (
    lifecycle.up,
    lifecycle.down,
    lifecycle.reset,
    lifecycle.ps,
    lifecycle.logs,
    lifecycle.doctor,
    topics_view.topics,
    demo_command.demo,
):
    app.command()(verb)
app.command()(life_commands.restart)
app.command(name="rebuild-topics")(life_commands.rebuild_topics)
app.command()(life_commands.backup)
app.command()(life_commands.restore)
app.add_typer(party_commands.source, name="source")
app.add_typer(party_commands.provider, name="provider")
app.add_typer(party_commands.agency, name="agency")
app.add_typer(referral_commands.ovp_key, name="ovp-key")
app.add_typer(referral_commands.approver, name="approver")
app.add_typer(referral_commands.coordinator, name="coordinator")
app.add_typer(referral_commands.desk, name="desk")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(waiting_commands.parked, name="parked")
app.add_typer(waiting_commands.gap, name="gap")
app.add_typer(clock_commands.app, name="clock")
app.add_typer(triage_commands.app, name="triage")


def run() -> None:
    """The program: exit code 1 and three lines on standard error where an operator has to do something."""
    try:
        app()
    except Trouble as trouble:
        print_trouble(trouble)
        sys.exit(1)
