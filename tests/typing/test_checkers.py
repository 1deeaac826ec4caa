"""What mypy and pyright make of a program that uses hookline.

`project` is a program that must pass, under settings that let no expression of it be `Any`;
`mistakes` is one that must not, line by line. Both are copied to a place of their own first, so
that the checkers find hookline as a user's would: installed, and typed because of its `py.typed`.

The checkers are not among what the tests need to run (they are in the dependency group "lint"), so
this file is skipped where they are missing. CHECKED_PYTHON names the interpreter whose
hookline is meant, where it is not this one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mypy", reason="mypy is in the dependency group 'lint'")
pytest.importorskip("pyright", reason="pyright is in the dependency group 'lint'")

HERE = Path(__file__).parent
PYTHON = Path(os.environ.get("CHECKED_PYTHON", sys.executable))

ROOT = HERE.parents[1]
CORE = ROOT / "core/src/hookline"
PLUGINS = sorted(path.name for path in ROOT.glob("plugins/*/src/hookline_*"))
# Where a program finds what is public: all of it is looked through for `Any`.
MODULES = [
    "hookline",
    *sorted(
        f"hookline.{path.parent.name if path.name == '__init__.py' else path.stem}"
        for path in [*CORE.glob("[a-z]*.py"), *CORE.glob("[a-z]*/__init__.py")]
        if "__all__ = [" in path.read_text()
    ),
    *PLUGINS,
]

# Every `Any` that a program can meet, and why it is there.
# The conformance kit takes plugins of every kind, and clients of every mode: its suites are for
# pytest, which calls them, and not for programs.
KIT = "hookline.testing"

INTENDED: dict[str, str] = {
    "hookline.Response.json": "JSON may be anything, and httpx returns Any: annotate the variable",
    "hookline.ServerSentEvent.json": "as Response.json",
    "hookline.ASGITransport.__init__": "ASGI's own types: scopes and messages hold anything",
    "hookline.ASGITransport.app": "as its constructor",
    "hookline.WSGITransport.__init__": "PEP 3333's own types: the environment holds anything",
    "hookline.WSGITransport.app": "as its constructor",
    "hookline.config.schema": "JSON, as Response.json",
    "hookline.plugins.Protocol.configure": "each protocol says what its options are",
    "hookline_http11.HTTP11.configure": "takes unknown options to refuse them by name",
    "hookline_http2.HTTP2.configure": "takes unknown options to refuse them by name",
}
# What Python itself asks a class for.
_OF_PYTHON = {
    "__annotations__",
    "__dataclass_fields__",
    "__deepcopy__",
    "__getstate__",
    "__reduce__",
    "__setstate__",
}

# By file and line: the codes of what was complained of.
Complaints = dict[tuple[str, int], set[str]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somewhere else, with both programs."""
    place = tmp_path_factory.mktemp("checked")
    shutil.copytree(HERE / "project", place, dirs_exist_ok=True)
    shutil.copytree(HERE / "mistakes", place / "mistakes")
    return place


@pytest.fixture(scope="module")
def mypy(place: Path) -> Complaints:
    command = [sys.executable, "-m", "mypy", "--python-executable", str(PYTHON)]
    options = ["--output", "json", "--cache-dir", str(place / ".cache")]
    said = run([*command, *options, "weather", "mistakes"], place)
    complaints: Complaints = defaultdict(set)
    for line in said.splitlines():
        error = json.loads(line)
        if error["severity"] == "error":
            complaints[(error["file"], error["line"])].add(error["code"])
    return complaints


@pytest.fixture(scope="module")
def pyright(place: Path) -> Complaints:
    said = run_pyright(["--pythonpath", str(PYTHON), "weather", "mistakes"], place)
    complaints: Complaints = defaultdict(set)
    for error in said["generalDiagnostics"]:
        if error["severity"] == "error":
            file = str(Path(error["file"]).relative_to(place.resolve()))
            line = error["range"]["start"]["line"] + 1
            complaints[(file, line)].add(error.get("rule", "error"))
    assert said["summary"]["filesAnalyzed"] > 10
    return complaints


