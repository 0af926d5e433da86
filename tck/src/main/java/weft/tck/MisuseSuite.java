package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.asCompleted;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.runCoroutineThreadsafe;
import static weft.Weft.shield;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;
import static weft.Weft.timeout;
import static weft.Weft.toThread;
import static weft.Weft.waitAll;
import static weft.Weft.waitFor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import weft.EventLoop;
import weft.Promise;
import weft.Task;
import weft.TaskGroup;
import weft.Weft;

/// Mistakes: each is told at once, by an exception that says what to do instead, and never by a
/// hang.
public abstract class MisuseSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected MisuseSuite() {}

  private List<Executable> suspending() {
    Promise<String> promise = loop.createPromise();
    return List.of(
        () -> await(promise),
        promise::await,
        () -> await(async(() -> 1)),
        () -> await(new CompletableFuture<String>()),
        () -> sleep(Duration.ZERO),
        () -> sleep(ms(1)),
        () -> sleep(ms(1), "value"),
        () -> waitFor(promise, ms(1)),
        () -> timeout(ms(1), () -> 1),
        () -> waitAll(List.of(promise)),
        () -> taskGroup((TaskGroup g) -> 1));
  }

  @Test
  void L67_awaitOutsideACoroutine() {
    for (Executable call : suspending()) {
      assertSays(call, "coroutine", "loop");
    }
  }

  @Test
  void L67_awaitInACallback() {
    List<Executable> calls = suspending();
    for (Executable call : calls) {
      loop.callSoon(() -> seen.add(assertThrows(IllegalStateException.class, call)));
    }
    runBriefly();
    assertEquals(calls.size(), seen.size());
    for (Object thrown : seen) {
      assertTrue(thrown.toString().contains("coroutine"), thrown.toString());
    }
  }

  @Test
  void L67_awaitOnAThreadWithoutALoop() throws Exception {
    Promise<String> promise = loop.createPromise();
    elsewhere(() -> seen.add(assertThrows(IllegalStateException.class, () -> await(promise))));
    assertEquals(1, seen.size());
  }

  @Test
  void L67_whatNeedsALoopSaysSo() {
    assertThrows(IllegalStateException.class, EventLoop::running);
    assertThrows(IllegalStateException.class, () -> new Promise<String>());
    assertThrows(IllegalStateException.class, () -> createTask(() -> 1));
    assertThrows(IllegalStateException.class, () -> shield(async(() -> 1)));
    assertThrows(IllegalStateException.class, () -> asCompleted(List.of(async(() -> 1))));
    assertThrows(
        IllegalStateException.class, () -> Weft.wrapFuture(new CompletableFuture<String>()));
    assertThrows(IllegalStateException.class, () -> toThread(() -> 1).await());
  }

  @Test
  void L67_awaitOfSomethingOfAClosedLoop() {
    EventLoop other = newLoop();
    Promise<String> orphan = other.createPromise();
    other.close();
    run(() -> assertThrows(IllegalStateException.class, () -> await(orphan)));
    assertThrows(IllegalStateException.class, () -> other.runUntilComplete(orphan));
  }

  @Test
  void L67_getOfSomethingOfAClosedLoop() throws Exception {
    EventLoop other = newLoop();
    Promise<String> orphan = other.createPromise();
    other.close();
    assertThrows(IllegalStateException.class, orphan::get);
    assertInstanceOf(
        IllegalStateException.class,
        elsewhere(
            () ->
                assertThrows(IllegalStateException.class, () -> orphan.get(20, TimeUnit.SECONDS))));
  }

  @Test
  void L39_awaitOfOneself() {
    run(
        () -> {
          Task<?> me = Task.current();
          assertNotNull(me);
          assertSays(() -> await(me), "itself");
        });
  }

  @Test
  void L39_awaitOfAnotherLoopsPromise() {
    EventLoop other = newLoop();
    try {
      Promise<String> foreign = other.createPromise();
      run(
          () -> {
            assertSays(() -> await(foreign), "another loop");
            assertThrows(IllegalStateException.class, () -> waitFor(foreign, Duration.ofHours(1)));
            assertSays(() -> waitFor(foreign, Duration.ZERO), "another loop");
            assertSays(() -> waitAll(List.of(foreign)), "another loop");
            assertSays(() -> asCompleted(List.of(foreign)), "another");
            assertFalse(foreign.done());
          });
    } finally {
      other.close();
    }
  }

  @Test
  void L14_runInsideARun() {
    run(
        () -> {
          var inner = async(() -> seen.add("ran"));
          assertSays(() -> Weft.run(inner), "run");
          assertSays(() -> loop.runUntilComplete(async(() -> 1)), "run");
          assertSays(loop::runForever, "running");
        });
    loop.callSoon(
        () -> seen.add(assertThrows(IllegalStateException.class, () -> Weft.run(() -> 1))));
    runBriefly();
    assertEquals(1, seen.size());
  }

  @Test
  void L22_aCoroutineAwaitedTwice() {
    run(
        () -> {
          var coroutine = async(() -> 1);
          await(coroutine);
          assertSays(() -> await(coroutine), "coroutine");
          assertSays(() -> createTask(coroutine), "coroutine");
        });
  }

  @Test
  void L68_getInACallbackOfWhatTheLoopMustComplete() {
    Promise<String> promise = loop.createPromise();
    loop.callSoon(() -> seen.add(assertThrows(IllegalStateException.class, promise::get)));
    loop.callSoon(
        () ->
            seen.add(
                assertThrows(IllegalStateException.class, () -> promise.get(5, TimeUnit.SECONDS))));
    runBriefly();
    assertEquals(2, seen.size());
  }

  @Test
  void L68_getInACallbackOfACompletableFutureThatTheLoopMustComplete() {
    Promise<String> promise = loop.createPromise();
    CompletableFuture<String> future = promise.toCompletableFuture();
    loop.callSoon(
        () ->
            seen.add(
                assertThrows(IllegalStateException.class, () -> future.get(2, TimeUnit.SECONDS))));
    loop.callSoon(
        () -> {
          var submitted = runCoroutineThreadsafe(() -> 1, loop);
          seen.add(
              assertThrows(IllegalStateException.class, () -> submitted.get(2, TimeUnit.SECONDS)));
        });
    runBriefly();
    assertEquals(2, seen.size());
  }

  @Test
  void L68_getOfAPendingPromiseOnTheThreadThatShouldRunTheLoop() throws Exception {
    Promise<String> promise = loop.createPromise();
    promise.setResult("done");
    assertEquals("done", promise.get());
  }

  @Test
  void L60_tasksThatAwaitEachOther() {
    run(
        () -> {
          var tasks = new ArrayList<Task<String>>();
          tasks.add(createTask(() -> await(tasks.get(1))));
          tasks.add(createTask(() -> await(tasks.get(2))));
          tasks.add(createTask(() -> await(tasks.get(0))));
          for (var task : tasks) {
            assertInstanceOf(IllegalStateException.class, failure(task));
          }
        });
  }

  @Test
  void L69_aCallFromTheWrongThread() {
    Promise<String> promise = loop.createPromise();
    var thrown = new ArrayList<AtomicReference<@Nullable Throwable>>();
    run(
        () -> {
          List<Executable> calls =
              List.of(
                  () -> loop.callSoon(() -> {}),
                  () -> loop.callLater(ms(1), () -> {}),
                  () -> loop.callAt(Duration.ZERO, () -> {}),
                  () -> loop.createTask(async(() -> 1)),
                  () -> promise.addDoneCallback(p -> {}),
                  loop::stop);
          for (Executable call : calls) {
            var caught = new AtomicReference<@Nullable Throwable>();
            thrown.add(caught);
            var other =
                Thread.ofPlatform()
                    .start(
                        () -> {
                          try {
                            call.execute();
                          } catch (Throwable t) {
                            caught.set(t);
                          }
                        });
            while (other.isAlive()) {
              Thread.onSpinWait();
            }
          }
          turns(3);
        });
    for (var caught : thrown) {
      var error = assertInstanceOf(IllegalStateException.class, caught.get());
      assertTrue(String.valueOf(error.getMessage()).contains("hreadsafe"), error.getMessage());
    }
  }

  @Test
  void L15_aClosedLoopSaysSo() {
    loop.close();
    assertSays(() -> loop.callSoon(() -> {}), "closed");
    assertSays(loop::runForever, "closed");
    assertSays(() -> loop.runUntilComplete(async(() -> 1)), "closed");
    assertSays(() -> loop.createTask(async(() -> 1)), "closed");
  }

  @Test
  void anUnknownLoopNamesThoseThatExist() {
    var error =
        assertThrows(IllegalArgumentException.class, () -> EventLoop.create("no-such-loop"));
    String text = String.valueOf(error.getMessage());
    assertTrue(text.contains("no-such-loop") && text.contains("selector"), text);
  }

  @Test
  void awaitOfNull() {
    run(
        () -> {
          Promise<String> none = nothing();
          assertThrows(NullPointerException.class, () -> await(none));
          assertThrows(NullPointerException.class, () -> createTask(LoopSuite.<Runner>nothing()));
          assertFalse(loop.isClosed());
        });
  }

  @Test
  void asyncOfNull() {
    assertThrows(NullPointerException.class, () -> async(LoopSuite.<Runner>nothing()));
  }

  private static void assertSays(Executable call, String... oneOf) {
    String text = String.valueOf(assertThrows(IllegalStateException.class, call).getMessage());
    assertTrue(List.of(oneOf).stream().anyMatch(text::contains), text);
  }

  private interface Runner extends weft.VoidBody {}
}
