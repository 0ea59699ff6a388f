"""One stack, run in one of two ways: each verb of its life goes to the one that its run directory belongs to. Does nothing itself."""

from collections.abc import Iterator

from upstream_stack import checkup, rebuild, restarting, start, stop, table
from upstream_stack.containers import engine, life, view
from upstream_stack.containers.hands import Containers
from upstream_stack.errors import Trouble, command
from upstream_stack.parts.maven import Progress
from upstream_stack.report import Tell
from upstream_stack.settings import Target


def bring_up(
    chosen: Target, names: tuple[str, ...], tell: Tell, progress: Progress, *, stay: bool, elsewhere: tuple[str, ...] = ()
) -> bool:
    """Starts the stack; True when this call did, False when it was up already. Parts `elsewhere` are somebody else's."""
    if chosen.mode == "embedded":
        return start.bring_up(chosen, names, tell, progress, stay=stay, elsewhere=elsewhere)
    if elsewhere:
        raise Trouble("Containers bring their own parts", f"{', '.join(elsewhere)} cannot run elsewhere", command("up"))
    if stay:
        raise Trouble("Containers do not run in the foreground", "the engine keeps them", command("up", FOREGROUND=""))
    return life.bring_up(chosen.layout, chosen.ports, names, tell)


def is_the_demo_s(chosen: Target) -> bool:
    """Whether it has the demo's clock and mail sink: containers with a file of their keeper's own have neither."""
    return chosen.mode == "embedded" or not engine.own_file(chosen.layout).exists()


def bring_down(chosen: Target) -> bool:
    """Ends the stack; False where nothing ran. Data stay."""
    return stop.bring_down(chosen.layout) if chosen.mode == "embedded" else life.bring_down(chosen.layout, chosen.ports)


def restart(chosen: Target, name: str) -> None:
    """One service anew, usable again when this returns. Containers have no relief: their pause is a whole start."""
    if chosen.mode == "embedded":
        restarting.restart(chosen.layout, name)
    else:
        life.restart(chosen.layout, chosen.ports, name)


def remove_everything(chosen: Target) -> None:
    """Data, secrets and logs, which containers keep in the run directory too; and their image."""
    if chosen.mode == "compose":
        engine.remove_image(chosen.layout)
    stop.remove_everything(chosen.layout)


def hands_on(chosen: Target, progress: Progress) -> rebuild.Hands:
    """Broker and services, for whoever rebuilds topics."""
    if chosen.mode == "embedded":
        return rebuild.Supervised(chosen.layout, chosen.ports, progress)
    return Containers(chosen.layout, chosen.ports)


def lines_of(chosen: Target) -> list[table.Line]:
    """One line for each process, or container; empty where none runs."""
    return table.lines_of(chosen.layout) if chosen.mode == "embedded" else view.lines_of(chosen.layout, chosen.ports)


def log_words(chosen: Target, name: str, count: int, *, follow: bool) -> list[str]:
    """The command that shows the end of a log. Trouble where there is none of that name."""
    if chosen.mode == "compose":
        return view.log_words(chosen.layout, name, count, follow=follow)
    path = chosen.layout.log(name)
    if not path.exists():
        known = ", ".join(sorted(log.stem for log in chosen.layout.logs.rglob("*.log"))) or "no log yet"
        raise Trouble(f"{name} has no log", f"there are: {known}", command("ps"))
    return ["tail", "-n", str(count), *(["-F"] if follow else []), str(path)]


def examine(chosen: Target) -> Iterator[checkup.Finding]:
    """What a start needs, good findings too."""
    if chosen.mode == "embedded":
        return checkup.examine(chosen.layout, chosen.ports)
    return checkup.examine_containers(chosen.layout, chosen.ports)
