package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;

import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import weft.Task;
import weft.io.ConnectOptions;
import weft.io.ExtraInfo;
import weft.io.Net;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Streams;
import weft.spi.ListenOptions;

/// Unix sockets: `startUnixServer`, `openUnixConnection` and their kin.
public abstract class UnixSuite extends IoSuite {
  private Path folder;
  private Path path;

  /// For subclasses.
  protected UnixSuite() {}

  /// The path of a unix socket must be short, which the usual folder for tests may not be.
  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createTempDirectory("weft");
    path = folder.resolve("socket");
    try {
      loop.driver()
          .listen(
              UnixDomainSocketAddress.of(folder.resolve("probe")),
              new ListenOptions(1, false, false))
          .close();
      Files.delete(folder.resolve("probe"));
    } catch (UnsupportedOperationException e) {
      assumeTrue(false, e.getMessage());
    }
  }

  @AfterEach
  void deleteFolder() throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.toList().reversed()) {
        Files.delete(file);
      }
    }
  }

  private static void echo(StreamReader reader, StreamWriter writer) throws IOException {
    byte[] data = reader.read(10_000);
    while (data.length > 0) {
      writer.write(data);
      data = reader.read(10_000);
    }
  }

  private Server echoServer() throws IOException {
    return Net.startUnixServer(UnixSuite::echo, path);
  }

  private static void end(Streams streams) throws IOException {
    streams.writer().close();
    streams.writer().waitClosed();
  }

  private boolean exists() {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  /// Leaves the file of a socket behind, on which nobody listens.
  private void leaveStale() throws IOException {
    ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(path))
        .close();
    assertTrue(exists());
  }

  /* ---- Connections ---- */

  @Test
  void failuresNameThePath() {
    run(
        () -> {
          Path tooLong = folder.resolve("x".repeat(200));
          Files.writeString(path, "in the way");
          List<Executable> attempts =
              List.of(
                  () -> Net.openUnixConnection(tooLong),
                  () -> Net.startUnixServer(UnixSuite::echo, tooLong),
                  () -> Net.openUnixConnection(path),
                  () -> Net.startUnixServer(UnixSuite::echo, path));
          for (int i = 0; i < attempts.size(); i++) {
            var thrown = assertThrows(SocketException.class, attempts.get(i));
            String message = String.valueOf(thrown.getMessage());
            assertTrue(message.contains((i < 2 ? tooLong : path).toString()), message);
          }
        });
  }

  @Test
  void bytesGoBothWays() {
    run(
        () -> {
          Server server = echoServer();
          Streams client = Net.openUnixConnection(path);
          client.writer().write("hello\n");
          assertEquals("hello", client.reader().readLine());
          byte[] much = pattern(1 << 20);
          var sending =
              createTask(
                  () -> {
                    client.writer().write(much);
                    client.writer().writeEof();
                  });
          assertArrayEquals(much, client.reader().read());
          await(sending);
          end(client);
          end(server);
        });
  }

  @Test
  void aProtocolIsServedToo() {
    run(
        () -> {
          var accepted = new ArrayList<Recorded>();
          Server server =
              Net.createUnixServer(
                  () -> {
                    var protocol = new Recorded();
                    accepted.add(protocol);
                    return protocol;
                  },
                  path,
                  ServerOptions.defaults());
          var client = Net.createUnixConnection(Recorded::new, path, ConnectOptions.defaults());
          client.transport().write(utf8("over unix"));
          assertTrue(client.transport().canWriteEof());
          client.transport().close();
          await(client.protocol().lost);
          until(() -> !accepted.isEmpty());
          await(accepted.getFirst().lost);
          assertEquals("over unix", accepted.getFirst().text());
          assertNull(accepted.getFirst().reason());
          end(server);
        });
  }

  @Test
  void aPlainSocketIsUnderstood() {
    run(
        () -> {
          Server server = echoServer();
          String answer =
              await(
                  away(
                      () -> {
                        try (var socket = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                          socket.write(ByteBuffer.wrap(utf8("plain")));
                          socket.shutdownOutput();
                          var answered = ByteBuffer.allocate(100);
                          int read = 0;
                          while (read >= 0) {
                            read = socket.read(answered);
                          }
                          return text(Arrays.copyOf(answered.array(), answered.position()));
                        }
                      }));
          assertEquals("plain", answer);
          end(server);
        });
  }

  @Test
  void theAddressesAreThePaths() {
    run(
        () -> {
          Server server = echoServer();
          assertEquals(List.of(UnixDomainSocketAddress.of(path)), server.addresses());
          Streams client = Net.openUnixConnection(path);
          assertEquals(
              UnixDomainSocketAddress.of(path), client.writer().extraInfo(ExtraInfo.PEERNAME));
          end(client);
          end(server);
          assertEquals(List.of(), server.addresses());
        });
  }

  @Test
  void manyConnectAtTheSameTime() {
    run(
        () -> {
          Server server = echoServer();
          var clients = new ArrayList<Task<String>>();
          for (int i = 0; i < 30; i++) {
            String text = "client " + i;
            clients.add(
                createTask(
                    () -> {
                      Streams client = Net.openUnixConnection(path);
                      client.writer().write(text + "\n");
                      String answer = String.valueOf(client.reader().readLine());
                      end(client);
                      return answer;
                    }));
          }
          for (int i = 0; i < 30; i++) {
            assertEquals("client " + i, await(clients.get(i)));
          }
          end(server);
        });
  }

  @Test
  void nobodyThereIsAnException() {
    run(
        () -> {
          assertThrows(IOException.class, () -> Net.openUnixConnection(path));
          leaveStale();
          assertThrows(IOException.class, () -> Net.openUnixConnection(path));
        });
  }

  @Test
  void aSocketOfTheJdkBecomesAConnection() {
    run(
        () -> {
          Server server = echoServer();
          var socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
          var client = Net.createConnection(Recorded::new, socket, ConnectOptions.defaults());
          client.transport().write(utf8("given"));
          until(() -> client.protocol().received() == 5);
          client.transport().close();
          await(client.protocol().lost);
          end(server);
        });
  }

  @Test
  void aListenerOfTheJdkBecomesAServer() {
    run(
        () -> {
          var socket =
              ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                  .bind(UnixDomainSocketAddress.of(path));
          Server server = Net.createServer(Recorded::new, socket, ServerOptions.defaults());
          Streams client = Net.openUnixConnection(path);
          until(() -> server.connections() == 1);
          end(client);
          end(server);
          assertTrue(exists(), "a file that is not the server's was removed");
        });
  }

  @Test
  void aPathThatIsTooLongIsAnException() {
    run(
        () -> {
          Path longPath = folder.resolve("x".repeat(200));
          assertThrows(SocketException.class, () -> Net.startUnixServer(UnixSuite::echo, longPath));
          assertThrows(SocketException.class, () -> Net.openUnixConnection(longPath));
        });
  }

  @Test
  void aFolderThatDoesNotExistIsAnException() {
    run(
        () ->
            assertThrows(
                IOException.class,
                () -> Net.startUnixServer(UnixSuite::echo, folder.resolve("absent/socket"))));
  }

  /* ---- The file ---- */

  @Test
  void L107_aStaleSocketIsReplaced() {
    run(
        () -> {
          leaveStale();
          Server server = echoServer();
          Streams client = Net.openUnixConnection(path);
          client.writer().write("fresh\n");
          assertEquals("fresh", client.reader().readLine());
          end(client);
          end(server);
        });
  }

  @Test
  void L107_anotherFileIsNotReplaced() {
    run(
        () -> {
          Files.writeString(path, "precious");
          assertThrows(IOException.class, this::echoServer);
          assertEquals("precious", Files.readString(path));
          Files.delete(path);
          Files.createDirectory(path);
          assertThrows(IOException.class, this::echoServer);
          assertTrue(Files.isDirectory(path));
        });
  }

  @Test
  void L107_aLinkIsNotReplaced() {
    run(
        () -> {
          Path target = folder.resolve("target");
          Files.writeString(target, "precious");
          Files.createSymbolicLink(path, target);
          assertThrows(IOException.class, this::echoServer);
          assertTrue(Files.isSymbolicLink(path));
          assertEquals("precious", Files.readString(target));
        });
  }

  @Test
  void L107_theFileIsRemovedOnClose() {
    run(
        () -> {
          Server server = echoServer();
          assertTrue(exists());
          server.close();
          assertFalse(exists());
          server.close();
          server.waitClosed();
        });
  }

  @Test
  void L107_theFileIsKeptIfThatIsWanted() {
    run(
        () -> {
          end(
              Net.startUnixServer(
                  UnixSuite::echo, path, ServerOptions.defaults().cleanupSocket(false)));
          assertTrue(exists());
        });
  }

  @Test
  void L107_aFileThatWasReplacedIsKept() {
    run(
        () -> {
          Server first = echoServer();
          Server second = echoServer(); // takes the path over
          end(first);
          assertTrue(exists());
          Streams client = Net.openUnixConnection(path);
          client.writer().write("second\n");
          assertEquals("second", client.reader().readLine());
          end(client);
          end(second);
          assertFalse(exists());
        });
  }

  @Test
  void L107_aRegularFileInItsPlaceIsKept() {
    run(
        () -> {
          Server server = echoServer();
          Files.delete(path);
          Files.writeString(path, "precious");
          end(server);
          assertEquals("precious", Files.readString(path));
        });
  }

  @Test
  void aFileThatIsGoneDoesNotMatter() {
    run(
        () -> {
          Server server = echoServer();
          Files.delete(path);
          end(server);
          assertFalse(exists());
        });
  }

  @Test
  void connectionsOutliveTheFile() {
    run(
        () -> {
          Server server = echoServer();
          Streams client = Net.openUnixConnection(path);
          client.writer().write("one\n");
          assertEquals("one", client.reader().readLine());
          server.close();
          client.writer().write("two\n");
          assertEquals("two", client.reader().readLine());
          end(client);
          server.waitClosed();
        });
  }

  @Test
  void thePermissionsCanBeSet() {
    run(
        () -> {
          for (String mode : List.of("rw-------", "rwxrwxrwx")) {
            Set<PosixFilePermission> wanted = PosixFilePermissions.fromString(mode);
            Server server =
                Net.startUnixServer(UnixSuite::echo, path, ServerOptions.defaults().mode(wanted));
            assertEquals(wanted, Files.getPosixFilePermissions(path));
            end(server);
          }
        });
  }

  @Test
  void aServerThatIsCancelledWhileItStartsLeavesNothing() {
    run(
        () -> {
          var starting = createTask(this::echoServer);
          turns(1);
          starting.cancel();
          settle(List.of(starting));
          assertTrue(starting.cancelled());
          assertFalse(exists());
        });
  }

  /* ---- TLS ---- */

  @Test
  void tlsGoesOverUnixSockets() {
    run(
        () -> {
          Server server =
              Net.startUnixServer(
                  UnixSuite::echo, path, ServerOptions.defaults().tls(Tls.server()));
          Streams client =
              Net.openUnixConnection(
                  path, ConnectOptions.defaults().tls(Tls.client().serverHostname("weft.test")));
          client.writer().write("secret\n");
          assertEquals("secret", client.reader().readLine());
          assertNotNull(client.writer().extraInfo(ExtraInfo.TLS_SESSION));
          end(client);
          end(server);
        });
  }

  @Test
  void overTlsTheNameMustBeSaid() {
    run(
        () -> {
          Server server =
              Net.startUnixServer(
                  UnixSuite::echo, path, ServerOptions.defaults().tls(Tls.server()));
          assertThrows(
              IllegalArgumentException.class,
              () -> Net.openUnixConnection(path, ConnectOptions.defaults().tls(Tls.client())));
          assertThrows(
              SSLException.class,
              () ->
                  Net.openUnixConnection(
                      path,
                      ConnectOptions.defaults().tls(Tls.client().serverHostname("wrong.test"))));
          server.closeClients();
          end(server);
        });
  }

  @Test
  void L107_aPipeIsNotReplaced() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    run(
        () ->
            assertThrows(
                IOException.class, () -> Net.startUnixServer((reader, writer) -> {}, pipe)));
    assertTrue(Files.exists(pipe));
  }
}
