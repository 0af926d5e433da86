package weft.tck;

import org.junit.jupiter.api.Nested;
import weft.EventLoop;

/// All suites for input and output. A loop that has a driver passes them:
///
/// ```java
/// class MyLoopIoTest extends IoSuites {
///   @Override
///   protected EventLoop newLoop() {
///     return EventLoop.create("mine");
///   }
/// }
/// ```
///
/// A loop that cannot do some of it answers the suites' questions, or extends them one by one.
public abstract class IoSuites {
  /// For subclasses.
  protected IoSuites() {}

  /// Makes a loop of the kind that is tested; the suites close it.
  protected abstract EventLoop newLoop();

  /// See [IoSuite#canWatch].
  protected boolean canWatch() {
    return true;
  }

  /// See [IoSuite#canServeOneFamily].
  protected boolean canServeOneFamily() {
    return true;
  }

  /// See [BufferedProtocolSuite].
  @Nested
  public class BufferedProtocol extends BufferedProtocolSuite {
    /// For JUnit.
    public BufferedProtocol() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [ClientConnectSuite].
  @Nested
  public class ClientConnect extends ClientConnectSuite {
    /// For JUnit.
    public ClientConnect() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [DatagramSuite].
  @Nested
  public class Datagram extends DatagramSuite {
    /// For JUnit.
    public Datagram() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [DatagramTransportSuite].
  @Nested
  public class DatagramTransport extends DatagramTransportSuite {
    /// For JUnit.
    public DatagramTransport() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [IoFailureSuite].
  @Nested
  public class IoFailure extends IoFailureSuite {
    /// For JUnit.
    public IoFailure() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [PipeSuite].
  @Nested
  public class Pipe extends PipeSuite {
    /// For JUnit.
    public Pipe() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [PipeTransportSuite].
  @Nested
  public class PipeTransport extends PipeTransportSuite {
    /// For JUnit.
    public PipeTransport() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [ReaderWriterSuite].
  @Nested
  public class ReaderWriter extends ReaderWriterSuite {
    /// For JUnit.
    public ReaderWriter() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }

    @Override
    protected boolean canWatch() {
      return IoSuites.this.canWatch();
    }
  }

  /// See [ResolverSuite].
  @Nested
  public class Resolver extends ResolverSuite {
    /// For JUnit.
    public Resolver() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [SendFileSuite].
  @Nested
  public class SendFile extends SendFileSuite {
    /// For JUnit.
    public SendFile() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [ServerSuite].
  @Nested
  public class Server extends ServerSuite {
    /// For JUnit.
    public Server() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }

    @Override
    protected boolean canServeOneFamily() {
      return IoSuites.this.canServeOneFamily();
    }
  }

  /// See [SocketsDatagramSuite].
  @Nested
  public class SocketsDatagram extends SocketsDatagramSuite {
    /// For JUnit.
    public SocketsDatagram() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [SocketsSuite].
  @Nested
  public class Sockets extends SocketsSuite {
    /// For JUnit.
    public Sockets() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [StartTlsSuite].
  @Nested
  public class StartTls extends StartTlsSuite {
    /// For JUnit.
    public StartTls() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [StreamConnectionSuite].
  @Nested
  public class StreamConnection extends StreamConnectionSuite {
    /// For JUnit.
    public StreamConnection() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [StreamParsingSuite].
  @Nested
  public class StreamParsing extends StreamParsingSuite {
    /// For JUnit.
    public StreamParsing() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [StreamReaderSuite].
  @Nested
  public class StreamReader extends StreamReaderSuite {
    /// For JUnit.
    public StreamReader() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [StreamShapesSuite].
  @Nested
  public class StreamShapes extends StreamShapesSuite {
    /// For JUnit.
    public StreamShapes() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [ClientHandlerSuite].
  @Nested
  public class ClientHandler extends ClientHandlerSuite {
    /// For JUnit.
    public ClientHandler() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [StreamWriterSuite].
  @Nested
  public class StreamWriter extends StreamWriterSuite {
    /// For JUnit.
    public StreamWriter() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [SubprocessSuite].
  @Nested
  public class Subprocess extends SubprocessSuite {
    /// For JUnit.
    public Subprocess() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [SubprocessTransportSuite].
  @Nested
  public class SubprocessTransport extends SubprocessTransportSuite {
    /// For JUnit.
    public SubprocessTransport() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [TlsEndSuite].
  @Nested
  public class TlsEnd extends TlsEndSuite {
    /// For JUnit.
    public TlsEnd() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [TlsSuite].
  @Nested
  public class Tls extends TlsSuite {
    /// For JUnit.
    public Tls() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [TransportCloseSuite].
  @Nested
  public class TransportClose extends TransportCloseSuite {
    /// For JUnit.
    public TransportClose() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [TransportSuite].
  @Nested
  public class Transport extends TransportSuite {
    /// For JUnit.
    public Transport() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }

  /// See [UnixSuite].
  @Nested
  public class Unix extends UnixSuite {
    /// For JUnit.
    public Unix() {}

    @Override
    protected EventLoop newLoop() {
      return IoSuites.this.newLoop();
    }
  }
}
