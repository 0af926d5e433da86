package weft.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayDeque;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import weft.linux.BufferPool.Buffer;
import weft.spi.PacketChannel;
import weft.spi.PacketListener;

/// A datagram socket.
final class PacketSocket extends Source implements PacketChannel {
  /// How many datagrams one dispatch receives before others have their turn.
  private static final int RECEIVES_MAX = 64;

  /// What a waiting datagram counts beyond its bytes.
  private static final int HEADER_BYTES = 8;

  private record Waiting(ByteBuffer data, @Nullable SocketAddress target) {}

  private final int family;
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private final ArrayDeque<IOException> failures = new ArrayDeque<>();
  private final int[] senderLength = new int[1];

  /// Who sent the last datagram, as bytes and as an object: mostly it is the same again.
  private final MemorySegment lastSender = Arena.ofAuto().allocate(Linux.SOCKADDR_BYTES, 8);

  private int lastSenderLength = -1;
  private SocketAddress sender = UnixDomainSocketAddress.of("");

  private @Nullable PacketListener listener;
  private long backlog;
  private long drainedAt = -1;
  private boolean reading;

  /// Takes over a datagram socket.
  PacketSocket(LinuxDriver driver, Descriptor descriptor, int family) {
    super(driver, descriptor);
    this.family = family;
  }

  private PacketListener listener() {
    PacketListener told = listener;
    if (told == null) {
      throw new IllegalStateException("this channel has no listener; set it before reading");
    }
    return told;
  }

  @Override
  public void listener(PacketListener replacement) {
    listener = replacement;
  }

  @Override
  void ready(int events) {
    if ((events & Linux.OUT) != 0) {
      sendWaiting();
    }
    if ((events & Linux.IN) != 0) {
      receive();
    }
  }

  @Override
  void attend() {
    if (!isClosed() && drainedAt >= 0 && backlog <= drainedAt) {
      drainedAt = -1;
      if (!failures.isEmpty()) {
        driver.attend(this); // the listener may throw
      }
      listener().drained();
    }
    // Not more than there are now: a listener may send, and fail, again.
    for (int left = failures.size(); left > 0 && !isClosed(); left--) {
      IOException failure = failures.remove();
      if (!failures.isEmpty()) {
        driver.attend(this); // the listener may throw
      }
      listener().failed(failure);
    }
  }

  @Override
  public void resumeReading() {
    if (!isClosed() && !reading) {
      reading = true;
      driver.arm(this, Linux.IN);
    }
  }

  @Override
  public void pauseReading() {
    reading = false;
    wanted &= ~Linux.IN;
  }

  private void receive() {
    Buffer buffer = driver.large.take();
    try {
      for (int times = 0; times < RECEIVES_MAX && reading; times++) {
        int fd = descriptor.fd();
        int length = LinuxDriver.LARGE_BYTES;
        MemorySegment from = driver.address;
        int received = driver.linux.recvfrom(fd, buffer.memory, length, from, senderLength);
        if (received == -Errno.EAGAIN) {
          return;
        }
        if (received >= 0) {
          SocketAddress peer = sender(senderLength[0]);
          listener().received(buffer.view.clear().limit(received), peer);
        } else if (received != -Errno.EINTR) {
          listener().failed(failure(-received));
        }
      }
    } finally {
      buffer.release();
    }
  }

  private static IOException failure(int errno) {
    return errno == Errno.ECONNREFUSED ? new PortUnreachableException() : Errno.exception(errno);
  }

  private SocketAddress sender(int length) {
    int known = Math.min(length, Linux.SOCKADDR_BYTES);
    if (known != lastSenderLength
        || MemorySegment.mismatch(driver.address, 0, known, lastSender, 0, known) >= 0) {
      SocketAddress read = Addresses.read(driver.address, known);
      sender = read == null ? UnixDomainSocketAddress.of("") : read;
      lastSenderLength = known;
      MemorySegment.copy(driver.address, 0, lastSender, 0, known);
    }
    return sender;
  }

  @Override
  public void send(ByteBuffer data, @Nullable SocketAddress target) {
    if (isClosed()) {
      data.position(data.limit());
      return;
    }
    if (waiting.isEmpty() && offer(data, target)) {
      data.position(data.limit());
      return;
    }
    ByteBuffer copy = ByteBuffer.allocate(data.remaining()).put(data).flip();
    waiting.add(new Waiting(copy, target));
    backlog += copy.remaining() + HEADER_BYTES;
    driver.arm(this, Linux.OUT);
  }

