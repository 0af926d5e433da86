package weft;

import java.util.function.Consumer;

/// Runs a loop until an awaitable is done.
final class RunUntilComplete {
  private RunUntilComplete() {}

  static <T> T run(AbstractEventLoop loop, Awaitable<T> awaitable) {
    take(loop, awaitable);
    try {
      return runTaken(loop, awaitable);
    } finally {
      loop.giveBack();
    }
  }

  private static void take(AbstractEventLoop loop, Awaitable<?> awaitable) {
    try {
      if (Fiber.running() != null) {
        throw new IllegalStateException(
            "run inside a running event loop: in a coroutine use await, in a callback createTask");
      }
      loop.take();
    } catch (IllegalStateException refused) {
      if (awaitable instanceof Coroutine<?> unused) {
        unused.close();
      }
      throw refused;
    }
  }

  private static <T> T runTaken(AbstractEventLoop loop, Awaitable<T> awaitable) {
    Promise<T> promise = ensure(loop, awaitable);
    boolean[] over = new boolean[1];
    Consumer<Promise<T>> stopper =
        done -> {
          boolean exits = done instanceof Task && done.failure() instanceof LoopExit;
          if (!over[0] && !exits) {
            loop.stop(); // a task's exit ends the run by itself; a stop left over would end the
            // next
          }
        };
    promise.addInternalCallback(stopper, (Promise<?>) null);
    try {
      loop.runTaken();
    } catch (Throwable t) {
      if (awaitable != promise) {
        promise.markRetrieved();
      }
      throw t;
    } finally {
      over[0] = true; // it may be queued
      promise.removeDoneCallback(stopper);
    }
    if (!promise.done()) {
      throw new IllegalStateException("the event loop was stopped before " + promise + " was done");
    }
    return promise.result();
  }

  private static <T> Promise<T> ensure(AbstractEventLoop loop, Awaitable<T> awaitable) {
    if (awaitable instanceof Coroutine<T> coroutine) {
      Task<T> task = loop.createTask(coroutine, TaskOptions.defaults());
      loop.runsFor = task;
      return task;
    }
    Promise<T> promise = (Promise<T>) awaitable;
    if (promise.loop != loop) {
      throw new IllegalArgumentException(promise + " belongs to another event loop");
    }
    return promise;
  }
}
