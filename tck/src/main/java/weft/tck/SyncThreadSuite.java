package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.runCoroutineThreadsafe;
import static weft.Weft.toThread;

import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import weft.EventLoop;
import weft.Promise;
import weft.VoidBody;
import weft.sync.AsyncBarrier;
import weft.sync.AsyncBoundedSemaphore;
import weft.sync.AsyncCondition;
import weft.sync.AsyncEvent;
import weft.sync.AsyncLifoQueue;
import weft.sync.AsyncLock;
import weft.sync.AsyncPriorityQueue;
import weft.sync.AsyncQueue;
import weft.sync.AsyncSemaphore;

/// The primitives of `weft.sync` and threads: whose a primitive is, and that nobody else can do
/// anything with it.
public abstract class SyncThreadSuite extends LoopSuite {
  private static final List<Supplier<Object>> MAKERS =
      List.of(
          AsyncLock::new,
          () -> locked(new AsyncLock()),
          AsyncEvent::new,
          SyncThreadSuite::setEvent,
          AsyncCondition::new,
          SyncThreadSuite::lockedCondition,
          AsyncSemaphore::new,
          () -> new AsyncSemaphore(0),
          AsyncBoundedSemaphore::new,
          () -> new AsyncBoundedSemaphore(0),
          () -> new AsyncBarrier(1),
          () -> new AsyncBarrier(2),
          AsyncQueue::new,
          () -> filled(new AsyncQueue<>(1)),
          AsyncLifoQueue::new,
          () -> filled(new AsyncLifoQueue<>(1)),
          AsyncPriorityQueue::new,
          () -> filled(new AsyncPriorityQueue<>(1)));

  /// For subclasses.
  protected SyncThreadSuite() {}

  private static AsyncLock locked(AsyncLock lock) {
    assertTrue(lock.tryAcquire());
    return lock;
  }

  private static AsyncEvent setEvent() {
    var event = new AsyncEvent();
    event.set();
    return event;
  }

  private static AsyncCondition lockedCondition() {
    return new AsyncCondition(locked(new AsyncLock()));
  }

  private static AsyncQueue<Integer> filled(AsyncQueue<Integer> queue) {
    queue.putNowait(1);
    return queue;
  }

  /// All that is more than a look.
  private static List<Executable> operations(Object primitive) {
    return switch (primitive) {
      case AsyncLock lock -> List.of(lock::acquire, lock::tryAcquire, lock::release);
      case AsyncEvent event -> List.of(event::waitSet, event::set, event::clear);
      case AsyncCondition condition ->
          List.of(
              condition::acquire,
              condition::tryAcquire,
              condition::release,
              condition::waitNotified,
              () -> condition.waitUntil(() -> true),
              condition::notifyOne,
              () -> condition.notifyMany(2),
              condition::notifyWaiters);
      case AsyncSemaphore permits ->
          List.of(permits::acquire, permits::tryAcquire, permits::release);
      case AsyncBarrier barrier -> List.of(barrier::waitAll, barrier::reset, barrier::abort);
      case AsyncQueue<?> queue -> operations(queue);
      default -> throw new AssertionError(primitive);
    };
  }

  @SuppressWarnings("unchecked")
  private static List<Executable> operations(AsyncQueue<?> some) {
    var queue = (AsyncQueue<Integer>) some;
    return List.of(
        () -> queue.put(2),
        () -> queue.putNowait(2),
        queue::get,
        queue::getNowait,
        queue::taskDone,
        queue::join,
        queue::shutdown,
        () -> queue.shutdown(true));
  }

  private static VoidBody body(Executable call) {
    return () -> {
      try {
        call.execute();
      } catch (Exception | Error thrown) {
        throw thrown;
      } catch (Throwable thrown) {
        throw new AssertionError(thrown);
      }
    };
  }

  /// Nothing can be done with it on the calling thread, and it stays as it is.
  private static void assertRefusedHere(Object primitive) {
    String before = primitive.toString();
    for (Executable operation : operations(primitive)) {
      var thrown = assertThrows(IllegalStateException.class, operation, before);
      assertTrue(thrown.toString().contains("callSoonThreadsafe"), before + ": " + thrown);
    }
    assertEquals(before, primitive.toString());
  }

  private static void assertRefusedElsewhere(Object primitive) throws Exception {
    elsewhere(() -> assertRefusedHere(primitive));
  }

  /// Runs `main` on another loop and thread, while this one goes on.
  private static void onAnotherLoop(EventLoop other, VoidBody main) {
    await(toThread(() -> other.runUntilComplete(async(main))));
  }

  @Test
  void L69_aPrimitiveIsRefusedElsewhereOnceItIsUsed() {
    for (var maker : MAKERS) {
      int operations = operations(maker.get()).size();
      IntStream.range(0, operations).forEach(i -> refusedOnceUsed(maker.get(), i));
    }
  }

  /// Whatever is done first, and whether that waits, fails or neither.
  private void refusedOnceUsed(Object primitive, int operation) {
    run(
        () -> {
          var user = createTask(body(operations(primitive).get(operation)));
          turns(2);
          assertRefusedElsewhere(primitive);
          user.cancel();
          settle(List.of(user));
          assertRefusedElsewhere(primitive);
        });
  }

