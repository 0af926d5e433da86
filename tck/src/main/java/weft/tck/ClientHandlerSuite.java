package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.sleep;
import static weft.Weft.taskGroup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.SynchronousQueue;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import weft.CancelledError;
import weft.ContextVar;
import weft.Promise;
import weft.Task;
import weft.io.ClientHandler;
import weft.io.ConnectOptions;
import weft.io.IncompleteReadException;
import weft.io.Net;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.WaterMarks;

/// Client handlers: what they are given, how they end, and who hears of it. Whatever reaches the
/// exception handler fails a test that does not expect it.
public abstract class ClientHandlerSuite extends IoSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");
  private static final Duration LONG = Duration.ofHours(1);

  private final List<String> seen = new ArrayList<>();

  /// For subclasses.
  protected ClientHandlerSuite() {}

  @Test
  void L79_theConnectionIsClosedWhenTheHandlerReturns() {
    run(
        () -> {
          byte[] data = pattern(1_000_000);
          Server server = serve((reader, writer) -> writer.write(data));
          var peer = dial(server);
          assertArrayEquals(data, await(peer.readingAll()));
          end(server);
        });
  }

  @Test
  void L79_aHandlerIsATaskOfItsOwn() {
    run(
        () -> {
          var tasks = new ArrayList<Task<?>>();
          COLOUR.set("red");
          var colours = new ArrayList<String>();
          Server server =
              serve(
                  (reader, writer) -> {
                    tasks.add(Task.current());
                    colours.add(COLOUR.get());
                    COLOUR.set("changed");
                    writer.write(reader.readLine() + "\n");
                  });
          COLOUR.set("green");
          var first = dial(server);
          var second = dial(server);
          until(() -> tasks.size() == 2);
          assertFalse(tasks.get(0) == tasks.get(1));
          second.write("2\n");
          assertEquals("2\n", second.readAll());
          first.write("1\n");
          assertEquals("1\n", first.readAll());
          assertEquals(List.of("red", "red"), colours);
          end(server);
        });
  }

  /// The handler throws after the first byte.
  private void assertReportedOnce(Throwable failure, ClientHandler handler) {
    run(
        () -> {
          Server server = serve(handler);
          var peer = dial(server);
          peer.write("x");
          assertReset(peer);
          end(server);
        });
    expectErrors(1);
    assertSame(failure, errors().getFirst().exception());
  }

  @Test
  void L79_aFailureIsReportedOnceAndTheConnectionGone() {
    var failure = new ArithmeticException("on purpose");
    assertReportedOnce(
        failure,
        (reader, writer) -> {
          reader.readExactly(1);
          throw failure;
        });
    assertTrue(errors().getFirst().message().contains("client handler"));
  }

  @Test
  void L79_anErrorIsReportedOnceAndTheConnectionGone() {
    var failure = new AssertionError("on purpose");
    assertReportedOnce(
        failure,
        (reader, writer) -> {
          reader.readExactly(1);
          throw failure;
        });
  }

  @Test
  void L79_anIoExceptionOfItsOwnIsReported() {
    var failure = new IOException("on purpose");
    assertReportedOnce(
        failure,
        (reader, writer) -> {
          reader.readExactly(1);
          throw failure;
        });
  }

  @Test
  void L79_theLossOfTheConnectionIsNotReported() {
    run(
        () -> {
          Promise<Boolean> reading = loop.createPromise();
          Server server =
              serve(
                  (reader, writer) -> {
                    reading.setResult(true);
                    reader.readLine();
                  });
          var peer = dial(server);
          await(reading);
          peer.reset();
          end(server);
        });
  }

  @Test
  void L79_aCancelledHandlerIsSilent() {
    run(
        () -> {
          Promise<Task<?>> started = loop.createPromise();
          Server server =
              serve(
                  (reader, writer) -> {
                    started.setResult(self());
                    hang();
                  });
          var peer = dial(server);
          Task<?> task = await(started);
          task.cancel();
          assertReset(peer);
          failure(task);
          assertTrue(task.cancelled());
          end(server);
        });
  }

  @Test
  void L79_aHandlerThatCancelsItselfIsSilent() {
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) -> {
                    reader.readExactly(1);
                    throw new CancelledError();
                  });
          var peer = dial(server);
          peer.write("x");
          assertReset(peer);
          end(server);
        });
  }

  @Test
  void aHandlerMayCloseByItself() {
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) -> {
                    writer.write("bye");
                    writer.close();
                    writer.waitClosed();
                  });
          assertEquals("bye", dial(server).readAll());
          end(server);
        });
  }

  @Test
  void aHandlerMayOutliveItsClient() {
    run(
        () -> {
          Promise<Boolean> gone = loop.createPromise();
          Server server =
              serve(
                  (reader, writer) -> {
                    assertEquals(0, reader.read().length);
                    gone.setResult(true);
                    turns(10);
                  });
          dial(server).close();
          await(gone);
          end(server);
        });
  }

  @Test
  void L79_aLossWithinAGroupIsNotReported() {
    run(
        () -> {
          Promise<Boolean> ended = loop.createPromise();
          Server server =
              serve(
                  (reader, writer) -> {
                    try {
                      taskGroup(
                          group -> {
                            group.createTask(() -> reader.read(100));
                          });
                    } finally {
                      ended.setResult(true);
                    }
                  });
          var peer = dial(server);
          peer.write("half a line");
          turns(3);
          peer.reset();
          await(ended);
          end(server);
        });
    expectErrors(0);
  }

  @Test
  void L79_aFileThatMeetsAResetIsNoMistake() throws IOException {
    Path path = Files.write(Files.createTempFile("weft-tck", ".file"), new byte[100_000]);
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.DELETE_ON_CLOSE)) {
      run(
          () -> {
            Promise<Boolean> reset = loop.createPromise();
            Promise<Boolean> ended = loop.createPromise();
            Server server =
                serve(
                    (reader, writer) -> {
                      try {
                        await(reset);
                        writer.write("head");
                        Net.sendFile(writer, file);
                        writer.write("tail");
                        Net.sendFile(writer, file);
                      } finally {
                        ended.setResult(true);
                      }
                    });
            var peer = dial(server);
            turns(3);
            peer.reset();
            reset.setResult(true);
            await(ended);
            end(server);
          });
    }
    expectErrors(0);
  }

  /* ---- The end of the input ---- */

  private static void doubled(StreamReader reader, StreamWriter writer) throws IOException {
    while (true) {
      byte[] two = reader.readExactly(2);
      writer.write(two);
      writer.write(two);
    }
  }

  /// The client sends "ab" and so on, and ends its side before the handler begins.
  private void assertAnswered(String sent, String answer, ClientHandler handler) {
    run(
        () -> {
          Promise<Boolean> begin = loop.createPromise();
          Server server =
              serve(
                  (reader, writer) -> {
                    await(begin);
                    handler.handle(reader, writer);
                  });
          var peer = dial(server);
          peer.write(sent);
          peer.shutdownOutput();
          letTheRestArrive();
          begin.setResult(true);
          assertEquals(answer, peer.readAll());
          end(server);
        });
  }

  @Test
  void L79_atTheEndOfTheInputTheAnswersAreSent() {
    assertAnswered("abcd", "ababcdcd", ClientHandlerSuite::doubled);
  }

  @Test
  void L79_howeverMuchIsStillToBeSent() {
    byte[] answer = pattern(100_000);
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) -> {
                    writer.transport().setWriteBufferLimits(new WaterMarks(10_000_000));
                    while (true) {
                      reader.readUntil("\n");
                      writer.write(answer);
                    }
                  });
          var peer = dial(server);
          peer.write("\n".repeat(50));
          peer.shutdownOutput();
          letTheRestArrive();
          assertEquals(50 * answer.length, await(peer.readingAll()).length);
          end(server);
        });
  }

  @Test
  void L79_soTheyAreIfTheEndComesWrapped() {
    assertAnswered(
        "ab",
        "abab",
        (reader, writer) -> {
          try {
            doubled(reader, writer);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  @Test
  void L79_soTheyAreIfATaskMeetsTheEnd() {
    assertAnswered(
        "ab", "abab", (reader, writer) -> await(createTask(() -> doubled(reader, writer))));
  }

  @Test
  void L79_soTheyAreIfAGroupMeetsTheEnd() {
    assertAnswered(
        "ab",
        "abab",
        (reader, writer) ->
            taskGroup(
                group -> {
                  group.createTask(() -> doubled(reader, writer));
                }));
  }

  @Test
  void L79_anEndInTheMiddleOfAMessageIsReported() {
    expectErrors(1);
    assertAnswered("abc", "abab", ClientHandlerSuite::doubled);
    var thrown = assertInstanceOf(IncompleteReadException.class, errors().getFirst().exception());
    assertEquals("c", text(thrown.partial()));
  }

  @Test
  void L79_theEndOfAnotherStreamIsAFailure() {
    var other = new ArrayList<Throwable>();
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) -> {
                    assertThrows(IncompleteReadException.class, () -> reader.readExactly(2));
                    var fed = new StreamReader();
                    fed.feedEof();
                    try {
                      fed.readExactly(2);
                    } catch (IOException e) {
                      other.add(e);
                      throw e;
                    }
                  });
          var peer = dial(server);
          peer.write("x");
          peer.shutdownOutput();
          assertReset(peer);
          end(server);
        });
    expectErrors(1);
    assertSame(other.getFirst(), errors().getFirst().exception());
  }

  @Test
  void L79_aMessageThatIsCutOffHereIsNoMistake() {
    run(
        () -> {
          Promise<Boolean> ended = loop.createPromise();
          Server server =
              serve(
                  (reader, writer) -> {
                    try {
                      doubled(reader, writer);
                    } finally {
                      ended.setResult(true);
                    }
                  });
          var peer = dial(server);
          peer.write("abc");
          assertEquals("abab", peer.read(4));
          letTheRestArrive();
          server.closeClients();
          await(ended);
          assertEquals("", peer.readAll());
          end(server);
        });
  }

  @Test
  void L79_afterALossTheEndOfTheInputIsNotMet() {
    run(
        () -> {
          Promise<Boolean> ended = loop.createPromise();
          Server server =
              serve(
                  (reader, writer) -> {
                    try {
                      doubled(reader, writer);
                    } finally {
                      ended.setResult(true);
                    }
                  });
          var peer = dial(server);
          peer.write("abc");
          assertEquals("abab", peer.read(4));
          peer.reset();
          await(ended);
          end(server);
        });
  }

  @Test
  void L79_aHandlerThatWantsTlsTooLateHasMadeNoMistake() {
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) -> {
                    writer.close();
                    writer.startTls(Tls.server());
                  });
          assertEquals("end", dial(server).outcome());
          end(server);
        });
  }

  @Test
  void L79_aHandshakeThatFailsInAHandlerIsReported() {
    expectErrors(1);
    run(
        () -> {
          Server server = serve((reader, writer) -> writer.startTls(Tls.server()));
          var peer = dial(server);
          peer.write("this is no TLS at all, however long one looks at it\n");
          peer.outcome();
          end(server);
        });
    assertInstanceOf(SSLException.class, errors().getFirst().exception());
  }

  @Test
  void L79_aHandlerThatIsRefusedTwiceHasMadeNoMistake() {
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) -> {
                    writer.close();
                    var first = assertThrows(IOException.class, () -> writer.write("a"));
                    assertThrows(IOException.class, () -> writer.write("b"));
                    throw new UncheckedIOException(first);
                  });
          assertEquals("end", dial(server).outcome());
          end(server);
        });
  }

  @Test
  void L79_aHandlerThatIsCancelledInABlockingCallIsSilent() {
    assumeTrue(direct());
    run(
        () -> {
          Promise<Task<?>> started = loop.createPromise();
          Server server =
              serve(
                  (reader, writer) -> {
                    started.setResult(self());
                    new SynchronousQueue<String>().take();
                  });
          var peer = dial(server);
          Task<?> task = await(started);
          task.cancel();
          assertReset(peer);
          failure(task);
          assertTrue(task.cancelled());
          end(server);
        });
  }

  @Test
  void L79_aFailureBehindACancellationIsReported() {
    var failure = new IllegalStateException("on purpose");
    run(
        () -> {
          Promise<Task<?>> started = loop.createPromise();
          Server server =
              serve(
                  (reader, writer) -> {
                    started.setResult(self());
                    assertThrows(CancelledError.class, LoopSuite::hang);
                    throw failure;
                  });
          var peer = dial(server);
          await(started).cancel();
          assertReset(peer);
          end(server);
        });
    expectErrors(1);
    assertSame(failure, errors().getFirst().exception());
  }

  @Test
  void socketsThatAreThereAlreadyHaveStreamsToo() {
    run(
        () -> {
          var loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
          var listening = ServerSocketChannel.open().bind(loopback);
          var socket = SocketChannel.open(listening.getLocalAddress());
          Server server =
              Net.startServer(
                  (reader, writer) -> writer.write(reader.readLine() + " to you too\n"),
                  listening,
                  ServerOptions.defaults());
          try (var client = Net.openConnection(socket, ConnectOptions.defaults())) {
            client.writer().write("hello\n");
            assertEquals("hello to you too", client.reader().readLine());
            client.writer().close();
            client.writer().waitClosed();
          }
          end(server);
          assertFalse(listening.isOpen());
          assertFalse(socket.isOpen());
        });
  }

  /* ---- Shutdown ---- */

  /// Serves one client, which is gone when this returns, by a handler that works on.
  private Server leftByItsClient(ClientHandler handler) throws Exception {
    Server server =
        serve(
            (reader, writer) -> {
              seen.add("begun");
              assertThrows(IOException.class, reader::read);
              handler.handle(reader, writer);
              seen.add("ended");
            });
    var peer = dial(server);
    until(() -> seen.contains("begun"));
    peer.reset();
    until(() -> server.connections() == 0);
    return server;
  }

  @Test
  void L93_shutdownWaitsForAHandlerWhoseClientHasGone() {
    run(
        () -> {
          Promise<String> work = loop.createPromise();
          Server server = leftByItsClient((reader, writer) -> await(work));
          server.close();
          server.waitClosed(); // which does not
          Task<?> shutdown = createTask(() -> server.shutdown(LONG));
          turns(3);
          assertFalse(shutdown.done());
          work.setResult("done");
          await(shutdown);
          assertEquals(List.of("begun", "ended"), seen);
        });
  }

  @Test
  void L93_shutdownCancelsAHandlerThatWorksOnAndOn() {
    run(
        () -> {
          Server server =
              leftByItsClient(
                  (reader, writer) -> {
                    try {
                      hang();
                    } finally {
                      sleep(ms(2));
                      seen.add("cleaned up");
                    }
                  });
          server.shutdown(ms(5));
          assertEquals(List.of("begun", "cleaned up"), seen);
        });
  }

  @Test
  void L93_shutdownCancelsAHandlerThatDoesNotSeeItsClient() {
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) -> {
                    try {
                      hang();
                    } finally {
                      seen.add("cancelled");
                    }
                  });
          var peer = dial(server);
          until(() -> server.connections() == 1);
          server.shutdown(ms(5));
          assertEquals(List.of("cancelled"), seen);
          peer.close();
        });
  }

  @Test
  void L93_aCancelledShutdownCancelsHandlers() {
    run(
        () -> {
          Server server = leftByItsClient((reader, writer) -> hang());
          Task<?> shutdown = createTask(() -> server.shutdown(LONG));
          turns(3);
          shutdown.cancel();
          assertInstanceOf(CancelledError.class, failure(shutdown));
          Set<Task<?>> own = Set.of(Objects.requireNonNull(Task.current()));
          until(() -> loop.allTasks().equals(own));
          assertEquals(List.of("begun"), seen);
        });
  }

  @Test
  void L93_severalHandlersMayShutTheirServerDown() {
    run(
        () -> {
          var servers = new ArrayList<Server>();
          servers.add(
              serve(
                  (reader, writer) -> {
                    seen.add("begun");
                    until(() -> seen.size() >= 2);
                    servers.getFirst().shutdown(ms(5));
                    seen.add("shut down");
                  }));
          var first = dial(servers.getFirst());
          var second = dial(servers.getFirst());
          until(() -> seen.size() == 4);
          first.close();
          second.close();
        });
  }

  @Test
  void L79_anEndAndALossTogetherAreNotReported() {
    run(
        () -> {
          Server server =
              serve(
                  (reader, writer) ->
                      taskGroup(
                          group -> {
                            group.createTask(() -> reader.readExactly(1));
                            group.createTask(
                                () -> {
                                  seen.add("begun");
                                  untilCancelled();
                                  writer.write("too late");
                                });
                          }));
          var peer = dial(server);
          until(() -> seen.contains("begun"));
          server.closeClients();
          server.shutdown(LONG);
          peer.close();
        });
  }

  @Test
  void L93_aHandlerMayShutItsServerDown() {
    run(
        () -> {
          var servers = new ArrayList<Server>();
          servers.add(
              serve(
                  (reader, writer) -> {
                    servers.getFirst().shutdown(ms(5));
                    seen.add("shut down");
                  }));
          var peer = dial(servers.getFirst());
          until(() -> seen.contains("shut down"));
          peer.close();
        });
  }
}
