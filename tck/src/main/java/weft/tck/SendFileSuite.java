package weft.tck;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import weft.Promise;
import weft.Task;
import weft.io.BaseTransport;
import weft.io.ConnectOptions;
import weft.io.Net;
import weft.io.SendfileNotAvailableException;
import weft.io.ServerOptions;
import weft.io.Transport;

/// Files sent through a transport: `sendFile`.
public abstract class SendFileSuite extends IoSuite {
  /// More than the system takes at once.
  private static final int LARGE = 8 << 20;

  /// The same of a connection whose buffers are narrow.
  private static final int MUCH = 1 << 20;

  @TempDir Path folder;

  /// For subclasses.
  protected SendFileSuite() {}

  private FileChannel file(byte[] content) throws IOException {
    Path path = folder.resolve("file");
    Files.write(path, content);
    FileChannel file = FileChannel.open(path);
    closeLater(file);
    return file;
  }

  private static void end(Transport transport, Recorded protocol) {
    transport.close();
    await(protocol.lost);
  }

  private static byte[] joined(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /// Sends a file in a task; nobody reads at the other end, so that it stays in the middle of it.
  private Task<Long> stuck(Link<Recorded> link, FileChannel file, boolean fallback) {
    Task<Long> sending = createTask(() -> Net.sendFile(link.transport(), file, 0, null, fallback));
    until(() -> arrived(link.peer()) > 0);
    turns(20);
    assertFalse(sending.done());
    return sending;
  }

  private static int arrived(Peer peer) {
    try {
      return peer.socket().getInputStream().available();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /* ---- What arrives ---- */

  @Test
  void L108_theFileComesBetweenWhatIsWrittenBeforeAndAfter() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          byte[] content = pattern(300_000);
          Promise<byte[]> received = link.peer().readingAll();
          link.transport().write(utf8("prefix"));
          assertEquals(
              content.length, Net.sendFile(link.transport(), file(content), 0, null, true));
          link.transport().write(utf8("suffix"));
          end(link);
          assertArrayEquals(joined(utf8("prefix"), content, utf8("suffix")), await(received));
        });
  }

