package weft.io;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.ExceptionGroup;
import weft.Promise;
import weft.Weft;
import weft.spi.Completion;
import weft.spi.Pending;
import weft.spi.StreamChannel;

/// Finds the way to a host: tries its addresses, one after the other or staggered, and keeps the
/// first connection.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc8305">RFC 8305, Happy Eyeballs</a>
final class Connector {
  private final EventLoop loop;
  private final ConnectOptions options;
  private final List<IOException> failures = new ArrayList<>();

  /// Where a socket may be bound before; empty if the system chooses.
  private List<InetSocketAddress> locals;

  Connector(EventLoop loop, ConnectOptions options) {
    this.loop = loop;
    this.options = options;
    InetSocketAddress local = options.localAddress();
    this.locals = local == null ? List.of() : List.of(local);
  }

  /// Suspends until there is a connection.
  StreamChannel connect(String host, int port) throws IOException {
    List<InetSocketAddress> addresses = options.resolver().resolve(host, port, options.family());
    InetSocketAddress local = options.localAddress();
    if (local != null) {
      if (local.isUnresolved()) {
        locals = options.resolver().resolve(local.getHostString(), local.getPort(), null);
      }
      addresses = addresses.stream().filter(remote -> localFor(remote) != null).toList();
      if (addresses.isEmpty()) {
        throw new IOException(
            "no address of " + host + " is of the same family as the local address " + local);
      }
    }
    Duration delay = options.happyEyeballsDelay();
    StreamChannel channel =
        delay == null || addresses.size() == 1
            ? oneByOne(addresses)
            : staggered(Addresses.interleave(addresses, options.interleave()), delay);
    Addresses.setOption(channel, StandardSocketOptions.TCP_NODELAY, true);
    return channel;
  }

  private @Nullable InetSocketAddress localFor(SocketAddress remote) {
    for (InetSocketAddress local : locals) {
      if (!(remote instanceof InetSocketAddress inet)
          || Addresses.family(local.getAddress()) == Addresses.family(inet.getAddress())) {
        return local;
      }
    }
    return null;
  }

  private StreamChannel oneByOne(List<InetSocketAddress> addresses) throws IOException {
    for (InetSocketAddress address : addresses) {
      try {
        return connect(address);
      } catch (IOException e) {
        failures.add(e);
      }
    }
    throw failure();
  }

  /// One attempt; cancelling it closes the socket.
  StreamChannel connect(SocketAddress remote) throws IOException {
    Promise<StreamChannel> connected = loop.createPromise();
    Pending pending;
    try {
      pending = loop.driver().connect(remote, localFor(remote), completion(connected));
    } catch (IOException e) {
      throw named(e, remote);
    }
    boolean done = false;
    try {
      StreamChannel channel = Weft.await(connected, IOException.class);
      done = true;
      return channel;
    } catch (IOException e) {
      throw named(e, remote);
    } finally {
      if (!done) {
        pending.cancel();
        discard(connected);
      }
    }
  }

  private static Completion<StreamChannel> completion(Promise<StreamChannel> connected) {
    return new Completion<>() {
      @Override
      public void completed(StreamChannel channel) {
        if (connected.done()) {
          channel.close();
        } else {
          connected.setResult(channel);
        }
      }

      @Override
      public void failed(IOException failure) {
        if (!connected.done()) {
          connected.setException(failure);
        }
      }
    };
  }

  /// The failure as the caller is to throw it, with the address in its message.
  private static IOException named(IOException failure, SocketAddress remote) {
    String message = Objects.toString(failure.getMessage(), failure.getClass().getSimpleName());
    if (message.contains(remote.toString())) {
      return Rethrown.here(failure);
    }
    IOException named = new ConnectException(message + ": " + remote);
    named.initCause(failure);
    return named;
  }

  private static void discard(Promise<StreamChannel> connected) {
    if (connected.done() && !connected.cancelled() && connected.exception() == null) {
      connected.result().close();
    }
  }

