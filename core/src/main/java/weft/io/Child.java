package weft.io;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import weft.ErrorContext;
import weft.EventLoop;
import weft.Task;
import weft.Weft;

/// A child process, by the means of the JDK: how it is made, told signals and seen to end.
///
/// The JDK reaps every child by a thread of its own, so none becomes a zombie, whatever happens
/// here. It checks that a process is alive and still the same before it sends it a signal.
final class Child {
  /// The signals of Linux, by number.
  private static final List<String> SIGNALS =
      List.of(
          "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
          "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
          "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  /// What the JDK adds to the number of the signal that ended a process, as shells do.
  private static final int SIGNAL_STATUS = 128;

  private final EventLoop loop;
  private final Process process;
  private final @Nullable OutputPipe stdin;
  private final @Nullable InputPipe stdout;
  private final @Nullable InputPipe stderr;
  private final BitSet sent = new BitSet();

  /// Signals that have to wait for the one before.
  private final Queue<String> signals = new ArrayDeque<>();

  private boolean signalling;
  private @Nullable Integer returnCode;

  private Child(EventLoop loop, Process process, SubprocessOptions options) {
    this.loop = loop;
    this.process = process;
    boolean fed = options.stdin() == Stdio.PIPE;
    stdin = fed ? new OutputPipe(loop, process.getOutputStream()) : null;
    boolean read = options.stdout() == Stdio.PIPE;
    stdout = read ? new InputPipe(loop, process.getInputStream(), true) : null;
    boolean errorsRead = options.stderr() == Stdio.PIPE;
    stderr = errorsRead ? new InputPipe(loop, process.getErrorStream(), true) : null;
  }

  /// Starts a process on another thread, because that takes a while. If the caller is cancelled
  /// meanwhile, the process is killed.
  static Child start(List<String> command, SubprocessOptions options) throws IOException {
    if (Task.current() == null) {
      throw new IllegalStateException(
          "processes can be started in a coroutine only; in a callback make a task");
    }
    EventLoop loop = EventLoop.running();
    ProcessBuilder builder = builder(command, options);
    CompletableFuture<Child> started = new CompletableFuture<>();
    PipeChannel.THREADS.execute(() -> start(builder, options, loop, started));
    try {
      return Weft.await(started, IOException.class);
    } catch (Throwable t) {
      started.cancel(false);
      if (started.state() == Future.State.SUCCESS) {
        started.resultNow().discard();
      }
      throw t;
    }
  }

  /// Starts a process and then reads from it.
  ///
  /// When a process ends, the JDK takes what is in its pipes and closes them, though a grandchild
  /// may still write to them: first the output, then the errors. For that it locks the stream. So
  /// the stream is locked here as soon as it exists and for as long as it is read, and the JDK
  /// waits until it has ended by itself. Only a child that ends in the instant before that can
  /// still lose what a grandchild has to say.
  private static void start(
      ProcessBuilder builder,
      SubprocessOptions options,
      EventLoop loop,
      CompletableFuture<Child> started) {
    Process process;
    try {
      process = builder.start();
    } catch (IOException | RuntimeException e) {
      started.completeExceptionally(e);
      return;
    }
    boolean output = options.stdout() == Stdio.PIPE;
    boolean errors = options.stderr() == Stdio.PIPE;
    if (!output && !errors) {
      new Child(loop, process, options).handOver(started);
      return;
    }
    synchronized (output ? process.getInputStream() : process.getErrorStream()) {
      Child child = new Child(loop, process, options);
      if (output && errors) {
        PipeChannel.THREADS.execute(() -> readLocked(process.getErrorStream(), child.stderr));
      }
      child.handOver(started);
      InputPipe first = output ? child.stdout : child.stderr;
      if (first != null) {
        first.readAll();
      }
    }
  }

  private static void readLocked(InputStream stream, @Nullable InputPipe pipe) {
    synchronized (stream) {
      if (pipe != null) {
        pipe.readAll();
      }
    }
  }

  private void handOver(CompletableFuture<Child> started) {
    if (!started.complete(this)) {
      discard();
    }
  }

  private static ProcessBuilder builder(List<String> command, SubprocessOptions options) {
    if (command.isEmpty()) {
      throw new IllegalArgumentException("the command is empty: it needs at least a program");
    }
    ProcessBuilder builder = new ProcessBuilder(List.copyOf(command));
    Path directory = options.directory();
    if (directory != null) {
      builder.directory(directory.toFile());
    }
    Map<String, String> environment = options.environment();
    if (environment != null) {
      builder.environment().clear();
      builder.environment().putAll(environment);
    }
    Redirect input = options.stdin().input();
    builder.redirectInput(input == null ? Redirect.from(nullDevice()) : input);
    builder.redirectOutput(options.stdout().output());
    Redirect errors = options.stderr().output();
    if (errors == null) {
      builder.redirectErrorStream(true);
    } else {
      builder.redirectError(errors);
    }
    return builder;
  }

  private static File nullDevice() {
    return new File(windows() ? "NUL" : "/dev/null");
  }

  private static boolean windows() {
    return File.separatorChar == '\\';
  }

  /// The command that lets the system's shell run a line.
  static List<String> shell(String line) {
    return windows() ? List.of("cmd.exe", "/c", line) : List.of("/bin/sh", "-c", line);
  }

  /// Kills a child that nobody got to know.
  void discard() {
    process.toHandle().destroyForcibly();
    for (PipeChannel pipe : new PipeChannel[] {stdin, stdout, stderr}) {
      if (pipe != null) {
        pipe.close();
      }
    }
  }

  long pid() {
    return process.pid();
  }

  Process process() {
    return process;
  }

  /// The pipe to a stream of the child, or null.
  @Nullable PipeChannel pipe(int fd) {
    return switch (fd) {
      case 0 -> stdin;
      case 1 -> stdout;
      case 2 -> stderr;
      default -> null;
    };
  }

  /// The exit status; null until the loop knows of the end.
  @Nullable Integer returnCode() {
    return returnCode;
  }

  /// Has something called on the loop when the process has ended, or does so in the next batch if
  /// it has.
  void whenExited(Runnable action) {
    process
        .onExit()
        .whenComplete(
            (ended, thrown) -> {
              try {
                loop.callSoonThreadsafe(
                    () -> {
                      returnCode = status(process.exitValue());
                      action.run();
                      if (stdin != null) {
                        stdin.peerGone();
                      }
                    });
              } catch (IllegalStateException loopClosed) {
                return; // nobody is left who wants to know
              }
            });
  }

  /// The JDK says 128 + n both when signal n has ended a process and when it has called `exit(128 +
  /// n)`. Only if we have sent it that signal there is little doubt.
  private int status(int exitValue) {
    int signal = exitValue - SIGNAL_STATUS;
    return signal > 0 && sent.get(signal) ? -signal : exitValue;
  }

  /* ---- Signals ---- */

  /// Sends a signal, unless the process has ended. The JDK can send TERM and KILL; for others there
  /// is the shell's `kill`, and those that come after it wait for it, so that the order is kept.
  void signal(String signal) {
    String name = signal.startsWith("SIG") ? signal.substring(3) : signal;
    int number = name.isEmpty() ? -1 : SIGNALS.indexOf(name);
    if (number < 0) {
      throw new IllegalArgumentException("there is no signal " + signal);
    }
    if (returnCode != null) {
      return;
    }
    sent.set(number);
    if (signalling) {
      signals.add(name);
    } else {
      send(name);
    }
  }

  private void send(String name) {
    switch (name) {
      case "TERM" -> process.toHandle().destroy();
      case "KILL" -> process.toHandle().destroyForcibly();
      default -> {
        signalling = true;
        PipeChannel.THREADS.execute(() -> sendByShell(name));
      }
    }
  }

  private void sendByShell(String name) {
    Throwable failure = null;
    try {
      if (process.isAlive()) {
        Process kill =
            new ProcessBuilder("/bin/sh", "-c", "kill -s " + name + " " + process.pid())
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.DISCARD)
                .start();
        kill.getOutputStream().close();
        kill.waitFor();
      }
    } catch (IOException | InterruptedException e) {
      failure = e;
    }
    Throwable told = failure;
    try {
      loop.callSoonThreadsafe(() -> sent(name, told));
    } catch (IllegalStateException loopClosed) {
      return; // what waits behind is not sent
    }
  }

  private void sent(String name, @Nullable Throwable failure) {
    if (failure != null) {
      loop.callExceptionHandler(
          new ErrorContext("SIG" + name + " could not be sent to " + this, failure));
    }
    signalling = false;
    while (!signalling && returnCode == null && !signals.isEmpty()) {
      send(signals.remove());
    }
  }

  @Override
  public String toString() {
    return "process " + pid() + (returnCode == null ? " running" : " ended with " + returnCode);
  }
}
