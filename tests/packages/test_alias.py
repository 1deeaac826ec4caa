"""One call makes `import httpx` mean hookline: when, for whom, and how it is taken back.

Each test runs in an interpreter of its own, since what a name means is decided once per process.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import httpx2
import pytest

import hookline
import hookline.compat
from support.fresh import check, python

# -- What the names mean --------------------------------------------------------------------


def test_importing_hookline_changes_nothing() -> None:
    check(
        """
        import sys
        finders = list(sys.meta_path)
        import hookline
        import hookline.compat
        assert sys.meta_path == finders
        import httpx, httpx2, httpcore, httpcore2
        assert "site-packages" in httpx.__file__
        assert httpx.Client is not hookline.Client
        """
    )


def test_every_name_is_the_very_object_of_hookline() -> None:
    check(
        """
        import hookline.compat
        hookline.compat.alias()
        import httpx, httpx2
        for name in hookline.__all__:
            if name != "__version__":
                assert getattr(httpx, name) is getattr(hookline, name), name
                assert getattr(httpx2, name) is getattr(hookline, name), name
        from httpx import *
        assert Client is hookline.Client
        assert isinstance(hookline.Client(), httpx.Client)
        assert isinstance(httpx.Client(), hookline.Client)
        assert set(hookline.__all__) <= set(dir(httpx))
        """
    )


def test_versions_are_those_of_the_api() -> None:
    check(
        """
        import hookline
        hookline.alias_httpx()
        import httpx, httpx2, httpcore, httpcore2
        assert (httpx.__version__, httpx2.__version__) == ("0.28.1", "2.16.2")
        assert (httpcore.__version__, httpcore2.__version__) == ("1.0.9", "2.16.2")
        """
    )


def test_what_loads_on_first_use_still_does() -> None:
    check(
        """
        import sys
        import hookline.compat
        hookline.compat.alias()
        import httpx, httpx2
        httpx.Client
        for heavy in ("ssl", "anyio", "asyncio", "hookline.transports.asgi", "hookline._sse"):
            assert heavy not in sys.modules, heavy
        assert httpx.ASGITransport is hookline.ASGITransport
        assert "hookline.transports.asgi" in sys.modules
        """
    )


# Private places of httpx that released packages are seen to use.
PRIVATE = """
    _api.get _api.stream _auth.Auth _auth.BasicAuth _auth.DigestAuth _auth.FunctionAuth
    _client.AsyncClient _client.BaseClient _client.Client _client.ClientState _client.EventHook
    _client.USE_CLIENT_DEFAULT _client.UseClientDefault _config.DEFAULT_LIMITS
    _config.DEFAULT_MAX_REDIRECTS _config.DEFAULT_TIMEOUT_CONFIG _config.Limits _config.Proxy
    _config.Timeout _config.create_ssl_context _content.AsyncIteratorByteStream _content.ByteStream
    _content.IteratorByteStream _content.encode_json _content.encode_multipart_data
    _content.encode_request _content.encode_response _content.encode_urlencoded_data
    _decoders.GZipDecoder _decoders.IdentityDecoder _decoders.LineDecoder
    _decoders.SUPPORTED_DECODERS _decoders.TextDecoder _exceptions.HTTPError
    _exceptions.request_context _models.Cookies _models.Headers _models.Request _models.Response
    _multipart.MultipartStream _status_codes.codes _transports.asgi.ASGITransport
    _transports.base.AsyncBaseTransport _transports.base.BaseTransport
    _transports.default.AsyncHTTPTransport _transports.default.HTTPTransport
    _transports.mock.MockTransport _transports.wsgi.WSGITransport _types.AsyncByteStream
    _types.AuthTypes _types.CertTypes _types.CookieTypes _types.FileTypes _types.HeaderTypes
    _types.ProxyTypes _types.QueryParamTypes _types.RequestContent _types.RequestData
    _types.RequestExtensions _types.RequestFiles _types.ResponseContent _types.SyncByteStream
    _types.TimeoutTypes _types.URLTypes _urls.QueryParams _urls.URL _utils.URLPattern
    _utils.get_environment_proxies _utils.primitive_value_to_str _utils.to_bytes _utils.to_str
