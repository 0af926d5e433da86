package weft.linux;

import java.io.IOException;
import weft.spi.Driver;

/// Queues that overflow all the time, and hardly any buffers: nothing may get lost.
class TinyUringDriverTest extends LinuxDriverTest {
  @Override
  Driver open() throws IOException {
    return new UringDriver(1, 2, 1);
  }
}
