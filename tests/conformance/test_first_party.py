"""Our own plugins pass the suites that others have: through the public door, in every mode."""

from __future__ import annotations

import gzip
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import hookline
import hookline_cache
import hookline_digest_auth
import hookline_http2
import hookline_http11
import hookline_log
import hookline_otel
import hookline_ratelimit
import hookline_retry
import hookline_socks
from hookline import testing
from hookline.plugins import NetworkStream, PluginManager, Protocol

BUILTIN = PluginManager().registry


def builtin(slot: str, name: str) -> Any:
    """A class of core's, by the name that users write."""
    return BUILTIN.get(slot, name)


# -- Protocols ------------------------------------------------------------------------------


class TestHTTP11(testing.ProtocolSuite):
    plugin = hookline_http11
    bad_options = [{"parser": "llhttp"}]

    def make(self, stream: NetworkStream) -> Protocol:
        return hookline_http11.HTTP11.configure()(stream)

    def answer(self, body: Sequence[bytes], number: int = 0) -> list[bytes]:
        length = sum(len(piece) for piece in body)
        return [f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode(), *body]


class TestHTTP11WithH11(TestHTTP11):
    options = {"parser": "h11"}

    def make(self, stream: NetworkStream) -> Protocol:
        return hookline_http11.HTTP11.configure(parser="h11")(stream)


class TestHTTP11Chunked(TestHTTP11):
    def answer(self, body: Sequence[bytes], number: int = 0) -> list[bytes]:
        chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in body]
        chunks[-1] += b"0\r\n\r\n"
        return [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *chunks]


class TestHTTP11UntilTheEnd(TestHTTP11):
    keeps_alive = False
    ends_with_connection = True

    def answer(self, body: Sequence[bytes], number: int = 0) -> list[bytes]:
        return [b"HTTP/1.1 200 OK\r\n\r\n", *body]


