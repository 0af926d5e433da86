package weft.linux;

import weft.EventLoop;
import weft.tck.IoSuites;

/// The `epoll` loop passes the suites for input and output.
class EpollIoTest extends IoSuites {
  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("epoll");
  }
}
