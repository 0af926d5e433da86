package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.sleep;

import java.awt.EventQueue;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import weft.EventLoop;

/// A loop can live inside another one, that of a toolkit, and keeps the rules there; but for those
/// of interrupts, which the toolkit takes for its own end, and of loops on other threads.
@ExtendWith(SwingLoopTest.OnDispatchThread.class)
@EnabledIfSystemProperty(named = "weft.engine", matches = "direct")
class SwingLoopTest {
  @Nested
  class Guest extends LoopSuite {
    private final List<String> seen = new ArrayList<>();

    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }

    @Test
    void theToolkitHandlesEventsWhileCoroutinesWait() {
      EventQueue.invokeLater(() -> seen.add("event " + EventQueue.isDispatchThread()));
      run(
          () -> {
            seen.add("coroutine");
            sleep(ms(20));
            seen.add("awake");
          });
      assertEquals(List.of("event true", "coroutine", "awake"), seen);
    }

    @Test
    void anEventMakesATaskAndCancelsAnother() {
      var main =
          loop.createTask(
              async(
                  () -> {
                    var other = loop.createTask(async(LoopSuite::hang));
                    EventQueue.invokeLater(
                        () -> {
                          seen.add("event");
                          loop.createTask(async(() -> seen.add("its task")));
                          other.cancel();
                        });
                    assertTrue(failure(other) != null);
                    seen.add("cancelled");
                  }));
      loop.runUntilComplete(main);
      assertEquals(List.of("event", "its task", "cancelled"), seen);
    }

    @Test
    void aBlockingCallInACoroutineStopsNoEvent() {
      var handover = new SynchronousQueue<String>();
      run(
          () -> {
            var taker = loop.createTask(async(() -> handover.take()));
            sleep(ms(1));
            EventQueue.invokeLater(() -> seen.add("event"));
            loop.createTask(async(() -> handover.put("given")));
            seen.add(await(taker));
          });
      assertEquals(List.of("event", "given"), seen.stream().sorted().toList());
    }

    @Test
    void callbacksAreOnTheDispatchThreadAndSoIsNobodyElse() throws Exception {
      loop.callSoon(() -> seen.add("callback " + EventQueue.isDispatchThread()));
      run(() -> seen.add("coroutine " + EventQueue.isDispatchThread()));
      assertEquals(List.of("callback true", "coroutine false"), seen);
      assertFalse(elsewhere(EventQueue::isDispatchThread));
    }
  }

  @Nested
  class Scheduling extends SchedulingSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }

    /// No test here: there is only one thread on which this loop can run.
    @Override
    void L01_callbacksFollowTheLoopToAnotherThread() {}
  }

  @Nested
  class Threadsafe extends ThreadsafeSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }
  }

  @Nested
  class Promise extends PromiseSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }
  }

  @Nested
  class Task extends TaskSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }
  }

  @Nested
  class Cancellation extends CancellationSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }
  }

  @Nested
  class Timeout extends TimeoutSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }
  }

  @Nested
  class TaskGroup extends TaskGroupSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }
  }

  @Nested
  class Executor extends ExecutorSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }
  }

  @Nested
  class Instrument extends InstrumentSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }
  }

  @Nested
  class Blocking extends BlockingSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }
  }

  @Nested
  class Misuse extends MisuseSuite {
    @Override
    protected EventLoop newLoop() {
      return new SwingLoop();
    }
  }

  /// Has each test run on the event dispatch thread.
  static final class OnDispatchThread implements InvocationInterceptor {
    @Override
    public void interceptTestMethod(
        Invocation<@Nullable Void> invocation,
        ReflectiveInvocationContext<Method> method,
        ExtensionContext context)
        throws Throwable {
      run(invocation);
    }

    @Override
    public void interceptTestTemplateMethod(
        Invocation<@Nullable Void> invocation,
        ReflectiveInvocationContext<Method> method,
        ExtensionContext context)
        throws Throwable {
      run(invocation);
    }

    private static void run(Invocation<@Nullable Void> invocation) throws Throwable {
      var thrown = new Throwable[1];
      try {
        EventQueue.invokeAndWait(
            () -> {
              try {
                invocation.proceed();
              } catch (Throwable t) {
                thrown[0] = t;
              }
            });
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
      if (thrown[0] != null) {
        throw thrown[0];
      }
    }
  }
}
