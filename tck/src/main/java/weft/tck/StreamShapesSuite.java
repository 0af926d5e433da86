package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Scanner;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.Body;
import weft.Task;
import weft.io.StreamReader;

/// The other shapes of a `StreamReader`: chunks, buffers, iterators, an `InputStream` for parsers
/// that know no loop; and what a cancelled read leaves behind.
public abstract class StreamShapesSuite extends LoopSuite {
  /// For subclasses.
  protected StreamShapesSuite() {}

  private static StreamReader fed(String... pieces) {
    var reader = new StreamReader();
    for (String piece : pieces) {
      reader.feedData(IoSuite.utf8(piece));
    }
    return reader;
  }

  private static StreamReader ended(String... pieces) {
    var reader = fed(pieces);
    reader.feedEof();
    return reader;
  }

  private static String text(@Nullable ByteBuffer data) {
    if (data == null) {
      return "null";
    }
    byte[] bytes = new byte[data.remaining()];
    data.duplicate().get(bytes);
    return IoSuite.text(bytes);
  }

  /// Feeds `data` piece by piece, a few turns apart.
  private Task<?> feeding(StreamReader reader, byte[] data, int piece) {
    return createTask(
        () -> {
          for (int at = 0; at < data.length; at += piece) {
            reader.feedData(ByteBuffer.wrap(data, at, Math.min(piece, data.length - at)));
            turns(1);
          }
          reader.feedEof();
        });
  }

  /* ---- Chunks ---- */

  @Test
  void L75_aChunkIsWhatIsThere() {
    run(
        () -> {
          var reader = fed("abc", "def");
          assertEquals("abcdef", text(reader.readChunk()));
          reader.feedData(IoSuite.utf8("g"));
          assertEquals("g", text(reader.readChunk()));
          reader.feedEof();
          assertNull(reader.readChunk());
          assertNull(reader.readChunk());
        });
  }

  @Test
  void aChunkWaitsWhenNothingIsThere() {
    run(
        () -> {
          var reader = fed();
          var task = createTask(() -> text(reader.readChunk()));
          turns(2);
          assertFalse(task.done());
          reader.feedData(IoSuite.utf8("abc"));
          assertEquals("abc", await(task));
        });
  }

  @Test
  void L75_aChunkStaysAsItIsWhileMoreArrives() {
    run(
        () -> {
          var reader = fed("abc");
          ByteBuffer chunk = reader.readChunk();
          for (int i = 0; i < 100; i++) {
            reader.feedData(IoSuite.utf8("0123456789"));
          }
          assertEquals("abc", text(chunk));
          assertEquals(1_000, reader.readExactly(1_000).length);
        });
  }

  @Test
  void chunksAndOtherReadsTakeTurns() {
    run(
        () -> {
          var reader = ended("one\ntwothree\nfour");
          assertEquals("one", reader.readLine());
          assertEquals("two", IoSuite.text(reader.readExactly(3)));
          assertEquals("three\nfour", text(reader.readChunk()));
          assertTrue(reader.atEof());
        });
  }

  /* ---- Buffers ---- */

  @Test
  void aBufferIsFilledAsFarAsItGoes() {
    run(
        () -> {
          var reader = fed("abcdef");
          var target = ByteBuffer.allocate(10).position(2).limit(6);
          assertEquals(4, reader.read(target));
          assertEquals(6, target.position());
          assertEquals("abcd", IoSuite.text(target.array()).substring(2, 6));
          target.clear();
          assertEquals(2, reader.read(target));
          assertEquals("ef", text(target.flip()));
        });
  }

  @Test
  void aBufferWithoutRoomTakesNothing() {
    run(
        () -> {
          assertEquals(0, fed().read(ByteBuffer.allocate(0)));
          assertEquals(0, ended().read(ByteBuffer.allocate(0)));
        });
  }

  @Test
  void aDirectBufferWillDo() {
    run(
        () -> {
          var target = ByteBuffer.allocateDirect(3);
          assertEquals(3, fed("abcd").read(target));
          assertEquals("abc", text(target.flip()));
        });
  }

  @Test
  void aBufferAtTheEndGetsNothing() {
    run(
        () -> {
          var target = ByteBuffer.allocate(4);
          assertEquals(-1, ended().read(target));
          var reader = fed();
          var task = createTask(() -> reader.read(target));
          turns(2);
          reader.feedEof();
          assertEquals(-1, await(task));
          assertEquals(0, target.position());
        });
  }

