"""Every target with its corpus, and with what hypothesis makes of it.

A short run is a part of the suite. A longer one:

    FUZZ_EXAMPLES=20000 python -m pytest tests/fuzz

and one that is guided by coverage: `guided.py`.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.seeds import seeds, written
from fuzz.targets import TARGETS

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))

executions = {"corpus": 0, "made": 0}


def mutated(name: str) -> st.SearchStrategy[bytes]:
    """What is in the corpus, cut up and joined in other ways; and anything."""
    kept = seeds(name) or [b""]
    pieces = st.one_of(
        st.sampled_from(kept),
        st.binary(max_size=8),
        st.sampled_from([b"\r\n", b"\0", b"\xff", b":", b";", b'"', b"=", b" ", b"\t", b"0", b","]),
        st.builds(
            lambda seed, start, size: seed[start : start + size],
            st.sampled_from(kept), st.integers(0, 80), st.integers(0, 80),
        ),
    )  # fmt: skip

    def replaced(seed: bytes, at: int, size: int, by: bytes) -> bytes:
        at %= len(seed) + 1
        return seed[:at] + by + seed[at + size :]

    return st.one_of(
        st.binary(max_size=200),
        st.builds(replaced, st.sampled_from(kept), st.integers(0, 400), st.integers(0, 9), pieces),
        st.lists(pieces, max_size=6).map(b"".join),
    )


@pytest.mark.parametrize("name", TARGETS)
def test_kept_inputs_do_no_harm(name: str) -> None:
    inputs = seeds(name)
    assert inputs, f"tests/fuzz/corpus/{name}.txt has nothing in it"
    for data in inputs:
        executions["corpus"] += 1
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_made_inputs_do_no_harm(name: str) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        # The same in every run, unless it is a long one.
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(name))
    def run(data: bytes) -> None:
        executions["made"] += 1
        target(data)

    run()


@pytest.mark.parametrize("data", [b"", b"plain", b"'\"\\\r\n\0\xff"])
def test_corpus_is_written_as_it_is_read(data: bytes) -> None:
    from ast import literal_eval

    assert literal_eval(f'b"{written(data)}"') == data
    assert "\n" not in written(data)


def test_how_many_inputs_were_tried(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nfuzzing: {executions['corpus']} kept inputs and {executions['made']} made ones")