"""


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_private_places_are_there_by_import_and_by_attribute(name: str) -> None:
    check(
        f"""
        import importlib, operator
        import hookline.compat
        hookline.compat.alias()
        import {name} as library
        for path in {PRIVATE.split()!r}:
            value = operator.attrgetter(path)(library)
            module, _, attribute = path.rpartition(".")
            assert getattr(importlib.import_module("{name}." + module), attribute) is value or (
                attribute == "SUPPORTED_DECODERS"
            ), path
        assert library._config.DEFAULT_TIMEOUT_CONFIG == library.Timeout(5.0)
        assert library._client.Client is library.Client
        assert library._utils.to_bytes("ä") == "ä".encode() == library._utils.to_bytes("ä".encode())
        assert library._utils.to_str(b"a") == library._utils.to_str("a") == "a"
        assert library._utils.to_bytes_or_str("a", b"") == b"a"
        headers, stream = library._content.encode_multipart_data({{"a": "1"}}, {{}}, b"xx")
        assert b"".join(stream).startswith(b"--xx\\r\\n")
        assert headers["Content-Type"] == "multipart/form-data; boundary=xx"
        assert "gzip" in library._decoders.SUPPORTED_DECODERS
        """
    )


def test_no_module_that_stands_in_has_a_name_that_the_real_one_has_not() -> None:
    check(
        """
        import importlib, pathlib
        import hookline.compat
        root = pathlib.Path(hookline.compat.__file__).parent
        checked = 0
        for library, second in (("httpx", "httpx2"), ("httpcore", "httpcore2")):
            for path in sorted((root / library).rglob("*.py")):
                parts = path.relative_to(root / library).with_suffix("").parts
                module = ".".join(part for part in parts if part != "__init__")
                ours = importlib.import_module(f"hookline.compat.{library}.{module}".rstrip("."))
                reals = []
                for real in (library, second):
                    try:
                        reals.append(importlib.import_module(f"{real}.{module}".rstrip(".")))
                    except ModuleNotFoundError:
                        pass
                assert reals, path
                if ours.__name__ != "hookline.compat.httpx":
                    for name in getattr(ours, "__all__", ()):
                        checked += 1
                        assert any(hasattr(real, name) for real in reals), (module, name)
        assert checked > 150, checked
        """
    )


def test_what_is_missing_says_that_it_is_hookline() -> None:
    check(
        """
        import hookline.compat
        hookline.compat.alias()
        import httpx, httpcore
        for module, name, more in ((httpx, "nope", "'nope'"), (httpcore, "SyncBackend", "alias(")):
            try:
                getattr(module, name)
            except AttributeError as exc:
                assert "it is hookline, by hookline.compat.alias" in str(exc) and more in str(exc)
            else:
                raise AssertionError
        assert not hasattr(httpx, "_nope")
        try:
            import httpx._nope
        except ModuleNotFoundError as exc:
            assert exc.name == "httpx._nope"
        try:
            from httpx2._config import NOPE
        except ImportError:
            pass
        else:
            raise AssertionError
        """
    )


def test_the_environments_proxies_are_told_as_httpx_tells_them() -> None:
    check(
        """
        import os
        os.environ |= {"HTTPS_PROXY": "http://u:p%20w@host:1", "NO_PROXY": "example.org"}
        import httpx
        import hookline.compat.httpx._utils as ours
        assert ours.get_environment_proxies() == httpx._utils.get_environment_proxies() == {
            "https://": "http://u:p%20w@host:1", "all://*example.org": None
        }
        """
    )


# -- When -----------------------------------------------------------------------------------


def test_real_packages_that_are_loaded_are_refused_with_their_importers(tmp_path: Path) -> None:
    (tmp_path / "by_module.py").write_text("import httpx\n")
    (tmp_path / "by_class.py").write_text("from httpx import Client as C\n")
    (tmp_path / "by_function.py").write_text("from httpx import get\n")
    (tmp_path / "by_submodule.py").write_text("from httpx import _config\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("from . import a, b\n")
    (tmp_path / "package" / "a.py").write_text("import httpx\n")
    (tmp_path / "package" / "b.py").write_text("import httpx\n")
    (tmp_path / "bystander.py").write_text("import json\nclass A: pass\n")
    check(
        """
        import sys
        import bystander, by_module, by_class, by_function, by_submodule, package
        import hookline.compat
        finders = list(sys.meta_path)
        try:
            hookline.compat.alias()
        except RuntimeError as exc:
            assert str(exc).startswith(
                "Cannot alias what is loaded already: httpx (imported by by_module, by_class, "
                "by_function, by_submodule, package.a). Call hookline.compat.alias() before "
                "anything imports it: at the top of the main module, "
            ), exc
            assert "`python -m hookline.compat program.py`" in str(exc)
            assert "`pytest -p hookline.compat.pytest_plugin`" in str(exc)
        else:
            raise AssertionError
        # All or nothing.
        assert sys.meta_path == finders
        import httpx2
        assert httpx2.Client is not hookline.Client
        """,
        folder=tmp_path,
    )


def test_importers_are_counted_where_there_are_many(tmp_path: Path) -> None:
    names = [f"m{number}" for number in range(8)]
    for name in names:
        (tmp_path / f"{name}.py").write_text("import httpx2\n")
    check(
        f"""
        import {", ".join(names)}
        import hookline
        try:
            hookline.alias_httpx()
        except RuntimeError as exc:
            assert "httpx2 (imported by m0, m1, m2, m3, m4 and 3 more)" in str(exc), exc
        else:
            raise AssertionError
        """,
        folder=tmp_path,
    )


def test_looking_for_importers_wakes_no_module_that_loads_itself(tmp_path: Path) -> None:
    (tmp_path / "asleep.py").write_text("raise AssertionError('awake')\n")
    check(
        """
        import importlib.util, sys, types
        spec = importlib.util.find_spec("asleep")
        spec.loader = importlib.util.LazyLoader(spec.loader)
        sys.modules["asleep"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        class Odd:
            def __getattribute__(self, name):
                raise AssertionError(name)
        sys.modules["odd"] = Odd()
        thing = Odd()
        import httpx
        import hookline.compat
        try:
            hookline.compat.alias("httpx")
        except RuntimeError as exc:
            assert "imported by __main__)" in str(exc)
        else:
            raise AssertionError
        """,
        folder=tmp_path,
    )


def test_aliasing_again_does_nothing_more() -> None:
    check(
        """
        import sys
        import hookline.compat
        assert hookline.alias_httpx() is None
        finders = list(sys.meta_path)
        import httpx
        hookline.alias_httpx()
        again = hookline.compat.alias()
        assert (again.names, repr(again)) == (frozenset(), "<Alias of nothing>")
        again.undo()
        assert sys.meta_path == finders
        import httpx2
        assert httpx2.Client is httpx.Client is hookline.Client
        # httpx2's own spelling, from code that was written for it.
        httpx2.alias_httpx()
        """
    )


def test_some_names_alone_are_aliased() -> None:
    check(
        """
        import hookline.compat
        alias = hookline.compat.alias("httpx", "httpx2")
        assert repr(alias) == "<Alias httpx, httpx2>"
        import httpx, httpx2, httpcore
        assert httpx.Client is httpx2.Client is hookline.Client
        assert "site-packages" in httpcore.__file__
        # The real one is loaded, and not in the way of the others.
        httpcore.ConnectionPool().close()
        hookline.compat.alias("httpx")
        try:
            hookline.compat.alias("httpcore")
        except RuntimeError as exc:
            assert "httpcore (imported by __main__)" in str(exc), exc
        else:
            raise AssertionError
        """
    )


def test_other_names_are_refused() -> None:
    with pytest.raises(ValueError, match="there is no 'requests' to stand in for; expected httpx,"):
        hookline.compat.alias("httpx", "requests")


def test_httpcore_is_not_aliased_below_the_real_httpx() -> None:
    message = "'httpcore' cannot be aliased without 'httpx', which makes its connections by it"
    with pytest.raises(ValueError, match=message):
        hookline.compat.alias("httpx2", "httpcore")


def test_alias_httpx_is_spelt_as_in_httpx2() -> None:
    ours, theirs = hookline.alias_httpx, httpx2.alias_httpx

    assert inspect.signature(ours).parameters == inspect.signature(theirs).parameters


# -- Back again -----------------------------------------------------------------------------


def test_undoing_gives_the_real_packages_to_whoever_imports_them_next() -> None:
    check(
        """
        import sys
        finders = list(sys.meta_path)
        import hookline.compat
        alias = hookline.compat.alias()
        import httpx, httpx2._client, httpcore._sync.connection_pool
        kept = httpx
        alias.undo()
        alias.undo()
        assert sys.meta_path == finders
        names = ("httpx", "httpx2", "httpcore", "httpcore2")
        assert not [name for name in sys.modules if name.partition(".")[0] in names]
        import httpx, httpx2, httpcore
        assert "site-packages" in httpx.__file__
        assert kept.Client is hookline.Client is not httpx.Client
        """
    )


def test_a_with_block_undoes_what_it_added_and_no_more() -> None:
    check(
        """
        import hookline.compat
        with hookline.compat.alias("httpx"):
            with hookline.compat.alias() as inner:
                assert inner.names == {"httpx2", "httpcore", "httpcore2"}
                import httpx2
            import httpx
            assert httpx.Client is hookline.Client
            import httpx2
            assert httpx2.Client is not hookline.Client
        import httpx
        assert httpx.Client is not hookline.Client
        """
    )


def test_undoing_twice_leaves_what_others_have_aliased_since() -> None:
    check(
        """
        import hookline.compat
        first = hookline.compat.alias()
        first.undo()
        hookline.compat.alias()
        first.undo()
        import httpx
        assert httpx.Client is hookline.Client
        """
    )


def test_after_undoing_one_can_alias_again() -> None:
    check(
        """
        import hookline.compat
        for _ in range(3):
            with hookline.compat.alias():
                import httpx
                assert httpx.Client is hookline.Client
        """
    )


# -- Without touching the program -----------------------------------------------------------

PROGRAM = """
import sys
import httpx, neighbour
assert __name__ == "__main__"
print(httpx.Client.__module__.partition(".")[0], sys.argv[1:], neighbour.__name__)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "neighbour.py").touch()
    (folder / "program.py").write_text(PROGRAM)
    return folder / "program.py"


