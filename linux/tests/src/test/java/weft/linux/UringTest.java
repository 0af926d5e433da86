package weft.linux;

import weft.EventLoop;
import weft.tck.LoopSuites;

/// The `uring` loop passes the suites for loops.
class UringTest extends LoopSuites {
  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("uring");
  }
}
