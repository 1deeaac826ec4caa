"""postgrest (supabase): rows selected, filtered and inserted, an error, in both modes."""

import asyncio
import sys

import pytest
from postgrest import AsyncPostgrestClient, SyncPostgrestClient
from postgrest.exceptions import APIError

URL = f"{sys.argv[1]}/rest"

with SyncPostgrestClient(URL) as client:
    assert [row["name"] for row in client.from_("fish").select("*").execute().data] == [
        "perch",
        "pike",
    ]
    found = client.from_("fish").select("*", count="exact").eq("id", 2).execute()
    assert (found.data, found.count) == ([{"id": 2, "name": "pike"}], 1)
    added = client.from_("fish").insert({"name": "eel"}).execute()
    assert added.data == [{"id": 3, "name": "eel"}]
    with pytest.raises(APIError) as refused:
        client.from_("birds").select("*").execute()
    assert refused.value.code == "42P01"


async def asynchronous() -> None:
    async with AsyncPostgrestClient(URL) as client:
        found = await client.from_("fish").select("*").eq("id", 1).execute()
        assert found.data == [{"id": 1, "name": "perch"}]


asyncio.run(asynchronous())
