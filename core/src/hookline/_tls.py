"""TLS contexts: which one a client's settings mean, built once per process and on first use.

Knows `verify`, `cert`, certifi and the environment. The stream that speaks TLS is `_tls_stream.py`.
"""

from __future__ import annotations

import os
import ssl
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from ._fork import guard_lock

if TYPE_CHECKING:
    from ._types import CertTypes


class TLSSettings(NamedTuple):
    """What a TLS context is made from.

    - `verify`: True for certifi's authorities (or those of SSL_CERT_FILE and SSL_CERT_DIR where the
      environment is trusted), a path to a file or directory of authorities, False for no check.
    - `cert`: a client certificate: a path, `(path, key)` or `(path, key, password)`.
    - `trust_env`: whether SSL_CERT_FILE and SSL_CERT_DIR count.
    - `alpn`: the protocols to offer (RFC 7301), most wanted first.
    """

    verify: bool | str = True
    cert: CertTypes | None = None
    trust_env: bool = True
    alpn: tuple[str, ...] = ()


def create_ssl_context(
    verify: bool | str | ssl.SSLContext = True,
    cert: CertTypes | None = None,
    trust_env: bool = True,
) -> ssl.SSLContext:
    """A new TLS context for a client, to be changed at will: `Client(verify=context)`.

    A context given as `verify` is returned itself, with `cert` loaded into it. Raises
    FileNotFoundError for a path that does not exist, and ssl.SSLError for a file that holds no
    certificates.
    """
    cert = check_cert(cert)
    if isinstance(verify, ssl.SSLContext):
        if cert is not None:
            _load_cert(verify, cert)
        return verify
    return build_context(TLSSettings(check_verify(verify), cert, trust_env))


def check_verify(verify: Any) -> bool | str:
    """Refuse early what cannot become a context. Raises TypeError and FileNotFoundError."""
    if isinstance(verify, bool):
        return verify
    if isinstance(verify, (str, os.PathLike)):
        path = os.fspath(verify)
        if not isinstance(path, str) or not os.path.exists(path):
            raise FileNotFoundError(f"verify: no certificate file or directory at {path!r}.")
        return path
    raise TypeError(
        "verify: expected True, False, a path to certificates, an ssl.SSLContext or "
        f"{{'name': ...}}, not {verify!r} ({type(verify).__name__})."
    )


def check_cert(cert: Any) -> CertTypes | None:
    """Refuse early what cannot be a client certificate. Raises TypeError and FileNotFoundError."""
    if cert is None:
        return None
    parts = (cert,) if isinstance(cert, (str, os.PathLike)) else cert
    if not isinstance(parts, tuple) or not 1 <= len(parts) <= 3:
        # A tuple may hold the key's password: name the type alone.
        raise TypeError(
            "cert: expected a path, (path, key) or (path, key, password), "
            f"not a {type(cert).__name__}."
        )
    for path in parts[:2]:
        if path is None:
            continue
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"cert: expected a path, not {path!r} ({type(path).__name__}).")
        if not os.path.exists(path):
            raise FileNotFoundError(f"cert: no file at {os.fspath(path)!r}.")
    return cert  # type: ignore[no-any-return]


def build_context(settings: TLSSettings) -> ssl.SSLContext:
    """A new TLS context: TLS 1.2 or newer, host names checked, unless `verify` is False."""
    verify, cert, trust_env, alpn = settings
    if verify is False:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif isinstance(verify, str):
        context = _trusting(verify)
    elif trust_env and (file := os.environ.get("SSL_CERT_FILE")):
        if not os.path.exists(file):
            # The `ssl` module's own error does not say which file.
            raise FileNotFoundError(f"SSL_CERT_FILE: no certificate file at {file!r}.")
        context = ssl.create_default_context(cafile=file)
    elif trust_env and (directory := os.environ.get("SSL_CERT_DIR")):
        context = ssl.create_default_context(capath=directory)
    else:
        import certifi

        context = ssl.create_default_context(cafile=certifi.where())
    if cert is not None:
        _load_cert(context, cert)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def _load_cert(context: ssl.SSLContext, cert: CertTypes) -> None:
    context.load_cert_chain(*(cert if isinstance(cert, tuple) else (cert,)))


def _trusting(path: str) -> ssl.SSLContext:
    if os.path.isdir(path):
        return ssl.create_default_context(capath=path)
    return ssl.create_default_context(cafile=path)


_contexts: dict[tuple[Any, ...], ssl.SSLContext] = {}
_lock = threading.Lock()
guard_lock(globals(), "_lock")


def shared_context(settings: TLSSettings) -> ssl.SSLContext:
    """The process's one context for these settings.

    Building one takes tens of milliseconds and a megabyte, so clients share them. A changed file or
    environment variable is noticed: it makes another context for the clients to come.
    """
    environment = tuple(
        os.environ.get(name) if settings.trust_env else None
        for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")
    )
    cert = settings.cert
    files = [settings.verify, *(cert[:2] if isinstance(cert, tuple) else [cert]), *environment]
    key = (settings, environment, tuple(_fingerprint(file) for file in files))
    context = _contexts.get(key)
    if context is None:
        with _lock:
            context = _contexts.get(key)
            if context is None:
                context = _contexts[key] = build_context(settings)
    return context


def _fingerprint(path: object) -> tuple[int, int] | None:
    if not isinstance(path, (str, os.PathLike)):
        return None
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
