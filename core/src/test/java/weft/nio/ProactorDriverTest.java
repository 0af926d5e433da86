package weft.nio;

import org.junit.jupiter.api.Nested;
import weft.spi.Driver;

class ProactorDriverTest {
  private static Buffers buffersOf(Driver of) {
    return ((ProactorDriver) of).buffers;
  }

  @Nested
  class Streams extends StreamsTest {
    @Override
    Driver open() {
      return new ProactorDriver();
    }

    @Override
    Buffers buffers(Driver of) {
      return buffersOf(of);
    }

    @Override
    boolean abortResets() {
      return false;
    }
  }

  @Nested
  class Opening extends OpeningTest {
    @Override
    Driver open() {
      return new ProactorDriver();
    }

    @Override
    Buffers buffers(Driver of) {
      return buffersOf(of);
    }
  }

  @Nested
  class Waiting extends WaitingTest {
    @Override
    Driver open() {
      return new ProactorDriver();
    }

    @Override
    Buffers buffers(Driver of) {
      return buffersOf(of);
    }
  }

  @Nested
  class RandomStreams extends RandomStreamsTest {
    @Override
    Driver open() {
      return new ProactorDriver();
    }

    @Override
    Buffers buffers(Driver of) {
      return buffersOf(of);
    }
  }
}
