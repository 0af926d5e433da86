package weft.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.Promise;
import weft.Task;
import weft.spi.Chunk;

/// The receiving side of a connection. Its methods suspend until there is something to return.
///
/// What arrives while nobody reads is collected. When more than twice the limit has been collected,
/// the connection is not read until the reader has caught up: the peer has to wait. The limit also
/// bounds how far a separator may be; it does not bound how much one call may read.
///
/// Once the connection has failed, every method throws the failure, even if there is data left: one
/// of its own each time, with the caller's line, and the failure that the loop has met as its
/// cause. Cancelling a read takes nothing out of the stream.
///
/// Iterating over a reader yields its lines.
///
/// Thread: the loop's; while a task waits, no other may read.
public final class StreamReader implements Iterable<String> {
  /// The limit that is used if none is given: 64 KiB.
  public static final int DEFAULT_LIMIT = 64 * 1024;

  private static final byte[] EMPTY = {};
  private static final int BYTES_MAX = Integer.MAX_VALUE - 8;
  private static final int IDLE_BYTES_MAX = 512;
  private static final byte[] NEWLINE = {'\n'};

  final EventLoop loop;
  private final int limit;

  /// What has arrived and was not read: `bytes[head]` to `bytes[tail - 1]`.
  private byte[] bytes = EMPTY;

  private int head;
  private int tail;

  /// A chunk of the driver's that was kept: data for the read that waits, later lent to the reader.
  private @Nullable Chunk lent;

  /// To whom it is lent.
  private @Nullable Task<?> holder;

  /// Whether a task waits for data, or is about to take what it has waited for.
  private boolean waiting;

  private boolean chunkWanted;
  private boolean chunkArrived;
  private boolean eof;
  private boolean paused;
  private @Nullable Throwable failure;
  private @Nullable Promise<Boolean> waiter;
  private @Nullable ReadTransport transport;

  /// A reader for the running loop that is fed by hand.
  ///
  /// @param limit how many bytes a line may have, and half of how many are collected
  public StreamReader(int limit) {
    this(EventLoop.running(), limit);
  }

  /// A reader for the running loop that is fed by hand, with [#DEFAULT_LIMIT].
  public StreamReader() {
    this(DEFAULT_LIMIT);
  }

  StreamReader(EventLoop loop, int limit) {
    if (limit <= 0) {
      throw new IllegalArgumentException("the limit must be positive, not " + limit);
    }
    this.loop = loop;
    this.limit = limit;
  }

  /* ---- Feeding ---- */

  /// Sets the transport that is paused while too much is collected.
  void setTransport(ReadTransport replacement) {
    transport = replacement;
  }

  /// What the driver received: taken over as it is if somebody waits for just that, else copied.
  void received(Chunk chunk) {
    if (chunkWanted && !chunkArrived && head == tail && lent == null) {
      chunk.keep();
      lent = chunk;
      chunkArrived = true;
      wake();
    } else {
      feedData(chunk.data());
    }
  }

  /// Adds data, for those who feed a reader by hand. The buffer has nothing remaining afterwards.
  ///
  /// @throws IllegalStateException after [#feedEof]
  public void feedData(ByteBuffer data) {
    if (eof) {
      throw new IllegalStateException("feedData() after feedEof()");
    }
    int count = data.remaining();
    if (count == 0) {
      return;
    }
    makeRoom(count);
    data.get(bytes, tail, count);
    tail += count;
    wake();
    if (transport != null && !paused && tail - head > 2 * (long) limit) {
      paused = true;
      transport.pauseReading();
    }
  }

  /// Adds data, for those who feed a reader by hand.
  public void feedData(byte[] data) {
    feedData(ByteBuffer.wrap(data));
  }

  private void makeRoom(int count) {
    int size = tail - head;
    if (bytes.length - tail >= count) {
      return;
    }
    if (count > BYTES_MAX - size) {
      throw new IllegalStateException(
          "more has arrived than an array can hold; read it in pieces, not to the end at once");
    }
    int needed = size + count;
    byte[] target = needed <= bytes.length && size < head ? bytes : new byte[grown(needed)];
    System.arraycopy(bytes, head, target, 0, size);
    bytes = target;
    head = 0;
    tail = size;
  }

