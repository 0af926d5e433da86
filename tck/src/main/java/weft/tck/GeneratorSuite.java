package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.generator;
import static weft.Weft.sleep;
import static weft.Weft.timeout;
import static weft.Weft.waitFor;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.ContextVar;
import weft.Emitter;
import weft.EventLoop;
import weft.Generator;
import weft.GeneratorExit;
import weft.Promise;
import weft.Task;

/// Generators: iterators whose items a coroutine emits, with a guaranteed end.
public abstract class GeneratorSuite extends LoopSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");

  private final List<Object> seen = new ArrayList<>();
  private final List<Emitter<?>> emitters = new ArrayList<>();

  /// For subclasses.
  protected GeneratorSuite() {}

  @Test
  void L49_theItemsComeInOrder() {
    run(
        () -> {
          for (int n : count(5)) {
            seen.add(n);
          }
        });
    assertEquals(List.of(0, 1, 2, 3, 4), seen);
  }

  @Test
  void L49_theBodyRunsOnlyWhenAsked() {
    run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    seen.add("begun");
                    e.emit(1);
                    seen.add("between");
                    e.emit(2);
                    seen.add("ended");
                  });
          turns(2);
          assertEquals(List.of(), seen);
          assertEquals(1, items.next());
          assertEquals(List.of("begun"), seen);
          assertTrue(items.hasNext());
          assertTrue(items.hasNext());
          assertEquals(List.of("begun", "between"), seen);
          assertEquals(2, items.next());
          assertFalse(items.hasNext());
          assertEquals(List.of("begun", "between", "ended"), seen);
          assertThrows(NoSuchElementException.class, items::next);
        });
  }

  @Test
  void L49_controlPassesWithoutATripThroughTheLoop() {
    run(
        () -> {
          loop.callSoon(() -> seen.add("another turn"));
          int sum = 0;
          for (int n : count(100)) {
            sum += n;
          }
          assertEquals(4950, sum);
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L49_theBodyMaySuspend() {
    run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    for (int i = 0; i < 3; i++) {
                      sleep(Duration.ZERO);
                      e.emit(i);
                    }
                  });
          loop.callSoon(() -> seen.add("another turn"));
          for (int n : items) {
            seen.add(n);
          }
          assertEquals(List.of("another turn", 0, 1, 2), seen);
        });
  }

  @Test
  void L49_theConsumerMaySuspend() {
    run(
        () -> {
          for (int n : count(3)) {
            turns(2);
            seen.add(n);
          }
        });
    assertEquals(List.of(0, 1, 2), seen);
  }

  @Test
  void L49_theFailureOfTheBodyReachesTheConsumer() {
    var unchecked = new IllegalStateException("boom");
    var checked = new IOException("disk");
    run(
        () -> {
          Generator<Integer> one =
              generator(
                  (Emitter<Integer> e) -> {
                    e.emit(1);
                    throw unchecked;
                  });
          assertEquals(1, one.next());
          assertSame(unchecked, assertThrows(IllegalStateException.class, one::next));
          assertFalse(one.hasNext());
          Generator<Integer> two =
              generator(
                  (Emitter<Integer> e) -> {
                    throw checked;
                  });
          assertSame(checked, assertThrows(CompletionException.class, two::hasNext).getCause());
        });
  }

  @Test
  void L49_closeRunsTheFinallyBlocks() {
    run(
        () -> {
          try (Generator<Integer> items = endless()) {
            for (int n : items) {
              if (n == 2) {
                break;
              }
            }
            assertEquals(List.of(), seen);
          }
          assertEquals(1, seen.size());
          assertInstanceOf(GeneratorExit.class, seen.getFirst());
        });
  }

  @Test
  void L49_closeWaitsForACleanupThatSuspends() {
    run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    try {
                      e.emit(1);
                    } finally {
                      sleep(Duration.ZERO);
                      sleep(Duration.ZERO);
                      seen.add("cleaned");
                    }
                  });
          items.next();
          items.close();
          assertEquals(List.of("cleaned"), seen);
        });
  }

  @Test
  void L49_closeBeforeTheStartRunsNothing() {
    run(
        () -> {
          Generator<Integer> items = endless();
          items.close();
          items.close();
          assertFalse(items.hasNext());
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void L49_closeAfterTheEndDoesNothing() {
    run(
        () -> {
          Generator<Integer> items = count(2);
          items.forEachRemaining(seen::add);
          items.close();
          assertFalse(items.hasNext());
        });
    assertEquals(List.of(0, 1), seen);
  }

  @Test
  void L49_aClosedGeneratorHasNoItems() {
    run(
        () -> {
          Generator<Integer> items = endless();
          assertTrue(items.hasNext());
          items.close();
          assertFalse(items.hasNext());
          assertThrows(NoSuchElementException.class, items::next);
          items.close();
        });
  }

  @Test
  void L49_aBodyThatEmitsWhenItIsClosedIsTold() {
    run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    try {
                      e.emit(1);
                    } finally {
                      e.emit(2);
                    }
                  });
          items.next();
          assertThrows(IllegalStateException.class, items::close);
          assertFalse(items.hasNext());
        });
  }

  @Test
  void L49_theFailureOfTheCleanupComesOutOfClose() {
    run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    try {
                      e.emit(1);
                    } finally {
                      throwState("cleanup");
                    }
                  });
          items.next();
          assertEquals(
              "cleanup", assertThrows(IllegalStateException.class, items::close).getMessage());
        });
  }

  @Test
  void L49_cancellationOfTheConsumerReachesTheBody() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    Generator<Integer> items =
                        generator(
                            (Emitter<Integer> e) -> {
                              try {
                                hang();
                              } catch (CancelledError c) {
                                seen.add("body");
                                throw c;
                              }
                            });
                    try {
                      items.next();
                    } catch (CancelledError c) {
                      seen.add("consumer");
                      throw c;
                    }
                  });
          turns(2);
          task.cancel();
          assertInstanceOf(CancelledError.class, failure(task));
          assertTrue(task.cancelled());
        });
    assertEquals(List.of("body", "consumer"), seen);
  }

  @Test
  void L49_aBodyMaySwallowTheCancellationAndEmit() {
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    Generator<String> items =
                        generator(
                            (Emitter<String> e) -> {
                              untilCancelled();
                              e.emit("swallowed");
                            });
                    return items.next();
                  });
          turns(2);
          task.cancel();
          assertEquals("swallowed", await(task));
          assertEquals(1, task.cancelling());
          abandonGenerators();
        });
  }

  @Test
  void L49_aTimeoutOfTheConsumerReachesTheBody() {
    run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    try {
                      hang();
                    } finally {
                      seen.add("cleaned");
                    }
                  });
          assertThrows(TimeoutException.class, () -> waitFor(() -> items.next(), ms(2)));
          assertEquals(List.of("cleaned"), seen);
          assertFalse(items.hasNext());
        });
  }

  @Test
  void L49_theBodyRunsInTheContextOfTheConsumer() {
    run(
        () -> {
          COLOUR.set("red");
          Generator<String> items =
              generator(
                  (Emitter<String> e) -> {
                    e.emit(COLOUR.get());
                    COLOUR.set("blue");
                    e.emit(COLOUR.get());
                  });
          assertEquals("red", items.next());
          assertEquals("blue", items.next());
          assertEquals("blue", COLOUR.get());
          assertFalse(items.hasNext());
        });
  }

  @Test
  void L49_generatorsNest() {
    run(
        () -> {
          Generator<Integer> doubled =
              generator(
                  (Emitter<Integer> e) -> {
                    try (Generator<Integer> inner = count(4)) {
                      for (int n : inner) {
                        sleep(Duration.ZERO);
                        e.emit(2 * n);
                      }
                    }
                  });
          doubled.forEachRemaining(seen::add);
        });
    assertEquals(List.of(0, 2, 4, 6), seen);
  }

  @Test
  void L49_recursiveGenerators() {
    run(
        () -> {
          for (int n : countDown(6)) {
            seen.add(n);
          }
        });
    assertEquals(List.of(6, 5, 4, 3, 2, 1), seen);
  }

  @Test
  void L49_manyItems() {
    run(
        () -> {
          long sum = 0;
          for (int n : count(20_000)) {
            sum += n;
          }
          assertEquals(20_000L * 19_999 / 2, sum);
        });
  }

  @Test
  void L49_nullIsAnItem() {
    run(
        () -> {
          Generator<String> items = generator((Emitter<String> e) -> e.emit(nothing()));
          assertTrue(items.hasNext());
          assertNull(items.next());
          assertFalse(items.hasNext());
        });
  }

  @Test
  void L49_twoConsumersAtOnceAreRefused() {
    run(
        () -> {
          Promise<String> gate = loop.createPromise();
          Generator<String> items = generator((Emitter<String> e) -> e.emit(await(gate)));
          var first = createTask(() -> items.next());
          turns(2);
          assertThrows(IllegalStateException.class, items::next);
          gate.setResult("first");
          assertEquals("first", await(first));
          assertFalse(items.hasNext());
        });
  }

  @Test
  void L49_twoTasksMayTakeTurns() {
    run(
        () -> {
          Generator<Integer> items = count(4);
          var one = createTask(() -> seen.add(items.next()));
          var two = createTask(() -> seen.add(items.next()));
          await(one);
          await(two);
          assertEquals(2, items.next());
          items.close();
        });
    assertEquals(List.of(0, 1), seen);
  }

  @Test
  void L49_onlyTheBodyMayEmit() {
    run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    emitters.add(e);
                    e.emit(1);
                  });
          items.next();
          @SuppressWarnings("unchecked")
          var stolen = (Emitter<Integer>) emitters.getFirst();
          assertThrows(IllegalStateException.class, () -> stolen.emit(2));
          items.close();
        });
  }

  @Test
  void L49_aGeneratorNeedsACoroutine() {
    Generator<Integer> items = count(1);
    assertThrows(IllegalStateException.class, items::hasNext);
    assertThrows(IllegalStateException.class, items::next);
  }

  @Test
  void L49_aGeneratorBelongsToTheLoopThatBeganIt() {
    EventLoop other = newLoop();
    try {
      Generator<Integer> items = count(3);
      run(() -> assertEquals(0, items.next()));
      other.runUntilComplete(
          weft.Weft.async(
              () -> {
                assertThrows(IllegalStateException.class, items::next);
              }));
      run(items::close);
    } finally {
      other.close();
    }
  }

  @Test
  void L49_shutdownClosesWhatWasBegun() {
    run(
        () -> {
          Generator<Integer> items = endless();
          items.next();
          await(loop.shutdownGenerators());
          assertEquals(1, seen.size());
          assertFalse(items.hasNext());
        });
  }

  @Test
  void L49_shutdownReportsEachFailingCleanup() {
    expectErrors(1);
    run(
        () -> {
          Generator<Integer> bad =
              generator(
                  (Emitter<Integer> e) -> {
                    try {
                      e.emit(1);
                    } finally {
                      throwState("cleanup");
                    }
                  });
          bad.next();
          Generator<Integer> good = endless();
          good.next();
          await(loop.shutdownGenerators());
          assertEquals(1, seen.size());
        });
    assertInstanceOf(IllegalStateException.class, errors().getFirst().exception());
  }

  @Test
  @Tag("slow")
  void L49_aForgottenGeneratorIsClosedByTheGarbageCollector() {
    run(
        () -> {
          beginAndForget();
          for (int i = 0; i < 200 && seen.isEmpty(); i++) {
            System.gc();
            sleep(ms(10));
          }
          assertEquals(1, seen.size());
          turns(3);
        });
  }

  @Test
  void aBodyHasACurrentTask() {
    run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    assertNotNull(Task.current());
                    e.emit(1);
                  });
          assertEquals(1, items.next());
          items.close();
        });
  }

  private void abandonGenerators() {
    await(loop.shutdownGenerators());
  }

  private void beginAndForget() {
    endless().next();
  }

  private Generator<Integer> endless() {
    return generator(
        (Emitter<Integer> e) -> {
          try {
            for (int i = 0; ; i++) {
              e.emit(i);
            }
          } catch (GeneratorExit exit) {
            seen.add(exit);
            throw exit;
          }
        });
  }

  @Test
  void L49_theEndOfABodyIsNoSuspension() {
    run(
        () -> {
          var seen = new ArrayList<Object>();
          var task =
              createTask(
                  () -> {
                    self().cancel("late");
                    for (int i : count(2)) {
                      seen.add(i);
                    }
                    seen.add("after the loop");
                    sleep(Duration.ZERO);
                    seen.add("never");
                  });
          var thrown = assertThrows(CancelledError.class, () -> await(task));
          assertEquals("late", thrown.getMessage());
          assertEquals(List.of(0, 1, "after the loop"), seen);
        });
  }

  private static Generator<Integer> count(int n) {
    return generator(
        (Emitter<Integer> e) -> {
          for (int i = 0; i < n; i++) {
            e.emit(i);
          }
        });
  }

  private static Generator<Integer> countDown(int n) {
    return generator(
        (Emitter<Integer> e) -> {
          if (n > 0) {
            e.emit(n);
            for (int m : countDown(n - 1)) {
              e.emit(m);
            }
          }
        });
  }

  private static void throwState(String message) {
    throw new IllegalStateException(message);
  }

  @Test
  void L49_aCancellationIsCountedOnceForConsumerAndBody() {
    run(
        () -> {
          Promise<Boolean> never = loop.createPromise();
          var items =
              generator(
                  (Emitter<Integer> e) -> {
                    try {
                      await(never);
                    } catch (CancelledError caught) {
                      seen.add(self().cancelling());
                    }
                    e.emit(1);
                    seen.add(self().cancelling());
                  });
          timeout(
              ms(1),
              limit -> {
                assertTrue(items.hasNext());
                seen.add(items.next());
              });
          assertFalse(items.hasNext());
          assertEquals(List.of(1, 1, 0), seen);
        });
  }

  @Test
  void L45_aTimeoutInAGeneratorThatExpiresWhileNobodyAsksIsForgotten() {
    run(
        () -> {
          Generator<Integer> items =
              generator(
                  (Emitter<Integer> e) -> {
                    timeout(
                        ms(2),
                        () -> {
                          e.emit(1);
                        });
                    e.emit(2);
                  });
          for (int item : items) {
            seen.add(item);
            sleep(ms(10));
          }
          assertEquals(0, self().cancelling());
          assertEquals(List.of(1, 2), seen);
        });
  }
}
