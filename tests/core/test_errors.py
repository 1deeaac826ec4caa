"""The exception tree: its shape, `.request`, messages and pickling."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import hookline
from hookline import HTTPStatusError, Request, Response

REQUEST = Request("GET", "https://example.org/")

# Every public exception with its base.
TREE = {
    "HTTPError": Exception,
    "RequestError": hookline.HTTPError,
    "TransportError": hookline.RequestError,
    "TimeoutException": hookline.TransportError,
    "ConnectTimeout": hookline.TimeoutException,
    "ReadTimeout": hookline.TimeoutException,
    "WriteTimeout": hookline.TimeoutException,
    "PoolTimeout": hookline.TimeoutException,
    "NetworkError": hookline.TransportError,
    "ConnectError": hookline.NetworkError,
    "CertificateError": hookline.ConnectError,
    "ReadError": hookline.NetworkError,
    "WriteError": hookline.NetworkError,
    "CloseError": hookline.NetworkError,
    "ProtocolError": hookline.TransportError,
    "LocalProtocolError": hookline.ProtocolError,
    "RemoteProtocolError": hookline.ProtocolError,
    "ProxyError": hookline.TransportError,
    "SSEError": hookline.TransportError,
    "UnsupportedProtocol": hookline.TransportError,
    "DecodingError": hookline.RequestError,
    "ResponseTooLarge": hookline.RequestError,
    "TooManyRedirects": hookline.RequestError,
    "HTTPStatusError": hookline.HTTPError,
    "InvalidURL": Exception,
    "CookieConflict": Exception,
    "StreamError": RuntimeError,
    "StreamConsumed": hookline.StreamError,
    "StreamClosed": hookline.StreamError,
    "ResponseNotRead": hookline.StreamError,
    "RequestNotRead": hookline.StreamError,
    "PluginError": Exception,
    "PluginNotFound": hookline.PluginError,
    "PluginLoadError": hookline.PluginError,
    "DuplicateName": hookline.PluginError,
    "ConfigError": ValueError,
}

REQUEST_ERRORS = [
    name for name in TREE if issubclass(getattr(hookline, name), hookline.RequestError)
]
WITHOUT_ARGUMENTS = ["StreamConsumed", "StreamClosed", "ResponseNotRead", "RequestNotRead"]


@pytest.mark.parametrize("name", TREE)
def test_exception_hangs_where_the_tree_says(name: str) -> None:
    exception = getattr(hookline, name)

    assert TREE[name] is exception.__bases__[0]
    assert exception.__doc__


def test_tree_has_every_exception() -> None:
    exported = {
        name
        for name in hookline.__all__
        if isinstance(getattr(hookline, name), type)
        and issubclass(getattr(hookline, name), BaseException)
    }

    assert set(TREE) == exported


def test_missing_plugin_is_a_failed_look_up() -> None:
    assert issubclass(hookline.PluginNotFound, LookupError)


@pytest.mark.parametrize("name", REQUEST_ERRORS)
def test_request_errors_carry_a_message_and_a_request(name: str) -> None:
    exception = getattr(hookline, name)

    assert str(exception("what happened")) == "what happened"
    assert exception("what happened", request=REQUEST).request is REQUEST


@pytest.mark.parametrize("name", ["HTTPError", *REQUEST_ERRORS])
def test_request_may_be_attached_later(name: str) -> None:
    error = getattr(hookline, name)("what happened")
    with pytest.raises(RuntimeError, match=r"The \.request property has not been set\."):
        _ = error.request
    error.request = REQUEST

    assert error.request is REQUEST


def test_status_error_carries_request_and_response() -> None:
    response = Response(404, request=REQUEST)
    error = HTTPStatusError("not found", request=REQUEST, response=response)

    assert str(error) == "not found"
    assert error.request is REQUEST
    assert error.response is response


@pytest.mark.parametrize("missing", ["request", "response"])
def test_status_error_needs_both(missing: str) -> None:
    arguments: dict[str, Any] = {"request": REQUEST, "response": Response(404)}
    del arguments[missing]

    with pytest.raises(TypeError, match=missing):
        HTTPStatusError("not found", **arguments)


@pytest.mark.parametrize("name", WITHOUT_ARGUMENTS)
def test_stream_errors_bring_their_own_message(name: str) -> None:
    assert str(getattr(hookline, name)()).startswith("Attempted to ")


# -- Pickling and copying -------------------------------------------------------------------


@pytest.mark.parametrize("name", REQUEST_ERRORS)
def test_request_errors_survive_pickling(name: str) -> None:
    error = getattr(hookline, name)("what happened", request=REQUEST)
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == "what happened"
    assert again.request.url == REQUEST.url
    with pytest.raises(RuntimeError):
        _ = pickle.loads(pickle.dumps(type(error)("no request"))).request


def test_status_error_survives_pickling() -> None:
    response = Response(404, content=b"gone", request=Request("POST", "https://x.test/", json=1))
    with pytest.raises(HTTPStatusError) as caught:
        response.raise_for_status()
    again = pickle.loads(pickle.dumps(caught.value))

    assert str(again) == str(caught.value)
    assert again.request.method == "POST"
    assert again.request.content == b"1"
    assert again.response.status_code == 404
    assert again.response.content == b"gone"
    assert again.response.request.url == "https://x.test/"


@pytest.mark.parametrize("name", WITHOUT_ARGUMENTS)
def test_stream_errors_survive_pickling_and_copying(name: str) -> None:
    error = getattr(hookline, name)()
    error.add_note("where it was")

    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.__notes__ == ["where it was"]


@pytest.mark.parametrize(
    "name",
    sorted(set(TREE) - set(REQUEST_ERRORS) - set(WITHOUT_ARGUMENTS) - {"HTTPStatusError"}),
)
def test_the_others_survive_pickling(name: str) -> None:
    error = getattr(hookline, name)("what happened")
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
