package weft;

import java.util.Optional;
import weft.spi.Driver;
import weft.spi.DriverProvider;

/// The standard event loop: the ready queue, the timers and the inbox, on top of any [Driver].
final class DriverLoop extends AbstractEventLoop {
  private final String name;
  private final Driver driver;
  private final ReadyQueue ready = new ReadyQueue();
  private final Timers timers = new Timers();
  private final Inbox inbox;
  private boolean stopping;

  DriverLoop(String name, Driver driver) {
    this.name = name;
    this.driver = driver;
    this.inbox = new Inbox(driver::wakeup);
  }

  /// This is the event loop.
  @Override
  protected void runUntilStopped() {
    try {
      do {
        poll(ready.isEmpty() && !stopping ? nanosToNextTimer() : 0);
        inbox.drainTo(ready);
        driver.dispatch();
        if (timers.size() > 0) {
          timers.drainDue(driver.nanoTime(), ready);
        }
        ready.runBatch();
      } while (!stopping);
    } finally {
      stopping = false;
    }
  }

  private long nanosToNextTimer() {
    long deadline = timers.nextDeadline();
    if (deadline == Long.MAX_VALUE) {
      return Long.MAX_VALUE;
    }
    long now = driver.nanoTime();
    return deadline <= now ? 0 : deadline - now;
  }

  private void poll(long timeoutNanos) {
    if (timeoutNanos == 0 || !inbox.fallAsleep()) {
      driver.poll(0);
      return;
    }
    try {
      beforePoll(timeoutNanos);
      // A hook may have scheduled something.
      boolean idle = ready.isEmpty() && !stopping;
      driver.poll(idle ? Math.min(timeoutNanos, nanosToNextTimer()) : 0);
    } finally {
      inbox.wakeUp();
    }
    afterPoll();
  }

  @Override
  protected void enqueue(Runnable step) {
    ready.add(step);
  }

  @Override
  protected boolean enqueueThreadsafe(Runnable step) {
    return inbox.push(step);
  }

  @Override
  protected void schedule(TimerHandle timer) {
    timers.add(timer);
  }

  @Override
  protected void unschedule(TimerHandle timer) {
    timers.cancelled();
  }

  @Override
  public long timeNanos() {
    return driver.nanoTime();
  }

  @Override
  protected void requestStop() {
    stopping = true;
  }

  @Override
  protected void dispose() {
    inbox.close();
    ready.clear();
    timers.clear();
    driver.close();
  }

  @Override
  public Driver driver() {
    return driver;
  }

  @Override
  public String name() {
    return name;
  }

  /// Offers the drivers of one kind as event loops.
  record Provider(DriverProvider drivers) implements EventLoopProvider {
    @Override
    public String name() {
      return drivers.name();
    }

    @Override
    public Optional<String> unavailable() {
      return drivers.unavailable();
    }

    @Override
    public int rank() {
      return drivers.rank();
    }

    @Override
    public EventLoop create() {
      return new DriverLoop(name(), drivers.open());
    }
  }
}
