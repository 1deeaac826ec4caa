"""Status codes: `codes`, the properties of responses, and `raise_for_status`."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest

from support.compare import Raises, both, differs, same

CODES = [*range(98, 606), 0, -1, 699, 999]

PROPERTIES = [
    "is_informational", "is_success", "is_redirect", "is_client_error", "is_server_error",
    "is_error",
]  # fmt: skip


def peers(code: int) -> tuple[Any, ...]:
    """Who says the same of a code: httpx2 has phrases of its own for a few."""
    return (httpx,) if code in NEW_PHRASES else both()


def test_codes_are_the_same_enumeration() -> None:
    for call in (
        lambda library: [(code.name, code.value, code.phrase) for code in library.codes],
        lambda library: [library.codes.ok, type(library.codes.ok).__name__],
        lambda library: [int(library.codes["OK"]), str(library.codes.OK), f"{library.codes.OK}"],
        lambda library: repr(library.codes.NOT_FOUND),
        lambda library: library.codes.NOT_FOUND == 404,
        lambda library: library.codes(404) is library.codes.NOT_FOUND,
        lambda library: [base.__name__ for base in library.codes.__mro__],
    ):
        same(call)


@pytest.mark.parametrize("peer", both(), ids=lambda peer: peer.__name__)
def test_codes_have_the_names_of_both(peer: Any) -> None:
    for name in dir(peer.codes):
        if not name.startswith("_") and not callable(getattr(peer.codes, name)):
            same(lambda library, name=name: int(getattr(library.codes, name)), peer)


NEW_PHRASES = {413, 414, 416, 422}


def test_phrases_are_those_of_httpx_where_httpx2_has_others() -> None:
    for code in NEW_PHRASES:
        differs(
            "codes-phrases",
            lambda library, code=code: library.codes(code).phrase,
            httpx2,
            theirs=httpx2.codes(code).phrase,
            ours=httpx.codes(code).phrase,
        )


@pytest.mark.parametrize("name", [*PROPERTIES, "get_reason_phrase"])
def test_class_methods_of_codes_are_the_same(name: str) -> None:
    for code in CODES:
        same(lambda library, code=code: getattr(library.codes, name)(code), *peers(code))
    same(lambda library: library.codes(299), *both())


@pytest.mark.parametrize("name", [*PROPERTIES, "reason_phrase", "has_redirect_location"])
def test_properties_are_the_same_for_every_code(name: str) -> None:
    for code in CODES:
        same(lambda library, code=code: getattr(library.Response(code), name), *peers(code))
        same(
            lambda library, code=code: getattr(
                library.Response(code, headers={"location": "/"}), name
            ),
            *peers(code),
        )


REASONS: dict[str, dict[str, Any]] = {
    "the standard's": {},
    "its own": {"extensions": {"reason_phrase": b"So it is"}},
    "none": {"extensions": {"reason_phrase": b""}},
    "beyond ASCII": {"extensions": {"reason_phrase": "Größe".encode()}},
}


@pytest.mark.parametrize("reason", REASONS)
def test_raise_for_status_says_the_same_for_every_code(reason: str) -> None:
    def raised(library: Any, code: int, headers: dict[str, str]) -> Any:
        request = library.Request("GET", "https://example.org/p?q=é#f")
        response = library.Response(code, headers=headers, request=request, **REASONS[reason])
        try:
            return response.raise_for_status() is response
        except library.HTTPStatusError as exc:
            assert exc.request is request  # noqa: PT017
            assert exc.response is response  # noqa: PT017
            raise

    for code in CODES:
        for headers in ({}, {"Location": "https://other.test/é"}):
            same(
                lambda library, code=code, headers=headers: raised(library, code, headers),
                *peers(code),
            )


def test_raise_for_status_without_a_request_is_the_same() -> None:
    for code in (200, 404):
        same(lambda library, code=code: library.Response(code).raise_for_status(), *both())
        same(lambda library, code=code: library.Response(code).request, *both())
        same(lambda library, code=code: library.Response(code).url, *both())


def failed(library: Any) -> Any:
    request = library.Request("GET", "https://user:secret@example.org/")
    return library.Response(404, request=request).raise_for_status()


def test_password_of_the_url_is_not_in_the_message() -> None:
    differs(
        "secrets-in-messages",
        failed,
        *both(),
        theirs=Raises("HTTPStatusError", "'https://user:secret@example.org/'"),
        ours=Raises("HTTPStatusError", "'https://user:[secure]@example.org/'"),
    )
    differs(
        "secrets-in-messages",
        lambda library: repr(library.Request("GET", "https://user:secret@example.org/")),
        *both(),
        theirs="<Request('GET', 'https://user:secret@example.org/')>",
        ours="<Request('GET', 'https://user:[secure]@example.org/')>",
    )


def test_status_error_survives_pickling() -> None:
    def unpickled(library: Any) -> Any:
        request = library.Request("GET", "https://example.org/")
        try:
            library.Response(404, request=request, text="gone").raise_for_status()
        except library.HTTPStatusError as exc:
            copy = pickle.loads(pickle.dumps(exc))
            return [copy.response.status_code, copy.response.text, str(copy.request.url)]

    differs(
        "pickled-status-error",
        unpickled,
        *both(),
        theirs=Raises("TypeError"),
        ours=[404, "gone", "https://example.org/"],
    )


def test_every_other_exception_is_pickled_alike() -> None:
    makers: list[Callable[[Any, str], Any]] = [
        lambda library, name: getattr(library, name)("message"),
        lambda library, name: getattr(library, name)(
            "message", request=library.Request("GET", "https://example.org/")
        ),
        lambda library, name: getattr(library, name)(),
    ]
    names = [
        "HTTPError", "RequestError", "ConnectTimeout", "ReadError", "LocalProtocolError",
        "DecodingError", "TooManyRedirects", "InvalidURL", "CookieConflict", "StreamError",
        "UnsupportedProtocol", "PoolTimeout", "ProxyError",
    ]  # fmt: skip
    for name in names:
        for make in makers:

            def unpickled(library: Any, name: str = name, make: Any = make) -> Any:
                copy = pickle.loads(pickle.dumps(make(library, name)))
                return [copy, copy.args, str(getattr(copy, "request", None))]

            same(unpickled, *both())
    for name in ("StreamConsumed", "StreamClosed", "ResponseNotRead", "RequestNotRead"):
        if name != "StreamConsumed":
            same(lambda library, name=name: getattr(library, name)(), *both())
        differs(
            "pickled-status-error",
            lambda library, name=name: type(pickle.loads(pickle.dumps(getattr(library, name)()))),
            *both(),
            theirs=Raises("TypeError"),
            ours=f"class {name}",
        )


def test_message_of_a_consumed_stream_has_its_space() -> None:
    differs(
        "stream-consumed-text",
        lambda library: "flow.For" in str(library.StreamConsumed()),
        *both(),
        theirs=True,
        ours=False,
    )
    same(lambda library: str(library.StreamConsumed()).replace("flow. For", "flow.For"), *both())
