package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.createTask;
import static weft.Weft.sleep;
import static weft.Weft.timeout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.Task;
import weft.io.ClientHandler;
import weft.io.Net;
import weft.io.Server;

/// How a client handler ends, and who hears of it. Whatever reaches the exception handler fails a
/// test that does not expect it.
public abstract class ClientHandlerSuite extends IoSuite {
  private final List<Object> seen = new ArrayList<>();
  private final List<Task<?>> handlers = new ArrayList<>();

  /// For subclasses.
  protected ClientHandlerSuite() {}

  /// Serves one client with `handler`, does `meanwhile` when that has begun, and waits for the end.
  private void serve(ClientHandler handler, Runnable meanwhile) throws IOException {
    ClientHandler noting =
        (reader, writer) -> {
          handlers.add(self());
          handler.handle(reader, writer);
        };
    try (Server server = Net.startServer(noting, "127.0.0.1", 0);
        var client = Net.openConnection("127.0.0.1", server.port())) {
      while (handlers.isEmpty()) {
        sleep(ms(1));
      }
      meanwhile.run();
      try {
        seen.add(client.reader().read().length);
      } catch (IOException reset) {
        // what an abort looks like, on most loops
      }
      settle(handlers);
      server.close();
      server.waitClosed();
    }
  }

  @Test
  void L79_whoIsRefusedTwiceHasMadeNoMistake() {
    run(
        () -> {
          serve(
              (reader, writer) -> {
                writer.close();
                var first = assertThrows(IOException.class, () -> writer.write("a"));
                assertThrows(IOException.class, () -> writer.write("b"));
                throw new UncheckedIOException(first);
              },
              () -> {});
          assertEquals(List.of(0), seen);
        });
  }

  @Test
  void L79_aCancellationInABlockingCallIsNotReported() {
    assumeTrue(direct());
    run(
        () -> {
          serve(
              (reader, writer) -> new SynchronousQueue<String>().take(),
              () -> handlers.getFirst().cancel());
          assertTrue(handlers.getFirst().cancelled());
        });
  }

  @Test
  void L79_aFailureBehindACancellationIsReported() {
    expectErrors(1);
    run(
        () -> {
          serve(
              (reader, writer) -> {
                try {
                  hang();
                } catch (CancelledError leaving) {
                  throw new IllegalStateException("on purpose", leaving);
                }
              },
              () -> handlers.getFirst().cancel());
        });
  }

  @Test
  void L66_whatStandsForACancellation() {
    assumeTrue(direct());
    run(
        () -> {
          var task =
              createTask(
                  () -> {
                    var interrupt =
                        assertThrows(InterruptedException.class, () -> Thread.sleep(100_000));
                    seen.add(self().isCancellation(interrupt));
                    seen.add(self().isCancellation(new IOException()));
                    throw interrupt;
                  });
          turns(2);
          task.cancel();
          failure(task);
          assertTrue(task.cancelled());
          // The interrupt of somebody else is none.
          assertThrows(
              TimeoutException.class,
              () ->
                  timeout(
                      ms(1),
                      () -> {
                        hang();
                      }));
          seen.add(self().isCancellation(new InterruptedException()));
          assertEquals(List.of(true, false, false), seen);
        });
  }
}
