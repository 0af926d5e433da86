package weft.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static weft.Weft.await;
import static weft.Weft.createTask;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import weft.io.IncompleteReadException;
import weft.io.LimitOverrunException;
import weft.io.StreamReader;

/// Each way to cut a stream into pieces gives the same pieces however the bytes arrive: one at a
/// time, all at once, or by the throw of dice; from hand and through a connection.
public abstract class StreamParsingSuite extends IoSuite {
  private static final int ROUNDS = 25;
  private static final byte[] LETTERS = utf8("aab\r\n-=");

  /// For subclasses.
  protected StreamParsingSuite() {}

  /// Reads all pieces of a stream; the dice say which, and are the same for the expected ones.
  private interface Cutting {
    void cut(StreamReader reader, Dice dice, List<String> pieces) throws IOException;
  }

  /// The pieces that the whole text falls into.
  private interface Expected {
    List<String> pieces(String text, Dice dice);
  }

  private static String randomText(Dice dice) {
    byte[] text = new byte[dice.roll(300)];
    for (int i = 0; i < text.length; i++) {
      text[i] = LETTERS[dice.roll(LETTERS.length)];
    }
    return text(text);
  }

  private void check(Cutting cutting, Expected expected) {
    run(
        () -> {
          for (int round = 0; round < ROUNDS; round++) {
            long seed = round < ROUNDS / 2 ? round : new Object().hashCode();
            String text = randomText(new Dice(seed));
            List<String> pieces = expected.pieces(text, new Dice(~seed));
            byHand(text, 1, seed, cutting, pieces);
            byHand(text, text.length() + 1, seed, cutting, pieces);
            byHand(text, 0, seed, cutting, pieces);
            if (round % 5 == 0) {
              byPeer(text, seed, cutting, pieces);
            }
          }
        });
  }

  private void byHand(String text, int step, long seed, Cutting cutting, List<String> expected) {
    var reader = new StreamReader();
    var pieces = new ArrayList<String>();
    var task =
        createTask(
            () -> {
              cutting.cut(reader, new Dice(~seed), pieces);
            });
    var chunks = new Dice(seed + 1);
    byte[] data = utf8(text);
    for (int at = 0; at < data.length; ) {
      int size = Math.min(data.length - at, step > 0 ? step : 1 + chunks.roll(20));
      reader.feedData(ByteBuffer.wrap(data, at, size));
      at += size;
      turns(1);
    }
    reader.feedEof();
    await(task);
    assertEquals(expected, pieces, () -> "seed " + seed + ", step " + step);
  }

  private void byPeer(String text, long seed, Cutting cutting, List<String> expected)
      throws IOException {
    Line line = line();
    var pieces = new ArrayList<String>();
    var task =
        createTask(
            () -> {
              cutting.cut(line.reader(), new Dice(~seed), pieces);
            });
    var chunks = new Dice(seed + 1);
    byte[] data = utf8(text);
    var sent =
        away(
            () -> {
              for (int at = 0; at < data.length; ) {
                int size = Math.min(data.length - at, 1 + chunks.roll(50));
                line.peer().socket().getOutputStream().write(data, at, size);
                at += size;
              }
              line.peer().shutdownOutput();
              return true;
            });
    await(task);
    await(sent);
    end(line);
    assertEquals(expected, pieces, () -> "seed " + seed + ", through a connection");
  }

  /* ---- Lines ---- */

  private static List<String> lines(String text) {
    var lines = new ArrayList<String>();
    int at = 0;
    while (at < text.length()) {
      int end = text.indexOf('\n', at);
      String line = end < 0 ? text.substring(at) : text.substring(at, end);
      lines.add(end >= 0 && line.endsWith("\r") ? line.substring(0, line.length() - 1) : line);
      at = end < 0 ? text.length() : end + 1;
    }
    return lines;
  }

