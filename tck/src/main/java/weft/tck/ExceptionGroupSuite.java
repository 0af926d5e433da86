package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.taskGroup;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.BaseExceptionGroup;
import weft.ExceptionGroup;
import weft.TaskGroup;
import weft.ThrowableGroup;

/// Exception groups: what they hold, how they are taken apart, how they print.
public abstract class ExceptionGroupSuite extends LoopSuite {
  private final IOException disk = new IOException("disk");
  private final IllegalStateException state = new IllegalStateException("state");
  private final IllegalArgumentException argument = new IllegalArgumentException("argument");

  /// For subclasses.
  protected ExceptionGroupSuite() {}

  @Test
  void L48_aGroupKnowsItsMessageAndMembers() {
    var group = new ExceptionGroup("two things", List.of(disk, state));
    assertEquals("two things", group.message());
    assertEquals(List.of(disk, state), group.exceptions());
    assertTrue(String.valueOf(group.getMessage()).contains("two things"));
    assertTrue(String.valueOf(group.getMessage()).contains("2"), group.getMessage());
  }

  @Test
  void L48_theMembersCannotBeChanged() {
    var members = new ArrayList<Throwable>(List.of(disk));
    var group = new ExceptionGroup("one", members);
    members.clear();
    assertEquals(List.of(disk), group.exceptions());
    assertThrows(UnsupportedOperationException.class, () -> group.exceptions().clear());
  }

  @Test
  void L48_aGroupSurvivesSerialization() throws Exception {
    var inner = new BaseExceptionGroup("inner", List.of(new AssertionError("error"), state));
    for (Throwable group :
        List.of(
            new ExceptionGroup("outer", List.of(disk, argument)),
            new BaseExceptionGroup("outer", List.of(disk, inner)))) {
      Object copy = copy(group);
      assertEquals(printed(group), printed((Throwable) copy));
      assertEquals(2, ((ThrowableGroup) copy).exceptions().size());
    }
  }

