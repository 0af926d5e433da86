package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;

import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.ContextVar;
import weft.SystemExit;
import weft.Task;
import weft.io.BaseTransport;
import weft.io.ExtraInfo;
import weft.io.Net;
import weft.io.Server;
import weft.io.Transport;
import weft.io.WaterMarks;

/// Transports and protocols: the beginning, reading, writing, flow control.
public abstract class TransportSuite extends IoSuite {
  private static final ContextVar<String> COLOUR = new ContextVar<>("colour", "none");

  /// For subclasses.
  protected TransportSuite() {}

  /* ---- The beginning ---- */

  @Test
  void L80_connectionMadeComesBeforeTheConnectorGoesOn() {
    run(
        () -> {
          var link = link(Recorded::new);
          assertEquals(List.of("made"), link.protocol().events);
          assertSame(link.transport(), link.protocol().transport());
          assertSame(link.protocol(), link.transport().protocol());
          end(link);
        });
  }

  @Test
  void L80_connectionMadeComesBeforeTheData() {
    run(
        () -> {
          var listening = listen();
          var greeting =
              away(
                  () -> {
                    var socket = listening.accept();
                    closeLater(socket);
                    socket.getOutputStream().write(utf8("hello"));
                    return socket;
                  });
          var connected =
              Net.createConnection(Recorded::new, "127.0.0.1", listening.getLocalPort());
          until(() -> connected.protocol().received() == 5);
          assertEquals(List.of("made", "data"), connected.protocol().events);
          await(greeting);
          connected.transport().close();
          await(connected.protocol().lost);
        });
  }

  @Test
  void aProtocolIsMadeForEachConnection() {
    run(
        () -> {
          var first = link(Recorded::new);
          var second = link(Recorded::new);
          second.peer().write("b");
          first.peer().write("a");
          until(() -> first.protocol().received() + second.protocol().received() == 2);
          assertEquals("a", first.protocol().text());
          assertEquals("b", second.protocol().text());
          end(first);
          end(second);
        });
  }

  @Test
  void aProtocolThatCannotBeMadeLeavesNothingOpen() {
    run(
        () -> {
          var listening = listen();
          assertThrows(
              ArithmeticException.class,
              () ->
                  Net.<Recorded>createConnection(
                      () -> {
                        throw new ArithmeticException("on purpose");
                      },
                      "127.0.0.1",
                      listening.getLocalPort()));
          assertEquals("end", accept(listening).outcome());
        });
  }

  /* ---- Reading ---- */

  @Test
  void L81_dataArrivesInOrder() {
    run(
        () -> {
          var link = link(Recorded::new);
          byte[] data = pattern(1_000_000);
          var sent = link.peer().writing(data);
          until(() -> link.protocol().received() == data.length);
          await(sent);
          assertArrayEquals(data, link.protocol().data());
          end(link);
        });
  }

