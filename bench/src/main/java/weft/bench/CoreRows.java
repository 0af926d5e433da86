package weft.bench;

import static weft.bench.Side.ASYNCIO;
import static weft.bench.Side.FLOOR;
import static weft.bench.Side.PEER;
import static weft.bench.Side.UVLOOP;
import static weft.bench.Side.WEFT;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The table of `weft bench core` as data: each piece of work with its contestants and its marks.
final class CoreRows {
  private static final String UNTRACKED = "-Djdk.trackAllThreads=false";

  private final Effort effort;
  private final JavaSide java;
  private final Optional<PythonSide> python;
  private final List<Row> rows = new ArrayList<>();

  private CoreRows(Effort effort, JavaSide java, Optional<PythonSide> python) {
    this.effort = effort;
    this.java = java;
    this.python = python;
  }

  /// All rows, in the table's order.
  static List<Row> all(
      Effort effort, JavaSide java, Optional<PythonSide> python, Optional<HelloRows> hello) {
    var table = new CoreRows(effort, java, python);
    table.switching();
    table.waiting();
    table.timers();
    table.sleepers();
    table.crossing();
    hello.ifPresent(rows -> table.rows.addAll(rows.all()));
    return List.copyOf(table.rows);
  }

  private void switching() {
    add(
        new Row(
            "ping-pong",
            "ping-pong of two tasks through promises",
            Unit.NANOS,
            with(
                python("ping-pong"),
                java.benchmark(Switching.class, "pingPong"),
                java.benchmark(Switching.class, "pingPongRaw"),
                java.benchmark(Switching.class, "pingPongThreads")),
            List.of(Mark.partOfUvloop(10), Mark.times(1.6, FLOOR, "the floor")),
            "floor: a raw continuation entered and left twice; "
                + "peer: two virtual threads and CompletableFutures"));
    add(
        new Row(
            "create-await",
            "create + await a task",
            Unit.NANOS,
            with(
                python("create-await"),
                java.benchmark(Spawning.class, "createAwait"),
                java.benchmark(Spawning.class, "createAwaitRaw"),
                java.benchmark(Spawning.class, "createAwaitThreads")),
            List.of(Mark.partOfUvloop(10)),
            "floor: a raw continuation makes another, leaves, and is entered again after the"
                + " other's end; peer: a virtual thread started and joined"));
    add(
        new Row(
            "sleep-zero",
            "sleep(0) round over 100 tasks, a switch",
            Unit.NANOS,
            with(
                python("sleep-zero"),
                java.benchmark(Switching.class, "sleepZero"),
                java.benchmark(Switching.class, "sleepZeroRaw"),
                java.benchmark(Switching.class, "sleepZeroThreads")),
            List.of(Mark.partOfUvloop(6), Mark.noBytes("switch")),
            "floor: 100 raw continuations in turn; peer: Thread.yield in 100 virtual threads"));
    add(
        new Row(
            "call-soon",
            "callSoon chain, a callback",
            Unit.NANOS,
            with(
                python("call-soon"),
                java.benchmark(Calling.class, "callSoon"),
                java.benchmark(Calling.class, "callSoonDeque"),
                java.benchmark(Calling.class, "callSoonExecutor")),
            List.of(Mark.partOfUvloop(60)),
            "floor: an ArrayDeque drained by a while; peer: newSingleThreadExecutor"));
  }

  private void waiting() {
    add(
        new Row(
            "await-done",
            "await of a done promise",
            Unit.NANOS,
            with(
                python("await-done"),
                java.benchmark(Awaiting.class, "awaitDone"),
                null,
                java.benchmark(Awaiting.class, "awaitDoneFuture")),
            List.of(Mark.atMost(10, Unit.NANOS)),
            "peer: CompletableFuture.join"));
    add(
        new Row(
            "lock",
            "uncontended lock, acquire + release",
            Unit.NANOS,
            with(
                python("lock"),
                java.benchmark(Awaiting.class, "lock"),
                null,
                java.benchmark(Awaiting.class, "lockReentrant")),
            List.of(Mark.atMost(10, Unit.NANOS), Mark.noBytes("pair")),
            "peer: ReentrantLock"));
  }

