package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import weft.ContextVar;
import weft.EventLoop;
import weft.Instrument;
import weft.Task;
import weft.io.ConnectOptions;
import weft.io.Net;

/// `addReader`, `addWriter` and their removal: channels that the loop does not own.
public abstract class ReaderWriterSuite extends IoSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);

  private final List<String> seen = new ArrayList<>();

  /// For subclasses.
  protected ReaderWriterSuite() {}

  @BeforeEach
  void needWatching() {
    assumeTrue(canWatch(), "this loop cannot watch channels");
  }

  private Pipe pipe() throws IOException {
    Pipe pipe = Pipe.open();
    closeLater(pipe.source());
    closeLater(pipe.sink());
    return pipe;
  }

  private static void write(Pipe pipe, String text) throws IOException {
    pipe.sink().write(ByteBuffer.wrap(utf8(text)));
  }

  /// Takes out what is there.
  private static String drain(ReadableByteChannel channel) {
    try {
      var target = ByteBuffer.allocate(100);
      int count = channel.read(target);
      return count < 0 ? "end" : text(java.util.Arrays.copyOf(target.array(), count));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void untilSeen(int count) {
    until(() -> seen.size() >= count);
  }

  /* ---- Readers ---- */

  @Test
  void L98_aReaderIsCalledWhenThereIsSomething() {
    run(
        () -> {
          Pipe pipe = pipe();
          loop.addReader(pipe.source(), () -> seen.add(drain(pipe.source())));
          turns(5);
          assertEquals(List.of(), seen);
          write(pipe, "one");
          untilSeen(1);
          turns(5);
          write(pipe, "two");
          untilSeen(2);
          turns(5);
          assertEquals(List.of("one", "two"), seen);
          assertTrue(loop.removeReader(pipe.source()));
        });
  }

  @Test
  void L98_aReaderIsCalledAgainUntilAllIsTaken() {
    run(
        () -> {
          Pipe pipe = pipe();
          loop.addReader(pipe.source(), () -> seen.add("ready"));
          write(pipe, "x");
          untilSeen(5);
          assertEquals("x", drain(pipe.source()));
          turns(2);
          int before = seen.size();
          turns(5);
          assertEquals(before, seen.size());
          loop.removeReader(pipe.source());
        });
  }

  @Test
  void aReaderWakesTheLoop() {
    run(
        () -> {
          Pipe pipe = pipe();
          var read = loop.<String>createPromise();
          loop.addReader(
              pipe.source(),
              () -> {
                read.setResult(drain(pipe.source()));
                loop.removeReader(pipe.source());
              });
          var sent =
              away(
                  () -> {
                    write(pipe, "hello");
                    return true;
                  });
          assertEquals("hello", await(read));
          await(sent);
        });
  }

  @Test
  void aReaderIsToldTheEnd() {
    run(
        () -> {
          Pipe pipe = pipe();
          loop.addReader(
              pipe.source(),
              () -> {
                seen.add(drain(pipe.source()));
                loop.removeReader(pipe.source());
              });
          pipe.sink().close();
          untilSeen(1);
          assertEquals(List.of("end"), seen);
        });
  }

  @Test
  void readersOfManyChannelsAreCalled() {
    run(
        () -> {
          var pipes = new ArrayList<Pipe>();
          for (int i = 0; i < 20; i++) {
            Pipe pipe = pipe();
            pipes.add(pipe);
            loop.addReader(pipe.source(), () -> seen.add(drain(pipe.source())));
          }
          for (int i = 0; i < 20; i += 2) {
            write(pipes.get(i), String.valueOf(i));
          }
          untilSeen(10);
          turns(5);
          assertEquals(10, seen.size());
          for (Pipe pipe : pipes) {
            assertTrue(loop.removeReader(pipe.source()));
          }
        });
  }

  /* ---- Writers ---- */

  @Test
  void L98_aWriterIsCalledWhileThereIsRoom() {
    run(
        () -> {
          Pipe pipe = pipe();
          loop.addWriter(pipe.sink(), () -> seen.add("ready"));
          untilSeen(3);
          assertTrue(loop.removeWriter(pipe.sink()));
          int before = seen.size();
          turns(5);
          assertEquals(before, seen.size());
        });
  }

  @Test
  void L98_aWriterIsNotCalledWhileThereIsNone() {
    run(
        () -> {
          Pipe pipe = pipe();
          pipe.sink().configureBlocking(false);
          while (pipe.sink().write(ByteBuffer.allocate(10_000)) > 0) {
            turns(0);
          }
          loop.addWriter(pipe.sink(), () -> seen.add("ready"));
          turns(10);
          assertEquals(List.of(), seen);
          pipe.source().configureBlocking(false);
          var target = ByteBuffer.allocate(1_000_000);
          while (pipe.source().read(target.clear()) > 0) {
            turns(0);
          }
          untilSeen(1);
          loop.removeWriter(pipe.sink());
        });
  }

  @Test
  void L98_oneChannelMayHaveBoth() {
    run(
        () -> {
          try (var listening = ServerSocketChannel.open().bind(ANY);
              var socket = SocketChannel.open(listening.getLocalAddress());
              var peer = listening.accept()) {
            loop.addReader(socket, () -> seen.add("read"));
            loop.addWriter(socket, () -> seen.add("write"));
            untilSeen(2);
            assertFalse(seen.contains("read"));
            peer.write(ByteBuffer.wrap(utf8("x")));
            until(() -> seen.contains("read"));
            assertTrue(loop.removeWriter(socket));
            seen.clear();
            untilSeen(2);
            assertFalse(seen.contains("write"));
            assertTrue(loop.removeReader(socket));
            assertFalse(loop.removeWriter(socket));
          }
        });
  }

  /* ---- Replacing and removing ---- */

  @Test
  void L98_aSecondCallbackReplacesTheFirst() {
    run(
        () -> {
          Pipe pipe = pipe();
          var first = loop.addReader(pipe.source(), () -> seen.add("first"));
          write(pipe, "x");
          untilSeen(1);
          var second =
              loop.addReader(
                  pipe.source(),
                  () -> {
                    seen.add("second");
                    loop.removeReader(pipe.source());
                  });
          assertTrue(first.cancelled());
          assertFalse(second.cancelled());
          seen.clear();
          untilSeen(1);
          turns(5);
          assertEquals(List.of("second"), seen);
        });
  }

  @Test
  void L98_removingTellsWhetherThereWasOne() {
    run(
        () -> {
          Pipe pipe = pipe();
          assertFalse(loop.removeReader(pipe.source()));
          assertFalse(loop.removeWriter(pipe.sink()));
          var handle = loop.addReader(pipe.source(), () -> seen.add("read"));
          assertFalse(loop.removeWriter(pipe.source()));
          assertTrue(loop.removeReader(pipe.source()));
          assertTrue(handle.cancelled());
          assertFalse(loop.removeReader(pipe.source()));
        });
  }

  @Test
  void L98_aCallbackMayRemoveItself() {
    run(
        () -> {
          Pipe pipe = pipe();
          loop.addReader(
              pipe.source(),
              () -> {
                seen.add("read");
                assertTrue(loop.removeReader(pipe.source()));
              });
          write(pipe, "x");
          untilSeen(1);
          turns(10);
          assertEquals(List.of("read"), seen);
        });
  }

  @Test
  void L98_removedInTheSameBatchItIsNotCalled() {
    run(
        () -> {
          Pipe first = pipe();
          Pipe second = pipe();
          Runnable removeBoth =
              () -> {
                seen.add("one");
                loop.removeReader(first.source());
                loop.removeReader(second.source());
              };
          loop.addReader(first.source(), removeBoth);
          loop.addReader(second.source(), removeBoth);
          write(first, "x");
          write(second, "x");
          untilSeen(1);
          turns(10);
          assertEquals(List.of("one"), seen);
        });
  }

  @Test
  void aRemovedReaderCanBeAddedAgain() {
    run(
        () -> {
          Pipe pipe = pipe();
          for (int i = 1; i <= 3; i++) {
            loop.addReader(pipe.source(), () -> seen.add(drain(pipe.source())));
            write(pipe, "x");
            untilSeen(i);
            loop.removeReader(pipe.source());
            if (i == 2) {
              turns(3);
            }
          }
          assertEquals(List.of("x", "x", "x"), seen);
        });
  }

  @Test
  void L98_aCancelledHandleIsNotCalledAndDoesNotKeepTheLoopBusy() {
    run(
        () -> {
          Pipe pipe = pipe();
          loop.addReader(pipe.source(), () -> seen.add("read")).cancel();
          write(pipe, "x");
          turns(5);
          int[] polls = new int[1];
          var counting =
              new Instrument() {
                @Override
                public void beforePoll(long timeoutNanos) {
                  polls[0]++;
                }
              };
          loop.addInstrument(counting);
          await(
              away(
                  () -> {
                    Thread.sleep(50);
                    return true;
                  }));
          loop.removeInstrument(counting);
          assertTrue(polls[0] < 50, () -> polls[0] + " polls while nothing was to do");
          assertEquals(List.of(), seen);
          loop.removeReader(pipe.source());
        });
  }

  /* ---- Callbacks ---- */

  @Test
  void aCallbackSeesTheContextOfItsRegistration() {
    run(
        () -> {
          Pipe pipe = pipe();
          COLOUR.set("red");
          loop.addReader(
              pipe.source(),
              () -> {
                seen.add(COLOUR.get());
                assertSame(null, Task.current());
              });
          COLOUR.set("green");
          write(pipe, "x");
          untilSeen(2);
          loop.removeReader(pipe.source());
          assertEquals("red", seen.getFirst());
        });
  }

  @Test
  void aCallbackThatFailsIsReportedAndCalledAgain() {
    run(
        () -> {
          Pipe pipe = pipe();
          loop.addReader(
              pipe.source(),
              () -> {
                seen.add("read");
                if (seen.size() == 2) {
                  loop.removeReader(pipe.source());
                }
                throw new ArithmeticException("on purpose");
              });
          write(pipe, "x");
          untilSeen(2);
          turns(5);
        });
    expectErrors(2);
  }

  /* ---- Kinds of channels ---- */

  @Test
  void L98_connectionsCanBeMadeAndAcceptedByHand() {
    run(
        () -> {
          try (var listening = ServerSocketChannel.open().bind(ANY);
              var socket = SocketChannel.open()) {
            var accepted = loop.<SocketChannel>createPromise();
            loop.addReader(
                listening,
                () -> {
                  loop.removeReader(listening);
                  try {
                    accepted.setResult(listening.accept());
                  } catch (IOException e) {
                    accepted.setException(e);
                  }
                });
            socket.configureBlocking(false);
            if (!socket.connect(listening.getLocalAddress())) {
              loop.addWriter(
                  socket,
                  () -> {
                    loop.removeWriter(socket);
                    seen.add("connected");
                  });
              untilSeen(1);
              assertTrue(socket.finishConnect());
            }
            try (var peer = await(accepted)) {
              peer.write(ByteBuffer.wrap(utf8("hello")));
              loop.addReader(socket, () -> seen.add(drain(socket)));
              until(() -> seen.contains("hello"));
              loop.removeReader(socket);
            }
          }
        });
  }

  @Test
  void datagramsCanBeWatched() {
    run(
        () -> {
          try (var receiver = DatagramChannel.open().bind(ANY);
              var sender = DatagramChannel.open()) {
            loop.addWriter(
                sender,
                () -> {
                  loop.removeWriter(sender);
                  try {
                    sender.send(ByteBuffer.wrap(utf8("hello")), receiver.getLocalAddress());
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                });
            loop.addReader(
                receiver,
                () -> {
                  try {
                    var target = ByteBuffer.allocate(100);
                    receiver.receive(target);
                    seen.add(text(java.util.Arrays.copyOf(target.array(), target.position())));
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                });
            untilSeen(1);
            loop.removeReader(receiver);
            assertEquals(List.of("hello"), seen);
          }
        });
  }

  @Test
  void L98_theChannelOfATransportIsRefused() {
    run(
        () -> {
          try (var listening = ServerSocketChannel.open().bind(ANY)) {
            var socket = SocketChannel.open(listening.getLocalAddress());
            closeLater(listening.accept());
            var connected = Net.createConnection(Recorded::new, socket, ConnectOptions.defaults());
            assertThrows(IllegalArgumentException.class, () -> loop.addReader(socket, () -> {}));
            assertThrows(IllegalArgumentException.class, () -> loop.addWriter(socket, () -> {}));
            assertFalse(loop.removeReader(socket));
            connected.transport().close();
            await(connected.protocol().lost);
          }
        });
  }

  @Test
  void aChannelIsTheCallersAgainAfterTheRemoval() {
    run(
        () -> {
          Pipe pipe = pipe();
          loop.addReader(pipe.source(), () -> seen.add("read"));
          assertFalse(pipe.source().isBlocking());
          loop.removeReader(pipe.source());
          turns(2);
          assertTrue(pipe.source().isOpen());
          pipe.source().configureBlocking(true);
          write(pipe, "x");
          assertEquals("x", drain(pipe.source()));
        });
  }

  @Test
  void aChannelThatItsOwnerClosesIsForgotten() {
    run(
        () -> {
          Pipe pipe = pipe();
          loop.addReader(pipe.source(), () -> seen.add("read"));
          loop.addWriter(pipe.sink(), () -> loop.removeWriter(pipe.sink()));
          turns(3);
          pipe.source().close();
          turns(5);
          loop.removeReader(pipe.source());
          turns(5);
          assertEquals(List.of(), seen);
        });
  }

  @Test
  void aClosedChannelIsRefused() {
    run(
        () -> {
          Pipe pipe = pipe();
          pipe.source().close();
          SelectableChannel closed = pipe.source();
          var thrown =
              assertThrows(IllegalArgumentException.class, () -> loop.addReader(closed, () -> {}));
          assertTrue(String.valueOf(thrown.getMessage()).contains("closed"), thrown::toString);
          assertFalse(loop.removeReader(closed));
        });
  }

  /* ---- With the loop ---- */

  @Test
  void L98_aClosedLoopRefuses() throws Exception {
    Pipe pipe = pipe();
    loop.close();
    assertThrows(IllegalStateException.class, () -> loop.addReader(pipe.source(), () -> {}));
    assertThrows(IllegalStateException.class, () -> loop.addWriter(pipe.sink(), () -> {}));
  }

  @Test
  void closingTheLoopLeavesTheChannelOpen() {
    Pipe pipe =
        run(
            () -> {
              Pipe watched = pipe();
              loop.addReader(watched.source(), () -> seen.add("read"));
              loop.addWriter(watched.sink(), () -> loop.removeWriter(watched.sink()));
              turns(3);
              return watched;
            });
    loop.close();
    assertTrue(pipe.source().isOpen());
    assertTrue(pipe.sink().isOpen());
  }

  @Test
  void anotherLoopMayWatchItAfterwards() throws Exception {
    Pipe pipe = pipe();
    run(
        () -> {
          loop.addReader(pipe.source(), () -> seen.add("read"));
          loop.removeReader(pipe.source());
          turns(2);
        });
    EventLoop other = newLoop();
    other.addReader(
        pipe.source(),
        () -> {
          seen.add(drain(pipe.source()));
          other.removeReader(pipe.source());
          other.stop();
        });
    write(pipe, "x");
    other.runForever();
    other.close();
    assertEquals(List.of("x"), seen);
  }
}
