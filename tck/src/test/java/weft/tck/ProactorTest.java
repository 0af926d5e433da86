package weft.tck;

import weft.EventLoop;

/// The `proactor` loop passes the suites for loops.
class ProactorTest extends LoopSuites {
  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("proactor");
  }
}