  private void timers() {
    for (var order : List.of("random", "earliest")) {
      var first = name(1_000, order);
      for (int armed : List.of(1_000, 100_000, 1_000_000)) {
        var marks = new ArrayList<>(List.of(Mark.atMost(100, Unit.NANOS)));
        if (armed == 1_000_000) {
          marks.add(Mark.timesRow(1.5, first, "that with 1k"));
        }
        var params = Map.of("armed", Integer.toString(armed), "order", order);
        boolean peers = armed == 100_000;
        add(
            new Row(
                name(armed, order),
                "arm + cancel a timer, " + thousands(armed) + " armed, " + order + " deadline",
                Unit.NANOS,
                with(
                    peers ? python("timer", pythonTimer(armed, order)) : Map.of(),
                    java.benchmark(Arming.class, "timer", params),
                    null,
                    peers ? java.benchmark(Arming.class, "timerExecutor", params) : null),
                marks,
                "peer: ScheduledThreadPoolExecutor"));
      }
    }
  }

  /// The mark is for a million; the first ten thousands are heavier, their frames being
  /// interpreted.
  private void sleepers() {
    var marks =
        effort.sleepers() < 1_000_000 ? List.<Mark>of() : List.of(Mark.atMost(1_000, Unit.BYTES));
    sleepers("asleep", "", marks, python("asleep"));
    sleepers("asleep-untracked", ", " + UNTRACKED, marks, Map.of(), UNTRACKED);
  }

  private void sleepers(
      String name, String how, List<Mark> marks, Map<Side, Contestant> python, String... flags) {
    add(
        new Row(
            name,
            "a task asleep, " + thousands(effort.sleepers()) + " of them, heap" + how,
            Unit.BYTES,
            with(python, java.sleepers("weft", flags), null, java.sleepers("threads", flags)),
            marks,
            "Python: growth of the resident size by "
                + thousands(effort.sleepersPython())
                + " tasks; peer: Thread.sleep in virtual threads"));
  }

  private void crossing() {
    add(
        new Row(
            "threadsafe",
            "callSoonThreadsafe from 4 threads",
            Unit.MILLIONS_PER_SECOND,
            with(
                python("threadsafe"),
                java.benchmark(Crossing.class, "threadsafe"),
                java.benchmark(Crossing.class, "threadsafeQueue"),
                java.benchmark(Crossing.class, "threadsafeExecutor")),
            List.of(Mark.atLeastMillions(5)),
            "floor: ConcurrentLinkedQueue and a consumer that spins; "
                + "peer: newSingleThreadExecutor"));
  }

  private void add(Row row) {
    rows.add(row);
  }

  private Map<Side, Contestant> python(String row, String... more) {
    var sides = new EnumMap<Side, Contestant>(Side.class);
    python.ifPresent(
        side -> {
          sides.put(ASYNCIO, side.row(row, "asyncio", more));
          if (side.has("uvloop")) {
            sides.put(UVLOOP, side.row(row, "uvloop", more));
          }
        });
    return sides;
  }

  private static Map<Side, Contestant> with(
      Map<Side, Contestant> python,
      Contestant weft,
      @Nullable Contestant floor,
      @Nullable Contestant peer) {
    var sides = new EnumMap<Side, Contestant>(Side.class);
    sides.putAll(python);
    sides.put(WEFT, weft);
    if (floor != null) {
      sides.put(FLOOR, floor);
    }
    if (peer != null) {
      sides.put(PEER, peer);
    }
    return sides;
  }

  private static String[] pythonTimer(int armed, String order) {
    return order.equals("earliest")
        ? new String[] {"--armed", Integer.toString(armed), "--earliest"}
        : new String[] {"--armed", Integer.toString(armed)};
  }

  private static String name(int armed, String order) {
    return "timer-" + thousands(armed).toLowerCase(Locale.ROOT) + "-" + order;
  }

  private static String thousands(int count) {
    return count >= 1_000_000 ? count / 1_000_000 + "M" : count / 1_000 + "k";
  }
}
