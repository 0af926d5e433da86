package weft.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import weft.CancelledError;
import weft.EventLoop;
import weft.Promise;
import weft.TaskOptions;
import weft.Weft;

/// A child process.
///
/// Its streams are inherited unless [SubprocessOptions] say otherwise. Of those that are pipes this
/// has the other ends: write to [#stdin], read from [#stdout] and [#stderr]. A child whose output
/// nobody reads stops when the pipe and the reader's buffer are full; [#communicate] cannot end
/// like that.
///
/// Cancelling whoever waits for the process does not touch it; cancelling one of the methods that
/// start it kills it. One that nobody closes or kills goes on, even after the loop has ended.
///
/// Thread: the loop's.
///
/// @see <a href="https://docs.python.org/3/library/asyncio-subprocess.html">asyncio
///   subprocesses</a>
public final class Subprocess implements AutoCloseable {
  private static final int FEED_BYTES_MAX = 64 * 1024;
  private static final byte[] NOTHING = {};

  private final ChildTransport transport;
  private final Promise<Integer> exit;
  private final @Nullable StreamWriter stdin;
  private final @Nullable StreamReader stdout;
  private final @Nullable StreamReader stderr;

  /// What a [#communicate] has read and was cancelled before it could return it.
  private byte[] output = NOTHING;

  private byte[] errors = NOTHING;

  private Subprocess(
      ChildTransport transport, Promise<Integer> exit, @Nullable StreamProtocol[] pipes) {
    this.transport = transport;
    this.exit = exit;
    this.stdin = pipes[0] == null ? null : pipes[0].writer;
    this.stdout = pipes[1] == null ? null : pipes[1].reader;
    this.stderr = pipes[2] == null ? null : pipes[2].reader;
  }

  /* ---- Starting ---- */

