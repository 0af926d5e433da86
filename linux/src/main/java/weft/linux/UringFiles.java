package weft.linux;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import weft.spi.Completion;
import weft.spi.DiskFile;

/// The files of a [UringDriver], and what is under way with them.
///
/// Every operation has a number, which is its completion's name, and stands in a table from its
/// begin to its completion, whoever may have lost interest. So the memory that the kernel reads or
/// writes belongs to the operation for as long as that, and a descriptor is closed after the last
/// operation that names it. If a completion cannot be awaited, because the ring is another thread's
/// or the disk does not answer while the driver is closed, the operation is kept for ever.
final class UringFiles {
  private static final Set<StandardOpenOption> KNOWN =
      EnumSet.of(
          StandardOpenOption.READ,
          StandardOpenOption.WRITE,
          StandardOpenOption.CREATE,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.TRUNCATE_EXISTING);

  private static final List<Operation> GIVEN_UP = new ArrayList<>();

  private final UringDriver driver;
  private final Set<UringFile> open = new HashSet<>();
  private @Nullable Operation[] operations = new @Nullable Operation[8];

  /// Given up, and their listeners do not know yet.
  private final ArrayDeque<Operation> lost = new ArrayDeque<>();

  private boolean silent;

  UringFiles(UringDriver driver) {
    this.driver = driver;
  }

  /// Something that the kernel does with a file.
  abstract static class Operation {
    int number;

    /// By how much was asked for on the ring when this was.
    long asked;

    /// Asks the kernel for it, or for what is left of it.
    abstract void begin();

    /// Returns false if it goes on.
    abstract boolean completed(int result);

    /// Nobody is to be told any more.
    abstract void fallSilent();

    /// Tells that it is not known how it ended.
    abstract void failed(IOException failure);
  }

  UringDriver driver() {
    return driver;
  }

  Set<UringFile> files() {
    return open;
  }

  void begin(Operation operation) {
    int free = 0;
    while (free < operations.length && operations[free] != null) {
      free++;
    }
    if (free == operations.length) {
      operations = Arrays.copyOf(operations, 2 * free);
    }
    operations[free] = operation;
    operation.number = free;
    ask(operation);
  }

  private void ask(Operation operation) {
    operation.begin();
    operation.asked = driver.asked();
  }

  void completed(int number, int result) {
    Operation operation = operations[number];
    if (operation == null) {
      return;
    }
    if (!silent && (result == -Errno.EINTR || result == -Errno.EAGAIN)) {
      ask(operation);
      return;
    }
    operations[number] = null;
    if (!operation.completed(result)) {
      begin(operation);
    }
  }

  /// The ring was another thread's, and there is a new one. What the kernel was asked for on the
  /// old one is lost, which [#tellLost] tells; the rest is asked for on the new one.
  void moveFrom(Ring old) {
    lost.addAll(abandon(old));
    for (Operation operation : operations) {
      if (operation != null) {
        ask(operation);
      }
    }
  }

  boolean hasLost() {
    return !lost.isEmpty();
  }

  void tellLost() {
    for (Operation operation; (operation = lost.poll()) != null; ) {
      operation.failed(new IOException("another thread runs the loop now"));
    }
  }

  /// Keeps for ever what the kernel may still be at.
  private List<Operation> abandon(Ring ring) {
    List<Operation> left = new ArrayList<>();
    for (int i = 0; i < operations.length; i++) {
      Operation operation = operations[i];
      if (operation != null && ring.isSubmitted(operation.asked)) {
        left.add(operation);
        operations[i] = null;
      }
    }
    synchronized (GIVEN_UP) {
      GIVEN_UP.addAll(left);
    }
    return left;
  }

  void fallSilent() {
    silent = true;
    lost.clear();
    for (Operation operation : operations) {
      if (operation != null) {
        operation.fallSilent();
      }
    }
  }

  boolean isSilent() {
    return silent;
  }

  /// The kernel has its own hold on the files that it works at.
  void close(Ring ring) {
    abandon(ring);
    for (UringFile file : List.copyOf(open)) {
      file.closeNow();
    }
  }

  /* ---- Opening ---- */

  boolean open(Path path, Collection<? extends OpenOption> options, Completion<DiskFile> told) {
    String name = path.toAbsolutePath().toString(); // which may not be the process's own folder
    if (!KNOWN.containsAll(options) || !ChildStart.isName(name)) {
      return false;
    }
    begin(new Opening(name, options, told));
    return true;
  }

  /// Looks whether the file is a regular one, for others may never answer, and then opens it.
  ///
  /// `struct statx { u32 mask, blksize; u64 attributes; u32 nlink, uid, gid; u16 mode; … }`, of 256
  /// bytes
  private final class Opening extends Operation {
    private static final int AT_FDCWD = -100;
    private static final int STATX_TYPE = 1;
    private static final int MODE_OFFSET = 28;
    private static final int S_IFREG = 0x8000;
    private static final int PERMISSIONS = 0666;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment name;
    private final MemorySegment facts = arena.allocate(256, 8);
    private final boolean readable;
    private final boolean writable;
    private final boolean creating;
    private final int flags;
    private @Nullable Completion<DiskFile> told;
    private boolean looked;

    Opening(String name, Collection<? extends OpenOption> options, Completion<DiskFile> told) {
      this.name = ChildStart.text(arena, name);
      this.told = told;
      writable = options.contains(StandardOpenOption.WRITE);
      readable = !writable || options.contains(StandardOpenOption.READ);
      boolean exclusive = writable && options.contains(StandardOpenOption.CREATE_NEW);
      creating = exclusive || (writable && options.contains(StandardOpenOption.CREATE));
      boolean truncating = writable && options.contains(StandardOpenOption.TRUNCATE_EXISTING);
      flags =
          (writable ? readable ? Linux.O_RDWR : Linux.O_WRONLY : Linux.O_RDONLY)
              | (creating ? Linux.O_CREAT : 0)
              | (exclusive ? Linux.O_EXCL : 0)
              | (truncating ? Linux.O_TRUNC : 0)
              | Linux.CLOEXEC;
    }

    @Override
    void begin() {
      if (looked) {
        driver.beginOnFile(Ring.OP_OPENAT, AT_FDCWD, 0, name.address(), PERMISSIONS, flags, number);
      } else {
        driver.beginOnFile(
            Ring.OP_STATX, AT_FDCWD, facts.address(), name.address(), STATX_TYPE, 0, number);
      }
    }

    @Override
    boolean completed(int result) {
      if (!looked && !silent) {
        boolean regular =
            result == 0 && (facts.get(JAVA_SHORT, MODE_OFFSET) & Linux.S_IFMT) == S_IFREG;
        if (regular || (result == -Errno.ENOENT && creating)) {
          looked = true;
          return false;
        }
      }
      Completion<DiskFile> listener = told;
      if (!looked || result < 0) {
        if (listener != null) {
          listener.failed(Errno.exception(result < 0 ? -result : Errno.EINVAL));
        }
      } else if (listener != null) {
        listener.completed(new UringFile(UringFiles.this, result, readable, writable));
      } else {
        driver.linux.close(result);
      }
      return true;
    }

    @Override
    void fallSilent() {
      told = null;
    }

    @Override
    void failed(IOException failure) {
      if (told != null) {
        told.failed(failure);
      }
    }
  }
}