  private static String printed(Throwable thrown) {
    var text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text, true));
    return text.toString();
  }

  @Test
  void L48_anEmptyGroupIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> new ExceptionGroup("none", List.<Exception>of()));
  }

  @Test
  void L48_anErrorNeedsABaseGroup() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new ExceptionGroup("x", List.of(new AssertionError("y"))));
    var group = new BaseExceptionGroup("x", List.of(new AssertionError("y"), disk));
    assertEquals(2, group.exceptions().size());
    assertInstanceOf(Error.class, group);
  }

  @Test
  void L48_splitTakesMatchingAndRestApart() {
    var group = new ExceptionGroup("three", List.of(disk, state, argument));
    var split = group.split(IOException.class);
    assertEquals(List.of(disk), membersOf(split.matching()));
    assertEquals(List.of(state, argument), membersOf(split.rest()));
    assertEquals("three", nonNull(split.matching()).message());
  }

  @Test
  void L48_splitOfNothingOrAllHasOneSideNull() {
    var group = new ExceptionGroup("two", List.of(disk, state));
    assertNull(group.split(ArithmeticException.class).matching());
    assertEquals(List.of(disk, state), membersOf(group.split(ArithmeticException.class).rest()));
    assertNull(group.split(Exception.class).rest());
    assertSame(group, group.split(ExceptionGroup.class).matching());
  }

  @Test
  void L48_splitKeepsTheNesting() {
    var inner = new ExceptionGroup("inner", List.of(disk, state));
    var group = new ExceptionGroup("outer", List.of(inner, argument));
    var split = group.split(t -> t instanceof IOException);
    var matching = nonNull(split.matching());
    assertEquals("outer", matching.message());
    var within = assertInstanceOf(ExceptionGroup.class, matching.exceptions().getFirst());
    assertEquals("inner", within.message());
    assertEquals(List.of(disk), within.exceptions());
    var rest = nonNull(split.rest());
    assertEquals(2, rest.exceptions().size());
    assertEquals(
        List.of(state),
        assertInstanceOf(ExceptionGroup.class, rest.exceptions().getFirst()).exceptions());
    assertSame(argument, rest.exceptions().get(1));
  }

  @Test
  void L48_subgroupIsTheMatchingHalf() {
    var inner = new ExceptionGroup("inner", List.of(state));
    var group = new ExceptionGroup("outer", List.of(inner, disk));
    assertEquals(List.of(disk), membersOf(group.subgroup(IOException.class)));
    assertNull(group.subgroup(ArithmeticException.class));
    assertSame(group, group.subgroup(t -> true));
    assertEquals(1, membersOf(group.subgroup(IllegalStateException.class)).size());
  }

  @Test
  void L48_theRestOfABaseGroupMayBeAPlainGroup() {
    var error = new AssertionError("error");
    var group = new BaseExceptionGroup("mixed", List.of(error, disk));
    var split = group.split(Error.class);
    assertSame(group, split.matching());
    var members = group.split(t -> t == error);
    assertInstanceOf(BaseExceptionGroup.class, members.matching());
    assertInstanceOf(ExceptionGroup.class, members.rest());
  }

  @Test
  void L48_splitKeepsStackTraceAndCause() {
    var group = new ExceptionGroup("two", List.of(disk, state));
    group.initCause(argument);
    var matching = (Throwable) nonNull(group.split(IOException.class).matching());
    assertSame(argument, matching.getCause());
    assertEquals(List.of(group.getStackTrace()), List.of(matching.getStackTrace()));
  }

  @Test
  void L48_thePrintedTraceShowsEveryMemberWithItsTrace() {
    var caused = new UncheckedIOException("wrapped", disk);
    var inner = new ExceptionGroup("inner", List.of(state, caused));
    var group = new ExceptionGroup("outer", List.of(inner, argument));
    var text = new StringWriter();
    group.printStackTrace(new PrintWriter(text, true));
    String printed = text.toString();
    for (String part :
        List.of(
            "outer",
            "inner",
            "java.lang.IllegalStateException: state",
            "java.lang.IllegalArgumentException: argument",
            "Caused by: java.io.IOException: disk",
            getClass().getSimpleName().isEmpty() ? "" : "ExceptionGroupSuite")) {
      assertTrue(printed.contains(part), printed);
    }
    assertTrue(printed.indexOf("inner") < printed.indexOf("argument"), printed);
    assertTrue(printed.lines().count() > 10, printed);
  }

  @Test
  void L48_whatIsSuppressedBesideTheMembersIsPrintedAndKeptBySplitting() {
    var beside = new TimeoutException("beside");
    var group =
        new ExceptionGroup(
            "g", List.of(new IllegalStateException("state"), new IOException("disk")));
    group.addSuppressed(beside);
    var text = new StringWriter();
    group.printStackTrace(new PrintWriter(text, true));
    assertTrue(text.toString().contains("beside"), text.toString());
    var split = group.split(IOException.class);
    for (ThrowableGroup part : List.of(nonNull(split.matching()), nonNull(split.rest()))) {
      assertEquals(
          List.of(part.exceptions().getFirst(), beside),
          List.of(part.asThrowable().getSuppressed()));
    }
  }

  @Test
  void L48_aTaskGroupsGroupHasTheTracesOfTheChildren() {
    run(
        () -> {
          var group =
              assertThrows(
                  ExceptionGroup.class,
                  () ->
                      taskGroup(
                          (TaskGroup g) -> {
                            g.createTask(ExceptionGroupSuite::crashingChild);
                          }));
          var text = new StringWriter();
          group.printStackTrace(new PrintWriter(text, true));
          assertTrue(text.toString().contains("crashingChild"), text.toString());
        });
  }

  private static void crashingChild() {
    throw new IllegalStateException("crash");
  }

  private static List<Throwable> membersOf(
      @org.jspecify.annotations.Nullable ThrowableGroup group) {
    return nonNull(group).exceptions();
  }

  private static ThrowableGroup nonNull(@org.jspecify.annotations.Nullable ThrowableGroup group) {
    assertNotNull(group);
    return group;
  }
}
