"""asyncio and uvloop as servers of the benchmarks.

    peer.py LOOP WORK WIRE WHERE

LOOP asyncio or uvloop, WORK streams or protocol, WIRE tcp, tls or unix, WHERE a port or a path.
Prints READY, where it listens and what it is. Both loops set TCP_NODELAY by themselves.
"""

import asyncio
import os
import platform
import ssl
import sys

BACKLOG = 1024
CHUNK = 64 * 1024


async def echo(reader, writer):
    """A coroutine for each connection."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


class Echo(asyncio.Protocol):
    """Callbacks for each connection. Stops reading while the peer does not read."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


async def serve(work, wire, where):
    options = {"backlog": BACKLOG}
    if wire == "tls":
        options["ssl"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        options["ssl"].load_cert_chain(os.environ["BENCH_CERT"], os.environ["BENCH_KEY"])
    loop = asyncio.get_running_loop()
    if wire == "unix":
        if work == "streams":
            server = await asyncio.start_unix_server(echo, where, **options)
        else:
            server = await loop.create_unix_server(Echo, where, **options)
        address = where
    else:
        if work == "streams":
            server = await asyncio.start_server(echo, "127.0.0.1", int(where), **options)
        else:
            server = await loop.create_server(Echo, "127.0.0.1", int(where), **options)
        address = server.sockets[0].getsockname()[1]
    kind = type(loop)
    version = "Python " + platform.python_version()
    if kind.__module__.startswith("uvloop"):
        import uvloop

        version = f"uvloop {uvloop.__version__}, {version}"
    print(f"READY {address} {version}, {kind.__module__}.{kind.__name__}", flush=True)
    await server.serve_forever()


def main(loop, work, wire, where):
    if loop == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(serve(work, wire, where))


main(*sys.argv[1:])
