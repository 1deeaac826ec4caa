"""Which mount an origin gets is found once, and found again when the mounts change."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hookline
from hookline._mounts import Mounts
from hookline._pattern import URLPattern

A, B = URLPattern("all://a.test"), URLPattern("all://b.test")


def never(request: hookline.Request) -> hookline.Response:
    raise AssertionError


class Named(hookline.MockTransport):
    def __init__(self, name: str = "") -> None:
        super().__init__(never)
        self.name = name


PATTERNS = st.sampled_from(
    [
        "all://", "http://", "https://", "all://a.test", "all://*.a.test", "all://*a.test",
        "http://a.test:8080", "all://*:8080", "https://b.a.test", "all://10.0.0.0/8",
        "all://10.1.0.0/16", "all://[::1]", "all://127.0.0.1", "ftp://",
    ]
)  # fmt: skip
URLS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https", "ftp", "odd"]),
    st.sampled_from(["a.test", "b.a.test", "10.1.2.3", "10.2.0.1", "[::1]", "[0::1]", "127.0.0.1"]),
    st.sampled_from(["", ":80", ":443", ":8080"]),
    st.sampled_from(["", "/", "/b?c#d"]),
)


@given(st.lists(PATTERNS, unique=True), st.lists(URLS, max_size=30))
def test_each_origin_gets_what_a_look_at_every_pattern_gives_it(
    patterns: list[str], urls: list[str]
) -> None:
    mounts = Mounts(sorted((URLPattern(pattern), pattern) for pattern in patterns))

    for url in map(hookline.URL, urls):
        matching = [name for pattern, name in mounts.items() if pattern.matches(url)]
        assert mounts.choose(url) == (matching[0] if matching else None)


CHANGES: dict[str, Callable[[Any], object]] = {
    "set": lambda mounts: mounts.__setitem__(A, "new"),
    "delete": lambda mounts: mounts.__delitem__(A),
    "clear": lambda mounts: mounts.clear(),
    "pop": lambda mounts: mounts.pop(A),
    "pop of any": lambda mounts: mounts.popitem(),
    "update": lambda mounts: mounts.update({A: "new"}),
    "union": lambda mounts: mounts.__ior__({A: "new"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_of_the_mounts_is_seen_at_once(change: str) -> None:
    mounts = Mounts({A: "old"})
    url = hookline.URL("http://a.test/")
    assert mounts.choose(url) == "old"

    CHANGES[change](mounts)

    assert mounts.choose(url) == mounts.get(A) != "old"


def test_mount_that_is_added_by_its_default_is_seen() -> None:
    mounts = Mounts({B: "b"})
    url = hookline.URL("http://a.test/")
    assert mounts.choose(url) is None

    mounts.setdefault(A, "a")

    assert mounts.choose(url) == "a"


def test_change_that_fails_changes_nothing() -> None:
    mounts = Mounts({A: "a"})

    with pytest.raises(KeyError):
        del mounts[B]

    assert mounts.choose(hookline.URL("http://a.test/")) == "a"


def test_what_is_remembered_is_bounded() -> None:
    mounts = Mounts({A: "a"})

    for number in range(3000):
        assert mounts.choose(hookline.URL(f"http://other-{number}.test/")) is None

    assert len(mounts._found) <= 1024
    assert mounts.choose(hookline.URL("http://a.test/")) == "a"


def test_program_may_change_the_mounts_of_a_client_and_replace_them() -> None:
    default, first, second = Named("default"), Named("first"), Named("second")
    client = hookline.Client(transport=default, mounts={"all://a.test": first})
    url = hookline.URL("http://a.test/")
    seen = [client._transport_for_url(url)]

    client._mounts[A] = second
    seen.append(client._transport_for_url(url))
    client._mounts[A] = None
    seen.append(client._transport_for_url(url))
    client._mounts = {A: first}
    seen.append(client._transport_for_url(url))
    client._mounts[A] = second
    seen.append(client._transport_for_url(url))
    client._mounts.clear()
    seen.append(client._transport_for_url(url))

    assert [transport.name for transport in seen] == [
        "first", "second", "default", "first", "second", "default",
    ]  # fmt: skip


def test_copies_remember_nothing() -> None:
    mounts = Mounts({A: "a"})
    mounts.choose(hookline.URL("http://a.test/"))

    for twin in (copy.copy(mounts), copy.deepcopy(mounts), pickle.loads(pickle.dumps(mounts))):
        assert (type(twin), twin, twin._found) == (Mounts, mounts, {})


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copy_of_a_client_asks_its_own_mounts(
    copied: Callable[[hookline.Client], hookline.Client],
) -> None:
    with hookline.Client(mounts={"all://a.test": hookline.HTTPTransport()}) as client:
        url = hookline.URL("http://a.test/")
        theirs = client._transport_for_url(url)
        with copied(client) as twin:
            assert isinstance(twin._mounts, Mounts)
            assert twin._transport_for_url(url) is twin._mounts[A]
            assert twin._transport_for_url(url) is not theirs
