package weft.tck;

import org.junit.jupiter.api.Nested;
import weft.EventLoop;

/// The `selector` loop passes the suites for streams and connections.
class SelectorIoTest {
  @Nested
  class StreamReader extends StreamReaderSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class StreamShapes extends StreamShapesSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class StreamParsing extends StreamParsingSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Transport extends TransportSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class TransportClose extends TransportCloseSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class BufferedProtocol extends BufferedProtocolSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class StreamWriter extends StreamWriterSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class StreamConnection extends StreamConnectionSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class Server extends ServerSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class ReaderWriter extends ReaderWriterSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }

  @Nested
  class ClientConnect extends ClientConnectSuite {
    @Override
    protected EventLoop newLoop() {
      return EventLoop.create("selector");
    }
  }
}
