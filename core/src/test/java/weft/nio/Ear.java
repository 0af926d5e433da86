package weft.nio;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import weft.spi.Chunk;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;

/// Notes what it is told.
class Ear implements StreamListener {
  final StreamChannel channel;
  final ByteArrayOutputStream heard = new ByteArrayOutputStream();
  int chunks;
  int ends;
  int drains;
  int failures;
  @Nullable IOException failure;

  Ear(StreamChannel channel) {
    this.channel = channel;
    channel.listener(this);
  }

  @Override
  public void received(Chunk chunk) {
    chunks++;
    ByteBuffer data = chunk.data();
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    heard.writeBytes(bytes);
  }

  @Override
  public void ended() {
    ends++;
  }

  @Override
  public void drained() {
    drains++;
  }

  @Override
  public void failed(IOException e) {
    failures++;
    failure = e;
  }

  /// How often it was told anything.
  int calls() {
    return chunks + ends + drains + failures;
  }

  String text() {
    return heard.toString(StandardCharsets.UTF_8);
  }

  void say(String text) {
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }
}
