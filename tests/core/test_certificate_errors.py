"""`CertificateError`: who was not believed, why, and what can be done about it."""

from __future__ import annotations

import copy
import datetime
import pickle
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import hookline
from hookline._tls_errors import certificate_error
from support.modes import Mode
from support.raw import Conversation, RawServer, raw_server

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.UTC)

TRUST = (
    'If you trust that authority, say so: verify="/path/to/ca.pem" or the environment variable '
    "SSL_CERT_FILE."
)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def presenting(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def self_signed(tmp_path: Any) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "self-signed.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@contextmanager
def tls_server(context: ssl.SSLContext, before: bytes = b"") -> Iterator[RawServer]:
    """A server that nobody comes to trust. It may be a proxy that says something `before`."""

    def script(conversation: Conversation) -> None:
        if before:
            conversation.receive_head()
            conversation.send(before)
        try:
            with context.wrap_socket(conversation.socket, server_side=True) as sock:
                sock.recv(1)
        except OSError:
            # The client has said what it thinks of the certificate.
            pass

    with raw_server(script) as server:
        yield server


def at(server: RawServer, host: str = "localhost") -> str:
    return f"https://{host}:{server.address[1]}/"


@pytest.fixture
def verify(ca: trustme.CA) -> ssl.SSLContext:
    """A client's context that trusts `ca`."""
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


# -- Why ------------------------------------------------------------------------------------


CASES: dict[str, tuple[Callable[[trustme.CA, Any], ssl.SSLContext], str, str]] = {
    "expired": (
        lambda ca, _: presenting(ca.issue_cert("localhost", not_after=NOW - DAY)),
        (
            "it has expired. Whoever runs it has to renew the certificate; or this machine's clock "
            "is wrong."
        ),
        "certificate has expired",
    ),
    "too early": (
        lambda ca, _: presenting(
            ca.issue_cert("localhost", not_before=NOW + DAY, not_after=NOW + 2 * DAY)
        ),
        "it is not valid yet. This machine's clock may be wrong.",
        "certificate is not yet valid",
    ),
    "another name": (
        lambda ca, _: presenting(ca.issue_cert("other.test")),
        (
            "it is for another name. Use a name that it is for. Or give that name for the "
            'handshake alone: extensions={"sni_hostname": ...}.'
        ),
        "Hostname mismatch, certificate is not valid for 'localhost'.",
    ),
    "unknown authority": (
        lambda ca, _: presenting(trustme.CA().issue_cert("localhost")),
        (
            "it comes from an authority that is not known here. "
            f"{TRUST} Or the server does not send its intermediate certificates."
        ),
        "unable to get local issuer certificate",
    ),
    "self-signed": (
        lambda ca, tmp_path: self_signed(tmp_path),
        (
            "it is self-signed, so that no authority vouches for it. If that is as it should be, "
            'have it trusted: verify="/path/to/ca.pem" or the environment variable SSL_CERT_FILE.'
        ),
        "self-signed certificate",
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_the_error_says_whose_certificate_it_was_why_and_what_to_do(
    mode: Mode, case: str, ca: trustme.CA, verify: ssl.SSLContext, tmp_path: Any
) -> None:
    make, reason, openssl = CASES[case]
    with tls_server(make(ca, tmp_path)) as server:
        async with mode.client(verify=verify) as client:
            with pytest.raises(hookline.CertificateError) as caught:
                await client.get(at(server))

    error = caught.value
    message = str(error)
    start, _, end = message.partition(" ([SSL: CERTIFICATE_VERIFY_FAILED]")
    assert start == f"The certificate of localhost was refused: {reason}"
    assert openssl.replace("-", "").replace(" ", "") in end.replace("-", "").replace(" ", "")
    assert "verify=False" not in message
    assert isinstance(error, hookline.ConnectError)
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
    assert error.request.url == at(server)


async def test_an_address_that_the_certificate_does_not_have_is_another_name(
    mode: Mode, ca: trustme.CA, verify: ssl.SSLContext
) -> None:
    with tls_server(presenting(ca.issue_cert("localhost"))) as server:
        async with mode.client(verify=verify) as client:
            with pytest.raises(hookline.CertificateError) as caught:
                await client.get(at(server, "127.0.0.1"))

    assert str(caught.value).startswith(
        "The certificate of 127.0.0.1 was refused: it is not for this IP address. Use a name"
    )


def test_a_reason_that_nobody_thought_of_is_openssls() -> None:
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_code, cause.verify_message = 79, "invalid CA certificate."  # type: ignore[misc]

    assert str(certificate_error("example.org", cause, "trusting it")) == (
        "The certificate of example.org was refused: invalid CA certificate. If you trust that "
        f"authority, say so: trusting it. ({cause})"
    )


async def test_other_failures_of_a_handshake_are_plain_connect_errors(mode: Mode) -> None:
    def script(conversation: Conversation) -> None:
        conversation.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client() as client:
            with pytest.raises(hookline.ConnectError, match="handshake with localhost") as caught:
                await client.get(at(server))

    assert type(caught.value) is hookline.ConnectError


async def test_a_certificate_is_not_asked_for_twice(
    mode: Mode, ca: trustme.CA, verify: ssl.SSLContext
) -> None:
    """`retries` are for what may be different the next time."""
    with tls_server(presenting(ca.issue_cert("other.test"))) as server:
        transport = mode.transport(verify=verify, retries=3)
        async with mode.client(transport=transport) as client:
            with pytest.raises(hookline.CertificateError):
                await client.get(at(server))

        assert server.connections == 1


# -- Through proxies ------------------------------------------------------------------------


async def test_of_an_origin_behind_a_proxy(
    mode: Mode, ca: trustme.CA, verify: ssl.SSLContext
) -> None:
    context = presenting(ca.issue_cert("other.test"))
    with tls_server(context, before=b"HTTP/1.1 200 OK\r\n\r\n") as proxy:
        async with mode.client(verify=verify, proxy=proxy.url) as client:
            with pytest.raises(hookline.CertificateError) as caught:
                await client.get("https://example.org/")

    assert str(caught.value).startswith("The certificate of example.org was refused: it is for an")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_of_the_proxy_itself(
    mode: Mode, scheme: str, ca: trustme.CA, verify: ssl.SSLContext
) -> None:
    context = presenting(trustme.CA().issue_cert("localhost"))
    with tls_server(context) as proxy:
        # `verify` is for origins: what the proxy is checked against is its own business.
        through = hookline.Proxy(at(proxy), ssl_context=verify)
        async with mode.client(proxy=through, verify=False) as client:
            with pytest.raises(hookline.CertificateError) as caught:
                await client.get(f"{scheme}://example.org/")

    message = str(caught.value)
    assert message.startswith(
        f"The proxy https://localhost:{proxy.address[1]} cannot be reached: The certificate of "
        "localhost was refused: it comes from an authority that is not known here. If you trust "
        "that authority, say so: hookline.Proxy(url, ssl_context=...) with a context that has "
        "load_verify_locations(), or the environment variable SSL_CERT_FILE."
    )
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)


async def test_of_a_server_that_a_program_speaks_tls_with_by_itself(
    mode: Mode, ca: trustme.CA, verify: ssl.SSLContext
) -> None:
    context = presenting(ca.issue_cert("other.test"))
    with tls_server(context, before=b"HTTP/1.1 200 OK\r\n\r\n") as server:
        async with mode.client() as client:
            async with client.stream("CONNECT", server.url) as response:
                stream = response.extensions["network_stream"]
                with pytest.raises(hookline.CertificateError, match="of localhost") as caught:
                    started = stream.start_tls(verify, server_hostname="localhost", timeout=5)
                    if mode.is_async:
                        await started

    assert "sni_hostname" not in str(caught.value)


# -- As a value -----------------------------------------------------------------------------


def test_it_is_pickled_and_copied() -> None:
    request = hookline.Request("GET", "https://example.org/")
    error = hookline.CertificateError("The certificate of example.org was refused.")
    error.request = request
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is hookline.CertificateError
        assert str(again) == str(error)
        assert again.request.url == request.url
