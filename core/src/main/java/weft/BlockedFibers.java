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
/// Where there are none, a callback that waits can wait for no coroutine of its loop (but one that
/// it has started itself, eagerly), and has the thread to itself.
final class BlockedFibers {
  private final AbstractEventLoop loop;
  private final Set<Fiber.Direct> fibers = new LinkedHashSet<>();

  /// Whether the set is empty: each callback asks.
  private boolean none = true;

  private @Nullable CallbackStack stack;

  /// Whether the loop's thread sleeps until the callback or a coroutine may go on.
  private volatile boolean waiting;

  BlockedFibers(AbstractEventLoop loop) {
    this.loop = loop;
  }

  boolean none() {
    return none;
  }

  void add(Fiber.Direct fiber) {
    fibers.add(fiber);
    none = false;
  }

  void remove(Fiber.Direct fiber) {
    fibers.remove(fiber);
    none = fibers.isEmpty();
  }

  void clear() {
    fibers.clear();
    none = true;
  }

  /// Whether a callback on a stack of its own has begun and not ended.
  boolean inCallback() {
    return stack != null;
  }

  /// Whether the caller is such a callback.
  boolean isCallback() {
    CallbackStack own = stack;
    return own != null && Thread.currentThread() == own.thread;
  }

  /// To be called when the JDK lets a coroutine go on, or somebody interrupts the loop. Any thread.
  void lookAgain() {
    if (waiting) {
      LockSupport.unpark(loop.carrier);
    }
  }

  /// Runs a callback to its end, on a stack of its own.
  void run(Runnable callback) {
    CallbackStack own = CallbackStack.started(this, callback);
    if (own == null) {
      callback.run(); // there is no room for another thread
      return;
    }
    stack = own;
    Throwable left = null;
    try {
      boolean callbackNext = true; // takes turns with the others, which it may be spinning for
      while (!own.ended) {
        Fiber next = callbackNext && own.offered ? null : waitForNext(own);
        callbackNext = next != null;
        if (next == null) {
          own.goOn();
        } else {
          left = afterOne(left, step(next::goOn));
        }
      }
    } finally {
      stack = null;
    }
    if (own.interrupted) {
      Thread.currentThread().interrupt();
    }
    left = afterOne(own.thrown, left);
    if (left != null) {
      throw Failures.sneaky(left);
    }
  }

  /// Waits until a coroutine or the callback may go on. Returns the coroutine, or null for the
  /// callback.
  private @Nullable Fiber waitForNext(CallbackStack own) {
    waiting = true;
    try {
      while (true) {
        for (Fiber.Direct fiber : fibers) {
          if (fiber.offered()) {
            return fiber;
          }
        }
        if (own.offered) {
          return null;
        }
        own.interruptIfLoopIs();
        LockSupport.park(this);
      }
    } finally {
      waiting = false;
    }
  }

  /// Returns what the step throws, if anything.
  private @Nullable Throwable step(Runnable step) {
    try {
      loop.runWithin(step);
      return null;
    } catch (Throwable t) {
      return t;
    }
  }

  /// Returns the first of two throwables. A second exit ends the run after this one.
  private @Nullable Throwable afterOne(@Nullable Throwable first, @Nullable Throwable second) {
    if (first == null || second == null) {
      return first == null ? second : first;
    }
    if (second instanceof LoopExit exit) {
      loop.enqueue(
          () -> {
            throw exit;
          });
    } else {
      first.addSuppressed(second);
    }
    return first;
  }

  /// Runs the first step of a new fiber before it returns, if it is called in a callback that has a
  /// stack of its own: only the loop's thread can do that.
  boolean lendTo(Fiber fiber) {
    if (!isCallback()) {
      return false;
    }
    Objects.requireNonNull(stack).lendTo(fiber);
    return true;
  }

  /// The stack, and the scheduler of its virtual thread.
  private static final class CallbackStack implements Executor {
    private final BlockedFibers among;
    private final Thread thread;
    private @Nullable Runnable callback;
    private @Nullable Runnable continuation;
    private @Nullable Fiber lent;
    private @Nullable Throwable lentThrew;
    private boolean ended;
    private boolean interrupted;
    private boolean told;
    private @Nullable Throwable thrown;

    /// Whether the JDK lets it go on.
    private volatile boolean offered;

    private CallbackStack(BlockedFibers among, Runnable callback) {
      this.among = among;
      this.callback = callback;
      this.thread = Fiber.newThread(this, this::live);
    }

    /// Null if that cannot be done.
    static @Nullable CallbackStack started(BlockedFibers among, Runnable callback) {
      try {
        var stack = new CallbackStack(among, callback);
        stack.thread.start();
        return stack;
      } catch (VirtualMachineError e) {
        return null;
      }
    }

    private void live() {
      try {
        Objects.requireNonNull(callback).run();
      } catch (Throwable t) {
        thrown = t;
      }
      callback = null; // threads that it has started keep this scheduler
      ended = true;
    }

    /// Until it ends or has to wait.
    void goOn() {
      interruptIfLoopIs();
      offered = false;
      Objects.requireNonNull(continuation).run();
      for (Fiber fiber; (fiber = lent) != null; ) {
        lent = null;
        lentThrew = among.step(fiber);
        offered = false;
        continuation.run();
      }
    }

    @SuppressWarnings("ThreadPriorityCheck") // the yield is not meant for the JDK's scheduler
    void lendTo(Fiber fiber) {
      lent = fiber;
      try {
        Thread.yield();
      } catch (VirtualMachineError noRoom) {
        // as where it cannot be left because of a native frame
      }
      if (lent != null) {
        lent = null;
        among.loop.submit(fiber); // in its turn, then
      }
      Throwable thrownThere = lentThrew;
      lentThrew = null;
      if (thrownThere != null) {
        throw Failures.sneaky(thrownThere);
      }
    }

    /// Who interrupts the loop's thread interrupts the call in which the callback stands, too.
    void interruptIfLoopIs() {
      boolean status = Thread.interrupted(); // or nobody can wait
      interrupted |= status;
      if (status || (!told && among.loop.isInterrupted())) {
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
      among.lookAgain();
    }
  }
}
