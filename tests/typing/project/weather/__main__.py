"""The project at work, without a network: `python -m weather`."""

from __future__ import annotations

import asyncio

import hookline
from hookline import MockTransport

from . import aio, config, extensions, failures, service, streaming, transports, values


def main() -> None:
    mock = MockTransport(transports.answer)
    with service.Weather("token", transport=transports.Recording(mock)) as weather:
        assert list(weather.readings()) == []
        weather.reconfigure()
        assert weather.page() == {"readings": [], "next": None}

    with hookline.Client(transport=mock) as client:
        response = service.by_hand(client)
        service.look_at(client.get("https://weather.example/readings"))
        extensions.send(client)
        extensions.look_at_request(response.request)
        assert failures.fetch(client, "https://weather.example/") == "404 https://weather.example/"
        failures.mistakes(client)
    with hookline.Client(transport=transports.Echo(prefix="> ")) as client:
        assert list(streaming.tail(client, "https://weather.example/log")) == [
            "> HTTPS://WEATHER.EXAMPLE/LOG"
        ]
    asyncio.run(run())
    config.main()
    values.urls()
    values.headers()
    values.params()
    values.cookies(hookline.Response(200, request=hookline.Request("GET", "http://a.example")))
    values.settings()
    assert values.statuses(hookline.Response(200)) == "OK"
    assert streaming.streams()


async def run() -> None:
    transport = transports.AsyncRecording(MockTransport(transports.aanswer))
    async with hookline.AsyncClient(transport=transport) as client:
        await extensions.asend(client)
        await aio.uploads_of(client, "https://weather.example/upload")
        assert await aio.lines(client, "https://weather.example/log") == ["<h1>No</h1>"]


if __name__ == "__main__":
    main()
