package weft.io;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import weft.Body;
import weft.CancelledError;
import weft.EventLoop;
import weft.Generator;
import weft.Promise;
import weft.Task;
import weft.Weft;
import weft.sync.AsyncLock;

/// A file whose reads and writes happen beside the loop, so that it never waits for a disk: on a
/// driver that can do so by itself, otherwise on the loop's default executor. The static methods do
/// the latter for whole files.
///
/// Everything that throws [IOException] and has to wait suspends, and is a cancellation point; the
/// exceptions are those of [Files] and [FileChannel], such as [java.nio.file.NoSuchFileException].
///
/// **Order.** What is called on one file is done one after the other, in the order of the calls.
///
/// **Cancellation.** A cancelled operation that has not begun never happens. One that has begun
/// cannot be stopped: cancelling abandons the wait for it, the next operation on the file still
/// waits its turn, and its outcome is dropped. A write may then be done in whole, in part or not at
/// all, and the position is where it leaves it. The caller's buffers are its own again in any case:
/// bytes are copied before a write and after a read.
///
/// Thread: the loop's on which the file was opened.
///
/// asyncio has no files; its users call `run_in_executor` for the same.
public final class AsyncFile implements AutoCloseable {
  private static final int PIECE_BYTES_MAX = 1 << 20;
  private static final int SIZE_UNKNOWN_BYTES = 8192;

  private final EventLoop loop;

  /// Null until somebody needs one, if there is a disk file.
  private @Nullable FileChannel channel;

  /// What the driver has opened; null if it has not, and from when on the channel has taken over.
  private @Nullable DiskAccess disk;

  /// What the channel has taken over from.
  private @Nullable DiskAccess former;

  private final AsyncLock turns = new AsyncLock();

  /// Where a job puts or finds the bytes of others. Used by one job at a time.
  private byte[] staging = new byte[0];

  private boolean closed;

  /// Whether even the operations that were called before it was closed come too late.
  private boolean over;

  /// Whether the operation whose turn it is has nobody who waits for it.
  private boolean abandoned;

  private AsyncFile(EventLoop loop, @Nullable FileChannel channel, @Nullable DiskAccess disk) {
    this.loop = loop;
    this.channel = channel;
    this.disk = disk;
  }

  /* ---- Whole files ---- */

  /// The contents of a file in UTF-8.
  ///
  /// @throws java.nio.charset.CharacterCodingException if it is not UTF-8
  public static String readString(Path path) throws IOException {
    return readString(path, StandardCharsets.UTF_8);
  }

  /// The contents of a text file.
  public static String readString(Path path, Charset charset) throws IOException {
    return offLoop(() -> Files.readString(path, charset));
  }

  /// The contents of a file.
  public static byte[] readAllBytes(Path path) throws IOException {
    return offLoop(() -> Files.readAllBytes(path));
  }

  /// The lines of a file in UTF-8, without their ends.
  public static List<String> readAllLines(Path path) throws IOException {
    return readAllLines(path, StandardCharsets.UTF_8);
  }

  /// The lines of a text file, without their ends.
  public static List<String> readAllLines(Path path, Charset charset) throws IOException {
    return offLoop(() -> Files.readAllLines(path, charset));
  }

  /// The lines of a file in UTF-8, read as they are asked for.
  ///
  /// The file is opened by the first step of the iteration and closed at its end. What goes wrong
  /// is thrown by the iteration, as [UncheckedIOException].
  public static Generator<String> lines(Path path) {
    return lines(path, StandardCharsets.UTF_8);
  }

