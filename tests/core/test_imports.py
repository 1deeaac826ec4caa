"""What `import hookline` brings along, module by module, and what the first client adds to it.

Each list is meant to be long enough to be argued with: a module that joins it is paid for by every
program that imports hookline.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

# Beyond an interpreter that has started. All but `zlib` come with `typing`, which no typed package
# does without; its own parts, which differ from version to version, have a "_" in their name.
STANDARD_LIBRARY = {
    "__future__", "collections", "collections.abc", "contextlib", "copyreg", "enum", "functools",
    "itertools", "keyword", "operator", "re", "reprlib", "types", "typing", "typing.io",
    "typing.re", "warnings", "zlib",
}  # fmt: skip

HOOKLINE = {
    "hookline", "hookline._api", "hookline._auth", "hookline._backends", "hookline._client",
    "hookline._clients", "hookline._connectors", "hookline._content", "hookline._cookies",
    "hookline._decoders", "hookline._drive", "hookline._errors", "hookline._headers",
    "hookline._limits", "hookline._middleware", "hookline._models", "hookline._observers",
    "hookline._pattern", "hookline._proxy", "hookline._query", "hookline._reading",
    "hookline._redirects",
    "hookline._streams", "hookline._text", "hookline._timeout", "hookline._url",
    "hookline._urlparse", "hookline._version", "hookline._wiring", "hookline.plugins",
    "hookline.plugins.interfaces", "hookline.transports", "hookline.transports.base",
    "hookline.transports.http",
}  # fmt: skip

# Each of these takes longer to import than any module of hookline, and most programs that make a
# client never need it.
HEAVY = {
    "_hashlib", "anyio", "asyncio", "certifi", "datetime", "decimal", "difflib", "email.message",
    "email.parser", "h11", "h2", "hashlib", "hpack", "http.client", "http.cookiejar", "idna",
    "importlib.metadata", "ipaddress", "json", "logging", "mimetypes", "pathlib", "random",
    "secrets", "shutil", "socksio", "ssl", "tempfile", "tomllib", "traceback", "trio",
    "urllib.parse", "urllib.request", "uuid", "zipfile",
}  # fmt: skip

# Others may be installed here, and import what they like.
PLUGINS = "digest_auth,http11,http2,socks"


def modules_after(code: str) -> set[str]:
    """The modules that some code brings along, in an interpreter of its own."""
    program = (
        "import sys; before = set(sys.modules)\n"
        f"{code}\n"
        "after = set(sys.modules) - before; import json; print(json.dumps(sorted(after)))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=os.environ | {"HOOKLINE_PLUGINS": PLUGINS},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(json.loads(done.stdout))


@pytest.fixture(scope="module")
def imported() -> set[str]:
    return modules_after("import hookline")


def test_import_brings_these_modules_of_the_standard_library_and_no_other(
    imported: set[str],
) -> None:
    others = {name for name in imported if not name.startswith("hookline")}
    public = {name for name in others if not name.rpartition(".")[2].startswith("_")}

    assert public | (others & STANDARD_LIBRARY) <= STANDARD_LIBRARY


def test_import_loads_these_modules_of_hookline_and_no_other(imported: set[str]) -> None:
    assert {name for name in imported if name.startswith("hookline")} == HOOKLINE


@pytest.mark.parametrize("name", ["Client", "AsyncClient"])
def test_first_client_loads_nothing_that_it_may_never_need(name: str) -> None:
    # A client that was never used has nothing to close.
    loaded = modules_after(f"import hookline; hookline.{name}()")

    assert loaded & HEAVY == set()
    assert "hookline_http11" in loaded


def test_first_request_loads_sockets_and_a_parser(server: str) -> None:
    code = f"import hookline\nwith hookline.Client() as client: client.get({server + '/port'!r})"

    assert modules_after(code) & HEAVY == set()


def test_synchronous_client_loads_nothing_of_event_loops() -> None:
    loaded = modules_after("import hookline; hookline.Client().close()")

    assert loaded & {"hookline._loops", "hookline._backends.asyncio"} == set()


@pytest.mark.parametrize(
    ("use", "module"),
    [
        ("hookline.codes.OK", "hookline._codes"),
        ("hookline.Response(204).reason_phrase", "hookline._codes"),
        ("hookline.Response(200, json=[]).json()", "json"),
        ("hookline.Request('POST', 'http://a.test', json=[])", "json"),
        ("hookline.QueryParams('a=b')", "urllib.parse"),
        ("hookline.MockTransport(print)", "hookline.transports.mock"),
        ("hookline.NetRCAuth", "hookline._netrc"),
        ("hookline.NegotiatedAuth", "hookline._negotiate"),
        ("hookline.Client()", "hookline._pool"),
        ("hookline.Client(proxy='http://a.test')", "hookline._mounts"),
    ],
)
def test_what_is_left_out_is_there_on_first_use(use: str, module: str, imported: set[str]) -> None:
    assert module not in imported
    assert module in modules_after(f"import hookline; {use}")


def test_address_in_a_url_is_checked_without_the_library_that_knows_all_of_them() -> None:
    assert "ipaddress" not in modules_after("import hookline; hookline.URL('http://127.0.0.1/')")


def test_names_that_load_on_first_use_are_looked_up_once() -> None:
    code = """
import hookline
assert "codes" not in vars(hookline)
assert hookline.codes is vars(hookline)["codes"] is hookline.codes
assert (hookline.codes.__module__, hookline.NetRCAuth.__module__) == ("hookline", "hookline")
"""

    assert "hookline._codes" in modules_after(code)
