package weft.tck;

import weft.EventLoop;

/// The `proactor` loop passes the suites for input and output.
class ProactorIoTest extends IoSuites {
  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("proactor");
  }

  /// The JDK's asynchronous sockets are always of both families.
  @Override
  protected boolean canServeOneFamily() {
    return false;
  }
}
