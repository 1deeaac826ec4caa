"""Fixtures of all tests: the three modes, the real server, and TLS with a throw-away authority."""

from __future__ import annotations

import inspect
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

from support.modes import NAMES, Mode
from support.tally import ROWS, TALLY

HERE = Path(__file__).parent

# A run in the background has this signal ignored, and so would the programs that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What the tests run against must not depend on who runs them.
for _name in list(os.environ):
    if _name.lower().endswith("_proxy") or _name.startswith(("HOOKLINE_", "SSL_CERT_")):
        del os.environ[_name]


@pytest.fixture(params=NAMES)
def mode(request: pytest.FixtureRequest) -> Mode:
    """The mode that a shared test runs in; `async def test_...(mode)` runs in all three."""
    return Mode(request.param)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object:
    """Run coroutine tests in the mode that their fixture says."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    mode = pyfuncitem.funcargs["mode"]
    names = pyfuncitem._fixtureinfo.argnames
    mode.run(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})
    return True


# -- The comparison with httpx ---------------------------------------------------------------
#
# How many cases were compared, and whether every row of docs/compatibility.md was met, is known
# when all of it ran, in however many processes.

# No fewer cases than this, so that a table that fell out of a test is noticed.
EXPECTED_CASES = 100_000


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One of the processes that share the tests (`-n`) is done."""
    cases, rows, is_whole = node.workeroutput.get("compared", (0, [], False))
    TALLY.cases += cases
    TALLY.rows |= set(rows)
    TALLY.is_whole = TALLY.is_whole or is_whole


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["compared"] = [TALLY.cases, sorted(TALLY.rows), TALLY.is_whole]
    elif TALLY.is_whole and not session.testsfailed and _missing():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TALLY.cases:
        terminalreporter.write_line(
            f"compat: {TALLY.cases} cases compared, {len(TALLY.rows)} of {len(ROWS)} rows of "
            "differences met"
        )
        if TALLY.is_whole and (missing := _missing()):
            terminalreporter.write_line(f"compat: FAILED, {missing}", red=True)


def _missing() -> str:
    """What the comparison lacks."""
    if TALLY.cases < EXPECTED_CASES:
        return f"at least {EXPECTED_CASES} cases were expected"
    unmet = ROWS - TALLY.rows
    # Rows of other parts are shown by the tests of those.
    others = [path for path in HERE.rglob("test_*.py") if path.parent.name != "compat"]
    elsewhere = "".join(path.read_text() for path in others) if unmet else ""
    nowhere = sorted(row for row in unmet if f'"{row}"' not in elsewhere)
    return f"rows that nobody met: {', '.join(nowhere)}" if nowhere else ""


class Authority(NamedTuple):
    """A certificate authority that exists for this run: its own file, and a server's."""

    ca_file: str
    server_cert: str
    server_key: str


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    certificate = ca.issue_cert("localhost", "127.0.0.1")
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(str(folder / "cert.pem"), append=True)
    return Authority(str(folder / "ca.pem"), str(folder / "cert.pem"), str(folder / "key.pem"))


def _serve(script: str, *arguments: str) -> Iterator[list[int]]:
    """Run a server in a process of its own that ends with the tests; yield its ports."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(HERE / "support" / script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield [int(port) for port in process.stdout.readline().split()]
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(scope="session")
def _http_port() -> Iterator[int]:
    for (port,) in _serve("serve.py"):
        yield port


@pytest.fixture(scope="session")
def _https_port(authority: Authority) -> Iterator[int]:
    for (port,) in _serve("serve.py", authority.server_cert, authority.server_key):
        yield port


@pytest.fixture
def server(_http_port: int) -> str:
    """The URL of a real server (uvicorn), without a slash at the end."""
    return f"http://127.0.0.1:{_http_port}"


@pytest.fixture
def tls_server(_https_port: int) -> str:
    """The same over TLS, with a certificate of `authority`."""
    return f"https://localhost:{_https_port}"


class Hypercorn(NamedTuple):
    """A server that speaks HTTP/1.1 and HTTP/2: its URLs, and the same on Unix sockets."""

    tls: str
    plain: str
    tls_socket: str
    plain_socket: str


@pytest.fixture(scope="session")
def hypercorn(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hypercorn]:
    folder = tmp_path_factory.mktemp("sockets")
    arguments = (authority.server_cert, authority.server_key, str(folder))
    for tls, plain in _serve("serve_hypercorn.py", *arguments):
        yield Hypercorn(
            f"https://localhost:{tls}",
            f"http://127.0.0.1:{plain}",
            str(folder / "tls"),
            str(folder / "plain"),
        )


@pytest.fixture
def h2_server(hypercorn: Hypercorn) -> str:
    """The URL of a real server that chooses HTTP/2 by ALPN, with a certificate of `authority`."""
    return hypercorn.tls


@pytest.fixture
def h2c_server(hypercorn: Hypercorn) -> str:
    """The URL of a real server that takes HTTP/2 by prior knowledge, without TLS."""
    return hypercorn.plain
