package weft.cli;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Map;
import jdk.jshell.EvalException;
import jdk.jshell.JShell;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import weft.RunOptions;

/// Reads, evaluates and prints, until the input ends, `/exit`, or a task throws [weft.SystemExit].
final class Repl {
  private static final List<String> START =
      List.of("import module java.base;", "import module weft;", "import static weft.Weft.*;");
  private static final List<String> COMMANDS =
      List.of("/exit", "/help", "/imports", "/methods", "/tasks", "/types", "/vars");

  private final Session session;
  private final JShell shell;
  private final Feedback feedback;
  private boolean exiting;

  private Repl(Session session, String classPath) {
    this.session = session;
    shell =
        JShell.builder()
            .executionEngine(new SnippetExecution.Provider(session), Map.of())
            .compilerOptions("--module-path", Compiler.modulePath(), "--add-modules", "weft")
            .build();
    if (!classPath.isEmpty()) {
      shell.addToClasspath(classPath);
    }
    feedback = new Feedback(shell, System.out);
    START.forEach(shell::eval);
  }

  /// Returns the exit status.
  static int run(RunOptions options, String classPath) throws Exception {
    try (Session session = new Session(options)) {
      Repl repl = new Repl(session, classPath);
      if (isTerminal()) {
        repl.converse();
      } else {
        repl.readAll();
      }
      Integer status = session.exitStatus();
      return status == null ? 0 : status;
    }
  }

  /// There may be no console at all: that is the JDK's choice, by `jdk.console`.
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    return System.console() != null && System.console().isTerminal();
  }

  private void converse() throws Exception {
    try (Console console = new Console(shell.sourceCodeAnalysis(), COMMANDS, session::interrupt)) {
      System.out.println(
          "weft "
              + Main.Version.weft()
              + " on loop "
              + session.loop().name()
              + "; /help, Ctrl-D to leave");
      for (String input; !isOver() && (input = console.read()) != null; ) {
        evaluate(input);
      }
    }
  }

  /// Without a terminal: no prompt, no editing; an input may span several lines.
  private void readAll() throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
    StringBuilder input = new StringBuilder();
    for (String line; !isOver() && (line = in.readLine()) != null; ) {
      input.append(line).append('\n');
      if (isCommand(input.toString())
          || !Console.isIncomplete(shell.sourceCodeAnalysis(), input.toString())) {
        evaluate(input.toString());
        input.setLength(0);
      }
    }
    if (!input.isEmpty() && !isOver()) {
      evaluate(input.toString());
    }
  }

  static boolean isCommand(String input) {
    return input.startsWith("/") && !input.startsWith("//") && !input.startsWith("/*");
  }

  private boolean isOver() {
    return exiting || session.exitStatus() != null;
  }

  private void evaluate(String input) throws Exception {
    if (isCommand(input)) {
      command(input.strip());
      return;
    }
    String rest = input;
    while (!rest.isBlank() && !isOver()) {
      CompletionInfo info = shell.sourceCodeAnalysis().analyzeCompletion(rest);
      String source = info.source() == null ? rest : info.source();
      rest = info.source() == null ? "" : info.remaining();
      List<SnippetEvent> events = shell.eval(source);
      boolean interrupted = session.takeInterrupted();
      for (SnippetEvent event : events) {
        if (!interrupted || !isInterrupt(event)) {
          feedback.show(event);
        }
      }
      if (interrupted) {
        feedback.say("Interrupted");
        return;
      }
    }
  }

  /// A blocking JDK call in the input says in this way that it was cancelled.
  private static boolean isInterrupt(SnippetEvent event) {
    return event.exception() instanceof EvalException thrown
        && thrown.getExceptionClassName().equals(InterruptedException.class.getName());
  }

  private void command(String input) throws Exception {
    switch (input) {
      case "/exit" -> exiting = true;
      case "/help" -> help();
      case "/imports" -> shell.imports().forEach(i -> feedback.say(i.source().strip()));
      case "/methods" -> shell.methods().forEach(m -> feedback.say(m.name() + " " + m.signature()));
      case "/types" -> shell.types().forEach(t -> feedback.say(t.name()));
      case "/vars" ->
          shell
              .variables()
              .forEach(
                  v -> feedback.say(v.typeName() + " " + v.name() + " = " + shell.varValue(v)));
      case "/tasks" -> tasks();
      default -> feedback.say("There is no command " + input + "; /help shows which there are");
    }
  }

  private void tasks() throws Exception {
    List<String> tasks = session.describeTasks();
    tasks.forEach(feedback::say);
    if (tasks.isEmpty()) {
      feedback.say("no tasks");
    }
  }

  private void help() {
    feedback.say("Java is evaluated in a coroutine on an event loop that runs all the time:");
    feedback.say("  await(…), sleep(Duration.ofSeconds(1)) suspend the input; other tasks go on.");
    feedback.say("Tab completes. Ctrl-C cancels the current input. Ctrl-D ends the session.");
    feedback.say("Commands: " + String.join(" ", COMMANDS));
  }
}
