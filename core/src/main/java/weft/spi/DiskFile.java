package weft.spi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// An open regular file that a driver reads and writes by itself: what is asked for here completes
/// later, and no thread waits for the disk.
///
/// Several operations may be under way; their order is the system's. An operation that has begun
/// cannot be taken back. After the driver was closed nothing is told.
public interface DiskFile {
  /// Reads some bytes. Completes with a buffer that is lent for the call and empty at the end of
  /// the file.
  ///
  /// @param max how many at most; fewer may come before the end, too
  void read(long position, int max, Completion<ByteBuffer> told);

  /// Writes bytes, as many as the driver takes of them: these are copied, and the buffer's position
  /// is after them when this returns. Completes with their number when all of them are written.
  void write(long position, ByteBuffer data, Completion<Integer> told);

  /// Sees to it that what was written is on the storage device. Completes with 0.
  ///
  /// @param metaData whether the facts about the file have to be there as well
  void force(boolean metaData, Completion<Integer> told);

  /// Opens the same file once more for those who need a channel. Blocks as opening a file does; any
  /// thread, while nobody closes this. The channel is the caller's.
  FileChannel channel() throws IOException;

  /// Closes the file, as soon as no operation is under way; those still complete. Repeating it does
  /// nothing.
  void close();
}
