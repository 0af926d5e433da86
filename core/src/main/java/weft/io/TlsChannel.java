package weft.io;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import weft.ErrorContext;
import weft.EventLoop;
import weft.LoopExit;
import weft.TimerHandle;
import weft.spi.Chunk;
import weft.spi.Completion;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;

/// TLS over another channel, which may itself be one of TLS.
///
/// Thread: the loop's.
final class TlsChannel implements GracefulChannel, StreamListener {
  /*
   * Life. HANDSHAKE → OPEN → SHUTDOWN → CLOSED. BROKEN is between a failure and the close() of the
   * one above. The channel owns the inner one from the beginning, and closes it in the end.
   *
   * What the transport above must do. It gets the channel from the completion of `client` or
   * `server`, open and paused. To give a handshake up: cancelHandshake(). To close gracefully: stop
   * reading, flushing(), wait until backlog() is 0, then shutdown(done); `done` is called once, from a
   * queued callback or from dispatch, when the channel is closed, with the reason if it had to be
   * forced. To close at once: close() or abort(), also while a shutdown goes on; its `done` is not
   * called then. After failed(): close() or abort(). After a handshake that has failed: nothing. The
   * inner channel is closed, or will be when it has sent the alert that tells the peer why, so it
   * must not be closed from outside.
   *
   * Listeners are called from within a callback of the inner channel, which comes from dispatch, or
   * from a callback that was queued on the loop; never from within a method that is called on this
   * channel.
   *
   * Input. Ciphertext is copied from the inner chunk into an array on the heap (the ciphers are
   * faster there by more than the copy costs) and decrypted record after record into chunks of
   * plaintext. What cannot be decrypted yet, or must not because the reader pauses, is held in
   * `input`; beyond HELD_MAX the inner channel is paused. So a reader that pauses holds no plaintext
   * back, and the end is told in its order.
   *
   * Output. A write is encrypted at once, in the loop's common buffer, and passed to the inner
   * channel, which sends small writes of one iteration together. A record costs about a microsecond
   * and some 22 bytes, an additional iteration, as any delay until the end of this one would need,
   * costs more: so the first small writes of an iteration become a record each. Only when enough
   * waits in the inner channel to make a burst likely, small writes are gathered, and become one
   * record in a queued callback.
   *
   * The end. An end without close_notify counts as an end, as in asyncio: protocols that care know
   * their own length. After our own close_notify nothing of the peer's can be an error any more.
   */

  private enum State {
    HANDSHAKE,
    OPEN,
    SHUTDOWN,
    BROKEN,
    CLOSED
  }

  /// How much ciphertext is taken while the reader pauses.
  private static final int HELD_MAX = 256 << 10;

  /// Plaintext that fits into one record, whatever the cipher adds.
  private static final int GATHERED_MAX = 16_000;

  /// From this size on a write is not worth gathering.
  private static final int LARGE = 4 << 10;

  /// From this backlog of the inner channel on small writes are gathered.
  private static final int BURST = 1 << 10;

  /// How long an alert may take to leave.
  private static final Duration ALERT_TIMEOUT = Duration.ofSeconds(1);

  private final EventLoop loop;
  private final StreamChannel inner;
  private final TlsOptions options;
  private final TlsBuffers buffers;
  private final TlsEngine engine;
  private final TlsInput input = new TlsInput();
  private State state = State.HANDSHAKE;
  private @Nullable Completion<TlsChannel> handshake;
  private @Nullable Consumer<@Nullable IOException> shutdownDone;
  private @Nullable StreamListener listener;
  private @Nullable TimerHandle timer;
  private boolean begun;

  /* Input. */
  private boolean reading;
  private boolean innerPaused;
  private boolean pumpQueued;
  private boolean closeNotified;
  private boolean innerEnded;
  private boolean endTold;

  /* Output. */
  private TlsBuffers.@Nullable Plain gathered;
  private boolean flushQueued;
  private boolean outputEnded;
  private long drainWanted = -1;
  private boolean lingering;

  /* Failure. */
  private @Nullable IOException untold;
  private boolean failureTold;
  private long dropped;

  private TlsChannel(
      EventLoop loop,
      StreamChannel inner,
      TlsOptions options,
      SSLEngine engine,
      Completion<TlsChannel> handshake) {
    this.loop = loop;
    this.inner = inner;
    this.options = options;
    this.buffers = TlsBuffers.of(loop);
    this.engine = new TlsEngine(engine, buffers, () -> options.engineClosed(engine));
    this.handshake = handshake;
  }

