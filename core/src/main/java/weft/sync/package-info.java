/// What coroutines of one loop use to wait for each other: locks, events, conditions, semaphores,
/// barriers and queues, with the rules of Python's asyncio.
///
/// Read [weft.sync.AsyncLock] first, then [weft.sync.AsyncSemaphore] and [weft.sync.AsyncQueue];
/// the package-private `Waiters` below them knows who waits, and in which order.
///
/// None of this is thread safe, on purpose: between two suspension points nothing else of a loop
/// runs, so a state needs no protection. A primitive belongs to the loop that used it last: while
/// that runs, all but a look (`locked`, `size`, `toString` and the like) is an
/// [IllegalStateException] on any other thread, and changes nothing; let `callSoonThreadsafe` do
/// it. One that was made on the thread of a running loop and not used yet is refused to threads
/// without a loop. Where its loop does not run, any thread may use it, such as to fill a queue, and
/// another loop may take it over, unless somebody still waits in it. But once a coroutine has
/// waited in it, waiting in it on another loop is an [IllegalStateException].
///
/// Nothing takes a timeout: `timeout(limit, lock::acquire)` does. What does not have to wait does
/// not suspend, and is then no cancellation point.
@NullMarked
package weft.sync;

import org.jspecify.annotations.NullMarked;