  private int grown(int needed) {
    long doubled = bytes.length == 0 ? needed : Math.max(needed, 2L * bytes.length);
    return (int) Math.min(Math.max(doubled, 128), BYTES_MAX);
  }

  /// Ends the stream, for those who feed a reader by hand.
  public void feedEof() {
    eof = true;
    wake();
  }

  /// Makes all reads throw, for those who feed a reader by hand.
  public void setException(Throwable thrown) {
    failure = Objects.requireNonNull(thrown, "exception");
    wake();
  }

  /// Why the connection has failed, or null.
  public @Nullable Throwable exception() {
    return failure;
  }

  private void wake() {
    Promise<Boolean> waiting = waiter;
    if (waiting != null) {
      waiter = null;
      if (!waiting.done()) { // the task may have been cancelled
        waiting.setResult(true);
      }
    }
  }

  /// Gives back the chunk that was lent. Not to be called by anything that happens behind the back
  /// of the task that has it.
  void release() {
    Chunk chunk = lent;
    if (chunk != null && !chunkArrived) {
      lent = null;
      holder = null;
      chunk.release();
    }
  }

  /// Gives back the chunk that was lent, unless another task is at work on it.
  void releaseOwn() {
    Task<?> other = holder;
    if (other == null || other == loop.currentTask() || other.done()) {
      release();
    }
  }

  /// Sees to it that no chunk is kept for ever, now that nobody may read again.
  void lost() {
    settle();
    Task<?> other = holder;
    if (lent != null && other != null) {
      other.addDoneCallback(done -> release());
    }
  }

  /// Takes out what was received and not read, for TLS that begins in the middle.
  ByteBuffer takeAll() {
    settle();
    byte[] rest = take(tail - head);
    return ByteBuffer.wrap(rest);
  }

  /* ---- Waiting ---- */

  private void begin(String method) throws IOException {
    if (waiting) {
      throw new IllegalStateException(
          method + "() called while another task is waiting for data of this reader");
    }
    check();
  }

  private void check() throws IOException {
    release();
    if (chunkArrived) {
      settle();
    }
    Throwable thrown = failure;
    if (thrown != null) {
      throw !(thrown instanceof IOException e)
          ? new IOException(thrown)
          : transport == null ? e : Rethrown.here(e);
    }
  }

  /// Copies a chunk that arrived for a read which was cancelled before it could take it, or may be.
  private void settle() {
    Chunk chunk = lent;
    if (chunk != null && chunkArrived) {
      chunkArrived = false;
      lent = null;
      ByteBuffer data = chunk.data();
      int count = data.remaining();
      byte[] rest = Arrays.copyOfRange(bytes, head, tail);
      bytes = new byte[count + rest.length];
      data.get(bytes, 0, count);
      System.arraycopy(rest, 0, bytes, count, rest.length);
      head = 0;
      tail = bytes.length;
      chunk.release();
    }
  }

  private void waitForData() {
    resumeTransport();
    Promise<Boolean> arrival = loop.createPromise();
    waiter = arrival;
    waiting = true;
    try {
      arrival.await();
    } finally {
      waiting = false;
      waiter = null;
    }
  }

  private void resumeTransport() {
    if (paused && transport != null) {
      paused = false;
      transport.resumeReading();
    }
  }

  private void resumeTransportIfLow() {
    if (paused && tail - head <= limit) {
      resumeTransport();
    }
  }

  private byte[] take(int count) {
    byte[] taken = Arrays.copyOfRange(bytes, head, head + count);
    drop(count);
    return taken;
  }

  private void drop(int count) {
    head += count;
    if (head == tail) {
      head = 0;
      tail = 0;
      if (bytes.length > IDLE_BYTES_MAX) {
        bytes = EMPTY; // an idle connection holds no memory to speak of
      }
    }
    resumeTransportIfLow();
  }

