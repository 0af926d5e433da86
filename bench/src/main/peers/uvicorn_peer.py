"""uvicorn on uvloop as a server of the benchmarks: uvicorn_peer.py http tcp PORT"""

import platform
import socket
import sys

import uvicorn
import uvloop


async def hello(scope, receive, send):
    if scope["path"] != "/":
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body"})
        return
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"13")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello, World!"})


listener = socket.create_server(("127.0.0.1", int(sys.argv[3])), backlog=1024)
config = uvicorn.Config(hello, loop="uvloop", lifespan="off", access_log=False, log_level="error")
config.load()
parser = config.http_protocol_class.__name__
python = platform.python_version()
versions = f"uvicorn {uvicorn.__version__}, uvloop {uvloop.__version__}, Python {python}, {parser}"
print(f"READY {listener.getsockname()[1]} {versions}", flush=True)
uvicorn.Server(config).run([listener])
