package weft.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.createTask;
import static weft.Weft.run;
import static weft.Weft.sleep;
import static weft.Weft.waitAll;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.EventLoop;
import weft.RunOptions;
import weft.io.Net;

/// What arrives for a read that is cancelled in the same turn.
class UnclaimedChunkTest {
  private static final Duration SOON = Duration.ofMillis(1);

  @Test
  void itsBufferIsGivenBack() {
    run(
        () -> {
          EventLoop loop = EventLoop.running();
          var driver = (SelectorDriver) loop.driver();
          int cancelled = 0;
          try (var listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            for (int round = 0; round < 40; round++) {
              var streams = Net.openConnection("127.0.0.1", listening.getLocalPort());
              try (var peer = listening.accept()) {
                var reading = createTask(() -> streams.reader().readChunk());
                sleep(SOON);
                peer.getOutputStream().write(1);
                loop.callSoon(reading::cancel); // ahead of what comes for it
                waitAll(List.of(reading));
                cancelled += reading.cancelled() ? 1 : 0;
                streams.writer().close();
                streams.writer().waitClosed();
              }
            }
          }
          assertTrue(cancelled > 0);
          assertEquals(0, driver.buffers.lent());
        },
        RunOptions.on("selector"));
  }
}
