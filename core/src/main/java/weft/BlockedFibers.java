package weft;

import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The coroutines of a loop that stand in blocking calls of the JDK, and what becomes of callbacks
/// meanwhile. Direct engine; loop thread, where nothing else is said.
///
/// A callback runs on the loop's thread itself. If it waits there for a lock, and a coroutine of
/// the loop is before it in the line, or has the lock and waits for another, neither goes on: who
/// could let the coroutine go on is the thread that waits. (It need not be a lock of the user's.
/// Loggers have some.) So while there are such coroutines, each callback gets a stack of its own,
/// which can be left like a coroutine's when it has to wait. Until the callback has ended, the loop
/// runs nothing but these coroutines, as the JDK lets them go on: for all others a callback remains
/// one step.
///
/// Where there are none, a callback that waits can wait for no coroutine of its loop, and has the
/// thread to itself.
final class BlockedFibers {
  private final AbstractEventLoop loop;
  private final Set<Fiber.Direct> fibers = new LinkedHashSet<>();
  private volatile boolean waiting;

  BlockedFibers(AbstractEventLoop loop) {
    this.loop = loop;
  }

  boolean none() {
    return fibers.isEmpty();
  }

  void add(Fiber.Direct fiber) {
    fibers.add(fiber);
  }

  void remove(Fiber.Direct fiber) {
    fibers.remove(fiber);
  }

  /// To be called when the JDK lets a coroutine go on, or somebody interrupts the loop. Any thread.
  void lookAgain() {
    if (waiting) {
      LockSupport.unpark(loop.carrier);
    }
  }

  /// Runs a callback to its end, on a stack of its own.
  void run(Runnable callback) {
    var stack = new CallbackStack(callback);
    LoopExit exit = null;
    stack.start();
    while (!stack.ended) {
      Fiber next = firstThatMayGoOn(stack);
      if (next == null) {
        stack.goOn();
        continue;
      }
      try {
        loop.runWithin(next);
      } catch (LoopExit left) {
        exit = left;
      }
    }
    if (stack.interrupted) {
      Thread.currentThread().interrupt();
    }
    if (stack.thrown != null) {
      throw Failures.sneaky(stack.thrown);
    }
    if (exit != null) {
      throw exit;
    }
  }

  /// Waits until the callback or a coroutine may go on. Returns the coroutine, or null for the
  /// callback.
  private @Nullable Fiber firstThatMayGoOn(CallbackStack stack) {
    waiting = true;
    try {
      while (!stack.offered) {
        Fiber next = firstOffered();
        if (next != null) {
          return next;
        }
        stack.interruptIfLoopIs();
        LockSupport.park(this);
      }
      return null;
    } finally {
      waiting = false;
    }
  }

  private @Nullable Fiber firstOffered() {
    for (Fiber.Direct fiber : fibers) {
      if (fiber.offered()) {
        return fiber;
      }
    }
    return null;
  }

  /// The stack, and the scheduler of its virtual thread.
  private final class CallbackStack implements Executor {
    private final Runnable callback;
    private final Thread thread;
    private @Nullable Runnable continuation;
    private boolean ended;
    private boolean interrupted;
    private boolean told;
    private @Nullable Throwable thrown;

    /// Whether the JDK lets it go on.
    private volatile boolean offered;

    CallbackStack(Runnable callback) {
      this.callback = callback;
      this.thread = Fiber.newThread(this, this::live);
    }

    private void live() {
      try {
        callback.run();
      } catch (Throwable t) {
        thrown = t;
      }
      ended = true;
    }

    void start() {
      thread.start();
    }

    void goOn() {
      offered = false;
      Objects.requireNonNull(continuation).run();
    }

    /// Who interrupts the loop's thread interrupts the call in which the callback stands, too.
    void interruptIfLoopIs() {
      boolean status = Thread.interrupted(); // or nobody can wait
      interrupted |= status;
      if (!told && (status || loop.isInterrupted())) {
        told = true;
        thread.interrupt();
      }
    }

    /// Any thread. With other continuations, see [Fiber.Direct#execute].
    @Override
    public void execute(Runnable ready) {
      if (continuation == null) {
        continuation = ready;
      } else if (ready != continuation) {
        Fiber.executeElsewhere(ready);
        return;
      }
      offered = true;
      lookAgain();
    }
  }
}
