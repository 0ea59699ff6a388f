"""`upstream-stack source …`: outside sources, while the stack runs."""

from typing import Annotated

import typer

from upstream_stack import sources
from upstream_stack.parties import read_parties
from upstream_stack.settings import running_target, target
from upstream_stack.terminal import out

app = typer.Typer(help="Outside sources: who may publish submissions.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(help="The source's short name, such as pdx311; part of its topics' names.")]


@app.command()
def add(slug: Slug) -> None:
    """Make a source: its user, topics, rights and credentials."""
    chosen = running_target()
    sources.add_source(chosen.layout, chosen.ports, slug)
    out.print(f"{slug} can publish; its credentials: {chosen.layout.credentials / f'{slug}.json'}")


@app.command(name="list")
def list_sources() -> None:
    """Name every source and where its credentials lie."""
    layout = target().layout
    for party in read_parties(layout.parties):
        out.print(f"{party.slug:<24} {layout.credentials / f'{party.slug}.json'}")


@app.command()
def rotate(slug: Slug) -> None:
    """Give a source a new password."""
    chosen = running_target()
    sources.rotate_source(chosen.layout, chosen.ports, slug)
    out.print(f"{slug} has a new password in {chosen.layout.credentials / f'{slug}.json'}")


@app.command()
def revoke(slug: Slug) -> None:
    """Lock a source out: no right, and a password nobody knows; its topics stay until their retention ends."""
    chosen = running_target()
    sources.revoke_source(chosen.layout, chosen.ports, slug)
    out.print(f"{slug} can do nothing any more")
