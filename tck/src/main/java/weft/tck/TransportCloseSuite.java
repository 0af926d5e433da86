package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.KeyboardInterrupt;
import weft.io.BaseTransport;
import weft.io.Transport;

/// How a connection ends: closed, aborted, reset, ended by the peer, broken by its protocol. On
/// every way `connectionLost` is called exactly once.
public abstract class TransportCloseSuite extends IoSuite {
  /// For subclasses.
  protected TransportCloseSuite() {}

  private static final List<String> PLAIN_END = List.of("made", "lost");

  /// Lets everything settle that could call the protocol once more.
  private void settled(Recorded protocol, List<String> events) {
    await(protocol.lost);
    turns(5);
    assertEquals(events, protocol.events);
    assertTrue(protocol.transport().isClosing());
  }

  /* ---- close ---- */

  /// The second write takes the first one along, so that nothing is left to be sent later.
  @Test
  void L82_aLargeWriteBehindASmallOneIsSentBeforeTheEnd() {
    run(
        () -> {
          var link = link(Recorded::new);
          var received = link.peer().readingAll();
          link.transport().write(pattern(100));
          link.transport().close();
          link.transport().write(pattern(20_000));
          await(link.protocol().lost);
          assertEquals(20_100, await(received).length);
        });
  }

  @Test
  void L80_connectionLostIsNeverInline() {
    run(
        () -> {
          var link = link(Recorded::new);
          assertFalse(link.transport().isClosing());
          link.transport().close();
          assertTrue(link.transport().isClosing());
          assertEquals(List.of("made"), link.protocol().events);
          settled(link.protocol(), PLAIN_END);
          assertNull(link.protocol().reason());
          assertEquals("", link.peer().readAll());
        });
  }