  /// The lines of a text file, read as they are asked for; see [#lines(Path)].
  public static Generator<String> lines(Path path, Charset charset) {
    return Weft.generator(
        emitter -> {
          LineSource source = new LineSource(path, charset);
          try {
            List<String> batch = offLoop(source::next);
            while (!batch.isEmpty()) {
              batch.forEach(emitter::emit);
              batch = offLoop(source::next);
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          } finally {
            closeOffLoop(source);
          }
        });
  }

  /// Writes a text in UTF-8 to a file, which is created or truncated unless options say otherwise.
  public static void writeString(Path path, CharSequence text, OpenOption... options)
      throws IOException {
    writeString(path, text, StandardCharsets.UTF_8, options);
  }

  /// Writes a text to a file, which is created or truncated unless options say otherwise.
  public static void writeString(
      Path path, CharSequence text, Charset charset, OpenOption... options) throws IOException {
    String copy = text.toString();
    offLoop(() -> Files.writeString(path, copy, charset, options));
  }

  /// Writes bytes to a file, which is created or truncated unless options say otherwise.
  public static void write(Path path, byte[] bytes, OpenOption... options) throws IOException {
    byte[] copy = bytes.clone();
    offLoop(() -> Files.write(path, copy, options));
  }

  /* ---- An open file ---- */

  /// Opens a file; for reading unless options say otherwise. If this is cancelled, the file is
  /// closed again.
  ///
  /// @param options as for [FileChannel#open(Path, OpenOption...)]
  public static AsyncFile open(Path path, OpenOption... options) throws IOException {
    checkInCoroutine();
    DiskAccess disk = DiskAccess.open(EventLoop.running(), path, List.of(options));
    return disk != null
        ? new AsyncFile(EventLoop.running(), null, disk)
        : openChannel(path, options);
  }

  private static AsyncFile openChannel(Path path, OpenOption... options) throws IOException {
    // Holds the channel once it is open, or the caller's death: whoever comes second closes.
    AtomicReference<@Nullable Object> met = new AtomicReference<>();
    try {
      FileChannel channel =
          offLoop(
              () -> {
                FileChannel opened = FileChannel.open(path, options);
                if (!met.compareAndSet(null, opened)) {
                  opened.close();
                }
                return opened;
              });
      return new AsyncFile(EventLoop.running(), channel, null);
    } catch (Throwable t) {
      if (met.getAndSet(t) instanceof FileChannel unwanted) {
        closeOffLoop(unwanted);
      }
      throw t;
    }
  }

  /// Reads some bytes from the current position on, which moves.
  ///
  /// @return how many; -1 at the end of the file; 0 only if the buffer is full
  /// @throws IllegalArgumentException if the buffer is read-only
  public int read(ByteBuffer target) throws IOException {
    return readInto(target, -1);
  }

  /// Reads some bytes from the given position on. The current one does not change.
  ///
  /// @return how many; -1 at the end of the file; 0 only if the buffer is full
  /// @throws IllegalArgumentException if the buffer is read-only
  public int read(ByteBuffer target, long position) throws IOException {
    return readInto(target, checkPosition(position));
  }

  /// Reads at most `max` bytes from the current position on, which moves.
  ///
  /// @return empty at the end of the file
  public byte[] read(int max) throws IOException {
    return readUpTo(max, -1);
  }

  /// Reads at most `max` bytes from the given position on. The current one does not change.
  ///
  /// @return empty at the end of the file
  public byte[] read(int max, long position) throws IOException {
    return readUpTo(max, checkPosition(position));
  }

  private int readInto(ByteBuffer target, long position) throws IOException {
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("the buffer to read into is read-only");
    }
    try (Turn turn = new Turn()) {
      int size = Math.min(target.remaining(), PIECE_BYTES_MAX);
      DiskAccess access = disk;
      if (access != null) {
        return access.read(turn, target, size, position);
      }
      byte[] bytes = staging(size);
      int count = turn.run(() -> readOnce(ByteBuffer.wrap(bytes, 0, size), position));
      if (count > 0) {
        target.put(bytes, 0, count);
      }
      return count;
    }
  }

  private byte[] readUpTo(int max, long position) throws IOException {
    if (max < 0) {
      throw new IllegalArgumentException("max is negative: " + max);
    }
    try (Turn turn = new Turn()) {
      DiskAccess access = disk;
      if (access != null) {
        return access.readUpTo(turn, max, position);
      }
      FileChannel source = opened();
      return turn.run(
          () -> {
            long size = Math.max(source.size(), SIZE_UNKNOWN_BYTES); // that of a device is 0
            byte[] bytes = new byte[(int) Math.min(max, size)];
            int count = Math.max(0, readOnce(ByteBuffer.wrap(bytes), position));
            return count == bytes.length ? bytes : Arrays.copyOf(bytes, count);
          });
    }
  }

  private int readOnce(ByteBuffer target, long position) throws IOException {
    FileChannel source = opened();
    return position < 0 ? source.read(target) : source.read(target, position);
  }

  /// Writes all bytes at the current position, which moves; at the end of the file if it was opened
  /// to append.
  public void write(ByteBuffer source) throws IOException {
    writeAll(source, -1);
  }

  /// Writes all bytes at the given position. The current one does not change.
  public void write(ByteBuffer source, long position) throws IOException {
    writeAll(source, checkPosition(position));
  }

  /// Writes all bytes at the current position, which moves.
  public void write(byte[] bytes) throws IOException {
    writeAll(ByteBuffer.wrap(bytes), -1);
  }

  /// Writes a text in UTF-8 at the current position, which moves.
  public void write(String text) throws IOException {
    writeAll(StandardCharsets.UTF_8.encode(text), -1);
  }

