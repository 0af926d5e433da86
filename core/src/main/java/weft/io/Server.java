package weft.io;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import weft.CancelledError;
import weft.Context;
import weft.ErrorContext;
import weft.EventLoop;
import weft.Handle;
import weft.LoopExit;
import weft.Task;
import weft.TimerHandle;
import weft.Weft;
import weft.spi.Completion;
import weft.spi.ListenChannel;
import weft.spi.StreamChannel;

/// Listening sockets and the connections that were accepted from them.
///
/// Closing a server leaves its connections alone; [#shutdown] ends them too. Protocols and client
/// handlers begin in a copy of the context in which the server began to serve.
///
/// Thread: the loop's.
public final class Server implements AutoCloseable {
  /// How long nothing is accepted after the system had no more resources.
  private static final Duration ACCEPT_RETRY = Duration.ofSeconds(1);

  private final EventLoop loop;
  private final Supplier<? extends BaseProtocol> protocols;
  private final ServerOptions options;
  private final List<ListenChannel> listeners;
  private final @Nullable Runnable cleanup;
  private final Connections connections = new Connections();

  /// If it serves with streams.
  private final @Nullable ClientHandlers handlers;

  /// One for all connections.
  private final Consumer<ChannelTransport> whenLost = this::lost;

  /// One for all connections with streams.
  private @Nullable InContext ofStreams;

  private final Set<TlsChannel> handshakes = new LinkedHashSet<>();
  private final List<Latch> waiters = new ArrayList<>();

  /// The tasks that are in [#shutdown].
  private final Set<Task<?>> shuttingDown = new HashSet<>();

  private final List<TimerHandle> retries = new ArrayList<>();
  private @Nullable Latch serving;
  private @Nullable Handle accepting;
  private @Nullable StreamChannel acceptedNow;
  private boolean started;
  private boolean closed;

  Server(
      EventLoop loop,
      Supplier<? extends BaseProtocol> protocols,
      ServerOptions options,
      List<ListenChannel> listeners,
      @Nullable Runnable cleanup) {
    this.loop = loop;
    this.protocols = protocols;
    this.options = options;
    this.listeners = listeners;
    this.cleanup = cleanup;
    this.handlers = protocols instanceof ClientHandlers streams ? streams : null;
    if (handlers != null) {
      handlers.whenEnded(this::wakeWaiters);
    }
  }

  /* ---- Facts ---- */

  /// The addresses it listens on; none once it is closed.
  public List<SocketAddress> addresses() {
    return closed ? List.of() : listeners.stream().map(ListenChannel::localAddress).toList();
  }

  /// The port of the first address.
  ///
  /// @throws IllegalStateException if the server is closed, or has no port because it listens on a
  ///   unix socket
  public int port() {
    if (!closed && listeners.getFirst().localAddress() instanceof InetSocketAddress inet) {
      return inet.getPort();
    }
    throw new IllegalStateException("a server that is closed or on a unix socket has no port");
  }

  /// Whether it accepts connections.
  public boolean isServing() {
    return started && !closed;
  }

  /// How many connections are open.
  public int connections() {
    return connections.size() + handshakes.size();
  }

  ServerOptions options() {
    return options;
  }

  /// The loop it runs on.
  public EventLoop loop() {
    return loop;
  }

  /* ---- Serving ---- */

  /// Begins to accept connections. Does nothing if it does already.
  ///
  /// @throws IllegalStateException if the server is closed
  public void startServing() {
    if (closed) {
      throw new IllegalStateException("the server is closed");
    }
    if (started) {
      return;
    }
    started = true;
    accepting = loop.createHandle(this::acceptNow);
    for (ListenChannel listener : listeners) {
      listener.start(
          new Completion<>() {
            @Override
            public void completed(StreamChannel channel) {
              accept(channel);
            }

            @Override
            public void failed(IOException failure) {
              refuse(listener, failure);
            }
          });
    }
  }

  /// Serves until the task is cancelled or the server is closed. When the task is cancelled the
  /// server is closed, and the cancellation goes on.
  ///
  /// @throws IllegalStateException if the server is closed, or somebody else waits here
  public void serveForever() {
    if (serving != null) {
      throw new IllegalStateException("serveForever() is running already");
    }
    startServing();
    Latch end = new Latch(loop);
    serving = end;
    try {
      end.await();
    } catch (CancelledError cancelled) {
      close();
      throw cancelled;
    } finally {
      serving = null;
    }
  }

  private void accept(StreamChannel channel) {
    acceptedNow = channel;
    if (accepting != null) {
      accepting.run();
    }
  }

  private void acceptNow() {
    StreamChannel channel = acceptedNow;
    if (channel == null) {
      return;
    }
    if (options.keepAlive()) {
      Addresses.setOption(channel, StandardSocketOptions.SO_KEEPALIVE, true);
    }
    Addresses.setOption(channel, StandardSocketOptions.TCP_NODELAY, true);
    TlsOptions tls = options.tls();
    if (tls == null) {
      connect(channel);
    } else {
      secure(channel, tls);
    }
  }

  private void secure(StreamChannel channel, TlsOptions tls) {
    Context context = Context.copyCurrent();
    TlsChannel[] secured = new TlsChannel[1];
    Completion<TlsChannel> done =
        new Completion<>() {
          @Override
          public void completed(TlsChannel ready) {
            handshakes.remove(ready);
            context.run(() -> connect(ready));
          }

          @Override
          public void failed(IOException failure) {
            handshakes.remove(secured[0]);
            reportInDebug("the TLS handshake of an incoming connection failed", failure);
            wakeWaiters();
          }
        };
    try {
      secured[0] = TlsChannel.server(loop, channel, tls, null, done);
      handshakes.add(secured[0]);
    } catch (RuntimeException | Error e) {
      channel.close();
      loop.callExceptionHandler(
          new ErrorContext("the TLS options do not do for a server", e).withSource(this));
    }
  }

