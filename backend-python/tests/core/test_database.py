"""TLS to PostgreSQL, as its URLs ask for it, for all who connect: the engine and the listener.

The server of the tests speaks no TLS: what stands in front of it here does, as PostgreSQL does it (the client asks, one
byte answers, the handshake follows), and forwards the rest.
"""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url, text

from scribe.core.database import build_engine, plain_url

WISH_LENGTH = 8
"""SSLRequest: four bytes of length, four of a code."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem",
         "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "cert.pem"


@asynccontextmanager
async def encrypted(url: str, certificate: Path) -> AsyncIterator[str]:
    """The same database behind TLS, for the name `localhost`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    target = make_url(url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(WISH_LENGTH)
        writer.write(b"S")
        await writer.drain()
        await writer.start_tls(context)
        there, back = await asyncio.open_connection(target.host, target.port)
        await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield target.set(host="localhost", port=port).render_as_string(hide_password=False)


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while block := await source.read(65536):
            sink.write(block)
            await sink.drain()
    finally:
        sink.close()


@pytest.mark.parametrize("query", ["sslmode=require", "ssl=require", "sslmode=verify-full&sslrootcert={certificate}"])
async def test_a_url_that_asks_for_tls_gets_it_for_engine_and_listener(
    database_url: str, certificate: Path, query: str
) -> None:
    async with encrypted(database_url, certificate) as url:
        asked = f"{url}?{query.format(certificate=certificate)}"
        engine = build_engine(asked)
        async with engine.connect() as connection:
            assert await connection.scalar(text("select 1")) == 1
        await engine.dispose()
        listener = await asyncpg.connect(plain_url(asked))
        assert await listener.fetchval("select 1") == 1
        await listener.close()


async def test_a_certificate_nobody_vouches_for_is_refused(database_url: str, certificate: Path) -> None:
    async with encrypted(database_url, certificate) as url:
        engine = build_engine(f"{url}?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt")
        with pytest.raises(ssl.SSLCertVerificationError):
            await engine.connect()
        await engine.dispose()


async def test_a_server_without_tls_is_refused_where_tls_is_asked_for(database_url: str) -> None:
    engine = build_engine(f"{database_url}?sslmode=require")
    with pytest.raises(ConnectionError, match="SSL"):
        await engine.connect()
    await engine.dispose()
