package weft.linux;

import java.io.IOException;
import weft.spi.Driver;

class UringDriverTest extends LinuxDriverTest {
  @Override
  Driver open() throws IOException {
    return new UringDriver();
  }
}