  private void connect(StreamChannel channel) {
    try {
      adopt(channel, protocols.get());
    } catch (LoopExit exit) {
      throw exit;
    } catch (Throwable thrown) {
      channel.close();
      reportInDebug("the protocol of an incoming connection could not be made", thrown);
      wakeWaiters();
    }
  }

  private void adopt(StreamChannel channel, BaseProtocol protocol) {
    ChannelTransport transport =
        new ChannelTransport(
            loop, channel, protocol, ChannelTransport.Kind.BOTH, contextOf(protocol));
    connections.add(transport);
    transport.whenLost(whenLost);
    transport.begin(null);
  }

  /// The factory of a user's protocol may have put values into the context that are meant for this
  /// connection; that of streams is ours.
  private InContext contextOf(BaseProtocol protocol) {
    if (!(protocol instanceof StreamProtocol)) {
      return new InContext(loop);
    }
    InContext shared = ofStreams;
    if (shared == null) {
      shared = new InContext(loop);
      ofStreams = shared;
    }
    return shared;
  }

  private void lost(ChannelTransport transport) {
    connections.remove(transport);
    wakeWaiters();
  }

  private void reportInDebug(String message, Throwable thrown) {
    if (loop.debug()) {
      loop.callExceptionHandler(new ErrorContext(message, thrown).withSource(this));
    }
  }

  private void refuse(ListenChannel listener, IOException failure) {
    loop.callExceptionHandler(
        new ErrorContext(
                "accepting failed; trying again in " + ACCEPT_RETRY.toSeconds() + " s", failure)
            .withSource(this));
    listener.pause();
    retries.removeIf(Handle::cancelled);
    TimerHandle[] retry = new TimerHandle[1];
    retry[0] =
        loop.callLater(
            ACCEPT_RETRY,
            () -> {
              retries.remove(retry[0]);
              if (!closed) {
                listener.resume();
              }
            });
    retries.add(retry[0]);
  }

  /* ---- The end ---- */

  /// Stops listening at once. Connections stay as they are; [#serveForever] returns. Does not wait.
  /// Repeating it does nothing.
  @Override
  public void close() {
    loop.checkThread();
    if (closed) {
      return;
    }
    closed = true;
    listeners.forEach(ListenChannel::close);
    retries.forEach(Handle::cancel);
    retries.clear();
    if (cleanup != null) {
      cleanup.run();
    }
    if (serving != null) {
      serving.open();
    }
    wakeWaiters();
  }

  /// Waits until the server is closed and its last connection is gone. A handler that still works
  /// when its client has gone is not waited for; [#shutdown] does that.
  public void waitClosed() {
    waitUntil(() -> true);
  }

  /// Waits until the server is closed, its last connection gone, and something else is so, too.
  private void waitUntil(BooleanSupplier done) {
    while (!closed || connections() > 0 || !done.getAsBoolean()) {
      Latch gone = new Latch(loop);
      waiters.add(gone);
      try {
        gone.await();
      } finally {
        waiters.remove(gone);
      }
    }
  }

  private void wakeWaiters() {
    if (!closed || connections() > 0) {
      return;
    }
    List.copyOf(waiters).forEach(Latch::open);
  }

  /// Closes the connections gracefully.
  public void closeClients() {
    loop.checkThread();
    connections.forEach(ChannelTransport::close);
    cancelHandshakes();
  }

  /// Closes the connections at once; the peers see a reset.
  public void abortClients() {
    loop.checkThread();
    connections.forEach(ChannelTransport::abort);
    cancelHandshakes();
  }

  private void cancelHandshakes() {
    List.copyOf(handshakes).forEach(TlsChannel::cancelHandshake);
    handshakes.clear();
    wakeWaiters();
  }

  /// Shuts down in good order: stops listening, gives the connections and their client handlers the
  /// grace period to end by themselves, closes the connections that are left, and after as long
  /// again aborts the rest and cancels the handlers. Returns when the last one has ended; but a
  /// handler that calls this itself is not waited for, though its connection is. Cancelling it
  /// aborts and cancels at once.
  public void shutdown(Duration grace) {
    close();
    Task<?> caller = Objects.requireNonNull(Task.current(), "shutdown() waits: call it in a task");
    shuttingDown.add(caller);
    wakeWaiters(); // who has waited for the caller does so no more
    try {
      if (endsWithin(grace)) {
        return;
      }
      closeClients();
      if (endsWithin(grace)) {
        return;
      }
      abortClients();
      waitClosed();
      cancelHandlers();
      waitUntil(this::handlersHaveEnded);
    } catch (CancelledError cancelled) {
      abortClients();
      cancelHandlers();
      throw cancelled;
    } finally {
      shuttingDown.remove(caller);
    }
  }

  /// But for those that wait for it.
  private boolean handlersHaveEnded() {
    return handlers == null
        || (handlers.working() <= shuttingDown.size()
            && shuttingDown.containsAll(handlers.tasks()));
  }

  private void cancelHandlers() {
    if (handlers != null) {
      List<Task<?>> tasks = handlers.tasks();
      tasks.removeAll(shuttingDown);
      tasks.forEach(Task::cancel);
    }
  }

  private boolean endsWithin(Duration grace) {
    try {
      Weft.timeout(grace, () -> waitUntil(this::handlersHaveEnded));
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return "<Server " + (closed ? "closed" : addresses()) + " connections: " + connections() + ">";
  }
}
