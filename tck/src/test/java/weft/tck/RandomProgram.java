package weft.tck;

import static weft.Weft.asCompleted;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.gatherSettled;
import static weft.Weft.generator;
import static weft.Weft.shield;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;
import static weft.Weft.waitFirstCompleted;
import static weft.Weft.waitFor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import weft.CancelledError;
import weft.Coroutine;
import weft.Emitter;
import weft.ErrorContext;
import weft.EventLoop;
import weft.Generator;
import weft.Instrument;
import weft.Promise;
import weft.Task;
import weft.TaskGroup;
import weft.TaskOptions;
import weft.ThrowableGroup;
import weft.sync.AsyncBoundedSemaphore;
import weft.sync.AsyncCondition;
import weft.sync.AsyncEvent;
import weft.sync.AsyncLock;
import weft.sync.AsyncQueue;
import weft.sync.Held;

/// One small program, made from a seed: tasks that sleep, spawn, await, cancel, limit, group, lock,
/// queue and fail at random. Whatever could wait for ever has a time limit, so every program ends,
/// and what must then be true can be checked.
final class RandomProgram {
  private static final int PERMITS = 2;
  private static final int DEPTH_MAX = 5;
  private static final int OPERATIONS = 26;

  private final EventLoop loop;
  private final Random random;

  /// What this program does at all: few things often, so that they meet.
  private final int[] menu;

  private final List<AsyncLock> locks = List.of(new AsyncLock(), new AsyncLock());
  private final Map<AsyncLock, Task<?>> holders = new HashMap<>();
  private final AsyncCondition condition = new AsyncCondition();
  private final AsyncBoundedSemaphore semaphore = new AsyncBoundedSemaphore(PERMITS);
  private final AsyncQueue<int[]> queue = new AsyncQueue<>(2);
  private final AsyncEvent event = new AsyncEvent();
  private final List<Task<?>> tasks = new ArrayList<>();
  private final List<Throwable> wrong = new ArrayList<>();
  private final Map<Task<?>, Integer> ends = new HashMap<>();
  private int budget = 80;
  private int alive;
  private int entered;
  private int left;
  private int permitsTaken;
  private int itemsPut;
  private int itemsGot;
  private int waitForItem;
  private int waitForPlace;
  private int waitForPermit;
  private int waitForEvent;
  private final Map<AsyncLock, Integer> waitForLock = new HashMap<>();

  private RandomProgram(EventLoop loop, long seed) {
    this.loop = loop;
    this.random = new Random(seed);
    this.menu = random.ints(3 + random.nextInt(24), 0, OPERATIONS).toArray();
  }

  /// Runs the program of this seed on a loop, which is closed then.
  static void run(EventLoop loop, long seed) {
    new RandomProgram(loop, seed).runAndCheck();
  }

  private void runAndCheck() {
    loop.setExceptionHandler((l, context) -> report(context));
    loop.addInstrument(
        new Instrument() {
          @Override
          public void taskCreated(Task<?> task) {
            alive++;
          }

          @Override
          public void taskDone(Task<?> task) {
            alive--;
            ends.merge(task, 1, Integer::sum);
          }

          @Override
          public void beforePoll(long timeoutNanos) {
            checkNobodyWaitsInVain();
          }
        });
    loop.runUntilComplete(async(this::main));
    check(loop.allTasks().isEmpty(), "tasks are left: " + loop.allTasks());
    loop.close();
    check(alive == 0, alive + " tasks without an end");
    check(ends.values().stream().allMatch(n -> n == 1), "a task ended twice: " + ends);
    check(entered == left, entered + " bodies entered, " + left + " left");
    check(permitsTaken == 0, permitsTaken + " permits not given back");
    if (!wrong.isEmpty()) {
      var error = new AssertionError(wrong.getFirst());
      wrong.stream().skip(1).forEach(error::addSuppressed);
      throw error;
    }
  }

