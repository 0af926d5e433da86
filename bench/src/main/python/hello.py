"""asyncio's Hello, to be launched and timed: `hello.py SECONDS [uvloop]`."""

import asyncio
import sys


async def hello():
    print("Hello ...")
    await asyncio.sleep(int(sys.argv[1]))
    print("World!")


if sys.argv[2:] == ["uvloop"]:
    import uvloop

    uvloop.install()

asyncio.run(hello())