  /// Begins the handshake of a client. The completion is called once, later, unless the handshake
  /// is cancelled; the channel it gets is open and paused. If the handshake fails, the inner
  /// channel is closed.
  ///
  /// @param host the name the peer is known by, for its certificate; see
  ///   [TlsOptions#serverHostname]
  /// @param port the peer's port, which with the name finds a session to resume; or -1
  /// @param alreadyReceived ciphertext that was received before; the buffer is the caller's again
  ///   when this returns
  /// @throws IllegalArgumentException if the options do not make a client of this; nothing was
  ///   touched then
  static TlsChannel client(
      EventLoop loop,
      StreamChannel inner,
      TlsOptions options,
      @Nullable String host,
      int port,
      @Nullable ByteBuffer alreadyReceived,
      Completion<TlsChannel> handshake) {
    SSLEngine engine = options.clientEngine(host, port);
    return new TlsChannel(loop, inner, options, engine, handshake).start(alreadyReceived);
  }

  /// Begins the handshake of a server; otherwise as [#client].
  static TlsChannel server(
      EventLoop loop,
      StreamChannel inner,
      TlsOptions options,
      @Nullable ByteBuffer alreadyReceived,
      Completion<TlsChannel> handshake) {
    SSLEngine engine = options.serverEngine();
    return new TlsChannel(loop, inner, options, engine, handshake).start(alreadyReceived);
  }

  private TlsChannel start(@Nullable ByteBuffer alreadyReceived) {
    if (alreadyReceived != null) {
      input.append(alreadyReceived);
    }
    timer = loop.callLater(options.handshakeTimeout(), this::handshakeTookTooLong);
    loop.callSoon(this::begin);
    inner.listener(this);
    inner.resumeReading();
    return this;
  }

  /* ---- The handshake ---- */

  /// Gives the handshake up: closes the inner channel; the completion is not called. Does nothing
  /// once the handshake has ended.
  void cancelHandshake() {
    if (state == State.HANDSHAKE) {
      close();
    }
  }

  /// The session: who the peer is, and what was agreed upon. An empty one until the handshake is
  /// done.
  SSLSession session() {
    return engine.session();
  }

  /// The protocol that was agreed upon by ALPN, or null.
  @Nullable String applicationProtocol() {
    return engine.applicationProtocol();
  }

  private void begin() {
    if (begun || state != State.HANDSHAKE) {
      return;
    }
    begun = true;
    try {
      engine.begin();
    } catch (SSLException e) {
      fail(e);
      return;
    }
    pumpHeld();
  }

  private void handshakeDone() {
    Completion<TlsChannel> completion = Objects.requireNonNull(handshake);
    handshake = null;
    stopTimer();
    state = State.OPEN;
    completion.completed(this);
  }

  private void handshakeTookTooLong() {
    if (state == State.HANDSHAKE) {
      failHandshake(tookLonger("handshake", options.handshakeTimeout()), false);
    }
  }

  private void failHandshake(IOException failure, boolean alert) {
    Completion<TlsChannel> completion = Objects.requireNonNull(handshake);
    if (alert && speakLast()) {
      release();
      lingering = true;
      timer = loop.callLater(ALERT_TIMEOUT, this::stopLingering);
      inner.resumeReading(); // what is not read when it is closed makes a reset of the alert
      inner.whenBacklogAtMost(0);
    } else {
      abort();
    }
    completion.failed(failure);
  }

  /// Lets the engine tell the peer what is wrong, and returns whether it could.
  private boolean speakLast() {
    try {
      engine.speak(inner);
    } catch (SSLException e) {
      return false; // The first failure is the one to report.
    }
    return true;
  }

  /// The alert has left. The peer is given time to take notice and to close.
  private void alertSent() {
    if (inner.canShutdownOutput()) {
      inner.shutdownOutput();
    } else {
      stopLingering();
    }
  }

  private void stopLingering() {
    if (lingering) {
      lingering = false;
      stopTimer();
      inner.close();
    }
  }

  /* ---- Receiving ---- */

