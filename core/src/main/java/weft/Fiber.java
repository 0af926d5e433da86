package weft;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// How a stack suspends: the one file that knows.
///
/// A fiber is the stack of one task and its entry in the ready queue. [#run] (loop thread) switches
/// to the stack and returns when it is suspended or finished; [#suspend] (on the stack) switches
/// back; [#wake] (loop thread) queues the fiber so that `suspend` returns in a later batch.
///
/// Two engines. *Direct*: a virtual thread whose scheduler is the fiber itself, so that the JDK
/// hands us each continuation and the loop runs it like any callback. Our own suspensions are
/// `Thread.yield`: the JDK offers the continuation to [Direct#execute] at once, which keeps it
/// aside until somebody wakes the fiber. All other suspensions (a blocking JDK call, a monitor) are
/// the JDK's business, and the continuation comes back through the same method, from whichever
/// thread woke it. *Portable*: each stack is an ordinary virtual thread, and the loop and its
/// coroutines pass a baton.
///
/// Invariant: `suspend` returns only after `wake` or a hand-over, never because somebody else
/// offered the continuation (a thread dump does that); hence the loops around yield and park.
@SuppressWarnings("NullAway") // what the direct engine needs is there when it is chosen
abstract sealed class Fiber implements Runnable {
  private static final String OPEN_FLAG =
      "--add-opens java.base/java.lang=" + moduleName(Fiber.class.getModule());

  private static final ThreadLocal<@Nullable AbstractEventLoop> RUNNING = new ThreadLocal<>();

  /// The tasks that a closed loop has left in blocking calls of the JDK, by their threads.
  private static final Map<Thread, WeakReference<Task<?>>> ELSEWHERE =
      Collections.synchronizedMap(new WeakHashMap<>());

  private static final @Nullable Throwable WHY_NOT_DIRECT;
  private static final boolean DIRECT;
  private static final @Nullable MethodHandle NEW_VIRTUAL_THREAD;
  private static final @Nullable MethodHandle CARRIER_LOCAL_GET;
  private static final @Nullable MethodHandle CURRENT_CARRIER;
  private static final @Nullable Executor JDK_SCHEDULER;