  private void writeAll(ByteBuffer source, long position) throws IOException {
    try (Turn turn = new Turn()) {
      DiskAccess access = disk;
      if (access != null) {
        access.write(turn, source, position);
        return;
      }
      long next = position;
      do {
        int size = Math.min(source.remaining(), PIECE_BYTES_MAX);
        byte[] bytes = staging(size);
        source.get(bytes, 0, size);
        long start = next;
        next += turn.run(() -> writeFully(ByteBuffer.wrap(bytes, 0, size), start));
      } while (source.hasRemaining());
    }
  }

  /// Returns by how much an explicit position moves.
  private int writeFully(ByteBuffer piece, long position) throws IOException {
    FileChannel target = opened();
    while (piece.hasRemaining()) {
      if (position < 0) {
        target.write(piece);
      } else {
        target.write(piece, position + piece.position());
      }
    }
    return position < 0 ? 0 : piece.position();
  }

  /// The length of the file.
  public long size() throws IOException {
    return inTurn(() -> opened().size());
  }

  /// The current position.
  public long position() throws IOException {
    try (Turn turn = new Turn()) {
      DiskAccess access = disk;
      return access != null ? access.position : turn.run(() -> opened().position());
    }
  }

  /// Moves the current position. If it is beyond the end, the next write leaves a gap.
  public void position(long position) throws IOException {
    checkPosition(position);
    try (Turn turn = new Turn()) {
      DiskAccess access = disk;
      if (access != null) {
        access.position = position;
      } else {
        turn.run(() -> opened().position(position));
      }
    }
  }

  /// Cuts the file down to a length; does nothing if it is shorter.
  public void truncate(long size) throws IOException {
    if (size < 0) {
      throw new IllegalArgumentException("size is negative: " + size);
    }
    try (Turn turn = new Turn()) {
      turn.run(() -> opened().truncate(size));
      DiskAccess access = disk;
      if (access != null) {
        access.position = Math.min(access.position, size);
      }
    }
  }

  /// Makes sure that what was written is on the storage device.
  ///
  /// @param metaData whether the facts about the file, such as its time, have to be there as well
  public void force(boolean metaData) throws IOException {
    try (Turn turn = new Turn()) {
      DiskAccess access = disk;
      if (access != null) {
        access.force(turn, metaData);
      } else {
        turn.run(
            () -> {
              opened().force(metaData);
              return 0;
            });
      }
    }
  }

