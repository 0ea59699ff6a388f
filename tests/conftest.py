"""Real parts for the tests: one whole stack for the run, databases of their own for those who ask.

INFRA says whose broker and database these are (`support/infra.py`); the embedded stack is the gate. Everything lies in a
temporary folder, on ports beside any other stack's.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from support.infra import Infra, choose
from support.infra_selection import NO_CONTAINERS, why_not

from upstream_stack.database_setup import connect_as_admin
from upstream_stack.errors import Trouble
from upstream_stack.secret_files import DATABASE_PASSWORD
from upstream_stack.stack import Stack

_numbers = count(1)
_INFRA = pytest.StashKey[Infra]()
_left_out: Counter[str] = Counter()


def pytest_configure(config: pytest.Config) -> None:
    try:
        config.stash[_INFRA] = choose()
    except Trouble as trouble:
        raise pytest.UsageError("\n".join(trouble.lines())) from None


def pytest_report_header(config: pytest.Config) -> list[str]:
    infra = config.stash[_INFRA]
    beside = "" if infra.driver.name != "embedded" else f"; tests/containers: {infra.engine}"
    return [f"real parts: {infra.driver.what} ({infra.why}){beside}"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what the chosen parts cannot carry; the summary counts it by reason."""
    infra = config.stash[_INFRA]
    reasons = {item: why_not(item, infra) for item in items}
    _left_out.update(reason for reason in reasons.values() if reason)
    config.hook.pytest_deselected(items=[item for item in items if reasons[item]])
    items[:] = [item for item in items if not reasons[item]]


@pytest.fixture(scope="session")
def infra(request: pytest.FixtureRequest) -> Infra:
    """Whose broker and database this run uses."""
    return request.config.stash[_INFRA]


@pytest.fixture(scope="session")
def stack(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything running: broker, database, services, mail sink. Shared by the whole run."""
    with infra.driver.stack(tmp_path_factory.mktemp("stack")) as found:
        yield found


@pytest.fixture
def empty_database(stack: Stack) -> Iterator[Callable[[str], str]]:
    """Makes databases: the address of a new, empty one each time, as the server's administrator."""
    made: list[str] = []

    def make(purpose: str) -> str:
        name = f"test_{purpose}_{next(_numbers)}"
        _as_admin(stack, f'CREATE DATABASE "{name}"')
        made.append(name)
        return f"postgresql://admin:{stack.secret('admin', DATABASE_PASSWORD)}@127.0.0.1:{stack.ports.postgres}/{name}"

    yield make
    for name in made:
        _as_admin(stack, f'DROP DATABASE "{name}" WITH (FORCE)')


def _as_admin(stack: Stack, statement: str) -> None:
    async def run() -> None:
        connection = await connect_as_admin(stack.layout, stack.ports)
        await connection.execute(statement)
        await connection.close()

    with ThreadPoolExecutor(1) as beside:  # a test that asks for one more database in its middle has a loop already
        beside.submit(lambda: asyncio.run(run())).result()


@pytest.fixture
def scheduler_dsn(empty_database: Callable[[str], str]) -> str:
    return empty_database("scheduler")


@pytest.fixture
def notifier_dsn(empty_database: Callable[[str], str]) -> str:
    return empty_database("notifier")


@pytest.fixture
def engine_dsn(empty_database: Callable[[str], str]) -> str:
    return empty_database("engine")


# Where tests may skip in CI: nothing but this. Everything else that skips is red there.
ALLOWED_SKIPS: tuple[str, ...] = (
    # a snippet in a language whose tools this machine lacks, or whose packages it cannot fetch
    *(f"{tool} is not installed" for tool in ("java", "go", "node", "npm", "kcat", "jq")),
    "modules of the Go snippet cannot be fetched",
    "packages of the Node snippet cannot be fetched",
    "kcat is built on a librdkafka before 2.6.1",
    "packages for an empty environment cannot be fetched",
    NO_CONTAINERS,
)
_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not any(reason in str(report.longrepr) for reason in ALLOWED_SKIPS):
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("CI") and _skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason, tests in sorted(_left_out.items()):
        terminalreporter.write_line(f"left out: {tests:>4}  {reason}")
    if _skipped:
        terminalreporter.write_line(f"skipped and not allowed to in CI: {len(_skipped)}")