def test_a_script_runs_as_if_python_had_run_it(program: Path) -> None:
    done = python("-m", "hookline.compat", str(program), "-x", "y")

    assert (done.stdout, done.stderr) == ("hookline ['-x', 'y'] neighbour\n", "")
    assert done.returncode == 0


def test_a_module_runs_as_if_python_had_run_it(program: Path) -> None:
    done = python("-m", "hookline.compat", "-m", "program", "-x", folder=program.parent)

    assert (done.stdout, done.stderr) == ("hookline ['-x'] neighbour\n", "")


def test_a_programs_exit_status_is_kept(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("raise SystemExit(7)\n")

    assert python("-m", "hookline.compat", str(tmp_path / "program.py")).returncode == 7


@pytest.mark.parametrize("arguments", [[], ["-m"], ["--nope"]])
def test_what_names_no_program_is_told_what_to_name(arguments: list[str]) -> None:
    done = python("-m", "hookline.compat", *arguments)

    assert done.returncode == 2
    assert done.stderr.startswith("usage: python -m hookline.compat PROGRAM [ARGUMENT ...]\n")


def test_a_program_that_is_not_there_is_named() -> None:
    done = python("-m", "hookline.compat", "nowhere.py")

    message = "python -m hookline.compat: there is no file 'nowhere.py'.\n"
    assert (done.returncode, done.stderr) == (2, message)


def test_help_is_there() -> None:
    done = python("-m", "hookline.compat", "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert "mean hookline." in done.stdout
