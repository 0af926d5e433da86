package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.EventLoop;
import weft.Promise;
import weft.io.BaseProtocol;
import weft.io.BaseTransport;
import weft.io.BufferedProtocol;
import weft.io.Net;
import weft.io.Protocol;
import weft.io.Server;
import weft.io.Streams;
import weft.io.Transport;

/// Protocols with buffers of their own, and the change from one protocol to another.
public abstract class BufferedProtocolSuite extends IoSuite {
  /// For subclasses.
  protected BufferedProtocolSuite() {}

  /// Receives into one small buffer, over and over.
  private static class Buffered implements BufferedProtocol {
    final List<String> events = new ArrayList<>();
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    final Promise<Boolean> lost = EventLoop.running().createPromise();
    final ByteBuffer buffer;
    boolean keepOpen;
    @Nullable Throwable reason;
    @Nullable Transport transport;
    private int position;

    Buffered(int size) {
      buffer = ByteBuffer.allocate(size);
    }

    Transport transport() {
      if (transport == null) {
        throw new AssertionError("the connection is not made");
      }
      return transport;
    }

    @Override
    public void connectionMade(BaseTransport made) {
      transport = (Transport) made;
    }

    @Override
    public ByteBuffer getBuffer(int sizeHint) {
      assertTrue(sizeHint == -1 || sizeHint > 0, () -> "a hint of " + sizeHint);
      buffer.clear();
      position = buffer.position();
      return buffer;
    }

    @Override
    public void bufferUpdated(int count) {
      assertTrue(count > 0);
      assertTrue(transport().isReading());
      assertEquals(position + count, buffer.position());
      bytes.write(buffer.array(), position, count);
    }

    @Override
    public boolean eofReceived() {
      events.add("eof");
      return keepOpen;
    }

    @Override
    public void connectionLost(@Nullable Throwable why) {
      events.add("lost");
      reason = why;
      lost.setResult(true);
    }
  }

  private void exchanged(int bufferSize, byte[] data) throws IOException {
    var link = link(() -> new Buffered(bufferSize));
    var sent = link.peer().writing(data);
    until(() -> link.protocol().bytes.size() == data.length);
    await(sent);
    assertArrayEquals(data, link.protocol().bytes.toByteArray());
    link.peer().close();
    await(link.protocol().lost);
    assertEquals(List.of("eof", "lost"), link.protocol().events);
  }

  @Test
  void L88_dataIsPutIntoTheProtocolsBuffer() {
    run(() -> exchanged(4_096, pattern(1_000_000)));
  }

  @Test
  void L88_theBufferMayBeSmall() {
    run(() -> exchanged(3, pattern(10_000)));
  }

  @Test
  void L88_theBufferMayBeLarge() {
    run(() -> exchanged(1_000_000, pattern(500_000)));
  }

  @Test
  void L88_onlyWhatIsBetweenPositionAndLimitIsUsed() {
    run(
        () -> {
          byte[] around = new byte[10];
          var text = new StringBuilder();
          var link =
              link(
                  () ->
                      new Buffered(1) {
                        private ByteBuffer window = ByteBuffer.wrap(around, 3, 4);

                        @Override
                        public ByteBuffer getBuffer(int sizeHint) {
                          window = ByteBuffer.wrap(around, 3, 4);
                          return window;
                        }

                        @Override
                        public void bufferUpdated(int count) {
                          assertEquals(3 + count, window.position());
                          text.append(text(around), 3, 3 + count);
                        }
                      });
          link.peer().write("0123456789");
          until(() -> text.length() == 10);
          assertEquals("0123456789", text.toString());
          assertEquals(0, around[2] + around[7]);
          link.transport().close();
          await(link.protocol().lost);
        });
  }

  @Test
  void aDirectBufferWillDo() {
    run(
        () -> {
          var direct = ByteBuffer.allocateDirect(5);
          var text = new StringBuilder();
          var link =
              link(
                  () ->
                      new Buffered(1) {
                        @Override
                        public ByteBuffer getBuffer(int sizeHint) {
                          return direct.clear();
                        }

                        @Override
                        public void bufferUpdated(int count) {
                          byte[] copy = new byte[count];
                          direct.flip().get(copy);
                          text.append(text(copy));
                        }
                      });
          link.peer().write("hello, world");
          until(() -> text.length() == 12);
          assertEquals("hello, world", text.toString());
          link.transport().close();
          await(link.protocol().lost);
        });
  }