  /// A failure between the end of the handshake and this is told afterwards.
  @Override
  public void listener(StreamListener listener) {
    this.listener = listener;
    IOException failure = untold;
    if (failure != null) {
      untold = null;
      loop.callSoon(() -> tellFailure(failure));
    }
  }

  @Override
  public void resumeReading() {
    if (!reading) {
      reading = true;
      queuePump();
    }
  }

  @Override
  public void pauseReading() {
    reading = false;
  }

  @Override
  public void received(Chunk chunk) {
    begin();
    ByteBuffer data = chunk.data();
    if (state == State.BROKEN || state == State.CLOSED || closeNotified) {
      data.position(data.limit());
    } else if (!mayPump() || input.missing() > data.remaining()) {
      input.append(data);
      pauseInnerIfFull();
    } else {
      ByteBuffer work = input.join(data, buffers);
      boolean exit = true;
      try {
        pump(work);
        exit = false;
      } finally {
        if (state != State.CLOSED) {
          input.append(work);
          pauseInnerIfFull();
        }
        buffers.giveBack(work);
        if (exit) {
          queuePump(); // what is left is for the next run of the loop
        }
      }
    }
  }

  @Override
  public void ended() {
    begin();
    innerEnded = true;
    if (lingering) {
      stopLingering();
    } else if (state == State.HANDSHAKE) {
      fail(new SocketException("Connection reset: the peer closed it during the TLS handshake"));
    } else if (mayPump()) {
      pumpHeld();
    }
  }

  @Override
  public void failed(IOException failure) {
    if (lingering) {
      stopLingering();
    } else if (state == State.HANDSHAKE) {
      failHandshake(failure, false);
    } else {
      fail(failure);
    }
  }

  private boolean mayPump() {
    return switch (state) {
      case HANDSHAKE -> begun;
      case OPEN -> reading;
      case SHUTDOWN -> true;
      case BROKEN, CLOSED -> false;
    };
  }

  private void queuePump() {
    boolean something = input.size() > 0 || innerPaused || closeNotified || innerEnded;
    if (something && !pumpQueued && state != State.CLOSED) {
      pumpQueued = true;
      loop.callSoon(this::pumpHeld);
    }
  }

  private void pumpHeld() {
    pumpQueued = false;
    if (!mayPump()) {
      return;
    }
    boolean exit = true;
    try {
      pump(input.buffer());
      exit = false;
    } finally {
      input.trim();
      if (state != State.CLOSED) {
        resumeInnerIfRoom();
      }
      if (exit) {
        queuePump();
      }
    }
  }

  /// Does with the ciphertext what can be done now, and leaves the rest.
  private void pump(ByteBuffer in) {
    try {
      if (state == State.HANDSHAKE && engine.shake(in, inner)) {
        handshakeDone();
      }
      boolean more = state != State.HANDSHAKE;
      while (more && mayPump() && !closeNotified) {
        more = decryptSome(in);
      }
    } catch (SSLException e) {
      fail(e);
    }
    if (closeNotified) {
      in.position(in.limit());
    }
    tellEnd();
  }

  /// Decrypts and delivers one chunk; returns whether there is more.
  private boolean decryptSome(ByteBuffer in) throws SSLException {
    flushGathered(); // A close_notify ends the output of TLS 1.2: what was written goes before.
    if (state == State.BROKEN) {
      return false;
    }
    TlsBuffers.Plain plain = buffers.plain(in.remaining());
    TlsEngine.Stop stop;
    try {
      stop = engine.decrypt(in, plain.data(), inner);
    } catch (SSLException e) {
      deliver(plain);
      throw e;
    }
    if (stop == TlsEngine.Stop.FULL && plain.data().position() == 0) {
      plain.grow(session().getApplicationBufferSize());
      try {
        stop = engine.decrypt(in, plain.data(), inner);
      } catch (SSLException e) {
        deliver(plain);
        throw e;
      }
    }
    closeNotified = stop == TlsEngine.Stop.CLOSED;
    deliver(plain);
    return stop == TlsEngine.Stop.FULL;
  }

  private void deliver(TlsBuffers.Plain plain) {
    try {
      if (state == State.OPEN && plain.data().flip().hasRemaining()) {
        listener().received(plain);
      }
    } finally {
      plain.release();
    }
  }

  private void tellEnd() {
    if (state == State.SHUTDOWN) {
      finishShutdownIfDone();
    } else if (state == State.OPEN && reading && !endTold && (closeNotified || innerEnded)) {
      endTold = true;
      listener().ended();
    }
  }

