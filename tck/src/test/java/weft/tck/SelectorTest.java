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
  class Coroutine extends CoroutineSuite {
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
  class Gather extends GatherSuite {
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
