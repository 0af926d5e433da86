package weft.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static weft.Weft.await;
import static weft.Weft.createTask;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import weft.EventLoop;
import weft.Task;
import weft.io.ExtraInfo;
import weft.io.Net;
import weft.io.Server;
import weft.io.Streams;
import weft.io.TlsOptions;

/// An engine that is not the JDK's: Netty's, which is BoringSSL. The engines are counted, so that
/// each is released once.
class OpenSslTest extends TlsLinks {
  private final List<SslContext> contexts = new ArrayList<>();
  private int made;
  private int released;

  @Override
  protected EventLoop newLoop() {
    return EventLoop.create("selector");
  }

  @BeforeEach
  void openSslMustBeHere() {
    assumeTrue(OpenSsl.isAvailable(), "Netty's OpenSSL is not available here");
  }

  @AfterEach
  void releaseContexts() {
    contexts.forEach(ReferenceCountUtil::release);
    assertEquals(made, released);
  }

  private TlsOptions with(TlsOptions options, SslContextBuilder builder) throws SSLException {
    SslContext context =
        builder
            .sslProvider(SslProvider.OPENSSL_REFCNT)
            .applicationProtocolConfig(
                new ApplicationProtocolConfig(
                    Protocol.ALPN,
                    SelectorFailureBehavior.NO_ADVERTISE,
                    SelectedListenerFailureBehavior.ACCEPT,
                    "h2",
                    "http/1.1"))
            .build();
    contexts.add(context);
    return options.engineFactory(
        (host, port) -> {
          made++;
          return host == null
              ? context.newEngine(ByteBufAllocator.DEFAULT)
              : context.newEngine(ByteBufAllocator.DEFAULT, host, port);
        },
        this::release);
  }

  private void release(SSLEngine engine) {
    released++;
    ReferenceCountUtil.release(engine);
  }

  private TlsOptions server(boolean foreign) throws Exception {
    if (!foreign) {
      return Tls.server().alpn("h2", "http/1.1");
    }
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(Tls.keys("server"), Tls.PASSWORD);
    return with(TlsOptions.client(), SslContextBuilder.forServer(keys));
  }

  private TlsOptions client(boolean foreign) throws Exception {
    if (!foreign) {
      return Tls.client().alpn("h2", "http/1.1");
    }
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(Tls.authority());
    return with(TlsOptions.client(), SslContextBuilder.forClient().trustManager(trust));
  }

  static Stream<Arguments> sides() {
    return Stream.of("TLSv1.3", "TLSv1.2")
        .flatMap(
            version ->
                Stream.of(
                    arguments(version, true, true),
                    arguments(version, true, false),
                    arguments(version, false, true)));
  }

  @ParameterizedTest
  @MethodSource("sides")
  void bytesGoBothWays(String version, boolean foreignServer, boolean foreignClient) {
    run(
        () -> {
          Server server = echoServer(server(foreignServer));
          Streams client = open(server, client(foreignClient).protocols(version));
          byte[] much = pattern(2 << 20);
          Task<byte[]> hearing = createTask(() -> client.reader().readExactly(much.length));
          client.writer().write(much);
          assertArrayEquals(much, await(hearing));
          for (int i = 0; i < 100; i++) {
            client.writer().write(i + "\n");
            assertEquals("" + i, client.reader().readLine());
          }
          SSLSession session = client.writer().extraInfo(ExtraInfo.TLS_SESSION);
          assertNotNull(session);
          assertEquals(version, session.getProtocol());
          assertEquals("h2", client.writer().extraInfo(ExtraInfo.ALPN));
          end(client);
          end(server);
        });
  }

  @ParameterizedTest
  @MethodSource("sides")
  void whatWasWrittenIsSentBeforeTheEnd(
      String version, boolean foreignServer, boolean foreignClient) {
    run(
        () -> {
          Ends ends = ends(server(foreignServer), client(foreignClient).protocols(version));
          byte[] much = pattern(4 << 20);
          ends.client().write(much);
          ends.client().close();
          await(ends.toServer().lost);
          await(ends.toClient().lost);
          assertArrayEquals(much, ends.toServer().data());
          assertNull(ends.toClient().reason());
          assertNull(ends.toServer().reason());
        });
  }

  @Test
  void anotherNameIsRefused() {
    run(
        () -> {
          Server server = echoServer(server(true));
          refused(SSLException.class, server, client(true).serverHostname("wrong.test"));
          converse(server, client(true).serverHostname("weft.test"));
          end(server);
        });
  }

  @Test
  void anUnknownAuthorityIsRefused() {
    run(
        () -> {
          Server server = echoServer(Tls.server("stranger"));
          refused(SSLException.class, server, client(true));
          end(server);
        });
  }

  @Test
  void garbageIsRefused() {
    run(
        () -> {
          Server server = echoServer(server(true));
          Peer peer = dial(server);
          peer.write("GET / HTTP/1.1\r\n\r\n");
          peer.outcome();
          converse(server, client(true));
          end(server);
        });
  }

  @Test
  void aCancelledHandshakeReleasesTheEngine() {
    run(
        () -> {
          var silent = listen();
          var options = client(true);
          var connecting =
              createTask(() -> Net.openConnection(HOST, silent.getLocalPort(), by(options)));
          Peer peer = accept(silent);
          peer.read(5);
          connecting.cancel();
          settle(List.of(connecting));
          peer.outcome();
        });
  }

  @Test
  void abortReleasesTheEngine() {
    run(
        () -> {
          Ends ends = ends(server(true), client(true));
          ends.client().abort();
          await(ends.toClient().lost);
          await(ends.toServer().lost);
        });
  }

  @Test
  void manyShutDownCleanlyAtTheSameTime() {
    run(
        () -> {
          Server server = echoServer(server(true));
          TlsOptions options = client(true);
          var tasks = new ArrayList<Task<?>>();
          for (int i = 0; i < 25; i++) {
            tasks.add(createTask(() -> converse(server, options)));
          }
          for (Task<?> task : tasks) {
            await(task);
          }
          until(() -> server.connections() == 0);
          end(server);
        });
  }

  @Test
  void aVersionThatTheEngineDoesNotKnowReleasesIt() {
    run(
        () -> {
          Server server = echoServer();
          assertThrows(
              IllegalArgumentException.class,
              () -> converse(server, client(true).protocols("TLSv9")));
          end(server);
        });
  }
}