  static {
    MethodHandle newVirtualThread = null;
    MethodHandle carrierLocalGet = null;
    MethodHandle currentCarrier = null;
    Executor jdkScheduler = null;
    Throwable why = null;
    String wanted = System.getProperty("weft.engine", "");
    if (!wanted.isEmpty() && !wanted.equals("direct") && !wanted.equals("portable")) {
      throw new IllegalArgumentException(
          "-Dweft.engine=" + wanted + ": the engines are 'direct' and 'portable'");
    }
    if (!wanted.equals("portable")) {
      try {
        Class<?> builders = Class.forName("java.lang.ThreadBuilders");
        MethodHandles.Lookup lang = MethodHandles.privateLookupIn(builders, MethodHandles.lookup());
        newVirtualThread =
            lang.findStatic(
                builders,
                "newVirtualThread",
                MethodType.methodType(
                    Thread.class, Executor.class, String.class, int.class, Runnable.class));
        carrierLocalGet =
            lang.findVirtual(
                ThreadLocal.class, "getCarrierThreadLocal", MethodType.methodType(Object.class));
        currentCarrier =
            lang.findStatic(
                Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class));
        jdkScheduler =
            (Executor)
                lang.findStatic(
                        Class.forName("java.lang.VirtualThread"),
                        "defaultScheduler",
                        MethodType.methodType(Executor.class))
                    .invoke();
      } catch (Throwable t) {
        why = t;
      }
    }
    DIRECT = newVirtualThread != null && why == null && !wanted.equals("portable");
    NEW_VIRTUAL_THREAD = newVirtualThread;
    CARRIER_LOCAL_GET = carrierLocalGet;
    CURRENT_CARRIER = currentCarrier;
    JDK_SCHEDULER = jdkScheduler;
    WHY_NOT_DIRECT = why;
    if (why != null && wanted.equals("direct")) {
      throw new IllegalStateException(
          "the direct engine was asked for but " + OPEN_FLAG + " is not set", why);
    }
  }

  final Task<?> task;

  /// Set when somebody decided that `suspend` shall return.
  boolean woken;

  /// True from the moment the stack stands in `suspend` until it is resumed.
  boolean suspended;

  /// Set while the thread is started: its first act is to call [#run] as well.
  boolean beginning;

  private boolean finished;
  private @Nullable Fiber handOver;
  private @Nullable Fiber returnTo;

  private Fiber(Task<?> task) {
    this.task = task;
  }

  static Fiber of(Task<?> task) {
    return DIRECT ? new Direct(task) : new Portable(task);
  }

  static String engine() {
    return DIRECT ? "direct" : "portable";
  }

  /// Why the direct engine could not be had though nobody refused it, or null.
  static @Nullable String missingFlag() {
    return WHY_NOT_DIRECT == null ? null : OPEN_FLAG;
  }

  /// A virtual thread with a scheduler of its own, not started. Direct engine only.
  static Thread newThread(Executor scheduler, Runnable body) {
    try {
      return (Thread) NEW_VIRTUAL_THREAD.invokeExact(scheduler, (String) null, 0, body);
    } catch (Throwable t) {
      throw Failures.sneaky(t);
    }
  }

  /// Runs a continuation where it would run without Weft. Direct engine only.
  static void executeElsewhere(Runnable continuation) {
    JDK_SCHEDULER.execute(continuation);
  }

  private static String moduleName(Module module) {
    return module.isNamed() ? module.getName() : "ALL-UNNAMED";
  }

  /// The loop that runs on the calling thread, whether in a callback or in a coroutine; or null.
  static @Nullable AbstractEventLoop running() {
    if (!DIRECT) {
      return RUNNING.get();
    }
    try {
      return (AbstractEventLoop) (Object) CARRIER_LOCAL_GET.invokeExact(RUNNING);
    } catch (Throwable t) {
      throw Failures.sneaky(t); // an overflow of the stack
    }
  }

  /// The task of the calling stack, if its loop was closed under it.
  static @Nullable Task<?> elsewhere() {
    WeakReference<Task<?>> task = ELSEWHERE.get(Thread.currentThread());
    return task == null ? null : task.get();
  }

  /// Whether the calling thread is that of the given loop. Cheaper than to ask which loop it is.
  static boolean isOn(AbstractEventLoop loop) {
    if (!DIRECT) {
      return RUNNING.get() == loop;
    }
    try {
      return (Thread) CURRENT_CARRIER.invokeExact() == loop.carrier;
    } catch (Throwable t) {
      throw Failures.sneaky(t);
    }
  }

  /// Runs a loop's `while` on a thread of the kind that the engine needs: a platform thread to
  /// carry coroutines, a virtual thread to pass the baton quickly. That is the calling thread if it
  /// is of this kind; otherwise the caller waits meanwhile.
  static void carry(AbstractEventLoop loop, Runnable body) {
    Runnable marked =
        () -> {
          AbstractEventLoop outer = RUNNING.get(); // one that runs closes another
          Thread outerCarrier = loop.carrier;
          RUNNING.set(loop);
          loop.carrier = Thread.currentThread();
          try {
            body.run();
          } finally {
            loop.carrier = outerCarrier;
            mark(outer);
          }
        };
    if (Thread.currentThread().isVirtual() != DIRECT) {
      marked.run();
      return;
    }
    Throwable[] thrown = new Throwable[1];
    Runnable caught =
        () -> {
          try {
            marked.run();
          } catch (Throwable t) {
            thrown[0] = t;
          }
        };
    Thread.Builder builder = DIRECT ? Thread.ofPlatform().name("weft-loop") : Thread.ofVirtual();
    Thread carrier = builder.unstarted(caught);
    AbstractEventLoop outer = RUNNING.get();
    if (!DIRECT) {
      RUNNING.set(loop); // the waiting thread counts as the loop's: it may not run another
    }
    boolean interrupted;
    try {
      carrier.start();
      interrupted = joinPassingInterrupts(carrier);
    } finally {
      if (!DIRECT) {
        mark(outer);
      }
    }
    if (interrupted && !(thrown[0] instanceof KeyboardInterrupt)) {
      Thread.currentThread().interrupt();
    }
    if (thrown[0] != null) {
      throw Failures.sneaky(thrown[0]);
    }
  }

  private static void mark(@Nullable AbstractEventLoop outer) {
    if (outer == null) {
      RUNNING.remove();
    } else {
      RUNNING.set(outer);
    }
  }

  /// Returns whether there was one.
  private static boolean joinPassingInterrupts(Thread carrier) {
    boolean interrupted = false;
    while (true) {
      try {
        carrier.join();
        return interrupted;
      } catch (InterruptedException e) {
        interrupted = true;
        carrier.interrupt();
      }
    }
  }

  /// Runs the task until it suspends or ends, and then whatever it hands over to. Loop thread.
  @Override
  public final void run() {
    if (beginning) {
      beginning = false;
      task.main(); // on the stack: the fiber is the body of its thread too
      return;
    }
    if (due()) {
      goOn();
    }
  }

  /// Runs it whether it is due or the JDK lets it go on.
  final void goOn() {
    Fiber next = this;
    do {
      next = next.step();
    } while (next != null);
  }

  private @Nullable Fiber step() {
    if (finished) {
      return null;
    }
    if (!task.beforeStep()) {
      finished = true; // cancelled before it began: there is no stack to run
    } else {
      try {
        switchIn();
      } finally {
        task.afterStep();
      }
    }
    Fiber next = handOver == null && returnTo == null ? null : takeNext();
    LoopExit exit = finished ? task.exit() : null;
    if (exit != null) {
      if (next != null) {
        next.wake();
      }
      throw exit;
    }
    if (next != null) {
      next.woken = true;
    }
    return next;
  }

  /// Whom to run next, before anything that is queued.
  private @Nullable Fiber takeNext() {
    Fiber next = handOver;
    if (next == null) {
      next = returnTo;
      returnTo = null;
    } else if (next.returnTo == null) {
      next.returnTo = returnTo; // who lent us the thread gets it back from whom we hand over to
      returnTo = null;
    }
    handOver = null;
    return next;
  }

  /// Suspends the calling stack until [#wake] or a hand-over. Called on this fiber's stack only.
  ///
  /// If that fails, nothing has happened: who has announced the suspension elsewhere takes it back.
  ///
  /// @throws IllegalStateException if a native frame on the stack makes that impossible
  /// @throws VirtualMachineError if there is no room left on the stack, or none for it on the heap
  final void suspend() {
    boolean resumed = false;
    try {
      switchOut();
      resumed = true;
    } finally {
      if (!resumed) {
        woken = false;
        handOver = null;
      }
    }
  }

  /// Queues this fiber: its `suspend` returns when its turn comes. Loop thread.
  final void wake() {
    woken = true;
    task.loop.submit(this);
  }

  /// Suspends the calling stack and runs `other` at once, before anything that is queued. The
  /// caller goes on when somebody wakes it or hands over to it.
  final void handOverTo(Fiber other) {
    handOver = other;
    suspend();
  }

  /// Like [#handOverTo], but the caller goes on as soon as `other` suspends or ends.
  final void lendTo(Fiber other) {
    other.returnTo = this;
    try {
      handOverTo(other);
    } catch (IllegalStateException | VirtualMachineError failed) {
      other.returnTo = null;
      throw failed;
    }
  }

  /// Makes the stack ready to end: the task's last act on it.
  final void finish() {
    finished = true;
  }

  final void handOverAtEnd(Fiber other) {
    handOver = other;
  }

  /// Whether the stack stands in a blocking call of the JDK, or runs and may come to one, so that a
  /// cancellation has to interrupt it (direct engine only).
  abstract boolean canBlockInJdk();

  abstract void interrupt();

  /// Lets a stack whose blocking call has ended unwind without the loop, which is gone.
  abstract void goOnElsewhere();

  abstract boolean started();

  /// The frames of a suspended stack, innermost first; empty before the first step. Loop thread or
  /// the stack itself.
  abstract StackTraceElement[] stack();

  /// Whether there is something to go on for, besides what the JDK offers.
  abstract boolean due();

  abstract void switchIn();

  abstract void switchOut();

  final boolean isFinished() {
    return finished;
  }

  static final class Direct extends Fiber implements Executor {
    private static final VarHandle OFFERED;
    private static final VarHandle OFFER_QUEUED;

    static {
      try {
        MethodHandles.Lookup here = MethodHandles.lookup();
        OFFERED = here.findVarHandle(Direct.class, "offered", boolean.class);
        OFFER_QUEUED = here.findVarHandle(Direct.class, "offerQueued", boolean.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    private @Nullable Thread thread;
    private @Nullable Runnable continuation;

    /// Set around our own `Thread.yield`, so that `execute` can tell it from the JDK's wake-ups.
    private boolean yielding;

    /// Set from the moment the JDK has offered the continuation to the loop until it is run.
    /// Whoever takes it back when the loop is gone lets the stack unwind elsewhere.
    private volatile boolean offered;

    /// Whether an entry for what the JDK offers is on its way through the loop's queues: there is
    /// one at most, however often it offers.
    private volatile boolean offerQueued;

    /// Whether it is among the [BlockedFibers].
    private boolean blocked;

    private Direct(Task<?> task) {
      super(task);
    }

    /// Called by the JDK when this fiber's virtual thread may go on, and (with other continuations)
    /// for virtual threads that a coroutine has started, because those inherit its scheduler: they
    /// are sent where they would run without Weft.
    @Override
    public void execute(Runnable ready) {
      if (ready != continuation) {
        if (continuation != null) {
          executeElsewhere(ready);
          return;
        }
        continuation = ready; // the thread was just started, inside switchIn
        return;
      }
      if (yielding) {
        yielding = false;
        suspended = true;
        return;
      }
      offered = true;
      boolean onLoop = isOn(task.loop);
      if (OFFER_QUEUED.compareAndSet(this, false, true)) {
        Runnable offer = this::takeOffer;
        if (onLoop) {
          task.loop.enqueue(offer);
        } else if (!task.loop.enqueueFromOutside(offer)) {
          offerQueued = false;
          goOnElsewhere();
          return;
        }
      } else if (task.loop.isClosed()) { // and the entry was dropped with its queue
        goOnElsewhere();
        return;
      }
      if (!onLoop) {
        task.loop.blocked.lookAgain();
      }
    }

    /// The entry's turn. If the fiber has gone on already, in the middle of a callback, it may wait
    /// for something else by now.
    private void takeOffer() {
      offerQueued = false;
      if (offered && blocked) {
        goOn();
      }
    }

    boolean offered() {
      return offered;
    }

    @Override
    boolean due() {
      return thread == null || woken;
    }

    @Override
    void goOnElsewhere() {
      if (OFFERED.compareAndSet(this, true, false)) {
        ELSEWHERE.put(thread, new WeakReference<>(task)); // the thread keeps it while it lives
        executeElsewhere(continuation);
      }
    }

    @Override
    void switchIn() {
      suspended = false;
      if (thread == null) {
        start();
      } else {
        if (offered) {
          offered = false; // before the JDK looks: what it offers from now on is another offer
        }
        if (blocked) {
          blocked = false;
          task.loop.blocked.remove(this);
        }
      }
      continuation.run();
      if (!suspended && !isFinished()) {
        blocked = true;
        task.loop.blocked.add(this);
      }
    }

    private void start() {
      thread = newThread(this, this);
      beginning = true;
      thread.start();
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // the yield is not meant for the JDK's scheduler
    void switchOut() {
      do {
        yielding = true;
        try {
          Thread.yield();
        } catch (VirtualMachineError noRoom) {
          yielding = false;
          throw noRoom;
        }
        if (yielding) {
          yielding = false;
          throw new IllegalStateException(
              "this coroutine cannot suspend here: a native frame or a class initialiser is on its"
                  + " stack; move the await out of it");
        }
      } while (!woken);
      woken = false;
    }

    @Override
    boolean canBlockInJdk() {
      return thread != null && !suspended && !isFinished();
    }

    @Override
    void interrupt() {
      thread.interrupt();
    }

    @Override
    boolean started() {
      return thread != null;
    }

    @Override
    StackTraceElement[] stack() {
      if (thread == null || isFinished()) {
        return new StackTraceElement[0];
      }
      // Looking at a yielded virtual thread makes the JDK offer its continuation once more; marked
      // as our own yield, that offer changes nothing.
      boolean wasSuspended = suspended;
      yielding = wasSuspended && Thread.currentThread() != thread;
      try {
        return thread.getStackTrace();
      } finally {
        yielding = false;
        suspended = wasSuspended;
      }
    }
  }

  static final class Portable extends Fiber {
    private @Nullable Thread thread;
    private @Nullable Thread loopThread;
    private volatile boolean onStack;

    private Portable(Task<?> task) {
      super(task);
    }

    @Override
    void switchIn() {
      suspended = false;
      loopThread = Thread.currentThread();
      onStack = true;
      if (thread == null) {
        thread = Thread.ofVirtual().unstarted(this::baton);
        thread.start();
      } else {
        LockSupport.unpark(thread);
      }
      boolean interrupted = false;
      while (onStack) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
      if (interrupted) {
        loopThread.interrupt();
      }
    }

    private void baton() {
      RUNNING.set(task.loop);
      try {
        task.main();
      } finally {
        onStack = false;
        LockSupport.unpark(loopThread);
      }
    }

    @Override
    void switchOut() {
      boolean interrupted = false;
      do {
        suspended = true;
        onStack = false;
        LockSupport.unpark(loopThread);
        StackOverflowError noRoom = null;
        while (!onStack) {
          try {
            LockSupport.park(this);
          } catch (StackOverflowError overflow) {
            // The baton is gone already: ask for it, and spin until it is back.
            if (noRoom == null) {
              noRoom = overflow;
              task.loop.enqueueFromOutside(this);
            }
            Thread.onSpinWait();
          }
          interrupted |= Thread.interrupted();
        }
        if (noRoom != null) {
          throw noRoom;
        }
      } while (!woken);
      woken = false;
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    boolean canBlockInJdk() {
      return false;
    }

    @Override
    void interrupt() {
      thread.interrupt();
    }

    @Override
    void goOnElsewhere() {}

    @Override
    boolean due() {
      return true;
    }

    @Override
    boolean started() {
      return thread != null;
    }

    @Override
    StackTraceElement[] stack() {
      return thread == null || isFinished() ? new StackTraceElement[0] : thread.getStackTrace();
    }
  }
}
