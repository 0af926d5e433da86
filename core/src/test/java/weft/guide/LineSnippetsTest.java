package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static weft.io.Net.openConnection;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import weft.io.ConnectOptions;
import weft.io.IncompleteReadException;
import weft.io.LimitOverrunException;
import weft.io.StreamReader;
import weft.io.StreamWriter;

class LineSnippetsTest {
  // @start region="store"
  final Map<String, String> store = new HashMap<>(); // one thread: no lock

  void serveStore(StreamReader reader, StreamWriter writer) throws IOException {
    for (String line; (line = reader.readLine()) != null; ) {
      String[] words = line.split(" ", 3);
      switch (words[0]) {
        case "GET" -> writer.write(store.getOrDefault(words[1], "?") + "\n");
        case "SET" -> {
          store.put(words[1], words[2]);
          writer.write("OK\n");
        }
        default -> writer.write("ERROR\n");
      }
    }
  }

  // @end region="store"

  @Test
  void aLineProtocol() throws Exception {
    List<String> printed =
        Served.by(
            this::serveStore,
            port -> {
              // @start region="store-client"
              try (var connection = openConnection("127.0.0.1", port)) {
                connection.writer().write("SET tea 3\nGET tea\n");
                connection.writer().writeEof(); // no more questions
                for (String answer : connection.reader()) {
                  IO.println(answer); // OK, 3
                }
              }
              // @end region="store-client"
            });
    assertEquals(List.of("OK", "3"), printed);
  }

  @Test
  void aLineThatIsTooLong() throws Exception {
    List<String> printed =
        Served.by(
            (reader, writer) -> writer.write(reader.readExactly(26)),
            port -> {
              // @start region="limit"
              var options = ConnectOptions.defaults().limit(10);
              try (var connection = openConnection("127.0.0.1", port, options)) {
                connection.writer().write("far too long a line\nshort\n");
                try {
                  connection.reader().readLine();
                } catch (LimitOverrunException e) {
                  IO.println("too long"); // and dropped
                }
                IO.println(connection.reader().readLine()); // short
              }
              // @end region="limit"
            });
    assertEquals(List.of("too long", "short"), printed);
  }

  // @start region="frame"
  byte[] readFrame(StreamReader reader) throws IOException {
    int length = ByteBuffer.wrap(reader.readExactly(4)).getInt();
    return reader.readExactly(length);
  }

  void writeFrame(StreamWriter writer, byte[] data) throws IOException {
    writer.write(ByteBuffer.allocate(4).putInt(data.length).flip());
    writer.write(data); // leaves together with the length
  }

  // @end region="frame"

  // @start region="frame-server"
  void serveFrames(StreamReader reader, StreamWriter writer) throws IOException {
    while (true) { // until the client has ended its side
      writeFrame(writer, readFrame(reader));
    }
  }

  // @end region="frame-server"

  @Test
  void frames() throws Exception {
    List<String> printed =
        Served.by(
            (reader, writer) -> writeFrame(writer, readFrame(reader)),
            port -> {
              try (var connection = openConnection(Served.HOST, port)) {
                writeFrame(connection.writer(), new byte[] {1, 2, 3});
                IO.println(readFrame(connection.reader()).length);
                try {
                  readFrame(connection.reader());
                } catch (IncompleteReadException e) {
                  IO.println(e.partial().length + " of " + e.expected());
                }
              }
            });
    assertEquals(List.of("3", "0 of 4"), printed);
  }

  @Test
  void framesToTheEnd() throws Exception {
    List<String> printed =
        Served.by(
            this::serveFrames,
            port -> {
              try (var connection = openConnection(Served.HOST, port)) {
                writeFrame(connection.writer(), new byte[5]);
                writeFrame(connection.writer(), new byte[70_000]);
                connection.writer().writeEof();
                IO.println(readFrame(connection.reader()).length);
                IO.println(readFrame(connection.reader()).length);
                IO.println(connection.reader().read().length);
              }
            });
    assertEquals(List.of("5", "70000", "0"), printed);
  }

  @Test
  void aParser() throws Exception {
    List<String> printed =
        Served.by(
            (reader, writer) -> writer.write(new byte[] {0, 0, 0, 7, 0, 2, 'h', 'i'}),
            port -> {
              try (var connection = openConnection(Served.HOST, port)) {
                StreamReader reader = connection.reader();
                // @start region="parser"
                var in = new DataInputStream(reader.asInputStream());
                int number = in.readInt(); // suspends like any read
                String text = in.readUTF();
                // @end region="parser"
                IO.println(number + " " + text);
              }
            });
    assertEquals(List.of("7 hi"), printed);
  }
}
