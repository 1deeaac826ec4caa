"""`hookline.types`: what is in it, and that it is there at run time too."""

from __future__ import annotations

import subprocess
import sys
import typing

import httpx._types
import pytest

import hookline
import hookline._types
import hookline.types


def test_names_of_httpx_are_here() -> None:
    theirs = {
        name
        for name in vars(httpx._types)
        if not name.startswith("_") and name.endswith(("Types", "Content", "Data", "Stream"))
    }

    assert len(theirs) > 12
    assert theirs - set(hookline.types.__all__) == set()


def test_every_type_of_an_argument_is_here() -> None:
    own = {
        name
        for name in vars(hookline._types)
        if name.endswith(
            ("Types", "Hook", "Hooks", "Functions", "Extensions", "Encoder", "Decoder")
        )
    }

    assert own - set(hookline.types.__all__) == {"Decoder", "EventHook"}


@pytest.mark.parametrize("name", hookline.types.__all__)
def test_annotations_can_be_looked_at(name: str) -> None:
    """By what reads them at run time: frameworks, validators, documentation."""

    def function(argument: typing.Any) -> None: ...

    function.__annotations__["argument"] = getattr(hookline.types, name)

    assert "argument" in typing.get_type_hints(function)


def test_importing_hookline_loads_no_types() -> None:
    code = (
        "import hookline, sys;"
        "hookline.Client().build_request('GET', 'http://a.example', json={});"
        "print([name for name in sys.modules if name.endswith('types') and 'hookline' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


def test_extensions_are_plain_dictionaries() -> None:
    assert hookline.types.RequestExtensionsDict is dict
    assert type(hookline.Request("GET", "http://a.example").extensions) is dict
    assert type(hookline.Response(200).extensions) is dict
