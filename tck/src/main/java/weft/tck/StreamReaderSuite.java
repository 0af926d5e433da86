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

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import weft.Body;
import weft.Task;
import weft.Weft;
import weft.io.IncompleteReadException;
import weft.io.LimitOverrunException;
import weft.io.StreamReader;

/// `StreamReader`, fed by hand: reading, limits, ends and failures.
public abstract class StreamReaderSuite extends LoopSuite {
  /// For subclasses.
  protected StreamReaderSuite() {}

  private static StreamReader fed(int limit, String... pieces) {
    var reader = new StreamReader(limit);
    for (String piece : pieces) {
      reader.feedData(IoSuite.utf8(piece));
    }
    return reader;
  }

  private static StreamReader fed(String... pieces) {
    return fed(StreamReader.DEFAULT_LIMIT, pieces);
  }

  private static StreamReader ended(String... pieces) {
    var reader = fed(pieces);
    reader.feedEof();
    return reader;
  }

  private static String text(byte @Nullable [] data) {
    return data == null ? "null" : IoSuite.text(data);
  }

  /// What is left when the stream has ended.
  private static String rest(StreamReader reader) throws IOException {
    reader.feedEof();
    return text(reader.read());
  }

  private Task<String> reading(Body<byte[]> read) {
    return createTask(() -> text(read.call()));
  }

  private static byte[][] separators(String... texts) {
    return Arrays.stream(texts).map(IoSuite::utf8).toArray(byte[][]::new);
  }

  /* ---- read ---- */

  @Test
  void L70_readReturnsWhatIsThere() {
    run(
        () -> {
          var reader = fed("ab", "cd");
          assertEquals("abc", text(reader.read(3)));
          assertEquals("d", text(reader.read(100)));
        });
  }

  @Test
  void L70_readWaitsWhenNothingIsThere() {
    run(
        () -> {
          var reader = fed();
          var task = reading(() -> reader.read(10));
          turns(3);
          assertFalse(task.done());
          reader.feedData(IoSuite.utf8("ab"));
          assertEquals("ab", await(task));
        });
  }

  @Test
  void readDoesNotSuspendWhenSomethingIsThere() {
    run(
        () -> {
          var reader = fed("abcdef\n");
          loop.callSoon(() -> steps.at(2));
          reader.read(1);
          reader.readExactly(1);
          reader.readLine();
          steps.at(1);
          turns(1);
          steps.end(3);
        });
  }

  @Test
  void readOfNothingIsEmptyAtOnce() {
    run(
        () -> {
          assertEquals("", text(fed().read(0)));
          assertEquals("", text(fed("a").read(0)));
          assertEquals("", text(ended().read(0)));
        });
  }

  @Test
  void readOfANegativeNumberIsRefused() {
    run(
        () -> {
          var reader = fed("a");
          assertThrows(IllegalArgumentException.class, () -> reader.read(-1));
          assertEquals("a", rest(reader));
        });
  }

  @Test
  void readIsEmptyAtTheEnd() {
    run(
        () -> {
          var reader = ended("a");
          assertEquals("a", text(reader.read(5)));
          assertEquals("", text(reader.read(5)));
          assertEquals("", text(reader.read(5)));
          assertEquals("", text(reader.read()));
        });
  }

  @Test
  void theEndWakesAReadThatWaits() {
    run(
        () -> {
          var reader = fed();
          var task = reading(() -> reader.read(10));
          turns(2);
          reader.feedEof();
          assertEquals("", await(task));
        });
  }

  @Test
  void readToTheEndCollectsEverything() {
    run(
        () -> {
          var reader = fed(4, "abc");
          var task = reading(reader::read);
          turns(2);
          reader.feedData(IoSuite.utf8("defghijkl"));
          turns(2);
          reader.feedData(IoSuite.utf8("m"));
          turns(2);
          assertFalse(task.done());
          reader.feedEof();
          assertEquals("abcdefghijklm", await(task));
        });
  }

  @Test
  void atEofIsTrueWhenAllIsRead() {
    run(
        () -> {
          var reader = fed("a");
          assertFalse(reader.atEof());
          reader.feedEof();
          assertFalse(reader.atEof());
          reader.read(1);
          assertTrue(reader.atEof());
        });
  }

  @Test
  void atEofIsFalseWhileMoreMayCome() {
    run(() -> assertFalse(fed().atEof()));
  }

  @Test
  void aLimitMustBePositive() {
    run(
        () -> {
          assertThrows(IllegalArgumentException.class, () -> new StreamReader(0));
          assertThrows(IllegalArgumentException.class, () -> new StreamReader(-1));
        });
  }

