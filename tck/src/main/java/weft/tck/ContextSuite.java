package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.async;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.gather;
import static weft.Weft.taskGroup;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import weft.Context;
import weft.ContextVar;
import weft.Task;
import weft.TaskGroup;
import weft.TaskOptions;

/// Context variables: every task and callback works in a context of its own.
public abstract class ContextSuite extends LoopSuite {
  private final ContextVar<String> colour = new ContextVar<>("colour", "none");
  private final ContextVar<Integer> bare = new ContextVar<>("bare");
  private final List<Object> seen = new ArrayList<>();

  /// For subclasses.
  protected ContextSuite() {}

  @Test
  void aVariableHasItsDefaultOrNothing() {
    assertEquals("none", colour.get());
    assertEquals("other", colour.get("other"));
    assertThrows(NoSuchElementException.class, bare::get);
    assertEquals(7, bare.get(7));
    run(
        () -> {
          assertEquals("none", colour.get());
          assertThrows(NoSuchElementException.class, bare::get);
          bare.set(1);
          assertEquals(1, bare.get());
          assertEquals(1, bare.get(7));
        });
  }

  @Test
  void aTokenTakesTheValueBack() {
    run(
        () -> {
          var first = colour.set("red");
          var second = colour.set("blue");
          colour.reset(second);
          assertEquals("red", colour.get());
          colour.reset(first);
          assertEquals("none", colour.get());
          assertThrows(IllegalStateException.class, () -> colour.reset(first));
        });
  }

  @Test
  void aTokenIsAResource() {
    run(
        () -> {
          try (var _ = colour.set("red")) {
            try (var blue = colour.set("blue")) {
              assertEquals("blue", colour.get());
              blue.variable().reset(blue); // closing it then does nothing
              assertEquals("red", colour.get());
            }
            assertEquals("red", colour.get());
          }
          assertEquals("none", colour.get());
          var foreign = colour.set("green");
          await(
              createTask(
                  () -> assertThrows(IllegalArgumentException.class, () -> foreign.close())));
          assertEquals("green", colour.get());
        });
  }

  @Test
  void aTokenOfAnotherCallbackIsRefused() {
    var tokens = new ArrayList<ContextVar.Token<String>>();
    var seen = new ArrayList<String>();
    run(
        () -> {
          loop.callSoon(
              () -> {
                tokens.add(colour.set("red"));
                tokens.add(colour.set("blue"));
                colour.reset(tokens.getLast());
                seen.add(colour.get());
                loop.callSoon(() -> seen.add(colour.get()));
              });
          loop.callSoon(
              () -> {
                seen.add(colour.get());
                assertThrows(IllegalArgumentException.class, () -> colour.reset(tokens.getFirst()));
                seen.add(colour.get());
              });
          turns(3);
        });
    assertEquals(List.of("red", "none", "none", "red"), seen);
  }

  @Test
  void aTokenOfAnotherVariableOrContextIsRefused() {
    run(
        () -> {
          var token = colour.set("red");
          var other = new ContextVar<String>("other");
          assertThrows(IllegalArgumentException.class, () -> other.reset(token));
          var task =
              createTask(
                  () -> assertThrows(IllegalArgumentException.class, () -> colour.reset(token)));
          await(task);
          assertEquals("red", colour.get());
        });
  }

  @Test
  void L27_aTasksWritesAreInvisibleToItsMaker() {
    run(
        () -> {
          colour.set("red");
          var task =
              createTask(
                  () -> {
                    assertEquals("red", colour.get());
                    colour.set("blue");
                    turns(1);
                    assertEquals("blue", colour.get());
                  });
          await(task);
          assertEquals("red", colour.get());
        });
  }

  @Test
  void L27_theMakersLaterWritesAreInvisibleToTheTask() {
    run(
        () -> {
          colour.set("red");
          var task =
              createTask(
                  () -> {
                    seen.add(colour.get());
                    turns(2);
                    seen.add(colour.get());
                  });
          colour.set("blue");
          turns(1);
          colour.set("green");
          await(task);
        });
    assertEquals(List.of("red", "red"), seen);
  }

