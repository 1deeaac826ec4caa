"""What may go wrong, and what is known of it."""

from __future__ import annotations

import json
from typing import assert_type

import hookline
from hookline import Client, Request, Response


def fetch(client: Client, url: str) -> str | None:
    try:
        return client.get(url).raise_for_status().text
    except hookline.HTTPStatusError as exc:
        assert_type(exc.response, Response)
        assert_type(exc.request, Request)
        return f"{exc.response.status_code} {exc.request.url}"
    except (hookline.ConnectTimeout, hookline.PoolTimeout):
        return None
    except hookline.TimeoutException as exc:
        return f"slow: {exc}"
    except hookline.TooManyRedirects as exc:
        return str(exc.request.url)
    except hookline.TransportError as exc:
        return f"{type(exc).__name__}: {exc}"
    except hookline.HTTPError as exc:
        assert_type(exc.request, Request)
        raise
    except (hookline.InvalidURL, hookline.CookieConflict, json.JSONDecodeError):
        return ""


def mistakes(client: Client) -> None:
    try:
        with client.stream("GET", "https://weather.example") as response:
            response.content  # noqa: B018
    except (hookline.ResponseNotRead, hookline.StreamConsumed, hookline.StreamClosed) as exc:
        assert_type(exc, hookline.ResponseNotRead | hookline.StreamConsumed | hookline.StreamClosed)
    except hookline.StreamError:
        raise
    except hookline.PluginNotFound as exc:
        assert_type(str(exc), str)


def own(request: Request) -> hookline.ReadTimeout:
    error = hookline.ReadTimeout("It took too long.", request=request)
    hookline.DecodingError("without a request")
    hookline.HTTPStatusError("no", request=request, response=Response(500))
    return error