  @Test
  void aReaderIsMadeWhereALoopRuns() {
    assertThrows(IllegalStateException.class, StreamReader::new);
  }

  /* ---- readExactly ---- */

  @Test
  void L70_readExactlyWaitsForAll() {
    run(
        () -> {
          var reader = fed("ab");
          var task = reading(() -> reader.readExactly(5));
          turns(2);
          reader.feedData(IoSuite.utf8("cd"));
          turns(2);
          assertFalse(task.done());
          reader.feedData(IoSuite.utf8("efg"));
          assertEquals("abcde", await(task));
          assertEquals("fg", rest(reader));
        });
  }

  @Test
  void readExactlyNothingIsEmptyAtOnce() {
    run(() -> assertEquals("", text(fed().readExactly(0))));
  }

  @Test
  void readExactlyANegativeNumberIsRefused() {
    run(() -> assertThrows(IllegalArgumentException.class, () -> fed("a").readExactly(-1)));
  }

  @Test
  void L70_anEndBeforeIsAnIncompleteRead() {
    run(
        () -> {
          var reader = fed("abc");
          var task = createTask(() -> reader.readExactly(10));
          turns(2);
          reader.feedData(IoSuite.utf8("d"));
          reader.feedEof();
          var thrown = assertInstanceOf(IncompleteReadException.class, cause(failure(task)));
          assertEquals("abcd", text(thrown.partial()));
          assertEquals(10, thrown.expected());
          assertTrue(String.valueOf(thrown.getMessage()).contains("4"));
          assertTrue(String.valueOf(thrown.getMessage()).contains("10"));
          assertEquals("", text(reader.read()));
        });
  }

  private static @Nullable Throwable cause(@Nullable Throwable thrown) {
    return thrown instanceof CompletionException wrapper ? wrapper.getCause() : thrown;
  }

  @Test
  void readExactlyAtTheEndIsIncompleteAndEmpty() {
    run(
        () -> {
          var thrown = assertThrows(IncompleteReadException.class, () -> ended().readExactly(1));
          assertEquals(0, thrown.partial().length);
          assertEquals(1, ((IncompleteReadException) copy(thrown)).expected());
          assertEquals(0, ((IncompleteReadException) copy(thrown)).partial().length);
        });
  }

  /* ---- The limit ---- */

  @Test
  void L71_theLimitDoesNotBoundReads() {
    run(
        () -> {
          assertEquals("abcde", text(fed(3, "abcdefgh").read(5)));
          assertEquals("abcdefgh", text(fed(3, "abcdefgh").readExactly(8)));
          var reader = fed(3);
          var task = reading(() -> reader.readExactly(8));
          for (String piece : List.of("abc", "def", "gh")) {
            turns(2);
            reader.feedData(IoSuite.utf8(piece));
          }
          assertEquals("abcdefgh", await(task));
        });
  }

  @Test
  void L71_aLineMayBeAsLongAsTheLimit() {
    run(() -> assertEquals("abc", fed(3, "abc\nd").readLine()));
  }

  @Test
  void L71_aLineThatIsLongerIsDropped() {
    run(
        () -> {
          var reader = fed(3, "abcd\nef\n");
          assertThrows(LimitOverrunException.class, reader::readLine);
          assertEquals("ef", reader.readLine());
        });
  }

  @Test
  void L71_aLineThatHasNotEndedIsDroppedAsFarAsItGoes() {
    run(
        () -> {
          var reader = fed(3, "abc", "def");
          assertThrows(LimitOverrunException.class, reader::readLine);
          reader.feedData(IoSuite.utf8("gh\nij\n"));
          assertEquals("gh", reader.readLine());
          assertEquals("ij", reader.readLine());
        });
  }

  @Test
  void aLongLineFailsWhileItArrives() {
    run(
        () -> {
          var reader = fed(3);
          var task = createTask(() -> String.valueOf(reader.readLine()));
          turns(2);
          reader.feedData(IoSuite.utf8("abc"));
          turns(2);
          assertFalse(task.done());
          reader.feedData(IoSuite.utf8("de"));
          assertInstanceOf(LimitOverrunException.class, cause(failure(task)));
        });
  }

