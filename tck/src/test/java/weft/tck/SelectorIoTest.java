package weft.tck;

import weft.EventLoop;

/// The `selector` loop passes the suites for input and output.
class SelectorIoTest extends IoSuites {
  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("selector");
  }
}
