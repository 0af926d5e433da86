package weft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class RunTest {
  private static final String HELLO =
      """
      import module weft;
      import static weft.Weft.*;

      void main(String[] args) {
        run(() -> {
          sleep(Duration.ofMillis(1));
          IO.println("Hello " + String.join("|", args));
        });
      }
      """;

  private static final Installation weft = Installation.get();

  @TempDir Path folder;

  private Path program(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static void assertHas(Installation.Result result, String text) {
    assertTrue((result.out() + result.err()).contains(text), () -> text + " is not in " + result);
  }

  @Test
  void anUnchangedProgramIsNotCompiledAgain() throws Exception {
    program("Hello.java", HELLO + "// " + System.nanoTime());
    List<Path> before = weft.entries();
    var first = weft.weft(folder, "run", "Hello.java", "a b", "", "c\"$d");
    assertEquals("Hello a b||c\"$d\n", first.out(), first::toString);
    assertEquals("", first.err());
    assertEquals(0, first.status());
    List<Path> added = weft.entries().stream().filter(e -> !before.contains(e)).toList();
    assertEquals(1, added.size());
    FileTime written = FileTime.fromMillis(1_000_000_000_000L);
    Files.setLastModifiedTime(added.getFirst().resolve("program.jar"), written);
    Files.setLastModifiedTime(added.getFirst().resolve("main"), written);

    var second = weft.weft(folder, "run", "Hello.java");
    assertEquals("Hello \n", second.out(), second::toString);
    assertEquals(written, Files.getLastModifiedTime(added.getFirst().resolve("program.jar")));

    program("Hello.java", HELLO.replace("Hello ", "Good bye "));
    assertEquals("Good bye \n", weft.weft(folder, "run", "Hello.java").out());
  }

  @Test
  void aDamagedEntryIsCompiledAgain() throws Exception {
    program("Damaged.java", HELLO);
    assertEquals(0, weft.weft(folder, "run", "Damaged.java").status());
    Path entry =
        weft.entries().stream()
            .filter(e -> e.getFileName().toString().startsWith("Damaged-"))
            .findFirst()
            .orElseThrow();
    Files.writeString(entry.resolve("program.jar"), "no jar at all");
    assertEquals("Hello \n", weft.weft(folder, "run", "Damaged.java").out());
    Files.delete(entry.resolve("main"));
    assertEquals("Hello \n", weft.weft(folder, "run", "Damaged.java").out());
  }

  @Test
  void aDamagedStartUpCacheIsHarmless() throws Exception {
    program("Hello.java", HELLO);
    assertEquals(0, weft.weft(folder, "run", "Hello.java").status());
    Path aot;
    try (var files = Files.walk(weft.home.resolve("cli/target/aot"))) {
      aot = files.filter(f -> f.endsWith("programs.aot")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(aot);
    Files.delete(aot);
    for (int i = 1000; i < bytes.length; i++) {
      bytes[i] ^= (byte) i;
    }
    Files.write(aot, Arrays.copyOf(bytes, bytes.length / 2));
    for (int i = 0; i < 2; i++) {
      var result = weft.weft(folder, "run", "Hello.java");
      assertEquals("Hello \n", result.out(), result::toString);
      assertEquals(0, result.status());
      assertEquals(i == 0, result.err().contains("start-up cache"), result::toString);
    }
  }

  /// Of another build's jars the JVM takes no cache, and starts slowly for ever.
  @ParameterizedTest
  @ValueSource(strings = {"weft-cli.jar", "lib/weft.jar", "lib/weft-linux.jar"})
  void aStartUpCacheIsMadeAnewForANewBuild(String jar) throws Exception {
    program("Hello.java", HELLO);
    assertEquals(0, weft.weft(folder, "run", "Hello.java").status());
    Path built = weft.home.resolve("cli/target").resolve(jar);
    FileTime before = Files.getLastModifiedTime(built);
    Files.setLastModifiedTime(built, FileTime.from(Instant.now()));
    try {
      for (int i = 0; i < 2; i++) {
        var result = weft.weft(folder, "run", "Hello.java");
        assertEquals("Hello \n", result.out(), result::toString);
        assertEquals(i == 0, result.err().contains("start-up cache"), result::toString);
      }
    } finally {
      Files.setLastModifiedTime(built, before); // the other tests share it
    }
  }

  @Test
  void compileErrorsAreJavacs() throws Exception {
    program("Broken.java", "void main() {\n  int x = \"text\";\n}\n");
    var result = weft.weft(folder, "run", "Broken.java");
    assertEquals(1, result.status());
    assertEquals("", result.out());
    assertTrue(
        result.err().startsWith("Broken.java:2: error: incompatible types"), result::toString);
    assertHas(result, "1 error");
  }

  @Test
  void aTraceStartsAtTheUsersLine() throws Exception {
    program(
        "Fails.java",
        """
        import module weft;
        import static weft.Weft.*;

        void main() {
          run(() -> {
            sleep(Duration.ZERO);
            fail(List.of());
          });
        }

        void fail(List<String> list) {
          try {
            list.getFirst();
          } catch (NoSuchElementException e) {
            throw new IllegalStateException("nothing there", e);
          }
        }
        """);
    var result = weft.weft(folder, "run", "Fails.java");
    assertEquals(1, result.status());
    List<String> lines = result.err().lines().toList();
    assertEquals(
        "Exception in thread \"main\" java.lang.IllegalStateException: nothing there",
        lines.get(0));
    assertEquals("\tat Fails.fail(Fails.java:15)", lines.get(1));
    assertHas(result, "Caused by: java.util.NoSuchElementException");
    assertHas(result, "\tat Fails.fail(Fails.java:13)");
    assertFalse(result.err().contains("weft."), result::toString);
    assertFalse(result.err().contains("jdk.internal"), result::toString);

    assertHas(weft.weft(folder, "run", "--debug", "Fails.java"), "\tat weft.");
  }

  @Test
  void aGroupShowsEachOfItsExceptions() throws Exception {
    program(
        "Group.java",
        """
        import module weft;
        import static weft.Weft.*;

        void main() {
          run(() -> taskGroup(group -> {
            group.createTask(() -> { throw new IllegalStateException("one"); });
            group.createTask(() -> { throw new IOException("two"); });
          }));
        }
        """);
    var result = weft.weft(folder, "run", "Group.java");
    assertEquals(1, result.status());
    assertHas(result, "ExceptionGroup");
    assertHas(result, "IllegalStateException: one");
    assertHas(result, "IOException: two");
    assertHas(result, "(Group.java:6)");
    assertHas(result, "(Group.java:7)");
    assertFalse(result.err().contains("at weft."), result::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "throw new SystemExit(7);",
        "run(() -> { throw new SystemExit(7); });",
        "System.exit(7);"
      })
  void theProgramsStatusIsTheLaunchers(String statement) throws Exception {
    program(
        "Exits.java",
        "import module weft;\nimport static weft.Weft.*;\nvoid main() {\n" + statement + "\n}\n");
    var result = weft.weft(folder, "run", "Exits.java");
    assertEquals(7, result.status(), result::toString);
    assertEquals("", result.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT 130", "TERM 143"})
  void aSignalEndsTheProgramInGoodOrder(String signalAndStatus) throws Exception {
    String[] parts = signalAndStatus.split(" ");
    program(
        "Waits.java",
        """
        import module weft;
        import static weft.Weft.*;
        void main() {
          run(() -> {
            try {
              IO.println("ready");
              sleep(Duration.ofSeconds(60));
            } finally {
              IO.println("finally");
            }
          });
        }
        """);
    Process process =
        weft.command(folder, Map.of(), List.of(weft.script.toString(), "run", "Waits.java"))
            .start();
    BufferedReader out = process.inputReader();
    assertEquals("ready", out.readLine());
    new ProcessBuilder("kill", "-" + parts[0], Long.toString(process.pid())).start().waitFor();
    assertEquals("finally", out.readLine());
    var result = Installation.finish(process, "");
    assertEquals(Integer.parseInt(parts[1]), result.status(), result::toString);
    assertEquals("", result.err());
  }

  @Test
  void worksFromAnyFolderThroughALinkAndWithSpaces() throws Exception {
    Path spaced = Files.createDirectory(folder.resolve("my programs"));
    Files.writeString(spaced.resolve("Hello.java"), HELLO);
    Path link = Files.createSymbolicLink(folder.resolve("wft"), weft.script);
    Path second = Files.createSymbolicLink(spaced.resolve("link"), Path.of("../wft"));
    for (Path script : List.of(link, second)) {
      var result =
          Installation.finish(
              weft.command(
                      spaced,
                      Map.of(),
                      List.of(script.toString(), "run", "../my programs/Hello.java", "x"))
                  .start(),
              "");
      assertEquals("Hello x\n", result.out(), result::toString);
    }
  }

  @Test
  void standardInputIsTheProgramsFromTheFirstRun() throws Exception {
    program("Reads.java", "void main() {\n  IO.println(IO.readln() + IO.readln());\n}\n");
    for (int i = 0; i < 2; i++) {
      assertEquals("ab\n", weft.weft(folder, Map.of(), "a\nb\n", "run", "Reads.java").out());
    }
  }

  @Test
  void runsWithoutACacheThatCanBeWritten() throws Exception {
    program("Hello.java", HELLO);
    Path file = Files.writeString(folder.resolve("file"), "");
    Path tmp = Files.createDirectory(folder.resolve("tmp"));
    var result =
        weft.weft(
            folder,
            Map.of("WEFT_CACHE", file.resolve("cache").toString(), "TMPDIR", tmp.toString()),
            "",
            "run",
            "Hello.java");
    assertEquals("Hello \n", result.out(), result::toString);
    assertEquals(0, result.status());
    assertHas(result, "cannot write to");
    try (var left = Files.list(tmp)) {
      assertEquals(
          List.of(), left.filter(f -> f.getFileName().toString().startsWith("weft.")).toList());
    }
  }

  @Test
  void wrongUsageIsStatusTwo() throws Exception {
    program("Hello.java", HELLO);
    record Wrong(String says, String... words) {}
    for (Wrong wrong :
        List.of(
            new Wrong("no such file: Missing.java", "run", "Missing.java"),
            new Wrong("Unknown option: '--colour'", "run", "--colour", "Hello.java"),
            new Wrong("'--engine'", "run", "--engine", "steam", "Hello.java"),
            new Wrong("no event loop 'nope'", "run", "--loop", "nope", "Hello.java"),
            new Wrong("did you mean Hello.java?", "run", "Hello"),
            new Wrong("Missing required parameter", "run"),
            new Wrong("Unmatched argument", "fly"),
            new Wrong("no event loop 'nope'", "loops", "--loop", "nope"))) {
      var result = weft.weft(folder, wrong.words());
      assertEquals(2, result.status(), () -> wrong + ": " + result);
      assertTrue(result.err().contains(wrong.says()), () -> wrong + ": " + result);
      assertFalse(result.err().contains("\tat "), result::toString);
    }
  }

  @Test
  void optionsReachTheLoop() throws Exception {
    program(
        "Shows.java",
        """
        import module weft;
        import static weft.Weft.*;
        void main() {
          run(() -> {
            var loop = EventLoop.running();
            IO.println(loop.name() + " " + engine() + " " + loop.debug());
          });
        }
        """);
    assertEquals("selector direct false\n", weft.weft(folder, "run", "Shows.java").out());
    assertEquals(
        "selector portable true\n",
        weft.weft(folder, "run", "--loop=selector", "--engine", "portable", "--debug", "Shows.java")
            .out());
    var environment = Map.of("WEFT_LOOP", "proactor", "WEFT_DEBUG", "1");
    assertEquals(
        "proactor direct true\n", weft.weft(folder, environment, "", "run", "Shows.java").out());
  }

  @Test
  void aClassIsFoundOnTheClassPath() throws Exception {
    Path source =
        program(
            "Plain.java",
            "class Plain { public static void main(String[] a) { System.out.println(\"plain \" +"
                + " a.length); } }");
    Path classes = folder.resolve("classes");
    assertEquals(
        0,
        javax.tools.ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-d", classes.toString(), source.toString()));
    assertEquals("plain 1\n", weft.weft(folder, "run", "-cp", "classes", "Plain", "x").out());
    assertEquals("plain 0\n", weft.weft(folder, "run", "-cp", "classes/", "Plain").out());
    assertEquals(2, weft.weft(folder, "run", "-cp", "", "Plain").status());
    assertEquals(2, weft.weft(folder, "run", "-cp").status());
    assertEquals("plain 0\n", weft.weft(classes, "run", "Plain").out());

    program("Uses.java", "void main() { Plain.main(new String[3]); }");
    assertEquals("plain 3\n", weft.weft(folder, "run", "--class-path=classes", "Uses.java").out());
  }

  @Test
  void whatChangesBehindALinkIsNoticed() throws Exception {
    Path real = Files.createDirectory(folder.resolve("real"));
    Files.createSymbolicLink(folder.resolve("linked"), real);
    program("Shows.java", "void main() { IO.println(Constant.VALUE); }");
    for (int value = 1; value <= 2; value++) {
      Path source =
          program("Constant.java", "class Constant { static final int VALUE = " + value + "; }");
      assertEquals(
          0,
          javax.tools.ToolProvider.getSystemJavaCompiler()
              .run(null, null, null, "-d", real.toString(), source.toString()));
      Files.delete(source);
      assertEquals(value + "\n", weft.weft(folder, "run", "-cp", "linked", "Shows.java").out());
    }
  }

  @Test
  void aSourceOnTheClassPathIsNoPartOfTheProgram() throws Exception {
    program("Other.java", "class Other { public static void main(String[] a) {} }");
    program("Asks.java", "void main() { new Other(); }");
    var asks = weft.weft(folder, "run", "-cp", ".", "Asks.java");
    assertEquals(1, asks.status(), asks::toString);
    assertTrue(asks.err().contains("Other"), asks::toString);
  }

  @Test
  void manyAtOnceCompileTheSameProgram() throws Exception {
    program("Many.java", "void main() { IO.println(1); }");
    var runs = new ArrayList<Future<String>>();
    try (var threads = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < 4; i++) {
        runs.add(threads.submit(() -> weft.weft(folder, "run", "Many.java").out()));
      }
    }
    for (var run : runs) {
      assertEquals("1\n", run.get());
    }
  }

  @Test
  void aDeepRecursionFitsIntoACoroutine() throws Exception {
    program(
        "Deep.java",
        """
        import module weft;
        import static weft.Weft.*;
        int depth(int n) {
          return n == 0 ? 0 : 1 + depth(n - 1);
        }
        void main() {
          run(() -> IO.println(depth(50_000)));
        }
        """);
    var result = weft.weft(folder, "run", "Deep.java");
    assertEquals(
        "50000\n",
        result.out(),
        () -> result.toString().substring(0, Math.min(2000, result.toString().length())));
  }
}
