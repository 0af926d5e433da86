package weft.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Hello, launched: from the start of the process to its end, as a user types it.
///
/// Weft's is `./weft run Hello.java`, started once before so that the program is compiled and the
/// launcher's ahead-of-time cache made; Python's is `python3 hello.py`, whose byte code is compiled
/// each time as it is for any script.
record HelloRows(JavaSide java, Optional<PythonSide> python, Path home) {
  /// Runs in one round: a single start is a throw of dice.
  private static final int STARTS = 5;

  List<Row> all() {
    return List.of(
        row("hello", "Hello, launched, with its sleep of 1 s", "1", 1),
        row("hello-zero", "Hello, launched, with a sleep of 0 s", "0", STARTS));
  }

  /// Weft's, by the launcher.
  Program weft(String seconds) {
    var launcher = home.resolve("weft").toString();
    var program = home.resolve("bench/src/main/programs/Hello.java").toString();
    var flags = Map.of("WEFT_JAVA_OPTS", String.join(" ", java.asked()));
    return new Program(List.of(launcher, "run", program, seconds), flags);
  }

  /// One that uses nothing but the JDK.
  Program plain(String seconds) {
    return new Program(java.bare(PlainHello.class, List.of(seconds)));
  }

  private Row row(String name, String work, String seconds, int starts) {
    var sides = new EnumMap<Side, Contestant>(Side.class);
    sides.put(Side.WEFT, launched(weft(seconds), starts));
    python.ifPresent(
        side -> {
          sides.put(Side.ASYNCIO, launched(side.hello(seconds, "asyncio"), starts));
          if (side.has("uvloop")) {
            sides.put(Side.UVLOOP, launched(side.hello(seconds, "uvloop"), starts));
          }
        });
    sides.put(Side.FLOOR, launched(plain(seconds), starts));
    return new Row(
        name,
        work,
        Unit.MILLIS,
        sides,
        List.of(Mark.times(1.2, Side.ASYNCIO, "asyncio")),
        "floor: a compiled Java class that prints, sleeps and prints");
  }

  private static Contestant launched(Program program, int starts) {
    return new Contestant() {
      private boolean prepared;

      @Override
      public Reading measure(Effort effort) throws IOException, InterruptedException {
        if (!prepared) {
          program.wallMillis();
          prepared = true;
        }
        var times = new ArrayList<Double>();
        for (int i = 0; i < starts; i++) {
          times.add(program.wallMillis());
        }
        return new Reading(times);
      }
    };
  }
}
