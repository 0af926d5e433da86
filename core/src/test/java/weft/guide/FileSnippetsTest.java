package weft.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static weft.Weft.await;
import static weft.Weft.createTask;
import static weft.Weft.run;
import static weft.Weft.timeout;
import static weft.io.Net.openConnection;
import static weft.io.Net.sendFile;

import java.io.IOException;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import weft.Task;
import weft.Weft;
import weft.io.AsyncFile;
import weft.io.Sockets;
import weft.io.Stdio;
import weft.io.StreamReader;
import weft.io.StreamWriter;
import weft.io.Subprocess;
import weft.io.SubprocessOptions;

class FileSnippetsTest {
  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the snippet starts programs of Unix")
  void aProcess() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="communicate"
                      var pipes = SubprocessOptions.piped();
                      try (var sort = Subprocess.exec(List.of("sort"), pipes)) {
                        var output = sort.communicate("pear\napple\n");
                        IO.println(output.text()); // apple, pear
                        IO.println(sort.returnCode()); // 0
                      }
                      // @end region="communicate"
                    }));
    assertEquals(List.of("apple", "pear", "", "0"), printed);
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the snippet starts programs of Unix")
  void aProcessAsStreams() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="process-lines"
                      var options = SubprocessOptions.defaults().stdout(Stdio.PIPE);
                      try (var counter =
                          Subprocess.shell("for i in 1 2 3; do echo $i; done", options)) {
                        for (String line : counter.stdout()) {
                          IO.println(line); // 1, 2, 3, as they come
                        }
                        IO.println("status " + counter.waitExit());
                      } // kills it, if it still runs
                      // @end region="process-lines"
                    }));
    assertEquals(List.of("1", "2", "3", "status 0"), printed);
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the snippet starts programs of Unix")
  void aProcessIsKilled() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="process-timeout"
                      try (var sleeper = Subprocess.exec("sleep", "60")) {
                        timeout(Duration.ofMillis(20), sleeper::waitExit);
                      } catch (TimeoutException e) {
                        IO.println("killed");
                      }
                      // @end region="process-timeout"
                    }));
    assertEquals(List.of("killed"), printed);
  }

  @Test
  void files(@TempDir Path directory) throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="files"
                      Path path = directory.resolve("notes.txt");
                      AsyncFile.writeString(path, "one\ntwo\n"); // on another thread
                      for (String line : AsyncFile.lines(path)) {
                        IO.println(line);
                      }
                      try (var file = AsyncFile.open(path)) {
                        IO.println(file.read(3, 4).length); // 3 bytes from position 4 on
                      }
                      // @end region="files"
                    }));
    assertEquals(List.of("one", "two", "3"), printed);
  }

  // @start region="send-file"
  void sendNotes(StreamReader reader, StreamWriter writer, Path path) throws IOException {
    try (var file = FileChannel.open(path)) {
      writer.write(file.size() + "\n");
      sendFile(writer, file); // behind what was written before
    }
  }

  // @end region="send-file"

  @Test
  void sendingFiles(@TempDir Path directory) throws Exception {
    Path path = Files.writeString(directory.resolve("notes.txt"), "some notes");
    List<String> printed =
        Served.by(
            (reader, writer) -> sendNotes(reader, writer, path),
            port -> {
              try (var connection = openConnection(Served.HOST, port)) {
                for (String line : connection.reader()) {
                  IO.println(line);
                }
              }
            });
    assertEquals(List.of("10", "some notes"), printed);
  }

  @Test
  void blockingSockets() throws Exception {
    assumeTrue(Weft.engine().equals("direct"));
    List<String> printed =
        Served.by(
            new EchoSnippetsTest()::echo,
            port -> {
              // @start region="blocking-socket"
              Task<Integer> old =
                  createTask(
                      () -> {
                        try (var socket = new Socket("127.0.0.1", port)) { // java.net.Socket
                          socket.getOutputStream().write(42);
                          return socket.getInputStream().read(); // suspends this coroutine only
                        }
                      });
              IO.println(await(old)); // 42: the server runs on this very thread
              // @end region="blocking-socket"
            });
    assertEquals(List.of("42"), printed);
  }

  @Test
  void socketsByHand() throws Exception {
    List<String> printed =
        Printed.by(
            () ->
                run(
                    () -> {
                      // @start region="sockets"
                      try (var listener = ServerSocketChannel.open().bind(null);
                          var client = SocketChannel.open()) {
                        Task<SocketChannel> accepted = createTask(() -> Sockets.accept(listener));
                        Sockets.connect(client, listener.getLocalAddress());
                        Sockets.sendAll(client, new byte[] {1, 2, 3});
                        try (var peer = await(accepted)) {
                          IO.println(Sockets.recv(peer, 100).length); // 3
                        }
                      }
                      // @end region="sockets"
                    }));
    assertEquals(List.of("3"), printed);
  }
}
