/// Blocking code on the loop: an old library that knows nothing of coroutines, with a driver that
/// blocks on sockets, a pool that blocks on a queue and a cache behind a lock, like JDBC's.
///
/// On the direct engine a call that blocks suspends only its coroutine: twelve queries run on one
/// thread, and a ticker goes on beside them. On the portable engine such a call would stop the
/// whole loop, as it does in asyncio; there `toThread` moves it to another thread.

import module weft;
import static weft.Weft.*;

/* ---- The old library ---- */

/// A connection to the database: one question, one answer, and the caller is blocked meanwhile. It
/// is opened when it is needed, and again after a failure.
class Connection implements AutoCloseable {
  private final int port;
  private Socket socket;
  private BufferedReader in;
  private PrintWriter out;

  Connection(int port) {
    this.port = port;
  }

  String query(String text) throws IOException {
    if (socket == null) {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
      out = new PrintWriter(socket.getOutputStream(), true);
    }
    String answer = null;
    try {
      out.println(text);
      answer = in.readLine(); // blocks
    } finally {
      if (answer == null) {
        close(); // a thread that is interrupted here, as by a cancellation, has closed it already
      }
    }
    if (answer == null) {
      throw new EOFException("the database has closed the connection");
    }
    return answer;
  }

  @Override
  public void close() throws IOException {
    if (socket != null) {
      socket.close();
      socket = null;
    }
  }
}

/// Connections for those who need one; who comes too late is blocked until one is free.
class Pool implements AutoCloseable {
  private final BlockingQueue<Connection> free = new LinkedBlockingQueue<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final int size;
  private int queries;

  Pool(int port, int size) {
    this.size = size;
    for (int i = 0; i < size; i++) {
      free.add(new Connection(port));
    }
  }

  String query(String text) throws IOException, InterruptedException {
    Connection connection = free.take(); // blocks
    try {
      return connection.query(text);
    } finally {
      free.put(connection);
      lock.lock(); // may block
      try {
        queries++;
      } finally {
        lock.unlock();
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (Connection connection : free) {
      connection.close();
    }
    IO.println(queries + " queries over " + size + " connections");
  }
}

/* ---- The program ---- */

final boolean direct = engine().equals("direct");
int ticks = 0;

String query(Pool pool, String text) throws Exception {
  return direct ? pool.query(text) : await(toThread(() -> pool.query(text)), IOException.class);
}

void tick() {
  while (true) {
    sleep(Duration.ofMillis(10));
    ticks++;
  }
}

void main() throws Exception {
  IO.println(
      direct ? "blocking calls suspend only their coroutine" : "blocking calls need threads");
  try (var database = startDatabase();
      var pool = new Pool(database.getLocalPort(), 3)) {
    run(
        () -> {
          var ticker = createTask(this::tick);
          var answers = new ArrayList<Task<String>>();
          for (int i = 1; i <= 12; i++) {
            String text = "select " + i;
            answers.add(createTask(() -> query(pool, text)));
          }
          IO.println(await(gather(answers)));
          ticker.cancel();

          // Cancellation reaches blocked code, too, as an interrupt.
          if (direct) {
            Task<Void> blocked = createTask(() -> Thread.sleep(Duration.ofHours(1)));
            sleep(Duration.ofMillis(20));
            blocked.cancel();
            waitAll(List.of(blocked));
            IO.println("Thread.sleep was " + (blocked.cancelled() ? "cancelled" : "not cancelled"));
          }
        });
  }
  IO.println("the ticker went on: " + (ticks > 5 ? "yes" : "no, only " + ticks + " times"));
}

/// A slow database: each answer takes 50 ms. Its threads stand for another machine.
ServerSocket startDatabase() throws IOException {
  var server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  Thread.ofPlatform()
      .daemon()
      .start(
          () -> {
            try {
              while (true) {
                Socket socket = server.accept();
                Thread.ofPlatform().daemon().start(() -> serve(socket));
              }
            } catch (IOException closed) {
              // the program has ended
            }
          });
  return server;
}

void serve(Socket socket) {
  try (socket) {
    var in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
    var out = new PrintWriter(socket.getOutputStream(), true);
    for (String line; (line = in.readLine()) != null; ) {
      Thread.sleep(50);
      out.println(line.replace("select", "row"));
    }
  } catch (IOException | InterruptedException closed) {
    // the program has ended
  }
}
