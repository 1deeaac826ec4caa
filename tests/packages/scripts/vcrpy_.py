"""vcrpy: a cassette recorded from a server, and played without it, in both modes."""

import asyncio
import sys
import tempfile
from pathlib import Path

import httpx
import vcr

URL = sys.argv[1]

with tempfile.TemporaryDirectory() as folder:
    cassette = str(Path(folder) / "cassette.yaml")

    async def get() -> str:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{URL}/cached/vcr-async")).text

    with vcr.use_cassette(cassette) as recorded:
        first = httpx.get(f"{URL}/cached/vcr").text, asyncio.run(get())
        assert recorded.play_count == 0
    with vcr.use_cassette(cassette, record_mode="none") as recorded:
        assert (httpx.get(f"{URL}/cached/vcr").text, asyncio.run(get())) == first
        assert recorded.play_count == 2
    # Back to the server.
    assert httpx.get(f"{URL}/cached/vcr").text != first[0]
