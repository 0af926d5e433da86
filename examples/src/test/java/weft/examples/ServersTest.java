package weft.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The small servers, with plain sockets as clients.
@Tag("slow")
class ServersTest {
  private static final int SECONDS_MAX = 30;

  private static Socket connect(int port) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(SECONDS_MAX * 1000);
    return socket;
  }

  private static byte[] bytes(int count) {
    byte[] data = new byte[count];
    new Random(count).nextBytes(data);
    return data;
  }

  /// Sends bytes, says that this was all, and reads the answer to its end.
  private static byte[] exchange(int port, byte[] data) throws Exception {
    try (Socket socket = connect(port)) {
      Thread sender =
          Thread.startVirtualThread(
              () -> {
                try {
                  socket.getOutputStream().write(data);
                  socket.shutdownOutput();
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      byte[] answer = socket.getInputStream().readAllBytes();
      sender.join();
      return answer;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"direct", "portable"})
  void echoSendsBackWhatItGets(String engine) throws Exception {
    try (Program server = Program.start(engine, "EchoServer", "0")) {
      int port = server.port();
      byte[] data = bytes(3_000_000);
      assertArrayEquals(data, exchange(port, data));
      try (Socket rude = connect(port)) {
        rude.setSoLinger(true, 0); // a reset
        rude.getOutputStream().write(1);
      }
      assertArrayEquals(new byte[] {7}, exchange(port, new byte[] {7}));
      server.end();
    }
  }

  @Test
  void proxyPassesOnBothDirectionsAndTheirEnds() throws Exception {
    try (Program echo = Program.serve("EchoServer", "0");
        Program proxy =
            Program.serve("TcpProxy", "127.0.0.1", Integer.toString(echo.port()), "0")) {
      byte[] data = bytes(3_000_000);
      assertArrayEquals(data, exchange(proxy.port(), data));
      try (Socket rude = connect(proxy.port())) {
        rude.setSoLinger(true, 0);
        rude.getOutputStream().write(1);
      }
      assertArrayEquals(new byte[] {7}, exchange(proxy.port(), new byte[] {7}));
      proxy.end();
      echo.end();
    }
  }

  @Test
  void proxyDropsTheClientWhenTheTargetIsLost() throws Exception {
    try (var target = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Program proxy =
            Program.serve("TcpProxy", "127.0.0.1", Integer.toString(target.getLocalPort()), "0");
        Socket client = connect(proxy.port())) {
      Socket accepted = target.accept();
      client.getOutputStream().write(1);
      assertEquals(1, accepted.getInputStream().read());
      accepted.setSoLinger(true, 0);
      accepted.close();
      assertEquals(-1, readOrReset(client));
      target.close();
      try (Socket late = connect(proxy.port())) {
        assertEquals(-1, readOrReset(late));
      }
    }
  }

  private static int readOrReset(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read();
    } catch (SocketException reset) {
      return -1;
    }
  }

  /// Somebody in the chat.
  private static final class Guest implements AutoCloseable {
    final Socket socket;
    final BufferedReader reader;

    Guest(int port, String name) throws IOException {
      socket = connect(port);
      reader =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      assertEquals("Who are you?", reader.readLine());
      say(name);
    }

    void say(String line) throws IOException {
      socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void chatTellsEverybodyAndDropsWhoDoesNotListen() throws Exception {
    try (Program server = Program.serve("ChatServer", "0");
        Guest ada = new Guest(server.port(), "Ada")) {
      assertEquals("* Ada has come; here are Ada", ada.reader.readLine());
      Guest deaf = new Guest(server.port(), "Deaf");
      assertEquals("* Deaf has come; here are Ada, Deaf", ada.reader.readLine());
      try (Guest bob = new Guest(server.port(), "Bob")) {
        assertEquals("* Bob has come; here are Ada, Deaf, Bob", ada.reader.readLine());
        assertEquals("* Bob has come; here are Ada, Deaf, Bob", bob.reader.readLine());
        ada.say("hello");
        assertEquals("Ada: hello", bob.reader.readLine());
        bob.say("grüß dich");
        assertEquals("Bob: grüß dich", ada.reader.readLine());
        String essay = "x".repeat(50_000);
        String line;
        do { // the deaf one's buffers fill up, then its queue
          bob.say(essay);
          line = ada.reader.readLine();
          assertTrue(line.equals("Bob: " + essay) || line.equals("* Deaf has left"), line);
        } while (!line.equals("* Deaf has left"));
        server.line(Pattern.compile("Deaf is too slow: dropped"));
        bob.say("still here");
        do {
          line = ada.reader.readLine();
        } while (line.length() > 1000);
        assertEquals("Bob: still here", line);
      }
      assertEquals("* Bob has left", ada.reader.readLine());
      deaf.close();
      ada.say("");
      server.end();
    }
  }

  @Test
  void chatEndsWithoutAName() throws Exception {
    try (Program server = Program.serve("ChatServer", "0");
        Guest nobody = new Guest(server.port(), " ")) {
      assertEquals("Somebody else, then. Good bye.", nobody.reader.readLine());
      assertNull(nobody.reader.readLine());
      server.end();
    }
  }

  @Test
  void clockTellsTheTimeOverUdp() throws Exception {
    try (Program clock = Program.serve("UdpClock", "serve", "0")) {
      Program.Result result = Program.run("UdpClock", "ask", Integer.toString(clock.port()));
      assertTrue(
          result.out().matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:[\\d.]+)?.*\n"),
          result::toString);
      clock.end();
    }
    int unused;
    try (var socket = new java.net.DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
      unused = socket.getLocalPort();
    }
    Program.Result result = Program.run("UdpClock", "ask", Integer.toString(unused));
    assertTrue(result.out().startsWith("nobody answers: "), result::toString);
  }
}