class TestHTTP2(testing.ProtocolSuite):
    plugin = hookline_http2
    bad_options = [{"engine": "nghttp2"}]

    def make(self, stream: NetworkStream) -> Protocol:
        return hookline_http2.HTTP2.configure(**self.options)(stream)

    def answer(self, body: Sequence[bytes], number: int = 0) -> list[bytes]:
        # RFC 9113 section 5.1.1: a client's streams are odd. 0x88 is ":status: 200" (RFC 7541).
        stream = number * 2 + 1
        settings = b"" if number else frame(4, 0, 0)
        data = [frame(0, piece is body[-1], stream, piece) for piece in body]
        return [settings + frame(1, 4, stream, b"\x88"), *data]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame of HTTP/2 (RFC 9113 section 4.1)."""
    return struct.pack(">IBI", len(payload) << 8 | kind, flags, stream) + payload


class TestHTTP2WithH2(TestHTTP2):
    options = {"engine": "h2"}


class TestHTTP2WithNative(TestHTTP2):
    options = {"engine": "native"}


# -- Connectors -----------------------------------------------------------------------------


class TestSOCKS5(testing.ConnectorSuite):
    plugin = hookline_socks
    options = {"proxy": "socks5h://user:s3cret@proxy.test:1080"}
    bad_options = [{"proxy": "ftp://proxy.test"}]
    secrets = ["s3cret"]
    replies = [b"\5\2", b"\1\0", b"\5\0\0\1\0\0\0\0\0\0"]
    refusals = [[b"\5\xff"], [b"\5\2", b"\1\1"], [b"\5\0", b"\5\5\0\1\0\0\0\0\0\0"]]

    def make(self) -> Any:
        return hookline_socks.SOCKS5Connector(**self.options)


class TestSOCKS5WithNamesLookedUpHere(TestSOCKS5):
    options = {"proxy": "socks5://user:s3cret@proxy.test"}


class TestHTTPProxy(testing.ConnectorSuite):
    options = {"proxy": "http://user:s3cret@proxy.test:3128"}
    bad_options = [{"proxy": "ftp://proxy.test"}]
    secrets = ["s3cret"]
    replies = [b"HTTP/1.1 200 Connection established\r\n\r\n"]
    refusals = [
        [b"HTTP/1.1 407 Who are you?\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"],
    ]

    def make(self) -> Any:
        return builtin("connectors", "http-proxy")(**self.options)


class TestHTTPProxyThatForwards(testing.ConnectorSuite):
    options = {"proxy": "http://proxy.test:3128"}
    origin_url = "http://origin.test/"

    def make(self) -> Any:
        return builtin("connectors", "http-proxy")(**self.options)


class TestDirect(testing.ConnectorSuite):
    def make(self) -> Any:
        return builtin("connectors", "direct")()


class TestUnix(testing.ConnectorSuite):
    options = {"path": "/run/origin.sock"}

    def make(self) -> Any:
        return builtin("connectors", "unix")(**self.options)


# -- Transports -----------------------------------------------------------------------------


def keep_answering(conversation: testing.Conversation) -> None:
    while conversation.receive_request()[0]:
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello")


class TestPool(testing.TransportSuite):
    # Port 0 is nobody's.
    failing_url = "http://127.0.0.1:0/"

    def make(self) -> Any:
        return builtin("transports", "pool")(trust_env=False)

    @contextmanager
    def serving(self) -> Iterator[str]:
        with testing.scripted_server(keep_answering) as server:
            yield f"{server.url}/"


# -- Middleware -----------------------------------------------------------------------------


class TestRetry(testing.MiddlewareSuite):
    plugin = hookline_retry
    options = {"retries": 2, "backoff": 0.1}
    bad_options = [{"retries": -1}, {"jitter": 2}, {"methods": "GET"}, {"budget": "x"}]

    def make(self) -> Any:
        return hookline_retry.Retry(retries=2, backoff=0.1)


class TestRateLimit(testing.MiddlewareSuite):
    plugin = hookline_ratelimit
    options = {"rate": 100.0, "concurrency": 1}
    bad_options = [{"rate": -1}, {"concurrency": 0}, {"per": "x"}, {"max_wait": -1}]

    def make(self) -> Any:
        return hookline_ratelimit.RateLimit(**self.options)


class TestCache(testing.MiddlewareSuite):
    plugin = hookline_cache
    options = {"ttl": 60.0}
    bad_options = [{"ttl": -1}, {"max_size": 0}, {"methods": "GET"}]

    def make(self) -> Any:
        return hookline_cache.Cache(**self.options)


class TestOpenTelemetry(testing.MiddlewareSuite):
    plugin = hookline_otel

    def make(self) -> Any:
        return hookline_otel.OpenTelemetry()


# -- Auth schemes ---------------------------------------------------------------------------


class TestBasic(testing.AuthSuite):
    options = {"username": "user", "password": "s3cret"}
    secrets = ["s3cret"]
    bad_options = [{"password": 5}]

    def make(self) -> Any:
        return builtin("auth_schemes", "basic")(**self.options)


class TestBearer(testing.AuthSuite):
    options = {"token": "s3cret"}
    secrets = ["s3cret"]
    bad_options = [{"token": "a\nb"}, {"token": ""}, {"token": 5}]

    def make(self) -> Any:
        return builtin("auth_schemes", "bearer")(**self.options)


class TestDigest(testing.AuthSuite):
    plugin = hookline_digest_auth
    options = {"username": "user", "password": "s3cret"}
    secrets = ["s3cret"]
    challenge = 'Digest realm="a", nonce="b", qop="auth", algorithm=SHA-256'

    def make(self) -> Any:
        return hookline.DigestAuth(**self.options)


class TestNegotiated(testing.AuthSuite):
    plugin = hookline_digest_auth
    options = {"username": "user", "password": "s3cret"}
    secrets = ["s3cret"]
    challenge = TestDigest.challenge

    def make(self) -> Any:
        return hookline.NegotiatedAuth(**self.options)


class TestNetRC(testing.AuthSuite):
    @pytest.fixture(autouse=True)
    def _netrc(self, tmp_path: Path) -> None:
        file = tmp_path / "netrc"
        file.write_text("machine example.test login user password s3cret\n")
        file.chmod(0o600)
        self.options = {"file": str(file)}

    secrets = ["s3cret"]

    def make(self) -> Any:
        return builtin("auth_schemes", "netrc")(**self.options)


# -- Decoders -------------------------------------------------------------------------------


class TestGZip(testing.DecoderSuite):
    # As in httpx, what is missing at the end is not missed.
    ends_itself = False

    def make(self) -> Any:
        return builtin("decoders", "gzip")()

    def encode(self, data: bytes) -> bytes:
        return gzip.compress(data, mtime=0)


class TestDeflate(testing.DecoderSuite):
    ends_itself = False

    def make(self) -> Any:
        return builtin("decoders", "deflate")()

    def encode(self, data: bytes) -> bytes:
        return zlib.compress(data)


class TestBareDeflate(TestDeflate):
    def encode(self, data: bytes) -> bytes:
        compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return compressor.compress(data) + compressor.flush()


class TestBrotli(testing.DecoderSuite):
    def make(self) -> Any:
        return builtin("decoders", "br")()

    def encode(self, data: bytes) -> bytes:
        return bytes(pytest.importorskip("brotli").compress(data))


class TestZstandard(testing.DecoderSuite):
    # The package zstandard decodes whatever it is given, in one go.
    is_bounded = sys.version_info >= (3, 14)

    def make(self) -> Any:
        return builtin("decoders", "zstd")()

    def encode(self, data: bytes) -> bytes:
        return bytes(pytest.importorskip("zstandard").compress(data))


# -- TLS contexts ---------------------------------------------------------------------------


class TestDefaultContext(testing.TLSContextSuite):
    name = "default"
    options = {"verify": True}

    def plugins(self) -> PluginManager:
        return testing.plugins_of()


# -- Event hooks ----------------------------------------------------------------------------


class TestLog(testing.EventHookSuite):
    plugin = hookline_log

    def make(self) -> Any:
        return hookline_log.Log()
