package weft.io;

import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import weft.spi.ChildOptions;

/// How to start a process: `SubprocessOptions.defaults().stdout(Stdio.PIPE)`.
///
/// @param stdin what its input is connected to
/// @param stdout what its output is connected to
/// @param stderr what its errors are connected to
/// @param directory where it begins to work; null for the directory of this process
/// @param environment all of its environment variables; null for those of this process
/// @param limit the limit of the readers of its output and errors, in bytes
public record SubprocessOptions(
    Stdio stdin,
    Stdio stdout,
    Stdio stderr,
    @Nullable Path directory,
    @Nullable Map<String, String> environment,
    int limit) {
  private static final SubprocessOptions DEFAULTS =
      new SubprocessOptions(
          Stdio.INHERIT, Stdio.INHERIT, Stdio.INHERIT, null, null, StreamReader.DEFAULT_LIMIT);

  /// @throws IllegalArgumentException if a stream cannot be connected to what is asked for, or the
  ///   limit is not positive
  public SubprocessOptions {
    if (stdin.input() == null && stdin != Stdio.DEVNULL) {
      throw new IllegalArgumentException("the input cannot be " + stdin);
    }
    if (stdout.output() == null) {
      throw new IllegalArgumentException("the output cannot be " + stdout);
    }
    if (stderr.output() == null && stderr != Stdio.STDOUT) {
      throw new IllegalArgumentException("the errors cannot be " + stderr);
    }
    if (limit <= 0) {
      throw new IllegalArgumentException("limit must be positive, not " + limit);
    }
    environment = environment == null ? null : Map.copyOf(environment);
  }

  /// All three streams are inherited, as are directory and environment.
  public static SubprocessOptions defaults() {
    return DEFAULTS;
  }

  /// All three streams are pipes, directory and environment are inherited.
  public static SubprocessOptions piped() {
    return DEFAULTS.pipes();
  }

  /// The same with all three streams as pipes.
  public SubprocessOptions pipes() {
    return stdin(Stdio.PIPE).stdout(Stdio.PIPE).stderr(Stdio.PIPE);
  }

  /// The same with another input.
  public SubprocessOptions stdin(Stdio value) {
    return new SubprocessOptions(value, stdout, stderr, directory, environment, limit);
  }

  /// The same with another output.
  public SubprocessOptions stdout(Stdio value) {
    return new SubprocessOptions(stdin, value, stderr, directory, environment, limit);
  }

  /// The same with other errors.
  public SubprocessOptions stderr(Stdio value) {
    return new SubprocessOptions(stdin, stdout, value, directory, environment, limit);
  }

  /// The same in another directory.
  public SubprocessOptions directory(@Nullable Path value) {
    return new SubprocessOptions(stdin, stdout, stderr, value, environment, limit);
  }

  /// The same with another environment altogether, or with that of this process.
  public SubprocessOptions environment(@Nullable Map<String, String> value) {
    return new SubprocessOptions(stdin, stdout, stderr, directory, value, limit);
  }

  /// The same with one more environment variable, or, if the value is null, without it.
  public SubprocessOptions withEnvironment(String name, @Nullable String value) {
    Map<String, String> changed =
        new HashMap<>(environment == null ? System.getenv() : environment);
    if (value == null) {
      changed.remove(name);
    } else {
      changed.put(name, value);
    }
    return environment(changed);
  }

  /// For a driver.
  ChildOptions spawning(List<String> command) {
    Redirect input = stdin.input();
    return new ChildOptions(
        command,
        directory,
        environment,
        input == null ? Redirect.from(Child.nullDevice()) : input,
        Objects.requireNonNull(stdout.output()), // see the constructor
        stderr.output());
  }

  /// The same with another limit.
  public SubprocessOptions limit(int value) {
    return new SubprocessOptions(stdin, stdout, stderr, directory, environment, value);
  }
}