  private void main() {
    Task<?> me = current();
    while (budget > 0) {
      try {
        op(0);
      } catch (Throwable t) {
        judge(t);
      }
      check(me.cancelling() == 0, "main was left with a count of " + me.cancelling());
      try {
        sleep(Duration.ZERO);
      } catch (CancelledError stray) {
        wrong.add(new AssertionError("a stray cancellation in main", stray));
      }
    }
    if (random.nextBoolean()) {
      tasks.forEach(Task::cancel);
    }
    while (loop.allTasks().size() > 1) {
      tasks.addAll(loop.allTasks());
      tasks.remove(me);
      settle();
    }
    settle();
    check(me.cancelling() == 0, "main ends with a count of " + me.cancelling());
    for (AsyncLock lock : locks) {
      check(!lock.locked(), "a lock is not free");
    }
    check(!condition.locked(), "the condition's lock is not free");
    for (int i = 0; i < PERMITS; i++) {
      check(semaphore.tryAcquire(), "a permit is lost");
    }
    for (int i = 0; i < PERMITS; i++) {
      semaphore.release();
    }
    check(itemsPut - itemsGot == queue.size(), "an item is lost or doubled");
  }

  /// Waits for all tasks that are known.
  private void settle() {
    for (Task<?> task : tasks) {
      Throwable failure = LoopSuite.failure(task);
      if (failure != null) {
        judge(failure);
      }
    }
    tasks.clear();
  }

  /* ---- What is right and wrong ---- */

  private void check(boolean right, String what) {
    if (!right) {
      wrong.add(new AssertionError(what));
    }
  }

  /// Called when nothing is ready: a wake-up that is underway would have arrived.
  private void checkNobodyWaitsInVain() {
    for (AsyncLock lock : locks) {
      check(waitForLock.getOrDefault(lock, 0) == 0 || lock.locked(), "a free lock is waited for");
    }
    check(waitForPermit == 0 || permitsTaken == PERMITS, "a free permit is waited for");
    check(waitForItem == 0 || queue.isEmpty(), "an item is there and waited for");
    check(waitForPlace == 0 || queue.isFull(), "a place is free and waited for");
    check(waitForEvent == 0 || !event.isSet(), "an event is set and waited for");
  }

  private void report(ErrorContext context) {
    Throwable thrown = context.exception();
    if (thrown == null) {
      wrong.add(new AssertionError(context.message()));
    } else {
      judge(thrown);
    }
  }

  /// Only what the program itself throws, and what follows from it, may be thrown.
  private void judge(Throwable thrown) {
    switch (thrown) {
      case Boom ignored -> {}
      case TimeoutException ignored -> {}
      case CancelledError ignored -> {}
      case CompletionException wrapped when wrapped.getCause() instanceof TimeoutException -> {}
      case ThrowableGroup group -> group.exceptions().forEach(this::judge);
      case IllegalStateException refusal when isRefusal(refusal) -> {}
      default -> wrong.add(thrown);
    }
  }

  private static boolean isRefusal(IllegalStateException thrown) {
    String text = String.valueOf(thrown.getMessage());
    return text.contains("await cycle")
        || text.contains("cannot await itself")
        || text.contains("task group");
  }

  /* ---- The program ---- */

  private Object body(int depth) throws Exception {
    entered++;
    try {
      return ops(depth);
    } finally {
      left++;
    }
  }

  private Object ops(int depth) throws Exception {
    for (int i = random.nextInt(4); i >= 0; i--) {
      try {
        op(depth);
      } catch (CancelledError cancelled) {
        if (random.nextInt(8) > 0) {
          throw cancelled;
        }
      } catch (Exception | AssertionError thrown) {
        judge(thrown);
        if (random.nextInt(4) == 0) {
          throw thrown;
        }
      }
    }
    return "ended";
  }

