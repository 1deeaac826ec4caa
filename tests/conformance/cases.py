"""Plugins that break one rule each: what a case is, and how a suite for it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from hookline import testing
from hookline.testing._rules import rules_of

C = TypeVar("C", bound=type)


class Case(NamedTuple):
    """A plugin, the suite of its kind, the rule that it breaks, and what the suite says of it."""

    suite: type[testing.Suite]
    rule: str
    plugin: Any
    says: str
    settings: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.suite.__name__}-{self.rule}-{self.plugin.__name__}"

    def outcomes(self) -> list[testing.Outcome]:
        """How that rule ends, in each mode."""
        made = type(f"Of{self.plugin.__name__}", (self.suite,), dict(self.settings))
        if not {"make", "plugin"} & set(self.settings):
            made.make = lambda *arguments: self.plugin(*arguments[1:])  # type: ignore[attr-defined]
        return testing.check(made, only=(self.rule,))


CASES: list[Case] = []


def breaks(suite: type[testing.Suite], rule: str, says: str, **settings: Any) -> Callable[[C], C]:
    """Declare that a plugin breaks a rule. `settings` are attributes of its suite."""
    assert rule in rules_of(suite), f"{suite.__name__} has no {rule}"

    def declare(plugin: C) -> C:
        CASES.append(Case(suite, rule, plugin, says, settings))
        return plugin

    return declare