  /* ---- Reading ---- */

  /// Whether everything was read and nothing more can come.
  public boolean atEof() {
    return eof && head == tail && !chunkArrived;
  }

  /// Reads what is there, at most `max` bytes; waits if nothing is. Empty at the end of the stream,
  /// or if `max` is 0.
  ///
  /// @throws IllegalArgumentException if `max` is negative
  public byte[] read(int max) throws IOException {
    if (max < 0) {
      throw new IllegalArgumentException("read(" + max + "): use read() to read to the end");
    }
    begin("read");
    if (max == 0) {
      return EMPTY;
    }
    waitUntilSomething();
    if (chunkArrived && lent != null && lent.data().remaining() <= max) {
      chunkArrived = false;
      byte[] all = new byte[lent.data().remaining()];
      lent.data().get(all);
      release();
      return all;
    }
    settle();
    return take(Math.min(max, tail - head));
  }

  /// Reads everything to the end of the stream.
  public byte[] read() throws IOException {
    begin("read");
    while (!eof) {
      waitForData();
      checkFailure();
    }
    return take(tail - head);
  }

  /// Reads what is there into a buffer; waits if nothing is.
  ///
  /// @return how many bytes; -1 at the end of the stream
  public int read(ByteBuffer target) throws IOException {
    begin("read");
    if (!target.hasRemaining()) {
      return 0;
    }
    waitUntilSomething();
    if (atEof()) {
      return -1;
    }
    if (chunkArrived && lent != null && lent.data().remaining() <= target.remaining()) {
      chunkArrived = false;
      int all = lent.data().remaining();
      target.put(lent.data());
      release();
      return all;
    }
    settle();
    int count = Math.min(target.remaining(), tail - head);
    target.put(bytes, head, count);
    drop(count);
    return count;
  }

  /// The next byte, or -1 at the end of the stream.
  private int readByte() throws IOException {
    begin("read");
    waitUntilSomething();
    settle();
    if (head == tail) {
      return -1;
    }
    int next = bytes[head] & 0xff;
    drop(1);
    return next;
  }

  /// Reads what is there, in a buffer that is lent until the next call of this reader or until the
  /// task that reads closes the connection; waits if nothing is there. The fastest way to read,
  /// because nothing is copied. Null at the end of the stream.
  public @Nullable ByteBuffer readChunk() throws IOException {
    begin("readChunk");
    waitUntilSomething();
    Chunk chunk = lent;
    if (chunkArrived && chunk != null) {
      chunkArrived = false;
      holder = loop.currentTask();
      return chunk.data();
    }
    if (head == tail) {
      return null;
    }
    ByteBuffer all = ByteBuffer.wrap(bytes, head, tail - head);
    bytes = EMPTY;
    head = 0;
    tail = 0;
    resumeTransportIfLow();
    return all;
  }

  private void waitUntilSomething() throws IOException {
    while (head == tail && !eof && !chunkArrived) {
      chunkWanted = true;
      try {
        waitForData();
      } finally {
        chunkWanted = false;
      }
      checkFailure();
    }
  }

  private void checkFailure() throws IOException {
    if (failure != null) {
      check();
    }
  }

  /// Reads exactly `count` bytes.
  ///
  /// @throws IncompleteReadException if the stream ends before; what there was is in it
  /// @throws IllegalArgumentException if `count` is negative
  public byte[] readExactly(int count) throws IOException {
    if (count < 0) {
      throw new IllegalArgumentException("readExactly() of a negative number of bytes: " + count);
    }
    begin("readExactly");
    while (tail - head < count) {
      if (eof) {
        throw new IncompleteReadException(take(tail - head), count, this);
      }
      waitForData();
      checkFailure();
    }
    return take(count);
  }

