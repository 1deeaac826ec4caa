"""fastapi's TestClient, and its applications behind our ASGITransport."""

import asyncio
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Header, HTTPException, UploadFile
from fastapi.testclient import TestClient
from pydantic import BaseModel

app = FastAPI()


class Fish(BaseModel):
    name: str
    length: float = 1.0


def token(x_token: Annotated[str, Header()]) -> str:
    if x_token != "secret":
        raise HTTPException(403, "no")
    return x_token


@app.post("/fish", status_code=201)
def add(fish: Fish, token: Annotated[str, Depends(token)]) -> Fish:
    return fish


@app.post("/files")
async def files(uploads: list[UploadFile]) -> list[int]:
    return [len(await upload.read()) for upload in uploads]


with TestClient(app, headers={"x-token": "secret"}) as client:
    response = client.post("/fish", json={"name": "perch"})
    assert (response.status_code, response.json()) == (201, {"name": "perch", "length": 1.0})
    assert client.post("/fish", json={}).status_code == 422
    assert client.post("/fish", json={}, headers={"x-token": "?"}).status_code == 403
    uploads = [("uploads", b"123"), ("uploads", ("b.bin", b"12345"))]
    assert client.post("/files", files=uploads).json() == [3, 5]
    assert client.get("/openapi.json").json()["paths"].keys() == {"/fish", "/files"}


async def asynchronous() -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.post("/fish", json={"name": "a"}, headers={"x-token": "secret"})
        assert response.json() == {"name": "a", "length": 1.0}


asyncio.run(asynchronous())
