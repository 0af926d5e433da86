package weft.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import weft.spi.Completion;
import weft.spi.DiskFile;
import weft.spi.Driver;

class UringDriverTest extends LinuxDriverTest {
  @Override
  Driver open() throws IOException {
    return new UringDriver();
  }

  /// What the kernel was asked for on another thread's ring has failed, and is told of when it is
  /// time to tell. It opens files in threads of its own, and not all of these within a call.
  @Test
  void aFileOperationIsLostWithItsThread() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "text");
    Openings openings = new Openings();
    for (int i = 0; i < 200; i++) {
      assertTrue(driver.openFile(file, List.of(), openings));
    }
    Thread.ofPlatform().start(() -> driver.poll(0)).join();
    dispatchElsewhere(() -> openings.told == 200);
    assertNotEquals(List.of(), openings.failures);
    for (IOException failure : openings.failures) {
      assertEquals("another thread runs the loop now", failure.getMessage());
    }
  }

  @Test
  void aFileOperationThatWasNotBegunGoesWithTheDriverToAnotherThread() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "text");
    Openings openings = new Openings();
    driver.poll(0);
    for (int i = 0; i < 2000; i++) { // more than there are entries
      assertTrue(driver.openFile(file, List.of(), openings));
    }
    dispatchElsewhere(() -> openings.told == 2000);
    assertEquals(List.of(), openings.failures);
  }

  private static final class Openings implements Completion<DiskFile> {
    final List<IOException> failures = new ArrayList<>();
    int told;

    @Override
    public void completed(DiskFile opened) {
      opened.close();
      told++;
    }

    @Override
    public void failed(IOException why) {
      failures.add(why);
      told++;
    }
  }

  private void dispatchElsewhere(BooleanSupplier done) throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread other =
        Thread.ofPlatform()
            .uncaughtExceptionHandler((thread, error) -> thrown.set(error))
            .start(
                () -> {
                  while (!done.getAsBoolean()) {
                    driver.poll(Long.MAX_VALUE);
                    driver.dispatch();
                  }
                });
    assertTrue(other.join(Duration.ofSeconds(20)), "it waits");
    assertNull(thrown.get());
  }
}
