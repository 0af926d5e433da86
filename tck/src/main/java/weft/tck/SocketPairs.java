package weft.tck;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import weft.io.Sockets;

/// The base of the suites for sockets of the JDK used by hand.
public abstract class SocketPairs extends IoSuite {
  static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);

  static final int MUCH = 4 * 1024 * 1024;

  private static final int BUFFER = 64 * 1024;

  @TempDir Path folder;

  /// For subclasses.
  protected SocketPairs() {}

  @BeforeEach
  void loopMustWatchChannels() {
    assumeTrue(canWatch(), "the loop cannot watch channels");
  }

  /// Two ends of a connection, both non-blocking, between which [#MUCH] has no room.
  record Pair(SocketChannel left, SocketChannel right) {}

  ServerSocketChannel server() throws IOException {
    var server = ServerSocketChannel.open().bind(ANY);
    closeLater(server);
    return server;
  }

  Pair pair() throws IOException {
    try (var server = ServerSocketChannel.open()) {
      server.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER);
      server.bind(ANY);
      var left = SocketChannel.open();
      closeLater(left);
      left.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER);
      left.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER);
      Sockets.connect(left, server.getLocalAddress());
      var right = Sockets.accept(server);
      closeLater(right);
      right.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER);
      return new Pair(left, right);
    }
  }

  DatagramChannel datagrams() throws IOException {
    var channel = DatagramChannel.open(StandardProtocolFamily.INET).bind(ANY);
    closeLater(channel);
    return channel;
  }

  static byte[] readAll(SocketChannel channel) throws IOException {
    var all = new ByteArrayOutputStream();
    byte[] part = Sockets.recv(channel, 100_000);
    while (part.length > 0) {
      all.writeBytes(part);
      part = Sockets.recv(channel, 100_000);
    }
    return all.toByteArray();
  }
}
