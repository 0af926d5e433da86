package weft.linux;

import weft.EventLoop;
import weft.tck.LoopSuites;

/// The `epoll` loop passes the suites for loops.
class EpollTest extends LoopSuites {
  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("epoll");
  }
}
