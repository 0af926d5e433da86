package weft.linux;

import static weft.Weft.createTask;
import static weft.Weft.sleep;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import weft.CancelledError;
import weft.EventLoop;
import weft.Handle;
import weft.Task;
import weft.Weft;
import weft.io.BaseTransport;
import weft.io.BufferedProtocol;
import weft.io.DatagramProtocol;
import weft.io.DatagramTransport;
import weft.io.Net;
import weft.io.Protocol;
import weft.io.Server;
import weft.io.ServerOptions;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Streams;
import weft.io.Transport;
import weft.io.WaterMarks;
import weft.spi.Chunk;
import weft.spi.Completion;
import weft.spi.Driver;
import weft.spi.ListenChannel;
import weft.spi.ListenOptions;
import weft.spi.PacketChannel;
import weft.spi.PacketListener;
import weft.spi.PacketOptions;
import weft.spi.Pending;
import weft.spi.StreamChannel;
import weft.spi.StreamListener;
import weft.spi.Transfer;
import weft.spi.Watch;

/// Does with the public API whatever comes to its mind, legal or not, before and after the loop is
/// closed. Exceptions are all right if they say what was wrong; the process has to live on.
///
/// A rude one does the same from a second thread at the same time, which nobody may: then
/// everything may go wrong but the process.
final class Monkey {
  private static final int THINGS_MAX = 60;

  private final EventLoop loop;
  private final Random random;
  private final Path folder;
  private final boolean rude;
  private final List<Object> things = new CopyOnWriteArrayList<>();
  private final List<AutoCloseable> opened = new CopyOnWriteArrayList<>();
  private final AtomicReference<Throwable> surprise = new AtomicReference<>();
  private final Map<String, Integer> refusals = new TreeMap<>();
  private int names;

  private Monkey(String loopName, long seed, Path folder, boolean rude) {
    this.loop = EventLoop.create(loopName);
    this.random = new Random(seed);
    this.folder = folder;
    this.rude = rude;
  }

  /// Arguments: the loop's name, for how many milliseconds, a folder, a seed or 0, whether to be
  /// rude.
  public static void main(String[] args) throws Exception {
    long millis = Long.parseLong(args[1]);
    Path folder = Path.of(args[2]);
    long only = Long.parseLong(args[3]);
    boolean rude = Boolean.parseBoolean(args[4]);
    if (rude) {
      Thread.ofPlatform().daemon().start(() -> exitAfter(millis + 2_000));
    }
    Random seeds = new Random();
    long end = System.nanoTime() + millis * 1_000_000;
    int rounds = 0;
    Map<String, Integer> refusals = new TreeMap<>();
    List<String> before = List.of();
    do {
      long seed = only != 0 ? only : seeds.nextLong();
      Path place = Files.createDirectory(folder.resolve("round" + rounds));
      try {
        Monkey monkey = new Monkey(args[0], seed, place, rude);
        monkey.live();
        monkey.refusals.forEach((what, count) -> refusals.merge(what, count, Integer::sum));
      } catch (Throwable thrown) {
        if (!rude) {
          throw new AssertionError("round " + rounds + " failed; its seed: " + seed, thrown);
        }
      }
      rounds++;
      if (!rude && rounds == 10) {
        before = sockets();
      }
    } while (only == 0 && System.nanoTime() < end);
    List<String> after = sockets();
    if (!rude && rounds > 10 && after.size() > before.size()) {
      throw new AssertionError("descriptors: " + before + ", then " + after);
    }
    System.out.println("survived " + rounds + " rounds, was refused " + refusals);
    Runtime.getRuntime().halt(0);
  }

  private static void exitAfter(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(0); // stuck, which is all right for the rude
  }

