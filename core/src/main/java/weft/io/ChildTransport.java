package weft.io;

import java.nio.ByteBuffer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import weft.Context;
import weft.EventLoop;
import weft.io.ChannelTransport.Kind;
import weft.spi.StreamChannel;

/// The transport of a child process: the process and a transport for each pipe.
///
/// The protocol learns of the pipes after it was told of the process, because the pipes begin in
/// the batch after; the connection is lost when the process has ended and so have all its pipes.
final class ChildTransport implements SubprocessTransport {
  private static final int PIPES = 3;

  private final EventLoop loop;
  private final Child child;
  private final Context context = Context.copyCurrent();
  private final @Nullable ChannelTransport[] pipes = new @Nullable ChannelTransport[PIPES];
  private SubprocessProtocol protocol;
  private int openPipes;
  private boolean closing;
  private boolean lost;

  ChildTransport(EventLoop loop, Child child, SubprocessProtocol protocol) {
    this.loop = loop;
    this.child = child;
    this.protocol = protocol;
  }

  /// Tells the protocol of the process, and begins to read.
  ///
  /// @param pipeProtocols makes the protocol of each pipe
  /// @param begun is opened when all protocols know
  void begin(IntFunction<BaseProtocol> pipeProtocols, Latch begun) {
    for (int fd = 0; fd < PIPES; fd++) {
      StreamChannel channel = child.pipe(fd);
      if (channel != null) {
        Kind kind = fd == 0 ? Kind.OUTPUT_PIPE : Kind.INPUT_PIPE;
        ChannelTransport pipe = new ChannelTransport(loop, channel, pipeProtocols.apply(fd), kind);
        pipes[fd] = pipe;
        openPipes++;
        pipe.whenLost(lost -> pipeLost());
      }
    }
    loop.callSoon(() -> protocol.connectionMade(this), context);
    for (ChannelTransport pipe : pipes) {
      if (pipe != null) {
        pipe.begin(null);
      }
    }
    loop.callSoon(begun::open);
    child.whenExited(this::exited);
  }

  /// What forwards the events of a pipe to the protocol of the process.
  BaseProtocol pipeProtocol(int fd) {
    return new PipeProtocol(fd);
  }

  private void exited() {
    loop.callSoon(protocol::processExited, context);
    loseIfOver();
  }

  private void pipeLost() {
    openPipes--;
    loseIfOver();
  }

  private void loseIfOver() {
    if (!lost && openPipes == 0 && child.returnCode() != null) {
      lost = true;
      closing = true;
      loop.callSoon(() -> protocol.connectionLost(null), context);
    }
  }

  @Override
  public long pid() {
    return child.pid();
  }

  @Override
  public @Nullable Integer returnCode() {
    return child.returnCode();
  }

  @Override
  public @Nullable BaseTransport pipeTransport(int fd) {
    return fd < 0 || fd >= PIPES ? null : pipes[fd];
  }

  @Override
  public void sendSignal(String signal) {
    child.signal(signal);
  }

  @Override
  public void terminate() {
    child.signal("TERM");
  }

  @Override
  public void kill() {
    child.signal("KILL");
  }

  @Override
  public void close() {
    loop.checkThread();
    if (closing) {
      return;
    }
    closing = true;
    for (ChannelTransport pipe : pipes) {
      if (pipe != null) {
        pipe.close();
      }
    }
    if (child.returnCode() == null) {
      kill();
    }
  }

  @Override
  public boolean isClosing() {
    return closing;
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> @Nullable T extraInfo(ExtraInfo<T> key) {
    return key == ExtraInfo.SUBPROCESS ? (T) child.process() : null;
  }

  @Override
  public BaseProtocol protocol() {
    return protocol;
  }

  @Override
  public void setProtocol(BaseProtocol replacement) {
    if (!(replacement instanceof SubprocessProtocol known)) {
      throw new IllegalArgumentException(
          "the protocol of a process has to be a SubprocessProtocol, not " + replacement);
    }
    protocol = known;
  }

  @Override
  public String toString() {
    return "<SubprocessTransport " + child + (closing ? " closing" : "") + ">";
  }

  private final class PipeProtocol implements Protocol {
    private final int fd;

    PipeProtocol(int fd) {
      this.fd = fd;
    }

    @Override
    public void dataReceived(ByteBuffer data) {
      protocol.pipeDataReceived(fd, data);
    }

    @Override
    public void connectionLost(@Nullable Throwable reason) {
      protocol.pipeConnectionLost(fd, reason);
    }

    @Override
    public void pauseWriting() {
      protocol.pauseWriting();
    }

    @Override
    public void resumeWriting() {
      protocol.resumeWriting();
    }
  }
}
