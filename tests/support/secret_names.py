"""The names that configurations hide are hidden for the whole process: not for the next test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hookline import _cookies, _headers, _query


@pytest.fixture(autouse=True)
def secret_names_are_forgotten() -> Iterator[None]:
    sets = [module._SENSITIVE for module in (_cookies, _headers, _query)]
    before = [set(names) for names in sets]
    yield
    for names, old in zip(sets, before, strict=True):
        names &= old
