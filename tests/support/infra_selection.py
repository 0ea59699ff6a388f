"""Which tests run where broker and database are not processes of the embedded stack, and why the others do not."""

from typing import Final

import pytest
from support.infra import External, Infra

from upstream_stack.layout import CHECKOUT

NO_CONTAINERS: Final = "no containers here"
"""How the reason begins with which tests of containers skip where there is no engine."""
PROCESS_CONTROL: Final = "process_control"
"""The marker of a test that ends, stops or looks into a process or file of the broker or the database."""
CARRIED: Final = ("contracts", "integration", "containers")
"""The folders of tests that take the parts as they find them."""


def why_not(item: pytest.Item, infra: Infra) -> str:
    """Why a test is left out; empty where it runs. The embedded stack carries them all."""
    if infra.own_processes:
        return ""
    folder = item.path.relative_to(CHECKOUT / "tests").parts[0]
    if folder not in CARRIED:
        return f"tests/{folder}: needs no parts, or takes an embedded stack of its own apart"
    if item.get_closest_marker(PROCESS_CONTROL):
        return "ends or looks into a process of broker or database"
    if infra.driver.name == External.name and "broker" in getattr(item, "fixturenames", ()):
        return "needs a broker without services"
    return ""