  /// Those that have no path.
  private static List<String> sockets() throws IOException {
    List<String> names = new ArrayList<>();
    try (var all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path one : all) {
        try {
          String name = Files.readSymbolicLink(one).toString();
          if (!name.startsWith("/")) {
            names.add(one.getFileName() + " " + name);
          }
        } catch (IOException e) {
          // Closed meanwhile.
        }
      }
    }
    return names;
  }

  private void live() throws Exception {
    loop.setExceptionHandler(
        (where, error) -> {
          Throwable thrown = error.exception();
          if (thrown != null) {
            judge(thrown);
          }
        });
    Thread other = null;
    if (rude) {
      Random others = new Random(~0);
      other =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () -> {
                    for (int i = 0; i < 2000; i++) {
                      act(others);
                    }
                  });
    }
    try {
      loop.runUntilComplete(Weft.async(this::play));
    } catch (IllegalStateException | CancelledError e) {
      judge(e); // the driver was closed
    }
    if (other != null) {
      other.join(100);
    }
    loop.close();
    for (int i = 0; i < 200; i++) {
      act(random);
    }
    Thread.ofPlatform().start(() -> act(random)).join();
    for (AutoCloseable own : opened) {
      own.close();
    }
    Throwable thrown = surprise.get();
    if (thrown != null && !rude) {
      throw new AssertionError("nobody should be told this", thrown);
    }
  }

  private void play() {
    int steps = 20 + random.nextInt(300);
    for (int step = 0; step < steps; step++) {
      if (things.size() < THINGS_MAX) {
        createTask(() -> attempt(() -> make(random)));
      }
      act(random);
      if (random.nextInt(3) == 0) {
        sleep(Duration.ofNanos(random.nextInt(4) * 200_000L));
      }
    }
    if (random.nextInt(8) == 0) {
      loop.driver().close();
    }
  }

  private interface Deed {
    void run() throws Exception;
  }

  private void attempt(Deed deed) {
    try {
      deed.run();
    } catch (Throwable thrown) {
      judge(thrown);
    }
  }

  private void judge(Throwable thrown) {
    boolean expected =
        switch (thrown) {
          case CancelledError e -> true;
          case IOException e -> true;
          case UncheckedIOException e -> true;
          case IllegalStateException e -> true;
          case IllegalArgumentException e -> true;
          case UnsupportedOperationException e -> true;
          case OnPurpose e -> true;
          default -> false;
        };
    if (expected) {
      synchronized (refusals) {
        refusals.merge(thrown.getClass().getSimpleName(), 1, Integer::sum);
      }
    } else {
      surprise.compareAndSet(null, thrown);
    }
  }

  /* ---- Making things ---- */

  private static final InetSocketAddress ANYWHERE =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private Path name() {
    return folder.resolve("s" + names++);
  }

  private void make(Random random) throws Exception {
    switch (random.nextInt(13)) {
      case 0 -> things.add(Net.startServer(this::serve, "127.0.0.1", 0));
      case 1 -> things.add(Net.createUnixServer(Fickle::new, name(), ServerOptions.defaults()));
      case 2 -> things.add(Net.startUnixServer(this::serve, name()));
      case 3, 4, 5 -> connect(random);
      case 6 -> {
        var made = Net.createDatagramEndpoint(Deaf::new, ANYWHERE, null);
        things.add(made.transport());
        var toIt = (InetSocketAddress) made.transport().extraInfo(weft.io.ExtraInfo.SOCKNAME);
        things.add(Net.createDatagramEndpoint(Deaf::new, null, toIt).transport());
      }
      case 7 -> {
        Pipe pipe = pipe();
        things.add(Net.connectReadPipe(Fickle::new, pipe.source()).transport());
        things.add(Net.connectWritePipe(Fickle::new, pipe.sink()).transport());
      }
      case 8 -> {
        Pipe pipe = pipe();
        things.add(pipe);
        things.add(loop.addReader(pipe.source(), () -> act(random)));
        things.add(loop.addWriter(pipe.sink(), () -> {}));
      }
      case 9 -> {
        Pipe pipe = pipe();
        things.add(pipe);
        things.add(loop.driver().watch(pipe.sink(), ready -> act(random)));
      }
      case 10 -> channels(loop.driver());
      case 11 ->
          things.add(
              loop.driver()
                  .openPackets(ANYWHERE, null, new PacketOptions(null, false, false, false)));
      default -> things.add(file());
    }
  }

  private Pipe pipe() throws IOException {
    Pipe pipe = Pipe.open();
    opened.add(pipe.source());
    opened.add(pipe.sink());
    return pipe;
  }

  private FileChannel file() throws IOException {
    FileChannel file = FileChannel.open(Files.write(name(), new byte[300_000]));
    opened.add(file);
    return file;
  }

  private void connect(Random random) throws IOException {
    for (Object thing : things) {
      if (thing instanceof Server server && server.isServing() && random.nextInt(3) == 0) {
        SocketAddress to = server.addresses().getFirst();
        if (to instanceof UnixDomainSocketAddress unix) {
          keep(Net.openUnixConnection(unix.getPath()));
        } else if (random.nextBoolean()) {
          keep(Net.openConnection("127.0.0.1", server.port()));
        } else {
          things.add(Net.createConnection(Filling::new, "127.0.0.1", server.port()).transport());
        }
        return;
      }
    }
  }

  private void keep(Streams streams) {
    things.add(streams.reader());
    things.add(streams.writer());
  }

  private void serve(StreamReader reader, StreamWriter writer) throws IOException {
    things.add(reader);
    things.add(writer);
    for (byte[] data; (data = reader.read(50_000)).length > 0; ) {
      act(random);
      writer.write(data);
    }
  }

  private void channels(Driver driver) throws IOException {
    ListenChannel listener = driver.listen(ANYWHERE, new ListenOptions(10, true, false));
    things.add(listener);
    Completion<StreamChannel> made =
        new Completion<>() {
          @Override
          public void completed(StreamChannel channel) {
            things.add(channel);
            act(random);
          }

          @Override
          public void failed(IOException failure) {}
        };
    listener.start(made);
    things.add(driver.connect(listener.localAddress(), null, made));
  }

  /* ---- Using and misusing them ---- */

  private void act(Random random) {
    if (things.isEmpty()) {
      return;
    }
    attempt(
        () -> {
          Object thing = things.get(random.nextInt(things.size()));
          use(thing, random);
          if (random.nextInt(40) == 0) {
            things.remove(thing);
          }
        });
  }

  private void use(Object thing, Random random) throws Exception {
    switch (thing) {
      case Transport transport -> useTransport(transport, random);
      case DatagramTransport transport -> useDatagrams(transport, random);
      case BaseTransport transport -> useAny(transport, random);
      case StreamWriter writer -> useWriter(writer, random);
      case StreamReader reader -> things.add(createTask(() -> attempt(() -> use(reader))));
      case Server server -> useServer(server, random);
      case StreamChannel channel -> useChannel(channel, random);
      case ListenChannel channel -> useListener(channel, random);
      case PacketChannel channel -> usePackets(channel, random);
      case Chunk chunk -> useChunk(chunk, random);
      case Watch watch -> useWatch(watch, random);
      case Pipe pipe -> usePipe(pipe, random);
      case Transfer transfer -> transfer.cancel();
      case Pending pending -> pending.cancel();
      case Handle handle -> handle.cancel();
      case Task<?> task -> task.cancel();
      case FileChannel file -> close(file, random);
      default -> throw new AssertionError(thing.getClass());
    }
    if (random.nextInt(60) == 0) {
      useDriver(loop.driver(), random);
    }
  }

  private static ByteBuffer bytes(Random random) {
    int size = random.nextInt(1 << (1 + random.nextInt(18)));
    return random.nextBoolean() ? ByteBuffer.allocate(size) : ByteBuffer.allocateDirect(size);
  }

  private void useDriver(Driver driver, Random random) {
    switch (random.nextInt(3)) {
      case 0 -> driver.poll(0); // within its own dispatch
      case 1 -> driver.dispatch();
      default -> Thread.ofPlatform().start(driver::wakeup);
    }
  }

  private void useTransport(Transport transport, Random random) throws IOException {
    switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> transport.write(bytes(random));
      case 4 -> transport.pauseReading();
      case 5 -> transport.resumeReading();
      case 6 -> transport.writeEof();
      case 7 -> transport.abort();
      case 8 -> transport.setWriteBufferLimits(new WaterMarks(random.nextInt(1000), 500));
      case 9 -> transport.setOption(StandardSocketOptions.SO_SNDBUF, random.nextInt() >> 8);
      case 10 -> transport.getOption(StandardSocketOptions.SO_LINGER);
      default -> useAny(transport, random);
    }
  }

  private void useAny(BaseTransport transport, Random random) {
    switch (random.nextInt(3)) {
      case 0 -> transport.close();
      case 1 -> transport.setProtocol(random.nextBoolean() ? new Fickle() : new Filling());
      default -> transport.isClosing();
    }
  }

  private void useDatagrams(DatagramTransport transport, Random random) {
    SocketAddress target =
        switch (random.nextInt(4)) {
          case 0 -> null;
          case 1 -> InetSocketAddress.createUnresolved("nowhere.invalid", 1);
          case 2 -> UnixDomainSocketAddress.of(folder.resolve("nobody"));
          default -> transport.extraInfo(weft.io.ExtraInfo.SOCKNAME);
        };
    switch (random.nextInt(8)) {
      case 0 -> transport.close();
      case 1 -> transport.abort();
      default -> transport.sendTo(bytes(random), target);
    }
  }

  private void useWriter(StreamWriter writer, Random random) throws IOException {
    switch (random.nextInt(10)) {
      case 0 -> writer.close();
      case 1 -> writer.abort();
      case 2 -> writer.writeEof();
      case 3 -> things.add(createTask(() -> attempt(writer::waitClosed)));
      case 4 -> useTransport(writer.transport(), random);
      case 5 ->
          things.add(
              createTask(
                  () ->
                      attempt(
                          () -> {
                            try (FileChannel file = file()) {
                              Net.sendFile(writer, file);
                            }
                          })));
      default -> things.add(createTask(() -> attempt(() -> writer.write(bytes(random)))));
    }
  }

  private void use(StreamReader reader) throws IOException {
    switch (random.nextInt(5)) {
      case 0 -> reader.readLine();
      case 1 -> reader.readChunk();
      case 2 -> reader.readExactly(100_000);
      case 3 -> reader.feedData(new byte[10]);
      default -> reader.read(1000);
    }
  }

  private void useServer(Server server, Random random) {
    switch (random.nextInt(6)) {
      case 0 -> server.close();
      case 1 -> server.closeClients();
      case 2 -> server.abortClients();
      case 3 -> server.startServing();
      case 4 -> things.add(createTask(() -> attempt(server::waitClosed)));
      default -> server.connections();
    }
  }

  private void useChannel(StreamChannel channel, Random random) throws IOException {
    switch (random.nextInt(12)) {
      case 0 -> channel.listener(new Hoarder());
      case 1, 2 -> channel.resumeReading();
      case 3 -> channel.pauseReading();
      case 4, 5, 6 -> channel.write(bytes(random));
      case 7 -> channel.shutdownOutput();
      case 8 -> channel.whenBacklogAtMost(random.nextInt(10) - 5);
      case 9 -> things.add(channel.sendFile(file(), -1 + random.nextInt(9), 90_000, () -> {}));
      case 10 -> channel.close();
      default -> channel.abort();
    }
  }

  private void useListener(ListenChannel channel, Random random) {
    switch (random.nextInt(4)) {
      case 0 -> channel.pause();
      case 1 -> channel.close();
      default -> channel.resume();
    }
  }

  private void usePackets(PacketChannel channel, Random random) {
    switch (random.nextInt(6)) {
      case 0 -> channel.listener(new Ears());
      case 1 -> channel.resumeReading();
      case 2 -> channel.pauseReading();
      case 3 -> channel.close();
      case 4 -> channel.whenBacklogAtMost(random.nextInt(9) - 5);
      default -> channel.send(bytes(random), channel.localAddress());
    }
  }

  private void useChunk(Chunk chunk, Random random) {
    switch (random.nextInt(4)) {
      case 0 -> chunk.keep();
      case 1 -> chunk.data().get(0);
      default -> chunk.release();
    }
  }

  private void useWatch(Watch watch, Random random) {
    if (random.nextInt(3) == 0) {
      watch.close();
    } else {
      watch.operations(random.nextInt(32));
    }
  }

  private void usePipe(Pipe pipe, Random random) throws IOException {
    switch (random.nextInt(5)) {
      case 0 -> pipe.source().close();
      case 1 -> loop.removeReader(pipe.source());
      case 2 -> loop.removeWriter(pipe.sink());
      case 3 -> loop.addReader(pipe.source(), () -> {});
      default -> {
        if (pipe.sink().isOpen() && !pipe.sink().isBlocking()) {
          pipe.sink().write(ByteBuffer.allocate(10));
        }
      }
    }
  }

  private void close(FileChannel file, Random random) throws IOException {
    if (random.nextInt(3) == 0) {
      file.close();
    }
  }

  /* ---- Who is told ---- */

  private static final class OnPurpose extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /// Acts when it is told something, and sometimes throws.
  private class Fickle implements Protocol {
    @Override
    public void connectionMade(BaseTransport transport) {
      things.add(transport);
    }

    @Override
    public void dataReceived(ByteBuffer data) {
      act(random);
      if (random.nextInt(30) == 0) {
        throw new OnPurpose();
      }
    }

    @Override
    public void connectionLost(Throwable why) {
      act(random);
    }
  }

  private class Filling implements BufferedProtocol {
    private final ByteBuffer buffer = ByteBuffer.allocate(1000);

    @Override
    public ByteBuffer getBuffer(int sizeHint) {
      act(random);
      return buffer.limit(random.nextInt(1001)).position(0);
    }

    @Override
    public void bufferUpdated(int bytes) {
      act(random);
    }
  }

  private class Deaf implements DatagramProtocol {
    @Override
    public void datagramReceived(ByteBuffer data, SocketAddress sender) {
      act(random);
    }
  }

  private class Ears implements PacketListener {
    @Override
    public void received(ByteBuffer data, SocketAddress sender) {
      act(random);
    }

    @Override
    public void drained() {
      act(random);
    }

    @Override
    public void failed(IOException failure) {
      act(random);
    }
  }

  private class Hoarder implements StreamListener {
    @Override
    public void received(Chunk chunk) {
      if (random.nextInt(3) == 0) {
        chunk.keep();
      }
      things.add(chunk);
      act(random);
    }

    @Override
    public void ended() {
      act(random);
    }

    @Override
    public void drained() {
      act(random);
    }

    @Override
    public void failed(IOException failure) {
      act(random);
    }
  }
}
