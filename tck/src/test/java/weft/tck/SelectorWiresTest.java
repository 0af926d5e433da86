package weft.tck;

import org.junit.jupiter.api.Nested;
import weft.EventLoop;

/// The `selector` loop passes the suites for datagrams, unix sockets, files and TLS.
class SelectorWiresTest {
  @Nested
  class Datagram extends DatagramSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class DatagramTransport extends DatagramTransportSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class PipeTransport extends PipeTransportSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Resolver extends ResolverSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class SendFile extends SendFileSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Sockets extends SocketsSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class SocketsDatagram extends SocketsDatagramSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class StartTls extends StartTlsSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Tls extends TlsSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class TlsEnd extends TlsEndSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Unix extends UnixSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }
}
