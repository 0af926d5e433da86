/// What coroutines of one loop use to wait for each other: locks, events, conditions, semaphores,
/// barriers and queues, with the rules of Python's asyncio.
///
/// Read [weft.sync.AsyncLock] first, then [weft.sync.AsyncSemaphore] and [weft.sync.AsyncQueue];
/// the package-private `Waiters` below them knows who waits, and in which order.
///
/// None of this is thread safe, on purpose: between two suspension points nothing else of a loop
/// runs, so a state needs no protection. A primitive belongs to the loop on which a coroutine first
/// has to wait for it; waiting on another loop is an [IllegalStateException]. Nothing takes a
/// timeout: `timeout(limit, lock::acquire)` does. What does not have to wait does not suspend, and
/// is then no cancellation point.
@NullMarked
package weft.sync;

import org.jspecify.annotations.NullMarked;
