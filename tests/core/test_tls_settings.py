"""TLS contexts: what `verify` and `cert` mean, and that equal settings share one context."""

from __future__ import annotations

import os
import ssl
import threading
from pathlib import Path
from typing import Any

import certifi
import pytest

import hookline
from hookline import _tls
from hookline._tls import (
    TLSSettings,
    build_context,
    check_cert,
    check_verify,
    create_ssl_context,
    shared_context,
)


@pytest.fixture(autouse=True)
def no_contexts_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins as a process does: without contexts and without settings around it."""
    monkeypatch.setattr(_tls, "_contexts", {})
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)


def authorities(context: ssl.SSLContext) -> int:
    """How many authorities a context trusts."""
    return context.cert_store_stats()["x509_ca"]


# -- What the settings mean -----------------------------------------------------------------


def test_default_context_checks_names_and_trusts_certifi() -> None:
    context = create_ssl_context()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert authorities(context) == authorities(ssl.create_default_context(cafile=certifi.where()))


def test_verify_false_checks_nothing() -> None:
    context = create_ssl_context(verify=False)

    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname
    assert authorities(context) == 0


@pytest.mark.parametrize("as_path", [False, True])
def test_verify_takes_a_file_of_authorities(authority: Any, as_path: bool) -> None:
    path = Path(authority.ca_file) if as_path else authority.ca_file
    context = create_ssl_context(verify=path)

    assert authorities(context) == 1
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_verify_takes_a_directory_of_authorities(tmp_path: Path) -> None:
    context = create_ssl_context(verify=str(tmp_path))

    # Directories are searched when a certificate is checked, not before.
    assert authorities(context) == 0
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_context_given_as_verify_is_used_itself() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    assert create_ssl_context(verify=context) is context


def test_protocols_are_offered() -> None:
    for alpn in ((), ("h2", "http/1.1")):
        assert isinstance(build_context(TLSSettings(False, alpn=alpn)), ssl.SSLContext)


def test_exported_function_is_this_one() -> None:
    assert hookline.create_ssl_context is create_ssl_context


# -- Client certificates --------------------------------------------------------------------


def certificates(authority: Any) -> list[Any]:
    """A client certificate in every shape: one file with both, a pair, a triple."""
    both = Path(authority.server_cert).with_name("both.pem")
    both.write_bytes(
        Path(authority.server_key).read_bytes() + Path(authority.server_cert).read_bytes()
    )
    return [
        str(both),
        both,
        (str(both),),
        (authority.server_cert, authority.server_key),
        (authority.server_cert, authority.server_key, "unused password"),
        (str(both), None),
    ]


@pytest.mark.parametrize("verify", [True, False])
def test_client_certificate_is_loaded_in_every_shape(authority: Any, verify: bool) -> None:
    for cert in certificates(authority):
        assert check_cert(cert) == cert
        create_ssl_context(verify=verify, cert=cert)


def test_client_certificate_is_loaded_into_a_given_context(authority: Any) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    # A certificate without its key: the error shows that it was loaded.
    with pytest.raises(ssl.SSLError):
        create_ssl_context(verify=context, cert=authority.ca_file)
    assert (
        create_ssl_context(verify=context, cert=(authority.server_cert, authority.server_key))
        is context
    )


def test_key_that_does_not_fit_is_refused(authority: Any, tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLError):
        create_ssl_context(cert=(authority.ca_file, authority.server_key))


# -- The environment ------------------------------------------------------------------------


def test_ssl_cert_file_stands_in_for_certifi(
    authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    certifis = authorities(ssl.create_default_context(cafile=certifi.where()))

    assert authorities(create_ssl_context()) == 1
    assert authorities(create_ssl_context(trust_env=False)) == certifis
    assert authorities(create_ssl_context(verify=certifi.where())) == certifis
    assert authorities(create_ssl_context(verify=False)) == 0


def test_ssl_cert_dir_stands_in_for_certifi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    assert authorities(create_ssl_context()) == 0
    assert authorities(create_ssl_context(trust_env=False)) > 0


def test_ssl_cert_file_goes_before_the_directory(
    authority: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    assert authorities(create_ssl_context()) == 1


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_empty_variable_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")

    assert authorities(create_ssl_context()) > 1


def test_ssl_cert_file_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = str(tmp_path / "missing.pem")
    monkeypatch.setenv("SSL_CERT_FILE", missing)

    with pytest.raises(FileNotFoundError) as caught:
        create_ssl_context()

    assert f"SSL_CERT_FILE: no certificate file at {missing!r}." == str(caught.value)


# -- One context for equal settings ---------------------------------------------------------


def test_equal_settings_share_one_context(authority: Any) -> None:
    for settings in (
        TLSSettings(),
        TLSSettings(verify=False),
        TLSSettings(authority.ca_file, (authority.server_cert, authority.server_key)),
        TLSSettings(alpn=("h2", "http/1.1")),
    ):
        assert shared_context(settings) is shared_context(TLSSettings(*settings))


def test_different_settings_have_contexts_of_their_own(authority: Any) -> None:
    pair = (authority.server_cert, authority.server_key)
    different = [
        TLSSettings(),
        TLSSettings(verify=False),
        TLSSettings(verify=authority.ca_file),
        TLSSettings(cert=pair),
        TLSSettings(trust_env=False),
        TLSSettings(alpn=("h2",)),
    ]

    assert len({id(shared_context(settings)) for settings in different}) == len(different)


def test_contexts_to_be_changed_at_will_are_not_shared() -> None:
    assert create_ssl_context() is not create_ssl_context()
    assert create_ssl_context(verify=False) is not shared_context(TLSSettings(verify=False))


def test_changed_environment_makes_another_context(
    authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shared_context(TLSSettings())
    untrusting = shared_context(TLSSettings(trust_env=False))
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)

    assert shared_context(TLSSettings()) is not before
    assert shared_context(TLSSettings(trust_env=False)) is untrusting


def test_another_file_of_the_same_age_and_size_makes_another_context(
    authority: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts = []
    for name in ("one.pem", "two.pem"):
        file = tmp_path / name
        file.write_bytes(Path(authority.ca_file).read_bytes())
        os.utime(file, ns=(1, 1))
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        contexts.append(shared_context(TLSSettings()))

    assert contexts[0] is not contexts[1]


@pytest.mark.parametrize("as_path", [False, True])
def test_changed_file_makes_another_context(authority: Any, tmp_path: Path, as_path: bool) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(Path(authority.ca_file).read_bytes())
    cert = certificates(authority)[1 if as_path else 0]
    settings = TLSSettings(str(file), cert)
    before = shared_context(settings)
    unchanged = shared_context(settings)
    os.utime(file, ns=(1, 1))
    after = shared_context(settings)
    os.utime(cert, ns=(1, 1))

    assert before is unchanged
    assert before is not after
    assert shared_context(settings) is not after


def test_threads_that_ask_at_once_get_one_context() -> None:
    barrier = threading.Barrier(8)
    contexts: list[ssl.SSLContext] = []

    def ask() -> None:
        barrier.wait()
        contexts.append(shared_context(TLSSettings()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(contexts) == 8
    assert len({id(context) for context in contexts}) == 1


# -- Bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize("verify", [None, 0, 1, b"ca.pem", ["ca.pem"], object()])
def test_verify_of_the_wrong_type_is_refused_and_named(verify: Any) -> None:
    for check in (check_verify, create_ssl_context):
        with pytest.raises(TypeError) as caught:
            check(verify)

        assert f"not {verify!r} ({type(verify).__name__})." in str(caught.value)


@pytest.mark.parametrize("verify", ["", "missing.pem", Path("missing/ca.pem")])
def test_verify_that_is_not_there_is_refused_and_named(
    verify: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(FileNotFoundError) as caught:
        check_verify(verify)

    assert f"verify: no certificate file or directory at {str(verify) if verify else ''!r}." == str(
        caught.value
    )


def test_file_without_certificates_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.pem"
    file.write_text("no certificate")

    with pytest.raises(ssl.SSLError):
        create_ssl_context(verify=str(file))


@pytest.mark.parametrize("cert", [1, b"cert.pem", ["cert", "key"], {}, (), ("a", "b", "c", "d")])
def test_cert_of_the_wrong_type_is_refused_without_showing_it(cert: Any) -> None:
    with pytest.raises(TypeError) as caught:
        check_cert(cert)

    assert str(caught.value) == (
        f"cert: expected a path, (path, key) or (path, key, password), not a {type(cert).__name__}."
    )


@pytest.mark.parametrize("path", [1, b"cert.pem", object()])
def test_path_in_cert_of_the_wrong_type_is_refused_and_named(authority: Any, path: Any) -> None:
    with pytest.raises(TypeError) as caught:
        check_cert((authority.server_cert, path))

    assert f"cert: expected a path, not {path!r} ({type(path).__name__})." == str(caught.value)


def test_cert_that_is_not_there_is_refused_and_named(authority: Any, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")

    for cert in (missing, (missing,), (authority.server_cert, missing), (missing, None)):
        with pytest.raises(FileNotFoundError) as caught:
            check_cert(cert)

        assert f"cert: no file at {missing!r}." == str(caught.value)
    assert check_cert(None) is None
