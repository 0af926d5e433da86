package weft.linux;

import weft.EventLoop;

/// Child processes of the `uring` loop.
class UringChildTest extends ChildTest {
  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("uring");
  }
}