  @Test
  void L69_aPrimitiveIsRefusedElsewhereOnceACallbackUsedIt() {
    for (var maker : MAKERS) {
      Object primitive = maker.get();
      loop.callSoon(() -> assertThrowsOrNot(operations(primitive).getLast()));
      run(
          () -> {
            turns(1);
            assertRefusedElsewhere(primitive);
          });
    }
  }

  private static void assertThrowsOrNot(Executable operation) {
    try {
      operation.execute();
    } catch (Throwable expected) {
      assertFalse(String.valueOf(expected).contains("callSoonThreadsafe"), expected.toString());
    }
  }

  @Test
  void L69_aPrimitiveThatWasMadeOnTheLoopIsRefusedToThreadsAtOnce() {
    run(
        () -> {
          for (var maker : MAKERS) {
            assertRefusedElsewhere(maker.get());
          }
        });
  }

  @Test
  void L69_whatAnAcquireReturnedIsRefusedElsewhere() {
    run(
        () -> {
          var lock = new AsyncLock();
          var permits = new AsyncSemaphore();
          for (var held : List.of(lock.acquire(), permits.acquire())) {
            elsewhere(() -> assertThrows(IllegalStateException.class, held::close));
            assertTrue(lock.locked() || permits.locked());
            held.close();
          }
          assertFalse(lock.locked() || permits.locked());
        });
  }

  @Test
  void L69_aConditionIsRefusedWhereItsLockIs() {
    var lock = new AsyncLock();
    var condition = new AsyncCondition(lock);
    run(
        () -> {
          lock.acquire();
          assertRefusedElsewhere(condition);
          assertTrue(lock.locked());
        });
  }

  @Test
  void L69_aPrimitiveInUseIsRefusedToALoopOnAnotherThread() {
    var other = newLoop();
    try {
      for (var maker : MAKERS) {
        Object primitive = maker.get();
        run(
            () -> {
              settle(List.of(createTask(body(operations(primitive).get(1)))));
              onAnotherLoop(other, () -> assertRefusedHere(primitive));
            });
      }
    } finally {
      other.close();
    }
  }

  @Test
  void L69_aPrimitiveMadeOnOneLoopMayBeUsedOnAnotherFirst() {
    var other = newLoop();
    try {
      run(
          () -> {
            var lock = new AsyncLock();
            onAnotherLoop(
                other,
                () -> {
                  lock.acquire();
                  await(runCoroutineThreadsafe(() -> assertRefusedHere(lock), loop));
                  assertRefusedElsewhere(lock);
                });
            lock.release();
            assertTrue(lock.tryAcquire());
          });
    } finally {
      other.close();
    }
  }

  @Test
  void L69_whereNoLoopRunsAnyThreadMayUseAPrimitive() throws Exception {
    var queue = new AsyncQueue<Integer>();
    queue.put(1);
    elsewhere(() -> queue.putNowait(2));
    run(() -> assertEquals(1, queue.get()));
    elsewhere(() -> assertEquals(2, queue.get()));
    queue.put(3);
    run(() -> assertEquals(3, queue.get()));
    assertTrue(queue.isEmpty());
  }

  @Test
  void L69_aPrimitiveGoesFromLoopToLoop() {
    var lock = new AsyncLock();
    var other = newLoop();
    try {
      for (int i = 0; i < 2; i++) {
        run(() -> useAlone(lock));
        other.runUntilComplete(async(() -> useAlone(lock)));
      }
    } finally {
      other.close();
    }
  }

  private static void useAlone(AsyncLock lock) throws Exception {
    try (var _ = lock.acquire()) {
      assertRefusedElsewhere(lock);
    }
  }

  @Test
  void L69_aPrimitiveStaysWithTheStoppedLoopOnWhichSomebodyWaits() {
    var lock = locked(new AsyncLock());
    Promise<String> got = loop.createPromise();
    var other = newLoop();
    try {
      run(
          () -> {
            createTask(
                () -> {
                  lock.acquire();
                  got.setResult("the lock");
                });
            turns(1);
          });
      other.runUntilComplete(
          async(
              () -> {
                lock.release();
                assertFalse(lock.tryAcquire());
              }));
      run(
          () -> {
            await(got);
            onAnotherLoop(other, () -> assertRefusedHere(lock));
          });
    } finally {
      other.close();
    }
    assertTrue(lock.locked());
  }

  @Test
  void L69_aCallbackOnAStackOfItsOwnMayUseAPrimitive() {
    assumeTrue(direct(), "the portable engine blocks the loop");
    run(
        () -> {
          var event = new AsyncEvent();
          var blocking = new SynchronousQueue<String>();
          var blocked = createTask(blocking::take);
          turns(1);
          loop.callSoon(event::set);
          event.waitSet();
          assertFalse(blocked.done());
          blocking.put("go on");
          assertEquals("go on", await(blocked));
        });
  }
}