  /// The channel beneath, for what needs one, such as sending the file over a connection. What is
  /// done with it knows nothing of the order that is kept here. From the first call on this file is
  /// read and written on the executor, by that channel.
  ///
  /// @throws UncheckedIOException if there is none yet and it cannot be opened, as after `close`
  public FileChannel channel() {
    DiskAccess access = disk;
    try {
      FileChannel opened = opened();
      if (access != null) {
        disk = null;
        former = access;
        access.handOver(opened);
      }
      return opened;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The channel, which is opened now if there is none. Any thread.
  private synchronized FileChannel opened() throws IOException {
    FileChannel known = channel;
    if (known == null) {
      DiskAccess access = disk;
      if (access == null || over) {
        throw new ClosedChannelException();
      }
      known = access.channel();
      channel = known;
    }
    return known;
  }

  /// Whether the file was not closed.
  public boolean isOpen() {
    FileChannel known = channel;
    return !closed && (known == null || known.isOpen());
  }

  /// Closes the file when the operations that were called before are done; those that are called
  /// from now on get a [ClosedChannelException]. An abandoned operation is broken off. Repeating it
  /// does nothing.
  ///
  /// The file is closed even if this is cancelled, and outside of a coroutine, where nothing can be
  /// waited for.
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (abandoned || Task.current() == null) {
      closeAll();
      return;
    }
    try (var _ = turns.acquire()) {
      FileChannel known = end();
      if (known != null) {
        offLoop(
            () -> {
              known.close();
              return known;
            });
      }
    } catch (CancelledError | IllegalStateException | RejectedExecutionException e) {
      closeAll();
      if (e instanceof CancelledError cancelled) {
        throw cancelled;
      }
    }
  }

  private void closeAll() {
    FileChannel known = end();
    if (known != null) {
      closeOffLoop(known);
    }
  }

  /// From now on nothing is opened. Closes what the driver has, and gives back what it has not.
  private synchronized @Nullable FileChannel end() {
    over = true;
    for (DiskAccess access : new @Nullable DiskAccess[] {disk, former}) {
      if (access != null) {
        access.close();
      }
    }
    return channel;
  }

  @Override
  public String toString() {
    return "<AsyncFile" + (isOpen() ? "" : " closed") + ">";
  }

  /* ---- Taking turns ---- */

  private <T> T inTurn(Body<T> job) throws IOException {
    try (Turn turn = new Turn()) {
      return turn.run(job);
    }
  }

  private byte[] staging(int size) {
    if (staging.length < size) {
      staging = new byte[size];
    }
    return staging;
  }

  /// One operation's turn: from when it gets the file until it is done with it. If the operation is
  /// abandoned in the middle of a job, that job passes the turn on when it ends.
  final class Turn implements AutoCloseable {
    private boolean left;

    Turn() throws IOException {
      checkUsable();
      turns.acquire();
      FileChannel known = channel;
      if (over || (known != null && !known.isOpen())) {
        turns.release();
        throw new ClosedChannelException();
      }
    }

    <T> T run(Body<T> job) throws IOException {
      AtomicBoolean taken = new AtomicBoolean();
      Promise<T> promise =
          loop.runInExecutor(
              null,
              () -> {
                if (!taken.compareAndSet(false, true)) {
                  throw new CancelledError();
                }
                return job.call();
              });
      try {
        Weft.waitAll(List.of(promise)); // unlike await, does not cancel it
      } catch (Throwable t) {
        if (taken.compareAndSet(false, true)) {
          promise.cancel();
        } else {
          leave(promise);
        }
        throw t;
      }
      return Rethrown.await(promise);
    }

    /// Waits for what the driver does.
    <T> T run(Promise<T> promise) throws IOException {
      try {
        Weft.waitAll(List.of(promise));
      } catch (Throwable t) {
        leave(promise);
        throw t;
      }
      return Rethrown.await(promise);
    }

    /// Whether nobody waits any more.
    boolean isLeft() {
      return left;
    }

    private void leave(Promise<?> running) {
      left = true;
      abandoned = true;
      running.addDoneCallback(
          done -> {
            if (!done.cancelled()) {
              var _ = done.exception(); // nobody is to be told
            }
            abandoned = false;
            turns.release();
          });
      if (closed) {
        closeAll();
      }
    }

    @Override
    public void close() {
      if (!left) {
        turns.release();
      }
    }
  }

  private void checkUsable() throws IOException {
    checkInCoroutine();
    if (EventLoop.running() != loop) {
      throw new IllegalStateException("this file was opened on another event loop");
    }
    if (closed) {
      throw new ClosedChannelException();
    }
  }

  private static long checkPosition(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("position is negative: " + position);
    }
    return position;
  }

  /* ---- Away from the loop ---- */

  /// Where there is nobody who could wait, nothing is begun.
  private static void checkInCoroutine() {
    if (Task.current() == null) {
      throw new IllegalStateException(
          "files can be used in a coroutine only; in a callback make a task");
    }
  }

  private static <T> T offLoop(Body<T> job) throws IOException {
    checkInCoroutine();
    return Rethrown.await(EventLoop.running().runInExecutor(null, job));
  }

  /// Closes without waiting and without saying how it went.
  private static void closeOffLoop(Closeable closeable) {
    try {
      EventLoop.running()
          .runInExecutor(
              null,
              () -> {
                closeQuietly(closeable);
                return closeable;
              });
    } catch (IllegalStateException | RejectedExecutionException e) {
      closeQuietly(closeable); // the loop or its executor has ended
    }
  }

  @SuppressWarnings("EmptyCatch") // nobody is left who could be told
  private static void closeQuietly(Closeable closeable) {
    try {
      closeable.close();
    } catch (IOException unheard) {
    }
  }

  /// Reads lines in batches: a trip to another thread for each line would cost more than the line.
  private static final class LineSource implements Closeable {
    private static final int BATCH_CHARS = 1 << 16;

    private final Path path;
    private final Charset charset;
    private @Nullable BufferedReader reader;
    private boolean closed;

    LineSource(Path path, Charset charset) {
      this.path = path;
      this.charset = charset;
    }

    /// The next lines; none at the end.
    synchronized List<String> next() throws IOException {
      List<String> batch = new ArrayList<>();
      if (closed) {
        return batch;
      }
      if (reader == null) {
        reader = Files.newBufferedReader(path, charset);
      }
      int chars = 0;
      String line;
      while (chars < BATCH_CHARS && (line = reader.readLine()) != null) {
        batch.add(line);
        chars += line.length() + 1;
      }
      return batch;
    }

    @Override
    public synchronized void close() throws IOException {
      closed = true;
      if (reader != null) {
        reader.close();
      }
    }
  }
}
