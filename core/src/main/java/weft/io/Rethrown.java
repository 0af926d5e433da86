package weft.io;

import static java.util.Map.entry;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLKeyException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLProtocolException;
import org.jspecify.annotations.Nullable;
import weft.Awaitable;
import weft.Weft;

/// Throws failures that were made elsewhere, by a driver or on another thread, so that the caller
/// finds his own line in them.
///
/// What is thrown is of the same class and has the same message; the failure itself is its cause.
/// Of classes that are not known here, which may hold more than a message, the failure itself is
/// thrown.
final class Rethrown {
  private Rethrown() {}

  /// As [Weft#await(Awaitable, Class)], for what is done elsewhere.
  static <T> T await(Awaitable<T> awaited) throws IOException {
    try {
      return Weft.await(awaited, IOException.class);
    } catch (IOException e) {
      throw here(e);
    }
  }

  /// As [Weft#await(CompletableFuture, Class)], for what is done elsewhere.
  static <T> T await(CompletableFuture<T> awaited) throws IOException {
    try {
      return Weft.await(awaited, IOException.class);
    } catch (IOException e) {
      throw here(e);
    }
  }

  /// The failure as the caller is to throw it.
  static IOException here(IOException failure) {
    IOException anew = anew(failure);
    if (anew == null || !Objects.equals(anew.getMessage(), failure.getMessage())) {
      return failure;
    }
    anew.initCause(failure);
    return anew;
  }

  private static @Nullable IOException anew(IOException failure) {
    Function<@Nullable String, IOException> maker = Makers.BY_MESSAGE.get(failure.getClass());
    if (maker != null) {
      return maker.apply(failure.getMessage());
    }
    OfFile makerOfFile = Makers.BY_FILE.get(failure.getClass());
    if (makerOfFile != null && failure instanceof FileSystemException file) {
      return makerOfFile.make(file.getFile(), file.getOtherFile(), file.getReason());
    }
    return null;
  }

  /// What was thrown anew by [#here], or null if this was not.
  static @Nullable Throwable source(Throwable thrown) {
    Throwable cause = thrown.getCause();
    return cause != null
            && cause.getClass() == thrown.getClass()
            && Objects.equals(cause.getMessage(), thrown.getMessage())
        ? cause
        : null;
  }

  private interface OfFile {
    FileSystemException make(String file, @Nullable String other, @Nullable String reason);
  }

  /// How to make which class. Not looked at, and so not made, before something fails.
  private static final class Makers {
    static final Map<Class<?>, Function<@Nullable String, IOException>> BY_MESSAGE =
        Map.ofEntries(
            entry(IOException.class, IOException::new),
            entry(EOFException.class, EOFException::new),
            entry(FileNotFoundException.class, FileNotFoundException::new),
            entry(SocketException.class, SocketException::new),
            entry(ConnectException.class, ConnectException::new),
            entry(BindException.class, BindException::new),
            entry(NoRouteToHostException.class, NoRouteToHostException::new),
            entry(PortUnreachableException.class, PortUnreachableException::new),
            entry(SocketTimeoutException.class, SocketTimeoutException::new),
            entry(UnknownHostException.class, UnknownHostException::new),
            entry(ClosedChannelException.class, message -> new ClosedChannelException()),
            entry(AsynchronousCloseException.class, message -> new AsynchronousCloseException()),
            entry(SSLException.class, SSLException::new),
            entry(SSLHandshakeException.class, SSLHandshakeException::new),
            entry(SSLKeyException.class, SSLKeyException::new),
            entry(SSLPeerUnverifiedException.class, SSLPeerUnverifiedException::new),
            entry(SSLProtocolException.class, SSLProtocolException::new));

    static final Map<Class<?>, OfFile> BY_FILE =
        Map.of(
            FileSystemException.class, FileSystemException::new,
            NoSuchFileException.class, NoSuchFileException::new,
            FileAlreadyExistsException.class, FileAlreadyExistsException::new,
            AccessDeniedException.class, AccessDeniedException::new);
  }
}
