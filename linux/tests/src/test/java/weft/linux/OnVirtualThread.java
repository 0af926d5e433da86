package weft.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.channels.Selector;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/// Runs each test on a virtual thread, as the loop's thread is on the portable engine. What comes
/// before and after the test runs on a platform thread still.
final class OnVirtualThread implements BeforeAllCallback, InvocationInterceptor {
  /// What the JDK opens for virtual threads that wait, and keeps, is not a leak.
  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    try (Selector selector = Selector.open()) {
      Thread.startVirtualThread(() -> selectOnce(selector)).join();
    }
  }

  private static void selectOnce(Selector selector) {
    try {
      selector.select(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void interceptTestMethod(
      Invocation<Void> test,
      ReflectiveInvocationContext<Method> called,
      ExtensionContext extensionContext)
      throws Throwable {
    Throwable[] thrown = new Throwable[1];
    Thread virtual =
        Thread.startVirtualThread(
            () -> {
              try {
                test.proceed();
              } catch (Throwable t) {
                thrown[0] = t;
              }
            });
    virtual.join();
    if (thrown[0] != null) {
      throw thrown[0];
    }
  }
}
