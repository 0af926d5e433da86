package weft.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What the script builds, and when: with a Maven and a JDK that only write down what they are
/// asked for.
@Tag("slow")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BuildTest {
  private static final String MVN =
      """
      #!/bin/sh
      echo "$*" >>"$HOME/builds"
      [ -e "$HOME/during" ] && sh "$HOME/during"
      mkdir -p cli/target/lib
      for jar in weft-cli lib/weft lib/weft-linux lib/picocli lib/jline; do : >cli/target/$jar.jar; done
      """;

  private static final String JAVA =
      """
      #!/bin/sh
      case "$*" in
        *AOTCacheOutput*) [ -e "$HOME/dies" ] && kill -"$(cat "$HOME/dies")" $$; exit 1 ;;
      esac
      echo "$*" >>"$HOME/starts"
      """;

  @TempDir private Path folder;
  private Path source;
  private Path lock;

  @BeforeEach
  void makeATree() throws IOException {
    Path tree = Files.createDirectory(folder.resolve("tree"));
    Files.copy(
        Installation.root().resolve("weft"),
        tree.resolve("weft"),
        StandardCopyOption.COPY_ATTRIBUTES);
    Files.createFile(tree.resolve("pom.xml"));
    for (String module : List.of("core", "linux", "cli")) {
      Files.createDirectories(tree.resolve(module).resolve("src/main"));
      Files.createFile(tree.resolve(module).resolve("pom.xml"));
    }
    source = Files.createFile(tree.resolve("core/src/main/Source.java"));
    lock = tree.resolve("cli/target/.weft-building");
    script(folder.resolve("bin/mvn"), MVN);
    script(folder.resolve("jdk/bin/java"), JAVA);
    script(folder.resolve("jdk/bin/javac"), "#!/bin/sh\n");
    Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
  }

  private static void script(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /// Starts the script in a shell of this text, where `@` stands for it.
  private Installation.Result start(String shell) throws Exception {
    var builder = new ProcessBuilder("sh", "-c", shell.replace("@", "tree/weft --version"));
    builder.directory(folder.toFile());
    var environment = builder.environment();
    environment.keySet().removeIf(k -> k.startsWith("WEFT_") || k.startsWith("JAVA_"));
    environment.put("HOME", folder.toString());
    environment.put("JAVA_HOME", folder.resolve("jdk").toString());
    environment.put("PATH", folder.resolve("bin") + ":" + environment.get("PATH"));
    return Installation.finish(builder.start(), "");
  }

  private void startsWell() throws Exception {
    var result = start("exec @");
    assertEquals(0, result.status(), result::toString);
  }

  private long lines(String file) throws IOException {
    Path path = folder.resolve(file);
    return Files.exists(path) ? Files.readAllLines(path).size() : 0;
  }

  @Test
  void whatIsThereIsNotBuiltAgain() throws Exception {
    startsWell();
    startsWell();
    assertEquals(1, lines("builds"));
    assertEquals(2, lines("starts"));
    TimeUnit.MILLISECONDS.sleep(20);
    Files.writeString(source, "changed");
    startsWell();
    assertEquals(2, lines("builds"));
  }

  @Test
  void whatChangesDuringTheBuildIsBuiltNextTime() throws Exception {
    Path during =
        Files.writeString(
            folder.resolve("during"), "sleep 0.05; echo >>" + source + "; sleep 0.05");
    startsWell();
    Files.delete(during);
    startsWell();
    assertEquals(2, lines("builds"));
    startsWell();
    assertEquals(2, lines("builds"));
  }

  @Test
  void aBuildThatWasKilledLeavesNothingToWaitFor() throws Exception {
    Files.createDirectories(lock);
    var dead = new ProcessBuilder("true").start();
    dead.waitFor();
    Files.writeString(lock.resolve("pid"), dead.pid() + "\n");
    startsWell();
    assertEquals(1, lines("builds"));
  }

  /// In a container, where each start has the same number.
  @Test
  void aBuildThatWasKilledMayHaveHadTheSameNumber() throws Exception {
    Files.createDirectories(lock);
    var result = start("echo $$ >" + lock + "/pid; exec @");
    assertEquals(0, result.status(), result::toString);
    assertEquals(1, lines("builds"));
  }

  @Test
  void aCacheThatCannotBeMadeKeepsNothingFromStarting() throws Exception {
    Files.writeString(folder.resolve("dies"), "ABRT");
    var result = start("exec @");
    assertEquals(0, result.status(), result::toString);
    assertTrue(result.err().contains("that failed"), result::toString);
    assertEquals(1, lines("starts"));
  }

  @Test
  void whoEndsTheMakingOfACacheEndsTheStart() throws Exception {
    Path dies = Files.writeString(folder.resolve("dies"), "INT");
    var result = start("exec @");
    assertEquals(130, result.status(), result::toString);
    assertEquals(0, lines("starts"));
    Files.delete(dies);
    startsWell();
  }
}