  @Test
  void L70_linesAreTheSameHoweverTheyArrive() {
    check(
        (reader, dice, pieces) -> {
          for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            pieces.add(line);
          }
        },
        (text, dice) -> lines(text));
  }

  @Test
  void L70_anIterationIsTheSameHoweverItArrives() {
    check((reader, dice, pieces) -> reader.forEach(pieces::add), (text, dice) -> lines(text));
  }

  /* ---- Separators ---- */

  @Test
  void L70_anEndBeforeTheSeparatorSaysSo() {
    run(
        () -> {
          var reader = new StreamReader();
          reader.feedData(utf8("half"));
          reader.feedEof();
          var thrown = assertThrows(IncompleteReadException.class, () -> reader.readUntil("\r\n"));
          assertEquals("the stream ended before the separator; bytes read: 4", thrown.getMessage());
          assertNull(thrown.expected());
        });
  }

  private static void cutAtSeparators(StreamReader reader, List<String> pieces, String... ends)
      throws IOException {
    byte[][] separators = new byte[ends.length][];
    for (int i = 0; i < ends.length; i++) {
      separators[i] = utf8(ends[i]);
    }
    try {
      while (true) {
        pieces.add(text(reader.readUntil(separators)));
      }
    } catch (IncompleteReadException e) {
      pieces.add("rest: " + text(e.partial()));
    }
  }

  /// The pieces as one finds them letter by letter.
  private static List<String> cutAtSeparators(String text, String... ends) {
    var pieces = new ArrayList<String>();
    int from = 0;
    for (int to = 1; to <= text.length(); to++) {
      String piece = text.substring(from, to);
      for (String end : ends) {
        if (piece.endsWith(end)) {
          pieces.add(piece);
          from = to;
          break;
        }
      }
    }
    pieces.add("rest: " + text.substring(from));
    return pieces;
  }

  @Test
  void L70_aSeparatorIsFoundHoweverItArrives() {
    check(
        (reader, dice, pieces) -> cutAtSeparators(reader, pieces, "ab"),
        (text, dice) -> cutAtSeparators(text, "ab"));
  }

  @Test
  void ofTwoSeparatorsThatEndTogetherTheShorterOneCounts() {
    for (byte[][] both : new byte[][][] {{utf8("A"), utf8("xA")}, {utf8("xA"), utf8("A")}}) {
      run(
          () -> {
            var reader = new StreamReader(3);
            reader.feedData(utf8("abcxA"));
            var thrown = assertThrows(LimitOverrunException.class, () -> reader.readUntil(both));
            assertEquals(4, thrown.consumed());
          });
    }
  }

  @Test
  void aSeparatorOfOneLetterRepeatedIsFoundHoweverItArrives() {
    check(
        (reader, dice, pieces) -> cutAtSeparators(reader, pieces, "aaa"),
        (text, dice) -> cutAtSeparators(text, "aaa"));
  }

  @Test
  void L70_severalSeparatorsAreFoundHoweverTheyArrive() {
    check(
        (reader, dice, pieces) -> cutAtSeparators(reader, pieces, "\r\n", "a", "=-=", "b=", "-"),
        (text, dice) -> cutAtSeparators(text, "\r\n", "a", "=-=", "b=", "-"));
  }

  @Test
  void overlappingSeparatorsAreFoundHoweverTheyArrive() {
    check(
        (reader, dice, pieces) -> cutAtSeparators(reader, pieces, "aab", "ab\n", "b\r", "aa\r"),
        (text, dice) -> cutAtSeparators(text, "aab", "ab\n", "b\r", "aa\r"));
  }

  /* ---- Counted ---- */

  @Test
  void L70_countedPiecesAreTheSameHoweverTheyArrive() {
    check(
        (reader, dice, pieces) -> {
          try {
            while (true) {
              pieces.add(text(reader.readExactly(1 + dice.roll(40))));
            }
          } catch (IncompleteReadException e) {
            pieces.add("rest: " + text(e.partial()));
          }
        },
        (text, dice) -> {
          var pieces = new ArrayList<String>();
          int at = 0;
          for (int size = 1 + dice.roll(40); at + size <= text.length(); size = 1 + dice.roll(40)) {
            pieces.add(text.substring(at, at + size));
            at += size;
          }
          pieces.add("rest: " + text.substring(at));
          return pieces;
        });
  }

  /* ---- Whatever is there ---- */

  private static List<String> whole(String text, Dice dice) {
    return List.of(text);
  }

  @Test
  void readLosesNothing() {
    check(
        (reader, dice, pieces) -> {
          var all = new StringBuilder();
          for (byte[] some = reader.read(1 + dice.roll(9));
              some.length > 0;
              some = reader.read(1 + dice.roll(9))) {
            all.append(text(some));
          }
          pieces.add(all.toString());
        },
        StreamParsingSuite::whole);
  }

  @Test
  void readToTheEndLosesNothing() {
    check((reader, dice, pieces) -> pieces.add(text(reader.read())), StreamParsingSuite::whole);
  }

  @Test
  void buffersLoseNothing() {
    check(
        (reader, dice, pieces) -> {
          var all = ByteBuffer.allocate(400);
          do {
            all.limit(Math.min(400, all.position() + 1 + dice.roll(30)));
          } while (reader.read(all) >= 0);
          pieces.add(text(java.util.Arrays.copyOf(all.array(), all.position())));
        },
        StreamParsingSuite::whole);
  }

  @Test
  void chunksLoseNothing() {
    check(
        (reader, dice, pieces) -> {
          var all = new StringBuilder();
          for (ByteBuffer some = reader.readChunk(); some != null; some = reader.readChunk()) {
            byte[] data = new byte[some.remaining()];
            some.get(data);
            all.append(text(data));
          }
          pieces.add(all.toString());
        },
        StreamParsingSuite::whole);
  }

  @Test
  void anInputStreamLosesNothing() {
    check(
        (reader, dice, pieces) -> pieces.add(text(reader.asInputStream().readAllBytes())),
        StreamParsingSuite::whole);
  }

  @Test
  void mixedReadsLoseNothing() {
    check(
        (reader, dice, pieces) -> {
          var all = new StringBuilder();
          while (!reader.atEof()) {
            all.append(someOf(reader, dice));
          }
          pieces.add(all.toString());
        },
        StreamParsingSuite::whole);
  }

  private static String someOf(StreamReader reader, Dice dice) throws IOException {
    try {
      return switch (dice.roll(5)) {
        case 0 -> text(reader.read(1 + dice.roll(9)));
        case 1 -> text(reader.readExactly(dice.roll(9)));
        case 2 -> text(reader.readUntil("a"));
        case 3 -> text(reader.readUntil(utf8("\r\n"), utf8("b")));
        default -> {
          ByteBuffer chunk = reader.readChunk();
          byte[] data = new byte[chunk == null ? 0 : chunk.remaining()];
          if (chunk != null) {
            chunk.get(data);
          }
          yield text(data);
        }
      };
    } catch (IncompleteReadException e) {
      return text(e.partial());
    }
  }
}
