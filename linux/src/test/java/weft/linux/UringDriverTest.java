package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import weft.spi.Completion;
import weft.spi.DiskFile;
import weft.spi.Driver;

class UringDriverTest extends LinuxDriverTest {
  @Override
  Driver open() throws IOException {
    return new UringDriver();
  }

  /// What another thread's ring was asked for has failed, and is told of when it is time to tell.
  @Test
  void aFileOperationIsLostWithItsThread() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "text");
    AtomicReference<IOException> failure = new AtomicReference<>();
    Completion<DiskFile> told =
        new Completion<>() {
          @Override
          public void completed(DiskFile opened) {
            failure.set(new IOException("opened"));
          }

          @Override
          public void failed(IOException why) {
            failure.set(why);
          }
        };
    driver.poll(0);
    assertTrue(driver.openFile(file, List.of(), told));
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread other =
        Thread.ofPlatform()
            .uncaughtExceptionHandler((thread, error) -> thrown.set(error))
            .start(
                () -> {
                  driver.poll(Long.MAX_VALUE); // does not wait
                  assertNull(failure.get());
                  driver.dispatch();
                });
    assertTrue(other.join(Duration.ofSeconds(10)), "it waits");
    assertNull(thrown.get());
    assertEquals("another thread runs the loop now", failure.get().getMessage());
  }
}