  @Test
  void L81_pausedInConnectionMadeNothingIsRead() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public void connectionMade(BaseTransport made) {
                          super.connectionMade(made);
                          transport().pauseReading();
                        }
                      });
          link.peer().write("hello");
          letTheRestArrive();
          assertFalse(link.transport().isReading());
          assertEquals(0, link.protocol().received());
          link.transport().resumeReading();
          until(() -> link.protocol().received() == 5);
          end(link);
        });
  }

  @Test
  void L81_afterPauseReadingNothingArrives() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.peer().write("one");
          until(() -> link.protocol().received() == 3);
          link.transport().pauseReading();
          assertFalse(link.transport().isReading());
          link.peer().write("two");
          letTheRestArrive();
          assertEquals("one", link.protocol().text());
          link.transport().resumeReading();
          assertTrue(link.transport().isReading());
          until(() -> link.protocol().received() == 6);
          end(link);
        });
  }

  @Test
  void L81_pausedWhileDataArrivesNothingMoreDoes() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public void dataReceived(ByteBuffer data) {
                          super.dataReceived(data);
                          transport().pauseReading();
                        }
                      });
          byte[] data = pattern(500_000);
          var sent = link.peer().writing(data);
          int before = 0;
          while (before < data.length) {
            int known = before;
            until(() -> link.protocol().received() > known);
            before = link.protocol().received();
            turns(5);
            assertEquals(before, link.protocol().received());
            link.transport().resumeReading();
          }
          await(sent);
          assertArrayEquals(data, link.protocol().data());
          end(link);
        });
  }

  @Test
  void L81_pausingAndResumingMayBeRepeated() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().resumeReading();
          assertTrue(link.transport().isReading());
          link.transport().pauseReading();
          link.transport().pauseReading();
          assertFalse(link.transport().isReading());
          link.transport().resumeReading();
          link.transport().resumeReading();
          link.peer().write("hello");
          until(() -> link.protocol().received() == 5);
          end(link);
        });
  }

  @Test
  void pausedAndResumedInOneCallbackDataGoesOn() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public void dataReceived(ByteBuffer data) {
                          transport().pauseReading();
                          transport().resumeReading();
                          super.dataReceived(data);
                        }
                      });
          byte[] data = pattern(300_000);
          var sent = link.peer().writing(data);
          until(() -> link.protocol().received() == data.length);
          await(sent);
          assertArrayEquals(data, link.protocol().data());
          end(link);
        });
  }

  @Test
  void aClosingTransportDoesNotRead() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().close();
          assertFalse(link.transport().isReading());
          link.transport().resumeReading();
          assertFalse(link.transport().isReading());
          link.transport().pauseReading();
          await(link.protocol().lost);
          link.transport().resumeReading();
          assertFalse(link.transport().isReading());
        });
  }

  @Test
  void whatIsNotTakenOutOfTheBufferIsLost() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public void dataReceived(ByteBuffer data) {
                          ByteBuffer first = data.slice(0, 1);
                          super.dataReceived(first);
                        }
                      });
          link.peer().write("a--");
          until(() -> link.protocol().received() == 1);
          link.peer().write("b--");
          until(() -> link.protocol().received() == 2);
          assertEquals("ab", link.protocol().text());
          end(link);
        });
  }

  /* ---- Writing ---- */

  @Test
  void writesArriveInOrder() {
    run(
        () -> {
          var link = link(Recorded::new);
          var expected = new StringBuilder();
          for (int i = 0; i < 500; i++) {
            link.transport().write(utf8(i + ","));
            expected.append(i).append(',');
          }
          assertEquals(expected.toString(), link.peer().read(expected.length()));
          end(link);
        });
  }

  @Test
  void smallAndLargeWritesArriveInOrder() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          byte[] data = pattern(600_000);
          var dice = new Dice(1);
          for (int at = 0; at < data.length; ) {
            int bound = dice.roll(4) == 0 ? 100_000 : 200;
            int size = Math.min(data.length - at, dice.roll(bound));
            link.transport().write(ByteBuffer.wrap(data, at, size));
            at += size;
            if (dice.roll(10) == 0) {
              turns(1);
            }
          }
          assertArrayEquals(data, await(link.peer().reading(data.length)));
          end(link);
        });
  }

  @Test
  void writingNothingDoesNothing() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().write(new byte[0]);
          link.transport().writeLines(List.of());
          assertEquals(0, link.transport().writeBufferSize());
          end(link);
          assertEquals("", link.peer().readAll());
        });
  }

  @Test
  void anArrayIsTheCallersAgain() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          int filled = fill(link.transport());
          byte[] last = utf8("last");
          link.transport().write(last);
          Arrays.fill(last, (byte) 'x');
          ByteBuffer end = ByteBuffer.wrap(utf8("-end-"), 1, 3);
          link.transport().write(end);
          assertFalse(end.hasRemaining());
          end.clear().put(new byte[5]);
          String all = link.peer().read(filled + 7);
          assertTrue(all.endsWith("lastend"));
          end(link);
        });
  }

  @Test
  void directBuffersAndReadOnlyOnesCanBeWritten() {
    run(
        () -> {
          var link = link(Recorded::new);
          ByteBuffer direct = ByteBuffer.allocateDirect(3).put(utf8("abc")).flip();
          link.transport().write(direct);
          assertFalse(direct.hasRemaining());
          link.transport().write(ByteBuffer.wrap(utf8("def")).asReadOnlyBuffer());
          ByteBuffer large = ByteBuffer.allocateDirect(100_000).put(pattern(100_000)).flip();
          link.transport().write(large);
          assertEquals("abcdef", link.peer().read(6));
          assertArrayEquals(pattern(100_000), await(link.peer().reading(100_000)));
          end(link);
        });
  }

  @Test
  void linesAreWrittenInOrder() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport()
              .writeLines(
                  List.of(
                      ByteBuffer.wrap(utf8("one ")),
                      ByteBuffer.allocate(0),
                      ByteBuffer.wrap(utf8("two"))));
          assertEquals("one two", link.peer().read(7));
          end(link);
        });
  }

  /* ---- Flow control ---- */

  @Test
  void theMarksAreAsDocumented() {
    run(
        () -> {
          var link = link(Recorded::new);
          assertEquals(new WaterMarks(65_536, 16_384), link.transport().writeBufferLimits());
          assertEquals(new WaterMarks(65_536), WaterMarks.DEFAULT);
          assertEquals(25, new WaterMarks(100).low());
          link.transport().setWriteBufferLimits(new WaterMarks(10, 10));
          assertEquals(new WaterMarks(10, 10), link.transport().writeBufferLimits());
          assertThrows(IllegalArgumentException.class, () -> new WaterMarks(1, 2));
          assertThrows(IllegalArgumentException.class, () -> new WaterMarks(1, -1));
          assertThrows(IllegalArgumentException.class, () -> new WaterMarks(-1));
          end(link);
        });
  }

  @Test
  void L85_writingPausesAboveTheHighMarkAndResumesAtTheLowOne() {
    run(
        () -> {
          long[] atResume = new long[1];
          var link =
              narrowLink(
                  () ->
                      new Recorded() {
                        @Override
                        public void resumeWriting() {
                          super.resumeWriting();
                          atResume[0] = transport().writeBufferSize();
                        }
                      });
          int written = fill(link.transport());
          assertEquals(List.of("made", "pause"), link.protocol().events);
          link.transport().write(pattern(100));
          assertEquals(List.of("made", "pause"), link.protocol().events);
          var read = link.peer().reading(written + 100);
          until(() -> link.protocol().events.contains("resume"));
          assertTrue(atResume[0] <= 16_384, () -> "resumed at " + atResume[0]);
          await(read);
          end(link);
          assertEquals(List.of("made", "pause", "resume", "lost"), link.protocol().events);
        });
  }

  @Test
  void L85_atTheHighMarkWritingGoesOn() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          int written = fill(link.transport());
          link.transport().setWriteBufferLimits(new WaterMarks(link.transport().writeBufferSize()));
          var read = link.peer().reading(written);
          until(() -> link.protocol().events.contains("resume"));
          await(read);
          end(link);
        });
  }

  @Test
  void L85_pauseAndResumeAlternate() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          int rounds = 4;
          for (int round = 1; round <= rounds; round++) {
            var read = link.peer().reading(fill(link.transport()));
            int expected = 1 + 2 * round;
            until(() -> link.protocol().events.size() == expected);
            await(read);
          }
          assertEquals(
              List.of(
                  "made", "pause", "resume", "pause", "resume", "pause", "resume", "pause",
                  "resume"),
              link.protocol().events);
          end(link);
        });
  }

  @Test
  void L85_newMarksCountAtOnce() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          link.transport().setWriteBufferLimits(new WaterMarks(10_000_000));
          int written = 0;
          while (link.transport().writeBufferSize() < 1_000) {
            link.transport().write(pattern(50_000));
            written += 50_000;
          }
          assertEquals(List.of("made"), link.protocol().events);
          link.transport().setWriteBufferLimits(new WaterMarks(100));
          assertEquals(List.of("made", "pause"), link.protocol().events);
          link.transport().setWriteBufferLimits(new WaterMarks(10_000_000));
          until(() -> link.protocol().events.contains("resume"));
          await(link.peer().reading(written));
          end(link);
        });
  }

  @Test
  void aHighMarkOfZeroPausesOnAnyBacklog() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          link.transport().setWriteBufferLimits(new WaterMarks(0));
          int written = fill(link.transport());
          assertEquals("pause", link.protocol().events.getLast());
          await(link.peer().reading(written));
          until(() -> link.protocol().events.getLast().equals("resume"));
          assertEquals(0, link.transport().writeBufferSize());
          end(link);
        });
  }

  @Test
  void L85_afterAFailureInPauseOrResumeTheyStillAlternate() {
    run(
        () -> {
          var link =
              narrowLink(
                  () ->
                      new Recorded() {
                        @Override
                        public void pauseWriting() {
                          super.pauseWriting();
                          throw new ArithmeticException("pause");
                        }

                        @Override
                        public void resumeWriting() {
                          super.resumeWriting();
                          throw new ArithmeticException("resume");
                        }
                      });
          int written = fill(link.transport());
          await(link.peer().reading(written));
          until(() -> link.protocol().events.contains("resume"));
          assertFalse(link.transport().isClosing());
          await(link.peer().reading(fill(link.transport())));
          until(() -> link.protocol().events.size() == 5);
          end(link);
          assertNull(link.protocol().reason());
        });
    expectErrors(4);
    assertTrue(errors().getFirst().message().contains("pauseWriting"));
    assertTrue(errors().get(1).message().contains("resumeWriting"));
  }

  @Test
  void L85_theProtocolMayWriteWhenItIsPausedAndResumed() {
    run(
        () -> {
          var link =
              narrowLink(
                  () ->
                      new Recorded() {
                        @Override
                        public void pauseWriting() {
                          super.pauseWriting();
                          transport().write(utf8("P"));
                        }

                        @Override
                        public void resumeWriting() {
                          super.resumeWriting();
                          transport().write(utf8("R"));
                        }
                      });
          int written = fill(link.transport());
          String all = link.peer().read(written + 2);
          assertEquals("PR", all.substring(all.length() - 2));
          end(link);
          assertEquals(List.of("made", "pause", "resume", "lost"), link.protocol().events);
        });
  }

  /* ---- Ending the output ---- */

  @Test
  void L86_writeEofSendsWhatWasWrittenBefore() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          assertTrue(link.transport().canWriteEof());
          int written = fill(link.transport());
          link.transport().writeEof();
          assertEquals(written, await(link.peer().readingAll()).length);
          assertFalse(link.transport().isClosing());
          link.peer().write("answer");
          until(() -> link.protocol().received() == 6);
          end(link);
        });
  }

  @Test
  void L86_writeEofSendsAShortText() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().write(utf8("short"));
          link.transport().writeEof();
          assertEquals("short", link.peer().readAll());
          end(link);
        });
  }

  @Test
  void L86_afterWriteEofAWriteIsRefused() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().writeEof();
          link.transport().writeEof();
          assertThrows(IllegalStateException.class, () -> link.transport().write(utf8("x")));
          assertEquals("", link.peer().readAll());
          end(link);
        });
  }

  @Test
  void L86_writeEofAfterCloseDoesNothing() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          int written = fill(link.transport());
          link.transport().close();
          link.transport().writeEof();
          assertEquals(written, await(link.peer().readingAll()).length);
          await(link.protocol().lost);
          link.transport().writeEof();
          assertNull(link.protocol().reason());
        });
  }

  /* ---- Contexts ---- */

  @Test
  void L89_callbacksSeeTheContextOfTheConnector() {
    run(
        () -> {
          var seen = new StringBuilder();
          COLOUR.set("red");
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public void connectionMade(BaseTransport made) {
                          super.connectionMade(made);
                          seen.append(COLOUR.get()).append(',');
                        }

                        @Override
                        public void dataReceived(ByteBuffer data) {
                          super.dataReceived(data);
                          seen.append(COLOUR.get()).append(',');
                          assertNull(Task.current());
                        }

                        @Override
                        public boolean eofReceived() {
                          seen.append(COLOUR.get()).append(',');
                          return super.eofReceived();
                        }

                        @Override
                        public void connectionLost(@Nullable Throwable why) {
                          seen.append(COLOUR.get());
                          super.connectionLost(why);
                        }
                      });
          COLOUR.set("green");
          link.peer().write("x");
          until(() -> link.protocol().received() == 1);
          link.peer().close();
          await(link.protocol().lost);
          assertEquals("red,red,red,red", seen.toString());
        });
  }

  @Test
  void L89_callbacksOfAServerSeeTheContextInWhichItBeganToServe() {
    run(
        () -> {
          var seen = new StringBuilder();
          COLOUR.set("red");
          var made = loop.<Recorded>createPromise();
          Server server =
              Net.createServer(
                  () -> {
                    seen.append(COLOUR.get()).append(',');
                    var protocol =
                        new Recorded() {
                          @Override
                          public void dataReceived(ByteBuffer data) {
                            super.dataReceived(data);
                            seen.append(COLOUR.get());
                          }
                        };
                    made.setResult(protocol);
                    return protocol;
                  },
                  "127.0.0.1",
                  0);
          COLOUR.set("green");
          var peer = dial(server);
          peer.write("x");
          Recorded protocol = await(made);
          until(() -> protocol.received() == 1);
          assertEquals("red,red", seen.toString());
          peer.close();
          await(protocol.lost);
          server.close();
        });
  }

  /* ---- Leaving the run ---- */

  @Test
  void anExitInACallbackLeavesTheRun() {
    var thrown =
        assertThrows(
            SystemExit.class,
            () ->
                run(
                    () -> {
                      var link =
                          link(
                              () ->
                                  new Recorded() {
                                    @Override
                                    public void dataReceived(ByteBuffer data) {
                                      throw new SystemExit(3);
                                    }
                                  });
                      link.peer().write("x");
                      var mine = Task.current();
                      if (mine != null) {
                        abandon(mine);
                      }
                      hang();
                    }));
    assertEquals(3, thrown.status());
    cancelAll();
  }

  /* ---- Facts ---- */

  @Test
  void L90_theAddressesAreKnownEvenAfterTheEnd() {
    run(
        () -> {
          var link = link(Recorded::new);
          var peername = link.transport().extraInfo(ExtraInfo.PEERNAME);
          var sockname = link.transport().extraInfo(ExtraInfo.SOCKNAME);
          assertEquals(link.peer().socket().getLocalSocketAddress(), peername);
          assertEquals(link.peer().socket().getRemoteSocketAddress(), sockname);
          assertInstanceOf(InetSocketAddress.class, sockname);
          end(link);
          assertEquals(peername, link.transport().extraInfo(ExtraInfo.PEERNAME));
          assertEquals(sockname, link.transport().extraInfo(ExtraInfo.SOCKNAME));
        });
  }

  @Test
  void L90_whatDoesNotApplyIsNull() {
    run(
        () -> {
          var link = link(Recorded::new);
          assertNull(link.transport().extraInfo(ExtraInfo.TLS_SESSION));
          assertNull(link.transport().extraInfo(ExtraInfo.ALPN));
          assertNull(link.transport().extraInfo(ExtraInfo.SUBPROCESS));
          end(link);
        });
  }

  @Test
  void socketOptionsCanBeSet() {
    run(
        () -> {
          var link = link(Recorded::new);
          Transport transport = link.transport();
          assertTrue(transport.getOption(StandardSocketOptions.TCP_NODELAY));
          transport.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
          assertTrue(transport.getOption(StandardSocketOptions.SO_KEEPALIVE));
          end(link);
        });
  }

  @Test
  void theTextOfATransportSaysHowItStands() {
    run(
        () -> {
          var link = link(Recorded::new);
          assertTrue(link.transport().toString().contains("open"), link.transport()::toString);
          end(link);
          assertTrue(link.transport().toString().contains("closed"), link.transport()::toString);
          assertNotNull(createTask(() -> {}));
        });
  }
}
