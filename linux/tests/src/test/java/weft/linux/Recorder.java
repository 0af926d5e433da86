package weft.linux;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import weft.spi.Chunk;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;

/// Writes down what it is told.
class Recorder implements StreamListener {
  final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  final List<Chunk> kept = new ArrayList<>();
  int ends;
  int drains;
  long total;
  @Nullable IOException failure;
  boolean discard;
  boolean keep;
  Consumer<ByteBuffer> onData = data -> {};
  Runnable onEnd = () -> {};

  static Recorder on(StreamChannel channel) {
    Recorder recorder = new Recorder();
    channel.listener(recorder);
    channel.resumeReading();
    return recorder;
  }

  @Override
  public void received(Chunk chunk) {
    ByteBuffer data = chunk.data();
    total += data.remaining();
    if (keep) {
      chunk.keep();
      kept.add(chunk);
    } else if (!discard) {
      byte[] copy = new byte[data.remaining()];
      data.get(data.position(), copy);
      bytes.writeBytes(copy);
    }
    onData.accept(data);
  }

  @Override
  public void ended() {
    ends++;
    onEnd.run();
  }

  @Override
  public void drained() {
    drains++;
  }

  @Override
  public void failed(IOException why) {
    failure = why;
  }
}
