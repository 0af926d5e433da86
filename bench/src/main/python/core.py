"""The rows of `weft bench core` in Python: the same work on asyncio or on uvloop.

    core.py ROW --loop asyncio|uvloop [--seconds S] [--armed N] [--earliest] [--count N]

Each row is an async function that does `n` operations and returns the nanoseconds they took. The
script doubles `n` until one call lasts long enough, then prints one figure a line: nanoseconds per
operation (bytes per task for `asleep`). Weft's side of each row has the same shape, statement by
statement, in bench/src/main/java/weft/bench.
"""

import argparse
import asyncio
import gc
import os
import random
import sys
import threading
import time

SAMPLES = 5
SMALLEST = 1_000
YIELD_EVERY = 1_000  # timers armed and cancelled between two turns of the loop
HOUR = 3600.0
PRODUCERS = 4

clock = time.perf_counter_ns


async def ping_pong(n, options):
    """One operation: there and back between two tasks, each leg through a new future."""
    loop = asyncio.get_running_loop()
    ping = loop.create_future()
    pong = None

    async def server():
        nonlocal ping
        for _ in range(n):
            await ping
            ping = loop.create_future()
            pong.set_result(None)

    async def client():
        nonlocal pong
        for _ in range(n):
            pong = loop.create_future()
            ping.set_result(None)
            await pong

    start = clock()
    await asyncio.gather(server(), client())
    return clock() - start


async def create_await(n, options):
    """One operation: a task is created and awaited."""

    async def nothing():
        pass

    loop = asyncio.get_running_loop()
    start = clock()
    for _ in range(n):
        await loop.create_task(nothing())
    return clock() - start


async def sleep_zero(n, options):
    """One operation: one sleep(0) of one of a hundred tasks."""

    async def sleeper():
        for _ in range(n // 100):
            await asyncio.sleep(0)

    start = clock()
    await asyncio.gather(*[sleeper() for _ in range(100)])
    return clock() - start


async def call_soon(n, options):
    """One operation: a callback that schedules the next."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left = n

    def step():
        nonlocal left
        left -= 1
        if left:
            loop.call_soon(step)
        else:
            done.set_result(None)

    start = clock()
    loop.call_soon(step)
    await done
    return clock() - start


async def await_done(n, options):
    """One operation: a future that is done is awaited."""
    loop = asyncio.get_running_loop()
    futures = [loop.create_future() for _ in range(1_000)]
    for future in futures:
        future.set_result(None)
    start = clock()
    for _ in range(n // 1_000):
        for future in futures:
            await future
    return clock() - start


async def lock(n, options):
    """One operation: a free lock is acquired and released."""
    free = asyncio.Lock()
    start = clock()
    for _ in range(n):
        async with free:
            pass
    return clock() - start


def nothing():
    pass


armed = []  # the timers that stay, armed once


async def timer(n, options):
    """One operation: a timer is armed and cancelled while `--armed` others wait."""
    loop = asyncio.get_running_loop()
    dice = random.Random(7)
    if not armed:
        armed.extend(
            loop.call_later(HOUR + dice.random() * HOUR, nothing) for _ in range(options.armed)
        )
    if options.earliest:
        delays = [HOUR / 2] * YIELD_EVERY
    else:
        delays = [HOUR + dice.random() * HOUR for _ in range(YIELD_EVERY)]
    start = clock()
    for _ in range(n // YIELD_EVERY):
        for delay in delays:
            loop.call_later(delay, nothing).cancel()
        await asyncio.sleep(0)
    return clock() - start


async def threadsafe(n, options):
    """One operation: one of four threads hands the loop a callback, and the loop runs it."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    left = n // PRODUCERS * PRODUCERS

    def arrive():
        nonlocal left
        left -= 1
        if not left:
            done.set_result(None)

    def produce():
        for _ in range(n // PRODUCERS):
            loop.call_soon_threadsafe(arrive)

    start = clock()
    for _ in range(PRODUCERS):
        threading.Thread(target=produce).start()
    await done
    return clock() - start


def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def asleep(options):
    """Bytes a sleeping task adds to the resident size of the process."""
    gc.collect()
    before = resident()
    tasks = [asyncio.create_task(asyncio.sleep(HOUR)) for _ in range(options.count)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()
    after = resident()
    print((after - before) / options.count, flush=True)
    assert not any(task.done() for task in tasks)
    os._exit(0)  # a hundred thousand cancellations would tell nothing


ROWS = {
    "ping-pong": ping_pong,
    "create-await": create_await,
    "sleep-zero": sleep_zero,
    "call-soon": call_soon,
    "await-done": await_done,
    "lock": lock,
    "timer": timer,
    "threadsafe": threadsafe,
}


async def measure(row, options):
    wanted = options.seconds * 1e9 / SAMPLES
    n = SMALLEST
    while True:
        nanos = await row(n, options)
        if nanos >= wanted / 2:
            break
        n = n * 10 if nanos * 10 < wanted else n * 2
    for _ in range(SAMPLES):
        print(await row(n, options) / n, flush=True)


def main():
    parser = argparse.ArgumentParser(description="asyncio's and uvloop's side of `weft bench core`")
    parser.add_argument("row", choices=[*ROWS, "asleep", "version"])
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--armed", type=int, default=100_000)
    parser.add_argument("--earliest", action="store_true")
    parser.add_argument("--count", type=int, default=100_000)
    options = parser.parse_args()

    version = sys.version.split()[0]
    if options.loop == "uvloop":
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        version = uvloop.__version__
    if options.row == "version":
        print(version)
    elif options.row == "asleep":
        asyncio.run(asleep(options))
    else:
        asyncio.run(measure(ROWS[options.row], options))


if __name__ == "__main__":
    main()