  @Test
  void L71_anOverrunOfASeparatorThatIsThereLeavesTheData() {
    run(
        () -> {
          var reader = fed(3, "abcdefAAxyz");
          var thrown = assertThrows(LimitOverrunException.class, () -> reader.readUntil("AA"));
          assertEquals(6, thrown.consumed());
          assertTrue(String.valueOf(thrown.getMessage()).contains("found"));
          assertFalse(String.valueOf(thrown.getMessage()).contains("not found"));
          assertEquals("abcdef", text(reader.readExactly(thrown.consumed())));
          assertEquals("AA", text(reader.readUntil("AA")));
          assertEquals("xyz", rest(reader));
        });
  }

  @Test
  void L71_anOverrunWithoutTheSeparatorLeavesTheData() {
    run(
        () -> {
          var reader = fed(3, "abcdefA");
          var thrown = assertThrows(LimitOverrunException.class, () -> reader.readUntil("AA"));
          assertEquals(6, thrown.consumed()); // the A may be the half of one
          assertTrue(String.valueOf(thrown.getMessage()).contains("not found"));
          reader.feedData(IoSuite.utf8("A"));
          assertEquals("abcdef", text(reader.readExactly(thrown.consumed())));
          assertEquals("AA", text(reader.readUntil("AA")));
        });
  }

  @Test
  void theLimitCountsWhatIsBeforeTheSeparator() {
    run(
        () -> {
          assertEquals("abcAAA", text(fed(3, "abcAAA").readUntil("AAA")));
          var reader = fed(3, "abcdAAA");
          assertThrows(LimitOverrunException.class, () -> reader.readUntil("AAA"));
        });
  }

  /* ---- readLine ---- */

  @Test
  void linesLoseTheirEnd() {
    run(
        () -> {
          var reader = ended("one\ntwo\r\n\n\r\nthree\r\rfour\n\rfive");
          assertEquals("one", reader.readLine());
          assertEquals("two", reader.readLine());
          assertEquals("", reader.readLine());
          assertEquals("", reader.readLine());
          assertEquals("three\r\rfour", reader.readLine());
          assertEquals("\rfive", reader.readLine());
          assertNull(reader.readLine());
          assertNull(reader.readLine());
        });
  }

  @Test
  void aLineIsPutTogetherFromPieces() {
    run(
        () -> {
          var reader = fed("one ");
          var task = createTask(() -> String.valueOf(reader.readLine()));
          turns(2);
          reader.feedData(IoSuite.utf8("line\r"));
          turns(2);
          assertFalse(task.done());
          reader.feedData(IoSuite.utf8("\nrest"));
          assertEquals("one line", await(task));
          assertEquals("rest", rest(reader));
        });
  }

  @Test
  void charactersMayBeSplitBetweenPieces() {
    run(
        () -> {
          byte[] line = IoSuite.utf8("grüße, 世界\n");
          var reader = new StreamReader();
          var task = createTask(() -> String.valueOf(reader.readLine()));
          for (byte one : line) {
            turns(1);
            reader.feedData(new byte[] {one});
          }
          assertEquals("grüße, 世界", await(task));
        });
  }

  @Test
  void L70_whatIsLeftAtTheEndIsALine() {
    run(
        () -> {
          var reader = fed("last");
          var task = createTask(() -> String.valueOf(reader.readLine()));
          turns(2);
          reader.feedEof();
          assertEquals("last", await(task));
          assertNull(reader.readLine());
        });
  }

  @Test
  void theCarriageReturnIsLostOnlyBeforeTheNewline() {
    run(() -> assertEquals("last\r", ended("last\r").readLine()));
  }

  @Test
  void iterationYieldsTheLines() {
    run(
        () -> {
          var lines = new StringBuilder();
          for (String line : ended("a\n\nb\r\nc")) {
            lines.append('<').append(line).append('>');
          }
          assertEquals("<a><><b><c>", lines.toString());
        });
  }

  @Test
  void anIteratorSuspends() {
    run(
        () -> {
          var reader = fed("a\n");
          var task = createTask(() -> String.join(",", reader));
          turns(2);
          reader.feedData(IoSuite.utf8("b\nc"));
          turns(2);
          assertFalse(task.done());
          reader.feedEof();
          assertEquals("a,b,c", await(task));
        });
  }

  /* ---- readUntil ---- */

  @Test
  void readUntilIncludesTheSeparator() {
    run(
        () -> {
          var reader = fed("ab--cd--e");
          assertEquals("ab--", text(reader.readUntil("--")));
          assertEquals("cd--", text(reader.readUntil(IoSuite.utf8("--"))));
          assertEquals("e", rest(reader));
        });
  }

