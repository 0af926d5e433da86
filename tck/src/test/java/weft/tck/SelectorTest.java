package weft.tck;

import weft.EventLoop;

/// The `selector` loop passes the suites for loops.
class SelectorTest extends LoopSuites {
  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("selector");
  }
}