  /// Reads a line in UTF-8, without the `\n` or `\r\n` at its end. At the end of the stream what is
  /// left is a line, unless it is empty. Null after that. What is not UTF-8 becomes U+FFFD; for the
  /// bytes as they are, or another encoding, use [#readUntil(String)].
  ///
  /// @throws LimitOverrunException if the line is longer than the limit; it is dropped as far as it
  ///   has arrived
  public @Nullable String readLine() throws IOException {
    byte[] line;
    try {
      line = readUntil("readLine", NEWLINE);
    } catch (IncompleteReadException e) {
      line = e.partial();
      if (line.length == 0) {
        return null;
      }
    } catch (LimitOverrunException e) {
      boolean whole = startsWith(NEWLINE, head + e.consumed());
      drop(whole ? e.consumed() + 1 : tail - head);
      throw e;
    }
    int length = line.length;
    if (length > 0 && line[length - 1] == '\n') {
      length--;
      if (length > 0 && line[length - 1] == '\r') {
        length--;
      }
    }
    return new String(line, 0, length, StandardCharsets.UTF_8);
  }

  /// Reads to the end of a separator, which is in UTF-8.
  ///
  /// @throws IncompleteReadException if the stream ends before; what there was is in it
  /// @throws LimitOverrunException if the separator is farther than the limit; the data stays
  public byte[] readUntil(String separator) throws IOException {
    return readUntil(separator.getBytes(StandardCharsets.UTF_8));
  }

  /// Reads to the end of a separator. Of several the one is taken that ends first.
  ///
  /// @throws IncompleteReadException if the stream ends before; what there was is in it
  /// @throws LimitOverrunException if the separator is farther than the limit; the data stays
  /// @throws IllegalArgumentException if there is no separator, or an empty one
  public byte[] readUntil(byte[]... separators) throws IOException {
    return readUntil("readUntil", separators);
  }

  private byte[] readUntil(String method, byte[]... separators) throws IOException {
    int longest = Separators.longest(separators);
    begin(method);
    int searched = 0;
    while (true) {
      int size = tail - head;
      long found = Separators.find(bytes, head, tail, searched, separators);
      if (found >= 0) {
        int start = Separators.start(found);
        if (start > limit) {
          throw overrun("the separator is found, but the piece before it is longer than", start);
        }
        return take(Separators.end(found));
      }
      searched = Math.max(0, size + 1 - longest);
      if (searched > limit) {
        throw overrun("the separator is not found within", searched);
      }
      if (eof) {
        throw new IncompleteReadException(take(size), null, this);
      }
      waitForData();
      checkFailure();
    }
  }

  private LimitOverrunException overrun(String what, int consumed) {
    return new LimitOverrunException(
        what + " the reader's limit of " + limit + " bytes, an option of the connection", consumed);
  }

  private boolean startsWith(byte[] separator, int at) {
    return at + separator.length <= tail
        && Arrays.equals(bytes, at, at + separator.length, separator, 0, separator.length);
  }

  /* ---- Other shapes ---- */

  /// The lines that are still to come. `hasNext` and `next` suspend; what they throw comes wrapped
  /// in [UncheckedIOException].
  @Override
  public Iterator<String> iterator() {
    return new Iterator<>() {
      private @Nullable String line;

      @Override
      public boolean hasNext() {
        if (line == null) {
          try {
            line = readLine();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
        return line != null;
      }

      @Override
      public String next() {
        String next = hasNext() ? line : null;
        if (next == null) {
          throw new NoSuchElementException("the stream has ended");
        }
        line = null;
        return next;
      }
    };
  }

  /// This reader as a stream for code that knows no other, such as a parser; its methods suspend.
  /// Closing it does nothing.
  public InputStream asInputStream() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        return readByte();
      }

      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        return StreamReader.this.read(ByteBuffer.wrap(target, offset, length));
      }

      @Override
      public int available() {
        return tail - head;
      }
    };
  }

  @Override
  public String toString() {
    return "<StreamReader "
        + (tail - head)
        + " bytes"
        + (eof ? " eof" : "")
        + (failure != null ? " failed" : "")
        + (paused ? " paused" : "")
        + ">";
  }
}