  @Test
  void L80_closingTwiceLosesTheConnectionOnce() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().close();
          link.transport().close();
          await(link.protocol().lost);
          link.transport().close();
          settled(link.protocol(), PLAIN_END);
        });
  }

  @Test
  void L80_closeAndAbortLoseTheConnectionOnce() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().close();
          link.transport().abort();
          link.transport().close();
          await(link.protocol().lost);
          link.transport().abort();
          settled(link.protocol(), PLAIN_END);
          assertNull(link.protocol().reason());
        });
  }

  @Test
  void L82_closeSendsWhatWasWritten() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          byte[] data = pattern(4 * 1024 * 1024);
          link.transport().write(data);
          link.transport().close();
          turns(3);
          assertFalse(link.protocol().events.contains("lost"));
          assertArrayEquals(data, await(link.peer().readingAll()));
          await(link.protocol().lost);
          assertNull(link.protocol().reason());
        });
  }

  @Test
  void L82_closeSendsAShortText() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().write(utf8("short"));
          link.transport().close();
          assertEquals("short", link.peer().readAll());
          settled(link.protocol(), PLAIN_END);
        });
  }

  @Test
  void L82_closeStopsReadingAtOnce() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          fill(link.transport());
          link.transport().close();
          link.peer().write("too late");
          letTheRestArrive();
          assertEquals(0, link.protocol().received());
          link.transport().abort();
          await(link.protocol().lost);
        });
  }

  @Test
  void whatIsWrittenWhileClosingFollowsWhatIsStillThere() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          int written = fill(link.transport());
          link.transport().close();
          link.transport().write(utf8("end"));
          byte[] all = await(link.peer().readingAll());
          assertEquals(written + 3, all.length);
          await(link.protocol().lost);
        });
  }

  @Test
  void L85_whatIsWrittenInResumeWritingAfterCloseIsSent() {
    run(
        () -> {
          var link =
              narrowLink(
                  () ->
                      new Recorded() {
                        @Override
                        public void resumeWriting() {
                          super.resumeWriting();
                          transport().write(utf8("more"));
                        }
                      });
          int written = fill(link.transport());
          link.transport().close();
          byte[] all = await(link.peer().readingAll());
          await(link.protocol().lost);
          assertEquals(List.of("made", "pause", "resume", "lost"), link.protocol().events);
          assertEquals(written + 4, all.length); // though nothing may have been left by then
        });
  }

  @Test
  void L85_closeInPauseWritingStillSends() {
    run(
        () -> {
          var link =
              narrowLink(
                  () ->
                      new Recorded() {
                        @Override
                        public void pauseWriting() {
                          super.pauseWriting();
                          transport().close();
                        }
                      });
          byte[] data = pattern(1_000_000);
          link.transport().write(data);
          assertTrue(link.transport().isClosing());
          assertArrayEquals(data, await(link.peer().readingAll()));
          settled(link.protocol(), List.of("made", "pause", "resume", "lost"));
        });
  }

  @Test
  void L80_closeInResumeWritingLosesTheConnectionOnce() {
    run(
        () -> {
          var link =
              narrowLink(
                  () ->
                      new Recorded() {
                        @Override
                        public void resumeWriting() {
                          super.resumeWriting();
                          transport().close();
                        }
                      });
          byte[] data = pattern(1_000_000);
          link.transport().write(data);
          assertArrayEquals(data, await(link.peer().readingAll()));
          settled(link.protocol(), List.of("made", "pause", "resume", "lost"));
        });
  }

  @Test
  void writesAfterTheEndAreDroppedAndWarnedOf() {
    run(
        () -> {
          var link = link(Recorded::new);
          end(link);
          for (int i = 0; i < 4; i++) {
            link.transport().write(utf8("x"));
            link.transport().write(new byte[0]); // loses nothing
          }
          assertEquals(List.of(), logs());
          link.transport().write(utf8("x"));
          assertEquals(1, logs().size());
          assertEquals(0, link.transport().writeBufferSize());
          assertEquals("", link.peer().readAll());
        });
    expectLog("write() on a closed connection");
  }

  /* ---- abort ---- */

  @Test
  void L82_abortDropsWhatWasWrittenAndThePeerSeesAReset() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          fill(link.transport());
          link.transport().abort();
          assertTrue(link.transport().isClosing());
          assertFalse(link.protocol().events.contains("lost"));
          settled(link.protocol(), List.of("made", "pause", "lost"));
          assertNull(link.protocol().reason());
          assertReset(link.peer());
        });
  }

  @Test
  void L82_abortOfAnIdleConnectionIsAResetToo() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().abort();
          link.transport().abort();
          settled(link.protocol(), PLAIN_END);
          assertNull(link.protocol().reason());
          assertReset(link.peer());
        });
  }

  @Test
  void L80_abortEndsACloseThatIsWaiting() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          fill(link.transport());
          link.transport().close();
          turns(3);
          link.transport().abort();
          settled(link.protocol(), List.of("made", "pause", "lost"));
          assertNull(link.protocol().reason());
        });
  }

  /* ---- The peer ---- */

  @Test
  void L83_theEndOfThePeerClosesTheConnection() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.peer().write("bye");
          link.peer().shutdownOutput();
          settled(link.protocol(), List.of("made", "data", "eof", "lost"));
          assertNull(link.protocol().reason());
          assertEquals("bye", link.protocol().text());
          assertEquals("", link.peer().readAll());
        });
  }

  @Test
  void L83_theEndOfThePeerSendsWhatIsWritten() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          int written = fill(link.transport());
          link.peer().shutdownOutput();
          until(() -> link.protocol().events.contains("eof"));
          assertEquals(written, await(link.peer().readingAll()).length);
          await(link.protocol().lost);
        });
  }

  @Test
  void L83_aProtocolMayStayOpenForWriting() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.protocol().keepOpen = true;
          link.peer().shutdownOutput();
          until(() -> link.protocol().events.contains("eof"));
          turns(5);
          assertFalse(link.transport().isClosing());
          link.transport().write(utf8("still here"));
          assertEquals("still here", link.peer().read(10));
          end(link);
          assertEquals(List.of("made", "eof", "lost"), link.protocol().events);
        });
  }

  @Test
  void L83_theEndIsNotToldWhilePaused() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.transport().pauseReading();
          link.peer().write("x");
          link.peer().shutdownOutput();
          letTheRestArrive();
          assertEquals(List.of("made"), link.protocol().events);
          link.transport().resumeReading();
          settled(link.protocol(), List.of("made", "data", "eof", "lost"));
        });
  }

  @Test
  void L83_bothMayEndTheirOutput() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.protocol().keepOpen = true;
          link.transport().write(utf8("question"));
          link.transport().writeEof();
          assertEquals("question", link.peer().readAll());
          link.peer().write("answer");
          link.peer().shutdownOutput();
          until(() -> link.protocol().events.contains("eof"));
          assertEquals("answer", link.protocol().text());
          end(link);
        });
  }

  @Test
  void L80_aResetLosesTheConnectionWithItsReason() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.peer().reset();
          settled(link.protocol(), PLAIN_END);
          assertInstanceOf(IOException.class, link.protocol().reason());
        });
  }

  @Test
  void L80_aResetWhileMuchIsToBeSentLosesTheConnectionOnce() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          fill(link.transport());
          link.peer().reset();
          settled(link.protocol(), List.of("made", "pause", "lost"));
          assertInstanceOf(IOException.class, link.protocol().reason());
        });
  }

  @Test
  void L80_aResetWhileClosingLosesTheConnectionOnce() {
    run(
        () -> {
          var link = narrowLink(Recorded::new);
          fill(link.transport());
          link.transport().close();
          link.peer().reset();
          settled(link.protocol(), List.of("made", "pause", "lost"));
        });
  }

  @Test
  void writingToAPeerThatIsGoneEndsInItsLoss() {
    run(
        () -> {
          var link = link(Recorded::new);
          link.protocol().keepOpen = true;
          link.peer().close();
          for (int i = 0; i < 1_000 && !link.transport().isClosing(); i++) {
            link.transport().write(utf8("x"));
            turns(2);
          }
          await(link.protocol().lost);
          assertInstanceOf(IOException.class, link.protocol().reason());
          assertEquals("lost", link.protocol().events.getLast());
        });
  }

  /* ---- In the callbacks ---- */

  @Test
  void L80_closeInConnectionMade() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public void connectionMade(BaseTransport made) {
                          super.connectionMade(made);
                          transport().write(utf8("bye"));
                          transport().close();
                        }
                      });
          assertEquals("bye", link.peer().readAll());
          settled(link.protocol(), PLAIN_END);
        });
  }

  @Test
  void L80_abortInConnectionMade() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public void connectionMade(BaseTransport made) {
                          super.connectionMade(made);
                          transport().abort();
                        }
                      });
          settled(link.protocol(), PLAIN_END);
          assertReset(link.peer());
        });
  }

  private Link<Recorded> endingOnData(Ending ending) throws IOException {
    return link(
        () ->
            new Recorded() {
              @Override
              public void dataReceived(ByteBuffer data) {
                super.dataReceived(data);
                ending.end(transport());
              }
            });
  }

  private interface Ending {
    void end(Transport transport);
  }

  @Test
  void L80_closeInDataReceived() {
    run(
        () -> {
          var link = endingOnData(Transport::close);
          var sent = link.peer().writing(pattern(1_000_000));
          settled(link.protocol(), List.of("made", "data", "lost"));
          failure(sent);
        });
  }

  @Test
  void L80_abortInDataReceived() {
    run(
        () -> {
          var link = endingOnData(Transport::abort);
          var sent = link.peer().writing(pattern(1_000_000));
          settled(link.protocol(), List.of("made", "data", "lost"));
          failure(sent);
          assertNull(link.protocol().reason());
        });
  }

  @Test
  void L80_closeInEofReceived() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public boolean eofReceived() {
                          transport().close();
                          return super.eofReceived();
                        }
                      });
          link.peer().close();
          settled(link.protocol(), List.of("made", "eof", "lost"));
        });
  }

  @Test
  void L80_closeInConnectionLostDoesNothing() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public void connectionLost(@Nullable Throwable why) {
                          super.connectionLost(why);
                          transport().close();
                          transport().abort();
                          transport().write(utf8("x"));
                        }
                      });
          link.transport().close();
          settled(link.protocol(), PLAIN_END);
          assertEquals("", link.peer().readAll());
        });
  }

  /* ---- Failing callbacks ---- */

  private final ArithmeticException failure = new ArithmeticException("on purpose");

  private void reported(String method) {
    expectErrors(1);
    assertSame(failure, errors().getFirst().exception());
    String message = errors().getFirst().message();
    assertTrue(message.contains(method), message);
  }

  @Test
  void L84_aFailureInConnectionMadeEndsTheConnection() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public void connectionMade(BaseTransport made) {
                          super.connectionMade(made);
                          throw failure;
                        }
                      });
          settled(link.protocol(), PLAIN_END);
          assertSame(failure, link.protocol().reason());
        });
    reported("connectionMade");
  }

  @Test
  void L84_aFailureInDataReceivedEndsTheConnection() {
    run(
        () -> {
          var link =
              endingOnData(
                  transport -> {
                    throw failure;
                  });
          link.peer().write("x");
          settled(link.protocol(), List.of("made", "data", "lost"));
          assertSame(failure, link.protocol().reason());
        });
    reported("received data");
  }

  @Test
  void L84_aFailureInEofReceivedEndsTheConnection() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public boolean eofReceived() {
                          super.eofReceived();
                          throw failure;
                        }
                      });
          link.peer().shutdownOutput();
          settled(link.protocol(), List.of("made", "eof", "lost"));
          assertSame(failure, link.protocol().reason());
        });
    reported("eofReceived");
  }

  @Test
  void L84_aFailureInConnectionLostIsReportedAndTheConnectionGone() {
    run(
        () -> {
          var link =
              link(
                  () ->
                      new Recorded() {
                        @Override
                        public void connectionLost(@Nullable Throwable why) {
                          super.connectionLost(why);
                          throw failure;
                        }
                      });
          link.transport().close();
          settled(link.protocol(), PLAIN_END);
          assertEquals("", link.peer().readAll());
        });
    expectErrors(1);
    assertSame(failure, errors().getFirst().exception());
  }

  @Test
  void L84_aFailureWhileMuchIsToBeSentDropsIt() {
    run(
        () -> {
          var link =
              narrowLink(
                  () ->
                      new Recorded() {
                        @Override
                        public void dataReceived(ByteBuffer data) {
                          super.dataReceived(data);
                          throw failure;
                        }
                      });
          fill(link.transport());
          link.peer().write("x");
          settled(link.protocol(), List.of("made", "pause", "data", "lost"));
        });
    reported("received data");
  }

  /* ---- With the loop ---- */

  @Test
  void L99_connectionsThatAreOpenWhenTheLoopClosesAreClosed() {
    run(
        () -> {
          for (int i = 0; i < 5; i++) {
            var link = narrowLink(Recorded::new);
            if (i > 2) {
              fill(link.transport());
            }
            if (i > 3) {
              link.transport().close();
            }
          }
        });
    loop.close();
  }

  @Test
  void L99_afterTheLoopIsClosedAConnectionCanStillBeClosed() {
    Transport transport =
        run(
            () -> {
              return link(Recorded::new).transport();
            });
    loop.close();
    transport.close();
    transport.abort();
    assertTrue(transport.isClosing());
    assertTrue(transport.toString().contains("clos"), transport::toString);
  }

  @Test
  void L16_dataThatFollowsAnExitIsToldInTheNextRun() {
    byte[] data = pattern(200_000);
    var links = new ArrayList<Link<ExitsOnce>>();
    run(() -> links.add(link(ExitsOnce::new)));
    Link<ExitsOnce> link = links.getFirst();
    link.transport().pauseReading();
    run(
        () -> {
          await(link.peer().writing(data), IOException.class);
          turns(10);
        });
    link.transport().resumeReading();
    assertThrows(KeyboardInterrupt.class, loop::runForever);
    run(
        () -> {
          until(() -> link.protocol().received() == data.length);
          assertArrayEquals(data, link.protocol().data());
          link.transport().close();
          await(link.protocol().lost);
        });
  }
}
