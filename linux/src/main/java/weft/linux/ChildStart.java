package weft.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import weft.spi.ChildOptions;

/// One start of a process by `posix_spawn(3)`, which looks for the program and fails as
/// [ProcessBuilder] does.
///
/// The descriptors that the child will have are opened here and closed again when it runs; so a
/// file that cannot be opened is told from a program that cannot be run. Everything is opened such
/// that exec closes it, which is what keeps pipes from children that other threads start.
final class ChildStart implements AutoCloseable {
  private static final int S_IFIFO = 0x1000;
  private static final int INHERITED = -1;
  private static final int STREAMS = 3;
  private static final int OUTPUT = 1;
  private static final int ERRORS = 2;

  private final LinuxDriver driver;
  private final Linux linux;
  private final ChildOptions options;
  private final Arena arena = Arena.ofConfined();
  private final @Nullable Descriptor[] ours = new @Nullable Descriptor[STREAMS];
  private final List<Descriptor> theirs = new ArrayList<>();
  private final int[] streams = new int[STREAMS];

  private ChildStart(LinuxDriver driver, ChildOptions options) {
    this.driver = driver;
    this.linux = driver.linux;
    this.options = options;
  }

  /// Starts a process; null if that is better left to the JDK.
  static @Nullable LinuxChild run(LinuxDriver driver, ChildOptions options) throws IOException {
    if (mayBlock(options.stdin()) || mayBlock(options.stdout()) || mayBlock(options.stderr())) {
      return null;
    }
    try (ChildStart start = new ChildStart(driver, options)) {
      return start.start();
    }
  }

  /// Opening a named pipe waits for its other end.
  private static boolean mayBlock(@Nullable Redirect stream) {
    File file = stream == null ? null : stream.file();
    if (file == null) {
      return false;
    }
    try {
      int mode = (Integer) Files.getAttribute(file.toPath(), "unix:mode");
      return (mode & Linux.S_IFMT) == S_IFIFO;
    } catch (IOException e) {
      return false; // which opening it will tell
    }
  }

  private LinuxChild start() throws IOException {
    List<String> command = options.command();
    for (String word : command) {
      if (word.indexOf(0) >= 0) {
        throw new IOException("invalid null character in command");
      }
    }
    MemorySegment environment = environment();
    try {
      connect(0, options.stdin());
      connect(OUTPUT, options.stdout());
      connect(ERRORS, options.stderr());
    } catch (IOException e) {
      throw refused(e);
    }
    Path directory = options.directory();
    MemorySegment folder =
        directory == null ? MemorySegment.NULL : text(directory.toFile().getPath());
    Descriptor spare = spare();
    try {
      int pid = spawnOrInterpret(command, environment, folder);
      if (pid < 0) {
        throw refused(
            new IOException("Exec failed, error: " + -pid + " (" + Linux.strerror(-pid) + ")"));
      }
      return child(pid, spare);
    } finally {
      spare.close();
    }
  }

  /// Keeps a descriptor back, which is needed to look after what is started.
  private Descriptor spare() throws IOException {
    try {
      return Descriptor.copy(linux, driver.waker.eventfd());
    } catch (IOException e) {
      throw refused(e);
    }
  }

  private int spawnOrInterpret(
      List<String> command, MemorySegment environment, MemorySegment folder) throws IOException {
    int pid = spawn(command.getFirst(), command, environment, folder);
    if (pid != -Errno.ENOEXEC) {
      return pid;
    }
    List<String> script = new ArrayList<>(command);
    script.set(0, found(command.getFirst()));
    script.addFirst("/bin/sh");
    return spawn("/bin/sh", script, environment, folder);
  }

  private int spawn(
      String program, List<String> command, MemorySegment environment, MemorySegment folder) {
    return PosixSpawn.spawn(text(program), texts(command), environment, folder, streams);
  }

  /// It is a child of ours that nobody else reaps, so until then its identifier is its own.
  private LinuxChild child(int pid, Descriptor spare) throws IOException {
    spare.close();
    Optional<ProcessHandle> handle = ProcessHandle.of(pid); // the JDK opens a file for that
    Descriptor pidfd;
    try {
      pidfd = Descriptor.of(linux, linux.pidfdOpen(pid));
    } catch (IOException e) {
      // If the process cannot be looked at either, nothing can be done about it.
      handle.map(LinuxProcess::new).ifPresent(process -> process.destroyForcibly().orphan(null));
      throw refused(e);
    }
    if (handle.isEmpty()) { // no descriptor was free, or /proc is hidden from us
      LinuxProcess.giveUp(pidfd);
      throw refused(new IOException("process " + pid + " cannot be looked at"));
    }
    LinuxProcess process = new LinuxProcess(handle.get());
    @Nullable SocketStream[] pipes = new @Nullable SocketStream[STREAMS];
    for (int fd = 0; fd < STREAMS; fd++) {
      Descriptor end = ours[fd];
      if (end != null) {
        ours[fd] = null;
        pipes[fd] = SocketStream.pipe(driver, end, fd == 0);
      }
    }
    return new LinuxChild(driver, pidfd, process, pipes);
  }

