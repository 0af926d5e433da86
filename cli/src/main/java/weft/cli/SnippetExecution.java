package weft.cli;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jdk.jshell.execution.DirectExecutionControl;
import jdk.jshell.execution.LoaderDelegate;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;
import weft.CancelledError;
import weft.SystemExit;

/// Where JShell runs its snippets: in this JVM, each as a task on the session's loop.
final class SnippetExecution extends DirectExecutionControl {
  private final Session session;

  private SnippetExecution(Session session) {
    super(new Snippets());
    this.session = session;
  }

  @Override
  protected String invoke(Method snippet) throws Exception {
    try {
      return session.evaluate(() -> super.invoke(snippet));
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof CancelledError && session.isInterrupted()) {
        throw new StoppedException(); // or else it is the outcome of what the input awaited
      }
      if (e.getCause() instanceof SystemExit exit) {
        session.exit(exit.status());
        throw new StoppedException();
      }
      throw e;
    } catch (CancelledError e) {
      throw new StoppedException();
    }
  }

  @Override
  public void stop() {
    session.interrupt();
  }

  /// What [jdk.jshell.JShell.Builder] asks for.
  record Provider(Session session) implements ExecutionControlProvider {
    @Override
    public String name() {
      return "weft";
    }

    @Override
    public ExecutionControl generate(ExecutionEnv environment, Map<String, String> parameters) {
      return new SnippetExecution(session);
    }
  }

  /// Loads the snippets' classes, all with one loader. Their names are never used twice.
  private static final class Snippets implements LoaderDelegate {
    private final SnippetLoader loader = new SnippetLoader();

    @Override
    public void load(ExecutionControl.ClassBytecodes[] classes)
        throws ExecutionControl.ClassInstallException {
      for (var type : classes) {
        loader.declare(type.name(), StopCheck.weave(type.bytecodes(), loader));
      }
      boolean[] installed = new boolean[classes.length];
      try {
        for (int i = 0; i < classes.length; i++) {
          findClass(classes[i].name());
          installed[i] = true;
        }
      } catch (ClassNotFoundException | LinkageError e) {
        throw new ExecutionControl.ClassInstallException("load: " + e.getMessage(), installed);
      }
    }

    @Override
    public void classesRedefined(ExecutionControl.ClassBytecodes[] classes) {}

    @Override
    public void addToClasspath(String path) throws ExecutionControl.InternalException {
      try {
        for (String element : path.split(File.pathSeparator, -1)) {
          loader.addURL(Path.of(element).toUri().toURL());
        }
      } catch (MalformedURLException e) {
        throw new ExecutionControl.InternalException(e.toString());
      }
    }

    @Override
    public Class<?> findClass(String name) throws ClassNotFoundException {
      return loader.loadClass(name);
    }
  }

  private static final class SnippetLoader extends URLClassLoader {
    private final Map<String, byte[]> declared = new ConcurrentHashMap<>();

    SnippetLoader() {
      super("snippets", new URL[0], ClassLoader.getSystemClassLoader());
    }

    void declare(String name, byte[] classFile) {
      declared.put(name, classFile);
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      byte[] bytes = declared.get(name);
      return bytes == null ? super.findClass(name) : defineClass(name, bytes, 0, bytes.length);
    }

    @Override
    protected void addURL(URL url) {
      super.addURL(url);
    }
  }
}