  private void op(int depth) throws Exception {
    budget--;
    if (budget < 0 || depth > DEPTH_MAX) {
      sleep(Duration.ZERO);
      return;
    }
    int countBefore = current().cancelling();
    try {
      switch (random.nextInt(4) == 0 ? 5 : menu[random.nextInt(menu.length)]) {
        case 0, 1 -> sleep(Duration.ZERO);
        case 2, 3 -> sleep(micros());
        case 4 -> await(spawn(depth));
        case 5, 6 -> spawn(depth);
        case 7 -> spawn(depth).cancel("at once");
        case 8 -> cancelSomebody();
        case 9, 10 -> limited(() -> ops(depth + 1));
        case 11 -> waitFor(coroutine(depth), shortOrNone());
        case 12 -> waitFor(spawn(depth), shortOrNone());
        case 13, 14 -> group(depth);
        case 15 -> await(gather(List.of(coroutine(depth), spawn(depth), coroutine(depth))));
        case 16 -> settled(depth);
        case 17 -> limited(() -> await(shield(spawn(depth))));
        case 18 -> withLock(depth);
        case 19 -> withPermit(depth);
        case 20 -> queued();
        case 21 -> signalled();
        case 22 -> firstOfSeveral(depth);
        case 23 -> generated(depth);
        case 24 -> awaitSomebody();
        default -> throw new Boom();
      }
    } finally {
      check(current().cancelling() >= countBefore, "somebody else's request was taken back");
    }
  }

  private Coroutine<Object> coroutine(int depth) {
    return async(() -> body(depth + 1));
  }

  private Task<Object> spawn(int depth) {
    boolean eager = random.nextInt(5) == 0;
    Task<Object> task = createTask(coroutine(depth), TaskOptions.defaults().eagerStart(eager));
    tasks.add(task);
    return task;
  }

  private @Nullable Task<?> somebody() {
    return tasks.isEmpty() ? null : tasks.get(random.nextInt(tasks.size()));
  }

  private void cancelSomebody() {
    Task<?> victim = somebody();
    if (victim != null) {
      boolean refused = victim.done();
      check(victim.cancel() != refused, "cancel and done disagree");
    }
  }

  private void awaitSomebody() throws Exception {
    Task<?> task = somebody();
    if (task != null) {
      limited(() -> await(shield(task)));
    }
  }

  private void group(int depth) {
    boolean[] inside = {true};
    try {
      List<Task<?>> children = new ArrayList<>();
      taskGroup(
          (TaskGroup group) -> {
            for (int i = random.nextInt(4); i > 0; i--) {
              children.add(group.createTask(coroutine(depth)));
            }
            if (random.nextInt(4) == 0) {
              group.cancel();
            }
            ops(depth + 1);
            inside[0] = false;
          });
      check(children.stream().allMatch(Promise::done), "a group ended before its children");
    } finally {
      inside[0] = false;
    }
  }

  private void settled(int depth) {
    List<Coroutine<Object>> coroutines = List.of(coroutine(depth), coroutine(depth));
    List<Promise<Object>> settled = await(gatherSettled(coroutines));
    check(settled.size() == 2, "gather lost a result");
    check(settled.stream().allMatch(Promise::done), "gather settled before its children");
  }

  private void withLock(int depth) throws Exception {
    AsyncLock lock = locks.get(random.nextInt(locks.size()));
    limited(
        () -> {
          try (var held = acquire(lock)) {
            check(holders.put(lock, current()) == null, "two hold one lock: " + held);
            try {
              return ops(depth + 1);
            } finally {
              check(holders.remove(lock) == current(), "the lock changed hands");
            }
          }
        });
  }

  private Held acquire(AsyncLock lock) {
    waitForLock.merge(lock, 1, Integer::sum);
    try {
      return lock.acquire();
    } finally {
      waitForLock.merge(lock, -1, Integer::sum);
    }
  }

  private Held acquirePermit() {
    waitForPermit++;
    try {
      return semaphore.acquire();
    } finally {
      waitForPermit--;
    }
  }

