package weft.io;

import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// What a standard stream of a child process is connected to.
public final class Stdio {
  /// The stream that this process has.
  public static final Stdio INHERIT = new Stdio("INHERIT", Redirect.INHERIT, Redirect.INHERIT);

  /// A pipe to this process.
  public static final Stdio PIPE = new Stdio("PIPE", Redirect.PIPE, Redirect.PIPE);

  /// Nothing: empty as input, and what is written is lost.
  public static final Stdio DEVNULL = new Stdio("DEVNULL", null, Redirect.DISCARD);

  /// For the errors only: wherever the output goes.
  public static final Stdio STDOUT = new Stdio("STDOUT", null, null);

  private final String name;
  private final @Nullable Redirect input;
  private final @Nullable Redirect output;

  private Stdio(String name, @Nullable Redirect input, @Nullable Redirect output) {
    this.name = name;
    this.input = input;
    this.output = output;
  }

  /// A file, which is read from its beginning, or else created or truncated.
  public static Stdio file(Path path) {
    return new Stdio(path.toString(), Redirect.from(path.toFile()), Redirect.to(path.toFile()));
  }

  /// A file to whose end is written.
  public static Stdio append(Path path) {
    return new Stdio(">>" + path, null, Redirect.appendTo(path.toFile()));
  }

  /// As input, or null.
  @Nullable Redirect input() {
    return input;
  }

  /// As output or errors, or null.
  @Nullable Redirect output() {
    return output;
  }

  @Override
  public String toString() {
    return name;
  }
}
