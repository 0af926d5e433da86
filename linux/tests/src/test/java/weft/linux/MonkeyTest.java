package weft.linux;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever a user does through the public API, the process lives on: see [Monkey]. It is a process
/// of its own, so that it can be seen to die.
///
/// `-Dweft.fault.seconds=60` takes so long for each, `-Dweft.seed=…` repeats a round.
@Tag("slow")
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MonkeyTest {
  private static final long MILLIS = Long.getLong("weft.fault.seconds", 0) * 1000;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "uring"})
  void nothingThatIsLegalOrIllegalKillsTheProcess(String loop) throws Exception {
    run(loop, false);
  }

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "uring"})
  void norDoesASecondThread(String loop) throws Exception {
    run(loop, true);
  }

  private void run(String loop, boolean rude) throws IOException, InterruptedException {
    long millis = MILLIS > 0 ? MILLIS : 700;
    long seed = Long.getLong("weft.seed", 0);
    var command = Jvm.command(List.of("-Xmx256m"), Monkey.class, loop, millis, folder, seed, rude);
    String said = Jvm.run(command, folder);
    assertTrue(rude || said.contains("survived"), said);
    if (MILLIS > 0) {
      System.out.println(loop + (rude ? ", rude: " : ": ") + said.lines().toList().getLast());
    }
  }
}
