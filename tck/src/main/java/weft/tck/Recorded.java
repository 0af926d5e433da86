package weft.tck;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import weft.EventLoop;
import weft.Promise;
import weft.io.BaseTransport;
import weft.io.Protocol;
import weft.io.Transport;

/// A protocol that notes what it is told, and fails where the order of it is wrong.
class Recorded implements Protocol {
  /// What was called, in order; data that follows data is not noted again.
  final List<String> events = new ArrayList<>();

  /// Completed by `connectionLost`.
  final Promise<Boolean> lost;

  /// What `eofReceived` returns.
  boolean keepOpen;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private @Nullable Transport transport;
  private @Nullable Throwable reason;

  Recorded() {
    lost = EventLoop.running().createPromise();
  }

  Transport transport() {
    Transport made = transport;
    if (made == null) {
      throw new AssertionError("the connection is not made");
    }
    return made;
  }

  /// Why the connection was lost.
  @Nullable Throwable reason() {
    return reason;
  }

  int received() {
    return bytes.size();
  }

  byte[] data() {
    return bytes.toByteArray();
  }

  String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void connectionMade(BaseTransport made) {
    expect(events.isEmpty(), "connectionMade");
    transport = (Transport) made;
    events.add("made");
  }

  @Override
  public void dataReceived(ByteBuffer data) {
    expect(data.hasRemaining() && alive() && !events.contains("eof"), "dataReceived");
    expect(transport().isReading(), "dataReceived while paused");
    byte[] some = new byte[data.remaining()];
    data.get(some);
    bytes.writeBytes(some);
    if (!events.getLast().equals("data")) {
      events.add("data");
    }
  }

  @Override
  public boolean eofReceived() {
    expect(alive() && !events.contains("eof"), "eofReceived");
    events.add("eof");
    return keepOpen;
  }

  @Override
  public void pauseWriting() {
    expect(alive() && last("pause") <= last("resume"), "pauseWriting");
    events.add("pause");
  }

  @Override
  public void resumeWriting() {
    expect(alive() && last("pause") > last("resume"), "resumeWriting");
    events.add("resume");
  }

  @Override
  public void connectionLost(@Nullable Throwable why) {
    expect(alive(), "connectionLost");
    events.add("lost");
    reason = why;
    lost.setResult(true);
  }

  private boolean alive() {
    return !events.isEmpty() && !events.contains("lost");
  }

  private int last(String event) {
    return events.lastIndexOf(event);
  }

  private void expect(boolean condition, String method) {
    if (!condition) {
      events.add("WRONG " + method);
      throw new AssertionError(method + " after " + events);
    }
  }
}
