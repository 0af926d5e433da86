package weft.nio;

import org.junit.jupiter.api.Nested;
import weft.spi.Driver;

class SelectorDriverTest {
  private static Buffers buffersOf(Driver of) {
    return ((SelectorDriver) of).buffers;
  }

  @Nested
  class Streams extends StreamsTest {
    @Override
    Driver open() {
      return new SelectorDriver();
    }

    @Override
    Buffers buffers(Driver of) {
      return buffersOf(of);
    }

    @Override
    boolean abortResets() {
      return true;
    }
  }

  @Nested
  class Opening extends OpeningTest {
    @Override
    Driver open() {
      return new SelectorDriver();
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
      return new SelectorDriver();
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
      return new SelectorDriver();
    }

    @Override
    Buffers buffers(Driver of) {
      return buffersOf(of);
    }
  }
}
