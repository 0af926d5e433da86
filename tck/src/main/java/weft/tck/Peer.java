package weft.tck;

import static weft.Weft.await;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import weft.Promise;

/// The other end of a connection: a plain blocking socket, which knows nothing of loops. Its
/// methods suspend the caller and block a thread of their own.
final class Peer {
  private static final int PATIENCE_MILLIS = 20_000;

  private final IoSuite suite;
  private final Socket socket;

  Peer(IoSuite suite, Socket socket) {
    this.suite = suite;
    this.socket = socket;
    suite.closeLater(socket);
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(PATIENCE_MILLIS);
    } catch (SocketException e) {
      // The other end has reset the connection already.
    }
  }

  Socket socket() {
    return socket;
  }

  SocketAddress address() {
    return socket.getLocalSocketAddress();
  }

  /// Reads so many bytes, or fewer at the end.
  String read(int bytes) throws IOException {
    return text(await(reading(bytes), IOException.class));
  }

  Promise<byte[]> reading(int bytes) {
    return suite.away(() -> socket.getInputStream().readNBytes(bytes));
  }

  /// Reads to the end.
  String readAll() throws IOException {
    return text(await(readingAll(), IOException.class));
  }

  Promise<byte[]> readingAll() {
    return suite.away(() -> socket.getInputStream().readAllBytes());
  }

  /// What reading to the end throws; "end" if it throws nothing.
  String outcome() {
    try {
      await(readingAll(), IOException.class);
      return "end";
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the peer sees neither the end nor a reset", e);
    } catch (IOException e) {
      return "reset";
    }
  }

  void write(String text) throws IOException {
    write(text.getBytes(StandardCharsets.UTF_8));
  }

  void write(byte[] data) throws IOException {
    await(writing(data), IOException.class);
  }

  Promise<Boolean> writing(byte[] data) {
    return suite.away(
        () -> {
          socket.getOutputStream().write(data);
          return true;
        });
  }

  void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  /// Closes the connection; if there is nothing unread, the other end sees the end of the stream.
  void close() throws IOException {
    socket.close();
  }

  /// Closes the connection so that the other end sees a reset.
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  private static String text(byte[] data) {
    return new String(data, StandardCharsets.UTF_8);
  }
}
