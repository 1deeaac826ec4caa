"""The suites can fail: for each rule there is a plugin that breaks it, and the rule says how.

The table in docs/plugins/conformance.md is this list, and held to it.
"""

from __future__ import annotations

import re

import pytest

from conformance import (  # noqa: F401 (importing them declares the cases)
    broken_auth,
    broken_connectors,
    broken_decoders,
    broken_event_hooks,
    broken_middleware,
    broken_protocols,
    broken_tls,
    broken_transports,
)
from conformance.cases import CASES, Case
from hookline import testing
from hookline.testing._rules import rules_of
from support.pages import ROOT

SUITES = [
    testing.MiddlewareSuite,
    testing.AuthSuite,
    testing.EventHookSuite,
    testing.DecoderSuite,
    testing.ConnectorSuite,
    testing.ProtocolSuite,
    testing.TransportSuite,
    testing.TLSContextSuite,
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule_catches_the_plugin_that_breaks_it(case: Case) -> None:
    outcomes = case.outcomes()
    broken = [each for each in outcomes if each.error is not None]

    assert broken, f"{case.rule} holds for {case.plugin.__name__}: {outcomes}"
    # One and the same mistake may be seen differently in another mode.
    assert any(case.says in str(outcome.error) for outcome in broken), broken[0].error
    for outcome in broken:
        assert isinstance(outcome.error, testing.ContractBroken)
        # What to do is said with it.
        assert f"The rule {case.rule} [{outcome.mode}]" in str(outcome.error)


def test_every_rule_of_every_suite_has_a_plugin_that_breaks_it() -> None:
    common = set(rules_of(testing.Suite))
    caught = {(case.suite, case.rule) for case in CASES}
    # One kind stands for all.
    caught |= {(suite, rule) for _, rule in caught.copy() if rule in common for suite in SUITES}

    missing = [
        f"{suite.__name__}.{rule}"
        for suite in SUITES
        for rule in rules_of(suite)
        if (suite, rule) not in caught
    ]
    assert missing == []


def test_every_rule_is_in_the_handbook_with_a_plugin_that_breaks_it() -> None:
    page = (ROOT / "docs/plugins/conformance.md").read_text()
    rows = set(re.findall(r"^\| `(test_\w+)` \|.*\| `(\w+)`", page, re.MULTILINE))

    assert {rule for rule, _ in rows} == {rule for suite in SUITES for rule in rules_of(suite)}
    assert rows <= {(case.rule, case.plugin.__name__) for case in CASES}