  /// Whether the system has taken the datagram, or refused it for good.
  private boolean offer(ByteBuffer data, @Nullable SocketAddress target) {
    try {
      int length =
          target == null
              ? 0
              : Addresses.write(Addresses.destination(target), family, driver.address);
      MemorySegment source = MemorySegment.ofBuffer(data);
      int bytes = data.remaining();
      int sent = driver.linux.sendto(descriptor.fd(), source, bytes, driver.address, length);
      if (sent == -Errno.EAGAIN || sent == -Errno.EINTR || sent == -Errno.ENOBUFS) {
        return false;
      }
      if (sent < 0) {
        throw failure(-sent);
      }
    } catch (IOException | RuntimeException e) {
      failures.add(e instanceof IOException failure ? failure : refused(e, target));
      driver.attend(this);
    }
    return true;
  }

  /// What the JDK says by the class of an exception only, in words.
  private static IOException refused(Exception e, @Nullable SocketAddress target) {
    String what =
        switch (e) {
          case UnresolvedAddressException unresolved -> "the name was not looked up";
          case UnsupportedAddressTypeException other ->
              "the socket does not send to addresses of this family";
          default -> e.toString();
        };
    return new IOException(what + ": " + target, e);
  }

  private void sendWaiting() {
    for (Waiting first; (first = waiting.peek()) != null; ) {
      if (!offer(first.data, first.target)) {
        return;
      }
      waiting.remove();
      backlog -= first.data.remaining() + HEADER_BYTES;
      if (drainedAt >= 0 && backlog <= drainedAt) {
        driver.attend(this);
      }
    }
    driver.disarm(this, Linux.OUT);
  }

  @Override
  public long backlog() {
    return backlog;
  }

  @Override
  public void whenBacklogAtMost(long bytes) {
    drainedAt = bytes;
    if (backlog <= bytes) {
      driver.attend(this);
    }
  }

  /// ```text
  /// group_req         u32 interface, u32 padding, sockaddr_storage group
  /// group_source_req  the same, then sockaddr_storage source
  /// ```
  @Override
  public void join(InetAddress group, NetworkInterface network, @Nullable InetAddress source)
      throws IOException {
    if (!group.isMulticastAddress()) {
      throw new IllegalArgumentException(group + " is not a multicast address");
    }
    int fd = descriptor.fdOrThrow();
    boolean four = group instanceof Inet4Address;
    int kind = four ? Linux.AF_INET : Linux.AF_INET6;
    int head = 8 + Linux.SOCKADDR_BYTES;
    MemorySegment request = Arena.ofAuto().allocate(head + Linux.SOCKADDR_BYTES, 8);
    request.set(JAVA_INT, 0, network.getIndex());
    Addresses.write(new InetSocketAddress(group, 0), kind, request.asSlice(8));
    int option = Linux.MCAST_JOIN_GROUP;
    if (source != null) {
      option = Linux.MCAST_JOIN_SOURCE_GROUP;
      head += Linux.SOCKADDR_BYTES;
      Addresses.write(
          new InetSocketAddress(source, 0), kind, request.asSlice(8 + Linux.SOCKADDR_BYTES));
    }
    int level = four ? Linux.SOL_IP : Linux.SOL_IPV6;
    Errno.check(driver.linux.setsockopt(fd, level, option, request, head));
  }

  @Override
  public void close() {
    if (!isClosed()) {
      reading = false;
      waiting.clear();
      backlog = 0;
      end();
    }
  }

  @Override
  public @Nullable SocketAddress localAddress() {
    return isClosed() ? null : driver.name(descriptor, false);
  }

  @Override
  public @Nullable SocketAddress remoteAddress() {
    return isClosed() ? null : driver.name(descriptor, true);
  }

  @Override
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    SocketOptions.PACKET.set(driver.linux, descriptor, option, value);
  }

  @Override
  public <T> T getOption(SocketOption<T> option) throws IOException {
    return SocketOptions.PACKET.get(driver.linux, descriptor, option);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return SocketOptions.PACKET.supported();
  }
}