  private Link<Buffered> failing(
      @Nullable RuntimeException inGet, @Nullable RuntimeException inUpdate) throws IOException {
    return link(
        () ->
            new Buffered(10) {
              @Override
              public ByteBuffer getBuffer(int sizeHint) {
                if (inGet != null) {
                  throw inGet;
                }
                return super.getBuffer(sizeHint);
              }

              @Override
              public void bufferUpdated(int count) {
                super.bufferUpdated(count);
                if (inUpdate != null) {
                  throw inUpdate;
                }
              }
            });
  }

  @Test
  void L88_aBufferWithoutRoomEndsTheConnection() {
    run(
        () -> {
          var link = link(() -> new Buffered(0));
          link.peer().write("x");
          await(link.protocol().lost);
          assertInstanceOf(IllegalStateException.class, link.protocol().reason);
        });
    expectErrors(1);
  }

  @Test
  void noBufferEndsTheConnection() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Buffered(10) {
                        @Override
                        public ByteBuffer getBuffer(int sizeHint) {
                          return nothing();
                        }
                      });
          link.peer().write("x");
          await(link.protocol().lost);
          assertInstanceOf(RuntimeException.class, link.protocol().reason);
        });
    expectErrors(1);
  }

  @Test
  void L84_aFailureInGetBufferEndsTheConnection() {
    run(
        () -> {
          var failure = new ArithmeticException("on purpose");
          var link = failing(failure, null);
          link.peer().write("x");
          await(link.protocol().lost);
          assertSame(failure, link.protocol().reason);
        });
    expectErrors(1);
  }

  @Test
  void L84_aFailureInBufferUpdatedEndsTheConnection() {
    run(
        () -> {
          var failure = new ArithmeticException("on purpose");
          var link = failing(null, failure);
          link.peer().write("x".repeat(100));
          await(link.protocol().lost);
          assertSame(failure, link.protocol().reason);
          assertEquals(10, link.protocol().bytes.size());
        });
    expectErrors(1);
  }

  @Test
  void L81_pausedInBufferUpdatedTheRestWaits() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Buffered(4) {
                        @Override
                        public void bufferUpdated(int count) {
                          super.bufferUpdated(count);
                          transport().pauseReading();
                        }
                      });
          link.peer().write("0123456789");
          link.peer().shutdownOutput();
          for (int expected : new int[] {4, 8, 10}) {
            until(() -> link.protocol().bytes.size() == expected);
            turns(5);
            assertEquals(expected, link.protocol().bytes.size());
            assertEquals(List.of(), link.protocol().events);
            link.transport().resumeReading();
          }
          await(link.protocol().lost);
          assertEquals("0123456789", text(link.protocol().bytes.toByteArray()));
          assertEquals(List.of("eof", "lost"), link.protocol().events);
        });
  }

  @Test
  void L82_closedInBufferUpdatedTheRestIsDropped() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Buffered(4) {
                        @Override
                        public void bufferUpdated(int count) {
                          super.bufferUpdated(count);
                          transport().close();
                        }
                      });
          link.peer().write("0123456789");
          await(link.protocol().lost);
          assertEquals("0123", text(link.protocol().bytes.toByteArray()));
        });
  }

  @Test
  void L83_itMayStayOpenForWriting() {
    run(
        () -> {
          var link = link(() -> new Buffered(4));
          link.protocol().keepOpen = true;
          link.peer().shutdownOutput();
          until(() -> link.protocol().events.contains("eof"));
          link.transport().write(utf8("still here"));
          assertEquals("still here", link.peer().read(10));
          assertFalse(link.transport().isClosing());
          link.transport().close();
          await(link.protocol().lost);
        });
  }

  /* ---- Another protocol ---- */

  /// Takes over in the middle of a connection.
  private static final class Successor implements Protocol {
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    final Promise<Boolean> lost = EventLoop.running().createPromise();

    @Override
    public void connectionMade(BaseTransport transport) {
      throw new AssertionError("connectionMade of a successor");
    }

    @Override
    public void dataReceived(ByteBuffer data) {
      while (data.hasRemaining()) {
        bytes.write(data.get());
      }
    }

    @Override
    public void connectionLost(@Nullable Throwable why) {
      lost.setResult(true);
    }
  }

  @Test
  void L87_aProtocolMayBeReplaced() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.peer().write("one");
          until(() -> link.protocol().received() == 3);
          var next = new Successor();
          link.transport().setProtocol(next);
          assertSame(next, link.transport().protocol());
          link.peer().write("two");
          until(() -> next.bytes.size() == 3);
          assertEquals("one", link.protocol().text());
          link.peer().close();
          await(next.lost);
          assertEquals(List.of("made", "data"), link.protocol().events);
        });
  }

  private void replaces(Link<? extends BaseProtocol> link, BaseProtocol next, Length length)
      throws IOException {
    link.transport().setProtocol(next);
    link.peer().write("two");
    until(() -> length.get() == 3);
  }

  private interface Length {
    int get();
  }

  @Test
  void L87_aBufferedProtocolMayFollowAPlainOneAndBack() {
    run(
        () -> {
          var link = link(Recorded::new);
          var buffered = new Buffered(2);
          buffered.transport = link.transport();
          replaces(link, buffered, () -> buffered.bytes.size());
          var plain = new Successor();
          replaces(link, plain, () -> plain.bytes.size());
          assertEquals("two", text(buffered.bytes.toByteArray()));
          assertEquals("two", text(plain.bytes.toByteArray()));
          link.peer().close();
          await(plain.lost);
        });
  }

  @Test
  void L87_aProtocolMayReplaceItselfWhileDataArrives() {
    run(
        () -> {
          var next = new Successor();
          var link =
              link(
                  () ->
                      new Buffered(3) {
                        @Override
                        public void bufferUpdated(int count) {
                          super.bufferUpdated(count);
                          transport().setProtocol(next);
                        }
                      });
          link.peer().write("onetwothree");
          until(() -> next.bytes.size() == 8);
          assertEquals("one", text(link.protocol().bytes.toByteArray()));
          assertEquals("twothree", text(next.bytes.toByteArray()));
          link.peer().close();
          await(next.lost);
        });
  }

  /// That of streams, which receives in a way of its own, gets what the one between has left over.
  @Test
  void L87_streamsGoOnWhereAnotherProtocolHasStopped() {
    run(
        () -> {
          var reached = loop.<Streams>createPromise();
          var over = loop.<Boolean>createPromise();
          Server server =
              Net.startServer(
                  (reader, writer) -> {
                    reached.setResult(new Streams(reader, writer));
                    await(over);
                  },
                  "127.0.0.1",
                  0);
          var peer = dial(server);
          Streams streams = await(reached);
          var transport = streams.writer().transport();
          var before = transport.protocol();
          var header =
              new Buffered(3) {
                @Override
                public void bufferUpdated(int count) {
                  super.bufferUpdated(count);
                  transport().pauseReading();
                }
              };
          header.transport = transport;
          transport.setProtocol(header);
          peer.write("abcdef");
          until(() -> header.bytes.size() == 3);
          transport.setProtocol(before);
          transport.resumeReading();
          assertEquals("def", text(streams.reader().readExactly(3)));
          peer.close();
          over.setResult(true);
          server.close();
          server.waitClosed();
        });
  }

  @Test
  void L87_aProtocolThatReceivesNothingEndsTheConnectionWhenDataArrives() {
    run(
        () -> {
          Promise<Boolean> lost = loop.createPromise();
          var link =
              link(
                  () ->
                      new BaseProtocol() {
                        @Override
                        public void connectionLost(@Nullable Throwable why) {
                          lost.setResult(why != null);
                        }
                      });
          link.peer().write("x");
          assertTrue(await(lost));
        });
    expectErrors(1);
  }
}