  @Test
  void L27_aTaskKeepsItsValuesOverItsSuspensions() {
    run(
        () -> {
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 50; i++) {
            int n = i;
            tasks.add(
                createTask(
                    () -> {
                      bare.set(n);
                      for (int round = 0; round < 5; round++) {
                        turns(1);
                        assertEquals(n, bare.get());
                      }
                    }));
          }
          for (var task : tasks) {
            assertEquals(null, failure(task));
          }
          assertThrows(NoSuchElementException.class, bare::get);
        });
  }

  @Test
  void L27_twoTasksMayShareAContext() {
    run(
        () -> {
          var shared = new Context();
          var options = TaskOptions.defaults().context(shared);
          await(createTask(() -> colour.set("red"), options));
          await(createTask(() -> seen.add(colour.get()), options));
          assertEquals("none", colour.get());
          assertEquals(Optional.of("red"), shared.get(colour));
        });
    assertEquals(List.of("red"), seen);
  }

  @Test
  void L27_theChildrenOfGatherAndGroupHaveTheirOwn() {
    run(
        () -> {
          colour.set("red");
          await(gather(List.of(async(() -> colour.set("blue")), async(() -> colour.set("green")))));
          taskGroup(
              (TaskGroup g) -> {
                g.createTask(() -> seen.add(colour.get()));
                g.createTask(() -> colour.set("yellow"));
                colour.set("orange");
                g.createTask(() -> seen.add(colour.get()));
              });
          assertEquals("orange", colour.get());
        });
    assertEquals(List.of("red", "orange"), seen);
  }

  @Test
  void L27_theRunTakesACopyOfTheThreadsContext() {
    var token = colour.set("thread");
    try {
      run(
          () -> {
            assertEquals("thread", colour.get());
            colour.set("task");
          });
      assertEquals("thread", colour.get());
    } finally {
      colour.reset(token);
    }
  }

  @Test
  void aContextRunsABlock() {
    run(
        () -> {
          var context = new Context();
          colour.set("outside");
          String inside =
              context.run(
                  () -> {
                    assertEquals("none", colour.get());
                    colour.set("inside");
                    return colour.get();
                  });
          assertEquals("inside", inside);
          assertEquals("outside", colour.get());
          assertEquals(Optional.of("inside"), context.get(colour));
        });
  }

  @Test
  void aBlockInAContextMaySuspend() {
    run(
        () -> {
          colour.set("outside");
          var other =
              createTask(
                  () -> {
                    for (int i = 0; i < 5; i++) {
                      assertEquals("outside", colour.get());
                      turns(1);
                    }
                  });
          var context = new Context();
          context.run(
              () -> {
                colour.set("inside");
                turns(3);
                assertEquals("inside", colour.get());
              });
          assertEquals("outside", colour.get());
          assertEquals(null, failure(other));
        });
  }

  @Test
  void aBlockThatFailsLeavesItsContext() {
    run(
        () -> {
          colour.set("outside");
          var context = new Context();
          assertThrows(
              IllegalStateException.class,
              () ->
                  context.run(
                      () -> {
                        colour.set("inside");
                        throw new IllegalStateException("boom");
                      }));
          assertEquals("outside", colour.get());
        });
  }

  @Test
  void contextsNest() {
    run(
        () -> {
          var one = new Context();
          var two = new Context();
          one.run(
              () -> {
                colour.set("one");
                two.run(
                    () -> {
                      colour.set("two");
                      turns(1);
                    });
                assertEquals("one", colour.get());
              });
          assertEquals(Optional.of("two"), two.get(colour));
        });
  }

  @Test
  void aTaskMadeInsideABlockCopiesThatContext() {
    run(
        () -> {
          var context = new Context();
          Task<String> task =
              context.run(
                  () -> {
                    colour.set("inside");
                    return createTask(() -> colour.get());
                  });
          assertEquals("inside", await(task));
        });
  }

  @Test
  void aCopyIsIndependent() {
    run(
        () -> {
          colour.set("red");
          var copy = Context.copyCurrent();
          colour.set("blue");
          assertEquals(Optional.of("red"), copy.get(colour));
          var second = copy.copy();
          copy.run(
              () -> {
                colour.set("green");
              });
          assertEquals(Optional.of("red"), second.get(colour));
          assertTrue(copy.contains(colour));
          assertFalse(copy.contains(bare));
          assertEquals(Optional.empty(), copy.get(bare));
          assertTrue(copy.size() >= 1);
          assertEquals(0, new Context().size());
        });
  }

  @Test
  void threadsHaveContextsOfTheirOwn() throws Exception {
    var token = colour.set("here");
    try {
      assertEquals("none", elsewhere(() -> colour.get()));
      elsewhere(
          () -> {
            colour.set("there");
          });
      assertEquals("here", colour.get());
    } finally {
      colour.reset(token);
    }
  }

  @Test
  void aCallbacksWritesStayInItsCopy() {
    run(
        () -> {
          colour.set("red");
          loop.callSoon(() -> colour.set("blue"));
          loop.callSoon(() -> seen.add(colour.get()));
          turns(1);
          assertEquals("red", colour.get());
        });
    assertEquals(List.of("red"), seen);
  }
}
