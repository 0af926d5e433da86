package weft.linux;

import weft.EventLoop;

/// Child processes of the `epoll` loop.
class EpollChildTest extends ChildTest {
  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("epoll");
  }
}
