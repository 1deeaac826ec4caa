"""Why a certificate was refused, in words that say what to do about it.

Knows OpenSSL's codes. Loaded when a handshake has failed, and not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._errors import CertificateError

if TYPE_CHECKING:
    import ssl

# How to trust another authority, by who chose the TLS context.
ORIGIN_TRUST = 'verify="/path/to/ca.pem" or the environment variable SSL_CERT_FILE'
PROXY_TRUST = (
    "hookline.Proxy(url, ssl_context=...) with a context that has load_verify_locations(), or the "
    "environment variable SSL_CERT_FILE"
)
CONTEXT_TRUST = "load_verify_locations() of the ssl_context that was given"

_RENEW = "Whoever runs it has to renew the certificate; or this machine's clock is wrong."
_TRUST = "If that is as it should be, have it trusted: {trust}."
_INSTALL = "If you trust that authority, say so: {trust}."
_NAME = "Use a name that it is for."
_OTHER_NAME = ' Or give that name for the handshake alone: extensions={"sni_hostname": ...}.'
_STRONGER = "Whoever runs it has to get a new certificate."

# X509_V_ERR_* of OpenSSL's x509_vfy.h: what is wrong, and what to do.
_REASONS = {
    9: ("it is not valid yet", "This machine's clock may be wrong."),
    10: ("it has expired", _RENEW),
    18: ("it is self-signed, so that no authority vouches for it", _TRUST),
    19: ("it comes from an authority that is not trusted here", _INSTALL),
    20: (
        "it comes from an authority that is not known here",
        f"{_INSTALL} Or the server does not send its intermediate certificates.",
    ),
    21: (
        "it comes from an authority that is not known here",
        f"{_INSTALL} Or the server does not send its intermediate certificates.",
    ),
    23: ("it was revoked by its authority", "Do not talk to this server."),
    26: ("it is not meant for servers", "Whoever runs it has to get another certificate."),
    62: ("it is for another name", _NAME),
    64: ("it is not for this IP address", _NAME),
    66: ("its key is too weak", _STRONGER),
    67: ("its authority's key is too weak", _STRONGER),
    68: ("its signature is made with a hash that is too weak", _STRONGER),
}


def certificate_error(
    peer: str, cause: ssl.SSLCertVerificationError, trust: str
) -> CertificateError:
    """The error for a certificate of `peer` that OpenSSL has refused; `trust` is how another
    authority is trusted."""
    why, remedy = _REASONS.get(cause.verify_code, (cause.verify_message.rstrip("."), _INSTALL))
    remedy = remedy.format(trust=trust)
    if remedy == _NAME and trust is ORIGIN_TRUST:
        remedy += _OTHER_NAME
    return CertificateError(f"The certificate of {peer} was refused: {why}. {remedy} ({cause})")
