"""Lines of those who wait: first in, first out, altogether and by route."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline._queue import Joiners, Queue, Ticket, Verdict
from hookline._url import Origin
from hookline.plugins.interfaces import Waiter

A, B, C = (Origin("https", host, 443) for host in ("a", "b", "c"))


class Bell(Waiter):
    """A waiter that counts."""

    def __init__(self) -> None:
        self.rings = 0

    def set(self) -> None:
        self.rings += 1


def ticket(line: Joiners, route: Origin = A) -> Ticket:
    return Ticket(route, Bell(), line)


def test_a_ticket_stands_in_its_line_from_the_start() -> None:
    line = Joiners()
    first = ticket(line)

    assert list(line) == [first]
    assert first.verdict is None
    assert first.line is line


def test_joiners_are_taken_in_the_order_in_which_they_came() -> None:
    line = Joiners()
    tickets = [ticket(line) for _ in range(5)]

    assert [line.take() for _ in range(5)] == tickets
    assert not line


def test_who_leaves_is_not_taken() -> None:
    line = Joiners()
    tickets = [ticket(line) for _ in range(3)]

    line.remove(tickets[0])

    assert [line.take(), line.take()] == tickets[1:]


def test_granting_tells_and_wakes() -> None:
    line = Joiners()
    one = ticket(line)

    line.take().grant(Verdict.PLACE)

    assert one.verdict is Verdict.PLACE
    assert one.waiter.rings == 1  # type: ignore[attr-defined]


def test_the_queue_is_in_order_across_routes() -> None:
    queue = Queue()
    tickets = [ticket(queue, route) for route in (A, B, A, C, B)]

    assert [queue.take() for _ in range(5)] == tickets
    assert queue.take_of(A) is None


def test_the_first_of_a_route_overtakes_other_routes_only() -> None:
    queue = Queue()
    tickets = [ticket(queue, route) for route in (A, B, A, B)]

    assert queue.take_of(B) is tickets[1]
    assert queue.take_of(C) is None
    assert queue.take() is tickets[0]
    assert queue.take_of(B) is tickets[3]
    assert queue.take_of(B) is None
    assert list(queue) == [tickets[2]]


def test_routes_that_nobody_waits_for_are_forgotten() -> None:
    queue = Queue()
    tickets = [ticket(queue, route) for route in (A, B, C)]

    queue.take()
    queue.take_of(B)
    queue.remove(tickets[2])

    assert queue._by_route == {}
    assert len(queue) == 0


def test_leaving_twice_is_an_error() -> None:
    queue = Queue()
    one = ticket(queue)
    queue.remove(one)

    with pytest.raises(KeyError):
        queue.remove(one)


steps = st.one_of(
    st.tuples(st.just("add"), st.sampled_from([A, B, C])),
    st.tuples(st.just("take"), st.none()),
    st.tuples(st.just("take_of"), st.sampled_from([A, B, C])),
    st.tuples(st.just("leave"), st.integers(0, 10)),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(script=st.lists(steps, max_size=60))
def test_the_queue_is_a_list_that_is_searched_from_its_front(
    script: list[tuple[str, object]],
) -> None:
    queue, model = Queue(), []
    for step, argument in script:
        if step == "add":
            assert isinstance(argument, Origin)
            model.append(ticket(queue, argument))
        elif step == "take" and model:
            assert queue.take() is model.pop(0)
        elif step == "take_of":
            expected = next((one for one in model if one.route == argument), None)
            assert queue.take_of(argument) is expected  # type: ignore[arg-type]
            if expected is not None:
                model.remove(expected)
        elif step == "leave" and model:
            assert isinstance(argument, int)
            queue.remove(model.pop(argument % len(model)))
        assert list(queue) == model
        assert set(queue._by_route) == {one.route for one in model}
