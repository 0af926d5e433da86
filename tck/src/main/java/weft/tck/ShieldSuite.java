package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.shield;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Promise;

/// `shield`: the inner survives the cancellation of the outer.
public abstract class ShieldSuite extends LoopSuite {
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected ShieldSuite() {}

  @Test
  void L41_aDoneInnerIsReturnedItself() {
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          inner.setResult("done");
          assertSame(inner, shield(inner));
          Promise<String> failed = loop.createPromise();
          failed.setException(new IllegalStateException("boom"));
          assertSame(failed, shield(failed));
          failure(failed);
        });
  }

  @Test
  void L41_theResultPasses() {
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          Promise<String> outer = shield(inner);
          assertNotSame(inner, outer);
          inner.setResult("passed");
          assertFalse(outer.done());
          assertEquals("passed", await(outer));
        });
  }

  @Test
  void L41_theFailurePasses() {
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          Promise<String> outer = shield(inner);
          var failure = new IllegalStateException("boom");
          inner.setException(failure);
          assertSame(failure, failure(outer));
        });
    loop.close();
    assertEquals(List.of(), errors());
  }

  @Test
  void L41_cancellingTheOuterLeavesTheInnerRunning() {
    run(
        () -> {
          var inner =
              createTask(
                  () -> {
                    turns(3);
                    return "ended";
                  });
          Promise<String> outer = shield(inner);
          turns(1);
          assertTrue(outer.cancel());
          assertTrue(outer.cancelled());
          assertInstanceOf(CancelledError.class, failure(outer));
          assertFalse(inner.done());
          assertEquals("ended", await(inner));
          assertEquals(0, inner.cancelling());
        });
  }

  @Test
  void L41_cancellingTheWaiterLeavesTheInnerRunning() {
    run(
        () -> {
          var inner =
              createTask(
                  () -> {
                    turns(3);
                    return "ended";
                  });
          var waiter =
              createTask(
                  () -> {
                    await(shield(inner));
                    seen.add("went on");
                  });
          turns(1);
          waiter.cancel();
          assertInstanceOf(CancelledError.class, failure(waiter));
          assertEquals("ended", await(inner));
        });
    assertEquals(List.of(), seen);
  }

  @Test
  void L41_cancellingTheInnerCancelsTheOuter() {
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          Promise<String> outer = shield(inner);
          inner.cancel();
          assertInstanceOf(CancelledError.class, failure(outer));
          assertTrue(outer.cancelled());
        });
  }

  @Test
  void L41_aFailureAfterTheOuterWasCancelledIsReportedOnce() {
    expectErrors(1);
    var failure = new IllegalStateException("too late");
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          Promise<String> outer = shield(inner);
          outer.cancel();
          turns(1);
          inner.setException(failure);
          turns(2);
        });
    assertEquals(1, errors().size());
    assertSame(failure, errors().getFirst().exception());
    loop.close();
  }

  @Test
  void L41_aFailureIsReportedOnceHoweverManyShields() {
    expectErrors(1);
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          Promise<String> one = shield(inner);
          Promise<String> two = shield(inner);
          one.cancel();
          two.cancel();
          turns(1);
          inner.setException(new IllegalStateException("too late"));
          turns(2);
        });
    assertEquals(1, errors().size());
    loop.close();
  }

  @Test
  void L41_aResultAfterTheOuterWasCancelledIsNoReport() {
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          shield(inner).cancel();
          turns(1);
          inner.setResult("fine");
          turns(2);
          Promise<String> second = loop.createPromise();
          shield(second).cancel();
          second.cancel();
          turns(2);
        });
    loop.close();
    assertEquals(List.of(), errors());
  }

  @Test
  void L41_aCoroutineBecomesATask() {
    run(
        () -> {
          var waiter =
              createTask(
                  () ->
                      await(
                          shield(
                              async(
                                  () -> {
                                    turns(3);
                                    seen.add("ended");
                                  }))));
          turns(2);
          waiter.cancel();
          failure(waiter);
          turns(5);
        });
    assertEquals(List.of("ended"), seen);
  }

  @Test
  void L41_aShieldOfAShieldHolds() {
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          Promise<String> outer = shield(shield(inner));
          outer.cancel();
          turns(2);
          assertFalse(inner.done());
          inner.setResult("fine");
          turns(2);
        });
  }

  @Test
  void L41_oneOfTwoShieldsMayBeCancelled() {
    run(
        () -> {
          Promise<String> inner = loop.createPromise();
          Promise<String> one = shield(inner);
          Promise<String> two = shield(inner);
          one.cancel();
          inner.setResult("fine");
          assertEquals("fine", await(two));
          assertTrue(one.cancelled());
        });
  }
}