  private IOException refused(IOException cause) {
    Path directory = options.directory();
    return new IOException(
        "Cannot run program \""
            + options.command().getFirst()
            + "\""
            + (directory == null ? "" : " (in directory \"" + directory + "\")")
            + ": "
            + cause.getMessage(),
        cause);
  }

  /* ---- Streams ---- */

  private void connect(int fd, @Nullable Redirect stream) throws IOException {
    if (stream == null) {
      streams[fd] = OUTPUT; // which is connected already then
    } else if (stream.type() == Redirect.Type.INHERIT) {
      streams[fd] = INHERITED;
    } else if (stream.type() == Redirect.Type.PIPE) {
      int[] ends = new int[2];
      Errno.check(linux.pipe(ends));
      boolean input = fd == 0;
      Descriptor mine = Descriptor.of(linux, ends[input ? 1 : 0]);
      ours[fd] = mine;
      streams[fd] = theirs(Descriptor.of(linux, ends[input ? 0 : 1]));
      Errno.check(linux.setNonBlocking(mine.fd()));
    } else {
      streams[fd] = theirs(open(stream));
    }
  }

  /// Notes a descriptor for the child, with a number that no stream of the child has.
  private int theirs(Descriptor descriptor) throws IOException {
    theirs.add(descriptor);
    if (descriptor.fd() < STREAMS) {
      theirs.add(Descriptor.copy(linux, descriptor.fd()));
    }
    return theirs.getLast().fd();
  }

  private Descriptor open(Redirect stream) throws IOException {
    File file = stream.file();
    if (file == null) {
      throw new AssertionError(stream); // only pipes and inherited streams have none
    }
    int flags =
        switch (stream.type()) {
          case READ -> Linux.O_RDONLY;
          case APPEND -> Linux.O_WRONLY | Linux.O_CREAT | Linux.O_APPEND;
          default -> Linux.O_WRONLY | Linux.O_CREAT | Linux.O_TRUNC;
        };
    int fd = linux.open(text(file.getPath()), flags, 0666);
    if (fd < 0) {
      throw new FileNotFoundException(file + " (" + Linux.strerror(-fd) + ")");
    }
    return Descriptor.of(linux, fd);
  }

  /* ---- Strings ---- */

  private MemorySegment text(String string) {
    return text(arena, string);
  }

  /// Whether the system can be told of a file by the JDK's text of its name: text has no room for
  /// bytes that are no characters.
  static boolean isName(String string) {
    return string.indexOf('\uFFFD') < 0 && Linux.FILE_NAMES.newEncoder().canEncode(string);
  }

  /// A string as the system has it.
  static MemorySegment text(Arena arena, String string) {
    byte[] bytes = string.getBytes(Linux.FILE_NAMES);
    MemorySegment text = arena.allocate(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, text, JAVA_BYTE, 0, bytes.length);
    return text;
  }

  /// An array of strings with a null at its end.
  private MemorySegment texts(List<String> strings) {
    MemorySegment array = arena.allocate(ADDRESS, strings.size() + 1L);
    for (int i = 0; i < strings.size(); i++) {
      array.setAtIndex(ADDRESS, i, text(strings.get(i)));
    }
    return array;
  }

  private MemorySegment environment() {
    Map<String, String> variables = options.environment();
    if (variables == null) {
      return PosixSpawn.environment();
    }
    List<String> lines = new ArrayList<>();
    variables.forEach(
        (name, value) -> {
          if (name.indexOf('=') >= 0 || name.indexOf(0) >= 0) {
            throw new IllegalArgumentException(
                "Invalid environment variable name: \"" + name + "\"");
          }
          if (value.indexOf(0) >= 0) {
            throw new IllegalArgumentException(
                "Invalid environment variable value: \"" + value + "\"");
          }
          lines.add(name + "=" + value);
        });
    return texts(lines);
  }

  /// The file that a program's name has led to.
  private static String found(String program) {
    String path = System.getenv("PATH");
    if (program.indexOf('/') >= 0 || path == null) {
      return program;
    }
    return Arrays.stream(path.split(":", -1))
        .map(folder -> Path.of(folder.isEmpty() ? "." : folder, program))
        .filter(file -> Files.isExecutable(file) && !Files.isDirectory(file))
        .map(Path::toString)
        .findFirst()
        .orElse(program);
  }

  /// Closes what the child was given and, if it does not run, what was for us.
  @Override
  public void close() {
    for (Descriptor descriptor : theirs) {
      descriptor.close();
    }
    for (Descriptor descriptor : ours) {
      if (descriptor != null) {
        descriptor.close();
      }
    }
    arena.close();
  }
}