  /// Starts a program that has this process' streams. Suspends until it runs.
  ///
  /// @throws IOException if it cannot be started, because there is no such program, say
  public static Subprocess exec(String program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(arguments));
    command.addFirst(program);
    return exec(command, SubprocessOptions.defaults());
  }

  /// Starts a program. Suspends until it runs.
  ///
  /// @param command the program and its arguments
  /// @throws IOException if it cannot be started, because there is no such program, say
  public static Subprocess exec(List<String> command, SubprocessOptions options)
      throws IOException {
    Child child = Child.start(command, options);
    EventLoop loop = EventLoop.running();
    Promise<Integer> exit = loop.createPromise();
    ChildTransport transport = new ChildTransport(loop, child, new ExitProtocol(child, exit));
    @Nullable StreamProtocol[] pipes = new @Nullable StreamProtocol[3];
    begin(
        loop,
        transport,
        fd -> {
          StreamProtocol pipe = new StreamProtocol(loop, options.limit(), null);
          pipes[fd] = pipe;
          return pipe;
        });
    return new Subprocess(transport, exit, pipes);
  }

  /// Lets the shell run a command; quoting is the caller's job. The process that this is, and that
  /// signals go to, is the shell.
  public static Subprocess shell(String command) throws IOException {
    return shell(command, SubprocessOptions.defaults());
  }

  /// Lets the shell run a command; see [#shell(String)].
  public static Subprocess shell(String command, SubprocessOptions options) throws IOException {
    return exec(Child.shell(command), options);
  }

  /// Starts a program whose events a protocol gets. Suspends until it runs.
  ///
  /// @param protocol makes the protocol
  /// @param command the program and its arguments
  /// @throws IOException if it cannot be started, because there is no such program, say
  public static <P extends SubprocessProtocol> Connected<SubprocessTransport, P> exec(
      Supplier<P> protocol, List<String> command, SubprocessOptions options) throws IOException {
    Child child = Child.start(command, options);
    EventLoop loop = EventLoop.running();
    P made = made(protocol, child);
    ChildTransport transport = new ChildTransport(loop, child, made);
    begin(loop, transport, transport::pipeProtocol);
    return new Connected<>(transport, made);
  }

  /// Lets the shell run a command, and a protocol get the events; see [#shell(String)].
  public static <P extends SubprocessProtocol> Connected<SubprocessTransport, P> shell(
      Supplier<P> protocol, String command, SubprocessOptions options) throws IOException {
    return exec(protocol, Child.shell(command), options);
  }

  private static <P> P made(Supplier<P> protocol, Child child) {
    try {
      return protocol.get();
    } catch (Throwable t) {
      child.discard();
      throw t;
    }
  }

  private static void begin(
      EventLoop loop, ChildTransport transport, IntFunction<BaseProtocol> pipeProtocols) {
    Latch begun = new Latch(loop);
    try {
      transport.begin(pipeProtocols, begun);
      begun.await();
    } catch (Throwable t) {
      transport.close();
      throw t;
    }
  }

  /* ---- The process ---- */

  /// The identifier of the process.
  public long pid() {
    return transport.pid();
  }

  /// The exit status; null while the process runs, or as long as the loop does not know better.
  ///
  /// It is -n if signal n has ended the process. On loops that leave processes to the JDK this is
  /// so only if the signal was sent by a method of this; otherwise such an end shows as 128 + n, as
  /// in shells, because the JDK tells no difference from an `exit(128 + n)`.
  public @Nullable Integer returnCode() {
    return transport.returnCode();
  }

  /// Waits until the process has ended. Its output can still be read then, and may still come, from
  /// its own children. If nobody reads the output, it may never end.
  ///
  /// @return the exit status, see [#returnCode]
  public int waitExit() {
    return Weft.shield(exit).await();
  }

  /// Reads all output and errors, and waits until the process has ended. If the input is a pipe, it
  /// is closed.
  public Output communicate() throws IOException {
    return communicate((byte[]) null);
  }

  /// Feeds a text in UTF-8 to the process, reads all output and errors, and waits until it has
  /// ended.
  ///
  /// @throws IllegalStateException if the input is not a pipe
  public Output communicate(String input) throws IOException {
    return communicate(input.getBytes(StandardCharsets.UTF_8));
  }

  /// Feeds bytes to the process, reads all output and errors, and waits until it has ended. That
  /// the process does not want all of the input is no error.
  ///
  /// If it is cancelled, the process still gets all of the input, but not its end: nobody has
  /// closed it. What it has written comes with the next call, even if it was read already.
  ///
  /// @param input null for none; it is closed behind it
  /// @throws IllegalStateException if there are bytes, and the input is not a pipe
  public Output communicate(byte @Nullable [] input) throws IOException {
    if (input != null && stdin == null) {
      throw new IllegalStateException("the input of this process is not a pipe");
    }
    // Eagerly, so that it has begun, and hands all over, whenever this is cancelled.
    var begun = TaskOptions.defaults().eagerStart(true);
    Weft.await(
        Weft.gather(
            Weft.createTask(Weft.async("feed", () -> feed(input)), begun),
            Weft.async("read stdout", () -> output = readAll(stdout, output)),
            Weft.async("read stderr", () -> errors = readAll(stderr, errors))),
        IOException.class);
    waitExit();
    Output all = new Output(output, errors);
    output = NOTHING;
    errors = NOTHING;
    return all;
  }

  private byte[] feed(byte @Nullable [] input) {
    StreamWriter writer = stdin;
    if (writer == null) {
      return NOTHING;
    }
    ByteBuffer rest = ByteBuffer.wrap(input == null ? new byte[0] : input);
    try {
      while (rest.hasRemaining()) {
        int count = Math.min(FEED_BYTES_MAX, rest.remaining());
        ByteBuffer piece = rest.slice(rest.position(), count);
        rest.position(rest.position() + count); // a write that is cancelled has been handed over
        writer.write(piece);
      }
      writer.drain();
    } catch (IOException brokenPipe) {
      // the process does not want more
    } catch (CancelledError leaving) {
      if (rest.hasRemaining()) {
        writer.transport().write(rest);
      }
      throw leaving; // without a close: the process would take it for the end
    }
    writer.close();
    return NOTHING;
  }

  private static byte[] readAll(@Nullable StreamReader reader, byte[] before) throws IOException {
    byte[] rest = reader == null ? NOTHING : reader.read();
    return before.length == 0 ? rest : rest.length == 0 ? before : joined(before, rest);
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /// Writes to the input of the process; null if that is not a pipe.
  public @Nullable StreamWriter stdin() {
    return stdin;
  }

  /// Reads the output of the process; null if that is not a pipe.
  public @Nullable StreamReader stdout() {
    return stdout;
  }

  /// Reads the errors of the process; null if they are not a pipe.
  public @Nullable StreamReader stderr() {
    return stderr;
  }

  /// Sends a signal such as `TERM` or `SIGTERM`; does nothing if the process has ended. Does not
  /// wait: on loops that leave processes to the JDK, signals other than TERM and KILL are sent by a
  /// shell's `kill`, all in their order.
  ///
  /// @throws IllegalArgumentException if there is no such signal
  public void sendSignal(String signal) {
    transport.sendSignal(signal);
  }

  /// Asks the process to end: SIGTERM.
  public void terminate() {
    transport.terminate();
  }

  /// Ends the process: SIGKILL.
  public void kill() {
    transport.kill();
  }

  /// Closes the pipes, and kills the process if it still runs. Does not wait.
  @Override
  public void close() {
    transport.close();
  }

  /// What is below.
  public SubprocessTransport transport() {
    return transport;
  }

  @Override
  public String toString() {
    Integer status = returnCode();
    return "<Subprocess " + pid() + (status == null ? "" : " ended with " + status) + ">";
  }

  /// What a process has written.
  public static final class Output {
    private final byte[] stdout;
    private final byte[] stderr;

    Output(byte[] stdout, byte[] stderr) {
      this.stdout = stdout;
      this.stderr = stderr;
    }

    /// The output; empty if that was not a pipe.
    public byte[] stdout() {
      return stdout;
    }

    /// The errors; empty if they were not a pipe.
    public byte[] stderr() {
      return stderr;
    }

    /// The output as a text in UTF-8.
    public String text() {
      return new String(stdout, StandardCharsets.UTF_8);
    }

    /// The errors as a text in UTF-8.
    public String errorText() {
      return new String(stderr, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
      return text();
    }
  }

  /// Turns the end of the process into a promise.
  private record ExitProtocol(Child child, Promise<Integer> exit) implements SubprocessProtocol {
    @Override
    public void processExited() {
      Integer status = child.returnCode();
      if (status != null && !exit.done()) {
        exit.setResult(status);
      }
    }
  }
}