  private void withPermit(int depth) throws Exception {
    limited(
        () -> {
          try (var held = acquirePermit()) {
            permitsTaken++;
            check(permitsTaken <= PERMITS, "too many hold a permit: " + held);
            try {
              return ops(depth + 1);
            } finally {
              permitsTaken--;
            }
          }
        });
  }

  private void queued() throws Exception {
    boolean put = random.nextBoolean();
    limited(
        () -> {
          if (put) {
            put();
          } else {
            get();
          }
          return put;
        });
  }

  private void put() {
    int[] item = {-1};
    waitForPlace++;
    try {
      queue.put(item);
    } finally {
      waitForPlace--;
    }
    item[0] = itemsPut++;
  }

  private void get() {
    waitForItem++;
    int[] item;
    try {
      item = queue.get();
    } finally {
      waitForItem--;
    }
    check(item[0] == itemsGot, "item " + item[0] + " came as number " + itemsGot);
    itemsGot++;
  }

  private void signalled() throws Exception {
    switch (random.nextInt(5)) {
      case 0 -> event.set();
      case 1 -> event.clear();
      case 2 ->
          limited(
              () -> {
                waitForEvent++;
                try {
                  event.waitSet();
                } finally {
                  waitForEvent--;
                }
                return event;
              });
      case 3 ->
          limited(
              () -> {
                try (var held = condition.acquire()) {
                  try {
                    condition.waitNotified();
                  } finally {
                    check(condition.locked(), "wait ended without the lock: " + held);
                  }
                  return condition;
                }
              });
      default ->
          limited(
              () -> {
                try (var held = condition.acquire()) {
                  condition.notifyMany(1 + random.nextInt(2));
                  return held;
                }
              });
    }
  }

  private void firstOfSeveral(int depth) throws Exception {
    List<Task<Object>> several = List.of(spawn(depth), spawn(depth));
    if (random.nextBoolean()) {
      var waited = waitFirstCompleted(several, micros());
      check(waited.done().stream().allMatch(Promise::done), "a wait took pending for done");
      check(waited.pending().stream().noneMatch(Promise::done), "a wait took done for pending");
    } else {
      int count = 0;
      for (var item : asCompleted(several)) {
        check(item.done(), "an item is not done");
        count++;
      }
      check(count == 2, "asCompleted gave " + count + " of 2 items");
    }
  }

  private void generated(int depth) {
    int items = random.nextInt(4);
    int wanted = random.nextInt(4);
    boolean[] cleaned = {true};
    try (Generator<Integer> numbers =
        generator(
            (Emitter<Integer> e) -> {
              cleaned[0] = false;
              try {
                for (int i = 0; i < items; i++) {
                  if (random.nextInt(3) == 0) {
                    sleep(micros());
                  }
                  e.emit(i);
                }
              } finally {
                cleaned[0] = true;
              }
            })) {
      int expected = 0;
      while (expected < wanted && numbers.hasNext()) {
        check(numbers.next() == expected, "a generator lost an item");
        expected++;
        if (random.nextBoolean()) {
          op(depth + 1);
        }
      }
      check(expected == Math.min(items, wanted), "a generator ended early");
    } catch (RuntimeException unchecked) {
      throw unchecked;
    } catch (Exception checked) {
      throw new CompletionException(checked);
    } finally {
      check(cleaned[0], "a generator was not closed");
    }
  }

  /* ---- Small things ---- */

  private void limited(Step step) throws Exception {
    timeout(micros(), () -> step.run());
  }

  private Duration micros() {
    return Duration.ofNanos(10_000L * random.nextInt(5));
  }

  private @Nullable Duration shortOrNone() {
    return random.nextInt(4) == 0 ? null : micros();
  }

  private static Task<?> current() {
    Task<?> task = Task.current();
    if (task == null) {
      throw new AssertionError("no current task");
    }
    return task;
  }

  private interface Step {
    Object run() throws Exception;
  }

  /// What these programs throw on purpose.
  private static final class Boom extends RuntimeException {
    private static final long serialVersionUID = 1;
  }
}