  /* ---- Happy eyeballs ---- */

  private record Failed(IOException failure, SocketAddress remote) {}

  /// What the attempts share.
  private final class Race {
    private final Latch decided = new Latch(loop);
    private final Set<Pending> running = new LinkedHashSet<>();
    private @Nullable StreamChannel winner;
    private final List<Failed> failed = new ArrayList<>();
    private boolean over;

    /// Begins an attempt. Its promise is released when it has failed.
    Latch begin(SocketAddress remote) {
      Latch attempt = new Latch(loop);
      Pending[] self = new Pending[1];
      try {
        self[0] =
            loop.driver()
                .connect(
                    remote,
                    localFor(remote),
                    new Completion<>() {
                      @Override
                      public void completed(StreamChannel channel) {
                        running.remove(self[0]);
                        win(channel, attempt);
                      }

                      @Override
                      public void failed(IOException failure) {
                        running.remove(self[0]);
                        lose(new Failed(failure, remote), attempt);
                      }
                    });
        running.add(self[0]);
      } catch (IOException e) {
        lose(new Failed(e, remote), attempt);
      }
      return attempt;
    }

    private void win(StreamChannel channel, Latch attempt) {
      if (over || winner != null) {
        channel.close();
      } else {
        winner = channel;
        decided.open();
      }
      attempt.open();
    }

    private void lose(Failed one, Latch attempt) {
      failed.add(one);
      attempt.open();
    }

    @Nullable StreamChannel winner() {
      return winner;
    }

    /// Gives up what still runs.
    void end(boolean keepWinner) {
      over = true;
      List.copyOf(running).forEach(Pending::cancel);
      if (!keepWinner && winner != null) {
        winner.close();
      }
    }
  }

  private StreamChannel staggered(List<InetSocketAddress> addresses, Duration delay)
      throws IOException {
    Race race = new Race();
    boolean done = false;
    try {
      List<Promise<Boolean>> attempts = new ArrayList<>();
      for (InetSocketAddress address : addresses) {
        Promise<Boolean> attempt = race.begin(address).promise();
        attempts.add(attempt);
        Weft.waitFirstCompleted(List.of(race.decided.promise(), attempt), delay);
        if (race.winner() != null) {
          break;
        }
      }
      Promise<?> allFailed = Weft.gather(attempts);
      Weft.waitFirstCompleted(List.<Promise<?>>of(race.decided.promise(), allFailed));
      StreamChannel winner = race.winner();
      if (winner == null) {
        race.failed.forEach(one -> failures.add(named(one.failure(), one.remote())));
        throw failure();
      }
      done = true;
      return winner;
    } finally {
      race.end(done);
    }
  }

  private IOException failure() {
    if (options.allErrors()) {
      throw new ExceptionGroup("connecting failed", List.copyOf(failures));
    }
    if (failures.isEmpty()) {
      return new ConnectException("no address could be tried");
    }
    IOException first = failures.getFirst();
    Set<String> messages = new LinkedHashSet<>();
    failures.forEach(failure -> messages.add(String.valueOf(failure.getMessage())));
    if (messages.size() == 1) {
      return first;
    }
    IOException all =
        new ConnectException("several addresses failed: " + String.join(", ", messages));
    failures.forEach(all::addSuppressed);
    return all;
  }

  /// Runs a block with the time limit of the options, name lookup and handshake included.
  static <T> T limited(ConnectOptions options, Opening<T> opening, String what) throws IOException {
    Duration timeout = options.timeout();
    if (timeout == null) {
      return opening.call();
    }
    try {
      return Weft.timeout(timeout, opening::call);
    } catch (TimeoutException e) {
      throw new SocketTimeoutException("connecting to " + what + " took longer than " + timeout);
    }
  }

  /// Opens something.
  interface Opening<T> {
    T call() throws IOException;
  }
}
