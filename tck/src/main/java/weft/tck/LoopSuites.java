package weft.tck;

import org.junit.jupiter.api.Nested;
import weft.EventLoop;

/// All suites but those of [IoSuites]: what a loop, its tasks and their tools do. Every loop passes
/// them:
///
/// ```java
/// class MyLoopTest extends LoopSuites {
///   @Override
///   protected EventLoop newLoop() {
///     return EventLoop.create("mine");
///   }
/// }
/// ```
public abstract class LoopSuites {
  /// For subclasses.
  protected LoopSuites() {}

  /// Makes a loop of the kind that is tested; the suites close it.
  protected abstract EventLoop newLoop();

  /// See [BarrierSuite].
  @Nested
  public class Barrier extends BarrierSuite {
    /// For JUnit.
    public Barrier() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [BlockingSuite].
  @Nested
  public class Blocking extends BlockingSuite {
    /// For JUnit.
    public Blocking() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [BridgeSuite].
  @Nested
  public class Bridge extends BridgeSuite {
    /// For JUnit.
    public Bridge() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [CallbackBlockingSuite].
  @Nested
  public class CallbackBlocking extends CallbackBlockingSuite {
    /// For JUnit.
    public CallbackBlocking() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [CancelOutcomeSuite].
  @Nested
  public class CancelOutcome extends CancelOutcomeSuite {
    /// For JUnit.
    public CancelOutcome() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [CancellationSuite].
  @Nested
  public class Cancellation extends CancellationSuite {
    /// For JUnit.
    public Cancellation() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [ConditionSuite].
  @Nested
  public class Condition extends ConditionSuite {
    /// For JUnit.
    public Condition() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [ContextSuite].
  @Nested
  public class Context extends ContextSuite {
    /// For JUnit.
    public Context() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [CoroutineSuite].
  @Nested
  public class Coroutine extends CoroutineSuite {
    /// For JUnit.
    public Coroutine() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [DebugSuite].
  @Nested
  public class Debug extends DebugSuite {
    /// For JUnit.
    public Debug() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [EagerSuite].
  @Nested
  public class Eager extends EagerSuite {
    /// For JUnit.
    public Eager() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [ErrorSuite].
  @Nested
  public class Errors extends ErrorSuite {
    /// For JUnit.
    public Errors() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [EventSuite].
  @Nested
  public class Event extends EventSuite {
    /// For JUnit.
    public Event() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [ExceptionGroupSuite].
  @Nested
  public class ExceptionGroup extends ExceptionGroupSuite {
    /// For JUnit.
    public ExceptionGroup() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [ExecutorSuite].
  @Nested
  public class Executor extends ExecutorSuite {
    /// For JUnit.
    public Executor() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [FileSuite].
  @Nested
  public class File extends FileSuite {
    /// For JUnit.
    public File() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [GatherSuite].
  @Nested
  public class Gather extends GatherSuite {
    /// For JUnit.
    public Gather() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [GeneratorSuite].
  @Nested
  public class Generator extends GeneratorSuite {
    /// For JUnit.
    public Generator() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [GraphSuite].
  @Nested
  public class Graph extends GraphSuite {
    /// For JUnit.
    public Graph() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [InstrumentSuite].
  @Nested
  public class Instrument extends InstrumentSuite {
    /// For JUnit.
    public Instrument() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [LifecycleSuite].
  @Nested
  public class Lifecycle extends LifecycleSuite {
    /// For JUnit.
    public Lifecycle() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [LockSuite].
  @Nested
  public class Lock extends LockSuite {
    /// For JUnit.
    public Lock() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [MisuseSuite].
  @Nested
  public class Misuse extends MisuseSuite {
    /// For JUnit.
    public Misuse() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [PromiseSuite].
  @Nested
  public class Promise extends PromiseSuite {
    /// For JUnit.
    public Promise() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [QueueShutdownSuite].
  @Nested
  public class QueueShutdown extends QueueShutdownSuite {
    /// For JUnit.
    public QueueShutdown() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [QueueSuite].
  @Nested
  public class Queue extends QueueSuite {
    /// For JUnit.
    public Queue() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [RunnerSuite].
  @Nested
  public class Runner extends RunnerSuite {
    /// For JUnit.
    public Runner() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [SchedulingSuite].
  @Nested
  public class Scheduling extends SchedulingSuite {
    /// For JUnit.
    public Scheduling() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [SemaphoreSuite].
  @Nested
  public class Semaphore extends SemaphoreSuite {
    /// For JUnit.
    public Semaphore() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [ShieldSuite].
  @Nested
  public class Shield extends ShieldSuite {
    /// For JUnit.
    public Shield() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [SignalHandlerSuite].
  @Nested
  public class SignalHandler extends SignalHandlerSuite {
    /// For JUnit.
    public SignalHandler() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [SyncThreadSuite].
  @Nested
  public class SyncThread extends SyncThreadSuite {
    /// For JUnit.
    public SyncThread() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [TaskGroupCancelSuite].
  @Nested
  public class TaskGroupCancel extends TaskGroupCancelSuite {
    /// For JUnit.
    public TaskGroupCancel() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [TaskGroupSuite].
  @Nested
  public class TaskGroup extends TaskGroupSuite {
    /// For JUnit.
    public TaskGroup() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [TaskSuite].
  @Nested
  public class Task extends TaskSuite {
    /// For JUnit.
    public Task() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [ThreadsafeSuite].
  @Nested
  public class Threadsafe extends ThreadsafeSuite {
    /// For JUnit.
    public Threadsafe() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [TimeoutSuite].
  @Nested
  public class Timeout extends TimeoutSuite {
    /// For JUnit.
    public Timeout() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [WaitForSuite].
  @Nested
  public class WaitFor extends WaitForSuite {
    /// For JUnit.
    public WaitFor() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }

  /// See [WaitSuite].
  @Nested
  public class Wait extends WaitSuite {
    /// For JUnit.
    public Wait() {}

    @Override
    protected EventLoop newLoop() {
      return LoopSuites.this.newLoop();
    }
  }
}