  @Test
  void L108_theFileComesBehindALargeBacklog() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          byte[] content = pattern(100_000);
          byte[] before = pattern(LARGE);
          link.transport().write(before);
          assertTrue(link.transport().writeBufferSize() > 0);
          Task<Long> sending =
              createTask(() -> Net.sendFile(link.transport(), file(content), 0, null, true));
          turns(5);
          assertFalse(sending.done());
          Promise<byte[]> received = link.peer().readingAll();
          assertEquals(content.length, await(sending, IOException.class));
          end(link);
          assertArrayEquals(joined(before, content), await(received));
        });
  }

  @Test
  void severalFilesComeOneAfterTheOther() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(utf8("0123456789"));
          Promise<byte[]> received = link.peer().readingAll();
          for (int i = 0; i < 10; i++) {
            assertEquals(1, Net.sendFile(link.transport(), file, 9 - i, 1L, true));
          }
          end(link);
          assertEquals("9876543210", text(await(received)));
        });
  }

  @Test
  void aPartIsSent() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(utf8("0123456789"));
          Promise<byte[]> received = link.peer().readingAll();
          assertEquals(4, Net.sendFile(link.transport(), file, 3, 4L, true));
          assertEquals(7, file.position());
          end(link);
          assertEquals("3456", text(await(received)));
        });
  }

  @Test
  void aCountBeyondTheEndMeansTheEnd() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(utf8("0123456789"));
          Promise<byte[]> received = link.peer().readingAll();
          assertEquals(2, Net.sendFile(link.transport(), file, 8, 1000L, true));
          assertEquals(10, file.position());
          end(link);
          assertEquals("89", text(await(received)));
        });
  }

  @Test
  void anOffsetBeyondTheEndMeansNothing() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(utf8("0123456789"));
          assertEquals(0, Net.sendFile(link.transport(), file, 10, null, true));
          assertEquals(0, Net.sendFile(link.transport(), file, 100, 5L, true));
          end(link);
        });
  }

  @Test
  void anEmptyFileIsNothing() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          assertEquals(0, Net.sendFile(link.transport(), file(new byte[0]), 0, null, true));
          end(link);
          assertEquals("", link.peer().readAll());
        });
  }

  @Test
  void aLargeFileGoesToASlowReader() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          byte[] content = pattern(LARGE);
          FileChannel file = file(content);
          Task<Long> sending = stuck(link, file, true);
          var all = new ByteArrayOutputStream();
          while (all.size() < content.length) {
            all.writeBytes(
                await(link.peer().reading(Math.min(1 << 20, content.length - all.size()))));
          }
          assertEquals(content.length, await(sending, IOException.class));
          assertArrayEquals(content, all.toByteArray());
          assertEquals(content.length, file.position());
          end(link);
        });
  }

  @Test
  void theStreamWriterSendsFilesToo() {
    run(
        () -> {
          Line line = line();
          byte[] content = pattern(200_000);
          FileChannel file = file(content);
          Promise<byte[]> received = line.peer().readingAll();
          line.writer().write("head ");
          assertEquals(content.length, Net.sendFile(line.writer(), file));
          line.writer().write(" tail");
          end(line);
          assertArrayEquals(joined(utf8("head "), content, utf8(" tail")), await(received));
        });
  }

  @Test
  void aFileThatBecomesShorterEndsWhereItEnds() throws Exception {
    Path path = folder.resolve("shrinking");
    Files.write(path, pattern(LARGE));
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          try (FileChannel file = FileChannel.open(path, READ, WRITE)) {
            Task<Long> sending = stuck(link, file, true);
            file.truncate(10);
            Promise<byte[]> received = link.peer().readingAll();
            long sent = await(sending, IOException.class);
            assertTrue(sent < LARGE);
            end(link);
            assertEquals(sent, await(received).length);
          }
        });
  }

  /* ---- What is refused ---- */

  @Test
  void wrongPartsAreRefused() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(new byte[10]);
          for (Long count : new Long[] {0L, -1L}) {
            assertThrows(
                IllegalArgumentException.class,
                () -> Net.sendFile(link.transport(), file, 0, count, true));
          }
          assertThrows(
              IllegalArgumentException.class,
              () -> Net.sendFile(link.transport(), file, -1, null, true));
          end(link);
        });
  }

  @Test
  void aClosingTransportIsRefused() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(new byte[10]);
          link.transport().close();
          assertThrows(
              IllegalStateException.class,
              () -> Net.sendFile(link.transport(), file, 0, null, true));
          await(link.protocol().lost);
          assertThrows(
              IllegalStateException.class,
              () -> Net.sendFile(link.transport(), file, 0, null, true));
        });
  }

  @Test
  void L108_nothingElseIsWrittenMeanwhile() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          byte[] content = pattern(LARGE);
          FileChannel file = file(content);
          Task<Long> sending = stuck(link, file, true);
          assertThrows(IllegalStateException.class, () -> link.transport().write(utf8("x")));
          assertThrows(
              IllegalStateException.class,
              () -> Net.sendFile(link.transport(), file, 0, null, true));
          Promise<byte[]> received = link.peer().readingAll();
          await(sending, IOException.class);
          link.transport().write(utf8("y"));
          end(link);
          assertArrayEquals(joined(content, utf8("y")), await(received));
        });
  }

  @Test
  void L108_nothingIsReadMeanwhile() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(pattern(LARGE));
          Task<Long> sending = stuck(link, file, true);
          assertFalse(link.transport().isReading());
          link.peer().write("hello");
          turns(20);
          assertEquals(0, link.protocol().received());
          Promise<byte[]> received = link.peer().reading(LARGE);
          await(sending, IOException.class);
          assertTrue(link.transport().isReading());
          until(() -> link.protocol().received() == 5);
          await(received);
          end(link);
        });
  }

  @Test
  void L108_aReaderThatCatchesUpDoesNotReadMeanwhile() {
    run(
        () -> {
          Line line = line(ConnectOptions.defaults().limit(10));
          FileChannel file = file(pattern(LARGE));
          line.peer().write("x".repeat(100));
          until(() -> !line.writer().transport().isReading());
          Task<Long> sending = createTask(() -> Net.sendFile(line.writer(), file));
          until(() -> arrived(line.peer()) > 0);
          line.reader().readExactly(100);
          Task<String> reading = createTask(() -> text(line.reader().readExactly(4)));
          line.peer().write("more");
          letTheRestArrive();
          assertFalse(line.writer().transport().isReading());
          assertFalse(reading.done());
          Promise<byte[]> received = line.peer().reading(LARGE);
          await(sending, IOException.class);
          assertEquals("more", await(reading));
          assertEquals(LARGE, await(received).length);
          end(line);
        });
  }

  @Test
  void L108_whatIsAskedOfTheReadingMeanwhileHoldsAfterwards() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          link.transport().pauseReading();
          Task<Long> sending = stuck(link, file(pattern(LARGE)), true);
          link.transport().resumeReading();
          link.peer().write("hello");
          letTheRestArrive();
          assertFalse(link.transport().isReading());
          assertEquals(0, link.protocol().received());
          link.transport().pauseReading();
          Promise<byte[]> received = link.peer().reading(LARGE);
          await(sending, IOException.class);
          letTheRestArrive();
          assertFalse(link.transport().isReading());
          assertEquals(0, link.protocol().received());
          link.transport().resumeReading();
          until(() -> link.protocol().received() == 5);
          await(received);
          end(link);
        });
  }

  @Test
  void aTransportThatDidNotReadDoesNotReadAfterwards() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          link.transport().pauseReading();
          Net.sendFile(link.transport(), file(new byte[100]), 0, null, true);
          assertFalse(link.transport().isReading());
          link.peer().read(100);
          end(link);
        });
  }

  /* ---- How it ends ---- */

  @Test
  void L109_aPeerThatGoesAwayBreaksIt() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          byte[] content = pattern(LARGE);
          FileChannel file = file(content);
          Task<Long> sending = stuck(link, file, true);
          link.peer().read(1000);
          link.peer().reset();
          Throwable failure = failure(sending);
          assertInstanceOf(IOException.class, failure == null ? null : failure.getCause());
          assertTrue(file.position() > 0 && file.position() < content.length);
          await(link.protocol().lost);
        });
  }

  @Test
  void L109_whenItIsCancelledThePositionTellsHowFarItCame() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          byte[] content = pattern(LARGE);
          FileChannel file = file(content);
          Task<Long> sending = stuck(link, file, true);
          sending.cancel();
          settle(List.of(sending));
          assertTrue(sending.cancelled());
          int sent = (int) file.position();
          assertTrue(sent > 0 && sent < content.length);
          assertTrue(link.transport().isReading());
          link.transport().write(utf8("after"));
          Promise<byte[]> received = link.peer().readingAll();
          end(link);
          assertArrayEquals(joined(Arrays.copyOf(content, sent), utf8("after")), await(received));
        });
  }

  @Test
  void L109_whenTheTransportIsAbortedItFails() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(pattern(LARGE));
          Task<Long> sending = stuck(link, file, true);
          link.transport().abort();
          Throwable failure = failure(sending);
          assertInstanceOf(
              ClosedChannelException.class, failure == null ? null : failure.getCause());
          assertTrue(file.position() > 0 && file.position() < LARGE);
          await(link.protocol().lost);
        });
  }

  @Test
  void L109_aCloseInTheMiddleOfItEndsIt() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(pattern(LARGE));
          Task<Long> sending = stuck(link, file, true);
          link.transport().close();
          Promise<byte[]> received = link.peer().readingAll();
          settle(List.of(sending));
          await(link.protocol().lost);
          assertEquals(file.position(), await(received).length);
        });
  }

  @Test
  void aFileThatCannotBeReadIsRefused() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          Path path = Files.write(folder.resolve("written"), new byte[10]);
          try (FileChannel file = FileChannel.open(path, WRITE)) {
            assertThrows(
                NonReadableChannelException.class,
                () -> Net.sendFile(link.transport(), file, 0, null, true));
          }
          link.transport().write(utf8("still"));
          assertEquals("still", link.peer().read(5));
          end(link);
        });
  }

  @Test
  void aFileThatIsClosedBreaksIt() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(new byte[10]);
          file.close();
          assertThrows(
              ClosedChannelException.class,
              () -> Net.sendFile(link.transport(), file, 0, null, true));
          link.transport().write(utf8("still"));
          assertEquals("still", link.peer().read(5));
          end(link);
        });
  }

  /* ---- Without the system's help ---- */

  /// A connection over TLS within this loop. The system keeps little of what is under way: it could
  /// take a whole file otherwise.
  private record Secure(Transport client, Recorded received, Recorded clientSide) {}

  private Secure secure() throws IOException {
    Promise<Recorded> accepted = loop.createPromise();
    try (var server =
        Net.createServer(
            () -> {
              var protocol =
                  new Recorded() {
                    @Override
                    public void connectionMade(BaseTransport made) {
                      super.connectionMade(made);
                      accepted.setResult(this);
                    }
                  };
              return protocol;
            },
            "127.0.0.1",
            0,
            ServerOptions.defaults().tls(Tls.server()))) {
      var made =
          Net.createConnection(
              Recorded::new,
              "127.0.0.1",
              addressOf(server).getPort(),
              ConnectOptions.defaults().tls(Tls.client()));
      Recorded received = await(accepted);
      made.transport().setOption(StandardSocketOptions.SO_SNDBUF, NARROW_BYTES);
      received.transport().setOption(StandardSocketOptions.SO_RCVBUF, NARROW_BYTES);
      return new Secure(made.transport(), received, made.protocol());
    }
  }

  /// Sends a file in a task; it stays in the middle of it, because the other side does not read.
  private Task<Long> stuck(Secure pair, FileChannel file) {
    pair.received.transport().pauseReading();
    Task<Long> sending = createTask(() -> Net.sendFile(pair.client, file, 0, null, true));
    until(() -> pair.client.writeBufferSize() > pair.client.writeBufferLimits().high());
    turns(5);
    return sending;
  }

  @Test
  void L110_overTlsTheFileIsCopied() {
    run(
        () -> {
          Secure pair = secure();
          byte[] content = pattern(300_000);
          FileChannel file = file(content);
          pair.client.write(utf8("prefix"));
          assertEquals(content.length, Net.sendFile(pair.client, file, 0, null, true));
          assertEquals(content.length, file.position());
          pair.client.write(utf8("suffix"));
          end(pair.client, pair.clientSide);
          await(pair.received.lost);
          assertArrayEquals(joined(utf8("prefix"), content, utf8("suffix")), pair.received.data());
        });
  }

  @Test
  void L110_overTlsItIsRefusedIfItMayNotBeCopied() {
    run(
        () -> {
          Secure pair = secure();
          FileChannel file = file(new byte[10]);
          assertThrows(
              IllegalStateException.class, () -> Net.sendFile(pair.client, file, 0, null, false));
          assertEquals(0, file.position());
          end(pair.client, pair.clientSide);
          await(pair.received.lost);
        });
  }

  @Test
  void L110_overTlsACancelledCopyTellsByThePositionHowFarItCame() {
    run(
        () -> {
          Secure pair = secure();
          byte[] content = pattern(MUCH);
          FileChannel file = file(content);
          Task<Long> sending = stuck(pair, file);
          sending.cancel();
          settle(List.of(sending));
          assertTrue(sending.cancelled());
          int sent = (int) file.position();
          assertTrue(sent > 0 && sent < content.length);
          pair.received.transport().resumeReading();
          end(pair.client, pair.clientSide);
          await(pair.received.lost);
          assertArrayEquals(Arrays.copyOf(content, sent), pair.received.data());
        });
  }

  @Test
  void L109_overTlsAClosedTransportTakesNoMoreOfTheFile() {
    run(
        () -> {
          Secure pair = secure();
          FileChannel file = file(pattern(MUCH));
          Task<Long> sending = stuck(pair, file);
          pair.client.close();
          pair.received.transport().resumeReading();
          assertThrows(ClosedChannelException.class, () -> await(sending, IOException.class));
          await(pair.clientSide.lost);
          await(pair.received.lost);
          assertEquals(file.position(), pair.received.received());
        });
  }

  @Test
  void overTlsNothingElseIsWrittenMeanwhile() {
    run(
        () -> {
          Secure pair = secure();
          FileChannel file = file(pattern(MUCH));
          pair.received.transport().pauseReading();
          Task<Long> sending = createTask(() -> Net.sendFile(pair.client, file, 0, null, true));
          until(() -> pair.client.writeBufferSize() > 0);
          assertThrows(IllegalStateException.class, () -> pair.client.write(utf8("x")));
          pair.received.transport().resumeReading();
          assertEquals(MUCH, await(sending, IOException.class));
          end(pair.client, pair.clientSide);
          await(pair.received.lost);
          assertEquals(MUCH, pair.received.received());
        });
  }

  @Test
  void theSystemSendsItOrSaysThatItCannot() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(utf8("native"));
          try {
            assertEquals(6, Net.sendFile(link.transport(), file, 0, null, false));
            assertEquals("native", link.peer().read(6));
          } catch (SendfileNotAvailableException e) {
            assertEquals(0, file.position());
            assertEquals(6, Net.sendFile(link.transport(), file, 0, null, true));
            assertEquals("native", link.peer().read(6));
          }
          end(link);
        });
  }

  @Test
  void L108_theEndOfTheOutputGoesBehindTheFile() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          byte[] content = pattern(LARGE);
          Task<Long> sending = stuck(link, file(content), true);
          link.transport().writeEof();
          Promise<byte[]> received = link.peer().readingAll();
          assertEquals(content.length, await(sending, IOException.class));
          assertArrayEquals(content, await(received));
          end(link);
        });
  }

  @Test
  void L86_afterTheEndOfTheOutputNoFileIsSent() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          link.transport().writeEof();
          FileChannel file = file(utf8("too late"));
          assertThrows(
              IllegalStateException.class,
              () -> Net.sendFile(link.transport(), file, 0, null, true));
          assertEquals(0, file.position());
          link.peer().write("still heard");
          until(() -> link.protocol().text().equals("still heard"));
          end(link);
        });
  }

  @Test
  void L108_tlsDoesNotBeginMeanwhile() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          byte[] content = pattern(LARGE);
          Task<Long> sending = stuck(link, file(content), true);
          assertThrows(
              IllegalStateException.class,
              () -> Net.startTls(link.transport(), link.protocol(), Tls.client(), false));
          Promise<byte[]> received = link.peer().reading(LARGE);
          await(sending, IOException.class);
          assertArrayEquals(content, await(received));
          end(link);
        });
  }

  @Test
  void L111_tlsThatIsRefusedTakesNothingFromTheReader() {
    run(
        () -> {
          Line line = line();
          byte[] content = pattern(LARGE);
          FileChannel file = file(content);
          line.peer().write("kept");
          assertEquals("k", text(line.reader().readExactly(1)));
          Task<Long> sending = createTask(() -> Net.sendFile(line.writer(), file));
          until(() -> !line.writer().transport().isReading());
          assertThrows(IllegalStateException.class, () -> line.writer().startTls(Tls.client()));
          assertEquals("ept", text(line.reader().readExactly(3)));
          Promise<byte[]> received = line.peer().reading(LARGE);
          await(sending, IOException.class);
          assertArrayEquals(content, await(received));
          end(line);
        });
  }

  @Test
  void L109_aFileThatFailsLeavesTheConnection() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          byte[] content = pattern(LARGE);
          FileChannel file = file(content);
          Task<Long> sending = stuck(link, file, true);
          file.close();
          Promise<byte[]> received = link.peer().readingAll();
          Throwable failure = failure(sending);
          assertInstanceOf(
              ClosedChannelException.class, failure == null ? null : failure.getCause());
          assertFalse(link.transport().isClosing());
          link.transport().write(utf8("after"));
          end(link);
          byte[] all = await(received);
          assertTrue(all.length < content.length);
          assertArrayEquals(joined(Arrays.copyOf(content, all.length - 5), utf8("after")), all);
        });
  }

  @Test
  void L29_aCancellationIsNotLostWithAClosedFile() {
    run(
        () -> {
          Link<Recorded> link = link(Recorded::new);
          FileChannel file = file(pattern(LARGE));
          Task<Long> sending = stuck(link, file, true);
          file.close();
          sending.cancel();
          settle(List.of(sending));
          assertTrue(sending.cancelled());
          link.transport().abort();
          await(link.protocol().lost);
        });
  }
}
