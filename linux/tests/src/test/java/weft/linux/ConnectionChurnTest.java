package weft.linux;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Connections come and go and leave nothing behind, neither descriptors nor memory of any kind:
/// see [ConnectionChurn].
///
/// `-Dweft.fault.cycles=1000000` takes that many on each loop.
@Tag("slow")
@Timeout(value = 1200, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConnectionChurnTest {
  private static final int FEW = 3000;
  private static final int CYCLES = Integer.getInteger("weft.fault.cycles", FEW);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "uring"})
  void connectionsLeaveNothingBehind(String loop) throws Exception {
    var options = List.of("-Xmx64m", "-XX:NativeMemoryTracking=summary", "-XX:TieredStopAtLevel=4");
    String said =
        Jvm.run(
            Jvm.command(options, ConnectionChurn.class, loop, CYCLES, folder.resolve("socket")),
            folder);
    assertTrue(said.contains(CYCLES + " cycles"), said);
    if (CYCLES > FEW) {
      System.out.print(said);
    }
  }
}
