"""`upstream-stack ovp-key …`, `approver …`, `coordinator …` and `desk …`: what staff of either side of the wall need to begin.

Each verb asks one process at its staff door, as the operator of that side. Decides nothing.
"""

from typing import Annotated

import typer

from upstream_stack import staff_door
from upstream_stack.providers import OUTREACH
from upstream_stack.secret_files import ovp_public_key_path, rotate_ovp_key
from upstream_stack.settings import running_target
from upstream_stack.terminal import out

ENFORCEMENT = "referral-enforcement"

ovp_key = typer.Typer(help="OVP's key, which self-referrals and contacts are sealed to.", no_args_is_help=True)
approver = typer.Typer(help="Who approves what crosses the wall, on the enforcement side.", no_args_is_help=True)
coordinator = typer.Typer(help="The coordinator of the outreach side.", no_args_is_help=True)
desk = typer.Typer(help="The mailbox of the coordinator's desk.", no_args_is_help=True)

Account = Annotated[str, typer.Option(help="The person's staff account: what they do is recorded under it.")]


@ovp_key.command(name="rotate")
def rotate() -> None:
    """Make a new pair that is current from now on; no process starts again, and what was sealed before still opens."""
    layout = running_target().layout
    key = rotate_ovp_key(layout, OUTREACH)
    out.print(f"{key.id} is current; its public half: {ovp_public_key_path(layout)}")


@approver.command(name="link")
def approver_link(
    role: Annotated[str, typer.Option(help="agency-approver, ceasefire-director, duty-sergeant or lieutenant")],
    account: Account,
    agency: Annotated[str, typer.Option(help="Whose submissions; * for every agency's.")] = "*",
) -> None:
    """The link to an approver's page."""
    answer = staff_door.ask(ENFORCEMENT, "POST", "/approver-links", {"role": role, "agency": agency, "account": account})
    out.print(answer["link"], markup=False)


@coordinator.command(name="link")
def coordinator_link(account: Account) -> None:
    """The link to the coordinator's page."""
    out.print(staff_door.ask(OUTREACH, "POST", "/coordinator-links", {"account": account})["link"], markup=False)


@desk.command(name="set")
def set_desk(
    mail: Annotated[str, typer.Argument(help="Where the desk is told that something new waits.")],
    language: Annotated[str, typer.Option(help="Language of those letters.")] = "en",
) -> None:
    """Name the desk's mailbox."""
    staff_door.ask(OUTREACH, "PUT", "/desk", {"email": mail, "language": language})
    out.print(f"the desk is told at {mail}", markup=False)


@desk.callback()
def _about_desks() -> None:
    """The mailbox of the coordinator's desk."""
