package weft.peers;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerDomainSocketChannel;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.Version;
import java.io.File;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Netty as a server of the benchmarks: `NettyPeer nio|epoll|io_uring WORK WIRE WHERE`, WORK
/// `protocol`, `openssl` (the same, for TLS) or `http`, WIRE `tcp`, `tls` (the JDK's unless
/// `openssl`) or `unix`, WHERE a port or a path.
///
/// One event loop for everything, Netty's defaults but for `TCP_NODELAY`. Prints `READY`, where it
/// listens, and the version and the event loop that really runs.
public final class NettyPeer {
  private static final int BACKLOG = 1024;

  private NettyPeer() {}

  public static void main(String[] args) throws Exception {
    var transport = args[0];
    var work = args[1];
    var wire = args[2];
    var where = args[3];
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, handler(transport));
    boolean unix = wire.equals("unix");
    var bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(channel(transport, unix))
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .childHandler(
                work.equals("http") ? new Web() : new Plain(wire.equals("tls") ? tls(work) : null));
    if (!unix) {
      bootstrap.childOption(ChannelOption.TCP_NODELAY, true);
    }
    Channel server = bootstrap.bind(address(transport, unix, where)).sync().channel();
    var place =
        unix ? where : Integer.toString(((InetSocketAddress) server.localAddress()).getPort());
    System.out.printf(
        "READY %s Netty %s, %s, %s%s%n",
        place,
        Version.identify().get("netty-transport").artifactVersion(),
        transport,
        server.getClass().getSimpleName(),
        work.equals("openssl") ? ", " + OpenSsl.versionString() : "");
  }

  private static IoHandlerFactory handler(String transport) {
    return switch (transport) {
      case "nio" -> NioIoHandler.newFactory();
      case "epoll" -> EpollIoHandler.newFactory();
      case "io_uring" -> IoUringIoHandler.newFactory();
      default -> throw new IllegalArgumentException(transport);
    };
  }

  private static Class<? extends ServerChannel> channel(String transport, boolean unix) {
    return switch (transport) {
      case "nio" -> unix ? NioServerDomainSocketChannel.class : NioServerSocketChannel.class;
      case "epoll" -> unix ? EpollServerDomainSocketChannel.class : EpollServerSocketChannel.class;
      default -> unix ? IoUringServerDomainSocketChannel.class : IoUringServerSocketChannel.class;
    };
  }

  private static SocketAddress address(String transport, boolean unix, String where) {
    if (!unix) {
      return new InetSocketAddress("127.0.0.1", Integer.parseInt(where));
    }
    return transport.equals("nio")
        ? UnixDomainSocketAddress.of(Path.of(where))
        : new DomainSocketAddress(where);
  }

  private static SslContext tls(String work) throws Exception {
    return SslContextBuilder.forServer(
            new File(System.getenv("BENCH_CERT")), new File(System.getenv("BENCH_KEY")))
        .sslProvider(work.equals("openssl") ? SslProvider.OPENSSL : SslProvider.JDK)
        .build();
  }

  private static final class Plain extends ChannelInitializer<Channel> {
    private final SslContext tls;
    private final Echo echo = new Echo();

    Plain(SslContext tls) {
      this.tls = tls;
    }

    @Override
    protected void initChannel(Channel channel) {
      if (tls != null) {
        channel.pipeline().addLast(tls.newHandler(channel.alloc()));
      }
      channel.pipeline().addLast(echo);
    }
  }

  /// Stops reading while the peer does not read.
  @Sharable
  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      context.write(message, context.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      context.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      context.channel().config().setAutoRead(context.channel().isWritable());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }

  private static final class Web extends ChannelInitializer<Channel> {
    private final Hello hello = new Hello();

    @Override
    protected void initChannel(Channel channel) {
      channel.pipeline().addLast(new HttpServerCodec(), new HttpServerKeepAliveHandler(), hello);
    }
  }

  @Sharable
  private static final class Hello extends ChannelInboundHandlerAdapter {
    private static final ByteBuf TEXT =
        Unpooled.unreleasableBuffer(
            Unpooled.copiedBuffer("Hello, World!", StandardCharsets.US_ASCII));

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof HttpRequest request) {
        if (request.uri().equals("/")) {
          sendHello(context);
        } else {
          sendFile(context, new File(System.getenv("BENCH_FILES"), request.uri().substring(1)));
        }
      }
      if (message != LastHttpContent.EMPTY_LAST_CONTENT) {
        ReferenceCountUtil.release(message);
      }
    }

    private static void sendHello(ChannelHandlerContext context) {
      var response =
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1, HttpResponseStatus.OK, TEXT.duplicate());
      response.headers().set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN);
      response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, TEXT.readableBytes());
      context.write(response);
    }

    private static void sendFile(ChannelHandlerContext context, File file) {
      var response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
      response.headers().set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN);
      response.headers().set(HttpHeaderNames.CONTENT_LENGTH, file.length());
      context.write(response);
      context.write(new DefaultFileRegion(file, 0, file.length()));
      context.write(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }
}
