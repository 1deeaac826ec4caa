"""`Timeout`, `Deadline` and `Limits`."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hookline import Limits, Timeout
from hookline._limits import DEFAULT_LIMITS
from hookline._timeout import UNSET, Deadline


@pytest.mark.parametrize(
    ("timeout", "phases"),
    [
        (Timeout(), (5.0, 5.0, 5.0, 5.0)),
        (Timeout(10.0), (10.0, 10.0, 10.0, 10.0)),
        (Timeout(timeout=10), (10, 10, 10, 10)),
        (Timeout(0), (0, 0, 0, 0)),
        (Timeout(None), (None, None, None, None)),
        (Timeout(10.0, connect=60.0), (60.0, 10.0, 10.0, 10.0)),
        (Timeout(10.0, pool=None), (10.0, 10.0, 10.0, None)),
        (Timeout(None, connect=5.0), (5.0, None, None, None)),
        (Timeout(connect=5.0, read=30.0), (5.0, 30.0, 5.0, 5.0)),
        (Timeout(read=None), (5.0, None, 5.0, 5.0)),
        (Timeout(connect=1, read=2, write=3, pool=4), (1, 2, 3, 4)),
        (Timeout((1, 2)), (1, 2, None, None)),
        (Timeout((1, 2, 3)), (1, 2, 3, None)),
        (Timeout((1, 2, 3, 4)), (1, 2, 3, 4)),
        (Timeout((None, 2)), (None, 2, None, None)),
        (Timeout((1, 2), write=3), (1, 2, 3, None)),
        (Timeout(Timeout(3.0, pool=1.0)), (3.0, 3.0, 3.0, 1.0)),
        (Timeout(Timeout(3.0), read=1.0), (3.0, 1.0, 3.0, 3.0)),
        (Timeout(float("inf")), (None,) * 4),
    ],
)
def test_phases_that_are_not_given_take_the_default(
    timeout: Timeout, phases: tuple[float | None, ...]
) -> None:
    assert phases == (timeout.connect, timeout.read, timeout.write, timeout.pool)


def test_timeout_as_dict_is_what_extensions_carry() -> None:
    timeout = Timeout(5.0, connect=None)

    assert timeout.as_dict() == {"connect": None, "read": 5.0, "write": 5.0, "pool": 5.0}
    assert timeout == Timeout(**timeout.as_dict())


def test_timeouts_are_equal_by_value() -> None:
    assert Timeout(5.0) == Timeout(connect=5.0, read=5.0, write=5.0, pool=5.0)
    assert Timeout(5.0) != Timeout(5.0, pool=None)
    assert Timeout(5.0) != 5.0
    assert hash(Timeout(5.0)) == hash(Timeout())


@pytest.mark.parametrize(
    ("timeout", "text"),
    [
        (Timeout(5.0), "Timeout(timeout=5.0)"),
        (Timeout(None), "Timeout(timeout=None)"),
        (Timeout(None, connect=5.0), "Timeout(connect=5.0, read=None, write=None, pool=None)"),
    ],
)
def test_timeout_says_what_it_is(timeout: Timeout, text: str) -> None:
    assert text == repr(timeout)
    assert repr(UNSET) == "UNSET"


@pytest.mark.parametrize("value", ["5", b"5", True, object(), [1, 2], {"connect": 1}])
@pytest.mark.parametrize("phase", ["timeout", "connect", "read", "write", "pool"])
def test_timeout_of_the_wrong_type_is_refused_and_named(phase: str, value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Timeout(**{phase: value})

    named = "connect" if phase == "timeout" else phase
    assert str(caught.value) == (
        f"Timeout {named}: expected seconds as a number, or None for no limit, "
        f"not {value!r} ({type(value).__name__})."
    )


@pytest.mark.parametrize("value", [-1, -0.001, float("nan"), float("-inf")])
def test_timeout_that_is_no_span_of_time_is_refused_and_named(value: float) -> None:
    with pytest.raises(ValueError) as caught:
        Timeout(read=value)

    assert f"Timeout read: expected a number of seconds >= 0, not {value!r}." == str(caught.value)


@pytest.mark.parametrize("value", [(), (1,), (1, 2, 3, 4, 5)])
def test_tuple_of_the_wrong_length_is_refused_and_named(value: Any) -> None:
    with pytest.raises(ValueError) as caught:
        Timeout(value)

    assert f"A timeout tuple is (connect, read[, write[, pool]]), not {value!r}." == str(
        caught.value
    )


# -- Deadline -------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that deadlines see, as a list of one number."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_deadline_counts_down_to_zero_and_expires(clock: list[float]) -> None:
    deadline = Deadline(5.0)
    at_once = (deadline.remaining(), deadline.has_expired)
    clock[0] += 4.0
    later = (deadline.remaining(), deadline.has_expired)
    clock[0] += 1.0
    at_the_end = (deadline.remaining(), deadline.has_expired)
    clock[0] += 100.0
    long_after = (deadline.remaining(), deadline.has_expired)

    assert at_once == (5.0, False)
    assert later == (1.0, False)
    assert at_the_end == (0.0, True)
    assert long_after == (0.0, True)


def test_deadline_of_none_never_comes(clock: list[float]) -> None:
    deadline = Deadline(None)
    clock[0] += 1e9

    assert deadline.remaining() is None
    assert not deadline.has_expired


def test_deadline_of_zero_has_come() -> None:
    deadline = Deadline(0)

    assert deadline.remaining() == 0.0
    assert deadline.has_expired


# -- Limits ---------------------------------------------------------------------------------


def test_limits_default_to_none_and_five_seconds() -> None:
    limits = Limits()

    assert (
        limits.max_connections,
        limits.max_keepalive_connections,
        limits.keepalive_expiry,
    ) == (None, None, 5.0)


def test_default_limits_are_a_hundred_and_twenty() -> None:
    assert Limits(max_connections=100, max_keepalive_connections=20) == DEFAULT_LIMITS


def test_limits_are_equal_by_value_and_say_what_they_are() -> None:
    limits = Limits(max_connections=1, max_keepalive_connections=0, keepalive_expiry=None)

    assert limits == Limits(max_connections=1, max_keepalive_connections=0, keepalive_expiry=None)
    assert limits != Limits(max_connections=1, max_keepalive_connections=0)
    assert limits != Limits(max_connections=1, keepalive_expiry=None)
    assert limits != Limits(max_keepalive_connections=0, keepalive_expiry=None)
    assert limits != (1, 0, None)
    assert hash(limits) != hash(Limits())
    assert repr(limits) == (
        "Limits(max_connections=1, max_keepalive_connections=0, keepalive_expiry=None)"
    )


@pytest.mark.parametrize("value", ["1", 1.5, True, object()])
@pytest.mark.parametrize("name", ["max_connections", "max_keepalive_connections"])
def test_count_of_the_wrong_type_is_refused_and_named(name: str, value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Limits(**{name: value})

    assert f"{name}: expected a whole number or None, not {value!r}." == str(caught.value)


@pytest.mark.parametrize("value", ["1", True, object()])
def test_expiry_of_the_wrong_type_is_refused_and_named(value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Limits(keepalive_expiry=value)

    assert f"keepalive_expiry: expected seconds or None, not {value!r}." == str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_connections", -1),
        ("max_keepalive_connections", -1),
        ("keepalive_expiry", -0.5),
        ("keepalive_expiry", float("nan")),
    ],
)
def test_negative_limit_is_refused_and_named(name: str, value: float) -> None:
    with pytest.raises(ValueError) as caught:
        Limits(**{name: value})  # type: ignore[arg-type]

    assert str(caught.value).startswith(f"{name}: expected ")
    assert str(caught.value).endswith(f">= 0, not {value!r}.")