  @Test
  void aReadOnlyBufferTakesNothing() {
    run(
        () -> {
          var reader = ended("abc");
          var target = ByteBuffer.allocate(2).asReadOnlyBuffer();
          assertThrows(java.nio.ReadOnlyBufferException.class, () -> reader.read(target));
          assertEquals("abc", IoSuite.text(reader.read()));
        });
  }

  /* ---- Cancelled reads ---- */

  private void cancelled(Reading read) {
    var reader = fed("ab");
    Task<?> task =
        createTask(
            () -> {
              read.of(reader);
            });
    turns(3);
    assertFalse(task.done());
    task.cancel();
    failure(task);
    assertTrue(task.cancelled());
    reader.feedData(IoSuite.utf8("cd"));
    reader.feedEof();
    try {
      assertEquals("abcd", IoSuite.text(reader.read()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Reading {
    void of(StreamReader reader) throws IOException;
  }

  @Test
  void L73_aCancelledReadTakesNothing() {
    run(
        () -> {
          cancelled(StreamReader::read);
          cancelled(reader -> reader.readExactly(3));
          cancelled(StreamReader::readLine);
          cancelled(reader -> reader.readUntil("bc!"));
        });
  }

  private void cancelledAsDataArrives(Reading read) {
    var reader = fed();
    Task<?> task =
        createTask(
            () -> {
              read.of(reader);
            });
    turns(3);
    reader.feedData(IoSuite.utf8("data\n"));
    task.cancel();
    failure(task);
    assertTrue(task.cancelled());
    reader.feedEof();
    try {
      assertEquals("data\n", IoSuite.text(reader.read()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void L73_aReadThatIsCancelledAsDataArrivesTakesNothing() {
    run(
        () -> {
          cancelledAsDataArrives(StreamReader::read);
          cancelledAsDataArrives(reader -> reader.read(3));
          cancelledAsDataArrives(reader -> reader.read(ByteBuffer.allocate(3)));
          cancelledAsDataArrives(reader -> reader.readExactly(3));
          cancelledAsDataArrives(StreamReader::readLine);
          cancelledAsDataArrives(reader -> reader.readUntil("\n"));
          cancelledAsDataArrives(StreamReader::readChunk);
        });
  }

  /* ---- Iterators ---- */

  @Test
  void hasNextMayBeRepeated() {
    run(
        () -> {
          var lines = ended("a\nb\n").iterator();
          assertTrue(lines.hasNext());
          assertTrue(lines.hasNext());
          assertEquals("a", lines.next());
          assertEquals("b", lines.next());
          assertFalse(lines.hasNext());
          assertThrows(NoSuchElementException.class, lines::next);
        });
  }

  @Test
  void anIterationCanBeBrokenOffAndGoneOnWith() {
    run(
        () -> {
          var reader = ended("a\nb\nc\n");
          var seen = new ArrayList<String>();
          for (String line : reader) {
            seen.add(line);
            if (line.equals("b")) {
              break;
            }
          }
          reader.forEach(seen::add);
          assertEquals(List.of("a", "b", "c"), seen);
        });
  }

  @Test
  void anIteratorWrapsWhatAReadThrows() {
    run(
        () -> {
          var reader = fed();
          var failure = new SocketException("on purpose");
          reader.setException(failure);
          var lines = reader.iterator();
          assertSame(failure, assertThrows(UncheckedIOException.class, lines::hasNext).getCause());
        });
  }

  /* ---- Input streams ---- */

  @Test
  void anInputStreamYieldsBytes() {
    run(
        () -> {
          InputStream in = ended("aÿ").asInputStream();
          assertEquals('a', in.read());
          assertEquals(0xc3, in.read());
          assertEquals(0xbf, in.read());
          assertEquals(-1, in.read());
          assertEquals(-1, in.read(new byte[5]));
        });
  }

  @Test
  void anInputStreamReadsIntoArrays() {
    run(
        () -> {
          InputStream in = fed("abcdef").asInputStream();
          assertEquals(6, in.available());
          byte[] target = new byte[5];
          assertEquals(3, in.read(target, 1, 3));
          assertArrayEquals(new byte[] {0, 'a', 'b', 'c', 0}, target);
          assertEquals(0, in.read(target, 0, 0));
          assertEquals(3, in.available());
          assertThrows(IndexOutOfBoundsException.class, () -> in.read(target, 3, 3));
        });
  }

  @Test
  void closingAnInputStreamDoesNothing() {
    run(
        () -> {
          var reader = ended("abc");
          reader.asInputStream().close();
          assertEquals("abc", IoSuite.text(reader.read()));
        });
  }

  @Test
  void anInputStreamSuspendsOnlyItsTask() {
    run(
        () -> {
          var reader = fed();
          Task<String> task = parse(reader, in -> IoSuite.text(in.readNBytes(4)));
          turns(2);
          reader.feedData(IoSuite.utf8("ab"));
          turns(2);
          assertFalse(task.done());
          reader.feedData(IoSuite.utf8("cd"));
          assertEquals("abcd", await(task));
        });
  }

  private interface Parser {
    String parse(InputStream in) throws IOException;
  }

  private static Task<String> parse(StreamReader reader, Parser parser) {
    Body<String> body = () -> parser.parse(reader.asInputStream());
    return createTask(body);
  }

  private void parsed(byte[] data, Parser parser) throws IOException {
    String expected = parser.parse(new ByteArrayInputStream(data));
    for (int piece : new int[] {1, 2, 7, 1_000}) {
      var reader = new StreamReader();
      var task = parse(reader, parser);
      var feeding = feeding(reader, data, piece);
      assertEquals(expected, await(task), () -> "fed in pieces of " + piece);
      await(feeding);
    }
  }

  @Test
  void aScannerReadsAStream() {
    run(
        () ->
            parsed(
                IoSuite.utf8("12 apples 3.5 kg\n-7 next line"),
                in -> {
                  var scanner =
                      new Scanner(in, StandardCharsets.UTF_8).useLocale(java.util.Locale.ROOT);
                  return scanner.nextInt()
                      + scanner.next()
                      + scanner.nextDouble()
                      + scanner.nextLine()
                      + scanner.nextInt()
                      + scanner.nextLine();
                }));
  }

  @Test
  void aDataInputStreamReadsAStream() {
    run(
        () -> {
          var bytes = new ByteArrayOutputStream();
          var out = new DataOutputStream(bytes);
          out.writeInt(42);
          out.writeUTF("grüße");
          out.writeLong(-1);
          out.writeDouble(0.5);
          parsed(
              bytes.toByteArray(),
              in -> {
                var data = new DataInputStream(in);
                String text = data.readInt() + data.readUTF() + data.readLong() + data.readDouble();
                assertThrows(EOFException.class, data::readByte);
                return text;
              });
        });
  }

  @Test
  void aZipInputStreamReadsAStream() {
    run(
        () -> {
          var bytes = new ByteArrayOutputStream();
          try (var zip = new ZipOutputStream(bytes)) {
            for (String name : List.of("one", "two")) {
              zip.putNextEntry(new ZipEntry(name));
              zip.write(IoSuite.pattern(500));
            }
          }
          parsed(
              bytes.toByteArray(),
              in -> {
                var zip = new ZipInputStream(in);
                var text = new StringBuilder();
                for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                  text.append(entry.getName())
                      .append(java.util.Arrays.hashCode(zip.readAllBytes()));
                }
                return text.toString();
              });
        });
  }

  @Test
  void aGzipInputStreamReadsAStream() {
    run(
        () -> {
          var bytes = new ByteArrayOutputStream();
          try (var zip = new GZIPOutputStream(bytes)) {
            zip.write(IoSuite.pattern(700));
          }
          parsed(
              bytes.toByteArray(),
              in ->
                  String.valueOf(
                      java.util.Arrays.hashCode(new GZIPInputStream(in).readAllBytes())));
        });
  }

  @Test
  void aBufferedReaderReadsAStream() {
    run(
        () ->
            parsed(
                IoSuite.utf8("grüße\r\n世界\nend"),
                in ->
                    String.join(
                        "|",
                        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
                            .lines()
                            .toList())));
  }

  @Test
  void anInputStreamCanBeTransferred() {
    run(
        () ->
            parsed(
                IoSuite.pattern(600),
                in -> {
                  var out = new ByteArrayOutputStream();
                  in.transferTo(out);
                  return String.valueOf(java.util.Arrays.hashCode(out.toByteArray()));
                }));
  }

  @Test
  void L73_aParserCanBeCancelled() {
    run(
        () -> {
          var reader = fed("12");
          var task = parse(reader, in -> IoSuite.text(in.readNBytes(5)));
          turns(2);
          task.cancel();
          failure(task);
          assertTrue(task.cancelled());
        });
  }
}