  private void pauseInnerIfFull() {
    if (!innerPaused && !mayPump() && input.size() >= HELD_MAX) {
      innerPaused = true;
      inner.pauseReading();
    }
  }

  private void resumeInnerIfRoom() {
    if (innerPaused && input.size() < HELD_MAX) {
      innerPaused = false;
      inner.resumeReading();
    }
  }

  private StreamListener listener() {
    return Objects.requireNonNull(listener, "a listener must be set before reading is resumed");
  }

  /* ---- Sending ---- */

  @Override
  public void write(ByteBuffer data) {
    if (state != State.OPEN) {
      dropped += data.remaining();
      data.position(data.limit());
      return;
    }
    boolean small = data.remaining() < LARGE;
    if (small && (gathered != null || inner.backlog() >= BURST)) {
      gather(data);
    } else {
      flushGathered();
      encrypt(data);
    }
  }

  /// Until a failure is told, what it has cost counts too: who writes more and more must come to
  /// wait, or the loop never gets to tell.
  @Override
  public long backlog() {
    long lost = state == State.BROKEN && !failureTold ? dropped : 0;
    return lost + (gathered == null ? 0 : gathered.data().position()) + inner.backlog();
  }

  @Override
  public void whenBacklogAtMost(long bytes) {
    drainWanted = bytes;
    inner.whenBacklogAtMost(bytes);
  }

  @Override
  public void drained() {
    if (lingering) {
      alertSent();
    } else if (state == State.SHUTDOWN) {
      finishShutdownIfDone();
    } else if (state == State.OPEN && drainWanted >= 0) {
      if (backlog() <= drainWanted) {
        drainWanted = -1;
        listener().drained();
      } else {
        inner.whenBacklogAtMost(drainWanted);
      }
    }
  }

  /// Not supported: TLS 1.2 cannot end one direction alone.
  @Override
  public void shutdownOutput() {
    throw new UnsupportedOperationException("a TLS connection cannot be half closed");
  }

  @Override
  public boolean canShutdownOutput() {
    return false;
  }

  private void gather(ByteBuffer data) {
    if (gathered != null && gathered.data().position() + data.remaining() > GATHERED_MAX) {
      flushGathered();
    }
    if (gathered == null) {
      gathered = buffers.plain(GATHERED_MAX);
    }
    gathered.data().put(data);
    if (!flushQueued) {
      flushQueued = true;
      loop.callSoon(
          () -> {
            flushQueued = false;
            flushGathered();
          });
    }
  }

  private void flushGathered() {
    TlsBuffers.Plain plain = gathered;
    if (plain != null) {
      gathered = null;
      encrypt(plain.data().flip());
      plain.release();
    }
  }

  /// May be called by the user of the channel, so that a failure is told later.
  private void encrypt(ByteBuffer data) {
    int bytes = data.remaining();
    try {
      outputEnded = outputEnded || !engine.encrypt(data, inner);
    } catch (SSLException e) {
      data.position(data.limit());
      breakOff(bytes, e);
      return;
    }
    if (outputEnded) {
      data.position(data.limit());
      if (!endTold && !reading) { // or else the end is about to be told
        breakOff(bytes, new SocketException("Broken pipe: the peer has ended the TLS connection"));
      }
    }
  }

  private void breakOff(int bytes, IOException failure) {
    dropped += bytes;
    state = State.BROKEN;
    loop.callSoon(() -> tellFailure(failure));
  }

  /* ---- The end ---- */

  /// Begins the shutdown timeout, with which what is left to send before [#shutdown] has to get
  /// along, too. If that passes before, the channel is aborted, and has failed.
  void flushing() {
    if (state == State.OPEN && timer == null) {
      timer = loop.callLater(options.shutdownTimeout(), this::shutdownTookTooLong);
    }
  }

