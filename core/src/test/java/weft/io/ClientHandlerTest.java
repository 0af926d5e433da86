package weft.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static weft.Weft.run;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import weft.EventLoop;
import weft.Promise;
import weft.Weft;

/// What a server makes of the exceptions of its client handlers.
@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ClientHandlerTest {
  @TempDir private Path folder;

  /// Connects, sends a byte, resets the connection, and returns what was reported.
  private static List<Throwable> reports(ClientHandler handler) {
    List<Throwable> reports = new ArrayList<>();
    run(
        () -> {
          EventLoop.running()
              .setExceptionHandler(
                  (loop, error) -> reports.add(Objects.requireNonNull(error.exception())));
          Promise<Void> ended = new Promise<>();
          ClientHandler told =
              (reader, writer) -> {
                try {
                  handler.handle(reader, writer);
                } finally {
                  ended.setResult(null);
                }
              };
          try (Server server = Net.startServer(told, "127.0.0.1", 0)) {
            InetSocketAddress address = (InetSocketAddress) server.addresses().getFirst();
            try (SocketChannel client = SocketChannel.open(address)) {
              client.setOption(StandardSocketOptions.SO_LINGER, 0);
              client.write(ByteBuffer.allocate(1));
              Weft.sleep(Duration.ofMillis(20));
            } catch (SocketException e) {
              // The handler has failed, and the server aborted the connection, before this was
              // sent.
            }
            ended.await();
            server.close();
            server.waitClosed();
          }
        });
    return reports;
  }

  @Test
  void thatTheConnectionIsLostIsNotReported() {
    assertEquals(
        List.of(),
        reports(
            (reader, writer) -> {
              while (true) {
                writer.write(new byte[100_000]);
              }
            }));
    assertEquals(List.of(), reports((reader, writer) -> reader.readExactly(1_000)));
    assertEquals(
        List.of(),
        reports(
            (reader, writer) -> {
              for (String line : reader) {
                writer.write(line);
              }
            }));
    assertEquals(
        List.of(),
        reports(
            (reader, writer) -> {
              reader.readExactly(1);
              writer.abort();
              writer.write("too late");
            }));
  }

  @Test
  void thatItIsLostWhileAFileIsSentIsNotReported() throws Exception {
    Path path = folder.resolve("file");
    Files.write(path, new byte[50_000_000]);
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      assertEquals(List.of(), reports((reader, writer) -> Net.sendFile(writer, file)));
      assertEquals(
          List.of(),
          reports(
              (reader, writer) -> {
                while (true) {
                  writer.write("head");
                  Net.sendFile(writer.transport(), file, 0, 100_000L, true);
                }
              }));
    }
  }

  @Test
  void anotherExceptionIsReported() {
    IOException other = new IOException("of another connection");
    assertSame(
        other,
        reports(
                (reader, writer) -> {
                  throw other;
                })
            .getFirst());
    IllegalStateException mistake = new IllegalStateException();
    assertSame(
        mistake,
        reports(
                (reader, writer) -> {
                  throw mistake;
                })
            .getFirst());
  }
}