  @Test
  void aSeparatorMayBeSplitBetweenPieces() {
    run(
        () -> {
          var reader = fed("ab-");
          var task = reading(() -> reader.readUntil("-=-"));
          turns(2);
          reader.feedData(IoSuite.utf8("="));
          turns(2);
          assertFalse(task.done());
          reader.feedData(IoSuite.utf8("-c"));
          assertEquals("ab-=-", await(task));
          assertEquals("c", rest(reader));
        });
  }

  @Test
  void aSeparatorThatBeginsAgainWithinItselfIsFound() {
    run(
        () -> {
          var reader = fed("aab");
          var task = reading(() -> reader.readUntil("aaab"));
          turns(2);
          reader.feedData(IoSuite.utf8("aaaa"));
          turns(2);
          reader.feedData(IoSuite.utf8("b!"));
          assertEquals("aabaaaab", await(task));
        });
  }

  @Test
  void ofSeveralSeparatorsTheFirstToEndWins() {
    run(
        () -> {
          byte[][] both = separators("bcd", "c");
          var reader = fed("abcd");
          assertEquals("abc", text(reader.readUntil(both)));
          assertEquals("d", rest(reader));
          assertEquals("x;", text(fed("x;y\n").readUntil(separators("\n", ";"))));
          assertEquals("x\r\n", text(fed("x\r\n").readUntil(separators("\r\n", "\n"))));
        });
  }

  @Test
  void separatorsOfDifferentLengthMayBeSplit() {
    run(
        () -> {
          var reader = fed("data<EN");
          var task = reading(() -> reader.readUntil(separators("\n", "<END>")));
          turns(2);
          reader.feedData(IoSuite.utf8("D>\n"));
          assertEquals("data<END>", await(task));
        });
  }

  @Test
  void noSeparatorIsRefused() {
    run(
        () -> {
          var reader = fed("abc");
          assertThrows(IllegalArgumentException.class, () -> reader.readUntil(new byte[0][]));
          assertThrows(IllegalArgumentException.class, () -> reader.readUntil(""));
          assertThrows(IllegalArgumentException.class, () -> reader.readUntil(separators("a", "")));
          assertEquals("abc", rest(reader));
        });
  }

  @Test
  void theSeparatorIsLookedForBeforeTheEnd() {
    run(() -> assertEquals("ab;", text(ended("ab;cd").readUntil(";"))));
  }

  @Test
  void L70_readUntilAtTheEndIsIncomplete() {
    run(
        () -> {
          var reader = fed("data A");
          var task = reading(() -> reader.readUntil("AA"));
          turns(2);
          reader.feedEof();
          var thrown = assertInstanceOf(IncompleteReadException.class, cause(failure(task)));
          assertEquals("data A", text(thrown.partial()));
          assertNull(thrown.expected());
          assertEquals("", text(reader.read()));
        });
  }

  /* ---- Failures ---- */

  @Test
  void L72_aFailureWakesTheReadThatWaits() {
    run(
        () -> {
          var reader = fed();
          var failure = new SocketException("on purpose");
          var task = createTask(() -> reader.read(1));
          turns(2);
          reader.setException(failure);
          assertSame(failure, cause(failure(task)));
        });
  }

  @Test
  void L72_afterAFailureEveryReadThrowsIt() {
    run(
        () -> {
          var reader = fed("data\n");
          assertNull(reader.exception());
          var failure = new SocketException("on purpose");
          reader.setException(failure);
          assertSame(failure, reader.exception());
          assertSame(failure, assertThrows(IOException.class, () -> reader.read(1)));
          assertSame(failure, assertThrows(IOException.class, () -> reader.read(0)));
          assertSame(failure, assertThrows(IOException.class, reader::read));
          assertSame(failure, assertThrows(IOException.class, () -> reader.readExactly(1)));
          assertSame(failure, assertThrows(IOException.class, () -> reader.readUntil("\n")));
          assertSame(failure, assertThrows(IOException.class, reader::readLine));
          assertSame(failure, assertThrows(IOException.class, reader::readChunk));
          var target = ByteBuffer.allocate(4);
          assertSame(failure, assertThrows(IOException.class, () -> reader.read(target)));
        });
  }

  @Test
  void aFailureThatIsNoIoExceptionIsTheCauseOfOne() {
    run(
        () -> {
          var reader = fed("data");
          var failure = new IllegalStateException("on purpose");
          reader.setException(failure);
          assertSame(failure, reader.exception());
          var thrown = assertThrows(IOException.class, () -> reader.read(1));
          assertSame(failure, thrown.getCause());
        });
  }