  /// Closes gracefully: tells the peer that nothing more comes, and waits for it to say the same,
  /// for at most the shutdown timeout of the options, or what [#flushing] has left of it. What
  /// still arrives is dropped, and an error no longer matters. The channel is closed when `done` is
  /// called, which gets null, or, if time was up, a [SocketTimeoutException].
  ///
  /// To be called once, on a channel whose handshake has succeeded; on one that is closed it does
  /// nothing. [#close] and [#abort] end the waiting, and `done` is not called.
  @Override
  public void shutdown(Consumer<@Nullable IOException> done) {
    if (state == State.CLOSED) {
      return;
    }
    if (state == State.HANDSHAKE || shutdownDone != null) {
      throw new IllegalStateException("shutdown is called once, and after the handshake");
    }
    shutdownDone = done;
    flushGathered();
    if (state == State.OPEN) {
      flushing();
      state = State.SHUTDOWN;
      speakCloseNotify();
    }
    if (state == State.BROKEN) {
      loop.callSoon(() -> finishShutdown(null));
      return;
    }
    inner.whenBacklogAtMost(0);
    innerPaused = false;
    inner.resumeReading();
    if (!pumpQueued) {
      pumpQueued = true;
      loop.callSoon(this::pumpHeld);
    }
  }

  @Override
  public void close() {
    if (!lingering) { // The inner channel is closed soon: see failHandshake.
      release();
      inner.close();
    }
  }

  @Override
  public void abort() {
    stopLingering();
    release();
    inner.abort();
  }

  @Override
  public boolean isClosed() {
    return state == State.CLOSED || inner.isClosed();
  }

  private void speakCloseNotify() {
    try {
      engine.closeOutput(inner);
    } catch (SSLException e) {
      state = State.BROKEN; // Nobody is left to whom it matters.
    }
  }

  private void finishShutdownIfDone() {
    if (!closeNotified && !innerEnded) {
      return;
    }
    if (inner.backlog() == 0) {
      finishShutdown(null);
    } else {
      inner.whenBacklogAtMost(0);
    }
  }

  private void shutdownTookTooLong() {
    IOException reason = tookLonger("shutdown", options.shutdownTimeout());
    if (state == State.OPEN) {
      abort();
      listener().failed(reason);
    } else {
      finishShutdown(reason);
    }
  }

  private void finishShutdown(@Nullable IOException reason) {
    Consumer<@Nullable IOException> done = shutdownDone;
    if (done == null) {
      return;
    }
    if (reason != null) {
      abort();
    } else if (inner instanceof TlsChannel below && !below.isClosed()) {
      release();
      below.shutdown(done);
      return;
    } else {
      close();
    }
    done.accept(reason);
  }

  /// Deals with a failure. Called where listeners may be called.
  private void fail(IOException failure) {
    switch (state) {
      case HANDSHAKE -> failHandshake(failure, failure instanceof SSLException);
      case OPEN -> {
        speakLast();
        state = State.BROKEN;
        tellFailure(failure);
      }
      case SHUTDOWN -> finishShutdown(null);
      case BROKEN, CLOSED -> {}
    }
  }

  private void tellFailure(IOException failure) {
    if (state != State.BROKEN || shutdownDone != null) {
      return;
    }
    if (listener == null) {
      untold = failure;
    } else {
      failureTold = true;
      listener.failed(failure);
    }
  }

  /// Lets go of all but the inner channel.
  private void release() {
    if (state == State.CLOSED) {
      return;
    }
    state = State.CLOSED;
    handshake = null;
    shutdownDone = null;
    drainWanted = -1;
    stopTimer();
    TlsBuffers.Plain plain = gathered;
    if (plain != null) {
      gathered = null;
      plain.release();
    }
    input.clear();
    try {
      engine.release();
    } catch (LoopExit exit) {
      throw exit;
    } catch (Throwable thrown) {
      loop.callExceptionHandler(
          new ErrorContext("what is to release a TLS engine failed", thrown).withSource(this));
    }
  }

  private static IOException tookLonger(String what, Duration limit) {
    long millis = limit.toMillis();
    String text = millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
    return new SocketTimeoutException("TLS " + what + " took longer than " + text);
  }

  private void stopTimer() {
    TimerHandle running = timer;
    if (running != null) {
      timer = null;
      running.cancel();
    }
  }

  /* ---- Facts ---- */

  @Override
  public @Nullable SocketAddress localAddress() {
    return inner.localAddress();
  }

  @Override
  public @Nullable SocketAddress remoteAddress() {
    return inner.remoteAddress();
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    inner.setOption(option, value);
  }

  @Override
  public <T> T getOption(SocketOption<T> option) throws IOException {
    return inner.getOption(option);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return inner.supportedOptions();
  }
}