def run(command: list[str], place: Path, **environment: str) -> str:
    """What a checker says. It may complain (1), and nothing else."""
    done = subprocess.run(
        command,
        cwd=place,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def run_pyright(arguments: list[str], place: Path) -> dict[str, Any]:
    """pyright and the node below it, as they were installed: nothing is downloaded."""
    said = run(
        [sys.executable, "-m", "pyright", "--outputjson", *arguments],
        place,
        PATH=os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", "")]),
        PYRIGHT_PYTHON_GLOBAL_NODE="0",
        PYRIGHT_PYTHON_IGNORE_WARNINGS="1",
        PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT="1",
    )
    report: dict[str, Any] = json.loads(said)
    return report


def expected(checker: str) -> Complaints:
    """What `mistakes` says of itself: a comment "#! mypy's codes | pyright's rules"."""
    column = ("mypy", "pyright").index(checker)
    complaints: Complaints = {}
    for path in sorted((HERE / "mistakes").glob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "#! " in line:
                codes = line.partition("#! ")[2].split(" | ")[column]
                complaints[(f"mistakes/{path.name}", number)] = set(codes.split())
    return complaints


def of(program: str, complaints: Complaints) -> Complaints:
    return {key: codes for key, codes in complaints.items() if key[0].startswith(f"{program}/")}


def test_mypy_has_nothing_to_say_about_the_project(mypy: Complaints) -> None:
    assert of("weather", mypy) == {}


def test_pyright_has_nothing_to_say_about_the_project(pyright: Complaints) -> None:
    assert of("weather", pyright) == {}


def test_mypy_finds_each_mistake(mypy: Complaints) -> None:
    assert of("mistakes", mypy) == expected("mypy")


def test_pyright_finds_each_mistake(pyright: Complaints) -> None:
    assert of("mistakes", pyright) == expected("pyright")


def test_there_are_mistakes_to_be_found() -> None:
    assert len(expected("mypy")) > 100


def test_the_project_runs(place: Path) -> None:
    """What is checked is code that works, not only code that passes."""
    done = subprocess.run(
        [str(PYTHON), "-W", "error", "-m", "weather"],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("package", ["hookline", *PLUGINS])
def test_every_public_type_is_complete(package: str, place: Path) -> None:
    report = run_pyright(["--verifytypes", package, "--ignoreexternal"], place)["typeCompleteness"]
    incomplete = {
        symbol["name"]: [each["message"] for each in symbol["diagnostics"]]
        for symbol in report["symbols"]
        if (not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"])
        and not symbol["name"].startswith(KIT)
    }

    assert incomplete == {}
    assert report["exportedSymbolCounts"]["withKnownType"] > 0
    # The kit's share of hookline's names.
    assert report["completenessScore"] >= (0.97 if package == "hookline" else 1)


def test_what_is_public_is_found() -> None:
    assert {"hookline.plugins", "hookline.types", "hookline_http11"} <= set(MODULES)


def test_every_any_of_the_public_types_is_intended(place: Path) -> None:
    """Looks where the checkers' flags do not: an `Any` inside an alias is none to mypy."""
    found = {name for name in public_anys(place) if not name.startswith(KIT)}

    # The command line's is click's own, and unknown where the extra is not installed.
    assert found - {"hookline.main"} == set(INTENDED)


def public_anys(place: Path) -> Iterator[str]:
    """The public functions, methods and attributes that have an `Any` in their types."""
    from mypy import build
    from mypy.modulefinder import BuildSource
    from mypy.options import Options

    options = Options()
    options.python_executable = str(PYTHON)
    options.cache_dir = str(place / ".cache-of-anys")
    imports = f"import {', '.join(MODULES)}\n"
    result = build.build([BuildSource(None, "program", imports)], options=options)
    assert result.errors == []
    for module in MODULES:
        for name, symbol in result.files[module].names.items():
            if symbol.module_public and not symbol.module_hidden and not name.startswith("_"):
                yield from _anys(f"{module}.{name}", symbol.node)


def _anys(path: str, node: Any) -> Iterator[str]:
    from mypy.nodes import Decorator, FuncDef, OverloadedFuncDef, TypeAlias, TypeInfo, Var

    types: list[object] = []
    if isinstance(node, TypeInfo):
        for base in node.mro:
            if not base.fullname.startswith("hookline"):
                continue
            for name, symbol in base.names.items():
                is_special = name.startswith("__") and name.endswith("__")
                if name in _OF_PYTHON or (name.startswith("_") and not is_special):
                    continue
                if base is node or name not in node.names:
                    yield from _anys(f"{_home(base, path)}.{name}", symbol.node)
    elif isinstance(node, (FuncDef, Var)):
        types = [node.type]
    elif isinstance(node, Decorator):
        types = [node.func.type, node.var.type]
    elif isinstance(node, OverloadedFuncDef):
        types = [
            item.func.type if isinstance(item, Decorator) else item.type for item in node.items
        ]
    elif isinstance(node, TypeAlias):
        types = [node.target]
    if any(_has_any(str(each)) for each in types):
        yield path


def _home(cls: Any, path: str) -> str:
    """Where a class is to be named: what it inherits is said of its base."""
    module, _, name = path.rpartition(".")
    return path if cls.name == name else f"{module}.{cls.name}"


def _has_any(text: str) -> bool:
    # What `async def`, "..." and `slice` stand for is not meant.
    for shorthand in ("typing.Coroutine[Any, Any, ", "*Any, **Any", "slice[Any, Any, Any]"):
        text = text.replace(shorthand, "")
    return re.search(r"\bAny\b", text) is not None
