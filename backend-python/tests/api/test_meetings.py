import httpx


async def test_smoke(client: httpx.AsyncClient, app) -> None:
    a = await client.get("/api/v1/meetings")
    assert a.status_code == 200, a.text
    assert a.json() == {"items": [], "next": None}
    app.openapi()
