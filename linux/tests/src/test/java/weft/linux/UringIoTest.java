package weft.linux;

import weft.EventLoop;
import weft.tck.IoSuites;

/// The `uring` loop passes the suites for input and output.
class UringIoTest extends IoSuites {
  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("uring");
  }
}
