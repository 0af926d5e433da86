package weft.tck;

import org.junit.jupiter.api.Nested;
import weft.EventLoop;

/// A loop written against the public interfaces alone passes every suite that tells loops apart.
class ToyLoopTest {
  @Nested
  class Scheduling extends SchedulingSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class Threadsafe extends ThreadsafeSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class Lifecycle extends LifecycleSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class Promise extends PromiseSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class Task extends TaskSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class Cancellation extends CancellationSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class CancelOutcome extends CancelOutcomeSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class Timeout extends TimeoutSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class TaskGroup extends TaskGroupSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class TaskGroupCancel extends TaskGroupCancelSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class Executor extends ExecutorSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class Instrument extends InstrumentSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class Blocking extends BlockingSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class CallbackBlocking extends CallbackBlockingSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class Misuse extends MisuseSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class File extends FileSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class SignalHandler extends SignalHandlerSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }

  @Nested
  class SubprocessTransport extends SubprocessTransportSuite {
    @Override
    protected EventLoop newLoop() {
      return new ToyLoop();
    }
  }
}
