"""`upstream-stack source …`, `agency …` and `provider …`: outside parties, while the stack runs."""

from pathlib import Path
from typing import Annotated

import typer

from upstream_stack import partners, providers
from upstream_stack.errors import command
from upstream_stack.parties import Kind, Party
from upstream_stack.settings import Target, running_target, target
from upstream_stack.terminal import out

Slug = Annotated[str, typer.Argument(help="The party's short name, such as pdx311; part of its topics' names.")]
ServiceCodes = Annotated[list[str], typer.Option("--service", help="Code of a service of the directory; repeat it.")]
Patience = Annotated[float, typer.Option("--wait", help="Seconds to wait until somebody who listens says so.")]

_GONE = "{slug} can do nothing any more: its old password was tried, and the broker refused it"


def app_of(kind: Kind, may: str) -> typer.Typer:
    """The verbs that every kind of party has, but those of providers that tell outreach too."""
    app = typer.Typer(help=f"Outside parties: who may {may}.", no_args_is_help=True)

    @app.command(name="list")
    def show() -> None:
        """Name every one and where its credentials lie."""
        layout = target().layout
        for party in partners.parties_of(layout, kind):
            out.print(f"{party.slug:<24} {partners.credentials_path(layout, party)}")

    if kind != "provider":
        _put_plain_verbs(app, kind, may)
    return app


def _put_plain_verbs(app: typer.Typer, kind: Kind, may: str) -> None:
    @app.command()
    def add(slug: Slug) -> None:
        """Make one: its user, topics, rights and credentials."""
        chosen = running_target()
        partners.add_party(chosen.layout, chosen.ports, Party(slug=slug, kind=kind))
        out.print(f"{slug} can {may}; its credentials: {_credentials(chosen, slug, kind)}")

    @app.command()
    def rotate(slug: Slug) -> None:
        """Give it a new password."""
        chosen = running_target()
        partners.rotate_party(chosen.layout, chosen.ports, Party(slug=slug, kind=kind))
        out.print(f"{slug} has a new password in {_credentials(chosen, slug, kind)}")

    @app.command()
    def revoke(slug: Slug) -> None:
        """Lock it out: no right, and a password nobody knows; its topics stay until their retention ends."""
        chosen = running_target()
        partners.revoke_party(chosen.layout, chosen.ports, Party(slug=slug, kind=kind))
        out.print(_GONE.format(slug=slug))


source = app_of("source", "publish submissions")
agency = app_of("agency", "hand over offers of help, area alerts and life-safety calls")
provider = app_of("provider", "be offered referrals")


@provider.command(name="add")
def add_provider(slug: Slug, services: ServiceCodes, wait: Patience = 3.0) -> None:
    """Make one: user, topics, rights, quota, key pair, credentials; register it with outreach and send a test record."""
    chosen = running_target()
    providers.add_provider(chosen, slug, services)
    out.print(f"{slug} can be offered referrals; its credentials: {_credentials(chosen, slug, 'provider')}")
    _try_out(chosen, slug, wait)


@provider.command(name="rotate")
def rotate_provider(slug: Slug) -> None:
    """Give it a new password and a new key pair; what was sealed to the old one still opens."""
    chosen = running_target()
    providers.rotate_provider(chosen, slug)
    out.print(f"{slug} has a new password in {_credentials(chosen, slug, 'provider')} and a new key beside it")


@provider.command(name="revoke")
def revoke_provider(slug: Slug) -> None:
    """Lock it out and take it out of outreach's register: its open offers go to whoever comes next."""
    providers.revoke_provider(running_target(), slug)
    out.print(_GONE.format(slug=slug))


@provider.command()
def trial(slug: Slug, wait: Patience = 10.0) -> None:
    """Send a test record, and say whether somebody who listens took it."""
    _try_out(running_target(), slug, wait)


def _try_out(chosen: Target, slug: str, patience_seconds: float) -> None:
    if providers.try_out(slug, patience_seconds):
        out.print("a test record was sent: received ✓")
        return
    out.print(f"a test record was sent; nobody took it within {patience_seconds:.0f} s. To listen, and to try again:")
    credentials = _credentials(chosen, slug, "provider")
    out.print(f"  .venv/bin/upstream listen --provider {slug} --credentials {credentials}", markup=False)
    out.print(f"  {command('provider', 'trial', slug)}", markup=False)


def _credentials(chosen: Target, slug: str, kind: Kind) -> Path:
    return partners.credentials_path(chosen.layout, Party(slug=slug, kind=kind))
