package weft.linux;

import java.io.IOException;
import weft.spi.Driver;

class EpollDriverTest extends LinuxDriverTest {
  @Override
  Driver open() throws IOException {
    return new EpollDriver();
  }
}
