package weft.io;

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.Pipe;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import weft.ErrorContext;
import weft.EventLoop;
import weft.spi.ChildOptions;

/// A child process by the means of the JDK, for loops whose driver starts none.
///
/// The JDK reaps every child by a thread of its own, so none becomes a zombie, whatever happens
/// here. It checks that a process is alive and still the same before it sends it a signal.
final class JdkChild extends Child {
  /// What the JDK adds to the number of the signal that ended a process, as shells do.
  private static final int SIGNAL_STATUS = 128;

  /// More than the JDK needs to start a process: five pipes, and what its helper opens.
  private static final int PIPES_NEEDED = 6;

  private final EventLoop loop;
  private final Process process;
  private final @Nullable OutputPipe stdin;
  private final @Nullable InputPipe stdout;
  private final @Nullable InputPipe stderr;
  private final BitSet sent = new BitSet();

  /// Signals that have to wait for the one before.
  private final Queue<String> signals = new ArrayDeque<>();

  private boolean signalling;

  private JdkChild(EventLoop loop, Process process, SubprocessOptions options) {
    this.loop = loop;
    this.process = process;
    boolean fed = options.stdin() == Stdio.PIPE;
    stdin = fed ? new OutputPipe(loop, process.getOutputStream(), false) : null;
    boolean read = options.stdout() == Stdio.PIPE;
    stdout = read ? new InputPipe(loop, process.getInputStream(), true) : null;
    boolean errorsRead = options.stderr() == Stdio.PIPE;
    stderr = errorsRead ? new InputPipe(loop, process.getErrorStream(), true) : null;
  }

  /// Starts a process on another thread, because that takes a while. If the caller is cancelled
  /// meanwhile, the process is killed.
  static JdkChild start(EventLoop loop, List<String> command, SubprocessOptions options)
      throws IOException {
    ProcessBuilder builder = builder(command, options);
    CompletableFuture<JdkChild> started = new CompletableFuture<>();
    PipeChannel.THREADS.execute(() -> start(builder, options, loop, started));
    try {
      return Rethrown.await(started);
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
      CompletableFuture<JdkChild> started) {
    Process process;
    try {
      requireDescriptors(builder);
      process = builder.start();
    } catch (Throwable t) { // as when there is no room for the JDK's thread
      started.completeExceptionally(t);
      return;
    }
    boolean output = options.stdout() == Stdio.PIPE;
    boolean errors = options.stderr() == Stdio.PIPE;
    if (!output && !errors) {
      new JdkChild(loop, process, options).handOver(started);
      return;
    }
    synchronized (output ? process.getInputStream() : process.getErrorStream()) {
      JdkChild child = new JdkChild(loop, process, options);
      if (output && errors) {
        try {
          PipeChannel.THREADS.execute(() -> readLocked(process.getErrorStream(), child.stderr));
        } catch (Throwable t) {
          process.destroyForcibly();
          started.completeExceptionally(t);
          return;
        }
      }
      child.handOver(started);
      InputPipe first = output ? child.stdout : child.stderr;
      if (first != null) {
        first.readAll();
      }
    }
  }

  /// If descriptors run out while the JDK starts a process, it closes descriptor 0, whosesoever
  /// that is (in JDK 25). So it does not begin without them.
  private static void requireDescriptors(ProcessBuilder builder) throws IOException {
    if (File.separatorChar != '/') {
      return;
    }
    List<Closeable> ends = new ArrayList<>();
    try {
      for (int i = 0; i < PIPES_NEEDED; i++) {
        Pipe pipe = Pipe.open();
        ends.add(pipe.source());
        ends.add(pipe.sink());
      }
    } catch (IOException e) {
      throw new IOException(
          "Cannot run program \"" + builder.command().getFirst() + "\": " + e.getMessage(), e);
    } finally {
      for (Closeable end : ends) {
        end.close();
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

  private void handOver(CompletableFuture<JdkChild> started) {
    if (!started.complete(this)) {
      discard();
    }
  }

  private static ProcessBuilder builder(List<String> command, SubprocessOptions options) {
    ProcessBuilder builder = new ProcessBuilder(command);
    Path directory = options.directory();
    if (directory != null) {
      builder.directory(directory.toFile());
    }
    Map<String, String> environment = options.environment();
    if (environment != null) {
      builder.environment().clear();
      builder.environment().putAll(environment);
    }
    ChildOptions all = options.spawning(command);
    builder.redirectInput(all.stdin());
    builder.redirectOutput(all.stdout());
    Redirect errors = all.stderr();
    if (errors == null) {
      builder.redirectErrorStream(true);
    } else {
      builder.redirectError(errors);
    }
    return builder;
  }

  @Override
  void kill() {
    process.toHandle().destroyForcibly();
  }

  @Override
  Process process() {
    return process;
  }

  @Override
  @Nullable PipeChannel pipe(int fd) {
    return switch (fd) {
      case 0 -> stdin;
      case 1 -> stdout;
      case 2 -> stderr;
      default -> null;
    };
  }

  @Override
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

  /// The JDK can send TERM and KILL; for others there is the shell's `kill`, and those that come
  /// after it wait for it, so that the order is kept.
  @Override
  void send(String name, int number) {
    sent.set(number);
    if (name.equals("KILL")) {
      signals.clear(); // it waits for nobody: a loop that ends does not wait for it either
      send(name);
    } else if (signalling) {
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
}
