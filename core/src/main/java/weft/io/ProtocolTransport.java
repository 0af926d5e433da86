package weft.io;

import org.jspecify.annotations.Nullable;
import weft.ErrorContext;
import weft.EventLoop;
import weft.LoopExit;

/// What the transports over channels share: how a protocol is called, and the control of the flow
/// to the channel.
abstract class ProtocolTransport {
  final EventLoop loop;
  BaseProtocol protocol;

  /// Nothing is read any more.
  boolean closing;

  /// Nothing is sent any more either, and the protocol is told in the next batch.
  boolean lost;

  /// Runs the user's callbacks in the context in which the transport was made.
  private final InContext inContext;

  private WaterMarks limits = WaterMarks.DEFAULT;
  private boolean writingPaused;

  ProtocolTransport(EventLoop loop, BaseProtocol protocol, InContext inContext) {
    this.loop = loop;
    this.protocol = protocol;
    this.inContext = inContext;
  }

  /// How many bytes the channel has not sent yet.
  abstract long backlog();

  /// Has the listener told as soon as the backlog is at most `bytes`.
  abstract void whenBacklogAtMost(long bytes);

  /// The connection is over.
  abstract void lose(@Nullable Throwable reason);

  /* ---- Calling the protocol ---- */

  final void callInContext(Runnable callback) {
    inContext.run(callback);
  }

  /// Calls the protocol; what it throws breaks the connection.
  final void tell(String method, Runnable callback) {
    callInContext(
        () -> {
          try {
            callback.run();
          } catch (LoopExit exit) {
            throw exit;
          } catch (Throwable thrown) {
            broken("protocol." + method + "() call failed", thrown);
          }
        });
  }

  final void broken(String what, Throwable thrown) {
    report("Fatal error: " + what, thrown);
    lose(thrown);
  }

  private void report(String what, Throwable thrown) {
    loop.callExceptionHandler(new ErrorContext(what, thrown).withSource(protocol));
  }

  /* ---- Flow control ---- */

  final void pauseWritingIfFull() {
    if (!writingPaused && backlog() > limits.high()) {
      writingPaused = true;
      whenBacklogAtMost(limits.low());
      tellOnly("pauseWriting", protocol::pauseWriting);
    }
  }

  /// To be called when the backlog has fallen.
  final void resumeWritingIfLow() {
    if (writingPaused && backlog() <= limits.low()) {
      writingPaused = false;
      callInContext(() -> tellOnly("resumeWriting", protocol::resumeWriting));
    }
  }

  /// Asks to be told when the protocol may write again, or else when everything is sent.
  final void awaitBacklog() {
    whenBacklogAtMost(writingPaused ? limits.low() : 0);
  }

  final boolean writingPaused() {
    return writingPaused;
  }

  /// Goes on with the protocol of another transport, which may have been told to pause.
  final void takeFlowFrom(ProtocolTransport before) {
    writingPaused = before.writingPaused;
    setWriteBufferLimits(before.limits);
    if (writingPaused) {
      loop.callSoon(this::resumeWritingIfLow);
    }
  }

  /// Calls the protocol, in the context already; what it throws is reported, and the transport goes
  /// on.
  final void tellOnly(String method, Runnable callback) {
    try {
      callback.run();
    } catch (LoopExit exit) {
      throw exit;
    } catch (Throwable thrown) {
      report("protocol." + method + "() failed", thrown);
    }
  }

  /// As [WriteTransport#writeBufferSize].
  public final long writeBufferSize() {
    return backlog();
  }

  /// As [WriteTransport#writeBufferLimits].
  public final WaterMarks writeBufferLimits() {
    return limits;
  }

  /// As [WriteTransport#setWriteBufferLimits].
  public final void setWriteBufferLimits(WaterMarks replacement) {
    limits = replacement;
    if (writingPaused) {
      awaitBacklog();
    } else {
      pauseWritingIfFull();
    }
  }
}
