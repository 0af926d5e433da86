package weft.tck;

import org.junit.jupiter.api.Nested;
import weft.EventLoop;

/// The `selector` loop passes the whole kit.
class SelectorTest {
  @Nested
  class Barrier extends BarrierSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Blocking extends BlockingSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Bridge extends BridgeSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class CancelOutcome extends CancelOutcomeSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Cancellation extends CancellationSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Condition extends ConditionSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Context extends ContextSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Coroutine extends CoroutineSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Debug extends DebugSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Eager extends EagerSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Error extends ErrorSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Event extends EventSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class ExceptionGroup extends ExceptionGroupSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Executor extends ExecutorSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class File extends FileSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Gather extends GatherSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Generator extends GeneratorSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Graph extends GraphSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Instrument extends InstrumentSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Lifecycle extends LifecycleSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Lock extends LockSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Misuse extends MisuseSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Promise extends PromiseSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class QueueShutdown extends QueueShutdownSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Queue extends QueueSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Runner extends RunnerSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Scheduling extends SchedulingSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Semaphore extends SemaphoreSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Shield extends ShieldSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class SignalHandler extends SignalHandlerSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class TaskGroupCancel extends TaskGroupCancelSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class TaskGroup extends TaskGroupSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Task extends TaskSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Threadsafe extends ThreadsafeSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Timeout extends TimeoutSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class WaitFor extends WaitForSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Wait extends WaitSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }
}