  @Test
  void aFailureAfterTheReadWasCancelledHarmsNobody() {
    run(
        () -> {
          var reader = fed();
          var task = createTask(() -> reader.read(1));
          turns(2);
          task.cancel();
          reader.setException(new SocketException("on purpose"));
          failure(task);
          assertTrue(task.cancelled());
          assertThrows(SocketException.class, () -> reader.read(1));
        });
  }

  @Test
  void L73_aSecondTaskIsRefused() {
    run(
        () -> {
          var reader = fed();
          var first = reading(() -> reader.read(1));
          turns(2);
          var thrown = assertThrows(IllegalStateException.class, () -> reader.readExactly(1));
          assertTrue(String.valueOf(thrown.getMessage()).contains("readExactly"));
          assertThrows(IllegalStateException.class, reader::readLine);
          assertThrows(IllegalStateException.class, reader::readChunk);
          reader.feedData(IoSuite.utf8("ab"));
          assertEquals("a", await(first));
          assertEquals("b", rest(reader));
        });
  }

  @Test
  void L73_aSecondTaskDoesNotTakeWhatTheFirstHasWaitedFor() {
    run(
        () -> {
          var reader = fed();
          var first = reading(() -> reader.readUntil("\n"));
          reader.feedData(IoSuite.utf8("xxxxxxxxxx"));
          turns(2);
          assertThrows(IllegalStateException.class, () -> reader.read(10));
          reader.feedData(IoSuite.utf8("ab\ncd"));
          assertThrows(IllegalStateException.class, () -> reader.read(10)); // it is about to take
          assertEquals("xxxxxxxxxxab\n", await(first));
          reader.feedEof();
          assertEquals("cd", rest(reader));
        });
  }

  @Test
  void L73_afterACancelledReadTheNextMayWait() {
    run(
        () -> {
          var reader = fed();
          var first = reading(() -> reader.read(1));
          turns(2);
          first.cancel();
          failure(first);
          var second = reading(() -> reader.read(1));
          turns(2);
          reader.feedData(IoSuite.utf8("ab"));
          assertEquals("a", await(second));
        });
  }

  /* ---- Feeding ---- */

  @Test
  void feedingAfterTheEndIsRefused() {
    run(
        () -> {
          var reader = ended("a");
          assertThrows(IllegalStateException.class, () -> reader.feedData(new byte[1]));
          assertEquals("a", text(reader.read()));
        });
  }

  @Test
  void feedingNothingWakesNobody() {
    run(
        () -> {
          var reader = fed();
          var task = reading(() -> reader.read(1));
          turns(2);
          reader.feedData(new byte[0]);
          turns(3);
          assertFalse(task.done());
          reader.feedEof();
          await(task);
        });
  }

  @Test
  void whatIsFedIsCopied() {
    run(
        () -> {
          var reader = new StreamReader();
          byte[] array = IoSuite.utf8("abc");
          reader.feedData(array);
          Arrays.fill(array, (byte) 'x');
          var buffer = ByteBuffer.wrap(IoSuite.utf8("-def-"), 1, 3);
          reader.feedData(buffer);
          assertFalse(buffer.hasRemaining());
          buffer.rewind().put(0, (byte) 'x');
          assertEquals("abcdef", rest(reader));
        });
  }

  @Test
  void endingTwiceDoesNothing() {
    run(
        () -> {
          var reader = ended("a");
          reader.feedEof();
          assertEquals("a", text(reader.read()));
        });
  }

  @Test
  void muchIsCollected() {
    run(
        () -> {
          var reader = new StreamReader(10);
          byte[] all = IoSuite.pattern(300_000);
          for (int at = 0; at < all.length; at += 1_000) {
            reader.feedData(ByteBuffer.wrap(all, at, 1_000));
            if (at % 7_000 == 0) {
              assertArrayEquals(
                  Arrays.copyOfRange(all, at / 7, at / 7 + 143), peeked(reader, at / 7));
            }
          }
          reader.feedEof();
          assertEquals(all.length - taken, reader.read().length);
        });
  }

  private int taken;

  private byte[] peeked(StreamReader reader, int from) throws IOException {
    reader.readExactly(from - taken);
    byte[] piece = reader.readExactly(143);
    taken = from + 143;
    return piece;
  }

  @Test
  void theTextOfAReaderSaysHowItStands() {
    run(
        () -> {
          var reader = ended("abc");
          assertTrue(reader.toString().contains("3 bytes"), reader::toString);
          assertTrue(reader.toString().contains("eof"), reader::toString);
          assertNotNull(Weft.engine());
        });
  }
}
