package weft.io;

import java.io.File;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.Task;
import weft.spi.ChildProcess;
import weft.spi.Driver;
import weft.spi.StreamChannel;

/// A child process: how it is made, told signals and seen to end. Whoever sees it end has reaped
/// it, so none becomes a zombie, whatever happens here.
abstract sealed class Child permits JdkChild, SpawnedChild {
  /// The signals of Linux, by number.
  private static final List<String> SIGNALS =
      List.of(
          "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
          "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
          "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  /// The exit status, once the loop knows of the end.
  @Nullable Integer returnCode;

  /// Starts a process: by the loop's driver if that can, otherwise by the means of the JDK.
  static Child start(List<String> command, SubprocessOptions options) throws IOException {
    if (Task.current() == null) {
      throw new IllegalStateException(
          "processes can be started in a coroutine only; in a callback make a task");
    }
    if (command.isEmpty()) {
      throw new IllegalArgumentException("the command is empty: it needs at least a program");
    }
    List<String> copy = List.copyOf(command);
    EventLoop loop = EventLoop.running();
    Driver driver = Drivers.of(loop);
    ChildProcess spawned = driver == null ? null : driver.spawn(options.spawning(copy));
    return spawned != null ? new SpawnedChild(spawned) : JdkChild.start(loop, copy, options);
  }

  static File nullDevice() {
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
  final void discard() {
    kill();
    for (int fd = 0; fd <= 2; fd++) {
      StreamChannel pipe = pipe(fd);
      if (pipe != null) {
        pipe.close();
      }
    }
  }

  final long pid() {
    return process().pid();
  }

  abstract Process process();

  /// The pipe to a stream of the child, or null.
  abstract @Nullable StreamChannel pipe(int fd);

  /// The exit status; null until the loop knows of the end.
  final @Nullable Integer returnCode() {
    return returnCode;
  }

  /// Has something called on the loop when the process has ended, or does so soon if it has.
  abstract void whenExited(Runnable action);

  /// Ends the process if it still runs.
  abstract void kill();

  /// Sends a signal, unless the process has ended.
  final void signal(String signal) {
    String name = signal.startsWith("SIG") ? signal.substring(3) : signal;
    int number = name.isEmpty() ? -1 : SIGNALS.indexOf(name);
    if (number < 0) {
      throw new IllegalArgumentException("there is no signal " + signal);
    }
    if (returnCode == null) {
      send(name, number);
    }
  }

  abstract void send(String name, int number);

  @Override
  public final String toString() {
    return "process " + pid() + (returnCode == null ? " running" : " ended with " + returnCode);
  }
}
