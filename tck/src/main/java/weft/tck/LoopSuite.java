package weft.tck;

import static weft.Weft.async;
import static weft.Weft.sleep;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import weft.Body;
import weft.CancelledError;
import weft.ErrorContext;
import weft.EventLoop;
import weft.Promise;
import weft.Task;
import weft.VoidBody;
import weft.Weft;

/// The base of every suite: a fresh loop for each test, closed after it, and the things that fail a
/// test by themselves: a report to the loop's exception handler, a warning in the log, a task left
/// behind, a step out of order, a test that does not end.
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class LoopSuite {
  private static final Logger LOGGER = Logger.getLogger("weft");

  /// The loop of this test: open, not running.
  protected EventLoop loop;

  /// The steps of this test.
  protected Steps steps;

  private final List<ErrorContext> errors = new ArrayList<>();
  private final List<LogRecord> logs = new ArrayList<>();
  private final List<String> expectedLogs = new ArrayList<>();
  private final Set<Task<?>> abandoned = new HashSet<>();
  private final Recorder recorder = new Recorder();
  private int expectedErrors;

  /// For subclasses.
  protected LoopSuite() {}

  /// Makes the loop under test. Called once for each test, and again where a test needs a second
  /// loop.
  protected abstract EventLoop newLoop();

  @BeforeEach
  void openLoop() {
    recorder.attach();
    steps = new Steps();
    loop = newLoop();
    loop.setExceptionHandler((l, context) -> collect(context));
  }

  @AfterEach
  void closeLoop() {
    try {
      if (loop.isRunning()) {
        throw new AssertionError("the loop still runs after the test");
      }
      var leaked = leftTasks();
      if (!loop.isClosed()) {
        cancelAll();
        loop.close();
      }
      afterClose();
      steps.verify();
      if (!leaked.isEmpty()) {
        throw new AssertionError("tasks left behind: " + leaked);
      }
      verifyErrors();
    } finally {
      recorder.detach();
    }
    verifyLogs();
  }

  /// Called when the loop of the test is closed; may fail the test.
  void afterClose() {}

  /// Runs `main` as a task of the loop until it ends.
  protected void run(VoidBody main) {
    loop.runUntilComplete(async(main));
  }

  /// Runs `main` as a task of the loop until it ends.
  protected <T> T run(Body<T> main) {
    return loop.runUntilComplete(async(main));
  }

  /// Suspends the calling coroutine for `n` turns of the loop.
  protected void turns(int n) {
    for (int i = 0; i < n; i++) {
      sleep(Duration.ZERO);
    }
  }

  /// Runs the stopped loop for a few turns, which lets everything that is ready settle.
  protected void runBriefly() {
    run(() -> turns(3));
  }

  /// What the loop's exception handler was told, in order. Each report fails the test unless
  /// [#expectErrors] allows it.
  protected List<ErrorContext> errors() {
    synchronized (errors) {
      return List.copyOf(errors);
    }
  }

  /// Exactly `count` reports to the exception handler are expected by the end of the test.
  protected void expectErrors(int count) {
    expectedErrors = count;
  }

  /// A record of level WARNING or above that contains `part` is expected, at least once, by the end
  /// of the test.
  protected void expectLog(String part) {
    expectedLogs.add(part);
  }

  /// The messages logged so far at level WARNING or above, with the text of their exceptions.
  protected List<String> logs() {
    synchronized (logs) {
      return logs.stream().map(LoopSuite::text).toList();
    }
  }

  /// These tasks may be left behind by the test.
  protected void abandon(Task<?>... tasks) {
    abandoned.addAll(List.of(tasks));
  }

  /// Cancels every task of the stopped loop and runs it until all have ended.
  protected void cancelAll() {
    for (int round = 0; round < 10 && !loop.allTasks().isEmpty(); round++) {
      loop.allTasks().forEach(Task::cancel);
      runBriefly();
    }
  }

  /// The task that runs.
  static Task<?> self() {
    return Objects.requireNonNull(Task.current());
  }

  /// Awaits `promise` and returns what `await` threw, null when it returned a value.
  protected static @Nullable Throwable failure(Promise<?> promise) {
    try {
      Weft.await(promise);
      return null;
    } catch (Throwable thrown) {
      return thrown;
    }
  }

  /// Awaits all of `promises`, whatever their outcome.
  protected static void settle(Collection<? extends Promise<?>> promises) {
    promises.forEach(LoopSuite::failure);
  }

  /// Suspends until the caller is cancelled, and lets the cancellation through.
  protected static void hang() {
    sleep(Duration.ofHours(1));
  }

  /// Suspends until the caller is cancelled, and returns the error instead of throwing it.
  protected static CancelledError untilCancelled() {
    try {
      hang();
    } catch (CancelledError cancelled) {
      return cancelled;
    }
    throw new AssertionError("an hour went by");
  }

  /// What an object is after it was serialized and read again.
  static Object copy(Object original) throws Exception {
    var bytes = new ByteArrayOutputStream();
    try (var out = new ObjectOutputStream(bytes)) {
      out.writeObject(original);
    }
    return new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
  }

  /// A duration in milliseconds.
  protected static Duration ms(long millis) {
    return Duration.ofMillis(millis);
  }

  /// Runs `body` on a new platform thread and returns its result when that has ended; blocks the
  /// caller.
  protected static <T> T elsewhere(Body<T> body) throws Exception {
    var task = new FutureTask<T>(body::call);
    Thread.ofPlatform().daemon().name("weft-tck-elsewhere").start(task);
    return task.get(20, TimeUnit.SECONDS);
  }

  /// Runs `body` on a new platform thread until it has ended; blocks the caller.
  protected static void elsewhere(VoidBody body) throws Exception {
    elsewhere(
        () -> {
          body.run();
          return true;
        });
  }

  /// Runs the stopped loop until `delay` has passed on its clock, and a few turns more.
  protected void runFor(Duration delay) {
    loop.callLater(delay, () -> stopAfter(5));
    loop.runForever();
  }

  private void stopAfter(int turns) {
    if (turns == 0) {
      loop.stop();
    } else {
      loop.callSoon(() -> stopAfter(turns - 1));
    }
  }

  /// A null where the compiler must not know it.
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  protected static <T> T nothing() {
    return null;
  }

  /// Whether coroutines are virtual threads scheduled by the loop, so that blocking calls suspend
  /// only them.
  protected static boolean direct() {
    return Weft.engine().equals("direct");
  }

  private void collect(ErrorContext context) {
    synchronized (errors) {
      errors.add(context);
    }
  }

  private List<Task<?>> leftTasks() {
    var left = new ArrayList<Task<?>>(loop.allTasks());
    left.removeAll(abandoned);
    return left;
  }

  private void verifyErrors() {
    var reports = errors();
    if (reports.size() != expectedErrors) {
      var error =
          new AssertionError(
              expectedErrors
                  + " reports expected at the exception handler, but there were "
                  + reports);
      reports.stream()
          .map(ErrorContext::exception)
          .filter(e -> e != null)
          .forEach(error::addSuppressed);
      throw error;
    }
  }

  private void verifyLogs() {
    var messages = logs();
    for (String part : expectedLogs) {
      if (messages.stream().noneMatch(message -> message.contains(part))) {
        throw new AssertionError("no log with '" + part + "' among " + messages);
      }
    }
    for (String message : messages) {
      if (expectedLogs.stream().noneMatch(message::contains)) {
        throw new AssertionError("unexpected log: " + message);
      }
    }
  }

  private static String text(LogRecord record) {
    String message = new SimpleFormatter().formatMessage(record);
    return record.getThrown() == null ? message : message + ": " + record.getThrown();
  }

  /// Takes the place of the log's usual output during a test.
  private final class Recorder extends Handler {
    private boolean parents;

    void attach() {
      parents = LOGGER.getUseParentHandlers();
      LOGGER.setUseParentHandlers(false);
      LOGGER.addHandler(this);
    }

    void detach() {
      LOGGER.removeHandler(this);
      LOGGER.setUseParentHandlers(parents);
    }

    @Override
    public void publish(LogRecord record) {
      if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
        synchronized (logs) {
          logs.add(record);
        }
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
