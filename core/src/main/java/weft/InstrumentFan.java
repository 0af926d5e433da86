package weft;

import java.util.List;
import java.util.function.Consumer;

/// All watchers of a loop as one. A watcher that throws is removed and reported.
final class InstrumentFan implements Instrument {
  private final AbstractEventLoop loop;
  private final List<Instrument> all;

  InstrumentFan(AbstractEventLoop loop, List<Instrument> all) {
    this.loop = loop;
    this.all = all;
  }

  private void each(Consumer<Instrument> call) {
    for (Instrument one : all) {
      try {
        call.accept(one);
      } catch (Throwable t) {
        loop.removeInstrument(one);
        loop.reportLater(
            new ErrorContext("Exception in instrument, which was removed: " + Debug.text(one), t)
                .withSource(one));
      }
    }
  }

  @Override
  public void taskCreated(Task<?> task) {
    each(i -> i.taskCreated(task));
  }

  @Override
  public void taskDone(Task<?> task) {
    each(i -> i.taskDone(task));
  }

  @Override
  public void beforeStep(Task<?> task) {
    each(i -> i.beforeStep(task));
  }

  @Override
  public void afterStep(Task<?> task) {
    each(i -> i.afterStep(task));
  }

  @Override
  public void beforePoll(long timeoutNanos) {
    each(i -> i.beforePoll(timeoutNanos));
  }

  @Override
  public void afterPoll() {
    each(Instrument::afterPoll);
  }
}
